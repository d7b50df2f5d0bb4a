"""Folds a text for reading: lowercase, bare Arabic letters; and leads spans back to the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from llm_extract.numbers import english_words
from llm_extract.numbers.reading import Page

_SIGNS: Final = "\u0640\u064b-\u065f\u0670\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"
_SIGN = re.compile(f"[{_SIGNS}]+")
_BROKEN_WORD = re.compile(r"(?<![^\W_])([A-Za-z]+)([-\u00ad‐][ \t]*\r?\n[ \t]*)([a-z]+)")
_NUMBER_WORDS: Final = frozenset(english_words.VALUES)
_MISREAD = re.compile(r"\d[OoIl]|[Il]\d")
_MISREAD_NUMBER = re.compile(
    r"(?<![\w.,'’/#&+-])(?=[OIl,.]*\d)(?:[Il\d][OoIl\d]*(?<![ol])(?:[,.][OoIl\d]{3}(?<!l))*)(?![\w/])"
)
"""Digits among which a scan put letters that look like them; a number never begins with a zero, and
a last small l is a litre."""

_DIGITS: Final = str.maketrans("OoIl", "0011")
_LETTERS: Final = str.maketrans("أإآٱى", "ااااي")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text and its page; `offsets` maps characters of the page to the text, None when equal."""

    text: str
    page: Page
    offsets: list[int] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Characters of the text for characters of the page, with the signs on the last letter."""
        if self.offsets is None:
            return start, end
        last = self.offsets[end - 1] + 1
        while last < len(self.text) and "\u064b" <= self.text[last] <= "\u065f":
            last += 1
        return self.offsets[start], last


def fold(text: str) -> Folded:
    """The page of a text: what is no letter of a number dropped, the rest folded.

    Dropped are vowel signs, stretching and direction marks, and the line end inside a number word.
    """
    offsets: list[int] | None = None
    bare = text
    dropped = sorted([*(sign.span() for sign in _SIGN.finditer(text)), *_line_ends(text)])
    if dropped:
        offsets = []
        begin = 0
        for start, end in dropped:
            offsets.extend(range(begin, start))
            begin = end
        offsets.extend(range(begin, len(text)))
        bare = "".join([text[at] for at in offsets])
    digits = bare
    if _MISREAD.search(bare) is not None:
        digits = _MISREAD_NUMBER.sub(lambda found: found.group().translate(_DIGITS), bare)
    low = digits.lower()
    if len(low) != len(bare):
        low = "".join([char.lower() if len(char.lower()) == 1 else char for char in digits])
    if not low.isascii():
        low = low.translate(_LETTERS)
    return Folded(text, Page(bare, low), offsets)


def _line_ends(text: str) -> Iterator[tuple[int, int]]:
    """Hyphen and line end inside one number word ("seven-", "teen")."""
    if "\n" not in text:
        return
    for word in _BROKEN_WORD.finditer(text):
        if (word.group(1) + word.group(3)).lower() in _NUMBER_WORDS:
            yield word.span(2)
