"""Gold and replay: what two people agree on becomes a gold report, and what one says does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from review.test_work import AT_LEAST, RENAMED, accepted
from review_builders import ANNA, BASIL, CLEO, LARGE, PLAIN, SUMS, cases_in, put, report_of

from evals import test_gold as labels
from llm_extract.errors import ReviewError
from llm_extract.evals.gold_reports import GoldReport, read_gold
from llm_extract.review.audit import verify
from llm_extract.review.cases import Cases
from llm_extract.review.edits import parse_edit
from llm_extract.review.gold import gold_of, name_of, ready_cases, write_gold
from llm_extract.review.intake import take_in
from llm_extract.review.lessons import lessons
from llm_extract.review.replay import write_replay
from llm_extract.review.work import Desk
from llm_extract.store import Store

CHECKS: list[Callable[[GoldReport], None]] = [
    labels.test_the_head_is_complete,
    labels.test_every_quote_stands_once_and_verbatim_in_the_text,
    labels.test_every_number_is_written_in_a_quote_of_its_claim,
    labels.test_a_number_in_digits_has_the_value_of_its_digits,
    labels.test_value_upper_and_qualifier_go_together,
    labels.test_every_claim_counts_somebody,
    labels.test_names_and_times_are_words_of_the_text,
    labels.test_attribution_stands_with_perpetrators_only,
    labels.test_only_other_groups_are_labelled,
    labels.test_claims_and_facilities_stand_in_text_order,
    labels.test_parts_lead_to_a_whole_without_a_circle,
    labels.test_no_two_claims_are_equal,
]


def agreed(store: Store, desk: Desk) -> int:
    """A case that two people approved."""
    [pk] = cases_in(store, LARGE)
    accepted(desk, pk, ANNA)
    accepted(desk, pk, BASIL)
    return pk


def test_two_who_agree_make_gold_that_evals_read(store: Store, desk: Desk, tmp_path: Path) -> None:
    pk = agreed(store, desk)
    made = write_gold(store.engine, tmp_path, "anna", ready_cases(store.engine))
    assert (len(made.files), made.refusals) == (1, ())
    [report] = read_gold(tmp_path)
    assert report.annotators == {"a": report.gold, "b": report.gold}
    assert report.adjudication == [] and report.id == "r1"
    for check in CHECKS:
        check(report)
    [*_, entry] = Cases(store.engine).history(pk)
    assert (entry.action, entry.after["gold"]) == ("gold", "r1")
    assert verify(store.engine).problems == ()


def test_one_reviewer_is_not_enough_and_the_refusal_says_how_to_get_another(
    store: Store, desk: Desk, tmp_path: Path
) -> None:
    [pk] = cases_in(store, PLAIN)
    accepted(desk, pk, ANNA)
    folder = tmp_path / "gold"
    made = write_gold(store.engine, folder, "anna", [pk])
    assert made.files == () and not folder.exists()
    assert "has one reviewer (anna)" in made.refusals[0]
    assert f"--case {pk} --ask" in made.refusals[0]
    desk.ask_second(pk, ANNA, "gold")
    accepted(desk, pk, BASIL)
    assert len(write_gold(store.engine, folder, "anna", [pk]).files) == 1


def test_a_file_that_is_there_is_never_overwritten(
    store: Store, desk: Desk, tmp_path: Path
) -> None:
    pk = agreed(store, desk)
    (tmp_path / "r1.json").write_text("mine")
    made = write_gold(store.engine, tmp_path, "anna", [pk])
    assert "is there already" in made.refusals[0]
    assert (tmp_path / "r1.json").read_text() == "mine"


def test_what_was_adjudicated_tells_each_difference_and_its_end(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, PLAIN.replace("12", "31"))
    accepted(desk, pk, ANNA, AT_LEAST)
    accepted(desk, pk, BASIL, RENAMED)
    case = desk.take(pk, CLEO)
    case = desk.edit(pk, CLEO, RENAMED, case.version)
    note = "rule 63: the name as it is printed"
    case = desk.decide(pk, CLEO, "accept", "wrong_attribute", note, case.version)
    report = gold_of(case)
    rows = {row.where: row for row in report.adjudication}
    claimant = rows["c1 claimant"]
    assert claimant.b == claimant.gold == "Meridan" != claimant.a
    total = rows["c1 total"]
    assert (total.a, total.b, total.gold) == ("at least 31", "31", "at least 31")
    assert claimant.reason == f"cleo: {note}"
    assert report.gold.claims[0].claimant == "Meridan"
    assert report.annotators["a"] != report.annotators["b"]


def test_a_case_that_is_not_decided_is_no_gold(store: Store, desk: Desk, cases: Cases) -> None:
    [pk] = cases_in(store, SUMS)
    with pytest.raises(ReviewError, match="is flagged: approve or correct it first"):
        gold_of(cases.get(pk))


@pytest.mark.parametrize("id", ["../../etc/x", "تقرير", "A B", "a/b", "", "x" * 500, ".."])
def test_a_file_name_is_letters_digits_and_hyphens_whatever_the_id(id: str) -> None:
    name = name_of(id, PLAIN)
    assert name.isascii() and name.replace("-", "").isalnum() and len(name) < 100
    assert name == name.lower()


def test_ids_that_look_alike_keep_files_of_their_own() -> None:
    assert name_of("a b", PLAIN) != name_of("a-b", PLAIN) == "a-b"


# --- replay ------------------------------------------------------------------------------------


def test_a_replay_holds_what_one_reviewer_decided_and_says_that_it_is_no_gold(
    store: Store, desk: Desk, tmp_path: Path
) -> None:
    plain, sums, none = cases_in(store, PLAIN, SUMS, PLAIN.replace("12", "11"))
    accepted(desk, plain, ANNA, RENAMED)
    case = desk.take(none, ANNA)
    desk.decide(none, ANNA, "reject", "not_a_casualty_report", None, case.version)
    write_replay(store.engine, tmp_path / "set")
    first, second = read_gold(tmp_path / "set")
    assert first.gold.claims[0].claimant == "Meridan" and second.gold.claims == []
    assert first.annotators == {} == second.annotators
    assert "They are no gold" in (tmp_path / "set" / "README.md").read_text()
    assert sums


def test_a_replay_goes_into_a_new_folder_only(store: Store, desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(ReviewError, match="no case is decided"):
        write_replay(store.engine, tmp_path / "set")
    (tmp_path / "x").write_text("mine")
    with pytest.raises(ReviewError, match="is not empty"):
        write_replay(store.engine, tmp_path)


# --- lessons -----------------------------------------------------------------------------------


def test_lessons_count_wrong_figures_over_reviewed_ones(store: Store, desk: Desk) -> None:
    put(store, [report_of("a", PLAIN), report_of("b", SUMS), report_of("c", PLAIN + " Twice.")])
    take_in(store.engine)
    emptied = {"action": "clear_slot", "item": "c1", "slot": "women"}
    accepted(desk, 1, ANNA)
    accepted(desk, 2, ANNA, parse_edit(emptied))
    found = lessons(store.engine)
    assert (found.cases, found.wrong_cases.rate.hits) == (2, 1)
    by_slot = {each.name: each.wrong.rate for each in found.groups["slot"]}
    assert (by_slot["women"].hits, by_slot["women"].of) == (1, 1)
    assert (by_slot["total"].hits, by_slot["total"].of) == (0, 3)
    [rule] = [each for each in found.groups["rule"] if each.name == "A02"]
    assert rule.wrong.rate.hits == 1 and rule.wrong.high is not None
    assert found.silent.rate.hits == 0 and found.missed == 0
    assert [(c.field, c.how, c.times) for c in found.changes] == [("women", "taken out", 1)]


def test_without_decisions_nothing_is_known(store: Store) -> None:
    cases_in(store, PLAIN)
    found = lessons(store.engine)
    assert found.cases == 0 and found.figures.low is None
