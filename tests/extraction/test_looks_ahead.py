"""Cheap looks ahead: where one finds nothing, the pattern behind it would find nothing either."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from llm_extract.evals.gold_reports import read_gold
from llm_extract.extraction.parties import _blame_patterns, _source_patterns, _source_words
from llm_extract.extraction.times import _patterns

GOLD = Path(__file__).parents[2] / "evals" / "gold"


@cache
def sentences() -> tuple[str, ...]:
    texts = [gold.text for gold in read_gold(GOLD / "dev")]
    return tuple(s for text in texts for s in re.split(r"(?<=[.!?؟])\s+|\n", text) if s)


def looks(language: str) -> Iterator[tuple[re.Pattern[str], re.Pattern[str]]]:
    """A look ahead and the pattern behind it."""
    for pattern, _, needed in _blame_patterns(language):
        yield needed, pattern
    for pattern, _, needed in _patterns():
        yield needed, pattern
    yield _source_words(language), _source_patterns(language)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_what_a_look_ahead_passes_over_holds_nothing(language: str) -> None:
    found = 0
    for needed, pattern in looks(language):
        for sentence in sentences():
            match = pattern.search(sentence)
            found += match is not None
            assert match is None or needed.search(sentence), (pattern.pattern, sentence)
    assert found > 250
