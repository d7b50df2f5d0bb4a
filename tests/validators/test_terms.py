"""What the rules share of a claim is what each of them would find by looking itself."""

from __future__ import annotations

from random import Random

import pytest
from properties.consistent_reports import draw_report
from properties.corruptions import CORRUPTIONS

from llm_extract.numbers import read_ledger
from llm_extract.record import Record
from llm_extract.validators.catalogue import check, check_input
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.terms import group_of


def spoilt(seed: int) -> tuple[RuleInput, list[Record]]:
    """The rules' input of a good record, and the record with each fault that it can have."""
    random = Random(seed)
    drawn = draw_report(random, claims=6)
    corrupted = (corrupt(drawn.record, drawn.text, random) for corrupt in CORRUPTIONS.values())
    given = RuleInput(drawn.record, drawn.text, read_ledger(drawn.text, "en"))
    return given, [record for record in corrupted if record is not None]


@pytest.mark.parametrize("seed", range(8))
def test_a_plain_count_is_one_that_no_rule_of_single_counts_speaks_of(seed: int) -> None:
    given, records = spoilt(seed)
    for record in records:
        all_asked = RuleInput(record, given.text, given.ledger)
        vars(all_asked)["unusual"] = all_asked.terms
        assert check_input(all_asked) == check(record, given.text, given.ledger)


@pytest.mark.parametrize("seed", range(8))
def test_rows_kept_for_a_changed_record_change_no_finding(seed: int) -> None:
    given, records = spoilt(seed)
    check_input(given)
    for record in records:
        changed = given.with_record(record)
        assert check_input(changed) == check(record, given.text, given.ledger)
        kept = {id(row) for row in given.rows} & {id(row) for row in changed.rows}
        alike = {id(held) for held in given.held} & {id(held) for held in changed.held}
        assert len(kept) == len(alike)


def test_most_counts_of_a_report_are_plain() -> None:
    given, _ = spoilt(0)
    assert any(term.is_plain for term in given.terms)


@pytest.mark.parametrize(
    ("field", "group"),
    [("total", "total"), ("children", "children"), ("subgroups.girls.2", "girls")],
)
def test_a_slot_is_of_its_group(field: str, group: str) -> None:
    assert group_of(field) == group
