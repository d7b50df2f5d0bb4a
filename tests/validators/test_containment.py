"""A05 and A06: claims that are part of another one."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.validators.containment import _apart_by_name, _apart_in_time, apart_on

PARTIES = (
    "A total of 149 civilians were killed, including 35 children. Of them 105, including 33 "
    "children, fell to Army A, 27 to Militia B, and 18, including four children, to Army C."
)


def part(at: Any, id: str, total: str, **fields: Any) -> Any:
    return at.claim(id, total=total, **({"part_of": 0, "part_of_id": "c1"} | fields))


def test_parts_by_party_above_the_whole_are_an_error_slot_by_slot(desk: Any) -> None:
    at = desk(PARTIES)
    findings = at.found(
        "A05",
        at.claim(total="149", children="35", claimant="Monitor"),
        part(at, "c2", "105", children="33", perpetrators=["Army A"]),
        part(at, "c3", "27", perpetrators=["Militia B"]),
        part(at, "c4", "18", children="four", perpetrators=["Army C"]),
    )
    assert [finding.message for finding in findings] == [
        "total of c2, c3 and c4 by perpetrator: 105 + 27 + 18 = 150 is more than the 149 of "
        "killed according to Monitor (c1)",
        "children of c2 and c4 by perpetrator: 33 + 4 = 37 is more than the 35 of killed "
        "according to Monitor (c1)",
    ]
    assert all(f.severity == "error" and f.kind == "contradiction" for f in findings)


def test_parts_that_leave_some_deaths_unattributed_are_fine(desk: Any) -> None:
    at = desk(PARTIES)
    assert not at.found(
        "A05",
        at.claim(total="149", children="35"),
        part(at, "c2", "105", children="33", perpetrators=["Army A"]),
        part(at, "c3", "27", perpetrators=["Militia B"]),
    )


def test_a_joint_attack_is_not_summed_with_those_of_its_parties(desk: Any) -> None:
    at = desk("In all 50 died: 30 by Army A, 15 by Militia B, and 12 by Army A and Militia B.")
    assert not at.found(
        "A05",
        at.claim(total="50"),
        part(at, "c2", "30", perpetrators=["Army A"]),
        part(at, "c3", "15", perpetrators=["the Militia B"]),
        part(at, "c4", "12", perpetrators=["Army A", "Militia B"]),
    )


def test_a_party_with_a_longer_name_may_be_the_same_party(desk: Any) -> None:
    at = desk("In all 50 died: 30 by the army, 25 by the Freeland army.")
    assert not at.found(
        "A05",
        at.claim(total="50"),
        part(at, "c2", "30", perpetrators=["army"]),
        part(at, "c3", "25", perpetrators=["Freeland army"]),
    )


@pytest.mark.parametrize(
    ("dimension", "first", "second"),
    [
        ("place", {"places": ["Northam"]}, {"places": ["Southam"]}),
        ("weapon", {"weapons": ["airstrike"]}, {"weapons": ["artillery"]}),
        (
            "period",
            {"period": ("2024-11-27", "2024-11-28")},
            {"period": ("2024-11-29", "2024-12-03")},
        ),
    ],
)
def test_each_dimension_is_summed_by_itself(
    desk: Any, dimension: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    at = desk("In all 50 died: 30 in the one, 25 in the other.")
    [finding] = at.found(
        "A05", at.claim(total="50"), part(at, "c2", "30", **first), part(at, "c3", "25", **second)
    )
    assert f"by {dimension}: 30 + 25 = 55" in finding.message


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"weapons": ["airstrike"]}, {"weapons": ["barrel_bomb"]}),
        ({"period": ("2024-11-27", "2024-11-28")}, {"period": ("2024-11-28", "2024-12-03")}),
        ({"places": ["Northam"]}, {"perpetrators": ["Army A"]}),
        ({}, {}),
    ],
)
def test_siblings_that_may_share_people_are_not_summed(
    desk: Any, first: dict[str, Any], second: dict[str, Any]
) -> None:
    at = desk("In all 50 died: 30 in the one, 25 in the other.")
    assert not at.found(
        "A05", at.claim(total="50"), part(at, "c2", "30", **first), part(at, "c3", "25", **second)
    )


def test_a_part_that_inherits_the_place_of_the_whole_is_not_summed_by_place(desk: Any) -> None:
    at = desk("In the valley 50 died, 30 of them soldiers; in Southam 25 died.")
    assert not at.found(
        "A05",
        at.claim(total="50", places=["the valley"]),
        part(at, "c2", "30", places=["the valley"]),
        part(at, "c3", "25", places=["Southam"]),
    )


def test_siblings_of_different_outcomes_are_not_summed(desk: Any) -> None:
    at = desk("There were 50 casualties: 30 killed in Northam and 25 injured in Southam.")
    assert not at.found(
        "A05",
        at.claim(total="50", outcome="casualties"),
        part(at, "c2", "30", places=["Northam"]),
        part(at, "c3", "25", places=["Southam"], outcome="injured"),
    )


def test_one_part_alone_is_no_more_than_the_whole(desk: Any) -> None:
    at = desk("In all 15 died, 20 of them women and children.")
    [finding] = at.found("A05", at.claim(total="15"), part(at, "c2", "20"))
    assert finding.message == "total of c2: 20 is more than the 15 of killed (c1)"


def test_parts_of_an_open_whole_are_compared_as_printed(desk: Any) -> None:
    at = desk("In all at least 50 died: 30 in Northam, 25 in Southam.")
    [finding] = at.found(
        "A05",
        at.claim(total="at least 50"),
        part(at, "c2", "30", places=["Northam"]),
        part(at, "c3", "25", places=["Southam"]),
    )
    assert finding.severity == "warning"


def test_those_who_died_later_move_from_the_injured_to_the_killed(desk: Any) -> None:
    at = desk("On Monday 10 people were injured; three of them died later.")
    whole = at.claim(total="10", outcome="injured")
    assert at.check(whole, part(at, "c2", "three")) == []


@pytest.mark.parametrize(
    ("whole", "inside", "fits"),
    [
        ("killed", "killed", True),
        ("casualties", "killed", True),
        ("casualties", "injured", True),
        ("detained", "killed", True),
        ("missing", "killed", True),
        ("abducted", "killed", True),
        ("killed", "injured", False),
        ("injured", "detained", False),
        ("displaced", "killed", False),
    ],
)
def test_an_outcome_holds_only_some_others(desk: Any, whole: str, inside: str, fits: bool) -> None:
    at = desk("There were 50 victims, 30 of them killed.")
    findings = at.found(
        "A06", at.claim(total="50", outcome=whole), part(at, "c2", "30", outcome=inside)
    )
    assert bool(findings) is not fits


def test_a_part_of_another_claimants_figure_is_an_error(desk: Any) -> None:
    at = desk("In all 50 died, 30 of them in Northam.")
    [finding] = at.found(
        "A06", at.claim(total="50", claimant="Red Cross"), part(at, "c2", "30", claimant="Army A")
    )
    assert finding.message == (
        "killed according to Army A (c2) is part of killed according to Red Cross (c1), "
        "a figure of another claimant"
    )
    assert finding.kind == "extraction"


@pytest.mark.parametrize("claimant", ["the  RED Cross", None])
def test_a_claimant_written_otherwise_or_inherited_is_the_same(
    desk: Any, claimant: str | None
) -> None:
    at = desk("In all 50 died, 30 of them in Northam.")
    assert not at.found(
        "A06", at.claim(total="50", claimant="Red Cross"), part(at, "c2", "30", claimant=claimant)
    )


def test_a_part_outside_the_period_of_the_whole_is_an_error(desk: Any) -> None:
    at = desk("In all 50 died, 30 of them in Northam.")
    [finding] = at.found(
        "A06",
        at.claim(total="50", scope="period", period=("2024-11-27", "2024-12-03")),
        part(at, "c2", "30", period=("2024-12-04", "2024-12-04")),
    )
    assert "2024-12-04, outside 2024-11-27 to 2024-12-03" in finding.message


@pytest.mark.parametrize(
    "later",
    [{"outcome": "killed", "total": "30"}, {"outcome": "injured", "scope": "snapshot"}],
)
def test_people_of_one_event_die_or_lie_in_hospital_on_later_days(
    desk: Any, later: dict[str, Any]
) -> None:
    at = desk("On Monday 50 were injured; 30 of them died, or were still in hospital, on Friday.")
    whole = at.claim(total="50", outcome="injured", period=("2024-12-02", "2024-12-02"))
    fields = {"total": "30", "part_of": 0, "part_of_id": "c1"} | later
    after = at.claim("c2", period=("2024-12-06", "2024-12-06"), **fields)
    before = at.claim("c2", period=("2024-11-30", "2024-11-30"), **fields)
    assert at.found("A06", whole, after) == []
    assert len(at.found("A06", whole, before)) == 1


def test_those_injured_in_one_event_are_not_injured_on_later_days(desk: Any) -> None:
    at = desk("On Monday 50 were injured, 30 of them on Friday.")
    whole = at.claim(total="50", outcome="injured", period=("2024-12-02", "2024-12-02"))
    friday = ("2024-12-06", "2024-12-06")
    assert len(at.found("A06", whole, part(at, "c2", "30", outcome="injured", period=friday))) == 1


def test_a_part_inside_an_open_period_is_fine(desk: Any) -> None:
    at = desk("In all 50 died, 30 of them in Northam.")
    assert not at.found(
        "A06",
        at.claim(total="50", period=("2011-03-01", None)),
        part(at, "c2", "30", period=("2024-12-04", None)),
    )


def test_places_are_not_compared_since_a_town_may_lie_in_the_region(desk: Any) -> None:
    at = desk("In all 50 died, 30 of them in Northam.")
    assert not at.found(
        "A06", at.claim(total="50", places=["Highland"]), part(at, "c2", "30", places=["Northam"])
    )


def test_a_circle_of_parts_is_found_once(desk: Any) -> None:
    at = desk("In all 50 died.")
    findings = at.found(
        "A06",
        at.claim("c1", total="50", part_of=2),
        at.claim("c2", total="50", part_of=0),
        at.claim("c3", total="50", part_of=1),
        at.claim("c4", total="50", part_of=1),
    )
    assert [finding.claims for finding in findings] == [["c1", "c2", "c3"]]


def test_a_claim_that_is_part_of_itself_is_an_error(desk: Any) -> None:
    at = desk("In all 50 died.")
    [finding] = at.found("A06", at.claim(total="50", part_of=0))
    assert finding.message == "killed (c1) is part of itself"


@pytest.mark.parametrize("index", [7, -1])
def test_a_parent_that_does_not_exist_is_an_error(desk: Any, index: int) -> None:
    at = desk("In all 50 died.")
    [finding] = at.found("A06", at.claim(total="50", part_of=index))
    assert "a claim that does not exist" in finding.message


def test_index_and_id_of_the_parent_must_agree(desk: Any) -> None:
    at = desk("In all 50 died, 30 of them in Northam.")
    [finding] = at.found("A06", at.claim(total="50"), part(at, "c2", "30", part_of_id="c9"))
    assert finding.fields == ["part_of"]


def test_a_part_of_another_party_than_the_whole_is_a_warning(desk: Any) -> None:
    at = desk("Army A killed 50 people. Militia B killed 30 people.")
    whole = at.claim(total="50", perpetrators=["Army A"], quote="Army A killed 50 people.")
    quote = "Militia B killed 30 people."
    [finding] = at.found(
        "A06", whole, part(at, "c2", "30", perpetrators=["Militia B"], quote=quote)
    )
    assert finding.severity == "warning"
    assert (
        finding.message
        == "killed (c2) is of Militia B, but part of killed (c1), which is of Army A"
    )
    own = part(at, "c2", "30", perpetrators=["the army A"], quote=quote)
    assert at.found("A06", whole, own) == []


def test_a_part_whose_quote_names_the_party_of_the_whole_is_explained(desk: Any) -> None:
    at = desk("Army A killed 50 people. Its air force, which Army A denies, killed 30 of them.")
    quote = "Its air force, which Army A denies, killed 30 of them."
    whole = at.claim(total="50", perpetrators=["Army A"], quote="Army A killed 50 people.")
    assert (
        at.found("A06", whole, part(at, "c2", "30", perpetrators=["air force"], quote=quote)) == []
    )


def test_places_are_compared_for_parts_of_parts_alone(desk: Any) -> None:
    at = desk("In all 50 died: 30 in Northam, 8 in Westby.")
    whole = at.claim(total="50", places=["Norland"])
    north = part(at, "c2", "30", places=["Northam"], quote="30 in Northam")
    west = {"places": ["Westby"], "quote": "8 in Westby"}
    assert at.found("A06", whole, north, part(at, "c3", "8", **west)) == []
    [finding] = at.found(
        "A06", whole, north, part(at, "c3", "8", part_of=1, part_of_id="c2", **west)
    )
    assert (finding.severity, finding.fields) == ("warning", ["places"])


NAMES = {
    "places": st.sampled_from(["Northam", "Old Northam", "Northam Hill", "the Hill", "Ost"]),
    "weapons": st.sampled_from(["airstrike", "drone", "artillery", "rocket", "sniper"]),
}


@pytest.mark.parametrize("dimension", NAMES)
@given(drawn=st.data())
def test_summed_parts_share_no_name_and_each_other_part_shares_one_with_them(
    desk: Any, dimension: str, drawn: st.DataObject
) -> None:
    at = desk("In all 1 died: 1 here and 1 there.")
    found = drawn.draw(st.lists(st.lists(NAMES[dimension], min_size=1, max_size=2), max_size=9))
    parts = [part(at, f"c{n + 2}", "1", **{dimension: one}) for n, one in enumerate(found)]
    for finding in at.found("A05", at.claim(total="1"), *parts):
        summed = [claim for claim in parts if claim.id in finding.claims]
        for one in parts:
            shares = [other for other in summed if other is not one and not apart_on(one, other)]
            assert bool(shares) is (one not in summed)


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(0, 5)), max_size=7),
    st.integers(0, 12),
)
def test_of_parts_by_day_those_are_summed_that_hold_most_people(
    desk: Any, drawn: list[tuple[int, int, int]], whole: int
) -> None:
    at = desk("In all some died: some here and some there.")

    def counted(number: int) -> Any:
        return at.count("5", value=number, as_written=str(number))

    parts = [
        at.claim(
            f"c{n + 2}",
            total=counted(people),
            part_of=0,
            period=(f"2024-12-0{min(ends)}", f"2024-12-0{max(ends)}"),
        )
        for n, (*ends, people) in enumerate(drawn)
        if people <= whole
    ]
    most = max(
        sum(part.total.value for part in some)
        for size in range(len(parts) + 1)
        for some in combinations(parts, size)
        if all(apart_on(one, other) for one, other in combinations(some, 2))
    )
    findings = at.found("A05", at.claim(total=counted(whole)), *parts)
    assert bool(findings) is (most > whole)
    assert all(f"= {most} is more than the {whole}" in finding.message for finding in findings)


def test_a_long_broken_sum_is_told_in_one_line(desk: Any) -> None:
    at = desk("In all 5 died, 5 of them there.")
    parts = [part(at, f"c{n}", "5", places=[f"Village {n}"]) for n in range(2, 502)]
    [finding] = at.found("A05", at.claim(total="5"), *parts)
    assert len(finding.operands) == 501
    assert "5 + 5 + 5 + 5 + 5 + 5 + … + 5 = 2500 is more than the 5" in finding.message


@pytest.mark.parametrize("slices", [_apart_by_name, _apart_in_time])
def test_many_parts_are_told_apart_in_time_that_grows_with_their_number(slices: Any) -> None:
    compared = Counter[int]()

    class Watched(frozenset[Any]):
        def __le__(self, other: Any) -> bool:
            compared[size] += 1
            return super().__le__(other)

    class Day(date):
        def __lt__(self, other: date) -> bool:
            compared[size] += 1
            return super().__lt__(other)

    term = SimpleNamespace(count=SimpleNamespace(low=1))
    for size in (200, 400):
        days = [Day.fromordinal(700_000 + n) for n in range(size)]
        parts = [
            (
                term,
                frozenset({Watched({"village", n})} if slices is _apart_by_name else {(day, day)}),
            )
            for n, day in enumerate(days)
        ]
        assert len(slices(parts)) == size
    assert compared[400] <= 3 * compared[200] + 400  # each with each: four times as many
