"""Works off jobs: claims items, has them read, settles them; stops where going on would do harm.

Reports are read side by side, as many as the pipeline has slots; jobs of one worker run side by
side too and share each server evenly (`models.pace`). A job is stopped softly: nothing new is
begun, and what is under way is finished and paid for.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import anyio
from anyio import CapacityLimiter, to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from llm_extract.batch.book import BUDGET, STOPPED, ItemBook
from llm_extract.batch.collector import calm_collector
from llm_extract.batch.committer import Committer
from llm_extract.batch.heartbeat import beat
from llm_extract.batch.pipelines import ReportPipeline
from llm_extract.batch.progress import RunSummary, Stage
from llm_extract.batch.provider import ProviderLane
from llm_extract.batch.stopper import Stopper
from llm_extract.batch.watch import Watcher
from llm_extract.errors import ModelError, StoreError, own_error
from llm_extract.pipeline import DEFERRED, WorkKey
from llm_extract.record import Record
from llm_extract.store import (
    Item,
    Job,
    Paid,
    Settlement,
    Store,
    Work,
    parsed,
    with_head,
    without_replies,
)

CLAIMED_AT_ONCE = 64
"""Items claimed by one transaction: a few times as many as are settled while it is written."""

ACCOUNT_TROUBLE = frozenset({"quota", "refused_key", "unknown_model", "missing_key"})
"""Codes of failures that every other report would meet as well: the job is paused."""
ASKED, DEADLINE, SILENT, ALIKE = "asked", "deadline", "silent_server", "alike_failures"
"""Codes of a pause: by a person or this program's caller, and what their names say."""

ALIKE_FAILURES = 20
"""So many failures of one code in a row, none read between, are not the fault of the reports."""
MOST_TRIES = 3
"""Times a report may fail while nobody is answered, or for want of room, before it is taken for the
reason: each time the server has answered somebody just before."""
PATIENCE = 1800.0
"""Seconds that a server may give no answer at all before the job is paused."""
LOOK_SECONDS = 1.0
"""How often health and deadline are looked at, and items that another worker may have freed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A job, who reads its reports, and who is told.

    `on_record` gets each record after it was written, in the order of completion; `positions`
    bounds the work to some items; `patience` as `PATIENCE`; seconds count from `began`. `lane` is
    set for a job of the batch lane, whose line the pipeline must have. `watcher` is told of each
    report that is read.
    """

    job: Job
    pipeline: ReportPipeline
    on_record: Callable[[Record], None] | None = None
    on_progress: Callable[[RunSummary], None] = lambda _: None
    positions: Sequence[int] | None = None
    patience: float = PATIENCE
    lane: ProviderLane | None = None
    watcher: Watcher | None = None
    began: float = field(default_factory=time.monotonic)


async def work_off(
    plans: Sequence[Plan], store: Store, worker: str, stopper: Stopper | None = None
) -> list[RunSummary]:
    """Settle what is open of these jobs, all at the same time; how each of them stands then.

    `worker` is a name that no other worker of the store bears. On SQLite the caller must be the
    store's sole worker.

    Raises:
        LlmExtractError: a model cannot be used, or the store cannot be written. As after a
            cancellation, what was settled before stays settled and the rest is free for others.
    """
    work = store.work(worker)
    one = CapacityLimiter(1)
    committer = Committer(work, one)
    runs = [_JobRun(plan, store, work, committer, one) for plan in plans]
    with calm_collector():
        try:
            async with anyio.create_task_group() as group:
                if stopper is not None:
                    for run in runs:
                        stopper.watch(run.stop, group.cancel_scope)
                group.start_soon(committer.run)
                if store.is_shared:
                    group.start_soon(beat, work, one)
                async with anyio.create_task_group() as jobs:
                    for run in runs:
                        jobs.start_soon(run.work_off)
                group.cancel_scope.cancel()
        except BaseExceptionGroup as errors:
            raise own_error(errors) or errors from None
        finally:
            # What a store in trouble does not free is freed by whoever takes the job up again.
            with anyio.CancelScope(shield=True), suppress(StoreError):
                for run in runs:
                    await to_thread.run_sync(work.free, run.id, limiter=one)
    return [run.end() for run in runs]


