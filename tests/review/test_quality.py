"""The numbers of the dashboard, each against cases whose outcome is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from review_builders import ANNA, BASIL, LARGE, PLAIN, SUMS, Clock, cases_in, put, report_of

from llm_extract.review.edits import parse_edit
from llm_extract.review.intake import take_in
from llm_extract.review.judging import key_of
from llm_extract.review.quality import KEPT_SECONDS, Numbers, Quality
from llm_extract.review.work import Desk, Reviewer
from llm_extract.store import Store

GONE = (
    parse_edit({"action": "delete_item", "item": "c1"}),
    parse_edit({"action": "set_aside", "start": "16", "end": "18"}),
)
"""The claim of `PLAIN` is none, and its number is about nobody."""


@pytest.fixture
def quality(store: Store, clock: Clock) -> Quality:
    return Quality(store.engine, clock=clock)


def drawn(store: Store, count: int) -> None:
    """Clean cases, all drawn at random."""
    put(store, [report_of(f"r{n}", f"{PLAIN} Note {n}.") for n in range(count)])
    take_in(store.engine, rate=1)


def accept(desk: Desk, pk: int, who: Reviewer = ANNA, *edits: object) -> None:
    case = desk.take(pk, who)
    for edit in edits:
        case = desk.edit(pk, who, edit, case.version)  # type: ignore[arg-type]
    desk.decide(pk, who, "accept", "wrong_number" if edits else None, None, case.version)


def reject(desk: Desk, pk: int, reason: str, who: Reviewer = ANNA) -> None:
    desk.decide(pk, who, "reject", reason, None, desk.take(pk, who).version)  # type: ignore[arg-type]


# --- nothing is known yet ---------------------------------------------------------------------


def test_of_an_empty_store_every_share_is_undefined(quality: Quality) -> None:
    numbers = quality.numbers()
    assert numbers.silent.share.rate.value is None
    assert numbers.two.equal.rate.value is None
    assert numbers.two.claims.claim_f1 is None
    assert numbers.pace.minutes is None
    assert (numbers.states, numbers.rules, numbers.silent_by_prompt) == ({}, (), ())
    assert (numbers.waiting.cases, numbers.waiting.oldest) == (0, None)


# --- silent errors ----------------------------------------------------------------------------


def test_the_silent_error_rate_is_of_drawn_records_that_were_decided_on(
    store: Store, desk: Desk, quality: Quality
) -> None:
    drawn(store, 4)
    accept(desk, 1)
    accept(desk, 2)
    accept(desk, 3, ANNA, *GONE)
    silent = quality.numbers().silent
    assert (silent.share.rate.hits, silent.share.rate.of, silent.undecided) == (1, 3, 1)
    assert silent.share.low == pytest.approx(0.0084, abs=1e-4)  # Clopper-Pearson, 1 of 3
    assert silent.share.high == pytest.approx(0.9057, abs=1e-4)


def test_first_records_of_a_kind_and_flagged_ones_do_not_count_as_drawn(
    store: Store, desk: Desk, quality: Quality
) -> None:
    put(store, [report_of("r1", PLAIN), report_of("r2", SUMS)])
    take_in(store.engine, rate=0)
    accept(desk, 1, ANNA, *GONE)
    silent = quality.numbers().silent
    assert (silent.share.rate.of, silent.undecided) == (0, 0)


def test_a_rejection_counts_only_where_it_says_that_what_was_read_is_wrong(
    store: Store, desk: Desk, quality: Quality
) -> None:
    drawn(store, 2)
    reject(desk, 1, "not_a_casualty_report")
    reject(desk, 2, "unreadable")
    silent = quality.numbers().silent
    assert (silent.share.rate.hits, silent.share.rate.of, silent.unjudged) == (1, 1, 1)


def test_a_case_that_is_opened_again_is_undecided_until_it_is_decided_again(
    store: Store, desk: Desk, quality: Quality, clock: Clock
) -> None:
    drawn(store, 1)
    accept(desk, 1, ANNA, *GONE)
    desk.reopen(1, Reviewer("cleo", "senior"), "looked at too fast")
    assert quality.numbers().silent.undecided == 1
    clock.pass_by(timedelta(seconds=KEPT_SECONDS))
    reject(desk, 1, "duplicate")
    silent = quality.numbers().silent
    assert (silent.share.rate.of, silent.undecided, silent.unjudged) == (0, 0, 1)


def test_a_superseded_record_says_nothing_of_those_that_stand(
    store: Store, desk: Desk, quality: Quality
) -> None:
    drawn(store, 1)
    accept(desk, 1)
    put(store, [report_of("r0", f"{PLAIN} Note 0.")], prompt_hash="1f")
    take_in(store.engine, rate=1)
    silent = quality.numbers().silent
    assert (silent.share.rate.of, silent.undecided) == (0, 1)


# --- rules ------------------------------------------------------------------------------------


def test_a_rule_was_right_where_its_finding_was_fixed_or_is_in_the_source(
    store: Store, desk: Desk, quality: Quality
) -> None:
    cases_in(store, SUMS, f"{SUMS} Rain fell.", f"{SUMS} Snow fell.")
    for pk, standing in ((1, "source_says_so"), (2, "false_alarm"), (3, "false_alarm")):
        stand(desk, pk, standing)
    [rule] = [each for each in quality.numbers().rules if each.rule == "A02"]
    assert (rule.source, rule.false_alarms, rule.fixed) == (1, 2, 0)
    assert (rule.right.rate.hits, rule.right.rate.of) == (1, 3)


def stand(desk: Desk, pk: int, standing: str) -> None:
    """Accept a record, saying the same of each finding."""
    case = desk.take(pk, ANNA)
    for finding in case.record.findings:
        said = {"action": "accept_finding", "key": key_of(finding), "standing": standing}
        case = desk.edit(pk, ANNA, parse_edit(said | {"rule": finding.rule}), case.version)
    desk.decide(pk, ANNA, "accept", None, None, case.version)


# --- pace and waiting ---------------------------------------------------------------------------


def test_the_pace_tells_each_day_and_each_reviewers_median(
    store: Store, desk: Desk, quality: Quality, clock: Clock
) -> None:
    drawn(store, 4)
    for pk, who, minutes in ((1, ANNA, 2), (2, ANNA, 4), (3, BASIL, 6)):
        version = desk.take(pk, who).version
        clock.pass_by(timedelta(minutes=minutes))
        desk.decide(pk, who, "accept", None, None, version)
    clock.pass_by(timedelta(days=1))
    pace = quality.numbers().pace
    assert (pace.decisions, pace.minutes) == (3, 4)
    assert [(each.who, each.decisions, each.minutes) for each in pace.reviewers] == [
        ("anna", 2, 3),
        ("basil", 1, 6),
    ]
    assert [count for _, count in pace.days][-2:] == [3, 0]
    assert pace.days[-1][0] == clock.now.date()


def test_what_was_decided_long_ago_is_no_pace(
    store: Store, desk: Desk, quality: Quality, clock: Clock
) -> None:
    drawn(store, 1)
    accept(desk, 1)
    clock.pass_by(timedelta(days=28))
    assert quality.numbers().pace.decisions == 0


def test_the_ages_of_the_queue_add_up_to_it(store: Store, quality: Quality, clock: Clock) -> None:
    cases_in(store, SUMS, f"{PLAIN} Rain fell.")
    waiting = ages_at(quality, clock, timedelta())
    assert waiting == [2, 0, 0, 0]
    assert ages_at(quality, clock, timedelta(days=3)) == [0, 2, 0, 0]
    assert ages_at(quality, clock, timedelta(days=400)) == [0, 0, 0, 2]


def ages_at(quality: Quality, clock: Clock, later: timedelta) -> list[int]:
    """Cases by age so long after they were opened, which intake does by the clock on the wall."""
    clock.now = datetime.now(UTC) + later
    return list(quality.numbers().waiting.ages.values())


# --- two reviewers ------------------------------------------------------------------------------


def test_two_reviewers_who_say_the_same_agree_wholly(
    store: Store, desk: Desk, quality: Quality
) -> None:
    cases_in(store, LARGE)
    accept(desk, 1, ANNA)
    accept(desk, 1, BASIL)
    two = quality.numbers().two
    assert (two.equal.rate.hits, two.equal.rate.of) == (1, 1)
    assert two.claims.claim_f1 == 1


def test_a_difference_of_two_reviewers_is_seen_in_figures_and_cases(
    store: Store, desk: Desk, quality: Quality
) -> None:
    cases_in(store, LARGE, f"{LARGE} Rain fell.")
    empty = parse_edit({"action": "clear_slot", "item": "c1", "slot": "women"})
    accept(desk, 1, ANNA)
    accept(desk, 1, BASIL, empty)
    accept(desk, 2, ANNA)
    reject(desk, 2, "duplicate", BASIL)
    two = quality.numbers().two
    assert (two.equal.rate.hits, two.equal.rate.of) == (0, 2)
    assert two.claims.claim_f1 is not None
    assert 0 < two.claims.claim_f1 < 1


def test_numbers_are_kept_for_a_while_and_made_anew_then(
    store: Store, quality: Quality, clock: Clock
) -> None:
    before: Numbers = quality.numbers()
    cases_in(store, SUMS)
    assert quality.numbers() is before
    clock.pass_by(timedelta(seconds=KEPT_SECONDS))
    assert quality.numbers().states == {"flagged": 1}
