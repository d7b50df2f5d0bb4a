"""The regex peer: a table of what its patterns read, in every language that it has words for."""

from __future__ import annotations

import re

import pytest
from evals.peer_runs import read_all, report
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.evals.peers.peer import PEERS
from llm_extract.evals.peers.regex_peer import figures
from llm_extract.evals.peers.regex_words import DICTIONARIES

Figures = list[tuple[str, int | None, int | None, int | None, int | None]]

NONE = (None, None, None)
READ: list[tuple[str, str, Figures]] = [
    ("en", "At least 31 people were killed.", [("killed", 31, *NONE)]),
    ("en", "Shelling killed thirty-one villagers.", [("killed", 31, *NONE)]),
    ("en", "killed 3, wounded 5", [("killed", 3, *NONE), ("injured", 5, *NONE)]),
    ("en", "3 killed, 5 wounded", [("killed", 3, *NONE), ("injured", 5, *NONE)]),
    (
        "en",
        "The raid killed 14 people, including 6 children, three women and 2 elderly men.",
        [("killed", 14, 6, 3, 2)],
    ),
    ("en", "12 children died.", [("killed", 12, 12, None, None)]),
    (
        "en",
        "14 people were killed and 3 children were injured.",
        [("killed", 14, *NONE), ("injured", 3, 3, None, None)],
    ),
    (
        "en",
        "4 people died, among them 2 women. Of the 4 killed, including 1 child, none was armed.",
        [("killed", 4, 1, 2, None)],
    ),
    ("en", "Some 1,200 people fled.", [("displaced", 1200, *NONE)]),
    ("en", "Police arrested 17 people on 9 May 2024.", [("detained", 17, *NONE)]),
    (
        "en",
        "Nine are missing, two were kidnapped.",
        [("missing", 9, *NONE), ("abducted", 2, *NONE)],
    ),
    (
        "en",
        "The blast killed at least 12 people and wounded 42.",
        [("killed", 12, *NONE), ("injured", 42, *NONE)],
    ),
    ("en", "Deaths rose by 40% in 2024.", []),
    ("en", "The town of 9,000 lies on the river. Nobody was hurt.", []),
    (
        "ar",
        "قُتل 12 شخصاً بينهم ثلاثة أطفال وامرأة، وأُصيب ٣٥ آخرون.",
        [("killed", 12, 3, None, None), ("injured", 35, *NONE)],
    ),
    ("ar", "واعتقلت الشرطة عشرين رجلا", [("detained", 20, None, None, 20)]),
    (
        "fr",
        "Douze civils ont été tués, dont quatre enfants, et 1 300 déplacés.",
        [("killed", 12, 4, None, None), ("displaced", 1300, *NONE)],
    ),
    (
        "es",
        "Murieron treinta personas, entre ellas 7 mujeres; 15 heridos.",
        [("killed", 30, None, 7, None), ("injured", 15, *NONE)],
    ),
    (
        "ru",
        "Погибли двадцать пять человек, в том числе двое детей, ранены 40.",
        [("killed", 25, 2, None, None), ("injured", 40, *NONE)],
    ),
    (
        "uk",
        "Загинули п’ятеро людей, зокрема 2 жінки, 11 поранено.",
        [("killed", 5, None, 2, None), ("injured", 11, *NONE)],
    ),
]


@pytest.mark.parametrize(("language", "text", "expected"), READ)
def test_figures_are_read_by_pattern(language: str, text: str, expected: Figures) -> None:
    found = [(c.outcome, c.total, c.children, c.women, c.men) for c in figures(text, language)]
    assert found == expected


@pytest.mark.parametrize("language", [None, "de"])
def test_other_languages_are_read_with_the_english_words(language: str | None) -> None:
    assert [claim.total for claim in figures("6 killed", language)] == [6]


def test_the_quote_is_the_sentence_as_it_stands() -> None:
    (claim,) = figures("It rained. قُتل 12 شخصاً. Later it snowed.", "ar")
    assert claim.quote == "قُتل 12 شخصاً."


@pytest.mark.parametrize("words", DICTIONARIES.values(), ids=DICTIONARIES)
def test_no_listed_word_holds_a_sign_of_its_own_pattern(words: object) -> None:
    listed = re.sub(r"prefix='[^']*'", "", repr(words))
    assert not re.findall(r"[.+?|\\]|\*\w", listed)


@given(
    st.sampled_from(list(DICTIONARIES)),
    st.lists(
        st.one_of(
            st.text(max_size=8),
            st.integers(0, 10**12).map(str),
            st.sampled_from(
                "killed twenty sIx s\u0130x \u0663\u0665 including طفل women قُتل".split()
            ),
        ),
        max_size=12,
    ),
)
def test_any_text_is_read_to_figures_whose_parts_are_no_more_than_their_total(
    language: str, words: list[str]
) -> None:
    text = " ".join(words)
    for claim in figures(text, language):
        assert claim.total is not None and claim.quote in text
        assert all(part <= claim.total for part in (claim.children or 0, claim.women or 0))


def test_a_reading_costs_no_calls_and_no_tokens() -> None:
    reports = [report("a", "6 killed"), report("b", "")]
    first, second = read_all(PEERS["regex"], reports, None)
    assert first.report is not None and len(first.report.claims) == 1
    assert second.report is not None and second.report.claims == []
    for reading in (first, second):
        assert (reading.calls, reading.tokens.prompt, reading.error) == (0, 0, None)
