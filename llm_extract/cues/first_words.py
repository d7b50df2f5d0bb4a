"""The words that a cue can begin with, read off its pattern, so that a text is searched for these.

Understood are letters, `[xyz]`, `(?:a|b)` and `?` behind any of them, the language of the tables;
what follows the first word is not looked at.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

_CLASS = re.compile(r"\[([^\W_]+)\]")


class Openings(NamedTuple):
    """Whole first words, and first letters of words whose further letters a pattern leaves open."""

    words: frozenset[str]
    prefixes: frozenset[str]

    def begin(self, word: str) -> bool:
        """Whether a match can begin with a word."""
        return word in self.words or word.startswith(tuple(self.prefixes))


@cache
def openings(pattern: str) -> Openings:
    """How matches of a cue's pattern begin, in lowercase; ValueError where it leaves that open."""
    reader = _Reader(pattern.lower())
    open_ends = reader.alternatives({""})
    words, prefixes = frozenset(reader.words | open_ends), frozenset(reader.prefixes)
    if "" in words or "" in prefixes or reader.at < len(pattern):
        raise ValueError(f"a cue must begin with letters: {pattern}")
    return Openings(words, prefixes)


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
        if self._takes("(?:"):
            begun = self.alternatives(begun)
            self._takes(")")
        elif some is not None:
            self.at = some.end()
            begun = {word + letter for word in begun for letter in some[1]}
        elif char.isalnum():
            self.at += 1
            begun = {word + char for word in begun}
        else:
            may_lack = self.pattern[self.at + 1 : self.at + 2] in ("?", "*", "{")
            self._end(begun, whole=char not in r"([\.?*+{^$" and not may_lack)
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
