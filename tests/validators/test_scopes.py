"""A09: a longer time holds no fewer people than a shorter one."""

from __future__ import annotations

from typing import Any

import pytest

TEXT = "Since March 20 have died in Northam, 35 in the past week and nine on Monday."
MARCH = ("2024-03-01", None)
WEEK = ("2024-11-25", "2024-12-01")


def since(at: Any, total: str = "20", **fields: Any) -> Any:
    common = {"scope": "cumulative", "period": MARCH, "places": ["Northam"], "claimant": "Monitor"}
    return at.claim("c1", total=total, **(common | fields))


def week(at: Any, total: str = "35", **fields: Any) -> Any:
    common = {"scope": "period", "period": WEEK, "places": ["Northam"], "claimant": "the Monitor"}
    return at.claim("c2", total=total, **(common | fields))


def test_a_week_above_the_toll_since_march_is_a_warning(desk: Any) -> None:
    at = desk(TEXT)
    [finding] = at.found("A09", since(at), week(at))
    assert (finding.severity, finding.kind) == ("warning", "contradiction")
    assert finding.message == (
        "total of killed according to the Monitor (c2): 35 of one period is more than the 20 of "
        "the cumulative count, killed according to Monitor (c1)"
    )


def test_a_week_up_to_the_toll_since_march_is_fine(desk: Any) -> None:
    at = desk(TEXT)
    assert at.found("A09", since(at, "35"), week(at)) == []
    assert at.found("A09", since(at, "more than 35"), week(at)) == []


def test_an_incident_is_held_by_the_week_and_told_once(desk: Any) -> None:
    at = desk(TEXT)
    monday = {"scope": "incident", "period": ("2024-11-25", "2024-11-25")}
    [finding] = at.found(
        "A09",
        since(at, "20"),
        week(at, "nine"),
        week(at, "35").model_copy(
            update={"id": "c3", "scope": "incident", "period": week(at, **monday).period}
        ),
    )
    assert finding.claims == ["c2", "c3"]
    assert "35 of one incident is more than the 9 of the period count" in finding.message


@pytest.mark.parametrize(
    "other",
    [
        {"claimant": "Ministry"},
        {"places": ["Southam"]},
        {"outcome": "injured"},
        {"period": ("2024-02-01", "2024-02-07")},
        {"scope": "snapshot"},
        {"subgroups": {"students": "35"}},
    ],
)
def test_another_claimant_place_outcome_or_time_is_not_compared(
    desk: Any, other: dict[str, Any]
) -> None:
    at = desk(TEXT)
    assert at.found("A09", since(at), week(at, **other)) == []


@pytest.mark.parametrize(
    "narrow",
    [
        {"perpetrators": ["Army A"]},
        {"weapons": ["drone"]},
        {"victims": "civilians"},
        {"part_of": 1, "part_of_id": "c2"},
    ],
)
def test_a_longer_count_of_some_people_holds_only_these(desk: Any, narrow: dict[str, Any]) -> None:
    at = desk(TEXT)
    assert at.found("A09", since(at, **narrow), week(at)) == []


def test_a_week_of_some_people_is_held_by_the_toll_of_all(desk: Any) -> None:
    at = desk(TEXT)
    assert at.found("A09", since(at), week(at, perpetrators=["Army A"], weapons=["drone"]))


def test_undated_counts_are_held_by_a_cumulative_one_alone(desk: Any) -> None:
    at = desk(TEXT)
    assert at.found("A09", since(at), week(at, period=None))
    undated = week(at, period=None).model_copy(update={"scope": "incident"})
    assert at.found("A09", since(at, scope="period", period=WEEK), undated) == []


def test_an_open_toll_is_compared_as_printed(desk: Any) -> None:
    at = desk(TEXT)
    [finding] = at.found("A09", since(at, "more than 20"), week(at))
    assert "35 of one period is more than the more than 20" in finding.message


def test_children_are_compared_as_well(desk: Any) -> None:
    at = desk("Since March 35 have died, two of them children; nine children in the past week.")
    group = week(at, "nine", children="nine")
    assert at.found("A09", since(at, "35", children="two"), group) == []  # a slice of its own
    [finding] = at.found("A09", since(at, "35", children="two"), week(at, "35", children="nine"))
    assert finding.fields == ["children"]
