"""R01 and R03: numbers of one claimant and of several."""

from __future__ import annotations

from typing import Any

import pytest

from llm_extract.record import Finding
from llm_extract.validators.catalogue import check

TEXT = "On Monday 35 people were killed in Northam, the Monitor said. It counted 31 dead there."


def says(at: Any, id: str, total: str, **fields: Any) -> Any:
    common = {"claimant": "Monitor", "places": ["Northam"], "period": ("2024-12-02", "2024-12-02")}
    return at.claim(id, total=total, **(common | fields))


def test_two_numbers_of_one_claimant_for_the_same_people_are_an_error(desk: Any) -> None:
    at = desk(TEXT)
    [finding] = at.found("R01", says(at, "c1", "35"), says(at, "c2", "31"))
    assert (finding.severity, finding.kind) == ("error", "contradiction")
    assert finding.message == (
        "total of killed according to Monitor (c1): 35 in c1 and 31 in c2 are different numbers "
        "for the same people"
    )


def test_three_numbers_are_one_finding(desk: Any) -> None:
    at = desk(TEXT + " Later it named 8.")
    [finding] = at.found("R01", *(says(at, f"c{n}", t) for n, t in enumerate(("35", "31", "8"), 1)))
    assert finding.claims == ["c1", "c2", "c3"]


def test_different_children_of_an_equal_total_are_two_numbers(desk: Any) -> None:
    at = desk(TEXT + " Nine or 8 were children.")
    [finding] = at.found(
        "R01", says(at, "c1", "35", children="8"), says(at, "c2", "35", children="31")
    )
    assert finding.fields == ["children"]


@pytest.mark.parametrize(
    "other",
    [
        {"claimant": "Ministry"},
        {"outcome": "injured"},
        {"places": ["Southam"]},
        {"perpetrators": ["Army A"]},
        {"weapons": ["drone"]},
        {"victims": "combatants"},
        {"period": ("2024-12-03", "2024-12-03")},
        {"scope": "cumulative"},
        {"subgroups": {"medical_workers": "31"}},
        {"part_of": 0, "part_of_id": "c1"},
        {"total": "35"},
    ],
)
def test_another_slice_is_no_second_number(desk: Any, other: dict[str, Any]) -> None:
    at = desk(TEXT)
    assert at.found("R01", says(at, "c1", "35"), says(at, "c2", **({"total": "31"} | other))) == []


def test_intervals_that_share_a_number_agree(desk: Any) -> None:
    at = desk("On Monday 35 people were killed in Northam. More than 31 died there, it said.")
    assert at.found("R01", says(at, "c1", "35"), says(at, "c2", "more than 31")) == []


def test_two_open_numbers_are_a_warning_as_printed(desk: Any) -> None:
    at = desk("At least 35 people were killed in Northam. At least 31 died there, it said.")
    [finding] = at.found("R01", says(at, "c1", "at least 35"), says(at, "c2", "at least 31"))
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    "text",
    [
        "On Monday 35 people were killed in Northam. It had earlier counted 31 dead there.",
        "On Monday 35 people were killed in Northam. Another 31 died there.",
        "On Monday 35 people were killed in Northam. There were 31 more dead there.",
    ],
)
def test_a_printed_correction_or_further_people_are_no_second_number(desk: Any, text: str) -> None:
    at = desk(text)
    assert at.found("R01", says(at, "c1", "35"), says(at, "c2", "31")) == []


def test_people_listed_one_by_one_are_different_people(desk: Any) -> None:
    at = desk("On Monday a woman was killed in Northam. Five people died there.")
    assert at.found("R01", says(at, "c1", "a woman"), says(at, "c2", "35")) == []


def test_claims_without_claimant_place_and_date_cannot_be_told_to_be_the_same(desk: Any) -> None:
    at = desk("Some 35 people were killed. Then 31 were killed.")
    nowhere = {"claimant": None, "places": [], "period": None}
    assert at.found("R01", says(at, "c1", "35", **nowhere), says(at, "c2", "31", **nowhere)) == []


