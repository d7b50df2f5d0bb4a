"""G08: the outcome of a claim is told by the words beside its number."""

from __future__ import annotations

from typing import Any

import pytest

BOTH = "12 people were killed and 30 injured in Velm."


def test_outcomes_as_they_are_told_are_silent(desk: Any) -> None:
    at = desk(BOTH)
    killed, injured = at.claim("c1", total="12"), at.claim("c2", outcome="injured", total="30")
    assert at.read("G08", killed, injured) == []


def test_exchanged_outcomes_are_errors(desk: Any) -> None:
    at = desk(BOTH)
    found = at.read(
        "G08", at.claim("c1", outcome="injured", total="12"), at.claim("c2", total="30")
    )
    assert [(f.claims, f.severity) for f in found] == [(["c1"], "error"), (["c2"], "error")]
    assert found[1].message == (
        'the people of killed (c2) are given as killed, but the report tells of them with "injured"'
    )


@pytest.mark.parametrize(
    "text",
    [
        "Shells killed 12 people and injured 30 in Velm.",
        "12 people killed, 30 injured in Velm.",
        "Killing 12 villagers and wounding at least 30, the raid ended in Velm.",
        "There were 12 deaths and 30 injuries in Velm.",
    ],
)
def test_each_number_has_its_own_word(desk: Any, text: str) -> None:
    at = desk(text)
    right = at.claim("c1", total="12"), at.claim("c2", outcome="injured", total="30")
    wrong = at.claim("c1", outcome="injured", total="12"), at.claim("c2", total="30")
    assert at.read("G08", *right) == []
    assert [f.claims for f in at.read("G08", *wrong)] == [["c1"], ["c2"]]


def test_parts_after_their_toll_have_its_word(desk: Any) -> None:
    at = desk("The raid left 12 dead. The victims included five women.")
    assert at.read("G08", at.claim(women="five", quote="The victims included five women.")) == []


def test_the_word_may_stand_in_a_heading(desk: Any) -> None:
    at = desk("Killed by district:\n- Velm 12\n- Kandor 30\n")
    assert at.read("G08", at.claim(total="12", quote="Velm 12")) == []
    assert len(at.read("G08", at.claim(outcome="injured", total="12", quote="Velm 12"))) == 1


def test_casualties_are_told_by_the_dead_or_the_wounded(desk: Any) -> None:
    at = desk("12 people were killed in Velm.")
    assert at.read("G08", at.claim(outcome="casualties", total="12")) == []


def test_other_outcomes_are_a_warning(desk: Any) -> None:
    at = desk("12 people were killed in Velm.")
    [finding] = at.read("G08", at.claim(outcome="displaced", total="12"))
    assert finding.severity == "warning"


@pytest.mark.parametrize("outcome", ["killed", "detained", "missing"])
def test_quotes_without_a_casualty_word_are_not_judged(desk: Any, outcome: str) -> None:
    at = desk("12 people had not come home to Velm.")
    assert at.read("G08", at.claim(outcome=outcome, total="12")) == []


def test_a_language_without_casualty_words_is_not_judged(desk: Any) -> None:
    at = desk("12 Menschen wurden in Velm verletzt.", "de")
    assert at.read("G08", at.claim(total="12")) == []


def test_arabic_quotes_are_judged_as_a_whole(desk: Any) -> None:
    at = desk("أصيب 12 شخصا في البلدة.", "ar")
    assert at.read("G08", at.claim(outcome="injured", total="12")) == []
    [finding] = at.read("G08", at.claim(total="12"))
    assert finding.severity == "error"


def test_a_part_told_of_the_injured_is_no_part_of_the_killed(desk: Any) -> None:
    at = desk("A blast killed 12 people and wounded 30 in Velm. The injured included five women.")
    injured = at.claim("c2", outcome="injured", total="30", women="five")
    assert at.read("G08", at.claim("c1", total="12"), injured) == []
    moved = at.claim("c1", total="12", women="five")
    [finding] = at.read("G08", moved, at.claim("c2", outcome="injured", total="30"))
    assert (finding.severity, finding.claims, finding.fields) == ("error", ["c1"], ["women"])
    assert finding.message == 'women of killed (c1): the report tells of 5 with "injured"'


def test_a_part_with_a_word_of_its_own_has_that(desk: Any) -> None:
    at = desk("12 people died and 30 were hurt. Children, with 4 killed and 5 injured, bore most.")
    injured = at.claim("c2", outcome="injured", total="30", children="5")
    assert at.read("G08", at.claim("c1", total="12", children="4"), injured) == []