class _JobRun:
    """One job while this worker works on it."""

    def __init__(
        self, plan: Plan, store: Store, work: Work, committer: Committer, one: CapacityLimiter
    ) -> None:
        self.id = plan.job.id
        self._plan = plan
        self._store = store
        self._work = work
        self._committer = committer
        self._one = one
        self._sums = plan.job.sums
        self._stage: Stage = "working"
        self._claims = self._facilities = 0
        self._in_work: dict[WorkKey, anyio.Event] = {}
        self._active = 0
        self._idle = anyio.Event()
        self._stopped: str | None = None
        self._stopped_code: str | None = None
        self._in_vain = False
        self._alike: tuple[str, int] = ("", 0)
        self._scope = anyio.CancelScope()
        self._lane = plan.lane
        self._waiting: anyio.CancelScope | None = None  # for a provider's batches
        self._held: str | None = None  # why this round of the lane begins nothing new
        self._deferred: set[WorkKey] = set()
        self._claimed = 0
        self._after = -1

    def stop(
        self, reason: str, *, code: str = ASKED, in_vain: bool = False, at_once: bool = False
    ) -> None:
        """Begin nothing new of this job, where it is `in_vain` not even the next request of a
        report under way; `at_once` drops what is under way as well."""
        if self._stopped is None:
            self._stopped, self._stopped_code = reason, code
        self._in_vain = self._in_vain or in_vain
        self._idle.set()
        if self._waiting is not None:
            self._waiting.cancel()
        if at_once:
            self._scope.cancel()

    def summary(self, **changes: Any) -> RunSummary:
        """How the job stands."""
        sums = self._sums
        known: dict[str, Any] = {
            "run_id": self.id,
            "stage": self._stage,
            "read": sums.read,
            "settled": sums.settled,
            "cached": sums.cached,
            "clean": sums.clean,
            "flagged": sums.flagged,
            "failed": sums.failed,
            "claims": self._claims,
            "facilities": self._facilities,
            "calls": sums.calls,
            "tokens": sums.tokens,
            "cost": sums.cost,
            "seconds": time.monotonic() - self._plan.began,
            "paused": self._stopped,
            "paused_code": self._stopped_code,
        }
        return RunSummary(**{**known, **changes})

    def end(self) -> RunSummary:
        """Note in the store that the job is done or paused, and how it stands.

        Neither where another worker goes on, or items are left that this one was not to take.
        """
        left = self._work.open_items(self.id)
        job = self._store.jobs.get(self.id)
        self._sums = job.sums
        if left == 0 and job.all_read:
            self._store.jobs.move(self.id, "done")
            self._stopped = self._stopped_code = None
        elif self._stopped is not None:
            self._store.jobs.move(self.id, "paused", self._stopped, out_of=("running",))
        self._stage = "done"
        summary = self.summary()
        self._plan.on_progress(summary)
        return summary

    async def work_off(self) -> None:
        """Settle what is open; the model is started when the first item needs it."""
        with self._scope:
            if self._lane is None:
                await self._round()
            else:
                async with self._lane.open(self._one), self._plan.pipeline as _:
                    await self._rounds(self._lane)

    async def _rounds(self, lane: ProviderLane) -> None:
        """Round after round over items of which no request waits, until no round finds any."""
        while self._stopped is None:
            await self._round()
            await to_thread.run_sync(self._work.free, self.id, limiter=self._one)
            if not await self._brought(lane):
                if self._held is not None:
                    self.stop(self._held, code=BUDGET)
                if not self._claimed:
                    return

    async def _brought(self, lane: ProviderLane) -> bool:
        """Wait for what batches bring; False when no batch will bring anything."""
        brought = False
        async with anyio.create_task_group() as group:
            self._waiting = group.cancel_scope
            group.start_soon(self._look)
            if self._stopped is None:
                try:
                    brought = await lane.turn(more=lane.is_full)
                except ModelError as error:
                    self.stop(str(error), code=error.code)
            group.cancel_scope.cancel()
        self._waiting = None
        return brought

    async def _round(self) -> None:
        self._held, self._after, self._claimed = None, -1, 0
        self._deferred.clear()
        send, receive = anyio.create_memory_object_stream[Item](CLAIMED_AT_ONCE)
        async with anyio.create_task_group() as group, receive:
            group.start_soon(self._feed, send)
            first = await _next(receive)
            if first is not None:
                if self._lane is not None:
                    await self._read_all(first, receive)
                else:
                    self._step("starting")
                    async with self._plan.pipeline as _:
                        self._step("working")
                        await self._read_all(first, receive)
            group.cancel_scope.cancel()

    async def _read_all(self, first: Item, receive: MemoryObjectReceiveStream[Item]) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._look)
            async with anyio.create_task_group() as readers:
                for n in range(self._plan.pipeline.slots):
                    readers.start_soon(self._reader, receive.clone(), first if n == 0 else None)
            group.cancel_scope.cancel()

    async def _feed(self, send: MemoryObjectSendStream[Item]) -> None:
        """Claim items and hand them on; those of finished work are settled here."""
        with send:
            while self._goes_on():
                items = await self._claim()
                if not items:
                    if self._lane is not None or await self._nothing_left():
                        return
                    continue
                for item in await self._without_earlier(items):
                    self._active += 1
                    await send.send(item)

    async def _claim(self) -> list[Item]:
        most = min(CLAIMED_AT_ONCE, 2 * self._plan.pipeline.slots)
        after = self._after if self._lane is not None else None
        claim = partial(self._work.claim, self.id, most, self._plan.positions, after)
        items = await to_thread.run_sync(claim, limiter=self._one)
        if items:
            self._after, self._claimed = items[-1].position, self._claimed + len(items)
        return items

    def _goes_on(self) -> bool:
        """Whether items may be begun."""
        full = self._lane is not None and self._lane.is_full
        return self._stopped is None and self._held is None and not full

    async def _nothing_left(self) -> bool:
        """Whether nothing is left to claim here, and nothing will be.

        While another worker holds items or reads the inputs, there may be: more reports come, or
        its lease runs out.
        """
        if self._active:
            self._idle = anyio.Event()
            await self._idle.wait()
            return False
        if not self._store.is_shared or self._plan.positions is not None:
            return True
        if await to_thread.run_sync(self._more_to_come, limiter=self._one):
            await anyio.sleep(LOOK_SECONDS)
            return False
        return True

    def _more_to_come(self) -> bool:
        # In this order: what was read between the two questions is open, or settled by the reader.
        being_read = self._work.being_read(self.id)
        return being_read or self._work.open_items(self.id) > 0

    async def _without_earlier(self, items: Sequence[Item]) -> list[Item]:
        """The items whose work was never done; the others are settled with what was."""
        keys = {item.position: self._plan.pipeline.work_key(item.report) for item in items}
        asked = [keys[item.position] for item in items if _may_be_done(item)]
        earlier = await to_thread.run_sync(self._work.earlier, asked, limiter=self._one)
        left = []
        async with anyio.create_task_group() as group:
            for item in items:
                found = earlier.get(keys[item.position]) if _may_be_done(item) else None
                if found is None:
                    left.append(item)
                else:
                    record = parsed(found.json)
                    group.start_soon(self._settle, item, record, None, found.pk)
        return left

    async def _reader(self, receive: MemoryObjectReceiveStream[Item], first: Item | None) -> None:
        with receive:
            item = first or await _next(receive)
            while item is not None:
                if self._stopped is None and self._held is None:
                    await self._read(item)
                self._active -= 1
                self._idle.set()
                item = await _next(receive)

    async def _read(self, item: Item) -> None:
        """One item settled; work that is being done for another item is waited for."""
        key = self._plan.pipeline.work_key(item.report)
        if not item.again:
            while (same := self._in_work.get(key)) is not None:
                await same.wait()
                if not await self._without_earlier([item]):
                    return
        if key in self._deferred:
            return  # what answers that item will answer this one
        done = self._in_work[key] = anyio.Event()
        try:
            book = self._book(item)
            record = await self._processed(item, book)
            await self._judge(item, key, record, book)
        finally:
            if self._in_work.get(key) is done:
                del self._in_work[key]
            done.set()

    def _book(self, item: Item) -> ItemBook:
        prices = self._plan.pipeline.prices
        if self._lane is None:
            return ItemBook(self._committer, item, prices, lambda: self._in_vain)
        return self._lane.book(self._committer, item, prices, lambda: self._in_vain)

    async def _processed(self, item: Item, book: ItemBook) -> Record:
        pipeline, watcher = self._plan.pipeline, self._plan.watcher
        if watcher is None:
            return await pipeline.process(item.report, str(self.id), book)
        with watcher.reading(self.id, item.position) as read:
            record = await pipeline.process(item.report, str(self.id), book)
            read(record)
        return record

    async def _judge(self, item: Item, key: WorkKey, record: Record, book: ItemBook) -> None:
        """Settle a record, or give its item back where not the report is at fault."""
        code = record.failure.code if record.failure is not None else ""
        if self._lane is not None and self._is_held(code, key, record):
            return  # free again at the end of the round, its requests noted
        paid = book.paid(record)
        down = self._plan.pipeline.down_since is not None
        may_pass = code == "model_busy" or (code == "model_failed" and down)
        if code in ACCOUNT_TROUBLE or code in (BUDGET, STOPPED):
            assert record.failure is not None
            self.stop(record.failure.message, code=code, in_vain=code in ACCOUNT_TROUBLE)
            await self._give_back(item, paid)
        elif code == "model_down":
            await self._give_back(item, paid)
        elif may_pass and item.tries + 1 < MOST_TRIES and self._lane is None:
            await self._give_back(item, paid, tried=True)
        else:
            await self._settle(item, record, key, None, paid)
            self._count_alike(record)

    def _is_held(self, code: str, key: WorkKey, record: Record) -> bool:
        """Whether an item of the batch lane stays open, and what follows for the others."""
        if code == DEFERRED:
            self._deferred.add(key)
        elif code == BUDGET:
            # Batches that are out may use less than was reserved for them.
            assert record.failure is not None
            self._held = record.failure.message
        elif code == STOPPED or code in ACCOUNT_TROUBLE:
            assert record.failure is not None
            self.stop(record.failure.message, code=code)
        else:
            return False
        return True

    def _count_alike(self, record: Record) -> None:
        """Stop where report after report fails in the same way at the model's."""
        code = record.failure.code if record.failure is not None else ""
        at_model = code.startswith("model_")
        self._alike = (code, self._alike[1] + 1 if code == self._alike[0] and at_model else 1)
        if at_model and self._alike[1] >= ALIKE_FAILURES:
            assert record.failure is not None
            self.stop(
                f"{ALIKE_FAILURES} reports in a row failed alike, the last one so: "
                f"{record.failure.message}",
                code=ALIKE,
            )

    async def _give_back(self, item: Item, paid: Sequence[Paid], *, tried: bool = False) -> None:
        given_back = Settlement(item.run_id, item.position, paid=paid, tried=tried)
        await self._committer.settle(given_back)

    async def _settle(
        self,
        item: Item,
        record: Record,
        key: WorkKey | None,
        pk: int | None,
        paid: Sequence[Paid] = (),
    ) -> None:
        if pk is not None:
            report = item.report
            record = with_head(record, report.id, report.source, report.title)
        kept = without_replies(record)
        counted = await self._committer.settle(
            Settlement(
                item.run_id,
                item.position,
                record.disposition,
                key,
                kept if pk is None else None,
                pk,
                paid,
                batched=self._lane is not None,
            )
        )
        if not counted:
            return
        self._claims += len(record.claims)
        self._facilities += len(record.facilities)
        if self._plan.on_record is not None:
            self._plan.on_record(kept)
        self._step()

    def _step(self, stage: Stage | None = None) -> None:
        self._stage = stage or self._stage
        self._sums = self._committer.sums.get(self.id, self._sums)
        self._plan.on_progress(self.summary())

    async def _look(self) -> None:
        """Watch the deadline and the server's health."""
        deadline = self._plan.job.caps.deadline
        left = (deadline - datetime.now(UTC)).total_seconds() if deadline else math.inf
        end = time.monotonic() + left  # a clock that jumps meanwhile changes nothing
        while True:
            now = time.monotonic()
            if now >= end and deadline is not None:
                self.stop(f"the deadline {deadline:%Y-%m-%d %H:%M} UTC has come", code=DEADLINE)
            down = self._plan.pipeline.down_since
            if down is not None and now - down > self._plan.patience:
                self.stop(
                    f"the model's server has given no answer for {self._plan.patience / 60:.0f} "
                    "minutes; resume when it does",
                    code=SILENT,
                    at_once=True,
                )
            await anyio.sleep(LOOK_SECONDS)


def _may_be_done(item: Item) -> bool:
    """Whether earlier work may settle an item: not if it was paid for already, or is to be new."""
    return not item.again and not (item.batched and item.batched.requests)


async def _next(receive: MemoryObjectReceiveStream[Item]) -> Item | None:
    try:
        return await receive.receive()
    except anyio.EndOfStream:
        return None
