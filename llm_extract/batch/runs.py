"""A run: reports from a program through the spine in one go, as a job that has no identity.

What was read before is found again by its work key, so a run that was stopped is repeated at the
price of what is left.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.metadata import version
from itertools import islice
from uuid import uuid4

import anyio

from llm_extract.batch.alone import sole_worker
from llm_extract.batch.executor import Plan, work_off
from llm_extract.batch.intake import take_in
from llm_extract.batch.pipelines import ReportPipeline
from llm_extract.batch.progress import RunSummary
from llm_extract.batch.stopper import INTERRUPTED, Stopper
from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.record import Record
from llm_extract.store import Caps, Store


async def run_reports(
    reports: Iterable[Report | UnreadableReport],
    pipeline: ReportPipeline,
    store: Store,
    on_record: Callable[[Record], None],
    limit: int | None = None,
    on_progress: Callable[[RunSummary], None] = lambda _: None,
    caps: Caps | None = None,
    stopper: Stopper | None = None,
) -> RunSummary:
    """Settle the reports, at most `limit` of them, at most `pipeline.slots` at the same time.

    `on_record` gets each record when it is in the store, in the order of completion;
    `store.run_records(run_id)` has them in input order. `on_progress` gets the state of the run
    after every step. `caps` and `stopper` end it early: the rest is left open.

    Raises:
        LlmExtractError: the model cannot be used, or the store or `on_record` cannot write. As
            after a cancellation or KeyboardInterrupt, what was settled before stays settled.
    """
    with sole_worker(store):
        job = store.jobs.create(pipeline.settings, version("llm-extract"), caps=caps)
        worker = worker_name()
        store.work(worker).begin_reading(job.id)
        began, latest = time.monotonic(), RunSummary(job.id, "reading")

        def step(summary: RunSummary) -> None:
            nonlocal latest
            latest = summary
            on_progress(summary)

        step(latest)
        found = islice(reports, limit)
        try:
            job = await take_in(found, job, store, worker, on_record, step, began, stopper)
            plan = Plan(job, pipeline, on_record, step, began=began)
            await work_off([plan], store, worker, stopper)
            if latest.paused == INTERRUPTED:
                step(replace(latest, interrupted=True))
        except (anyio.get_cancelled_exc_class(), KeyboardInterrupt):
            step(replace(latest, interrupted=True))
            store.jobs.move(job.id, "paused", INTERRUPTED, out_of=("running",))
            raise
        finally:
            store.jobs.ended(job.id, latest.counts())
    return latest


def worker_name() -> str:
    """A name for a worker that no other bears, of which people see where it runs."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
