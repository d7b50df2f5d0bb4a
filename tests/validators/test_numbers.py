"""N01 to N04: counts that make sense, printed zeros, numbers that may be others."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize(
    ("text", "slot", "words", "denied"),
    [
        ("Nobody was killed in Velm.", "total", "Nobody", True),
        ("35 people were killed in Velm, no children.", "children", "no", True),
        ("35 people were killed, none of them women.", "women", "none", True),
        ("35 people were killed and no help came.", "children", "no", False),
        ("35 people were killed in Velm.", "children", "0", False),
        ("35 people were killed in Velm.", "total", "0", False),
        ("35 men died, no fewer than five women too.", "women", "no", False),
        ("35 people were killed in Velm.", "total", "people", False),
    ],
)
def test_a_zero_is_printed(desk: Any, text: str, slot: str, words: str, denied: bool) -> None:
    at = desk(text)
    zero = at.count(words, value=0, qualifier="exact", start=None, end=None)
    found = at.read("N02", at.claim(**{slot: zero}))
    assert [f.severity for f in found] == ["error"] * (not denied)


def test_a_table_prints_its_zeros(desk: Any) -> None:
    at = desk("District   Killed   Children\nVelm       35       0\nKandor     12       3\n")
    zero = at.count("0", value=0)
    assert at.read("N02", at.claim(total="35", children=zero, quote=at.text.split("\n")[1])) == []


def test_a_denial_of_another_quote_is_none(desk: Any) -> None:
    at = desk("35 people were killed in Velm. No children died in Kandor.")
    zero = at.count("No", value=0, qualifier="exact", start=None, end=None)
    claim = at.claim(total="35", children=zero, quote="35 people were killed in Velm.")
    assert len(at.read("N02", claim)) == 1


def test_arabic_denials_are_read(desk: Any) -> None:
    at = desk("قتل 35 شخصا ولا أطفال بينهم.", "ar")
    zero = at.count("لا", value=0, qualifier="exact", start=None, end=None)
    silent = at.count("صفر", value=0, qualifier="exact", start=None, end=None)
    assert len(at.read("N02", at.claim(total="35", children=silent))) == 1
    assert at.read("N02", at.claim(total="35", children=zero)) == []


@pytest.mark.parametrize(
    ("said", "findings"),
    [
        ("1950 people were killed", 0),
        ("1950 killed in Velm", 1),
        ("1,950 were killed", 0),
        ("The toll of 1950 was high, and people were killed", 1),
        ("In 1950 people of Velm were killed", 1),
        ("2150 was the toll of those killed", 0),
    ],
)
def test_a_bare_year_is_told(desk: Any, said: str, findings: int) -> None:
    at = desk(f"{said}.")
    number = re.search(r"\d[\d,]*", said)
    assert number is not None
    value = int(number.group().replace(",", ""))
    total = at.count(number.group(), value=value, qualifier="exact").model_copy(
        update={"start": number.start(), "end": number.end()}
    )
    found = at.read("N03", at.claim(total=total))
    assert [f.severity for f in found] == ["warning"] * findings


@pytest.mark.parametrize(
    ("text", "words", "language", "findings"),
    [
        ("1.234 people were killed.", "1.234", "en", 1),
        ("1.234 people were killed, 2,500 hurt.", "1.234", "en", 0),
        ("1.234 personas murieron.", "1.234", "es", 0),
        ("1,234 people were killed.", "1,234", "en", 0),
        ("1O people were killed.", "1O", "en", 1),
        ("l2 people were killed.", "l2", "en", 1),
        ("12 people were killed.", "12", "en", 0),
        ("One person was killed.", "One", "en", 0),
    ],
)
def test_numbers_are_written_clearly(
    desk: Any, text: str, words: str, language: str, findings: int
) -> None:
    at = desk(text, language)
    start = text.index(words)
    total = at.count("12").model_copy(
        update={"as_written": words, "start": start, "end": start + len(words)}
    )
    found = at.read("N04", at.claim(total=total))
    assert [f.severity for f in found] == ["warning"] * findings
