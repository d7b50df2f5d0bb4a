"""The noun that a number counts."""

from __future__ import annotations

import pytest
from cases import read_at, unmarked

from llm_extract.numbers import counted_noun

ENGLISH = [
    ("‹149› Syrian civilians", "civilians", "civilians"),
    ("‹eight› more children", "children", "children"),
    ("‹105› of the civilians", "civilians", "civilians"),
    ("‹19› unarmed protesters", "protesters", "occupation"),
    ("‹two› other women", "women", "women"),
    ("‹three› female students", "female students", "students"),
    ("‹27› civilian deaths", "civilian deaths", "people"),
    ("‹four› aid workers", "aid workers", "aid_workers"),
    ("‹12› school children", "school children", "children"),
    ("‹2› police officers", "police officers", "police"),
    ("‹a woman› in the field", "woman", "women"),
    ("‹a› 9-year-old boy", "boy", "boys"),
    ("‹30› vital facilities", "vital facilities", "vital_facility"),
    ("‹five› primary schools", "primary schools", "school"),
    ("‹12› airstrikes on the town", "airstrikes", "attack"),
    ("‹20› barrel bombs", "barrel bombs", "munition"),
    ("‹six› families", "families", "family"),
    ("‹dozens› of pilgrims", "pilgrims", "occupation"),
    ("‹12› or more people", "people", "people"),
    ("‹12› soldiers and militants", "soldiers", "security_forces"),
    ("‹12›-member family", "member", "people"),
    ("‹12› U.S. soldiers", "soldiers", "security_forces"),
]
ARABIC = [
    ("مقتل ‹35› طفلاً", "children"),
    ("مقتل ‹105› من المدنيين", "civilians"),
    ("وفاة ‹ثلاث› نساء", "women"),
    ("مقتل ‹طفلين›", "children"),
    ("مقتل ‹طفل› وامرأة", "children"),
    ("مدني ‹واحد›", "civilians"),
    ("القتلى ‹الثلاثة›", "people"),
    ("‹5› مدارس", "school"),
    ("‹تسع› غارات جوية", "attack"),
]


@pytest.mark.parametrize(
    ("marked", "form", "label"),
    [
        ("‹61› wo-\nmen", "women", "women"),
        ("‹12› child-\nren", "children", "children"),
        ("‹12› child\u00ad\nren", "children", "children"),
        ("‹4› aid\nworkers", "aid workers", "aid_workers"),
        ("‹4› passers-\nby", "passersby", "people"),
        ("‹4› mothers-in-\nlaw", "mothers-in-law", "women"),
    ],
)
def test_a_noun_broken_over_a_line_end_is_found(marked: str, form: str, label: str) -> None:
    mention = read_at(marked)
    assert mention is not None
    noun = counted_noun(unmarked(marked)[0], mention)
    assert noun is not None
    assert (noun.form, noun.label) == (form, label)


@pytest.mark.parametrize(("marked", "form", "label"), ENGLISH)
def test_an_english_number_finds_its_noun(marked: str, form: str, label: str) -> None:
    mention = read_at(marked)
    assert mention is not None
    noun = counted_noun(unmarked(marked)[0], mention)
    assert noun is not None
    assert (noun.form, noun.label) == (form, label)
    assert unmarked(marked)[0][noun.start : noun.end].casefold() == form


@pytest.mark.parametrize(("marked", "label"), ARABIC)
def test_an_arabic_number_finds_its_noun(marked: str, label: str) -> None:
    mention = read_at(marked)
    assert mention is not None
    noun = counted_noun(unmarked(marked)[0], mention)
    assert noun is not None and noun.label == label


@pytest.mark.parametrize(
    "marked",
    [
        "‹12› were killed in the market",
        "killing ‹12› and wounding two men",
        "‹12›. Women fled",
        "hurt: ‹40›",
    ],
)
def test_no_noun_is_taken_from_behind_a_verb_or_a_clause(marked: str) -> None:
    mention = read_at(marked)
    assert mention is not None
    assert counted_noun(unmarked(marked)[0], mention) is None
