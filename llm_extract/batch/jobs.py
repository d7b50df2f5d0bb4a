"""A job's identity and its life: found or begun, read on, worked off, stopped, taken up again.

A job is its inputs, prompts, model, strategy and settings: changing any of them is another job,
whose unchanged reports cost nothing: their work is found by its key. Its inputs are read into the
store first; after that the files are no longer needed.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from itertools import islice
from typing import Any, Literal

import anyio

from llm_extract.batch.alone import worker_of
from llm_extract.batch.estimate import EACH, STRATA, Estimate, estimate
from llm_extract.batch.executor import PATIENCE, Plan, work_off
from llm_extract.batch.intake import take_in
from llm_extract.batch.progress import RunSummary
from llm_extract.batch.provider import ProviderLane, cancel_batches, check_has_batches
from llm_extract.batch.runs import worker_name
from llm_extract.batch.stopper import Stopper
from llm_extract.batch.watch import Watcher
from llm_extract.documents import ReadOptions, input_fingerprint, read_reports
from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.errors import StoreError
from llm_extract.models.catalogue import find_model
from llm_extract.models.prices import BATCH_SHARE
from llm_extract.models.transport import Line
from llm_extract.pipeline import Pipeline
from llm_extract.record import Record
from llm_extract.store import JOB_EXISTS, Caps, Job, Store

STDIN = "-"

LaneName = Literal["online", "batch"]
"""The way of a job's requests: each sent at once, or by files of a provider's Batch API."""

OPTION_NAMES = ("text_column", "id_column", "date_column", "title_column", "max_bytes")

SMALLEST = 4 * STRATA * EACH
"""Open reports below which an estimate would take too much of the job to be one."""

PAUSE_SECONDS = 30.0
"""How long `pause` waits for a worker to finish the requests that are under way."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a job reads: paths as they were given, how, and at most how many reports."""

    paths: Sequence[str]
    options: ReadOptions
    limit: int | None = None

    def fingerprint(self) -> str:
        """Digest of what the inputs are now; see `documents.input_fingerprint`."""
        return input_fingerprint(self.paths, self.options)

    def as_value(self, fingerprint: str) -> dict[str, Any]:
        """As the store keeps it; paths are made absolute, since a job is resumed from anywhere."""
        options = {name: getattr(self.options, name) for name in OPTION_NAMES}
        options["published"] = self.options.published and self.options.published.isoformat()
        paths = [path if path == STDIN else os.path.abspath(path) for path in self.paths]
        return {
            "paths": paths,
            "options": options,
            "limit": self.limit,
            "fingerprint": fingerprint,
        }

    @classmethod
    def from_value(cls, value: dict[str, Any]) -> Inputs:
        """What `as_value` made."""
        options = dict(value["options"])
        published = options.pop("published")
        day = date.fromisoformat(published) if published else None
        return cls(value["paths"], ReadOptions(published=day, **options), value["limit"])


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of a job's course, and how long its server may be down; see `executor.Plan`."""

    on_record: Callable[[Record], None] | None = None
    on_progress: Callable[[RunSummary], None] = lambda _: None
    on_notice: Callable[[str], None] | None = None
    patience: float = PATIENCE
    watcher: Watcher | None = None


def job_key(inputs: Inputs, fingerprint: str, pipeline: Pipeline) -> str:
    """Hex digest of all that decides a job."""
    decides = {
        **inputs.as_value(fingerprint),
        "paths": None,  # the fingerprint knows them
        **pipeline.identity(),
    }
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def find_or_begin(
    store: Store,
    inputs: Inputs,
    pipeline: Pipeline,
    caps: Caps | None = None,
    lane: LaneName = "online",
) -> tuple[Job, bool]:
    """The job of these inputs and settings, and whether it is new; caps are those of a new one.

    The lane changes no record, so it is no part of a job's identity. Raises StoreError when the job
    is known and goes by the other lane, ModelError when the model has no batches.
    """
    if lane == "batch":
        check_has_batches(pipeline.spec)
    fingerprint = inputs.fingerprint()
    key = job_key(inputs, fingerprint, pipeline)
    known = store.jobs.with_key(key)
    if known is not None:
        if lane_of(known) != lane:
            raise StoreError(
                f"job {known.id} with these inputs and settings goes by the lane {lane_of(known)}: "
                f"go on with it by `llm-extract job resume {known.id}`, or cancel it first",
                code="other_lane",
            )
        return known, False
    value = {**inputs.as_value(fingerprint), "lane": lane}
    try:
        made = store.jobs.create(pipeline.settings, version("llm-extract"), key, value, caps)
    except StoreError as error:
        known = store.jobs.with_key(key) if error.code == JOB_EXISTS else None
        if known is None:
            raise
        return known, False
    return made, True


