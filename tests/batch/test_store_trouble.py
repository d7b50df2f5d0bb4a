import os
import pwd
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from threading import Event as ThreadEvent

import anyio
import pytest
from crashes import MODEL, OPTIONS, Setup, judged, prepared
from model_server import Capacity, Script, ServerThread
from sqlalchemy import Engine, event

from llm_extract.batch import RunSummary, Stopper
from llm_extract.batch import executor as executor_module
from llm_extract.batch.alone import sole_worker, worker_of
from llm_extract.batch.jobs import Inputs, Told, find_or_begin, go_on
from llm_extract.errors import StoreError
from llm_extract.models.catalogue import USER_FILES_VARIABLE
from llm_extract.pipeline import Pipeline, Settings
from llm_extract.record import Record
from llm_extract.store import Caps, open_store
from llm_extract.store import engine as engine_module
from llm_extract.store import jobs as jobs_module

REPORTS = 80
SMALL_DISK = 700_000
"""Bytes that the tables and some of the reports fill."""


@pytest.fixture
def server() -> Iterator[ServerThread]:
    script = Script(charge_abandoned=True, capacity=Capacity(latency=0.002))
    with ServerThread(script) as running:
        yield running


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that every account may enter, which those of pytest are not."""
    with tempfile.TemporaryDirectory() as made:
        os.chmod(made, 0o755)
        yield Path(made)


@pytest.fixture
def setup(folder: Path, server: ServerThread, monkeypatch: pytest.MonkeyPatch) -> Setup:
    made = prepared(folder, str(folder / "store" / "store.sqlite"), server.base_url, REPORTS)
    monkeypatch.setenv(USER_FILES_VARIABLE, str(made.catalogue))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))  # root's own may be closed to others
    return made


def work(
    setup: Setup, on_record: Callable[[int], None] = lambda _: None, caps: Caps | None = None
) -> RunSummary:
    """Go on with the job in this process; `on_record` gets the number of records so far."""
    settled = count(1)
    told = Told(on_record=lambda _: on_record(next(settled)))

    with open_store(setup.store) as store, sole_worker(store):
        inputs = Inputs([str(setup.reports)], OPTIONS)
        job, _ = find_or_begin(store, inputs, Pipeline(Settings(MODEL)), caps)
        (summary,) = anyio.run(partial(go_on, store, [job], told))
    return summary


def half_done(setup: Setup) -> None:
    """Work on the job until half of it is done, and pause it."""
    stopper, seen = Stopper(), count(1)

    def stop_at_half(_: Record) -> None:
        if next(seen) == REPORTS // 2:
            stopper.stop("half is enough")

    with open_store(setup.store) as store:
        inputs = Inputs([str(setup.reports)], OPTIONS)
        job, _ = find_or_begin(store, inputs, Pipeline(Settings(MODEL)))
        anyio.run(partial(go_on, store, [job], Told(on_record=stop_at_half), stopper))
        assert store.jobs.get(job.id).state == "paused"


def assert_resumed_as_if_nothing_had_happened(setup: Setup, server: ServerThread) -> None:
    assert work(setup).settled == REPORTS
    verdict = judged(setup, server)
    assert verdict.holds, verdict


def one_line(caught: pytest.ExceptionInfo[StoreError]) -> str:
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_a_job_that_is_stopped_before_its_inputs_are_read_is_not_done(
    setup: Setup, server: ServerThread
) -> None:
    stopper = Stopper()
    stopper.stop("at once")
    with open_store(setup.store) as store:
        inputs = Inputs([str(setup.reports)], OPTIONS)
        job, _ = find_or_begin(store, inputs, Pipeline(Settings(MODEL)))
        anyio.run(partial(go_on, store, [job], None, stopper))
        assert store.jobs.get(job.id).state == "paused"
    assert_resumed_as_if_nothing_had_happened(setup, server)


# --- a full disk -------------------------------------------------------------------------------


@contextmanager
def most_pages(number: int) -> Iterator[None]:
    """No SQLite file gets larger than so many pages, as if its disk were full then."""

    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {number}")

    event.listen(Engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(Engine, "connect", limit)


@pytest.mark.parametrize("pages", [3, 38, 45, 60, 75])
def test_a_disk_that_gets_full_ends_the_work_and_loses_nothing(
    pages: int, setup: Setup, server: ServerThread
) -> None:
    with most_pages(pages), pytest.raises(StoreError) as caught:
        work(setup)
    assert "disk is full (make room" in one_line(caught)
    assert_resumed_as_if_nothing_had_happened(setup, server)


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own with little room, where this account may mount one."""
    place = folder / "small"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(place)]
    if subprocess.run(["mount", *options], capture_output=True, check=False).returncode != 0:
        pytest.skip("this account may not mount a file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_real_disk_that_gets_full_ends_the_work_and_loses_nothing(
    small_disk: Path, folder: Path, server: ServerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = prepared(folder, str(small_disk / "store.sqlite"), server.base_url, REPORTS)
    monkeypatch.setenv(USER_FILES_VARIABLE, str(setup.catalogue))
    with pytest.raises(StoreError) as caught:
        work(setup)
    assert "make room" in one_line(caught)
    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    assert_resumed_as_if_nothing_had_happened(setup, server)


# --- a store that may only be read --------------------------------------------------------------


@contextmanager
def without_privileges() -> Iterator[None]:
    """As an account that file modes bind; root is bound by none."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("file_mode", "folder_mode"), [(0o444, 0o555), (0o666, 0o555), (0o444, 0o777)]
)
def test_a_store_that_may_not_be_written_is_a_clear_error(
    file_mode: int, folder_mode: int, setup: Setup, server: ServerThread
) -> None:
    half_done(setup)
    store = Path(setup.store)
    os.chmod(store, file_mode)
    os.chmod(store.parent, folder_mode)
    asked = server.ledger().requests
    with without_privileges(), pytest.raises(StoreError) as caught:
        work(setup)
    line = one_line(caught)
    assert str(store) in line or "read-only" in line
    assert server.ledger().requests == asked
    os.chmod(store.parent, 0o755)
    os.chmod(store, 0o644)
    assert_resumed_as_if_nothing_had_happened(setup, server)


def test_a_folder_in_which_no_store_can_be_made_is_a_clear_error(setup: Setup) -> None:
    place = Path(setup.store).parent
    place.mkdir(mode=0o555)
    with without_privileges(), pytest.raises(StoreError, match="may write there"):
        work(setup)


# --- a second writer ----------------------------------------------------------------------------


def hold(setup: Setup, ready: Event) -> None:
    with open_store(setup.store) as store, sole_worker(store):
        ready.set()
        time.sleep(60)


def test_a_second_worker_on_a_file_is_told_who_works_there_and_a_killed_one_frees_it(
    setup: Setup, server: ServerThread
) -> None:
    half_done(setup)
    context = get_context("forkserver")
    ready = context.Event()
    other = context.Process(target=hold, args=(setup, ready))
    other.start()
    assert ready.wait(30)
    with pytest.raises(StoreError) as caught:
        work(setup)
    line = one_line(caught)
    assert line.startswith("another program works on the store")
    assert f"(process {other.pid})" in line
    assert other.pid is not None
    os.kill(other.pid, signal.SIGKILL)
    other.join()
    assert_resumed_as_if_nothing_had_happened(setup, server)


def test_who_asks_whether_somebody_works_on_a_file_keeps_no_worker_out(setup: Setup) -> None:
    with open_store(setup.store) as store, ThreadPoolExecutor(1) as pool:
        over = ThreadEvent()

        def ask() -> None:
            while not over.is_set():
                worker_of(store)

        asking = pool.submit(ask)
        for _ in range(20):
            with sole_worker(store):
                pass
        over.set()
        asking.result()


def test_a_program_that_keeps_the_file_locked_ends_the_work_and_nothing_is_lost(
    setup: Setup, server: ServerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "BUSY_SECONDS", 0.1)
    with ExitStack() as stack:

        def lock_after_some(settled: int) -> None:
            if settled == 20:
                foreign = sqlite3.connect(setup.store, isolation_level=None)
                stack.callback(foreign.close)
                foreign.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreError) as caught:
            work(setup, lock_after_some)
        assert "another program is writing to it" in one_line(caught)
    assert_resumed_as_if_nothing_had_happened(setup, server)


# --- clocks that jump ---------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-30, -1, 1, 30])
def test_a_clock_that_jumps_changes_no_result_and_no_deadline(
    hours: int, setup: Setup, server: ServerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    jump = timedelta(0)
    real = time.time

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + jump

    def jump_after_some(settled: int) -> None:
        nonlocal jump
        if settled == 10:
            jump = timedelta(hours=hours)

    monkeypatch.setattr(time, "time", lambda: real() + jump.total_seconds())
    monkeypatch.setattr(executor_module, "datetime", Jumping)
    monkeypatch.setattr(jobs_module, "datetime", Jumping)
    caps = Caps(deadline=datetime.now(UTC) + timedelta(minutes=30))
    summary = work(setup, jump_after_some, caps)
    assert (summary.settled, summary.paused) == (REPORTS, None)
    verdict = judged(setup, server)
    assert verdict.holds, verdict
