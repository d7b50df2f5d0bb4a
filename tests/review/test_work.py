"""The steps of reviewers: who may do what when, and what becomes of the case."""

from __future__ import annotations

from datetime import timedelta

import pytest
from review_builders import ANNA, BASIL, CLEO, LARGE, PLAIN, SUMS, Clock, cases_in

from llm_extract.errors import ReviewError
from llm_extract.review.cases import Case, Cases
from llm_extract.review.deciding import ledger_of
from llm_extract.review.edits import parse_edit
from llm_extract.review.judging import judge
from llm_extract.review.work import LEASE, Desk, Reviewer
from llm_extract.store import Store

EMPTY_WOMEN = parse_edit({"action": "clear_slot", "item": "c1", "slot": "women"})
AT_LEAST = parse_edit(
    {"action": "set_qualifier", "item": "c1", "slot": "total", "qualifier": "at_least"}
)
RENAMED = parse_edit({"action": "set_field", "item": "c1", "field": "claimant", "value": "Meridan"})


def code_of(error: pytest.ExceptionInfo[ReviewError]) -> str:
    return error.value.code


def accepted(desk: Desk, pk: int, who: Reviewer, *edits: object) -> Case:
    """The case after somebody took it, made these edits and accepted it."""
    case = desk.take(pk, who)
    for edit in edits:
        case = desk.edit(pk, who, edit, case.version)  # type: ignore[arg-type]
    reason = "wrong_number" if edits else None
    return desk.decide(pk, who, "accept", reason, None, case.version)


# --- locks -------------------------------------------------------------------------------------


def test_a_case_that_is_taken_is_in_review_and_held(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, SUMS)
    case = desk.take(pk, ANNA)
    assert (case.state, case.holder) == ("in_review", "anna")


def test_what_one_holds_no_other_takes_edits_or_decides(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, SUMS)
    version = desk.take(pk, ANNA).version
    for step in (
        lambda: desk.take(pk, BASIL),
        lambda: desk.edit(pk, BASIL, EMPTY_WOMEN, version),
        lambda: desk.decide(pk, BASIL, "defer", "other", None, version),
    ):
        with pytest.raises(ReviewError, match="anna has this case open") as error:
            step()
        assert code_of(error) == "held"


def test_a_lock_runs_out_when_nobody_renews_it(store: Store, desk: Desk, clock: Clock) -> None:
    [pk] = cases_in(store, SUMS)
    desk.take(pk, ANNA)
    clock.pass_by(LEASE - timedelta(seconds=1))
    assert desk.renew(pk, ANNA)
    clock.pass_by(LEASE - timedelta(seconds=1))
    with pytest.raises(ReviewError):
        desk.take(pk, BASIL)
    clock.pass_by(timedelta(seconds=2))
    assert desk.take(pk, BASIL).holder == "basil"
    assert not desk.renew(pk, ANNA)


def test_who_lost_the_lock_to_nobody_goes_on(store: Store, desk: Desk, clock: Clock) -> None:
    [pk] = cases_in(store, SUMS)
    version = desk.take(pk, ANNA).version
    clock.pass_by(2 * LEASE)
    assert desk.edit(pk, ANNA, EMPTY_WOMEN, version).content.claims[0].women is None


def test_a_case_given_back_untouched_is_as_it_came(store: Store, desk: Desk, cases: Cases) -> None:
    [pk] = cases_in(store, SUMS)
    desk.take(pk, ANNA)
    desk.release(pk, ANNA)
    case = cases.get(pk)
    assert (case.state, case.holder) == ("flagged", None)


def test_work_on_a_case_given_back_is_there_for_the_next(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, SUMS)
    case = desk.take(pk, ANNA)
    desk.edit(pk, ANNA, EMPTY_WOMEN, case.version)
    desk.release(pk, ANNA)
    assert desk.take(pk, BASIL).content.claims[0].women is None


def test_only_a_senior_frees_what_another_holds(store: Store, desk: Desk, cases: Cases) -> None:
    [pk] = cases_in(store, SUMS)
    desk.take(pk, ANNA)
    with pytest.raises(ReviewError, match="only a senior"):
        desk.free(pk, BASIL)
    desk.free(pk, CLEO)
    assert cases.get(pk).holder is None


