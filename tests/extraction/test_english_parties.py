"""English reports read by rule: who is blamed and who speaks."""

from __future__ import annotations

import pytest
from extraction.by_rule import read, value

# --- parties ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "party", "attribution"),
    [
        ("Seven civilians were killed by the Ardan army.", "Ardan army", "stated"),
        ("The Ardan army killed seven civilians.", "Ardan army", "stated"),
        ("Ardan forces shelled Pell, killing seven civilians.", "Ardan forces", "stated"),
        ("The Ardan army was responsible for 30 deaths.", "Ardan army", "stated"),
        (
            "Nine people were killed in an attack blamed on the Black Banner.",
            "Black Banner",
            "alleged",
        ),
        ("Residents accused the Ardan army of killing seven people.", "Ardan army", "alleged"),
        (
            "The Black Banner claimed responsibility for the bombing that killed 9 people.",
            "Black Banner",
            "claimed",
        ),
    ],
)
def test_a_party_is_blamed_by_its_verb(text: str, party: str, attribution: str) -> None:
    (claim,) = read(text).claims
    assert (claim.perpetrators, claim.attribution) == ([party], attribution)


def test_a_number_without_a_noun_goes_with_the_party_it_stands_for() -> None:
    claims = read(
        "Fifty civilians were killed in May. The Ardan army was responsible for 30 deaths, and "
        "the Black Banner for 20."
    ).claims
    assert [(value(c.total), c.perpetrators, c.part_of) for c in claims] == [
        (50, [], None),
        (30, ["Ardan army"], 0),
        (20, ["Black Banner"], 0),
    ]


def test_each_slice_has_the_party_behind_its_by_and_unidentified_gunmen_are_none() -> None:
    _, army, banner, unknown = read(
        "The network documented 50 deaths in May. Of these 50, 30 were killed by the Ardan army, "
        "12 by the Black Banner and 8 by unidentified gunmen."
    ).claims
    assert [c.perpetrators for c in (army, banner, unknown)] == [
        ["Ardan army"],
        ["Black Banner"],
        [],
    ]
    assert [c.part_of for c in (army, banner, unknown)] == [0, 0, 0]


def test_an_army_that_speaks_of_its_own_dead_is_the_claimant_and_not_to_blame() -> None:
    (claim,) = read(
        "The Ardan army said 12 of its soldiers were killed by the Black Banner."
    ).claims
    assert (claim.claimant, claim.perpetrators) == ("Ardan army", ["Black Banner"])
    assert (claim.victims, value(claim.total)) == ("combatants", 12)


def test_two_parties_of_two_sentences_are_not_mixed() -> None:
    claims = read("The Ardan army killed 12 civilians. The Black Banner killed four.").claims
    assert [c.perpetrators for c in claims] == [["Ardan army"], ["Black Banner"]]


# --- claimants --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "claimant"),
    [
        ("According to Pell General Hospital, 14 people were killed.", "Pell General Hospital"),
        ("14 people were killed, according to the Vardan Red Crescent.", "Vardan Red Crescent"),
        (
            "Karim Adell, a spokesman for the Vardan Red Crescent, said 14 people were killed.",
            "Vardan Red Crescent",
        ),
        (
            "Karim Adell, director of the Pell Hospital, said 14 people were killed.",
            "Pell Hospital",
        ),
        ("Fourteen people were killed.", None),
    ],
)
def test_the_claimant_is_the_organisation_not_its_spokesperson(
    text: str, claimant: str | None
) -> None:
    (claim,) = read(text).claims
    assert (claim.claimant, value(claim.total)) == (claimant, 14)


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("Vardan Network for Human Rights (VNHR)", "VNHR"),
        ("Vardan Documentation Centre", "The Centre"),
    ],
)
def test_a_claimant_is_written_in_its_longest_form(full: str, short: str) -> None:
    first, second = read(
        f"The {full} said 12 people were killed in Pell. {short} recorded 5 injured in Tarsk."
    ).claims
    assert first.claimant == second.claimant == full.removesuffix(" (VNHR)")


@pytest.mark.parametrize(
    "text",
    [
        "The Health Ministry said 12 people were killed in Pell. "
        "The Vardan Monitor said 15 people were killed in Pell.",
        "The Health Ministry said 12 people were killed, while the Vardan Monitor put the toll "
        "at 15.",
        "The Health Ministry said 12 people were killed; according to the Vardan Monitor, 15 "
        "people were killed.",
    ],
)
def test_claimants_who_contradict_each_other_keep_their_own_figures(text: str) -> None:
    assert [(c.claimant, value(c.total), c.part_of) for c in read(text).claims] == [
        ("Health Ministry", 12, None),
        ("Vardan Monitor", 15, None),
    ]
