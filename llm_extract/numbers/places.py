"""Finds the places of a text where a number may begin, before any reader looks at one."""

from __future__ import annotations

import re
from operator import itemgetter

from llm_extract.numbers.grammar import DIGITS, Grammar

_DIGIT = re.compile(DIGITS)


class Places:
    """The places of a text where a number may begin, asked for from left to right."""

    def __init__(self, low: str, grammar: Grammar) -> None:
        self._low = low
        self._grammar = grammar
        self._places = iter(_all_places(low, grammar))

    def after(self, at: int) -> re.Match[str] | None:
        """The first of them at `at` or behind it, named by the group of the grammar's scan."""
        if self._grammar.places is None:
            return self._grammar.scan.search(self._low, at)
        if self._low[at : at + 1].isdecimal():
            return _DIGIT.match(self._low, at)
        for start, word in self._places:
            found = self._match(start, word) if start >= at else None
            if found is not None:
                return found
        return None

    def _match(self, start: int, word: str | None) -> re.Match[str] | None:
        if word is None:
            return _DIGIT.match(self._low, start)
        for pattern in self._grammar.beginning_with(word):
            found = pattern.match(self._low, start)
            if found is not None:
                return found
        return None


def _all_places(low: str, grammar: Grammar) -> list[tuple[int, str | None]]:
    if grammar.places is None:
        return []
    places: list[tuple[int, str | None]] = []
    for found in grammar.places.finditer(" " + low):
        start, word = found.start(), found[1]
        if word is None:
            # The first digit is the one character before the place; a plus sign may precede it.
            start -= 2 if low[start - 2 : start - 1] == "+" else 1
        places.append((start, word))
    others = [place for find in grammar.other_places for place in find(low)]
    return sorted([*places, *others], key=itemgetter(0)) if others else places
