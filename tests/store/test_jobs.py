"""Jobs as rows: identity, states, caps, and reports that are opened again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select
from store_builders import (
    REPORT,
    SEALED,
    job_of,
    key_of,
    opening,
    paid,
    record_of,
    report,
    rows,
    settle,
    settle_all,
    settlement,
)

from llm_extract.errors import StoreError
from llm_extract.pipeline import Settings
from llm_extract.store import Caps, JobState, Lost, Settlement, Store, open_store
from llm_extract.store.tables import records

KEY = "ab" * 32


def test_a_new_job_is_running_and_has_read_nothing(store: Store) -> None:
    caps = Caps(1000, 5, datetime(2026, 3, 9, 8, tzinfo=UTC))
    made = store.jobs.create(Settings(strategy="mention"), "0.1.0", KEY, {"paths": ["a"]}, caps)
    assert made == store.jobs.get(made.id)
    assert (made.state, made.all_read, made.sums.read, made.finished) == ("running", False, 0, None)
    assert (made.settings.strategy, made.inputs, made.caps) == ("mention", {"paths": ["a"]}, caps)


def test_a_job_that_does_not_exist_is_a_clear_error(store: Store) -> None:
    with pytest.raises(StoreError, match=r"no job 7.*job list") as caught:
        store.jobs.get(7)
    assert caught.value.code == "no_job"


def test_all_jobs_come_oldest_first(store: Store) -> None:
    made = [job_of(store).id for _ in range(3)]
    assert [job.id for job in store.jobs.all()] == made


def test_a_job_is_found_by_its_key_unless_it_was_cancelled(store: Store) -> None:
    assert store.jobs.with_key(KEY) is None
    first = job_of(store, key=KEY)
    store.jobs.move(first.id, "cancelled")
    assert store.jobs.with_key(KEY) is None
    second = job_of(store, key=KEY)
    found = store.jobs.with_key(KEY)
    assert found is not None and found.id == second.id


def test_a_job_is_begun_once_however_many_begin_it_at_once(place: str) -> None:
    open_store(place).close()
    everybody_is_here = Barrier(4)

    def begin(_number: int) -> str:
        with open_store(place) as own:
            everybody_is_here.wait()
            try:
                own.jobs.create(Settings(), "0.1.0", KEY)
            except StoreError as error:
                return error.code
            return "made"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(begin, range(4))) == ["job_exists"] * 3 + ["made"]


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [
        ("running", "paused", True),
        ("running", "done", True),
        ("paused", "running", True),
        ("paused", "cancelled", True),
        ("cancelled", "running", False),
        ("done", "cancelled", False),
        ("done", "running", False),
    ],
)
def test_a_job_that_is_over_stays_over(
    store: Store, before: JobState, after: JobState, moves: bool
) -> None:
    job = job_of(store)
    store.jobs.move(job.id, before, "as it was")
    assert store.jobs.move(job.id, after, "why") is moves
    now = store.jobs.get(job.id)
    assert (now.state, now.reason) == ((after, "why") if moves else (before, "as it was"))
    assert (now.finished is not None) is (now.state in ("done", "cancelled"))


def test_only_jobs_in_the_states_that_were_named_are_moved(store: Store) -> None:
    job = job_of(store)
    store.jobs.move(job.id, "paused", "by a person")
    assert not store.jobs.move(job.id, "done", out_of=("running",))
    assert store.jobs.get(job.id).reason == "by a person"


def test_caps_are_replaced_and_lifted(store: Store) -> None:
    job = job_of(store, caps=Caps(max_tokens=1000, max_cost=5))
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    store.jobs.set_caps(job.id, Caps(max_cost=2**50, deadline=later))
    assert store.jobs.get(job.id).caps == Caps(None, 2**50, later)


# --- reports that are opened again --------------------------------------------------------------


def test_failed_reports_are_opened_again_and_the_sums_know_it(store: Store) -> None:
    job = job_of(store, *map(report, "abc"))
    work = store.work("a")
    for item, disposition in zip(
        work.claim(job.id, 3), ("failed", "flagged", "failed"), strict=True
    ):
        settle(work, item, record_of(item.report, disposition))  # type: ignore[arg-type]
    store.jobs.move(job.id, "done")
    assert store.jobs.retry(job.id, "failed") == 2
    now = store.jobs.get(job.id)
    assert (now.state, now.finished) == ("paused", None)
    assert (now.sums.failed, now.sums.flagged, now.sums.calls) == (0, 1, 3)
    assert [(i.position, i.again) for i in work.claim(job.id, 9)] == [(0, True), (2, True)]


def test_what_is_read_anew_supersedes_what_was_found_before(place: str, store: Store) -> None:
    job = job_of(store, REPORT)
    settle_all(store, job, "flagged")
    assert store.jobs.retry(job.id, "flagged") == 1
    settle_all(store, job, "clean")
    assert [r.disposition for r in store.run_records(job.id)] == ["clean"]
    assert "clean" in store.work("a").earlier([key_of(REPORT)])[key_of(REPORT)].json
    sums = store.jobs.get(job.id).sums
    assert (sums.clean, sums.flagged, sums.settled) == (1, 0, 1)
    assert len(rows(place, select(records))) == 2


def test_a_retry_of_one_job_changes_neither_records_nor_sums_of_another(store: Store) -> None:
    first, second = job_of(store, REPORT), job_of(store, REPORT)
    settle_all(store, first, "flagged")
    settle_all(store, second, "flagged")
    store.jobs.retry(second.id, "flagged")
    settle_all(store, second, "clean")
    assert [r.disposition for r in store.run_records(first.id)] == ["flagged"]
    assert store.jobs.get(first.id).sums.flagged == 1
    assert store.jobs.retry(first.id, "flagged") == 1


def test_a_report_that_fails_when_read_anew_leaves_the_earlier_work_to_others(
    store: Store,
) -> None:
    job = job_of(store, REPORT)
    settle_all(store, job, "flagged")
    store.jobs.retry(job.id, "flagged")
    settle_all(store, job, "failed")
    assert key_of(REPORT) in store.work("a").earlier([key_of(REPORT)])
    assert store.jobs.get(job.id).sums.failed == 1


def test_reused_work_that_is_opened_again_is_no_longer_counted_as_reused(store: Store) -> None:
    settle_all(store, job_of(store, REPORT))
    job = job_of(store, REPORT, report("b"))
    work = store.work("a")
    first, second = work.claim(job.id, 2)
    pk = work.earlier([key_of(REPORT)])[key_of(REPORT)].pk
    work.commit(settlements=[Settlement(job.id, first.position, "flagged", pk=pk)])
    settle(work, second)
    assert store.jobs.get(job.id).sums.cached == 1
    store.jobs.retry(job.id, "flagged")
    sums = store.jobs.get(job.id).sums
    assert (sums.cached, sums.flagged) == (0, 0)


def test_inputs_that_could_not_be_read_stay_failed(store: Store) -> None:
    job = job_of(store, SEALED, report("a"))
    settle_all(store, job, "failed")
    assert store.jobs.retry(job.id, "failed") == 1
    assert [item.report.id for item in store.work("a").claim(job.id, 9)] == ["a"]
    assert store.jobs.get(job.id).sums.failed == 1


def test_a_retry_that_finds_nothing_leaves_the_job_done(store: Store) -> None:
    job = job_of(store, REPORT)
    settle_all(store, job, "clean")
    store.jobs.move(job.id, "done")
    assert store.jobs.retry(job.id, "failed") == 0
    assert store.jobs.get(job.id).state == "done"


def test_what_nobody_could_resume_is_not_opened_again(store: Store) -> None:
    run = store.jobs.create(Settings(), "0.1.0")
    cancelled = job_of(store, REPORT)
    settle_all(store, cancelled, "failed")
    store.jobs.move(cancelled.id, "cancelled")
    for number in (run.id, cancelled.id, 99):
        with pytest.raises(StoreError, match="no job that could be resumed"):
            store.jobs.retry(number, "failed")
    assert store.jobs.get(cancelled.id).sums.failed == 1


def test_spending_whose_reply_was_lost_or_bore_no_count_is_told(store: Store) -> None:
    job = job_of(store, *map(report, "abc"))
    work = store.work("a")
    kept, uncounted, lost = work.claim(job.id, 3)
    opened = [opening(item, tokens=100 + item.position, cost=7) for item in (kept, uncounted, lost)]
    work.commit(opened)
    work.commit(
        settlements=[
            settlement(kept, payments=[paid(opened[0])]),
            settlement(uncounted, payments=[paid(opened[1], 0, 0, 0, uncounted=True)]),
        ]
    )
    work.free(job.id)
    assert store.jobs.lost(job.id) == Lost(calls=2, most_tokens=101 + 102, most_cost=14)
