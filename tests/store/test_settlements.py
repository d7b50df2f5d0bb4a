"""What came of items: once each, whoever settles them, with all that was spent."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from store_builders import (
    REPORT,
    expired,
    given_back,
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
    states,
    sums,
    wait_until_it_ran_out,
)

from llm_extract.store import Store
from llm_extract.store.tables import records


def test_an_item_is_settled_once(place: str, store: Store) -> None:
    job = job_of(store, REPORT)
    work = store.work("a")
    (item,) = work.claim(job.id, 1)
    assert settle(work, item).counted == [True]
    assert settle(work, item, record_of(item.report, "failed")).counted == [False]
    now = sums(store, job)
    assert (now.settled, now.flagged, now.calls) == (1, 1, 2)
    assert len(rows(place, select(records))) == 1


@pytest.mark.postgres
def test_an_item_taken_over_counts_for_the_other_and_spending_for_both(
    shared: Store, postgres_url: str
) -> None:
    job = job_of(shared, REPORT)
    slow, other = expired(shared, "slow"), shared.work("other")
    (item,) = slow.claim(job.id, 1)
    opened = opening(item)
    slow.commit([opened])
    wait_until_it_ran_out()
    (same,) = other.claim(job.id, 1)
    late = settlement(item, record_of(REPORT, "clean"), [paid(opened)])
    assert slow.commit(settlements=[late]).counted == [False]
    assert states(postgres_url) == ["settled"]
    now = sums(shared, job)
    assert (now.settled, now.calls, now.cost, now.reserved_tokens) == (0, 1, 500, 0)
    assert other.commit(settlements=[settlement(same, payments=[paid()])]).counted == [True]
    now = sums(shared, job)
    assert (now.clean, now.flagged, now.calls, now.cost) == (0, 1, 2, 1000)


@pytest.mark.postgres
def test_an_item_that_was_given_back_late_stays_with_who_took_it_over(shared: Store) -> None:
    job = job_of(shared, REPORT)
    slow, other = expired(shared, "slow"), shared.work("other")
    (item,) = slow.claim(job.id, 1)
    wait_until_it_ran_out()
    other.claim(job.id, 1)
    assert slow.commit(settlements=[given_back(item)]).counted == [False]
    assert shared.work("third").claim(job.id, 1) == []


def test_the_same_work_finished_twice_has_the_record_that_came_first(
    place: str, store: Store
) -> None:
    first, second = job_of(store, REPORT), job_of(store, REPORT)
    a, b = store.work("a"), store.work("b")
    (one,), (other,) = a.claim(first.id, 1), b.claim(second.id, 1)
    settle(a, one, record_of(REPORT, "flagged"))
    settle(b, other, record_of(REPORT, "clean"))
    assert len(rows(place, select(records))) == 1
    assert (sums(store, first).flagged, sums(store, second).flagged) == (1, 1)
    assert [r.disposition for r in store.run_records(second.id)] == ["flagged"]


def test_the_same_work_finished_twice_in_one_commit_has_one_record(
    place: str, store: Store
) -> None:
    job = job_of(store, report("a", "Nine killed"), report("b", "Nine killed"))
    work = store.work("a")
    first, second = work.claim(job.id, 2)
    made = [
        settlement(first, record_of(first.report, "clean")),
        settlement(second, record_of(second.report, "flagged")),
    ]
    assert work.commit(settlements=made).counted == [True, True]
    assert len(rows(place, select(records))) == 1
    assert (sums(store, job).clean, sums(store, job).flagged) == (2, 0)


def test_each_failure_has_its_own_record(place: str, store: Store) -> None:
    job = job_of(store, report("a", "Nine killed"), report("b", "Nine killed"))
    settle_all(store, job, "failed")
    assert len(rows(place, select(records))) == 2


def test_openings_and_settlements_of_several_jobs_go_into_one_commit(store: Store) -> None:
    first, second = job_of(store, report("a"), report("b")), job_of(store, report("c"))
    work = store.work("a")
    (a, b), (c,) = work.claim(first.id, 2), work.claim(second.id, 1)
    done = work.commit([opening(b)], [settlement(c), settlement(a)])
    assert (done.refused, done.counted) == ([None], [True, True])
    assert (done.sums[first.id].flagged, done.sums[second.id].flagged) == (1, 1)
    assert done.sums[first.id].reserved_tokens == 100


def test_nothing_to_commit_is_no_trouble(store: Store) -> None:
    done = store.work("a").commit()
    assert (done.refused, done.counted, done.sums) == ([], [], {})


def test_nothing_is_found_where_nothing_is_asked(store: Store) -> None:
    assert store.work("a").earlier([]) == {}


def test_earlier_work_on_the_same_text_with_another_date_is_no_answer(store: Store) -> None:
    settle_all(store, job_of(store, REPORT))
    other = key_of(REPORT, published="2026-01-01")
    assert store.work("a").earlier([other, key_of(REPORT)]).keys() == {key_of(REPORT)}
