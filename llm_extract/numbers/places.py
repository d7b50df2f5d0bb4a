"""Finds the places of a text where a number may begin, before any reader looks at one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import itemgetter

from llm_extract.numbers.grammar import DIGITS, Grammar
from llm_extract.numbers.reading import Page

_DIGIT = re.compile(DIGITS)
_DIGIT_RUN = re.compile(r"\d+")
_SHADED_RUN = re.compile("00*")


class Places:
    """The places of a text where a number may begin, asked for from left to right."""

    def __init__(self, page: Page, grammar: Grammar) -> None:
        self._low = page.low
        self._places = _all_places(page, grammar)
        self._scan = grammar.scan
        self._beginnings = grammar.beginnings

    def after(self, at: int) -> re.Match[str] | None:
        """The first of them at `at` or behind it, named by the group of the grammar's scan."""
        low = self._low
        if self._places is None:
            return self._scan.search(low, at)
        if low[at : at + 1].isdecimal():
            return _DIGIT.match(low, at)
        for start, word in self._places:
            if start < at:
                continue
            for pattern in self._beginnings[word]:
                found = pattern.match(low, start)
                if found is not None:
                    return found
        return None


def _all_places(page: Page, grammar: Grammar) -> Iterator[tuple[int, str]] | None:
    """Offsets of words, and of digits with no word; None where any word can begin a number."""
    if not grammar.beginnings:
        return None
    low, shadow = page.low, page.shadow
    places = [(found.start(), found[1]) for found in grammar.first_words.finditer(" " + shadow)]
    runs = _SHADED_RUN.finditer(shadow) if low.isascii() else _DIGIT_RUN.finditer(low)
    for run in runs:
        start = run.start()
        places.append((start - 1 if low[start - 1 : start] == "+" else start, ""))
    for find in grammar.other_places:
        places.extend(find(low))
    places.sort(key=itemgetter(0))
    return iter(places)
