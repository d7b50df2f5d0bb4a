"""Laws of the rules over drawn reports: silent on good ones, loud on spoilt ones, order-free."""

from __future__ import annotations

from collections import Counter
from itertools import count
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from properties.consistent_reports import consistent_reports, draw_report
from properties.corruptions import CORRUPTIONS, permuted
from properties.drafts import Drawn
from properties.laws import laws_broken
from properties.mutation import Case, cases, new_rules

from llm_extract.numbers import read_ledger
from llm_extract.record import Finding, Record
from llm_extract.validators.catalogue import check

QUICK_CASES = 60
"""Corruptions of each type in the quick run; `make mutation-report` makes 2,000 of each."""

FEWEST_CAUGHT = 0.95
FEWEST_OF_TYPE = {"part moved to another parent": 0.7, "claimant and perpetrator swapped": 0.8}
"""Floors of the types that need more than the text's numbers: whose a part is where two totals
stand in one sentence, and which of two names in it acts. `make mutation-report` gives the rates."""
WARNINGS_A_REPORT = 0.1
"""Most warnings that a consistent report may draw on average: a person looks at each of them."""

DIFFERENCES = frozenset({"R03"})
"""Rules that show where claimants differ, which those of a drawn report may."""


def findings(drawn: Drawn, record: Record | None = None) -> list[Finding]:
    checked = drawn.record if record is None else record
    return check(checked, drawn.text, read_ledger(drawn.text, "en"))


def as_set(found: list[Finding]) -> Counter[str]:
    return Counter(finding.model_dump_json() for finding in found)


# Consistent reports


@given(consistent_reports())
@settings(max_examples=60, deadline=None)
def test_a_consistent_report_has_no_error(drawn: Drawn) -> None:
    assert [f.message for f in findings(drawn) if f.severity == "error"] == []


@given(consistent_reports())
@settings(max_examples=30, deadline=None)
def test_a_consistent_report_breaks_no_law_that_its_writer_knows(drawn: Drawn) -> None:
    assert laws_broken(drawn, drawn.record) == frozenset()


def test_consistent_reports_draw_few_warnings() -> None:
    reports = [draw_report(Random(seed), claims=1 + seed % 8) for seed in range(100)]
    found = [finding for drawn in reports for finding in findings(drawn)]
    assert [finding.message for finding in found if finding.severity == "error"] == []
    warnings = [finding for finding in found if finding.rule not in DIFFERENCES]
    assert len(warnings) <= WARNINGS_A_REPORT * len(reports)


@pytest.mark.parametrize("seed", range(5))
def test_a_report_is_drawn_to_size_and_the_same_for_the_same_seed(seed: int) -> None:
    drawn = draw_report(Random(seed), claims=10, words=500)
    assert len(drawn.record.claims) == 10
    assert len(drawn.text.split()) >= 500
    again = draw_report(Random(seed), claims=10, words=500)
    assert (again.text, again.record) == (drawn.text, drawn.record)


@given(consistent_reports())
@settings(max_examples=30, deadline=None)
def test_every_count_and_quote_of_a_drawn_record_stands_at_its_place(drawn: Drawn) -> None:
    for claim in drawn.record.claims:
        for number in claim.slots().values():
            assert drawn.text[number.start : number.end] == number.as_written
            assert any(
                quote.start is not None
                and quote.end is not None
                and number.start is not None
                and quote.start <= number.start < quote.end
                for quote in claim.evidence
            )
        for quote in claim.evidence:
            assert drawn.text[quote.start : quote.end] == quote.quote


# Corruptions


@pytest.fixture(scope="module")
def spoilt() -> list[Case]:
    """`QUICK_CASES` corruptions of each type, always the same."""
    return list(cases(count(), QUICK_CASES))


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_corruptions_of_every_type_are_found(spoilt: list[Case], corruption: str) -> None:
    of_type = [case for case in spoilt if case.corruption == corruption]
    assert len(of_type) == QUICK_CASES
    caught = sum(bool(case.rules) for case in of_type)
    assert caught >= FEWEST_OF_TYPE.get(corruption, FEWEST_CAUGHT) * len(of_type)


