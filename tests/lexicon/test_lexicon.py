"""The noun lexicon: what it knows, how it looks a form up."""

from __future__ import annotations

from typing import get_args

import pytest

from llm_extract.lexicon import noun_lexicon
from llm_extract.schema import FacilityKind, Group

LANGUAGES = ("en", "ar", "fr", "es", "uk", "ru")
PERSON_LABELS = {"people", "occupation", "children", "women", "men", *get_args(Group)} - {"other"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_is_one_of_its_role(language: str) -> None:
    labels: dict[str, set[str]] = {"person": set(), "facility": set(), "thing": set()}
    for entry in noun_lexicon(language).entries.values():
        labels[entry.role].add(entry.label)
    assert labels["person"] <= PERSON_LABELS
    assert labels["facility"] <= set(get_args(FacilityKind))
    assert labels["thing"].isdisjoint(labels["person"])


@pytest.mark.parametrize("language", ("en", "ar"))
def test_every_group_of_the_schema_has_nouns(language: str) -> None:
    known = {entry.label for entry in noun_lexicon(language).entries.values()}
    assert known >= PERSON_LABELS


def test_an_unknown_language_has_an_empty_lexicon() -> None:
    assert not noun_lexicon("xx").entries
    assert noun_lexicon("../en").match("people", 0) is None


@pytest.mark.parametrize(
    ("form", "label", "plural"),
    [
        ("civilians", "civilians", True),
        ("Woman", "women", False),
        ("schoolchildren", "children", True),
        ("aid workers", "aid_workers", True),
        ("clergy of no kind", None, None),
        ("mosques", "place_of_worship", True),
        ("health centre", "medical", False),
        ("policemen", "police", True),
        ("casualties", "people", True),
    ],
)
def test_english_forms_are_known(form: str, label: str | None, plural: bool | None) -> None:
    noun = noun_lexicon("en").match(form, 0)
    assert (noun.label, noun.plural) == (label, plural) if noun else label is None


@pytest.mark.parametrize(
    ("form", "label", "number"),
    [
        ("مدنيين", "civilians", "plural"),
        ("المدنيون", "civilians", "plural"),
        ("مدنياً", "civilians", "singular"),
        ("طفلان", "children", "dual"),
        ("وامرأتين", "women", "dual"),
        ("أطفالاً", "children", "plural"),
        ("بالأطفال", "children", "plural"),
        ("للنساء", "women", "plural"),
        ("قتلى", "people", "plural"),
        ("مشافٍ", "medical", "plural"),
        ("والجنود", "security_forces", "plural"),
    ],
)
def test_arabic_forms_are_known_with_case_dual_and_proclitics(
    form: str, label: str, number: str
) -> None:
    noun = noun_lexicon("ar").match(form, 0)
    assert noun is not None
    assert (noun.label, noun.number, noun.end) == (label, number, len(form))


def test_the_longest_form_wins() -> None:
    nouns = [n.form for n in noun_lexicon("en").scan("Two aid workers and a primary school.")]
    assert nouns == ["aid workers", "primary school"]


def test_a_noun_does_not_reach_past_the_given_end() -> None:
    noun = noun_lexicon("en").match("police officers", 0, 6)
    assert noun is not None and noun.form == "police"
