"""G07 and G09: numbers stand in the slot of their group, parts with their own total."""

from __future__ import annotations

from typing import Any

import pytest

TOLL = "40 people were killed in Velm, including 33 children and 5 women."


def test_groups_in_their_slots_are_silent(desk: Any) -> None:
    at = desk(TOLL)
    assert at.read("G07", at.claim(total="40", children="33", women="5")) == []


def test_children_and_women_exchanged_are_errors(desk: Any) -> None:
    at = desk(TOLL)
    swapped = at.read("G07", at.claim(total="40", children="5", women="33"))
    assert [(f.severity, f.fields) for f in swapped] == [
        ("error", ["women"]),
        ("error", ["children"]),
    ]
    assert swapped[0].message == (
        '33 stands as women of killed (c1), but the report says "33 children"'
    )


def test_all_people_are_no_part(desk: Any) -> None:
    at = desk(TOLL)
    [finding] = at.read("G07", at.claim(children="40"))
    assert finding.severity == "error"


@pytest.mark.parametrize(
    "text",
    [
        "40 people were killed in Velm. Of the victims 33 people were children.",
        "Children, with 40 killed and 33 injured, were hit hardest in Velm.",
    ],
)
def test_a_group_told_in_other_words_is_a_part(desk: Any, text: str) -> None:
    at = desk(text)
    assert at.read("G07", at.claim(children="33")) == []


def test_a_slice_needs_its_group(desk: Any) -> None:
    at = desk("14 children were killed in Velm.")
    assert at.read("G07", at.claim(total="14", children="14")) == []
    [finding] = at.read("G07", at.claim(total="14"))
    assert finding.severity == "warning"


def test_two_groups_together_are_neither(desk: Any) -> None:
    at = desk("35 women and children were killed in Velm.")
    [finding] = at.read("G07", at.claim(women="35"))
    assert finding.severity == "error" and '"35 women and children"' in finding.message
    assert at.read("G07", at.claim(total="35")) == []


@pytest.mark.parametrize(
    ("said", "group", "findings"),
    [
        ("12 soldiers", "security_forces", 0),
        ("12 soldiers", "fighters", 0),
        ("12 soldiers", "journalists", 1),
        ("12 journalists", "students", 1),
        ("12 boys", "boys", 0),
        ("12 girls", "boys", 1),
    ],
)
def test_subgroups_have_their_nouns(desk: Any, said: str, group: str, findings: int) -> None:
    at = desk(f"{said} were killed in Velm.")
    claim = at.claim(total="12", subgroups={group: "12"})
    found = [f for f in at.read("G07", claim) if f.fields != ["total"]]
    assert [f.severity for f in found] == ["warning"] * findings


def test_boys_and_girls_are_children(desk: Any) -> None:
    at = desk("12 girls were killed in Velm.")
    assert at.read("G07", at.claim(total="12", children="12", subgroups={"girls": "12"})) == []


def test_a_language_without_a_lexicon_is_not_judged(desk: Any) -> None:
    at = desk("40 Menschen starben in Velm, darunter 33 Kinder und 5 Frauen.", "de")
    assert at.read("G07", at.claim(total="40", children="5", women="33")) == []


PARTIES = "105 civilians were killed by the Orel Front, including 33 children, and 44 by the army."
TWO = "The Orel Front killed 105 people and the army 44 people, including 12 children."


def parties(desk: Any, text: str, first: Any = None, second: Any = None) -> Any:
    at = desk(text)
    return at.read(
        "G09",
        at.claim("c1", total="105", children=first),
        at.claim("c2", total="44", children=second),
    )


def test_a_part_of_the_total_before_it_is_silent(desk: Any) -> None:
    assert parties(desk, PARTIES, first="33") == []
    assert parties(desk, TWO, second="12") == []


def test_a_part_behind_another_total_is_probably_its(desk: Any) -> None:
    [finding] = parties(desk, TWO, first="12")
    assert (finding.severity, finding.claims) == ("warning", ["c1", "c2"])
    assert 'stands behind the "44" of killed (c2)' in finding.message
    [finding] = parties(desk, PARTIES, second="33")
    assert finding.claims == ["c2", "c1"]


def test_a_bracket_opens_parts_and_closes_them(desk: Any) -> None:
    text = "The Front killed 105 people and the army 44 people (12 children)."
    assert len(parties(desk, text, first="12")) == 1
    text = "The army killed 44 people (with mortars) and the Front 105 people, of them 12 children."
    assert parties(desk, text, first="12") == []


def test_parts_behind_a_breakdown_may_be_of_the_whole(desk: Any) -> None:
    at = desk("Of 149 people killed, 105 died by the Front and 44 by the army; 35 were children.")
    whole = at.claim("c1", total="149", children="35")
    parts = [
        at.claim("c2", total="105", part_of=0, part_of_id="c1"),
        at.claim("c3", total="44", part_of=0, part_of_id="c1"),
    ]
    assert at.read("G09", whole, *parts) == []


def test_totals_of_another_outcome_own_no_part(desk: Any) -> None:
    at = desk("The raid killed 12 people and injured 30 people, including 5 children.")
    killed = at.claim("c1", total="12", children="5")
    assert at.read("G09", killed, at.claim("c2", outcome="injured", total="30")) == []


def test_a_part_before_its_claims_total_is_of_the_total_before_it(desk: Any) -> None:
    at = desk("31 people, including 6 children, were killed and 44 others wounded in Velm.")
    killed = at.claim("c1", total="31")
    injured = at.claim("c2", outcome="injured", total="44", children="6")
    [finding] = at.read("G09", killed, injured)
    assert finding.claims == ["c2", "c1"]


def test_a_total_given_before_may_own_the_part(desk: Any) -> None:
    at = desk("12 died and 30 were hurt, including 6 children; of the 30 many are in Velm.")
    killed = at.claim("c1", total="12")
    assert at.read("G09", killed, at.claim("c2", outcome="injured", total="30", children="6")) == []


@pytest.mark.parametrize(
    ("said", "group", "findings"),
    [("elderly women", "women", 0), ("elderly women", "men", 1), ("boys", "men", 1)],
)
def test_older_people_are_men_or_women_as_they_are_called(
    desk: Any, said: str, group: str, findings: int
) -> None:
    at = desk(f"35 people were killed in Velm, among them 12 {said}.")
    assert len(at.read("G07", at.claim(total="35", **{group: "12"}))) == findings
