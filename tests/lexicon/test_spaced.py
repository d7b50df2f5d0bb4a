"""Words found from space to space are those that a look at every word finds, and stand there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.lexicon.spaced import SpacedWords


@given(
    st.text("ab_1 ,.\né", max_size=30),
    st.sets(st.text("abé1", min_size=1, max_size=3)),
    st.sets(st.text("ab1", min_size=1, max_size=2)),
    st.sampled_from(["", "_"]),
)
def test_it_finds_what_a_look_at_every_word_finds(
    text: str, words: set[str], prefixes: set[str], within: str
) -> None:
    expected = []
    for match in re.finditer(r"\w+" if within else r"[^\W_]+", text):
        fitting = [p for p in prefixes if match[0].startswith(p)] + [match[0]] * (match[0] in words)
        if fitting:
            expected.append((match.start(), max(fitting, key=len)))
    finder = SpacedWords(words, prefixes, codec="latin-1", within=within)
    assert [(place.start(), place[1]) for place in finder.places(text)] == expected


def test_a_codec_has_letters_of_its_own() -> None:
    (place,) = SpacedWords(["вбито"], codec="cp1251").places("— “двох вбито”")
    assert (place.start(), place[1]) == (8, "вбито")


def test_a_word_may_stand_inside_a_word_that_the_codec_cannot_write() -> None:
    (place,) = SpacedWords(["shot"], codec="latin-1").places("5 пshot")
    assert place.start() == 3


def test_a_word_that_the_codec_cannot_write_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        SpacedWords(["вбито"], codec="latin-1")
