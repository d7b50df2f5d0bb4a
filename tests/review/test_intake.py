"""Intake: which records become cases, what is noted of them, and what supersedes what."""

from __future__ import annotations

from typing import Any

import pytest
from review_builders import ANNA, PLAIN, SUMS, put, report_of
from sqlalchemy import select
from store_builders import SEALED, job_of

from llm_extract.review.audit import verify
from llm_extract.review.cases import Cases
from llm_extract.review.intake import news, take_in
from llm_extract.review.work import Desk
from llm_extract.store import Store
from llm_extract.store.review_tables import review_cases, review_terms


def rows(store: Store) -> list[Any]:
    with store.engine.begin() as connection:
        return list(connection.execute(select(review_cases).order_by(review_cases.c.pk)))


def states(store: Store) -> list[str]:
    return [row.state for row in rows(store)]


def actions(cases: Cases, pk: int) -> list[str]:
    return [entry.action for entry in cases.history(pk)]


def test_each_settled_record_becomes_one_case(store: Store, cases: Cases) -> None:
    put(store, [report_of("r1", SUMS), report_of("r2", PLAIN)])
    assert take_in(store.engine) == 2
    assert states(store) == ["flagged", "clean"]
    assert actions(cases, 1) == ["open"]
    assert verify(store.engine).problems == ()


def test_taking_in_twice_makes_no_case_twice(store: Store) -> None:
    put(store, [report_of("r1", SUMS)])
    take_in(store.engine)
    assert take_in(store.engine) == 0
    assert len(rows(store)) == 1


def test_what_is_open_or_was_never_read_is_no_case(store: Store) -> None:
    job_of(store, report_of("r1", SUMS), SEALED)
    assert take_in(store.engine) == 0


def test_news_change_when_a_job_settles_something(store: Store) -> None:
    before = news(store.engine)
    put(store, [report_of("r1", SUMS)])
    after = news(store.engine)
    assert after != before
    take_in(store.engine)
    assert news(store.engine) == after


def test_a_case_notes_what_the_queue_shows_and_filters(store: Store) -> None:
    put(store, [report_of("r1", SUMS)])
    take_in(store.engine)
    [row] = rows(store)
    assert (row.severity, row.killed, row.language) == ("error", 14, "en")
    assert row.errors + row.warnings > 0
    with store.engine.begin() as connection:
        found = {
            (each.kind, each.folded, each.term) for each in connection.execute(select(review_terms))
        }
    assert ("claimant", "arven health directorate", "Arven Health Directorate") in found
    assert ("rule", "a02", "A02") in found
    assert ("place", "halden", "Halden") in found


def test_many_pages_are_taken_in_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_extract.review.intake._PAGE_ROWS", 2)
    put(store, [report_of(f"r{n}", f"{PLAIN} Note {n}.") for n in range(5)])
    told: list[int] = []
    assert take_in(store.engine, on_progress=told.append) == 5
    assert told == [2, 4, 5]
    assert len(rows(store)) == 5


