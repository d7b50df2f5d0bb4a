"""Words found in one pass: whole ones, beginnings, the longest; lowercase keeps every place."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from llm_extract.lexicon.words import lowered, word_finder

LETTERS = st.text("ab_1 ,é", max_size=30)


def found(text: str, words: set[str], prefixes: set[str]) -> list[tuple[int, str]]:
    finder = word_finder(words, prefixes)
    return [(match.start(), match[1]) for match in finder.finditer(" " + text)]


@given(
    LETTERS,
    st.sets(st.text("abé1", min_size=1, max_size=3)),
    st.sets(st.text("ab1", min_size=1, max_size=2)),
)
def test_it_finds_what_a_look_at_every_word_finds(
    text: str, words: set[str], prefixes: set[str]
) -> None:
    expected = []
    for match in re.finditer(r"[^\W_]+", text):
        fitting = [p for p in prefixes if match[0].startswith(p)] + [match[0]] * (match[0] in words)
        if fitting:
            expected.append((match.start(), max(fitting, key=len)))
    assert found(text, words, prefixes) == expected


@given(st.text())
def test_lowercase_keeps_every_character_in_its_place(text: str) -> None:
    low = lowered(text)
    assert len(low) == len(text)
    for char, lower in zip(text, low, strict=True):
        assert lower == char or re.fullmatch(re.escape(lower), char, re.IGNORECASE)
