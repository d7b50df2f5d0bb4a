"""The book of an item in the batch lane: the same request has the same id in every pass."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from llm_extract.batch.book import ItemBook
from llm_extract.batch.committer import Committer
from llm_extract.batch.provider.line import BatchLine
from llm_extract.extraction.call import NO_TOKENS, OpenCall
from llm_extract.models.spec import Prices
from llm_extract.models.transport import Completion, tokens_of
from llm_extract.record import Attempt, Record
from llm_extract.store import Batched, BatchedBody, BatchedRequest, Item, Paid

LINE_BYTES = 160
"""What surrounds a body in a line of an input file, at most: ids have up to 64 letters."""

BYTES_PER_TOKEN = 4
"""English prose with OpenAI's tokenizers: its own rule of thumb."""

DIGEST_LETTERS = 32
"""128 bits: no two requests of a store meet; OpenAI bounds an id of requests to 64 letters."""


class LaneBook(ItemBook):
    """Notes new requests and hands the line the outcomes of those that were noted before.

    An id is made of the job, the item, and a digest of the request's body. The same body asked
    again in one pass (another try, an equal passage) has another digest, and so has an item that is
    read anew. `on_noted` is told of the bytes of each new request.
    """

    def __init__(
        self,
        committer: Committer,
        item: Item,
        prices: Prices | None,
        in_vain: Callable[[], bool],
        line: BatchLine,
        on_noted: Callable[[int], None],
    ) -> None:
        super().__init__(committer, item, prices, in_vain, batch=True)
        stands = item.batched or Batched()
        self._known = {one.opening.request: one for one in stands.requests}
        self._before = stands.before
        self._seen: Counter[str] = Counter()
        self._bodies: dict[str, str] = {}
        self._line = line
        self._on_noted = on_noted

    def name(self, request: Mapping[str, Any]) -> str:
        """See `Book.name`."""
        body = json.dumps(request, ensure_ascii=False, separators=(",", ":"))
        self._seen[body] += 1
        salted = f"{self._before} {self._seen[body]} {body}"
        digest = sha256(salted.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_LETTERS]
        name = f"j{self.item.run_id}-{self.item.position}-{digest}"
        self._bodies[name] = body
        return name

    async def opened(self, call: OpenCall) -> None:
        """See `Book.opened`."""
        body = self._bodies.pop(call.request_id)
        known = self._known.get(call.request_id)
        if known is not None:
            self._openings[call.request_id] = known.opening
            self._line.hand(known)
            return
        size = len(body.encode("utf-8", "surrogatepass")) + LINE_BYTES
        # The schema is part of the prompt for the provider, so the estimate of messages is a floor.
        tokens = max(call.most.prompt, size // BYTES_PER_TOKEN)
        await self._open(call, BatchedBody(body, size, tokens, self.item.report.sha256))
        self._on_noted(size)

    def paid(self, record: Record) -> list[Paid]:
        """All requests of a record with their prices, and those that were answered in vain: what
        was asked beside a request that failed for good."""
        made = super().paid(record)
        told = {one.attempt.request for one in made}
        for name, known in self._known.items():
            if name not in told:
                self._openings[name] = known.opening
                made.append(self._priced(_attempt(known)))
        return made


def _attempt(known: BatchedRequest) -> Attempt:
    opening, tokens, reply, error = known.opening, None, None, "its report had failed meanwhile"
    if known.reply is not None:
        completion = Completion.model_validate_json(known.reply)
        tokens, reply = tokens_of(completion), completion.choices[0].message.content
    elif known.error is not None:
        error = f"{known.error['code']} ({known.error['kind']})"  # its words may repeat the report
    lost = known.error is not None and known.error["kind"] == "lost"
    return Attempt(
        passage=opening.passage,
        number=opening.number,
        seconds=0.0,
        tokens=tokens or NO_TOKENS,
        reply=reply,
        error=error,
        request=opening.request,
        uncounted=lost or (known.reply is not None and tokens is None),
    )
