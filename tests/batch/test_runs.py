"""Runs of many reports, with a pipeline that asks no model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from llm_extract.batch import RunSummary, run_reports
from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.errors import ModelError
from llm_extract.export import read_records
from llm_extract.extraction.call import NO_BOOK, Book
from llm_extract.pipeline import Settings, WorkKey
from llm_extract.record import Failure, Record
from llm_extract.store import Store, open_store

EXAMPLE = next(iter(read_records(Path(__file__).parents[1] / "export" / "example_records.jsonl")))


class ScriptedPipeline:
    """Answers each report with the example's claims after as many turns as `turns` says."""

    prices = None
    down_since = None

    def __init__(self, slots: int = 3) -> None:
        self.settings = Settings()
        self.slots = slots
        self.entered = 0
        self.left = 0
        self.processed: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.turns: Callable[[Report], int] = lambda _: 1
        self.fails: set[str] = set()
        self.breaks: set[str] = set()

    async def __aenter__(self) -> None:
        self.entered += 1

    async def __aexit__(self, *_exception: Any) -> None:
        self.left += 1

    def work_key(self, report: Report) -> WorkKey:
        return WorkKey(report.sha256, "", "0f", "scripted", "sentence", "0.1.0")

    async def process(self, report: Report, party: str = "", book: Book = NO_BOOK) -> Record:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            for _ in range(self.turns(report)):
                await anyio.sleep(0.001)
        finally:
            self.at_once -= 1
        self.processed.append(report.id)
        if report.id in self.breaks:
            raise ModelError("the server has gone away")
        return answer(report, failed=report.id in self.fails)


def answer(report: Report, *, failed: bool = False) -> Record:
    own = {"id": report.id, "source": report.source, "title": None, "sha256": report.sha256}
    head = EXAMPLE.report.model_copy(update=own)
    record = EXAMPLE.model_copy(update={"report": head})
    if not failed:
        return record
    why = Failure(code="cut_off", message="the model's reply was cut off")
    return record.model_copy(
        update={"claims": [], "findings": [], "disposition": "failed", "failure": why}
    )


def report(name: str, text: str | None = None) -> Report:
    return Report(id=name, text=text or f"The story of {name}.", source=f"{name}.txt")


@pytest.fixture
def pipeline() -> ScriptedPipeline:
    return ScriptedPipeline()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store.sqlite") as opened:
        yield opened


def go(
    pipeline: ScriptedPipeline,
    store: Store,
    *reports: Report | UnreadableReport,
    limit: int | None = None,
    on_record: Callable[[Record], None] = lambda _: None,
    on_progress: Callable[[RunSummary], None] = lambda _: None,
) -> RunSummary:
    async def work() -> RunSummary:
        return await run_reports(reports, pipeline, store, on_record, limit, on_progress)

    return anyio.run(work)


def test_every_report_gets_its_record_and_the_summary_counts_them(
    pipeline: ScriptedPipeline, store: Store
) -> None:
    seen: list[str] = []
    sealed = UnreadableReport("sealed", "sealed.pdf", "encrypted_pdf", "sealed.pdf is encrypted")
    summary = go(
        pipeline,
        store,
        *(report("a"), sealed, report("b")),
        on_record=lambda record: seen.append(record.report.id),
    )
    assert (summary.read, summary.settled, summary.flagged, summary.failed) == (3, 3, 2, 1)
    assert (summary.claims, summary.facilities, summary.calls) == (6, 2, 2)
    assert (summary.tokens.prompt, summary.tokens.completion) == (2 * 812, 2 * 96)
    assert sorted(seen) == ["a", "b", "sealed"]


def test_records_stand_in_input_order_whatever_was_done_first(
    pipeline: ScriptedPipeline, store: Store
) -> None:
    pipeline.turns = lambda report: 500 if report.id == "a" else 1
    summary = go(pipeline, store, *map(report, "abcd"))
    assert pipeline.processed[-1] == "a"
    assert [record.report.id for record in store.run_records(summary.run_id)] == list("abcd")


@pytest.mark.parametrize("slots", [1, 2, 5])
def test_no_more_reports_are_worked_on_than_there_are_slots(slots: int, store: Store) -> None:
    pipeline = ScriptedPipeline(slots)
    go(pipeline, store, *(report(f"r{number}") for number in range(12)))
    assert pipeline.most_at_once == slots


