"""The sign of life of a worker where several share a store: its leases are prolonged in time."""

from __future__ import annotations

import anyio
from anyio import CapacityLimiter, to_thread

from llm_extract.store import Work

BEATS_PER_LEASE = 4
"""So many, so that one or two that come late lose nothing."""


async def beat(work: Work, one: CapacityLimiter | None = None) -> None:
    """Prolong what this worker holds, for ever; `one` bounds the store to one thread at a time.

    Raises StoreError on trouble with the store.
    """
    while True:
        await anyio.sleep(work.lease.total_seconds() / BEATS_PER_LEASE)
        await to_thread.run_sync(work.beat, limiter=one)