async def read_on(
    store: Store,
    job: Job,
    worker: str,
    on_notice: Callable[[str], None] | None = None,
    on_record: Callable[[Record], None] | None = None,
    on_progress: Callable[[RunSummary], None] = lambda _: None,
    stopper: Stopper | None = None,
) -> Job:
    """Read what is left of a job's inputs into the store, unless another worker does.

    Raises StoreError when its inputs are no longer what they were: positions would not fit.
    """
    work = store.work(worker)
    if work.begin_reading(job.id) is None:
        return store.jobs.get(job.id)
    try:
        job = store.jobs.get(job.id)
        found = _unread(job, on_notice)
        return await take_in(found, job, store, worker, on_record, on_progress, stopper=stopper)
    finally:
        work.free(job.id)


def _unread(
    job: Job, on_notice: Callable[[str], None] | None
) -> Iterator[Report | UnreadableReport]:
    assert job.inputs is not None
    inputs = Inputs.from_value(dict(job.inputs))
    if job.sums.read and (
        STDIN in inputs.paths or inputs.fingerprint() != job.inputs["fingerprint"]
    ):
        raise StoreError(
            f"job {job.id} had read {job.sums.read} of its inputs, and these have changed since: "
            "start a new job with them (what was extracted is found again at no cost)",
            code="inputs_changed",
        )
    options = replace(inputs.options, on_notice=on_notice)
    found = read_reports(inputs.paths, options, skip=job.sums.read)
    limit = None if inputs.limit is None else max(0, inputs.limit - job.sums.read)
    return islice(found, limit)


def lane_of(job: Job) -> LaneName:
    """The way that a job's requests take."""
    return "batch" if job.inputs is not None and job.inputs.get("lane") == "batch" else "online"


def pipeline_of(job: Job, line: Line | None = None) -> Pipeline:
    """The pipeline of a job, as it was started; `line` as for `Pipeline`.

    Raises StoreError when it would not read as it did: another version, model or prompt.
    """
    pipeline = Pipeline(job.settings, line)
    if job.key is None or job.inputs is None:
        raise StoreError(
            f"job {job.id} is a run of `llm-extract run` and has no inputs of its own: repeat that "
            "command, it goes on where it stopped",
            code="no_job",
        )
    inputs = Inputs.from_value(dict(job.inputs))
    if job_key(inputs, job.inputs["fingerprint"], pipeline) != job.key:
        raise StoreError(
            f"job {job.id} was started with another model entry, prompt or version of llm-extract "
            f"({job.version}): start it anew, unchanged work is found again at no cost",
            code="job_changed",
        )
    return pipeline


async def prepare(
    store: Store,
    job: Job,
    worker: str,
    told: Told,
    stopper: Stopper | None = None,
) -> Plan:
    """Take a job up for this worker: free what a vanished one held, read the rest of its inputs.

    Raises what `pipeline_of` and `read_on` raise.
    """
    if job.state == "cancelled":
        raise StoreError(
            f"job {job.id} was cancelled: start it anew with `llm-extract job start` (what it has "
            "extracted is found again at no cost)",
            code="job_over",
        )
    lane = None
    if lane_of(job) == "batch":
        spec = find_model(job.settings.model)
        lane = ProviderLane(store, job.id, spec, told.on_notice, patience=told.patience)
    pipeline = pipeline_of(job) if lane is None else pipeline_of(job, lane.line)
    store.jobs.move(job.id, "running", out_of=("running", "paused"))
    if not store.is_shared:
        store.work(worker).free(job.id)  # this worker is the only one: whoever held it is gone
    job = await read_on(
        store, job, worker, told.on_notice, told.on_record, told.on_progress, stopper
    )
    if told.watcher is not None:
        told.watcher.taken_up(job, pipeline.spec, pipeline.pace)
        pipeline.listener = told.watcher.exchanged
    return Plan(
        job,
        pipeline,
        told.on_record,
        told.on_progress,
        patience=told.patience,
        lane=lane,
        watcher=told.watcher,
    )


