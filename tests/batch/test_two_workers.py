"""Two workers on one job in a PostgreSQL store: one reads, both work, nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import anyio
import pytest
from anyio import to_thread
from store_builders import key_of, record_of, report

from llm_extract.batch import Stopper, executor, intake
from llm_extract.batch import jobs as batch
from llm_extract.documents import ReadOptions
from llm_extract.documents.report import Report
from llm_extract.extraction.call import NO_BOOK, Book
from llm_extract.pipeline import Pipeline, Settings, WorkKey
from llm_extract.record import Record
from llm_extract.store import Job, Store, open_store

pytestmark = pytest.mark.postgres

NAMES = [f"r{number:02}" for number in range(12)]
CHUNK = 4
PATIENCE = 20
"""Seconds after which a test has failed."""


class Reading:
    """Inputs that stop after `CHUNK` reports until `go` is set; `begun` counts who reads them."""

    def __init__(self) -> None:
        self.go = Event()
        self.paused = Event()
        self.begun: list[int] = []

    def __call__(self, _paths: object, _options: object, skip: int = 0) -> Iterator[Report]:
        self.begun.append(skip)
        for number, name in enumerate(NAMES[skip:], skip):
            if number == CHUNK:
                self.paused.set()
                assert self.go.wait(PATIENCE)
            yield report(name)


class Quick:
    """A pipeline that reads reports at once, and says which."""

    prices = None
    down_since = None
    slots = 2

    def __init__(self) -> None:
        self.settings = Settings()
        self.processed: list[str] = []

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_exception: Any) -> None: ...

    def work_key(self, one: Report) -> WorkKey:
        return key_of(one)

    async def process(self, one: Report, party: str = "", book: Book = NO_BOOK) -> Record:
        self.processed.append(one.id)
        return record_of(one)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    inputs = Reading()
    monkeypatch.setattr(batch, "read_reports", inputs)
    monkeypatch.setattr(intake, "CHUNK", CHUNK)
    monkeypatch.setattr(executor, "LOOK_SECONDS", 0.05)
    return inputs


@pytest.fixture
def pipelines(monkeypatch: pytest.MonkeyPatch) -> list[Quick]:
    """The pipelines of the workers in the order in which they began."""
    made: list[Quick] = []

    def begin(_job: Job) -> Quick:
        made.append(Quick())
        return made[-1]

    monkeypatch.setattr(batch, "pipeline_of", begin)
    return made


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    with open_store(postgres_url) as opened:
        yield opened


@pytest.fixture
def job(store: Store, tmp_path: Path) -> Job:
    """A job whose inputs are not read yet."""
    inputs = batch.Inputs([str(tmp_path)], ReadOptions())
    value = inputs.as_value(inputs.fingerprint())
    return store.jobs.create(Settings(), "0.1.0", "ab" * 32, value)


def worker(url: str, job: Job) -> None:
    """A worker of its own on the job."""
    with open_store(url) as own:
        anyio.run(batch.go_on, own, [own.jobs.get(job.id)])


async def until(true: Callable[[], bool]) -> None:
    with anyio.fail_after(PATIENCE):
        while not await to_thread.run_sync(true):
            await anyio.sleep(0.02)


def test_while_one_worker_reads_the_other_works_on_what_is_there(
    postgres_url: str, store: Store, job: Job, reading: Reading, pipelines: list[Quick]
) -> None:
    with ThreadPoolExecutor() as pool:
        first = pool.submit(worker, postgres_url, job)
        assert reading.paused.wait(PATIENCE)
        second = pool.submit(worker, postgres_url, job)
        try:
            anyio.run(until, lambda: store.jobs.get(job.id).sums.settled == CHUNK)
            between = store.jobs.get(job.id)
        finally:
            reading.go.set()
        first.result(PATIENCE)
        second.result(PATIENCE)
    assert (between.state, between.all_read) == ("running", False)
    assert reading.begun == [0]
    now = store.jobs.get(job.id)
    assert (now.state, now.all_read, now.sums.settled) == ("done", True, len(NAMES))
    assert sorted(pipelines[0].processed + pipelines[1].processed) == NAMES
    assert pipelines[1].processed[:CHUNK] == NAMES[:CHUNK]
    assert [record.report.id for record in store.run_records(job.id)] == NAMES


def test_when_the_reader_vanishes_the_other_reads_on(
    postgres_url: str, store: Store, job: Job, reading: Reading, pipelines: list[Quick]
) -> None:
    vanished = store.work("vanished")
    assert vanished.begin_reading(job.id) == 0
    vanished.take_in(job.id, 0, [report(name) for name in NAMES[:5]], last=False)
    reading.go.set()
    with ThreadPoolExecutor() as pool:
        other = pool.submit(worker, postgres_url, job)
        try:
            anyio.run(until, lambda: store.jobs.get(job.id).sums.settled == 5)
            assert reading.begun == []
        finally:
            vanished.free(job.id)  # as when its lease runs out
        other.result(PATIENCE)
    assert reading.begun == [5]
    now = store.jobs.get(job.id)
    assert (now.state, now.sums.settled) == ("done", len(NAMES))
    assert sorted(name for one in pipelines for name in one.processed) == NAMES


def test_a_reader_that_was_taken_for_vanished_goes_on_to_work(
    postgres_url: str, store: Store, job: Job, reading: Reading, pipelines: list[Quick]
) -> None:
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(worker, postgres_url, job)
        assert reading.paused.wait(PATIENCE)
        with store._engine.begin() as connection:  # as if its lease had run out
            connection.exec_driver_sql("UPDATE runs SET reader = 'other'")
        rest = [report(name) for name in NAMES[CHUNK:]]
        store.work("other").take_in(job.id, CHUNK, rest, last=True)
        reading.go.set()
        slow.result(PATIENCE)
    now = store.jobs.get(job.id)
    assert (now.state, now.sums.read, now.sums.settled) == ("done", len(NAMES), len(NAMES))


def test_a_job_that_is_stopped_before_anything_is_read_is_paused_not_done(
    store: Store, job: Job, reading: Reading, pipelines: list[Quick]
) -> None:
    stopper = Stopper()
    stopper.stop("interrupted")
    anyio.run(batch.go_on, store, [job], None, stopper)
    now = store.jobs.get(job.id)
    assert (now.state, now.reason, now.all_read) == ("paused", "interrupted", False)
    assert store.work("another").begin_reading(job.id) == 0


def test_two_workers_that_start_the_same_job_at_once_share_it(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("Nine people were killed.")
    inputs = batch.Inputs([str(tmp_path)], ReadOptions())
    pipeline = Pipeline()
    with open_store(postgres_url) as store:
        begun, new = batch.find_or_begin(store, inputs, pipeline)
        asked = iter([None, begun])  # the other's job is not there yet when this one looks
        monkeypatch.setattr(store.jobs, "with_key", lambda _key: next(asked))
        again, second_new = batch.find_or_begin(store, inputs, pipeline)
    assert (new, second_new, again.id) == (True, False, begun.id)
