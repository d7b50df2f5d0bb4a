"""The log: one chain, never rewritten, and whoever touches it is found out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_builders import ANNA, BASIL, LARGE, PLAIN, SUMS, cases_in
from sqlalchemy import insert, text

from llm_extract.errors import StoreError
from llm_extract.review.audit import verify
from llm_extract.review.cases import Cases
from llm_extract.review.edits import parse_edit
from llm_extract.review.log import NewEntry, append, hash_of, rows_of
from llm_extract.review.work import Desk
from llm_extract.store import Store
from llm_extract.store.engine import transaction
from llm_extract.store.review_tables import review_log

EDIT = parse_edit({"action": "set_field", "item": "c1", "field": "claimant", "value": "Meridan"})


def worked(store: Store, desk: Desk) -> None:
    """Two cases with some work on each."""
    first, second = cases_in(store, PLAIN, LARGE)
    case = desk.take(first, ANNA)
    case = desk.edit(first, ANNA, EDIT, case.version)
    desk.decide(first, ANNA, "accept", "wrong_number", "see page 2", case.version)
    case = desk.take(second, BASIL)
    desk.decide(second, BASIL, "accept", None, None, case.version)
    desk.note(second, ANNA, "ask the observatory")


def tamper(store: Store, *statements: str) -> None:
    """What somebody with the database's own rights does to it."""
    with store.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER review_log_update"))
            connection.execute(text("DROP TRIGGER review_log_delete"))
            connection.execute(text("DROP TRIGGER review_versions_update"))
        else:
            connection.execute(text("DROP TRIGGER review_log_kept ON review_log"))
            connection.execute(text("DROP TRIGGER review_versions_kept ON review_versions"))
        for statement in statements:
            connection.execute(text(statement))


def test_a_log_that_nobody_touched_verifies(store: Store, desk: Desk) -> None:
    worked(store, desk)
    found = verify(store.engine)
    assert found.problems == ()
    assert found.rows == 8
    assert found.head == list(rows_of(store.engine))[-1].hash


def test_the_history_of_a_case_tells_who_did_what(store: Store, desk: Desk, cases: Cases) -> None:
    worked(store, desk)
    told = cases.history(1)
    assert [(entry.who, entry.action) for entry in told[1:]] == [
        ("anna", "take"),
        ("anna", "edit"),
        ("anna", "decide"),
    ]
    assert told[2].after["changes"][0]["after"] == "Meridan"
    assert (told[3].reason, told[3].note) == ("wrong_number", "see page 2")


@pytest.mark.parametrize("table", ["review_log", "review_versions"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET who = 'x'", "DELETE FROM {}"])
def test_the_database_refuses_to_change_it(
    store: Store, desk: Desk, table: str, statement: str
) -> None:
    worked(store, desk)
    with pytest.raises(StoreError, match="append-only"), transaction(store.engine) as connection:
        connection.execute(text(statement.format(table)))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE review_log SET who = 'eve' WHERE number = 4", "row 4 was changed"),
        ("UPDATE review_log SET made = '2020-01-01' WHERE number = 8", "row 8 was changed"),
        ("DELETE FROM review_log WHERE number = 3", "row 3 is missing"),
        (
            "UPDATE review_log SET previous = hash WHERE number = 5",
            "row 5 does not follow the row before it",
        ),
        ("UPDATE review_cases SET state = 'approved' WHERE pk = 1", "case 1 is approved"),
        (
            "UPDATE records SET json = replace(json, 'Varenia', 'Halden')",
            "the prediction of case 2 was changed after it became a case",
        ),
        ("UPDATE review_versions SET json = '{}' WHERE pk = 2", "was changed after it was made"),
        ("UPDATE review_decisions SET who = 'eve' WHERE pk = 1", "decision 1 of case 1 is not"),
        ("UPDATE review_decisions SET verdict = 'approved'", "decision 1 of case 1 is not"),
        ("UPDATE review_decisions SET version_pk = 1 WHERE pk = 1", "decision 1 of case 1 is not"),
        ("UPDATE review_decisions SET version_pk = NULL", "decision 1 of case 1 is not on"),
        ("UPDATE review_cases SET current = 1 WHERE pk = 1", "case 1 does not hold what"),
        ("UPDATE review_cases SET current = NULL WHERE pk = 1", "case 1 does not hold what"),
        ("UPDATE review_log SET body = 'x' WHERE number = 4", "row 4 was changed"),
    ],
)
def test_whoever_changes_a_row_is_found_out(
    store: Store, desk: Desk, statement: str, said: str
) -> None:
    worked(store, desk)
    tamper(store, statement)
    assert any(said in problem for problem in verify(store.engine).problems)


@pytest.mark.parametrize("body", ["", "x", "[]", "7", "{}", '{"after": {"state": "approved"}}'])
def test_a_row_that_fits_the_chain_and_is_no_entry_is_told(store: Store, body: str) -> None:
    """What whoever can compute a hash writes by other means."""
    cases_in(store, PLAIN)
    last = list(rows_of(store.engine))[-1]._asdict()
    row = {**last, "number": last["number"] + 1, "previous": last["hash"], "body": body}
    row["hash"] = hash_of(row)
    with store.engine.begin() as connection:
        connection.execute(insert(review_log), row)
    [*_, problem] = verify(store.engine).problems
    assert f"row {row['number']} is none that this program writes" in problem


def test_a_decision_that_was_taken_out_is_missed(store: Store, desk: Desk) -> None:
    worked(store, desk)
    tamper(store, "DELETE FROM review_rulings", "DELETE FROM review_decisions WHERE pk = 2")
    assert verify(store.engine).problems == (
        "decision 2 stands in the log and no longer in the store",
    )


def test_a_log_cut_off_at_its_end_has_another_head(store: Store, desk: Desk) -> None:
    """The chain alone cannot tell; the hash that was kept elsewhere can."""
    worked(store, desk)
    kept = verify(store.engine).head
    tamper(store, "DELETE FROM review_log WHERE number = 8")
    found = verify(store.engine)
    assert found.problems == ()
    assert found.head != kept


def test_nothing_is_logged_of_a_step_that_fails(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, SUMS)
    before = verify(store.engine).rows
    case = desk.take(pk, ANNA)
    with pytest.raises(Exception, match="open"):
        desk.decide(pk, ANNA, "accept", None, None, case.version)
    assert verify(store.engine).rows == before + 1


WORDS = st.text(max_size=20)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(st.builds(NewEntry, st.none(), WORDS, st.just("note"), VALUES, VALUES, WORDS, WORDS))
)
def test_whatever_is_written_down_verifies(entries: list[NewEntry]) -> None:
    from llm_extract.store import open_store

    with open_store("sqlite://") as store:
        with transaction(store.engine) as connection:
            append(connection, entries)
        found = verify(store.engine)
        assert (found.problems, found.rows) == ((), len(entries))
