"""F01: claims count people."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    "things", ["schools", "hospitals", "attacks", "rockets", "vehicles", "families", "sheep"]
)
def test_a_claim_of_places_or_things_is_an_error(desk: Any, things: str) -> None:
    at = desk(f"On Monday 30 {things} were hit and five people killed.")
    [finding] = at.found("F01", at.claim(total="30"))
    assert (finding.severity, finding.kind) == ("error", "extraction")
    assert finding.message == (
        f'total: 30 of killed (c1) counts "{things}" in the report, not people'
    )


@pytest.mark.parametrize("people", ["people", "hospital staff", "children", "deaths"])
def test_a_claim_of_people_is_fine(desk: Any, people: str) -> None:
    at = desk(f"On Monday 30 {people} were reported killed.")
    assert at.found("F01", at.claim(total="30")) == []


def test_a_number_without_a_known_noun_is_left_alone(desk: Any) -> None:
    at = desk("On Monday 30 were killed.")
    assert at.found("F01", at.claim(total="30")) == []


def test_arrests_are_people_detained_and_nothing_else(desk: Any) -> None:
    at = desk("The lawyers documented 30 arbitrary arrests after the shooting killed five.")
    assert at.found("F01", at.claim(total="30", outcome="detained")) == []
    assert len(at.found("F01", at.claim(total="30", outcome="killed"))) == 1


def test_a_count_without_a_place_is_fine_while_some_equal_number_may_be_people(desk: Any) -> None:
    at = desk("On Monday 30 schools were hit and 30 people killed.")
    somewhere = at.count("30", start=None, end=None)
    assert at.found("F01", at.claim(total=somewhere)) == []


def test_a_count_without_a_place_is_an_error_when_all_equal_numbers_are_things(desk: Any) -> None:
    at = desk("On Monday 30 schools were hit and five people killed.")
    somewhere = at.count("30", start=None, end=None)
    assert len(at.found("F01", at.claim(total=somewhere))) == 1