def test_the_pipeline_is_not_entered_when_everything_is_done(
    pipeline: ScriptedPipeline, store: Store
) -> None:
    go(pipeline, store, report("a"), report("b"))
    again = ScriptedPipeline()
    summary = go(again, store, report("a"), report("b"))
    assert again.entered == 0
    assert (summary.cached, summary.settled, summary.calls, summary.tokens.prompt) == (2, 2, 0, 0)


def test_the_pipeline_is_not_entered_for_unreadable_inputs_alone(
    pipeline: ScriptedPipeline, store: Store
) -> None:
    go(pipeline, store, UnreadableReport("x", "x.bin", "binary", "x.bin is not text"))
    assert pipeline.entered == 0


def test_failed_reports_are_tried_again(pipeline: ScriptedPipeline, store: Store) -> None:
    pipeline.fails = {"b"}
    assert go(pipeline, store, report("a"), report("b")).failed == 1
    second = ScriptedPipeline()
    summary = go(second, store, report("a"), report("b"))
    assert second.processed == ["b"]
    assert (summary.cached, summary.failed) == (1, 0)


def test_the_same_text_twice_in_a_run_is_worked_on_once(
    pipeline: ScriptedPipeline, store: Store
) -> None:
    pipeline.turns = lambda _: 5
    twins = [report(name, "One guard was killed at the gate.") for name in ("a", "b", "c")]
    summary = go(pipeline, store, *twins)
    assert len(pipeline.processed) == 1
    assert summary.cached == 2
    kept = list(store.run_records(summary.run_id))
    assert [(record.report.id, record.report.source) for record in kept] == [
        ("a", "a.txt"),
        ("b", "b.txt"),
        ("c", "c.txt"),
    ]


def test_limit_bounds_what_is_read(pipeline: ScriptedPipeline, store: Store) -> None:
    assert go(pipeline, store, *map(report, "abc"), limit=2).read == 2


def test_no_reports_at_all_is_a_finished_run(pipeline: ScriptedPipeline, store: Store) -> None:
    summary = go(pipeline, store)
    assert (summary.stage, summary.read, pipeline.entered) == ("done", 0, 0)


def test_an_error_of_the_model_ends_the_run_and_keeps_what_is_done(store: Store) -> None:
    pipeline = ScriptedPipeline(slots=1)
    pipeline.breaks = {"b"}
    runs: list[RunSummary] = []
    with pytest.raises(ModelError, match="gone away"):
        go(pipeline, store, *map(report, "abc"), on_progress=runs.append)
    assert pipeline.left == 1
    assert [record.report.id for record in store.run_records(runs[-1].run_id)] == ["a"]


def test_a_cancelled_run_keeps_what_is_done_and_says_it_was_interrupted(store: Store) -> None:
    pipeline = ScriptedPipeline(slots=1)
    runs: list[RunSummary] = []

    async def cancelled_after_two() -> None:
        with anyio.CancelScope() as scope:

            def watch(summary: RunSummary) -> None:
                runs.append(summary)
                if summary.settled == 2:
                    scope.cancel()

            await run_reports(map(report, "abcde"), pipeline, store, lambda _: None, None, watch)

    anyio.run(cancelled_after_two)
    assert runs[-1].interrupted
    assert pipeline.left == 1
    assert [record.report.id for record in store.run_records(runs[-1].run_id)] == ["a", "b"]


def test_progress_tells_the_stages_in_order(pipeline: ScriptedPipeline, store: Store) -> None:
    runs: list[RunSummary] = []
    go(pipeline, store, *map(report, "abc"), on_progress=runs.append)
    stages = list(dict.fromkeys(summary.stage for summary in runs))
    assert stages == ["reading", "starting", "working", "done"]
    assert [summary.seconds for summary in runs] == sorted(summary.seconds for summary in runs)


def test_raw_replies_do_not_reach_the_records_handed_on(
    pipeline: ScriptedPipeline, store: Store
) -> None:
    handed: list[Record] = []
    go(pipeline, store, report("a"), on_record=handed.append)
    (record,) = handed
    assert record.provenance is not None
    assert all(attempt.reply is None for attempt in record.provenance.attempts)
