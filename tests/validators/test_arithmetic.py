"""A01 to A04 and A10: the parts of one claim."""

from __future__ import annotations

from typing import Any

import pytest

from llm_extract.record import Finding
from llm_extract.validators.catalogue import check
from llm_extract.validators.profiles import Profile, Profiles


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


def test_civilians_and_fighters_above_the_total_are_an_error(desk: Any) -> None:
    at = desk("On Monday 35 people died: 20 civilians, nine policemen and eight gunmen.")
    groups = {"civilians": "20", "police": "nine", "fighters": "eight"}
    [finding] = at.found("A10", at.claim(total="35", subgroups=groups))
    assert (finding.severity, finding.kind) == ("error", "contradiction")
    assert finding.message == (
        "civilians + police + fighters: 20 + 9 + 8 = 37 is more than the 35 of the total, "
        "killed (c1)"
    )


def test_civilians_and_fighters_that_just_fit_are_fine(desk: Any) -> None:
    at = desk("On Monday 37 people died: 20 civilians, nine policemen and eight gunmen.")
    groups = {"civilians": "20", "police": "nine", "fighters": "eight"}
    assert at.found("A10", at.claim(total="37", subgroups=groups)) == []


def test_groups_that_may_share_people_are_not_summed(desk: Any) -> None:
    at = desk("On Monday 35 people died: 30 civilians, nine of them medics and eight students.")
    groups = {"civilians": "30", "medical_workers": "nine", "students": "eight"}
    assert at.found("A10", at.claim(total="35", subgroups=groups)) == []


@pytest.mark.parametrize(("inner", "severity"), [("four", "warning"), ("two", "error")])
def test_a_second_number_of_one_group_may_lie_inside_the_first(
    desk: Any, inner: str, severity: str
) -> None:
    at = desk("On Monday 28 died: 20 civilians and eight soldiers, four or two of them militia.")
    claim = at.claim(total="28", subgroups={"civilians": "20", "security_forces": "eight"})
    second = claim.subgroups[1].model_copy(update={"count": at.count(inner)})
    total = at.count("28" if severity == "warning" else "25", value=25 + 3 * (inner == "four"))
    claim = claim.model_copy(update={"subgroups": [*claim.subgroups, second], "total": total})
    [finding] = at.found("A10", claim)
    assert finding.severity == severity


BY_SEX = (
    "The Monitor and the Ministry say that 35 died: 20 children, of them five girls, {women} women "
    "and two men."
)


def sums(*given: Any) -> list[Finding]:
    """The findings of the rules on sums alone."""
    return [finding for finding in check(*given) if finding.rule.startswith("A")]


def counting(**convention: Any) -> Profiles:
    profile = Profile(names=["Monitor"], source="a test", **convention)
    return Profiles({("monitor",): profile})


def test_girls_among_the_women_are_no_finding_where_the_profile_counts_them_so(desk: Any) -> None:
    at = desk(BY_SEX.format(women="18"))
    men = at.count("two", "two men")
    fields = {"total": "35", "children": "20", "women": "18", "men": men}
    claim = at.claim(claimant="The Monitor", subgroups={"girls": "five"}, **fields)
    record = at.record(claim)
    all_females = counting(women="all_females")
    assert [f.rule for f in sums(record, at.text, at.ledger)] == ["A02"]
    assert sums(record, at.text, at.ledger, all_females) == []
    other = at.record(claim.model_copy(update={"claimant": "Ministry"}))
    assert [f.rule for f in sums(other, at.text, at.ledger, all_females)] == ["A02"]


def test_a_profile_does_not_excuse_more_girls_than_there_are(desk: Any) -> None:
    at = desk(BY_SEX.format(women="19"))
    men = at.count("two", "two men")
    fields = {"total": "35", "children": "20", "women": "19", "men": men}
    claim = at.claim(claimant="Monitor", subgroups={"girls": "five"}, **fields)
    [finding] = sums(at.record(claim), at.text, at.ledger, counting(women="all_females"))
    assert (finding.rule, finding.severity) == ("A02", "error")


@pytest.mark.parametrize(("men", "fits"), [("five", True), ("16", False)])
def test_unstated_girls_are_at_most_all_children_or_all_women(
    desk: Any, men: str, fits: bool
) -> None:
    at = desk(f"The Monitor says 35 died: 20 children, 18 women and {men} men.")
    claim = at.claim(claimant="Monitor", total="35", children="20", women="18", men=men)
    found = sums(at.record(claim), at.text, at.ledger, counting(women="all_females"))
    assert (found == []) is fits


def test_girls_counted_among_the_women_are_taken_off_a_complete_sum_once(desk: Any) -> None:
    at = desk("The Monitor says 43 died: 20 children, of them five girls, 18 women and eight men.")
    fields = {"total": "43", "children": "20", "women": "18", "men": "eight"}
    claim = at.claim(claimant="Monitor", subgroups={"girls": "five"}, **fields)
    record = at.record(claim)
    assert not [f for f in sums(record, at.text, at.ledger) if f.rule == "A03"]
    [finding] = sums(record, at.text, at.ledger, counting(women="all_females"))
    assert finding.rule == "A03"
    assert "20 + 18 + 8 = 46, less 5 girls among the women too, is less than" in finding.message


def test_older_people_outside_men_and_women_are_a_fourth_class(desk: Any) -> None:
    at = desk("The Monitor says 43 died: 20 children, nine women, eight men and five older people.")
    fields = {"total": "43", "children": "20", "women": "nine", "men": "eight"}
    claim = at.claim(claimant="Monitor", subgroups={"older_people": "five"}, **fields)
    record = at.record(claim)
    [finding] = sums(record, at.text, at.ledger, counting(older_people="outside"))
    assert finding.message.startswith(
        "children + women + men + older people: 20 + 9 + 8 + 5 = 42 is less than the 43"
    )
    less = record.model_copy(
        update={"claims": [claim.model_copy(update={"total": at.count("40", value=40)})]}
    )
    rules = {f.rule for f in sums(less, at.text, at.ledger, counting(older_people="outside"))}
    assert "A02" in rules
    assert "A02" not in {f.rule for f in sums(less, at.text, at.ledger)}


def test_older_people_not_stated_leave_men_women_and_children_incomplete(desk: Any) -> None:
    at = desk("The Monitor says 43 died: 20 children, nine women and eight men.")
    claim = at.claim(claimant="Monitor", total="43", children="20", women="nine", men="eight")
    record = at.record(claim)
    assert [f.rule for f in sums(record, at.text, at.ledger)] == ["A03"]
    assert sums(record, at.text, at.ledger, counting(older_people="outside")) == []
