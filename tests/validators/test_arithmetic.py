"""A01 to A04: the parts of one claim."""

from __future__ import annotations

from typing import Any


def test_a_part_above_the_total_is_an_error_with_its_numbers(desk: Any) -> None:
    at = desk("On Monday 35 people were killed, including 37 children.")
    [finding] = at.found("A01", at.claim(total="35", children="37", claimant="Red Cross"))
    assert finding.severity == "error"
    assert finding.message == (
        "children: 37 is more than the 35 of the total, killed according to Red Cross (c1)"
    )
    assert finding.claims == ["c1"]
    assert finding.fields == ["children", "total"]
    assert [operand.as_written for operand in finding.operands] == ["37", "35"]


def test_a_sum_of_printed_numbers_is_a_contradiction_of_the_text(desk: Any) -> None:
    at = desk("On Monday 35 people were killed, including 37 children.")
    [finding] = at.found("A01", at.claim(total="35", children="37"))
    assert finding.kind == "contradiction"


def test_a_sum_with_a_number_that_no_quote_holds_is_a_fault_of_extraction(desk: Any) -> None:
    at = desk("On Monday 35 people were killed. In all, 37 children go to school there.")
    quote = "On Monday 35 people were killed."
    [finding] = at.found("A01", at.claim(quote=quote, total="35", children="37"))
    assert finding.kind == "extraction"
    assert "37 of c1 not read in its quotes" in finding.message


def test_parts_within_the_total_are_fine(desk: Any) -> None:
    at = desk("On Monday 35 people were killed, including 20 children and 15 women.")
    assert at.check(at.claim(total="35", children="20", women="15")) == []


def test_a_subgroup_above_the_total_is_named_in_words(desk: Any) -> None:
    at = desk("On Monday 35 people were killed, including 40 medics.")
    claim = at.claim(total="35", subgroups={"medical_workers": "40"})
    [finding] = at.found("A01", claim)
    assert finding.message.startswith("medical workers: 40 is more than the 35")
    assert finding.fields == ["subgroups.medical_workers", "total"]


def test_an_interval_that_can_hold_the_part_is_not_broken(desk: Any) -> None:
    at = desk("On Monday 30 to 40 people were killed, including about 42 children.")
    assert at.found("A01", at.claim(total="30 to 40", children="about 42")) == []


def test_an_open_total_is_compared_as_printed_and_warned_of(desk: Any) -> None:
    at = desk("On Monday at least 35 people were killed, including 37 children.")
    [finding] = at.found("A01", at.claim(total="at least 35", children="37"))
    assert finding.severity == "warning"
    assert "the at least 35 of the total" in finding.message
    assert "as printed; the words leave room for more" in finding.message


def test_more_than_allows_one_more_than_it_prints(desk: Any) -> None:
    at = desk("On Monday more than 35 people were killed, including 36 children.")
    assert at.found("A01", at.claim(total="more than 35", children="36")) == []


def test_a_vague_total_has_no_printed_number_to_compare(desk: Any) -> None:
    at = desk("On Monday dozens were killed, including 90 children.")
    assert at.found("A01", at.claim(total="dozens", children="90")) == []


def test_a_vague_part_counts_with_its_least_number(desk: Any) -> None:
    at = desk("On Monday 20 people were killed, including dozens of children.")
    [finding] = at.found("A01", at.claim(total="20", children="dozens"))
    assert finding.severity == "error"


def test_children_women_and_men_above_the_total_are_an_error(desk: Any) -> None:
    at = desk("On Monday 35 people were killed: 33 children, two women and two men.")
    men = at.count("two", "two men")
    [finding] = at.found("A02", at.claim(total="35", children="33", women="two", men=men))
    assert finding.severity == "error"
    assert finding.message == (
        "children + women + men: 33 + 2 + 2 = 37 is more than the 35 of the total, killed (c1)"
    )


def test_two_of_the_three_parts_are_summed_as_well(desk: Any) -> None:
    at = desk("On Monday 35 people were killed, including 20 children and 16 women.")
    [finding] = at.found("A02", at.claim(total="35", children="20", women="16"))
    assert "20 + 16 = 36" in finding.message


def test_girls_who_may_be_counted_among_the_women_too_give_a_warning(desk: Any) -> None:
    at = desk("On Monday 35 died: 20 children, of them nine girls, and 18 women.")
    claim = at.claim(total="35", children="20", women="18", subgroups={"girls": "nine"})
    [finding] = at.found("A02", claim)
    assert finding.severity == "warning"
    assert "unless its girls are counted among the women too" in finding.message


def test_girls_who_are_too_few_to_explain_it_leave_the_error(desk: Any) -> None:
    at = desk("On Monday 35 died: 20 children, of them two girls, and 18 women.")
    claim = at.claim(total="35", children="20", women="18", subgroups={"girls": "two"})
    [finding] = at.found("A02", claim)
    assert finding.severity == "error"


def test_complete_parts_that_miss_the_total_are_a_warning(desk: Any) -> None:
    at = desk("On Monday 94 people died: 39 children, 12 women and 40 men.")
    [finding] = at.found("A03", at.claim(total="94", children="39", women="12", men="40"))
    assert finding.severity == "warning"
    assert finding.kind == "contradiction"
    assert "39 + 12 + 40 = 91 is less than the 94 of the total" in finding.message


def test_complete_parts_that_close_are_fine(desk: Any) -> None:
    at = desk("On Monday 94 people died: 39 children, 12 women and 43 men.")
    assert at.check(at.claim(total="94", children="39", women="12", men="43")) == []


def test_parts_that_are_not_complete_need_not_reach_the_total(desk: Any) -> None:
    at = desk("On Monday 94 people died, including 39 children and 12 women.")
    assert at.check(at.claim(total="94", children="39", women="12")) == []


def test_a_total_that_code_derived_is_not_checked_against_itself(desk: Any) -> None:
    at = desk("On Monday 39 children, 12 women and 43 men died.")
    derived = at.count("94", basis="derived", start=None, end=None)
    assert at.check(at.claim(total=derived, children="39", women="12", men="43")) == []


def test_boys_and_girls_above_the_children_are_an_error(desk: Any) -> None:
    at = desk("On Monday 50 died, among them nine children: five boys and eight girls.")
    groups = {"boys": "five", "girls": "eight"}
    [finding] = at.found("A04", at.claim(total="50", children="nine", subgroups=groups))
    assert finding.severity == "error"
    assert finding.message.startswith("boys + girls: 5 + 8 = 13 is more than the 9 of the children")


def test_infants_above_the_children_are_an_error(desk: Any) -> None:
    at = desk("On Monday 50 died, among them five children and eight infants.")
    claim = at.claim(total="50", children="five", subgroups={"infants": "eight"})
    assert len(at.found("A04", claim)) == 1


def test_boys_girls_and_infants_within_the_children_are_fine(desk: Any) -> None:
    at = desk("On Monday 50 died: nine children, four boys and five girls, two of them infants.")
    groups = {"boys": "four", "girls": "five", "infants": "two"}
    assert at.found("A04", at.claim(total="50", children="nine", subgroups=groups)) == []