def test_analysts_assign_themselves_and_seniors_anybody(
    store: Store, desk: Desk, cases: Cases
) -> None:
    [pk] = cases_in(store, SUMS)
    with pytest.raises(ReviewError, match="only a senior"):
        desk.assign(pk, ANNA, "basil")
    desk.assign(pk, CLEO, "basil")
    with pytest.raises(ReviewError, match="basil, who is assigned"):
        desk.assign(pk, ANNA, "anna")
    desk.assign(pk, BASIL, None)
    assert cases.get(pk).assignee is None


# --- edits -------------------------------------------------------------------------------------


def test_an_edit_changes_the_content_and_never_the_prediction(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, SUMS)
    before = desk.take(pk, ANNA)
    after = desk.edit(pk, ANNA, EMPTY_WOMEN, before.version)
    assert after.content.claims[0].women is None
    assert after.record == before.record
    assert after.record.claims[0].women is not None


def test_an_edit_of_an_older_state_is_refused(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, SUMS)
    first = desk.take(pk, ANNA)
    desk.edit(pk, ANNA, EMPTY_WOMEN, first.version)
    with pytest.raises(ReviewError, match="changed in another window") as error:
        desk.edit(pk, ANNA, RENAMED, first.version)
    assert code_of(error) == "stale"


def test_undo_and_redo_walk_through_all_edits(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, SUMS)
    states = [desk.take(pk, ANNA)]
    for edit in (EMPTY_WOMEN, RENAMED):
        states.append(desk.edit(pk, ANNA, edit, states[-1].version))
    case = states[-1]
    for earlier in reversed(states[:-1]):
        case = desk.undo(pk, ANNA, case.version)
        assert case.content == earlier.content
    assert not case.can_undo
    for later in states[1:]:
        case = desk.redo(pk, ANNA, case.version)
        assert case.content == later.content
    assert not case.can_redo


def test_an_edit_after_undo_ends_what_could_be_redone(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, SUMS)
    case = desk.take(pk, ANNA)
    case = desk.edit(pk, ANNA, EMPTY_WOMEN, case.version)
    case = desk.undo(pk, ANNA, case.version)
    case = desk.edit(pk, ANNA, RENAMED, case.version)
    with pytest.raises(ReviewError, match="nothing to redo"):
        desk.redo(pk, ANNA, case.version)


# --- decisions ---------------------------------------------------------------------------------


def test_a_record_accepted_unchanged_is_approved(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, PLAIN)
    case = accepted(desk, pk, ANNA)
    assert (case.state, case.holder) == ("approved", None)
    assert case.decisions[-1].reason == "as_printed"


def test_a_record_accepted_with_a_change_is_corrected(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, PLAIN)
    case = accepted(desk, pk, ANNA, RENAMED)
    assert case.state == "corrected"
    assert case.content.claims[0].claimant == "Meridan"


def test_a_correction_needs_a_reason_that_fits(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, PLAIN)
    case = desk.take(pk, ANNA)
    case = desk.edit(pk, ANNA, RENAMED, case.version)
    for reason in (None, "duplicate"):
        with pytest.raises(ReviewError, match="say why it is corrected: wrong_number"):
            desk.decide(pk, ANNA, "accept", reason, None, case.version)  # type: ignore[arg-type]


def test_open_errors_stand_in_the_way_of_acceptance(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, SUMS)
    case = desk.take(pk, ANNA)
    with pytest.raises(ReviewError, match=r"1 open error \(A02\)"):
        desk.decide(pk, ANNA, "accept", None, None, case.version)


def test_an_error_that_the_source_prints_may_stand(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, SUMS)
    case = desk.take(pk, ANNA)
    [judged] = judge(case.record, case.content, case.text, ledger_of(case))
    said = {
        "action": "accept_finding",
        "key": judged.key,
        "rule": judged.finding.rule,
        "standing": "source_says_so",
    }
    case = desk.edit(pk, ANNA, parse_edit(said), case.version)
    assert desk.decide(pk, ANNA, "accept", None, None, case.version).state == "approved"


def test_a_decided_case_is_closed_until_a_senior_opens_it(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, PLAIN)
    accepted(desk, pk, ANNA, RENAMED)
    with pytest.raises(ReviewError, match="a senior can open it again"):
        desk.take(pk, BASIL)
    with pytest.raises(ReviewError, match="only a senior"):
        desk.reopen(pk, BASIL, "the source was corrected")
    case = desk.reopen(pk, CLEO, "the source was corrected")
    assert (case.state, case.stage) == ("in_review", "first")
    assert case.content.claims[0].claimant == "Meridan"
    assert case.round == ()


