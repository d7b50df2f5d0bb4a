"""R02: no claim stands twice."""

from __future__ import annotations

from typing import Any

import pytest

TEXT = "On Monday 35 people were killed in Northam. In all 35 people were killed there."


def test_an_exact_duplicate_is_an_error_that_names_both(desk: Any) -> None:
    at = desk(TEXT)
    first, second = at.claim("c1", total="35"), at.claim("c2", total="35", quote="In all 35 people")
    [finding] = at.found("R02", first, second)
    assert (finding.severity, finding.claims) == ("error", ["c1", "c2"])
    assert finding.message == "killed (c1) stands again as c2"


def test_three_equal_claims_are_one_finding(desk: Any) -> None:
    at = desk(TEXT)
    [finding] = at.found("R02", *(at.claim(f"c{n}", total="35") for n in (1, 2, 10)))
    assert finding.claims == ["c1", "c2", "c10"]


@pytest.mark.parametrize(
    "difference",
    [
        {"outcome": "injured"},
        {"claimant": "Red Cross"},
        {"total": "at least 35"},
        {"children": "35"},
        {"places": ["Northam"]},
        {"perpetrators": ["Army A"]},
        {"weapons": ["drone"]},
        {"period": ("2024-11-27", "2024-12-03")},
        {"scope": "cumulative"},
    ],
)
def test_claims_that_differ_in_anything_are_no_duplicates(
    desk: Any, difference: dict[str, Any]
) -> None:
    at = desk(TEXT)
    other = at.claim("c2", **({"total": "35"} | difference))
    assert at.found("R02", at.claim("c1", total="35"), other) == []


def test_names_written_otherwise_are_the_same_names(desk: Any) -> None:
    at = desk(TEXT)
    one = at.claim("c1", total="35", claimant="the Red Cross", places=["Northam", "Southam"])
    two = at.claim("c2", total="35", claimant="Red  cross", places=["Southam", "Northam"])
    assert len(at.found("R02", one, two)) == 1


def test_equal_slices_of_two_claims_are_no_duplicates(desk: Any) -> None:
    at = desk("In Northam 35 died, two by snipers. In Southam 30 died, two by snipers.")
    assert not at.found(
        "R02",
        at.claim("c1", total="35", places=["Northam"]),
        at.claim("c2", total="30", places=["Southam"]),
        at.claim("c3", total="two", part_of=0),
        at.claim("c4", total="two", part_of=1),
    )


def test_a_slice_beside_its_own_copy_is_a_duplicate(desk: Any) -> None:
    at = desk("In Northam 35 died, two by snipers.")
    whole = at.claim("c1", total="35")
    slices = [at.claim(id, total="two", part_of=0) for id in ("c2", "c3")]
    assert len(at.found("R02", whole, *slices)) == 1


def test_a_facility_that_stands_twice_is_an_error(desk: Any) -> None:
    at = desk("On Monday nine schools were hit.")
    twice = [at.facility(id, count="nine") for id in ("f1", "f2")]
    [finding] = at.found("R02", facilities=twice)
    assert finding.claims == ["f1", "f2"]
