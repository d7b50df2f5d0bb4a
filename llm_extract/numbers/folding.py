"""Folds a text for reading: lowercase, bare Arabic letters; and leads spans back to the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from llm_extract.numbers import english_words
from llm_extract.numbers.reading import Page

_SIGNS: Final = (
    "\u0640\u064b-\u065f\u0670\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"
    "\u00ad\u200b-\u200d\u2060\ufeff"
)
_SIGN = re.compile(f"[{_SIGNS}]+")
_BROKEN = re.compile(r"[-\u00ad‐][ \t]*\r?\n[ \t]*(?=[a-z])")
_GOES_ON = re.compile(r"\n[ \t]*[a-z]")
"""The end of `_BROKEN`, which is found sooner than its beginning."""

_LAST_LETTERS = re.compile(r"(?<![^\W_])[A-Za-z]+$")
_LETTERS_ON = re.compile(r"[a-z]+")
_NUMBER_WORDS: Final = frozenset(english_words.VALUES)
_MISREAD_NEAR = re.compile(r"\d(?:[OoIl]|(?<=[Il]\d))")
_MISREAD_NUMBER = re.compile(
    r"(?<![\w.,'’/#&+-])(?=[OIl,.]*\d)(?:[Il\d][OoIl\d]*(?<![ol])(?:[,.][OoIl\d]{3}(?<!l))*)(?![\w/])"
)
"""Digits among which a scan put letters that look like them; a number never begins with a zero, and
a last small l is a litre."""

_DIGITS: Final = str.maketrans("OoIl", "0011")
_MISREAD_SHADOW = re.compile("0(?:[oil]|(?<=[il]0))")
"""Where `_MISREAD_NEAR` may stand in an ASCII text."""

_SHADES: Final = bytes(
    code if chr(code).isalpha() else ord("0") if chr(code).isdigit() else ord(" ")
    for code in range(128)
).ljust(256)
_LETTERS: Final = tuple(zip("أإآٱى", "ااااي", strict=True))


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

    Dropped are vowel signs, stretching and direction marks, what has no width (a number reads as it
    is seen; rule S01 says that something hides there), and the line end inside a number word.
    """
    offsets: list[int] | None = None
    bare = text
    signs = [] if text.isascii() else [sign.span() for sign in _SIGN.finditer(text)]
    dropped = sorted([*signs, *_line_ends(text)])
    if dropped:
        offsets = []
        begin = 0
        for start, end in dropped:
            offsets.extend(range(begin, start))
            begin = end
        offsets.extend(range(begin, len(text)))
        bare = "".join([text[at] for at in offsets])
    low = _lowered(bare)
    shadow = _shadow(low)
    misread = _MISREAD_SHADOW.search(shadow) if low.isascii() else _MISREAD_NEAR.search(bare)
    if misread is not None:
        low = _lowered(_MISREAD_NUMBER.sub(lambda found: found.group().translate(_DIGITS), bare))
        shadow = _shadow(low)
    return Folded(text, Page(bare, low, shadow), offsets)


def _lowered(text: str) -> str:
    low = text.lower()
    if len(low) != len(text):
        low = "".join([char.lower() if len(char.lower()) == 1 else char for char in text])
    if not low.isascii():
        for seated, bare_letter in _LETTERS:
            low = low.replace(seated, bare_letter)
    return low


def _shadow(low: str) -> str:
    return low.encode("ascii", "replace").translate(_SHADES).decode("ascii")


def _line_ends(text: str) -> Iterator[tuple[int, int]]:
    """Hyphen and line end inside one number word ("seven-", "teen")."""
    if _GOES_ON.search(text) is None:
        return
    read = 0
    for broken in _BROKEN.finditer(text):
        line = text.rfind("\n", read, broken.start()) + 1
        head = _LAST_LETTERS.search(text, max(read, line), broken.start())
        tail = _LETTERS_ON.match(text, broken.end())
        if head is None or tail is None:
            continue
        read = tail.end()
        if (head.group() + tail.group()).lower() in _NUMBER_WORDS:
            yield broken.span()
