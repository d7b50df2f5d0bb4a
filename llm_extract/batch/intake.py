"""Reports into the store, in chunks written whole, so that reading goes on where it ended."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from itertools import islice

import anyio
from anyio import to_thread

from llm_extract.batch.heartbeat import beat
from llm_extract.batch.progress import RunSummary
from llm_extract.batch.stopper import Stopper
from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.errors import StoreError, own_error
from llm_extract.record import Record
from llm_extract.store import OTHER_READER, Job, Store, Work

CHUNK = 200
"""Reports a transaction: few enough to show progress, enough that writing is no cost."""


async def take_in(
    reports: Iterable[Report | UnreadableReport],
    job: Job,
    store: Store,
    worker: str,
    on_record: Callable[[Record], None] | None = None,
    on_progress: Callable[[RunSummary], None] = lambda _: None,
    began: float | None = None,
    stopper: Stopper | None = None,
) -> Job:
    """Add the reports to a job after those that it has; the job as it stands when all are read,
    or as many as were when `stopper` was stopped or another worker took the reading over.

    This worker must be the job's reader (`Work.begin_reading`); it stays so, however long a chunk
    takes. What cannot be read is settled as failed at once. Memory holds one chunk, however many
    reports there are. Seconds count from `began` (`time.monotonic`), else from now.
    """
    work, began = store.work(worker), time.monotonic() if began is None else began
    found, read, last = iter(reports), job.sums.read, False
    failed = job.sums.failed
    try:
        async with _alive(work, store):
            while not last and (stopper is None or stopper.reason is None):
                chunk = await to_thread.run_sync(lambda: list(islice(found, CHUNK)))
                last = len(chunk) < CHUNK
                add = partial(work.take_in, job.id, read, chunk, last)
                broken = await to_thread.run_sync(add)
                for record in broken:
                    if on_record is not None:
                        on_record(record)
                read, failed = read + len(chunk), failed + len(broken)
                seconds = time.monotonic() - began
                summary = RunSummary(
                    job.id, "reading", read=read, settled=failed, failed=failed, seconds=seconds
                )
                on_progress(summary)
    except StoreError as error:
        if error.code != OTHER_READER:
            raise
    return store.jobs.get(job.id)


@asynccontextmanager
async def _alive(work: Work, store: Store) -> AsyncIterator[None]:
    """Gives signs of life meanwhile: a chunk of large files can take longer than a lease."""
    if not store.is_shared:
        yield
        return
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(beat, work)
            yield
            group.cancel_scope.cancel()
    except BaseExceptionGroup as errors:
        raise own_error(errors) or errors from None
