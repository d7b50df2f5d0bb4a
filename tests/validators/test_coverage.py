"""C01: no silent omission, and no claim without a casualty word."""

from __future__ import annotations

from typing import Any

import pytest

TOLL = "On Monday 35 people were killed in Northam."


@pytest.mark.parametrize(
    "other",
    [
        "Another 12 people were wounded in Southam.",
        "In Southam dozens were injured.",
        "A sniper killed a woman in Southam.",
        "In Southam the attack left 12 dead.",
    ],
)
def test_a_sentence_that_counts_casualties_outside_all_claims_is_an_error(
    desk: Any, other: str
) -> None:
    at = desk(f"{TOLL} {other}")
    [finding] = at.found("C01", at.claim(quote=TOLL, total="35"))
    assert (finding.severity, finding.kind, finding.claims) == ("error", "extraction", [])
    assert other[:40] in finding.message


def test_a_report_read_as_empty_is_an_omission(desk: Any) -> None:
    at = desk(TOLL)
    [finding] = at.found("C01")
    assert '("35")' in finding.message


@pytest.mark.parametrize(
    "other",
    [
        "The town mourns its dead.",
        "Ambulances carried the wounded past 12 checkpoints.",
        "A doctor said that the hospital has no blood left for those who were wounded.",
        "The 35 who were killed will be buried today.",
        "The town has 12 bakeries.",
    ],
)
def test_a_sentence_without_new_casualty_counts_is_no_omission(desk: Any, other: str) -> None:
    at = desk(f"{TOLL} {other}")
    assert at.found("C01", at.claim(quote=TOLL, total="35")) == []


def test_a_number_listed_as_not_about_people_is_no_omission(desk: Any) -> None:
    text = f"{TOLL} The dead of the year before were 29."
    at = desk(text)
    start = text.index("29")
    claim = at.claim(quote=TOLL, total="35")
    assert at.found("C01", claim, unread=[f"{start}:{start + 2}"]) == []
    assert len(at.found("C01", claim)) == 1


@pytest.mark.parametrize(
    "other",
    [
        "The ministry had earlier reported 29 deaths.",
        "The number of those killed is up from 29.",
        "A policeman who killed his wife was himself a man from Southam.",
    ],
)
def test_corrected_numbers_and_those_who_act_are_no_omission(desk: Any, other: str) -> None:
    at = desk(f"{TOLL} {other}")
    assert at.found("C01", at.claim(quote=TOLL, total="35")) == []


def test_a_number_after_the_corrected_one_is_an_omission(desk: Any) -> None:
    at = desk(
        f"{TOLL} In Southam the dead were revised from 29 to 41.".replace("29 to", "29 up to")
    )
    [finding] = at.found("C01", at.claim(quote=TOLL, total="35"))
    assert finding.operands[0].as_written == "41"


@pytest.mark.parametrize(
    ("words", "victim"),
    [
        ("A sniper and a man were killed.", True),
        ("The shelling killed a soldier.", True),
        ("It is said a soldier killed nobody.", False),
        ("It is said a soldier was badly wounded.", True),
    ],
)
def test_a_counted_word_is_a_victim_by_its_place(desk: Any, words: str, victim: bool) -> None:
    at = desk(f"{TOLL} {words}")
    assert bool(at.found("C01", at.claim(quote=TOLL, total="35"))) is victim


def test_a_quote_that_touches_the_sentence_covers_it(desk: Any) -> None:
    text = f"{TOLL} Another 12 people were wounded."
    at = desk(text)
    assert at.found("C01", at.claim(total="35", quote="Northam. Another 12 people")) == []


def test_rows_of_a_table_are_sentences_of_their_own(desk: Any) -> None:
    at = desk("Place | Killed | Injured\nNortham | 12 | 30\nSoutham | 9 | 14\n")
    claims = [
        at.claim("c1", total="12", quote="Northam | 12 | 30"),
        at.claim("c2", outcome="injured", total="30", quote="Northam | 12 | 30"),
    ]
    [finding] = at.found("C01", *claims)
    assert "Southam | 9 | 14" in finding.message


def test_claims_in_a_report_without_casualty_words_are_an_error(desk: Any) -> None:
    at = desk("On Monday 35 people visited the fair.")
    [finding] = at.found("C01", at.claim(total="35"))
    assert finding.claims == ["c1"]
    assert "no word of casualties" in finding.message


def test_a_report_of_unknown_language_is_judged_by_the_english_words(desk: Any) -> None:
    at = desk("On Monday 35 people visited the fair.", None)
    assert len(at.found("C01", at.claim(total="35"))) == 1


def test_a_language_without_casualty_words_is_not_judged(desk: Any) -> None:
    at = desk("Mandag ble 35 personer drept.", "no")
    assert at.found("C01", at.claim(total="35")) == []
