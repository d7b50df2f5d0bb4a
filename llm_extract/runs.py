"""Many reports through the spine: what is done is found again, the rest is worked on side by side.

A run first reads all its inputs and settles what needs no model; only then, and only if something
is left, is the pipeline entered. Everything that is settled is in the store at once, so a run that
is interrupted or killed loses nothing but the reports it was working on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from itertools import islice
from types import TracebackType
from typing import Any, Literal, Protocol

import anyio
from anyio.lowlevel import checkpoint

from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.errors import LlmExtractError
from llm_extract.pipeline import Settings, WorkKey, unread_record
from llm_extract.record import Record, Tokens
from llm_extract.store import Store

NO_TOKENS = Tokens(prompt=0, cached=0, completion=0)

Stage = Literal["reading", "starting", "working", "done"]
"""Reading inputs; waiting for the model; asking it; all settled."""


class ReportPipeline(Protocol):
    """What a run asks of `llm_extract.pipeline.Pipeline`; entering it is what starts a model."""

    @property
    def settings(self) -> Settings:
        """What decides a record besides its report."""
        ...

    @property
    def slots(self) -> int:
        """How many reports may be worked on at the same time; read after entering."""
        ...

    def work_key(self, report: Report) -> WorkKey:
        """Identity of the work on a report; callable before entering."""
        ...

    async def process(self, report: Report) -> Record:
        """The record of a report; a report's own trouble is a failed record, never an exception."""
        ...

    async def __aenter__(self) -> object: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> bool | None: ...


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Where a run stands: counts of reports, claims and tokens, and seconds since its start.

    `read` reports were taken from the input, `settled` of them have a record: `clean`, `flagged` or
    `failed`, of which `cached` came from earlier work. `tokens` and `calls` are those of this run.
    """

    run_id: int
    stage: Stage
    read: int = 0
    settled: int = 0
    cached: int = 0
    clean: int = 0
    flagged: int = 0
    failed: int = 0
    claims: int = 0
    facilities: int = 0
    calls: int = 0
    tokens: Tokens = NO_TOKENS
    seconds: float = 0.0
    interrupted: bool = False

    def counts(self) -> dict[str, Any]:
        """The summary as plain values, tokens included."""
        return {**asdict(self), "tokens": self.tokens.model_dump()}


async def run_reports(
    reports: Iterable[Report | UnreadableReport],
    pipeline: ReportPipeline,
    store: Store,
    on_record: Callable[[Record], None],
    limit: int | None = None,
    on_progress: Callable[[RunSummary], None] = lambda _: None,
) -> RunSummary:
    """Settle the reports, at most `limit` of them, at most `pipeline.slots` at the same time.

    `on_record` gets each record as it is settled: first those that need no model, then the others
    in the order of completion; `store.run_records(run_id)` has them in input order. `on_progress`
    gets the state of the run after every step.

    Raises:
        LlmExtractError: the model cannot be used, or the store or `on_record` cannot write. As
            after a cancellation or KeyboardInterrupt, what was settled before stays settled.
    """
    run = _Run(pipeline, store, on_record, on_progress)
    try:
        pending = await run.read(islice(reports, limit))
        if pending:
            await run.work(pending)
        run.step(stage="done")
    except (anyio.get_cancelled_exc_class(), KeyboardInterrupt):
        run.step(interrupted=True)
        raise
    finally:
        store.finish_run(run.summary.run_id, run.summary.counts())
    return run.summary


class _Run:
    """One run while it goes on."""

    def __init__(
        self,
        pipeline: ReportPipeline,
        store: Store,
        on_record: Callable[[Record], None],
        on_progress: Callable[[RunSummary], None],
    ) -> None:
        self._pipeline = pipeline
        self._store = store
        self._on_record = on_record
        self._on_progress = on_progress
        self._started = time.monotonic()
        self._in_work: dict[WorkKey, anyio.Event] = {}
        run_id = store.start_run(pipeline.settings, version("llm-extract"))
        self.summary = RunSummary(run_id=run_id, stage="reading")
        self.step()

    def step(self, **changes: Any) -> None:
        seconds = time.monotonic() - self._started
        self.summary = replace(self.summary, seconds=seconds, **changes)
        self._on_progress(self.summary)

    async def read(self, reports: Iterable[Report | UnreadableReport]) -> list[int]:
        """Positions of the reports that need the model, after all inputs are in the store."""
        pending = []
        for position, report in enumerate(reports):
            await checkpoint()
            self._store.add(self.summary.run_id, position, report)
            self.step(read=position + 1)
            if isinstance(report, UnreadableReport):
                self._save(position, None, unread_record(report))
            elif not self._reused(position, self._pipeline.work_key(report)):
                pending.append(position)
        return pending

    async def work(self, pending: list[int]) -> None:
        self.step(stage="starting")
        positions = iter(pending)
        try:
            async with self._pipeline:
                self.step(stage="working")
                async with anyio.create_task_group() as workers:
                    for _ in range(min(self._pipeline.slots, len(pending))):
                        workers.start_soon(self._work_off, positions)
        except BaseExceptionGroup as group:
            raise _own_error(group) or group from None

    async def _work_off(self, positions: Iterable[int]) -> None:
        """Workers share one iterator of positions, which is what bounds them to their number."""
        for position in positions:
            report = self._store.report(self.summary.run_id, position)
            key = self._pipeline.work_key(report)
            while (same := self._in_work.get(key)) is not None:
                await same.wait()
            if self._reused(position, key):
                continue
            done = self._in_work[key] = anyio.Event()
            try:
                self._save(position, key, await self._pipeline.process(report))
            finally:
                del self._in_work[key]
                done.set()

    def _reused(self, position: int, key: WorkKey) -> bool:
        record = self._store.reuse(self.summary.run_id, position, key)
        if record is None:
            return False
        self._settled(record, cached=self.summary.cached + 1)
        return True

    def _save(self, position: int, key: WorkKey | None, record: Record) -> None:
        kept = self._store.save(self.summary.run_id, position, key, record)
        spent, provenance = self.summary.tokens, record.provenance
        if provenance is None:
            self._settled(kept)
            return
        tokens = Tokens(
            prompt=spent.prompt + provenance.tokens.prompt,
            cached=spent.cached + provenance.tokens.cached,
            completion=spent.completion + provenance.tokens.completion,
        )
        self._settled(kept, tokens=tokens, calls=self.summary.calls + provenance.calls)

    def _settled(self, record: Record, **changes: Any) -> None:
        self._on_record(record)
        self.step(
            settled=self.summary.settled + 1,
            claims=self.summary.claims + len(record.claims),
            facilities=self.summary.facilities + len(record.facilities),
            **{record.disposition: getattr(self.summary, record.disposition) + 1},
            **changes,
        )


def _own_error(group: BaseExceptionGroup[BaseException]) -> LlmExtractError | None:
    """The first error of ours in a group: it is the one that says what to do."""
    for error in group.exceptions:
        found = _own_error(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, LlmExtractError):
            return found
    return None
