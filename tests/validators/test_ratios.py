"""A08: percentages and fractions beside counts."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from llm_extract.numbers import read_ledger
from llm_extract.record import Finding
from llm_extract.validators.catalogue import check
from llm_extract.validators.profiles import Profile, Profiles
from llm_extract.validators.ratios import stated_by


def found(at: Any, *claims: Any, profiles: Profiles | None = None) -> list[Finding]:
    findings = check(at.record(*claims), at.text, read_ledger(at.text, "en"), profiles)
    return [finding for finding in findings if finding.rule == "A08"]


TOLL = "In May 40 people were killed, including 10 children and 20 women"


def toll(at: Any, **fields: Any) -> Any:
    return at.claim(**({"total": "40", "children": "10", "women": "20"} | fields))


def test_a_percentage_far_from_its_ratio_is_an_error(desk: Any) -> None:
    at = desk(f"{TOLL}. Women made up 60 per cent of the dead.")
    [finding] = found(at, toll(at, claimant="Monitor"))
    assert (finding.severity, finding.kind) == ("error", "contradiction")
    assert finding.message == (
        '"60 per cent" is stated of the women of killed according to Monitor (c1), '
        "but 20 of 40 is 50 %"
    )
    assert [operand.as_written for operand in finding.operands] == ["20", "40", "60 per cent"]
    assert at.text[finding.operands[2].start :].startswith("60 per")


FORMS = [
    "{toll}. Women made up {said} of the dead.",
    "{toll}. Women accounted for {said} of the victims.",
    "{toll}. Women were {said} of the total.",
    "{toll}. Of the victims, women represented {said} of those killed, it said.",
    "{toll}. It said {said} of the dead were women.",
    "{toll}. It said {said} of the 40 dead were women.",
    "{toll}: {said} of the fatalities women.",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ("50%", None),
        ("50 %", None),
        ("51 per cent", None),
        ("48.9%", "warning"),
        ("49.0%", None),
        ("52 percent", "warning"),
        ("55%", "warning"),
        ("56%", "error"),
        ("fifty per cent", None),
        ("half", None),
        ("nearly half", None),
        ("a third", "error"),
        ("two thirds", "error"),
        ("one in two", None),
        ("one in three", "error"),
        ("nearly 53%", None),
        ("about 54%", "warning"),
        ("more than half", None),
        ("more than 30%", None),
        ("less than a third", "error"),
        ("between 45 and 55%", None),
        ("between 10 and 20%", "error"),
    ],
)
def test_each_form_is_compared_in_points(
    desk: Any, form: str, said: str, severity: str | None
) -> None:
    at = desk(form.format(toll=TOLL, said=said))
    assert [finding.severity for finding in found(at, toll(at))] == [severity] * bool(severity)


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("In May 40 people were killed, {said} of them women. There were 20 women.", None),
        ("In May 40 people were killed. {said} of them were women, 20 in all.", None),
        ("In May 40 people were killed, {said} of whom were women: 20.", None),
    ],
)
def test_a_pronoun_leans_on_the_number_before_it(
    desk: Any, text: str, severity: str | None
) -> None:
    fits, misses = (desk(text.format(said=said)) for said in ("half", "a quarter"))
    assert found(fits, fits.claim(total="40", women="20")) == []
    assert len(found(misses, misses.claim(total="40", women="20"))) == 1


def test_them_after_the_children_are_the_children(desk: Any) -> None:
    text = (
        "In May 40 people were killed, including 20 women and 10 children, {said} of them {whom}."
    )
    girls = {"subgroups": {"girls": "5"}}
    for said, findings in (("half", 0), ("a fifth", 1)):
        at = desk(text.format(said=said, whom="girls") + " The girls were 5.")
        assert len(found(at, toll(at, **girls))) == findings
    at = desk(text.format(said="half", whom="medics") + " The medics were 20.")
    assert found(at, toll(at, subgroups={"medical_workers": "20"})) == []


def test_them_after_two_tolls_may_be_the_people_of_both(desk: Any) -> None:
    at = desk("In May 40 people were killed and 60 injured, a tenth of them women: 30 of each.")
    hurt = at.claim("c2", outcome="injured", total="60", women="30")
    assert found(at, at.claim(total="40", women="30"), hurt) == []
    assert len(found(at, hurt)) == 1


def test_women_and_children_are_summed(desk: Any) -> None:
    at = desk(f"{TOLL}. Women and children made up 75% of the dead.")
    assert found(at, toll(at)) == []
    at = desk(f"{TOLL}. It said 60% of the dead were women and children.")
    [finding] = found(at, toll(at))
    assert "but 20 + 10 of 40 is 75 %" in finding.message


def test_a_count_before_the_bracket_is_the_part(desk: Any) -> None:
    text = "In May 40 people were killed, including 20 women ({said}) and 10 children."
    for said, findings in (("50%", 0), ("50% of the total", 0), ("30%", 1), ("30% of the dead", 1)):
        at = desk(text.format(said=said))
        assert len(found(at, toll(at))) == findings
    at = desk(text.format(said="30% of the injured"))
    assert found(at, toll(at)) == []


def test_a_total_before_the_bracket_is_a_part_of_its_parent(desk: Any) -> None:
    at = desk("In May 40 people were killed, 20 civilians (70%) by Army A.")
    part = at.claim("c2", total="20", part_of=0, part_of_id="c1")
    [finding] = found(at, at.claim(total="40"), part)
    assert finding.claims == ["c2", "c1"]
    assert found(at, at.claim(total="40"), at.claim("c2", total="20")) == []


def test_which_is_so_much_of_the_toll_is_said_of_the_outermost_claim_of_the_sentence(
    desk: Any,
) -> None:
    text = (
        "In May 40 died. Army A killed 20, 5 of them medics, which is {said} of the month's toll."
    )
    for said, findings in (("50%", 0), ("12%", 1)):
        at = desk(text.format(said=said))
        army = at.claim("c2", total="20", part_of=0, part_of_id="c1")
        medics = at.claim("c3", total="5", part_of=1, part_of_id="c2")
        assert len(found(at, at.claim(total="40"), army, medics)) == findings


@pytest.mark.parametrize(
    "said",
    [
        "Compared with April this is an increase of 90 per cent.",
        "Food costs 90% more.",
        "Women made up 90% of the displaced families of the town.",
        "Women made up 90% of the total population.",
        "It said 90% of the schools were closed.",
        "It said 90% of the dead were from Northam.",
        "It said 90% of the dead were women under thirty.",
        "It said 90% of the injured were women.",
        "It said 90% of the 55 dead were women.",
        "It said 90% of the dead were men.",
        "Women, with 5 killed elsewhere, made up 90% of the dead there and then (see below).",
    ],
)
def test_where_the_words_leave_open_what_is_meant_nothing_is_said(desk: Any, said: str) -> None:
    at = desk(f"{TOLL}. {said}")
    assert found(at, toll(at)) == []


def test_of_two_tolls_side_by_side_neither_is_chosen(desk: Any) -> None:
    at = desk(
        "Killed: 40, 20 of them women; and 30 more dead, 5 women. 90% of the dead were women."
    )
    other = at.claim("c2", total="30", women="5")
    assert found(at, at.claim(total="40", women="20"), other) == []


def test_of_tolls_inside_one_another_the_outermost_is_meant(desk: Any) -> None:
    at = desk(f"{TOLL}; Army A killed 30. It said 90% of the dead were women.")
    part = at.claim("c2", total="30", part_of=0, part_of_id="c1")
    [finding] = found(at, toll(at), part)
    assert finding.claims == ["c1"]


def test_a_group_that_is_the_whole_claim_is_no_part_of_it(desk: Any) -> None:
    at = desk("In May 20 women were killed. Women made up 40% of the dead.")
    assert found(at, at.claim(total="20", women="20")) == []


def test_an_interval_that_can_hold_the_ratio_does(desk: Any) -> None:
    at = desk("In May 35 to 50 people died, 20 of them women. Women made up 57% of the dead.")
    assert found(at, at.claim(total="35 to 50", women="20")) == []


def test_an_open_total_is_compared_as_printed(desk: Any) -> None:
    at = desk("In May at least 40 people died, 20 of them women. Women made up 30% of the dead.")
    [finding] = found(at, at.claim(total="at least 40", women="20"))
    assert finding.severity == "warning"
    assert "is 0 to 50 %, as printed" in finding.message
    at = desk("In May at least 40 people died, 20 of them women. Women made up 70% of the dead.")
    [finding] = found(at, at.claim(total="at least 40", women="20"))
    assert finding.severity == "error"


def test_a_count_that_no_quote_holds_is_a_fault_of_extraction(desk: Any) -> None:
    at = desk(f"{TOLL}. Women made up 70% of the dead.")
    claim = at.claim(quote="In May 40 people were killed", total="40", women="20")
    [finding] = found(at, claim)
    assert finding.kind == "extraction"


def test_a_profile_may_allow_more_points(desk: Any) -> None:
    at = desk(f"{TOLL}. Women made up 52% of the dead.")
    loose = Profile(names=["Monitor"], percent_tolerance=2.0, source="a test")
    claim = toll(at, claimant="the Monitor")
    assert len(found(at, claim)) == 1
    assert found(at, claim, profiles=Profiles({("monitor",): loose})) == []


@pytest.mark.parametrize(
    ("words", "percent"),
    [
        ("40 % of them", Fraction(40)),
        ("12.5% of them", Fraction(25, 2)),
        ("half of them", Fraction(50)),
        ("a third of them", Fraction(100, 3)),
        ("two-thirds of them", Fraction(200, 3)),
        ("three quarters of them", Fraction(75)),
        ("one in ten of them", Fraction(10)),
        ("one out of every 5 of them", Fraction(20)),
    ],
)
def test_worded_fractions_are_read(words: str, percent: Fraction) -> None:
    [mention] = [m for m in read_ledger(f"It said {words} died.").mentions if m.kind == "percent"]
    stated = stated_by(mention, Fraction(1))
    assert stated is not None
    assert (stated.low, stated.high) == (percent, percent)
