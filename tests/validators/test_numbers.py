"""N01: counts that make sense in themselves."""

from __future__ import annotations

from typing import Any

import pytest

TEXT = "On Monday 15 people were killed."


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"qualifier": "vague"}, "is vague and yet has the value 15"),
        ({"value": None}, "has no value though its qualifier is exact"),
        ({"qualifier": "range"}, "is a range without an upper number"),
        ({"qualifier": "range", "upper": 15}, "upper number 15 is not above 15"),
        ({"qualifier": "range", "upper": 12}, "upper number 12 is not above 15"),
        ({"qualifier": "fewer_than", "value": 0}, "is fewer than nobody"),
        ({"low": 20, "high": 15}, "allows no number: 20 is more than 15"),
        ({"high": None}, "has the bounds 15 and up instead of 15 to 15"),
    ],
)
def test_a_count_without_sense_is_an_error(desk: Any, changes: dict[str, Any], words: str) -> None:
    at = desk(TEXT)
    findings = at.found("N01", at.claim(total=at.count("15", **changes)))
    assert any(words in finding.message for finding in findings)
    assert all(f.severity == "error" and f.fields == ["total"] for f in findings)


@pytest.mark.parametrize(
    "words", ["15", "at least 15", "at most 15", "about 15", "more than 15", "fewer than 15"]
)
def test_every_qualifier_makes_sense_with_a_value(desk: Any, words: str) -> None:
    at = desk(f"On Monday {words} people were killed.")
    assert at.found("N01", at.claim(total=words)) == []


def test_a_range_and_a_vague_word_make_sense(desk: Any) -> None:
    at = desk("On Monday 15 to 17 were killed and dozens injured.")
    claims = at.claim(total="15 to 17"), at.claim("c2", outcome="injured", total="dozens")
    assert at.found("N01", *claims) == []


def test_bounds_of_an_older_policy_are_left_alone(desk: Any) -> None:
    at = desk("On Monday about 15 people were killed.")
    assert at.found("N01", at.claim(total=at.count("about 15", low=12, high=18))) == []


def test_a_count_of_facilities_is_checked_too(desk: Any) -> None:
    at = desk("On Monday 15 schools were hit.")
    broken = at.facility(count=at.count("15", low=20, high=15))
    assert len(at.found("N01", facilities=[broken])) == 1
