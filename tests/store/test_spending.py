"""What requests may use: reserved before they are sent, within the caps of their job."""

from __future__ import annotations

import pytest
from store_builders import (
    REPORT,
    given_back,
    job_of,
    opening,
    paid,
    record_of,
    report,
    settlement,
    states,
    sums,
)

from llm_extract.errors import StoreError
from llm_extract.store import Caps, Item, Store


@pytest.mark.parametrize(
    ("caps", "tokens", "cost", "refused"),
    [
        (Caps(max_tokens=250), 100, 0, [None, None, "tokens"]),
        (Caps(max_tokens=300), 100, 0, [None, None, None]),
        (Caps(max_tokens=299), 100, 0, [None, None, "tokens"]),
        (Caps(max_cost=3 * 2**50), 1, 2**50, [None, None, None]),
        (Caps(max_cost=3 * 2**50 - 1), 1, 2**50, [None, None, "cost"]),
        (Caps(max_tokens=100, max_cost=0), 100, 0, [None, "tokens", "tokens"]),
        (Caps(max_cost=0), 100, 1, ["cost", "cost", "cost"]),
    ],
)
def test_a_request_is_refused_when_it_could_pass_a_cap(
    store: Store, caps: Caps, tokens: int, cost: int, refused: list[str | None]
) -> None:
    job = job_of(store, *map(report, "abc"), caps=caps)
    work = store.work("a")
    opened = [opening(item, tokens=tokens, cost=cost) for item in work.claim(job.id, 3)]
    together = work.commit(opened).refused
    assert together == refused
    reserved = sums(store, job)
    assert reserved.reserved_tokens == tokens * refused.count(None)
    assert reserved.reserved_cost == cost * refused.count(None)


def test_a_smaller_request_may_still_fit(store: Store) -> None:
    job = job_of(store, *map(report, "abc"), caps=Caps(max_tokens=100))
    work = store.work("a")
    big, bigger, small = work.claim(job.id, 3)
    wanted = [opening(big, tokens=80), opening(bigger, tokens=21), opening(small, tokens=20)]
    assert work.commit(wanted).refused == [None, "tokens", None]


def test_a_settlement_frees_what_its_request_did_not_use(store: Store) -> None:
    job = job_of(store, report("a"), report("b"), caps=Caps(max_tokens=150, max_cost=1500))
    work = store.work("a")
    first, second = work.claim(job.id, 2)
    opened = opening(first)
    assert work.commit([opened]).refused == [None]
    assert work.commit([opening(second)]).refused == ["tokens"]
    done = work.commit(settlements=[settlement(first, payments=[paid(opened, 40, 10, 500)])])
    assert done.sums[job.id] == sums(store, job)
    now = sums(store, job)
    assert (now.prompt_tokens, now.completion_tokens, now.cost) == (40, 10, 500)
    assert (now.reserved_tokens, now.reserved_cost) == (0, 0)
    assert work.commit([opening(second)]).refused == [None]


def test_a_request_without_a_count_keeps_its_reserve(place: str, store: Store) -> None:
    job = job_of(store, REPORT, caps=Caps(max_tokens=150))
    work = store.work("a")
    (item,) = work.claim(job.id, 1)
    opened = opening(item)
    work.commit([opened])
    unknown = paid(opened, 0, 0, 0, uncounted=True)
    work.commit(settlements=[given_back(item, [unknown])])
    assert states(place) == ["uncounted"]
    assert sums(store, job).reserved_tokens == 100
    (item,) = work.claim(job.id, 1)
    assert work.commit([opening(item)]).refused == ["tokens"]


def test_every_request_counts_also_of_items_that_fail_or_are_given_back(store: Store) -> None:
    job = job_of(store, report("a"), report("b"))
    work = store.work("a")
    first, second = work.claim(job.id, 2)
    work.commit(
        settlements=[
            settlement(first, record_of(first.report, "failed"), [paid(), paid()]),
            given_back(second, [paid()]),
        ]
    )
    now = sums(store, job)
    assert (now.calls, now.prompt_tokens, now.reasoning_tokens, now.cost) == (3, 120, 9, 1500)


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_nothing_is_opened_for_a_job_that_is_stopped(store: Store, state: str) -> None:
    job, going_on = job_of(store, report("a")), job_of(store, report("b"))
    work = store.work("a")
    (stopped,), (other,) = work.claim(job.id, 1), work.claim(going_on.id, 1)
    store.jobs.move(job.id, state)  # type: ignore[arg-type]
    assert work.commit([opening(stopped), opening(other)]).refused == ["stopped", None]
    assert work.commit(settlements=[settlement(stopped)]).counted == [True]


def test_other_caps_hold_from_the_next_request_on(store: Store) -> None:
    job = job_of(store, REPORT, caps=Caps(max_tokens=99))
    work = store.work("a")
    (item,) = work.claim(job.id, 1)
    assert work.commit([opening(item)]).refused == ["tokens"]
    store.jobs.set_caps(job.id, Caps(max_tokens=100))
    assert work.commit([opening(item)]).refused == [None]


def test_a_commit_for_a_job_that_does_not_exist_is_a_clear_error(store: Store) -> None:
    ghost = Item(99, 0, REPORT)
    for asked in ({"openings": [opening(ghost)]}, {"settlements": [settlement(ghost)]}):
        with pytest.raises(StoreError, match="no job 99"):
            store.work("a").commit(**asked)  # type: ignore[arg-type]
