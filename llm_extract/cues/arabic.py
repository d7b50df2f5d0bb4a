"""Lets a pattern of bare Arabic letters match every spelling of them; the words written with others."""

from __future__ import annotations

import re

_MARKS = "[\u0640\u064b-\u065f\u0670]*"
"""Stretching and vowel signs, that may follow any letter."""

_VARIANTS = {
    **dict.fromkeys("اأإآٱ", "اأإآٱ"),
    **dict.fromkeys("يى", "يى"),
    **dict.fromkeys("ةه", "ةه"),
}
"""Letters that writers use for each other."""

_PIECE = re.compile(
    r"\\.|\[\^[^\]]*\]|(?:(?P<class>\[[^\]\\]*\])|(?P<letter>[\u0621-\u064a\u0671]))(?P<quantifier>[?*+])?",
    re.DOTALL,
)


def any_spelling(pattern: str) -> str:
    """The pattern with vowel signs allowed after each letter and kindred letters taken as one."""
    return _PIECE.sub(_spellings, pattern)


def _spellings(piece: re.Match[str]) -> str:
    letters = piece.group("class") or piece.group("letter")
    if letters is None or not re.search(r"[\u0621-\u064a]", letters):
        return piece.group()
    variants = "".join(_VARIANTS.get(letter, letter) for letter in letters.strip("[]"))
    spelled = (f"[{variants}]" if len(variants) > 1 else variants) + _MARKS
    quantifier = piece.group("quantifier")
    return f"(?:{spelled}){quantifier}" if quantifier else spelled


CONJUNCTIONS = any_spelling("[وف]?")
"""The one-letter words "and" and "so", that are written with the next word."""

PROCLITICS = any_spelling("(?:لل|[بلك]?(?:ال)?)")
"""Prepositions and the article, that are written with the next word."""
