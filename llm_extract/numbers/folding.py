"""Folds a text for reading: lowercase, bare Arabic letters; and leads spans back to the text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from llm_extract.numbers.reading import Page

_SIGNS: Final = "\u0640\u064b-\u065f\u0670\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"
_SIGN = re.compile(f"[{_SIGNS}]+")
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
    """The page of a text: vowel signs, stretching and direction marks dropped, the rest folded."""
    offsets: list[int] | None = None
    bare = text
    if _SIGN.search(text) is not None:
        bare = _SIGN.sub("", text)
        offsets = []
        begin = 0
        for sign in _SIGN.finditer(text):
            offsets.extend(range(begin, sign.start()))
            begin = sign.end()
        offsets.extend(range(begin, len(text)))
    low = bare.lower()
    if len(low) != len(bare):
        low = "".join([char.lower() if len(char.lower()) == 1 else char for char in bare])
    if not low.isascii():
        low = low.translate(_LETTERS)
    return Folded(text, Page(bare, low), offsets)
