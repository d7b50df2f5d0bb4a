"""The book of one item: its requests are written down and reserved for before they are sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from llm_extract.batch.committer import Committer
from llm_extract.errors import ModelError
from llm_extract.extraction.call import OpenCall, next_request_id
from llm_extract.models.prices import cost
from llm_extract.models.spec import Prices
from llm_extract.record import Attempt, Record
from llm_extract.store import BatchedBody, Item, Opening, Paid

STOPPED = "stopped"
BUDGET = "budget"
"""Codes of a request that was not sent: the job was stopped, its cap would be passed."""


class ItemBook:
    """The book of an item whose requests are sent at once; `batch` as for `prices.cost`.

    `in_vain` says that the job was stopped for a reason that its next request would meet as well.
    """

    def __init__(
        self,
        committer: Committer,
        item: Item,
        prices: Prices | None,
        in_vain: Callable[[], bool],
        *,
        batch: bool = False,
    ) -> None:
        self._committer = committer
        self._in_vain = in_vain
        self._knocks: list[Attempt] = []
        self._cost = partial(cost, prices=prices, batch=batch)
        self._openings: dict[str, Opening] = {}
        self.item = item

    def name(self, request: Mapping[str, Any]) -> str:
        """See `Book.name`."""
        return next_request_id()

    async def opened(self, call: OpenCall) -> None:
        """See `Book.opened`."""
        await self._open(call, None)

    def knocked(self, attempt: Attempt) -> None:
        """See `Book.knocked`."""
        self._knocks.append(attempt)

    def paid(self, record: Record) -> list[Paid]:
        """All requests that were made for a record, with their prices."""
        made = record.provenance.attempts if record.provenance is not None else []
        return [self._priced(attempt) for attempt in (*made, *self._knocks)]

    async def _open(self, call: OpenCall, body: BatchedBody | None) -> None:
        if self._in_vain():
            raise ModelError("the job was stopped: its next request would fail too", code=STOPPED)
        opening = Opening(
            run_id=self.item.run_id,
            position=self.item.position,
            request=call.request_id,
            passage=call.passage,
            number=call.number,
            most_tokens=call.most.prompt + call.most.completion,
            most_cost=self._cost(call.most),
            body=body,
        )
        refused = await self._committer.open(opening)
        if refused == STOPPED:
            raise ModelError("the job was paused or cancelled by another program", code=STOPPED)
        if refused is not None:
            raise ModelError(
                f"the budget is used up: the next request could pass the cap of {refused}; raise "
                "it with `llm-extract job resume`",
                code=BUDGET,
            )
        self._openings[call.request_id] = opening

    def _priced(self, attempt: Attempt) -> Paid:
        opening = self._openings.get(attempt.request)
        return Paid(attempt, self._cost(attempt.tokens), opening)