@pytest.mark.parametrize(("still", "finds"), [("18", 0), ("17", 2), ("20", 1)])
def test_a_later_toll_with_more_killed_and_fewer_injured_is_no_contradiction(
    desk: Any, still: str, finds: int
) -> None:
    at = desk(f"By noon 31 were killed and 20 injured; by night 33 killed and {still} injured.")
    hurt = {"outcome": "injured"}
    tolls = (
        says(at, "c1", "31"),
        says(at, "c2", "20", **hurt),
        says(at, "c3", "33"),
        says(at, "c4", still, **hurt),
    )
    assert len(at.found("R01", *tolls)) == finds


TWO_SIDES = "The ministry says 35 were killed in Northam; the army says 31."


def test_two_claimants_with_disjoint_numbers_are_shown_together(desk: Any) -> None:
    at = desk(TWO_SIDES)
    [finding] = at.found("R03", says(at, "c1", "35"), says(at, "c2", "31", claimant="army"))
    assert (finding.severity, finding.kind) == ("warning", "plausibility")
    assert finding.message == (
        "claimants differ on those killed in Northam: 35 according to Monitor (c1) and "
        "31 according to army (c2)"
    )
    assert len(finding.operands) == 2


def test_the_reports_own_voice_is_a_claimant_too(desk: Any) -> None:
    at = desk(TWO_SIDES)
    [finding] = at.found("R03", says(at, "c1", "35", claimant=None), says(at, "c2", "31"))
    assert "35 by the report (c1)" in finding.message


def test_claimants_whose_intervals_meet_agree(desk: Any) -> None:
    at = desk(TWO_SIDES)
    assert not at.found(
        "R03", says(at, "c1", "35"), says(at, "c2", "more than 31", claimant="army")
    )


def test_one_that_blames_nobody_may_speak_of_the_same_people(desk: Any) -> None:
    at = desk(TWO_SIDES)
    blamed = {"perpetrators": ["Army A"], "weapons": ["drone"], "victims": "civilians"}
    assert at.found("R03", says(at, "c1", "35", **blamed), says(at, "c2", "31", claimant="army"))


@pytest.mark.parametrize(
    "other",
    [
        {"outcome": "injured"},
        {"places": ["Southam"]},
        {"period": ("2024-12-03", "2024-12-03")},
        {"scope": "cumulative"},
        {"perpetrators": ["Militia B"]},
        {"victims": "combatants"},
        {"subgroups": {"fighters": "31"}},
        {"part_of": 0, "part_of_id": "c1"},
        {"claimant": "the  MONITOR"},
    ],
)
def test_claimants_who_speak_of_other_people_do_not_disagree(
    desk: Any, other: dict[str, Any]
) -> None:
    at = desk(TWO_SIDES)
    first = says(at, "c1", "35", perpetrators=["Army A"], victims="civilians")
    assert at.found("R03", first, says(at, "c2", "31", **({"claimant": "army"} | other))) == []


def test_those_who_died_in_custody_are_a_figure_of_their_own(desk: Any) -> None:
    at = desk("The union says 35 were detained and eight died; the army says nobody died: 0.")
    held = says(at, "c1", "35", outcome="detained")
    died = says(at, "c2", "eight", part_of=0, part_of_id="c1")
    assert len(at.found("R03", held, died, says(at, "c3", "0", claimant="army"))) == 1


def test_without_place_and_date_nothing_says_that_two_speak_of_the_same(desk: Any) -> None:
    at = desk(TWO_SIDES)
    nowhere = {"places": [], "period": None}
    claims = says(at, "c1", "35", **nowhere), says(at, "c2", "31", claimant="army", **nowhere)
    assert at.found("R03", *claims) == []


def test_the_order_of_the_claims_changes_nothing(desk: Any) -> None:
    at = desk(TEXT + " Others spoke of 8 or 12.")
    claims = [
        says(at, "c1", "35"),
        says(at, "c2", "31"),
        says(at, "c3", "8", claimant="army"),
        says(at, "c4", "12", claimant=None),
    ]

    def of_both(*order: Any) -> list[Finding]:
        found = check(at.record(*order), at.text, at.ledger)
        return [finding for finding in found if finding.rule in ("R01", "R03")]

    assert len(of_both(*claims)) == 2
    assert of_both(*claims) == of_both(*reversed(claims))