async def pilot(
    store: Store, plan: Plan, worker: str, stopper: Stopper | None = None
) -> Estimate | None:
    """Read a sample of a job and tell what all of it will take.

    The sample of a job of the batch lane is read online, at the online price: nobody would wait a
    day for an estimate. None where the job is too small for one, or was stopped before all of the
    sample was read: what was not read would count as nothing. Raises what `work_off` raises.
    """
    job = plan.job
    seed = int(job.key[:8], 16) if job.key else 0
    strata = store.sample(job.id, STRATA, EACH, seed)
    positions = [position for stratum in strata for position in stratum.positions]
    if sum(stratum.size for stratum in strata) < SMALLEST:
        return None
    sample = replace(plan, positions=positions)
    if plan.lane is not None:
        sample = replace(sample, lane=None, pipeline=pipeline_of(job))
    (summary,) = await work_off([sample], store, worker, stopper)
    if summary.paused is not None:
        return None
    spent = store.spent_on(job.id, positions)
    share = 1.0 if plan.lane is None else float(BATCH_SHARE)
    return estimate(strata, spent, share)


async def go_on(
    store: Store, jobs: Sequence[Job], told: Told | None = None, stopper: Stopper | None = None
) -> list[RunSummary]:
    """Take up jobs, all in this process and side by side, until they are done or stopped.

    On SQLite the caller must be the store's sole worker. Raises what `prepare` and `work_off`
    raise.
    """
    worker, told = worker_name(), told or Told()
    stands: dict[int, RunSummary] = {}
    left = list(jobs)
    while left:
        plans = [await prepare(store, job, worker, told, stopper) for job in left]
        stands |= {
            summary.run_id: summary for summary in await work_off(plans, store, worker, stopper)
        }
        left = [store.jobs.get(job.id) for job in left]
        # Where another worker was reading and has vanished, this one reads on.
        left = [job for job in left if job.state == "running" and not job.all_read]
    return [stands[job.id] for job in jobs]


def pause(store: Store, job_id: int, reason: str, *, cancel: bool = False) -> None:
    """Stop a job wherever it is worked on; what is under way is finished.

    On SQLite its worker is told by a signal and waited for, for at most `PAUSE_SECONDS`. Raises
    StoreError when the worker does not stop, or the job is over already.
    """
    job = store.jobs.get(job_id)
    if job.state in ("done", "cancelled"):
        raise StoreError(f"job {job_id} is {job.state} already", code="job_over")
    if not store.is_shared and (process := worker_of(store)) is not None:
        os.kill(process, signal.SIGTERM)
        if not anyio.run(_gone, store):
            raise StoreError(
                f"the worker (process {process}) has not stopped within {PAUSE_SECONDS:.0f} s; it "
                "finishes its requests first, so try again, or end it"
            )
    store.jobs.move(job_id, "cancelled" if cancel else "paused", reason)


def cancel(store: Store, job_id: int) -> int:
    """Stop a job for good, with the provider's batches that it has under way; how many these are.

    Raises what `pause` raises, and ModelError when the provider cannot be asked: the job itself is
    cancelled by then.
    """
    job = store.jobs.get(job_id)
    pause(store, job_id, "cancelled by `job cancel`", cancel=True)
    if lane_of(job) == "online":
        return 0
    return anyio.run(cancel_batches, store, job_id, find_model(job.settings.model))


async def _gone(store: Store) -> bool:
    with anyio.move_on_after(PAUSE_SECONDS):
        while worker_of(store) is not None:
            await anyio.sleep(0.1)
        return True
    return False
