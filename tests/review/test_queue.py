"""The queue: its order, its filters, its counts, and who gets which case next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from review_builders import (
    ANNA,
    ARABIC,
    BASIL,
    CLEO,
    LARGE,
    PLAIN,
    SUMS,
    Clock,
    cases_in,
    put,
    report_of,
)

from llm_extract.review.intake import take_in
from llm_extract.review.queue import Filters, Queue
from llm_extract.review.work import LEASE, Desk, Reviewer
from llm_extract.store import Store

ANY = Filters()


@pytest.fixture
def queue(store: Store, clock: Clock) -> Queue:
    return Queue(store.engine, clock=clock)


def shown(queue: Queue, filters: Filters = ANY) -> list[int]:
    return [row.pk for row in queue.page(filters).rows]


def accept(desk: Desk, pk: int, who: Reviewer) -> None:
    desk.decide(pk, who, "accept", None, None, desk.take(pk, who).version)


# --- order --------------------------------------------------------------------------------------


def test_the_gravest_case_comes_first_and_of_equal_ones_the_oldest(
    store: Store, queue: Queue
) -> None:
    cases_in(store, PLAIN, SUMS, PLAIN + " Rain fell.", SUMS + " Rain fell.")
    assert shown(queue) == [2, 4, 1, 3]


def test_pages_one_after_the_other_show_each_case_once(store: Store, queue: Queue) -> None:
    cases_in(store, *(text + f" Note {n}." for n in range(5) for text in (PLAIN, SUMS, LARGE)))
    seen: list[int] = []
    after = None
    while True:
        page = queue.page(ANY, after, limit=4)
        seen += [row.pk for row in page.rows]
        after = page.next
        if after is None:
            break
    assert seen == [row.pk for row in queue.page(ANY, limit=100).rows]
    assert sorted(seen) == list(range(1, 16))


def test_a_page_goes_on_behind_a_case_that_left_the_queue(
    store: Store, queue: Queue, desk: Desk
) -> None:
    cases_in(store, *(PLAIN + f" Note {n}." for n in range(4)))
    page = queue.page(ANY, limit=2)
    assert page.next == 2
    accept(desk, 2, ANNA)
    assert [row.pk for row in queue.page(ANY, page.next).rows] == [3, 4]


def test_what_is_decided_waits_no_longer_and_is_found_by_its_state(
    store: Store, queue: Queue, desk: Desk
) -> None:
    cases_in(store, PLAIN, SUMS)
    accept(desk, 1, ANNA)
    assert shown(queue) == [2]
    assert shown(queue, Filters(state="approved")) == [1]
    assert queue.waiting() == 1


def test_a_row_tells_what_was_read(store: Store, queue: Queue) -> None:
    cases_in(store, SUMS)
    [row] = queue.page(ANY).rows
    assert (row.report_id, row.state, row.killed, row.holder) == ("r1", "flagged", 14, None)
    assert "A02" in row.rules
    assert "Arven Health Directorate" in row.claimants
    assert row.errors > 0


def test_a_row_names_its_holder_until_the_lease_runs_out(
    store: Store, queue: Queue, desk: Desk, clock: Clock
) -> None:
    [pk] = cases_in(store, SUMS)
    desk.take(pk, ANNA)
    assert queue.page(ANY).rows[0].holder == "anna"
    clock.pass_by(LEASE + timedelta(seconds=1))
    assert queue.page(ANY).rows[0].holder is None


# --- filters ------------------------------------------------------------------------------------


ASKED: tuple[tuple[Filters, set[int]], ...] = (
    (Filters(rule="a02"), {2, 4}),
    (Filters(rule="Z99"), set()),
    (Filters(severity="error"), {2, 4}),
    (Filters(claimant="MERIDAN  observatory"), {1, 3}),
    (Filters(claimant="meridan"), set()),
    (Filters(place="tal orin"), {1}),
    (Filters(language="ar"), {4}),
    (Filters(since="2026-03-06", until="2026-03-06"), {1, 2, 3, 4}),
    (Filters(until="2026-03-05"), set()),
    (Filters(words="shelling orin"), {1}),
    (Filters(words="قتلوا"), {4}),
    (Filters(words="r3"), {3}),
    (Filters(words="..."), set()),
    (Filters(words="shelling", language="ar"), set()),
    (Filters(state="flagged", kind="contradiction"), {2, 4}),
    (Filters(assignee="anna"), {3}),
    (Filters(assignee="nobody"), {1, 2, 4}),
)


def test_each_filter_leaves_the_cases_that_are_so(store: Store, queue: Queue, desk: Desk) -> None:
    put_languages(store, [PLAIN, SUMS, LARGE], ARABIC)
    desk.assign(3, ANNA, "anna")
    assert [(asked, set(shown(queue, asked))) for asked, _ in ASKED] == list(ASKED)


def put_languages(store: Store, english: Sequence[str], arabic: str) -> None:
    told = [report_of(f"r{place}", text) for place, text in enumerate(english, 1)]
    put(store, [*told, report_of(f"r{len(told) + 1}", arabic, language="ar")])
    take_in(store.engine)


# --- counts -------------------------------------------------------------------------------------


def test_counts_tell_how_many_cases_each_link_shows(store: Store, queue: Queue) -> None:
    put_languages(store, [PLAIN, SUMS, LARGE], ARABIC)
    counts = queue.counts(ANY)
    assert counts.cases == 4
    for name, facets in counts.facets.items():
        assert facets, name
        for facet in facets:
            assert len(shown(queue, ANY.but(**{name: facet.value}))) == facet.cases, (name, facet)


def test_counts_are_known_once_they_were_made(store: Store, queue: Queue) -> None:
    cases_in(store, SUMS)
    assert queue.known_counts(ANY) is None
    made = queue.counts(ANY)
    assert queue.known_counts(ANY) is made
    assert queue.known_counts(Filters(rule="A02")) is None


# --- whose turn it is ---------------------------------------------------------------------------


def test_the_next_case_is_one_that_nobody_else_holds(
    store: Store, queue: Queue, desk: Desk, clock: Clock
) -> None:
    cases_in(store, SUMS, PLAIN)
    desk.take(1, ANNA)
    assert queue.next_free(ANY, BASIL) == 2
    assert queue.next_free(ANY, ANNA) == 1
    clock.pass_by(LEASE + timedelta(seconds=1))
    assert queue.next_free(ANY, BASIL) == 1


def test_the_next_case_is_assigned_to_nobody_else(store: Store, queue: Queue, desk: Desk) -> None:
    cases_in(store, SUMS, PLAIN)
    desk.assign(1, ANNA, "anna")
    assert queue.next_free(ANY, BASIL) == 2
    assert queue.next_free(ANY, ANNA) == 1
    assert queue.next_free(Filters(assignee="me"), BASIL) is None


def test_a_deferred_case_comes_again_only_when_it_is_asked_for(
    store: Store, queue: Queue, desk: Desk
) -> None:
    cases_in(store, SUMS)
    case = desk.take(1, ANNA)
    desk.decide(1, ANNA, "defer", "needs_source", None, case.version)
    assert queue.next_free(ANY, ANNA) is None
    assert queue.next_free(Filters(state="deferred"), ANNA) == 1


def test_a_second_reviewer_is_not_the_first(store: Store, queue: Queue, desk: Desk) -> None:
    cases_in(store, LARGE)
    accept(desk, 1, ANNA)
    assert queue.next_free(ANY, ANNA) is None
    assert queue.next_free(ANY, BASIL) == 1


def test_two_who_differ_are_settled_by_a_senior(store: Store, queue: Queue, desk: Desk) -> None:
    cases_in(store, LARGE)
    accept(desk, 1, ANNA)
    case = desk.take(1, BASIL)
    desk.decide(1, BASIL, "reject", "duplicate", None, case.version)
    assert queue.next_free(ANY, BASIL) is None
    assert queue.next_free(ANY, Reviewer("eli", "analyst")) is None
    assert queue.next_free(ANY, CLEO) == 1


def test_whoever_passes_a_case_by_gets_the_one_behind_it(store: Store, queue: Queue) -> None:
    cases_in(store, SUMS, PLAIN)
    assert queue.next_free(ANY, ANNA, past=1) == 2
    assert queue.next_free(ANY, ANNA, past=2) is None


def test_what_is_decided_is_never_next(store: Store, queue: Queue, desk: Desk) -> None:
    cases_in(store, PLAIN)
    accept(desk, 1, ANNA)
    assert queue.next_free(Filters(state="approved"), BASIL) is None
