"""Group commit: what many reports write at the same moment goes into one transaction.

While a transaction is being written, what comes in waits and makes up the next one, so the store is
asked as seldom as it is slow, and nobody waits for a timer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import anyio
from anyio import CapacityLimiter, to_thread

from llm_extract.store import Committed, Opening, Settlement, Sums, Work


@dataclass(slots=True, eq=False)
class _Asked:
    """Something to write and, when `done`, what became of it."""

    what: Opening | Settlement
    done: anyio.Event = field(default_factory=anyio.Event)
    refused: str | None = None
    counted: bool = False


class Committer:
    """Writes openings and settlements of all jobs of a worker. `run` must go on meanwhile.

    `one` bounds the store to one thread at a time; `sums` are those of the last transaction that
    settled something, by job.
    """

    def __init__(self, work: Work, one: CapacityLimiter) -> None:
        self._work = work
        self._one = one
        self._asked: list[_Asked] = []
        self._wake = anyio.Event()
        self.sums: dict[int, Sums] = {}

    async def open(self, opening: Opening) -> str | None:
        """Write a request down before it is sent; why it may not be sent, None where it may."""
        return (await self._commit(opening)).refused

    async def settle(self, settlement: Settlement) -> bool:
        """Settle an item; False when another worker took it over, so that it does not count."""
        return (await self._commit(settlement)).counted

    async def run(self) -> None:
        """Write what comes in, for ever. Raises StoreError, after which nothing is written."""
        while True:
            await self._wake.wait()
            asked, self._asked, self._wake = self._asked, [], anyio.Event()
            openings = [a for a in asked if isinstance(a.what, Opening)]
            settlements = [a for a in asked if isinstance(a.what, Settlement)]
            done: Committed = await to_thread.run_sync(
                partial(
                    self._work.commit,
                    [a.what for a in openings if isinstance(a.what, Opening)],
                    [a.what for a in settlements if isinstance(a.what, Settlement)],
                ),
                limiter=self._one,
            )
            self.sums |= done.sums
            for one, refused in zip(openings, done.refused, strict=True):
                one.refused = refused
            for one, counted in zip(settlements, done.counted, strict=True):
                one.counted = counted
            for one in asked:
                one.done.set()

    async def _commit(self, what: Opening | Settlement) -> _Asked:
        asked = _Asked(what)
        self._asked.append(asked)
        self._wake.set()
        await asked.done.wait()
        return asked
