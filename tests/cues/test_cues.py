"""Cue words are found with their roles, the longest where two overlap, in every language."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from itertools import chain
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.cues import LANGUAGES, ROLES, Cue, casualty_cues, cue_table
from llm_extract.cues.arabic import any_spelling
from llm_extract.schema import Outcome

SECTIONS = {
    "context": ("including", "carries", "of_container", "beside", "corrected", "rescued", "clause"),
    "scope": ("cumulative", "snapshot", "period"),
    "reporting": ("verbs", "according"),
    "blame": ("after", "before", "alleged", "claimed"),
}


def cues(text: str, language: str) -> list[tuple[str, str]]:
    return [(cue.form, cue.outcome) for cue in casualty_cues(text, language)]


def only(text: str, language: str) -> Cue:
    (cue,) = casualty_cues(text, language)
    return cue


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_table_with_all_sections(language: str) -> None:
    table = cue_table(language)
    for section, names in SECTIONS.items():
        for name in names:
            assert table.pattern(section, name).pattern != "(?!)", (section, name)
    assert [w for w, p in table.weapons.items() if p.pattern == "(?!)"] == ["other"]
    assert all(pattern.pattern != "(?!)" for pattern in table.outcomes.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fragment_compiles_by_itself_and_matches_no_empty_text(language: str) -> None:
    source = files("llm_extract.cues").joinpath(f"{language}.toml").read_text(encoding="utf-8")
    for section in tomllib.loads(source).values():
        for words in section.values():
            lists = [words] if isinstance(words, list) else words.values()
            for fragment in chain.from_iterable(lists):
                pattern = any_spelling(fragment) if language == "ar" else fragment
                assert re.compile(pattern).match("") is None, fragment


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_outcome_table_names_known_roles_only(language: str) -> None:
    source = files("llm_extract.cues").joinpath(f"{language}.toml").read_text(encoding="utf-8")
    for outcome in tomllib.loads(source)["outcomes"].values():
        assert set(outcome) <= set(ROLES)


def test_an_unknown_language_is_read_with_the_english_words() -> None:
    assert cue_table("xx") is not None
    assert cue_table("xx").language == cue_table(None).language == "en"


def test_a_section_without_a_name_matches_nothing() -> None:
    assert cue_table("en").pattern("context", "no such name").search("anything") is None


def test_a_word_may_have_several_roles() -> None:
    assert only("5 were killed", "en").roles >= {"object", "subject"}


def test_the_longest_cue_stands_where_two_overlap() -> None:
    assert cues("9 were killed or injured", "en") == [("killed or injured", "casualties")]


def test_a_cue_is_a_whole_word() -> None:
    assert cues("the skilled workers", "en") == []


def test_a_cue_may_break_over_a_line() -> None:
    assert only("9 were killed or\n  injured", "en").outcome == "casualties"


def test_emphasis_marks_do_not_hide_a_cue() -> None:
    assert only("_killed_ 3", "en").form == "killed"


def test_offsets_are_those_of_the_text() -> None:
    text = "Gestern: 3 people were wounded."
    cue = only(text, "en")
    assert text[cue.start : cue.end] == cue.form == "wounded"


@pytest.mark.parametrize("spelling", ["قتل", "قُتل", "قُتِلَ", "قتـل", "وقُتل", "فقتل", "وَقُتل"])
def test_arabic_verbs_are_found_in_every_spelling(spelling: str) -> None:
    assert only(f"{spelling} 12 مدنياً", "ar").outcome == "killed"


@pytest.mark.parametrize("spelling", ["أصيب", "اصيب", "أُصيب", "وأصيب"])
def test_arabic_alifs_are_one_letter(spelling: str) -> None:
    assert only(f"{spelling} 12 شخصا", "ar").outcome == "injured"


@pytest.mark.parametrize("spelling", ["القتلى", "للقتلى", "والقتلى", "بالقتلى"])
def test_arabic_nouns_are_found_behind_the_article_and_prepositions(spelling: str) -> None:
    assert only(f"{spelling} أسماء", "ar").outcome == "killed"


def test_an_arabic_and_is_no_part_of_the_cue_behind_it() -> None:
    assert cues("مقتل 8 أشخاص وإصابة 10", "ar") == [("مقتل", "killed"), ("إصابة", "injured")]


def test_an_arabic_verb_behind_an_and_has_no_people_before_it() -> None:
    assert "subject" in only("8 أشخاص قتلوا", "ar").roles
    assert cues("8 أشخاص وقتلوا", "ar") != [] and "subject" not in {
        role for cue in casualty_cues("8 أشخاص وقتلوا", "ar") for role in cue.roles
    }


def test_a_word_that_begins_like_a_proclitic_is_whole() -> None:
    assert cues("3 وفيات", "ar") == [("وفيات", "killed")]


@pytest.mark.parametrize(
    ("language", "text", "outcomes"),
    [
        ("fr", "12 civils ont été tués et 20 blessés", ["killed", "injured"]),
        ("fr", "L’armée a arrêté 8 hommes", ["detained"]),
        ("es", "Murieron 12 civiles y 20 resultaron heridos", ["killed", "injured"]),
        ("es", "3 personas siguen desaparecidas", ["missing"]),
        ("uk", "Загинули 12 людей, ще 20 поранено", ["killed", "injured"]),
        ("uk", "Затримано 8 чоловіків", ["detained"]),
        ("ru", "Погибли 12 человек, еще 20 ранены", ["killed", "injured"]),
        ("ru", "Похищены 4 женщины", ["abducted"]),
    ],
)
def test_other_languages_tell_the_outcomes_apart(
    language: str, text: str, outcomes: list[str]
) -> None:
    assert [cue.outcome for cue in casualty_cues(text, language)] == outcomes


@given(st.data())
def test_first_words_lead_to_what_the_patterns_find_by_themselves(data: st.DataObject) -> None:
    language = data.draw(st.sampled_from([code for code in LANGUAGES if code != "ar"]))
    words = [word for cue in cues_of(language) for word in re.split(r"[^\w-]+", cue) if word]
    signs = st.sampled_from([" ", " ", "\n", ", ", "/", "_", "é", "п", "\u064b", "K", "—", "5"])
    pieces = data.draw(st.lists(st.tuples(st.sampled_from(words), signs), max_size=12))
    text = "".join(f"{word}{sign}" for word, sign in pieces)
    assert spans(casualty_cues(text, language)) == longest(text, language)


def cues_of(language: str) -> list[str]:
    source = files("llm_extract.cues").joinpath(f"{language}.toml").read_text(encoding="utf-8")
    outcomes = tomllib.loads(source)["outcomes"]
    return [cue for roles in outcomes.values() for cues in roles.values() for cue in cues]


def spans(found: list[Cue]) -> list[tuple[int, int, str, frozenset[str]]]:
    return [(cue.start, cue.end, cue.outcome, frozenset(cue.roles)) for cue in found]


def longest(text: str, language: str) -> list[tuple[int, int, str, frozenset[str]]]:
    """The cues as each pattern finds them alone, of overlapping ones the longer."""
    roles: dict[tuple[int, int, str], set[str]] = {}
    for (outcome, role), pattern in cue_table(language).outcomes.items():
        for match in pattern.finditer(text):
            roles.setdefault((*match.span(), outcome), set()).add(role)
    order = get_args(Outcome)
    kept: list[tuple[int, int, str]] = []
    for start, end, outcome in sorted(
        roles, key=lambda span: (span[0] - span[1], span[0], order.index(span[2]))
    ):
        if all(end <= other[0] or start >= other[1] for other in kept):
            kept.append((start, end, outcome))
    return [(*span, frozenset(roles[span])) for span in sorted(kept)]
