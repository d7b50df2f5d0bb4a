"""P01 to P03: who is blamed is named near, and nobody takes another's place."""

from __future__ import annotations

from typing import Any

import pytest

BLAMED = "The Sarel Observatory said that 12 people were killed by the Orel Front in Velm."
FAR = (
    BLAMED + "\n\nAid came late.\n\nRain fell.\n\nThe Valley Brigades left.\n\n35 people were hurt."
)


def test_a_party_in_the_quote_is_silent(desk: Any) -> None:
    at = desk(BLAMED)
    assert at.read("P01", at.claim(total="12", perpetrators=["Orel Front"])) == []


def test_a_party_that_is_named_elsewhere_only_is_a_warning(desk: Any) -> None:
    at = desk("Talks failed.\n\nSnow fell.\n\nRain fell.\n\n12 people died.\n\nIn May Orel spoke.")
    claim = at.claim(total="12", quote="12 people died.", perpetrators=["Orel"])
    [finding] = at.read("P01", claim)
    assert finding.severity == "warning" and "not named in its quotes nor near" in finding.message


@pytest.mark.parametrize("name", ["unidentified gunmen", "unknown men", "مجهولون"])
def test_nobody_by_name_is_no_party(desk: Any, name: str) -> None:
    at = desk(f"12 people were killed by {name} in Velm.")
    [finding] = at.read("P01", at.claim(total="12", perpetrators=[name]))
    assert "is nobody by name" in finding.message


def test_a_short_form_near_the_quote_names_the_party(desk: Any) -> None:
    at = desk(
        "Talks failed.\n\nSnow fell.\n\nHail fell.\n\nThe Movement killed 12.\n\n"
        "Free Tarn Movement."
    )
    claim = at.claim(
        total="12", quote="The Movement killed 12.", perpetrators=["Free Tarn Movement"]
    )
    assert at.read("P01", claim) == []


def test_who_owns_up_does_so_for_all_figures(desk: Any) -> None:
    at = desk(
        "12 people died.\n\nSnow fell.\n\nRain fell.\n\n35 were hurt.\n\nWind rose.\n\n"
        "Ice came.\n\n"
        "The Orel Front claimed responsibility."
    )
    claim = at.claim(
        outcome="injured", total="35", quote="35 were hurt.", perpetrators=["Orel Front"]
    )
    assert at.read("P01", claim) == []


def test_one_who_states_is_not_the_one_who_did_it(desk: Any) -> None:
    at = desk(BLAMED)
    claim = at.claim(
        total="12", claimant="Sarel Observatory", perpetrators=["the Sarel Observatory"]
    )
    [finding] = at.read("P02", claim)
    assert finding.severity == "error"


@pytest.mark.parametrize(
    "text",
    [
        "The Orel Front claimed responsibility for killing 12 people in Velm.",
        "The Orel Front said its fighters killed 12 people in Velm.",
        "The Orel Front said it had\nkilled 12 people in Velm.",
    ],
)
def test_who_admits_it_is_both(desk: Any, text: str) -> None:
    at = desk(text)
    both = {"claimant": "Orel Front", "perpetrators": ["Orel Front"], "attribution": "claimed"}
    assert at.read("P02", at.claim(total="12", **both)) == []


def test_a_prison_counts_its_own_prisoners(desk: Any) -> None:
    at = desk("The Prison Service said 35 people are in its cells.")
    both = {"claimant": "Prison Service", "perpetrators": ["Prison Service"]}
    assert at.read("P02", at.claim(outcome="detained", total="35", **both)) == []
    assert len(at.read("P02", at.claim(outcome="killed", total="35", **both))) == 1


def test_claimant_and_party_exchanged_are_an_error(desk: Any) -> None:
    at = desk(BLAMED)
    right = at.claim(total="12", claimant="Sarel Observatory", perpetrators=["Orel Front"])
    assert at.read("P03", right) == []
    wrong = at.claim(total="12", claimant="Orel Front", perpetrators=["Sarel Observatory"])
    [finding] = at.read("P03", wrong)
    assert finding.severity == "error"
    assert '"Orel Front" states nothing in the report and is blamed' in finding.message
    assert '"Sarel Observatory" states figures and is blamed for nothing' in finding.message


def test_one_role_alone_is_a_warning(desk: Any) -> None:
    at = desk("Shells killed 12 people in Velm, according to the Sarel Observatory.")
    claim = at.claim(total="12", claimant="Velm", perpetrators=["Sarel Observatory"])
    [finding] = at.read("P03", claim)
    assert finding.severity == "warning"


def test_one_who_speaks_and_is_blamed_may_be_either(desk: Any) -> None:
    at = desk(BLAMED + " The Orel Front said nobody died.")
    wrong = at.claim(total="12", claimant="Orel Front", perpetrators=["Sarel Observatory"])
    assert at.read("P03", wrong) == []


def test_names_that_do_not_stand_in_the_text_are_left_to_g06(desk: Any) -> None:
    at = desk(BLAMED)
    assert at.read("P03", at.claim(total="12", claimant="Red Sun", perpetrators=["Blue Sun"])) == []


def test_other_languages_are_not_judged(desk: Any) -> None:
    at = desk("قال مرصد سنجان إن 12 شخصا قتلوا على يد الجيش.", "ar")
    wrong = at.claim(total="12", claimant="الجيش", perpetrators=["مرصد سنجان"])
    assert at.read("P03", wrong) == []


def test_a_blast_that_claimed_lives_claims_nothing(desk: Any) -> None:
    at = desk(
        "The Sarel Observatory said that fire blamed on the Orel Front claimed the lives of 12."
    )
    wrong = at.claim(total="12", claimant="Orel Front", perpetrators=["Sarel Observatory"])
    assert [f.severity for f in at.read("P03", wrong)] == ["error"]
