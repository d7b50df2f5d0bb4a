"""G05: a count is as exact as the words beside its number."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("said", "read", "agree"),
    [
        ("At least 35 people", "at least 35", True),
        ("At least 35 people", "35", False),
        ("At least 35 people", "about 35", False),
        ("At least 35 people", "more than 35", False),
        ("Up to 35 people", "at most 35", True),
        ("Some 35 people", "about 35", True),
        ("Some 35 people", "35", False),
        ("35 people", "35", True),
        ("35 people", "at least 35", False),
    ],
)
def test_a_qualifier_is_the_one_beside_the_number(
    desk: Any, said: str, read: str, agree: bool
) -> None:
    at = desk(f"{said} were killed in Velm.")
    assert (at.read("G05", at.claim(total=read)) == []) is agree


def test_the_message_says_both(desk: Any) -> None:
    at = desk("At least 35 people were killed in Velm.")
    [finding] = at.read("G05", at.claim(total="35"))
    assert finding.severity == "warning"
    assert finding.message == (
        'total of killed (c1) is given as 35, but the report says "At least 35"'
    )


def test_a_range_is_no_single_number(desk: Any) -> None:
    at = desk("15 to 20 soldiers were killed in Velm.")
    lower = at.count("15 to 20", upper=None, qualifier="exact")
    [finding] = at.read("G05", at.claim(total=lower))
    assert 'is given as 15, but the report says "15 to 20"' in finding.message
    assert at.read("G05", at.claim(total="15 to 20")) == []


def test_a_headline_may_leave_the_qualifier_to_the_body(desk: Any) -> None:
    at = desk("31 killed in Velm\n\nAt least 31 people were killed in Velm, the mayor said.")
    assert at.read("G05", at.claim(total="at least 31")) == []
    alone = at.claim(total="at least 31", quote="31 killed in Velm")
    assert len(at.read("G05", alone)) == 1


def test_an_equal_number_of_the_same_sentence_lends_no_qualifier(desk: Any) -> None:
    at = desk("At least five women and five men were killed in Velm.")
    men = at.count("at least five", "five men")
    assert len(at.read("G05", at.claim(men=men))) == 1


def test_a_zero_needs_no_qualifier(desk: Any) -> None:
    at = desk("No people were killed in Velm.")
    assert at.read("G05", at.claim(total=at.count("no", qualifier="at_most"))) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Au moins 35 personnes ont été tuées à Velm."),
        ("es", "Al menos 35 personas murieron en Velm."),
        ("ar", "قتل ما لا يقل عن 35 شخصا في فيلم."),
    ],
)
def test_other_languages_have_their_qualifiers(desk: Any, language: str, text: str) -> None:
    at = desk(text, language)
    assert at.read("G05", at.claim(total="at least 35")) == []
    assert len(at.read("G05", at.claim(total="35"))) == 1


def test_a_number_that_may_stand_in_two_places_is_not_judged(desk: Any) -> None:
    at = desk("At least five women and five men were killed in Velm.")
    anywhere = at.count("five", start=None, end=None)
    assert at.read("G05", at.claim(men=anywhere)) == []
