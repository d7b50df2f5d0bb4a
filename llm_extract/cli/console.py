"""The two streams of the program: results on stdout, everything about the work on stderr.

Nothing that is printed is read as markup, and control characters come out as visible escapes:
report text can neither colour nor clear nor retitle a terminal.
"""

from __future__ import annotations

import unicodedata

from rich.console import Console
from rich.text import Text

out = Console(markup=False, highlight=False, emoji=False)
err = Console(stderr=True, markup=False, highlight=False, emoji=False)

_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Bidirectional overrides; plain right-to-left text, its marks and joiners need none of them."""


def visible(words: str) -> str:
    """The words on one line: white space as a space, control and override characters as escapes."""
    return "".join(_visible(character) for character in words)


def plain(words: str, style: str = "") -> Text:
    """The words as `visible` gives them, in a style, never as markup."""
    return Text(visible(words), style=style)


def say(words: str, style: str = "") -> None:
    """A line about the work, on stderr, never folded."""
    err.print(plain(words, style), soft_wrap=True)


def _visible(character: str) -> str:
    if character in "\n\r\t\u2028\u2029":
        return " "
    if unicodedata.category(character) in ("Cc", "Cs") or character in _REORDERING:
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character