def test_without_a_rate_only_first_records_of_something_new_are_looked_at(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_extract.review.sampling.FIRSTS", 2)
    put(store, [report_of(f"r{n}", f"{PLAIN} Note {n}.") for n in range(4)])
    take_in(store.engine, rate=0)
    assert [row.sample_reason for row in rows(store)] == [
        "new_claimant",
        "new_claimant",
        None,
        None,
    ]
    assert [row.waiting for row in rows(store)] == [True, True, False, False]


def test_firsts_are_counted_over_intakes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_extract.review.sampling.FIRSTS", 2)
    for n in range(3):
        put(store, [report_of(f"r{n}", f"{PLAIN} Note {n}.")])
        take_in(store.engine, rate=0)
    assert [row.sampled for row in rows(store)] == [True, True, False]


# --- newer records ------------------------------------------------------------------------------


def test_a_newer_record_of_a_report_supersedes_the_older_case(store: Store, cases: Cases) -> None:
    put(store, [report_of("r1", SUMS)])
    take_in(store.engine)
    put(store, [report_of("r1", SUMS)], prompt_hash="1f")
    take_in(store.engine)
    old, new = rows(store)
    assert (old.state, old.kept_state, old.waiting) == ("superseded", "flagged", False)
    assert (new.state, new.previous) == ("flagged", 1)
    assert cases.current_of("r1") == 2
    assert actions(cases, 1) == ["open", "supersede"]
    assert verify(store.engine).problems == ()


def test_two_records_of_one_intake_supersede_each_other_too(store: Store) -> None:
    put(store, [report_of("r1", SUMS)])
    put(store, [report_of("r1", SUMS)], prompt_hash="1f")
    take_in(store.engine)
    assert states(store) == ["superseded", "flagged"]
    assert verify(store.engine).problems == ()


def test_a_new_text_from_the_same_source_supersedes_the_old_one(store: Store) -> None:
    put(store, [report_of("r1", SUMS)])
    put(store, [report_of("r1", f"{SUMS} It was corrected later.")])
    take_in(store.engine)
    assert states(store) == ["superseded", "flagged"]


def test_another_report_of_the_same_text_supersedes_nothing(store: Store) -> None:
    put(store, [report_of("r1", SUMS), report_of("r2", SUMS)])
    take_in(store.engine)
    assert states(store) == ["flagged", "flagged"]


def test_a_decided_case_is_superseded_with_its_decision_kept(
    store: Store, cases: Cases, desk: Desk
) -> None:
    put(store, [report_of("r1", PLAIN)])
    take_in(store.engine, rate=1)
    desk.decide(1, ANNA, "accept", None, None, desk.take(1, ANNA).version)
    put(store, [report_of("r1", PLAIN)], prompt_hash="1f")
    take_in(store.engine)
    assert rows(store)[0].kept_state == "approved"
    assert [one.verdict for one in cases.get(1).decisions] == ["approved"]


def test_whoever_has_an_older_case_open_is_told_when_a_newer_one_comes(
    store: Store, cases: Cases, desk: Desk
) -> None:
    put(store, [report_of("r1", SUMS)])
    take_in(store.engine)
    desk.take(1, ANNA)
    put(store, [report_of("r1", SUMS)], prompt_hash="1f")
    take_in(store.engine)
    case = cases.get(1)
    assert (case.state, case.holder) == ("superseded", None)
    assert not desk.renew(1, ANNA)


def test_a_record_that_comes_again_is_current_again(store: Store, cases: Cases) -> None:
    for prompt_hash in ("0f", "1f", "0f"):
        put(store, [report_of("r1", SUMS)], prompt_hash)
        take_in(store.engine)
    old, new = rows(store)
    assert (old.state, old.kept_state, old.waiting) == ("flagged", None, True)
    assert (new.state, new.waiting) == ("superseded", False)
    assert cases.current_of("r1") == 1
    assert actions(cases, 1) == ["open", "supersede", "resume"]
    assert verify(store.engine).problems == ()


def test_what_was_decided_of_a_record_stands_again_when_it_comes_again(
    store: Store, cases: Cases, desk: Desk
) -> None:
    put(store, [report_of("r1", PLAIN)])
    take_in(store.engine, rate=1)
    desk.decide(1, ANNA, "accept", None, None, desk.take(1, ANNA).version)
    for prompt_hash in ("1f", "0f"):
        put(store, [report_of("r1", PLAIN)], prompt_hash)
        take_in(store.engine, rate=1)
    assert states(store) == ["approved", "superseded"]
    assert [row.waiting for row in rows(store)] == [False, False]
    assert verify(store.engine).problems == ()


def test_records_may_change_places_any_number_of_times(store: Store) -> None:
    for prompt_hash in ("0f", "1f", "0f", "1f", "0f", "1f"):
        put(store, [report_of("r1", SUMS)], prompt_hash)
        take_in(store.engine)
    assert states(store) == ["superseded", "flagged"]
    assert take_in(store.engine) == 0
    assert verify(store.engine).problems == ()
