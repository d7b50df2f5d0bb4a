"""A typed cell to the count it means: `34`, `1,234`, `≥15`, `15+`, `~30`, `15-17`, `eight`."""

from __future__ import annotations

import re
from typing import Final

from llm_extract.numbers import read_ledger
from llm_extract.schema import Count, Qualifier

NOT_STATED: Final = frozenset(
    {"", "-", "–", "—", "?", "..", "n/a", "na", "nan", "null", "unknown", "not stated"}
)
"""Cells that say nothing. "none" is not among them: it may as well mean 0."""

_SIGNS: Final[dict[str, Qualifier]] = {
    "≥": "at_least",
    ">=": "at_least",
    ">": "more_than",
    "≤": "at_most",
    "<=": "at_most",
    "<": "fewer_than",
    "~": "about",
    "≈": "about",
}
_NUMBER: Final = r"\d{1,3}(?:[,'’\u00a0\u202f ]\d{3})+|\d+(?:\.0+)?"
_TYPED: Final = re.compile(
    rf"(?P<sign>{'|'.join(sorted(_SIGNS, key=len, reverse=True))})?\s*(?P<value>{_NUMBER})"
    rf"(?:\s*(?:-|–|—|to)\s*(?P<upper>{_NUMBER}))?\s*(?P<plus>\+)?"
)
_GROUPING: Final = re.compile(r"[,'’\u00a0\u202f ]|\.0+$")


def count_of(cell: str) -> Count | None:
    """The count of a cell; None where the cell states none.

    Words are read as a report's are ("at least 15", "eight", "dozens") when they are the whole
    cell. Raises ValueError, saying what may be typed, for everything else, also for `1.234`, which
    is two different numbers.
    """
    words = cell.strip()
    if words.casefold() in NOT_STATED:
        return None
    typed = _TYPED.fullmatch(words)
    count = _from_digits(typed, words) if typed is not None else _from_words(words)
    if count is None:
        raise ValueError("write a number such as 34, ≥34, ~30 or 15-17, or leave the cell empty")
    return count


def _from_digits(typed: re.Match[str], words: str) -> Count | None:
    marks = [mark for mark in ("sign", "upper", "plus") if typed[mark] is not None]
    if len(marks) > 1:
        return None
    qualifier: Qualifier = "exact"
    if typed["sign"]:
        qualifier = _SIGNS[typed["sign"]]
    elif typed["upper"]:
        qualifier = "range"
    elif typed["plus"]:
        qualifier = "at_least"
    return Count(
        value=_number(typed["value"]),
        upper=_number(typed["upper"]) if typed["upper"] else None,
        qualifier=qualifier,
        basis="printed",
        as_written=words,
    )


def _from_words(words: str) -> Count | None:
    mentions = read_ledger(words).mentions
    if len(mentions) != 1 or "." in words or "," in words:
        return None
    mention = mentions[0]
    starts = [mention.start]
    ends = [mention.end]
    if mention.qualifier_start is not None and mention.qualifier_end is not None:
        starts.append(mention.qualifier_start)
        ends.append(mention.qualifier_end)
    if mention.kind not in ("count", "vague") or (min(starts), max(ends)) != (0, len(words)):
        return None
    return Count(
        value=mention.value,
        upper=mention.upper,
        qualifier=mention.qualifier,
        basis=mention.basis,
        as_written=words,
    )


def _number(digits: str) -> int:
    return int(_GROUPING.sub("", digits))
