"""What the rules say of a content under review: keys, standings, open errors, rulings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

import pytest
from properties.consistent_reports import draw_report
from properties.corruptions import CORRUPTIONS
from review_builders import SUMS, read_by_rule, report_of

from llm_extract.numbers import read_ledger
from llm_extract.numbers.mention import Ledger
from llm_extract.record import Finding, Record
from llm_extract.review.content import Content, content_of
from llm_extract.review.edits import apply_edit, parse_edit
from llm_extract.review.edits.forms import ApplyChanges
from llm_extract.review.judging import judge, key_of, open_errors, rulings
from llm_extract.validators.culprits import examine

LEDGER = read_ledger(SUMS, "en")


@pytest.fixture(scope="module")
def record() -> Record:
    """Its parts are more than their total."""
    return read_by_rule(report_of("r1", SUMS))


def edit(before: Content, **fields: object) -> Content:
    form = parse_edit({name: str(value) for name, value in fields.items()})
    return apply_edit(before, form, SUMS, LEDGER)


def accepted(record: Record, before: Content, standing: str) -> Content:
    """The content in which all errors of the prediction may stand."""
    for finding in record.findings:
        if finding.severity == "error":
            key = {"key": key_of(finding), "rule": finding.rule, "standing": standing}
            before = edit(before, action="accept_finding", **key)
    return before


def error_of(record: Record) -> Finding:
    return next(finding for finding in record.findings if finding.severity == "error")


def test_a_prediction_has_the_findings_that_it_came_with(record: Record) -> None:
    judged = judge(record, content_of(record), SUMS, LEDGER)
    assert [each.finding for each in judged] == record.findings
    assert [each.finding for each in open_errors(judged)] == [error_of(record)]


def test_a_key_is_that_of_what_is_found_and_said(record: Record) -> None:
    error = error_of(record)
    assert key_of(error.model_copy(update={"suggestions": [], "culprit": None})) == key_of(error)
    turned = {"claims": error.claims[::-1], "fields": error.fields[::-1]}
    assert key_of(error.model_copy(update=turned)) == key_of(error)
    others = {"claims": ["c9"], "rule": "A99", "fields": ["men"], "message": "other numbers"}
    for field, other in others.items():
        assert key_of(error.model_copy(update={field: other})) != key_of(error)


@pytest.mark.parametrize("standing", ["source_says_so", "false_alarm"])
def test_an_error_that_may_stand_is_not_open(record: Record, standing: str) -> None:
    after = accepted(record, content_of(record), standing)
    judged = judge(record, after, SUMS, LEDGER)
    assert open_errors(judged) == []
    assert [each.standing for each in judged if each.finding == error_of(record)] == [standing]


def test_a_standing_outlives_edits_elsewhere(record: Record) -> None:
    after = accepted(record, content_of(record), "source_says_so")
    after = edit(after, action="set_field", item="c2", field="scope", value="period")
    assert open_errors(judge(record, after, SUMS, LEDGER)) == []


def test_a_standing_does_not_cover_other_numbers_in_the_same_slots(record: Record) -> None:
    after = accepted(record, content_of(record), "source_says_so")
    start = SUMS.index("nine")
    number = {"start": start, "end": start + 4}
    worse = edit(after, action="set_slot", item="c1", slot="women", **number)
    said = [each.finding.message for each in open_errors(judge(record, worse, SUMS, LEDGER))]
    assert any("9 + 9 = 18" in words for words in said)


def test_a_correction_closes_an_error_and_an_unfit_one_opens_another(record: Record) -> None:
    fixed = edit(content_of(record), action="clear_slot", item="c1", slot="women")
    assert open_errors(judge(record, fixed, SUMS, LEDGER)) == []
    worse = edit(content_of(record), action="clear_slot", item="c2", slot="total")
    keys = {each.key for each in judge(record, worse, SUMS, LEDGER)}
    assert keys != {key_of(finding) for finding in record.findings}


def test_rulings_say_what_became_of_each_finding(record: Record) -> None:
    untouched = content_of(record)

    def ruled(final: Content) -> str:
        found = rulings(record, final, SUMS, LEDGER)
        assert [rule for rule, _ in found] == [finding.rule for finding in record.findings]
        return dict(found)[error_of(record).rule]

    fixed = edit(untouched, action="clear_slot", item="c1", slot="women")
    assert ruled(untouched) == "ignored"
    assert ruled(accepted(record, untouched, "source_says_so")) == "source"
    assert ruled(accepted(record, untouched, "false_alarm")) == "false_alarm"
    assert ruled(fixed) == "fixed"
    assert ruled(accepted(record, fixed, "false_alarm")) == "fixed"
    qualified = {"action": "set_qualifier", "item": "c1", "slot": "women", "qualifier": "at_least"}
    other_words = edit(untouched, **qualified)
    [judged] = open_errors(judge(record, other_words, SUMS, LEDGER))
    assert judged.key != key_of(error_of(record))
    form = {"key": judged.key, "rule": judged.finding.rule, "standing": "source_says_so"}
    assert ruled(edit(other_words, action="accept_finding", **form)) == "source"
    elsewhere = edit(untouched, action="set_field", item="c2", field="scope", value="period")
    assert ruled(elsewhere) == "ignored"


def test_what_no_change_can_close_is_never_fixed(record: Record) -> None:
    hidden = error_of(record).model_copy(update={"rule": "X01", "claims": [], "fields": []})
    found = record.model_copy(update={"findings": [hidden]})
    bare = edit(content_of(record), action="delete_item", item="c1")
    assert rulings(found, bare, SUMS, LEDGER) == [("X01", "ignored")]
    stands = accepted(found, bare, "false_alarm")
    assert rulings(found, stands, SUMS, LEDGER) == [("X01", "false_alarm")]


def test_suggestions_come_when_they_are_asked_for(record: Record) -> None:
    changed, text, ledger = next(spoilt())
    assert any(finding.suggestions for finding in changed.findings)
    item = changed.claims[0].id
    form = parse_edit({"action": "set_field", "item": item, "field": "places", "value": "Halden"})
    after = apply_edit(content_of(changed), form, text, ledger)
    assert all(not each.finding.suggestions for each in judge(changed, after, text, ledger))
    with_them = judge(changed, after, text, ledger, suggest=True)
    assert any(each.finding.suggestions for each in with_them)


def test_a_suggestion_that_is_applied_closes_its_finding() -> None:
    applied = 0
    for changed, text, ledger in islice(spoilt(), 25):
        for finding in changed.findings:
            for suggestion in finding.suggestions:
                form = ApplyChanges(action="apply_changes", changes=suggestion.changes)
                after = apply_edit(content_of(changed), form, text, ledger)
                left = {each.key for each in judge(changed, after, text, ledger)}
                assert key_of(finding) not in left, suggestion.message
                applied += 1
    assert applied >= 25


def spoilt() -> Iterator[tuple[Record, str, Ledger]]:
    """Records with a number that is not their own, and findings that suggest something."""
    for seed in range(200):
        random = Random(seed)
        drawn = draw_report(random, claims=1 + seed % 6)
        changed = CORRUPTIONS["number changed"](drawn.record, drawn.text, random)
        if changed is not None:
            ledger = read_ledger(drawn.text, "en")
            findings = examine(changed, drawn.text, ledger)
            if any(finding.suggestions for finding in findings):
                yield changed.model_copy(update={"findings": findings}), drawn.text, ledger
