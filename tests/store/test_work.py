"""The work of jobs: taken in and claimed, by one worker and by several."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from sqlalchemy import func, select, update
from store_builders import (
    NAMES,
    REPORT,
    SEALED,
    expired,
    given_back,
    job_of,
    key_of,
    new_job,
    opening,
    paid,
    read,
    report,
    rows,
    settle,
    settle_all,
    settlement,
    sight,
    states,
    sums,
    wait_until_it_ran_out,
)

from llm_extract.errors import StoreError
from llm_extract.store import Caps, Settlement, Store, open_store
from llm_extract.store.tables import attempts, records, reports, run_items, runs

# --- reading ------------------------------------------------------------------------------------


def test_inputs_are_taken_in_chunk_by_chunk_each_after_the_last(store: Store) -> None:
    job, work = new_job(store), store.work("a")
    assert read(work, job, report("a"), report("b"), last=False) == 0
    assert not store.jobs.get(job).all_read
    assert read(work, job, report("c"), last=True) == 2
    assert store.jobs.get(job).all_read
    assert store.jobs.get(job).sums.read == 3
    assert [(i.position, i.report.id) for i in work.claim(job, 9)] == [(0, "a"), (1, "b"), (2, "c")]


def test_a_job_without_inputs_is_all_read(store: Store) -> None:
    job = new_job(store)
    read(store.work("a"), job)
    assert store.jobs.get(job).all_read
    assert store.work("a").begin_reading(job) is None


def test_what_cannot_be_read_is_failed_at_once(store: Store) -> None:
    job, work = new_job(store), store.work("a")
    assert work.begin_reading(job) == 0
    (failed,) = work.take_in(job, 0, [report("a"), SEALED], last=True)
    assert failed.failure is not None and failed.failure.code == "encrypted_pdf"
    assert work.open_items(job) == 1
    now = store.jobs.get(job).sums
    assert (now.read, now.failed, now.settled) == (2, 1, 1)


def test_a_report_of_two_jobs_is_kept_once(place: str, store: Store) -> None:
    job_of(store, REPORT, REPORT)
    job_of(store, REPORT)
    assert len(rows(place, select(reports))) == 1
    assert len(rows(place, select(run_items))) == 3


def test_a_chunk_is_taken_in_once_and_at_its_place_alone(place: str, store: Store) -> None:
    job, work = new_job(store), store.work("a")
    read(work, job, report("a"), last=False)
    for start in (0, 2):
        with pytest.raises(StoreError, match="another worker reads") as caught:
            work.take_in(job, start, [report("b")], last=False)
        assert caught.value.code == "other_reader"
    assert len(rows(place, select(reports))) == 1


@pytest.mark.postgres
def test_one_worker_reads_the_inputs_of_a_job(shared: Store) -> None:
    job, first, second = new_job(shared), shared.work("a"), shared.work("b")
    assert first.begin_reading(job) == 0
    assert second.begin_reading(job) is None
    assert second.being_read(job) and not first.being_read(job)
    with pytest.raises(StoreError, match="another worker reads"):
        second.take_in(job, 0, [report("a")], last=False)
    first.take_in(job, 0, [report("a")], last=True)
    assert second.begin_reading(job) is None
    assert not second.being_read(job)


@pytest.mark.postgres
def test_the_reading_of_a_worker_that_vanished_is_taken_over(shared: Store) -> None:
    job, first, second = new_job(shared), expired(shared, "a"), shared.work("b")
    read(first, job, report("a"), last=False)
    wait_until_it_ran_out()
    assert not second.being_read(job)
    assert second.begin_reading(job) == 1
    with pytest.raises(StoreError, match="another worker reads"):  # it was only slow
        first.take_in(job, 1, [report("b")], last=True)
    second.take_in(job, 1, [report("b")], last=True)
    assert [item.report.id for item in second.claim(job, 9)] == ["a", "b"]


@pytest.mark.postgres
def test_a_beat_prolongs_the_reading(shared: Store) -> None:
    job, second = new_job(shared), shared.work("b")
    expired(shared, "a").begin_reading(job)
    wait_until_it_ran_out()
    shared.work("a").beat()
    assert second.begin_reading(job) is None


def test_a_worker_that_frees_a_job_gives_its_reading_back(store: Store) -> None:
    job, work = new_job(store), store.work("a")
    read(work, job, report("a"), last=False)
    work.free(job)
    assert store.work("b").begin_reading(job) == 1


def test_on_sqlite_the_reading_of_whoever_was_there_before_is_taken_over(tmp_path: object) -> None:
    with open_store(f"{tmp_path}/store.sqlite") as store:
        job = new_job(store)
        read(store.work("a"), job, report("a"), last=False)
        assert store.work("b").begin_reading(job) == 1


# --- claims -------------------------------------------------------------------------------------


def test_items_are_claimed_in_input_order_and_once(store: Store) -> None:
    job = job_of(store, *map(report, NAMES))
    first, second = store.work("a"), store.work("b")
    assert [item.position for item in first.claim(job.id, 5)] == [0, 1, 2, 3, 4]
    assert [item.position for item in second.claim(job.id, 5)] == [5, 6, 7, 8, 9]
    assert [item.position for item in first.claim(job.id, 5)] == [10, 11]
    assert second.claim(job.id, 5) == []
    assert first.open_items(job.id) == 12


def test_claims_can_be_bounded_to_some_positions(store: Store) -> None:
    job = job_of(store, *map(report, NAMES))
    work = store.work("a")
    assert [item.position for item in work.claim(job.id, 2, [7, 3, 5])] == [3, 5]
    assert [item.position for item in work.claim(job.id, 2, [7, 3, 5])] == [7]
    assert work.claim(job.id, 2, []) == []


def test_settled_items_are_not_claimed(store: Store) -> None:
    job = job_of(store, report("a"), report("b"))
    work = store.work("a")
    (first,) = work.claim(job.id, 1)
    settle(work, first)
    assert [item.position for item in work.claim(job.id, 9)] == [1]


def test_an_item_that_is_given_back_counts_the_tries_that_failed(store: Store) -> None:
    job = job_of(store, REPORT)
    work = store.work("a")
    for tries in range(3):
        (item,) = work.claim(job.id, 1)
        assert item.tries == tries
        assert work.commit(settlements=[given_back(item, tried=True)]).counted == [True]
        (item,) = work.claim(job.id, 1)
        assert work.commit(settlements=[given_back(item)]).counted == [True]
    assert sums(store, job).settled == 0


@pytest.mark.postgres
def test_a_lease_that_ran_out_frees_its_items(shared: Store, postgres_url: str) -> None:
    job = job_of(shared, report("a"), report("b"))
    slow, other = expired(shared, "slow"), shared.work("other")
    (item,) = slow.claim(job.id, 1)
    slow.commit([opening(item)])
    wait_until_it_ran_out()
    assert [claimed.position for claimed in other.claim(job.id, 9)] == [0, 1]
    assert states(postgres_url) == ["lost"]
    assert shared.jobs.lost(job.id).calls == 1


@pytest.mark.postgres
def test_a_beat_prolongs_claims(shared: Store) -> None:
    job = job_of(shared, REPORT)
    expired(shared, "a").claim(job.id, 1)
    wait_until_it_ran_out()
    shared.work("a").beat()
    assert shared.work("b").claim(job.id, 1) == []


@pytest.mark.postgres
def test_a_worker_frees_its_own_items_alone(shared: Store) -> None:
    job = job_of(shared, *map(report, "abc"))
    first, second = shared.work("a"), shared.work("b")
    first.claim(job.id, 1)
    second.claim(job.id, 1)
    first.free(job.id)
    assert [item.position for item in second.claim(job.id, 9)] == [0, 2]


def test_on_sqlite_everybodys_items_are_freed(tmp_path: object) -> None:
    with open_store(f"{tmp_path}/store.sqlite") as store:
        job = job_of(store, *map(report, "abc"))
        store.work("killed").claim(job.id, 3)
        store.work("b").free(job.id)
        assert len(store.work("b").claim(job.id, 9)) == 3


def test_requests_of_items_that_are_freed_are_lost_and_keep_their_reserve(
    place: str, store: Store
) -> None:
    job = job_of(store, report("a"), report("b"))
    work = store.work("a")
    first, second = work.claim(job.id, 2)
    opened = [opening(first), opening(second)]
    work.commit(opened)
    work.commit(settlements=[settlement(first, payments=[paid(opened[0])])])
    work.free(job.id)
    assert states(place) == ["settled", "lost"]
    assert (sums(store, job).reserved_tokens, sums(store, job).reserved_cost) == (100, 1000)


# --- many at once -------------------------------------------------------------------------------


@pytest.mark.postgres
def test_workers_at_once_settle_every_item_once_and_never_wait_in_a_ring(
    postgres_url: str,
) -> None:
    """Two jobs share their reports, so that workers meet at jobs, reports and records."""
    names = [f"r{number:03}" for number in range(60)]
    with open_store(postgres_url) as store:
        jobs = [new_job(store), new_job(store)]

    def in_threads(do: Callable[[int], None]) -> None:
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(do, range(6)))

    def take_in(number: int) -> None:
        with open_store(postgres_url) as own:
            work, mine = own.work(f"worker {number}"), jobs[number % 2]
            if work.begin_reading(mine) is None:
                return
            shuffled = Random(number).sample(names, len(names))
            work.take_in(mine, 0, [report(name) for name in shuffled], last=True)

    def work_off(number: int) -> None:
        dice = Random(number)
        with open_store(postgres_url) as own:
            work = own.work(f"worker {number}")
            while True:
                items = [item for job in jobs for item in work.claim(job, dice.randint(1, 5))]
                if not items:
                    return
                dice.shuffle(items)
                opened = [opening(item) for item in items]
                work.commit(opened)
                work.beat()
                made = [
                    settlement(item, payments=[paid(one)])
                    for item, one in zip(items, opened, strict=True)
                ]
                assert all(work.commit([opening(items[-1])], made).counted)

    in_threads(take_in)
    in_threads(work_off)
    with open_store(postgres_url) as store:
        found = [store.jobs.get(job).sums for job in jobs]
    assert [(one.flagged, one.read) for one in found] == [(60, 60), (60, 60)]
    assert [one.cost for one in found] == [60 * 500, 60 * 500]
    assert len(rows(postgres_url, select(records))) == 60
    assert len(rows(postgres_url, select(reports))) == 60


@pytest.mark.postgres
def test_workers_at_once_on_like_reports_leave_one_record_of_the_same_text(
    postgres_url: str,
) -> None:
    """A third of the reports are one text; one item is settled while the next is opened."""
    parts = [report(f"r{n}", "The same." if n % 3 == 0 else None) for n in range(60)]
    with open_store(postgres_url) as store:
        job = job_of(store, *parts).id

    def work_off(number: int) -> None:
        with open_store(postgres_url) as own:
            work = own.work(f"worker {number}")
            while items := work.claim(job, 4):
                ready: list[Settlement] = []
                for item in items:
                    opened = opening(item)
                    work.commit([opened], ready)
                    ready = [settlement(item, payments=[paid(opened)])]
                work.commit(settlements=ready)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work_off, range(4)))
    with open_store(postgres_url) as store:
        now = store.jobs.get(job).sums
        assert [kept.report.id for kept in store.run_records(job)] == [one.id for one in parts]
    assert (now.flagged, now.calls, now.cost) == (60, 60, 60 * 500)
    assert (now.reserved_tokens, now.reserved_cost) == (0, 0)
    assert len(rows(postgres_url, select(records))) == 41


@pytest.mark.postgres
def test_a_cap_holds_however_many_workers_ask_at_once(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        job = job_of(store, *map(report, NAMES), caps=Caps(max_tokens=1050)).id

    def ask(number: int) -> int:
        with open_store(postgres_url) as own:
            work = own.work(f"worker {number}")
            return sum(
                work.commit([opening(item)]).refused == [None]
                for _ in range(3)
                for item in work.claim(job, 1)
            )

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(ask, range(4))) == 10


@pytest.mark.postgres
def test_a_claim_is_not_held_up_by_another_workers_transaction(
    shared: Store, postgres_url: str
) -> None:
    job = job_of(shared, *map(report, "abc"))
    with sight(postgres_url) as other:
        other.execute(update(run_items).where(run_items.c.position == 0).values(tries=1))
        other.execute(select(runs).where(runs.c.id == job.id).with_for_update())
        assert [item.position for item in shared.work("a").claim(job.id, 9)] == [1, 2]


@pytest.mark.postgres
def test_what_a_vanished_worker_left_is_not_lost_for_who_took_it_over(
    shared: Store, postgres_url: str
) -> None:
    """Freeing is one statement: a claim in between keeps its requests."""
    job = job_of(shared, REPORT)
    slow, other = expired(shared, "slow"), shared.work("other")
    slow.claim(job.id, 1)
    wait_until_it_ran_out()
    (item,) = other.claim(job.id, 1)
    other.commit([opening(item)])
    slow.free(job.id)
    assert states(postgres_url) == ["open"]
    assert shared.work("third").claim(job.id, 1) == []


def test_every_settled_item_of_earlier_work_is_marked(place: str, store: Store) -> None:
    settle_all(store, job_of(store, REPORT))
    job = job_of(store, REPORT)
    work = store.work("a")
    (item,) = work.claim(job.id, 1)
    pk = work.earlier([key_of(REPORT)])[key_of(REPORT)].pk
    work.commit(settlements=[Settlement(job.id, item.position, "flagged", pk=pk)])
    marks = select(run_items.c.from_cache).order_by(run_items.c.run_id)
    assert [row.from_cache for row in rows(place, marks)] == [False, True]
    assert rows(place, select(func.count()).select_from(attempts))[0][0] == 0
