"""A stratified sample of a job's open items, and what items have cost."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_builders import (
    REPORT,
    job_of,
    opening,
    paid,
    report,
    settle_all,
    settlement,
)

from llm_extract.documents.report import Report
from llm_extract.store import Spent, Store


def sized(*sizes: int) -> list[Report]:
    return [report(f"r{n}", "x" * (size - 4) + f"{n:4}") for n, size in enumerate(sizes)]


def test_strata_hold_equally_many_reports_of_like_length(store: Store) -> None:
    job = job_of(store, *sized(900, 10, 50, 800, 20, 60))
    found = store.sample(job.id, strata=3, each=2, seed=1)
    assert [(stratum.size, list(stratum.positions)) for stratum in found] == [
        (2, [1, 4]),
        (2, [2, 5]),
        (2, [0, 3]),
    ]


def test_a_sample_is_drawn_by_its_seed_alone(store: Store) -> None:
    job = job_of(store, *sized(*[50] * 60))
    drawn = {seed: store.sample(job.id, 2, 5, seed) for seed in (1, 2, 2**31)}
    assert drawn[1] == store.sample(job.id, 2, 5, 1)
    assert drawn[1] != drawn[2] != drawn[2**31]


def test_samples_are_the_same_in_every_database(store: Store) -> None:
    job = job_of(store, *sized(*[50] * 40))
    (stratum,) = store.sample(job.id, 1, 6, 0xABCDEF12)
    assert list(stratum.positions) == [5, 10, 18, 23, 31, 39]


def test_only_open_reports_are_drawn(store: Store) -> None:
    job = job_of(store, *map(report, "abcd"))
    work = store.work("a")
    first, *_rest = work.claim(job.id, 2)
    work.commit(settlements=[settlement(first)])
    assert [list(s.positions) for s in store.sample(job.id, 1, 9, 0)] == [[1, 2, 3]]


def test_a_job_with_nothing_open_has_no_strata(store: Store) -> None:
    job = job_of(store, REPORT)
    settle_all(store, job)
    assert store.sample(job.id, 4, 4, 0) == []


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.integers(5, 400), max_size=30),
    strata=st.integers(1, 6),
    each=st.integers(1, 6),
    seed=st.integers(0, 2**32),
)
def test_the_strata_make_up_all_that_is_open(
    store: Store, sizes: list[int], strata: int, each: int, seed: int
) -> None:
    job = job_of(store, *sized(*sizes))
    found = store.sample(job.id, strata, each, seed)
    assert sum(stratum.size for stratum in found) == len(sizes)
    assert len(found) == min(strata, len(sizes))
    for stratum in found:
        assert len(set(stratum.positions)) == min(each, stratum.size)
    lengths = [[sizes[p] for p in stratum.positions] for stratum in found]
    for shorter, longer in pairwise(lengths):
        assert max(shorter) <= min(longer)


def test_what_items_have_cost_is_added_up_over_their_requests(store: Store) -> None:
    job = job_of(store, *map(report, "abc"))
    work = store.work("a")
    first, second, _third = work.claim(job.id, 3)
    opened = opening(first)
    work.commit([opened])
    work.commit(
        settlements=[
            settlement(first, payments=[paid(opened, 40, 10, 7), paid(None, 1, 2, 3)]),
            settlement(second, payments=[paid(None, 5, 6, 2**40)]),
        ]
    )
    assert store.spent_on(job.id, [0, 1, 2]) == {
        0: Spent(41, 12, 10),
        1: Spent(5, 6, 2**40),
        2: Spent(0, 0, 0),
    }