def test_a_deferred_case_waits_with_the_work_that_was_done(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, PLAIN)
    case = desk.take(pk, ANNA)
    case = desk.edit(pk, ANNA, RENAMED, case.version)
    assert desk.decide(pk, ANNA, "defer", "needs_source", "asked", case.version).state == "deferred"
    again = desk.take(pk, BASIL)
    assert again.content.claims[0].claimant == "Meridan"


# --- two reviewers -----------------------------------------------------------------------------


def test_many_killed_need_a_second_reviewer_who_is_another(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, LARGE)
    case = accepted(desk, pk, ANNA)
    assert (case.state, case.stage) == ("in_review", "second")
    assert case.second_reason == "killed of 20 or more"
    with pytest.raises(ReviewError, match="who is not you") as error:
        desk.take(pk, ANNA)
    assert code_of(error) == "not_yours"
    case = accepted(desk, pk, BASIL)
    assert case.state == "approved"
    assert [one.who for one in case.round] == ["anna", "basil"]


def test_a_second_reviewer_begins_with_the_prediction(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, LARGE)
    accepted(desk, pk, ANNA, EMPTY_WOMEN)
    case = desk.take(pk, BASIL)
    assert case.content.claims[0].women is not None


def test_two_who_say_the_same_end_it(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, LARGE)
    accepted(desk, pk, ANNA, EMPTY_WOMEN)
    case = accepted(desk, pk, BASIL, EMPTY_WOMEN)
    assert case.state == "corrected"
    assert case.content.claims[0].women is None


def test_two_who_differ_need_a_senior(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, LARGE)
    accepted(desk, pk, ANNA, EMPTY_WOMEN)
    case = accepted(desk, pk, BASIL)
    assert (case.state, case.stage) == ("in_review", "adjudication")
    with pytest.raises(ReviewError, match="only a senior"):
        desk.take(pk, Reviewer("emil", "analyst"))
    assert desk.take(pk, CLEO).content.claims[0].women is None
    case = accepted(desk, pk, CLEO, AT_LEAST)
    assert case.state == "corrected"
    total = case.content.claims[0].total
    assert total is not None
    assert total.qualifier == "at_least"


def test_what_a_senior_leaves_of_the_first_is_kept(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, LARGE)
    accepted(desk, pk, ANNA, EMPTY_WOMEN)
    accepted(desk, pk, BASIL)
    case = desk.take(pk, CLEO)
    case = desk.decide(pk, CLEO, "accept", "wrong_number", None, case.version)
    assert case.state == "corrected"
    assert case.content.claims[0].women is None


def test_one_of_the_two_may_give_in_and_not_win(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, LARGE)
    accepted(desk, pk, ANNA, EMPTY_WOMEN)
    accepted(desk, pk, BASIL)
    case = desk.take(pk, ANNA)
    with pytest.raises(ReviewError, match="one of the two who differ"):
        desk.decide(pk, ANNA, "accept", "wrong_number", None, case.version)
    case = desk.replace(pk, ANNA, case.round[1].content, "as basil says", case.version)  # type: ignore[arg-type]
    assert desk.decide(pk, ANNA, "accept", None, None, case.version).state == "approved"


def test_a_rejected_record_of_many_killed_needs_two_as_well(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, LARGE)
    for who in (ANNA, BASIL):
        version = desk.take(pk, who).version
        case = desk.decide(pk, who, "reject", "duplicate", None, version)
    assert case.state == "rejected"


def test_a_decided_case_can_be_sent_to_a_second_reviewer(store: Store, desk: Desk) -> None:
    [pk] = cases_in(store, PLAIN)
    accepted(desk, pk, ANNA)
    case = desk.ask_second(pk, BASIL, "gold")
    assert (case.state, case.stage, case.second_reason) == ("in_review", "second", "gold")
    case = accepted(desk, pk, BASIL)
    assert case.state == "approved"
    assert len(case.round) == 2
    with pytest.raises(ReviewError, match="two reviewers have agreed"):
        desk.ask_second(pk, CLEO, "gold")
