"""The words that a pattern can begin with, so that a text is searched for these first.

Understood are letters, `[xyz]`, `(?:a|b)` and `?` behind any of them, as the word tables use them;
what a pattern wants before the word and what follows it is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from llm_extract.lexicon.words import word_finder

_CLASS = re.compile(r"\[([^\W_]+)\]")
_WORD_END = re.compile(r"(?:\\[bs\W]|\(\?=\\s\)|[^\w([.?*+{^$\\])(?![?*{])")
"""No letter, and it must be there."""


class Openings(NamedTuple):
    """Whole first words, and first letters of words whose further letters a pattern leaves open."""

    words: frozenset[str]
    prefixes: frozenset[str]


@cache
def openings(pattern: str) -> Openings | None:
    """How matches of a pattern begin, in lowercase; None where it leaves that open."""
    reader = _Reader(pattern.lower())
    open_ends = reader.alternatives({""})
    words, prefixes = frozenset(reader.words | open_ends), frozenset(reader.prefixes)
    if "" in words or "" in prefixes or reader.at < len(pattern):
        return None
    return Openings(words, prefixes)


def can_begin(pattern: str, word: str) -> bool:
    """Whether a match can begin with a lowercase word."""
    begun = openings(pattern)
    return begun is None or word in begun.words or word.startswith(tuple(begun.prefixes))


def first_word_finder(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """A `word_finder` of all words that matches begin with; None where a pattern leaves it open."""
    begun = [openings(pattern) for pattern in patterns]
    known = [some for some in begun if some is not None]
    if len(known) < len(begun):
        return None
    return word_finder(
        {word for some in known for word in some.words},
        {prefix for some in known for prefix in some.prefixes},
    )


class _Reader:
    """Walks a pattern with the beginnings read so far; `words` and `prefixes` have ended."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.words: set[str] = set()
        self.prefixes: set[str] = set()

    def alternatives(self, begun: set[str]) -> set[str]:
        """Beginnings that go on behind alternatives, which end at `)` or with the pattern."""
        going_on = self._sequence(begun)
        while self._takes("|"):
            going_on |= self._sequence(begun)
        return going_on

    def _sequence(self, begun: set[str]) -> set[str]:
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            begun = self._piece(begun)
        return begun

    def _piece(self, begun: set[str]) -> set[str]:
        before = begun
        some = _CLASS.match(self.pattern, self.at)
        char = self.pattern[self.at]
        if self._takes("(?<="):
            self._pass()
            self._takes(")")
        elif self._takes("(?:"):
            begun = self.alternatives(begun)
            self._takes(")")
        elif some is not None:
            self.at = some.end()
            begun = {word + letter for word in begun for letter in some[1]}
        elif char.isalnum():
            self.at += 1
            begun = {word + char for word in begun}
        else:
            self._end(begun, whole=_WORD_END.match(self.pattern, self.at) is not None)
            begun = set()
        if self._takes("?"):
            begun = begun | before
        elif begun and self.pattern[self.at : self.at + 1] in ("*", "+", "{"):
            self._end(before, whole=False)
            begun = set()
        return begun

    def _end(self, begun: set[str], *, whole: bool) -> None:
        """No more is read of these, and the rest of the alternative is passed."""
        (self.words if whole else self.prefixes).update(begun)
        self._pass()

    def _pass(self) -> None:
        depth = 0
        while self.at < len(self.pattern):
            char = self.pattern[self.at]
            if depth == 0 and char in "|)":
                return
            if char == "\\":
                self.at += 1
            elif char == "[":
                self.at = self.pattern.index("]", self.at + 2)
            depth += (char == "(") - (char == ")")
            self.at += 1

    def _takes(self, sign: str) -> bool:
        if not self.pattern.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True
