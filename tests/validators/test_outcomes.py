"""A07: killed and injured are the casualties."""

from __future__ import annotations

from typing import Any

import pytest

TEXT = "In May 60 people were harmed: 20 were killed and 35 injured, among them nine children."


def three(at: Any, casualties: str = "60", **changes: dict[str, Any]) -> list[Any]:
    part = {"part_of": 0, "part_of_id": "c1"}
    return [
        at.claim("c1", outcome="casualties", total=casualties, **changes.get("whole", {})),
        at.claim("c2", **({"total": "20"} | part | changes.get("killed", {}))),
        at.claim("c3", outcome="injured", **({"total": "35"} | part | changes.get("injured", {}))),
    ]


def test_killed_and_injured_that_miss_the_casualties_are_an_error(desk: Any) -> None:
    at = desk(TEXT)
    [finding] = at.found("A07", *three(at, whole={"claimant": "Monitor"}))
    assert (finding.severity, finding.kind) == ("error", "contradiction")
    assert finding.message == (
        "killed + injured: 20 + 35 is not the 60 of casualties according to Monitor (c1)"
    )
    assert finding.claims == ["c1", "c2", "c3"]


def test_a_number_that_no_quote_holds_is_a_fault_of_extraction(desk: Any) -> None:
    at = desk(TEXT)
    [finding] = at.found("A07", *three(at, injured={"quote": "20 were killed"}))
    assert finding.kind == "extraction"
    assert "35 of c3 not read in its quotes" in finding.message


def test_killed_and_injured_that_make_up_the_casualties_are_fine(desk: Any) -> None:
    at = desk(TEXT.replace("60", "55"))
    assert at.found("A07", *three(at, "55")) == []


def test_children_are_summed_as_well(desk: Any) -> None:
    at = desk(
        "Of 55 people, 20 of them children, 20 died, nine children, and 35 were hurt, 8 of them."
    )
    children = {
        "whole": {"children": "20"},
        "killed": {"children": "nine"},
        "injured": {"children": "8"},
    }
    [finding] = at.found("A07", *three(at, "55", **children))
    assert finding.message == (
        "children killed + injured: 9 + 8 is not the 20 of children of casualties (c1)"
    )


def test_claims_of_the_same_slice_need_no_link(desk: Any) -> None:
    at = desk(TEXT)
    alike = {"claimant": "Monitor", "places": ["Northam"]}
    beside = alike | {"part_of": None, "part_of_id": None}
    assert at.found("A07", *three(at, whole=alike, killed=beside, injured=beside))


@pytest.mark.parametrize(
    "other",
    [
        {"claimant": "Ministry"},
        {"places": ["Southam"]},
        {"period": ("2024-11-01", "2024-11-30")},
        {"scope": "cumulative"},
        {"perpetrators": ["Army A"]},
        {"weapons": ["drone"]},
        {"victims": "civilians"},
        {"subgroups": {"students": "20"}},
    ],
)
def test_another_slice_is_not_summed(desk: Any, other: dict[str, Any]) -> None:
    at = desk(TEXT)
    free = {"part_of": None, "part_of_id": None}
    assert not at.found("A07", *three(at, killed=free | other, injured=free))


def test_a_narrower_part_is_not_the_whole_of_its_outcome(desk: Any) -> None:
    at = desk(TEXT)
    assert not at.found("A07", *three(at, killed={"places": ["Northam"]}))


def test_which_of_several_killed_claims_is_meant_cannot_be_told(desk: Any) -> None:
    at = desk(TEXT)
    again = at.claim("c4", total="nine", part_of=0, part_of_id="c1")
    assert not at.found("A07", *three(at), again)


def test_those_who_died_later_are_injured_and_killed(desk: Any) -> None:
    at = desk("In all 60 casualties, all of them injured; 20 died later.")
    died = {"part_of": 2, "part_of_id": "c3"}
    injured = {"total": "60"}
    assert at.found("A07", *three(at, killed=died, injured=injured)) == []


def test_intervals_that_can_add_up_do(desk: Any) -> None:
    at = desk("More than 50 people were harmed: 20 killed and about 35 injured, 58 in all.")
    assert not at.found("A07", *three(at, "58", injured={"total": "about 35"}))
    assert not at.found("A07", *three(at, "more than 50"))


def test_open_bounds_on_both_sides_are_compared_as_printed(desk: Any) -> None:
    at = desk("At least 60 people were harmed: 20 killed and at least 35 injured.")
    [finding] = at.found("A07", *three(at, "at least 60", injured={"total": "at least 35"}))
    assert finding.severity == "warning"
    assert "as printed" in finding.message


def test_where_two_of_the_three_are_printed_nothing_is_summed(desk: Any) -> None:
    at = desk(TEXT)
    assert at.found("A07", *three(at)[:2]) == []
    whole, killed, injured = three(at)
    derived = at.count("60", basis="derived", start=None, end=None)
    assert not at.found("A07", whole.model_copy(update={"total": derived}), killed, injured)
