"""Makes patterns of bare Arabic letters match every spelling, and words written as one."""

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
    r"\\.|\[\^[^\]]*\]"
    r"|(?:(?P<class>\[[^\]\\]*\])|(?P<letter>[\u0621-\u064a\u0671]))(?P<quantifier>[?*+])?",
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


AND_OR_SO = f"({any_spelling('[وف]')})?"
"""The conjunctions that are written with the next word, as a group of their own."""

SO = f"({any_spelling('ف')})?"
"""The one of them that may lead from people to their verb ("as for the nine, they were killed")."""

PROCLITICS = any_spelling("(?:لل|[بلك]?(?:ال)?)")
"""Prepositions and the article, that are written with the next word."""