def test_most_corruptions_are_found(spoilt: list[Case]) -> None:
    assert sum(bool(case.rules) for case in spoilt) >= FEWEST_CAUGHT * len(spoilt)


def test_every_corruption_that_breaks_a_stated_law_is_found(spoilt: list[Case]) -> None:
    missed = [
        (case.corruption, case.seed, sorted(laws))
        for case in spoilt
        if not case.rules and (laws := laws_broken(case.drawn, case.corrupted))
    ]
    assert missed == []


@given(consistent_reports(), st.sampled_from(sorted(CORRUPTIONS)), st.randoms())
@settings(max_examples=80, deadline=None)
def test_whatever_breaks_a_law_is_found(drawn: Drawn, corruption: str, random: Random) -> None:
    corrupted = CORRUPTIONS[corruption](drawn.record, drawn.text, random)
    assume(corrupted is not None)
    assert corrupted is not None
    if laws_broken(drawn, corrupted):
        assert new_rules(findings(drawn), findings(drawn, corrupted)) != ()


@given(consistent_reports(), st.sampled_from(sorted(CORRUPTIONS)), st.randoms())
@settings(max_examples=40, deadline=None)
def test_a_corruption_spoils_the_record_and_leaves_the_original_alone(
    drawn: Drawn, corruption: str, random: Random
) -> None:
    before = drawn.record.model_dump_json()
    corrupted = CORRUPTIONS[corruption](drawn.record, drawn.text, random)
    assert drawn.record.model_dump_json() == before
    assert corrupted is None or corrupted != drawn.record
    if corrupted is not None:
        Record.model_validate_json(corrupted.model_dump_json())


# Order, names, repetition


def spoil(drawn: Drawn, random: Random) -> Record:
    """A record with a fault or none, so that there are findings to compare."""
    corrupt = random.choice(list(CORRUPTIONS.values()))
    return corrupt(drawn.record, drawn.text, random) or drawn.record


@given(consistent_reports(), st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_order_of_claims_changes_no_finding(drawn: Drawn, random: Random) -> None:
    record = spoil(drawn, random)
    order = list(range(len(record.claims)))
    random.shuffle(order)
    assert findings(drawn, permuted(record, order)) == findings(drawn, record)


def renumbered(record: Record) -> tuple[Record, dict[str, str]]:
    """The record with other ids in the same order, and the new id of each old one."""
    held = [*record.claims, *record.facilities]
    new = {one.id: f"{one.id[0]}{1000 + nth}" for nth, one in enumerate(held)}

    def renamed(one: object) -> object:
        changed = one.model_dump()  # type: ignore[attr-defined]
        changed["id"] = new[changed["id"]]
        changed["part_of_id"] = new.get(changed["part_of_id"])
        return type(one)(**changed)

    changes = {
        "claims": [renamed(claim) for claim in record.claims],
        "facilities": [renamed(facility) for facility in record.facilities],
    }
    return record.model_copy(update=changes), new


@given(consistent_reports(), st.randoms())
@settings(max_examples=40, deadline=None)
def test_other_ids_give_the_same_findings_under_other_names(drawn: Drawn, random: Random) -> None:
    record = spoil(drawn, random)
    again, new = renumbered(record)
    assume(len(new) == len(record.claims) + len(record.facilities))

    def told(found: list[Finding], names: dict[str, str]) -> list[tuple[object, ...]]:
        return [
            (
                f.rule,
                f.severity,
                f.kind,
                [names.get(claim, claim) for claim in f.claims],
                f.fields,
                [(names.get(o.claim or ""), o.field, o.low, o.high, o.start) for o in f.operands],
            )
            for f in found
        ]

    same = {name: name for name in new.values()}
    assert told(findings(drawn, again), same) == told(findings(drawn, record), new)


@given(consistent_reports(), st.randoms())
@settings(max_examples=40, deadline=None)
def test_a_check_of_a_checked_record_gives_the_same_findings(drawn: Drawn, random: Random) -> None:
    record = spoil(drawn, random)
    first = findings(drawn, record)
    stored = record.model_copy(update={"findings": first, "disposition": "flagged"})
    assert findings(drawn, stored) == first
    reread = Record.model_validate_json(record.model_dump_json())
    assert as_set(findings(drawn, reread)) == as_set(first)
