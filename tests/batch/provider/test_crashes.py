"""The lane is ended at each of its steps and resumed: nothing is made, sent or paid twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from llm_extract.batch.provider import Limits
from llm_extract.batch.provider.client import METADATA_KEY, Provider
from llm_extract.store import Lane

AT_PROVIDER = ("upload", "create", "find_file", "find_batch", "batch", "each_line")
IN_STORE = ("pack", "change", "drop_bodies", "put", "close", "open_shards")
TEXTS = [f"Shells killed {n} people in Belkesh." for n in range(11, 14)]
LIMITS = Limits(requests=2)


class Killed(Exception):
    """The program ends here."""


class Reaper:
    """Ends the program at one of its steps, before it or when it is done but nobody knows."""

    def __init__(self, at: int, after: bool) -> None:
        self.left, self.after = at, after

    def strikes(self) -> bool:
        self.left -= 1
        return self.left == 0

    def over_provider(self, step: Callable[..., Any]) -> Callable[..., Any]:
        async def run(*arguments: Any) -> Any:
            strikes = self.strikes()
            if strikes and not self.after:
                raise Killed
            result = await step(*arguments)
            if strikes:
                raise Killed
            return result

        return run

    def over_store(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **values: Any) -> Any:
            strikes = self.strikes()
            if strikes and not self.after:
                raise Killed
            result = step(*arguments, **values)
            if strikes:
                raise Killed
            return result

        return run


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
def test_whenever_it_is_killed_it_goes_on_where_it_was(
    provider: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    desk = provider(api={"paced_by": "polls", "validating": 1})
    killed = 0
    while True:
        # Other texts each time, so that the store's earlier work answers none of them.
        job = desk.begin([f"{text} Round {killed}." for text in TEXTS])
        reaper = Reaper(killed + 1, after)
        with monkeypatch.context() as patch:
            for name in AT_PROVIDER:
                patch.setattr(Provider, name, reaper.over_provider(getattr(Provider, name)))
            for name in IN_STORE:
                patch.setattr(Lane, name, reaper.over_store(getattr(Lane, name)))
            try:
                desk.work(job, limits=LIMITS)
            except* Killed:
                killed += 1
        if reaper.left > 0:
            break
        summary = desk.work(job, limits=LIMITS)
        assert (summary.settled, summary.failed) == (3, 0), killed
        sums = desk.store.jobs.get(job.id).sums
        assert (sums.calls, sums.reserved_tokens) == (3, 0), killed
    assert killed > 20
    asked = desk.server.ledger()
    assert asked.batch_requests == 3 * (killed + 1)
    tokens = [desk.store.jobs.get(n + 1).sums.tokens.prompt for n in range(killed + 1)]
    assert sum(tokens) == asked.charged.prompt
    batches = Counter(batch["metadata"][METADATA_KEY] for batch in desk.batches())
    assert set(batches.values()) == {1}
