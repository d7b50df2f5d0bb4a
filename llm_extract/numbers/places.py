"""Finds the places of a text where a number may begin, before any reader looks at one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import itemgetter

from llm_extract.numbers.grammar import DIGITS, Grammar

_DIGIT = re.compile(DIGITS)


class Places:
    """The places of a text where a number may begin, asked for from left to right."""

    def __init__(self, low: str, grammar: Grammar) -> None:
        self._low = low
        self._places = _all_places(low, grammar)
        self._scan = grammar.scan
        self._beginning_with = grammar.beginning_with

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
            for pattern in self._beginning_with(word) if word else (_DIGIT,):
                found = pattern.match(low, start)
                if found is not None:
                    return found
        return None


def _all_places(low: str, grammar: Grammar) -> Iterator[tuple[int, str | None]] | None:
    """Offsets of words, and of digits with None; None where any word can begin a number."""
    if grammar.places is None:
        return None
    places: list[tuple[int, str | None]] = []
    for found in grammar.places.finditer(" " + low):
        start, word = found.start(), found[1]
        if word is None:
            # The first digit is the one character before the place; a plus sign may precede it.
            start -= 2 if low[start - 2 : start - 1] == "+" else 1
        places.append((start, word))
    others = [place for find in grammar.other_places for place in find(low)]
    return iter(sorted([*places, *others], key=itemgetter(0)) if others else places)
