"""Languages read only when the report says so: number words by `text_to_num` or by a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from text_to_num import find_numbers  # type: ignore[import-untyped]

from llm_extract.lexicon import noun_lexicon
from llm_extract.numbers import tables
from llm_extract.numbers.reading import LanguageRules, Page, Reading, Trigger
from llm_extract.schema import Qualifier

_TABLES: Final = tables.table("foreign")

CODES: Final = frozenset(_TABLES)
"""ISO 639-1 codes of the languages that `rules` knows."""

_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ-][^\W\d_]+)*")
_LONGEST: Final = 9
"""Words of the longest number that is read (two hundred and eighty thousand … in French)."""

_APOSTROPHES = str.maketrans("’ʼ", "''")

_Spelled = tuple[int, int] | None
"""Value and end of the number words that begin somewhere, None where none begin."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A word as `text_to_num` wants it."""

    word: str

    def text(self) -> str:
        return self.word

    def nt_separated(self, previous: _Token) -> bool:
        return False

    def not_a_number_part(self) -> bool:
        return False


@cache
def rules(code: str) -> LanguageRules:
    """The rules of one of `CODES`; KeyError for another code."""
    table = _TABLES[code]
    read = _library_speller(code) if table["reader"] == "library" else _table_speller(table)
    one = frozenset(table["one"])
    has_article = table["reader"] == "library"
    vague = "|".join(sorted(table["vague"], key=len, reverse=True))
    round_words: Mapping[str, int] = table["words"]
    rounds = "|".join(sorted(round_words, key=len, reverse=True))
    about: Qualifier | None = "about" if table.get("rounded") else None

    def read_vague(page: Page, match: re.Match[str]) -> Reading | None:
        return Reading(match.start(), match.end(), None, code, None, "vague")

    def read_round(page: Page, match: re.Match[str]) -> Reading | None:
        dozen = "d" in match.group() and round_words[match.group()] in (6, 12, 24)
        qualifier = None if dozen else about
        return Reading(
            match.start(), match.end(), round_words[match.group()], code, None, qualifier
        )

    def read_word(page: Page, match: re.Match[str]) -> Reading | None:
        spelled = read(page.low, match.start())
        if spelled is None:
            return None
        value, end = spelled
        if has_article and value == 1 and page.low[match.start() : end] in one:
            return _article(page, match.start(), end, code)
        return Reading(match.start(), end, value, code)

    triggers = (
        Trigger(f"{code}_round", rf"(?:{rounds})\b", read_round),
        Trigger(f"{code}_vague", rf"(?:{vague})\b", read_vague),
        Trigger(f"{code}_word", r"[^\W\d_]{2,}", read_word),
    )
    return tables.language_rules(code, table, triggers)


def _article(page: Page, start: int, end: int, code: str) -> Reading | None:
    """The article that is also the number one counts before a known singular noun only."""
    if page.low[end : end + 1] != " ":
        return None
    noun = noun_lexicon(code).match(page.low, end + 1)
    if noun is None or noun.plural or noun.role == "thing":
        return None
    return Reading(start, noun.end, 1, code, "count", "exact", "counted")


def _library_speller(code: str) -> Callable[[str, int], _Spelled]:
    @cache
    def begins(word: str) -> bool:
        return bool(find_numbers([_Token(word)], code, 0.0))

    def read(low: str, start: int) -> _Spelled:
        found = _words(low, start)
        if not found or not begins(found[0].group()):
            return None
        numbers = find_numbers([_Token(word.group()) for word in found], code, 0.0)
        if not numbers or numbers[0].start != 0 or numbers[0].is_ordinal:
            return None
        value = numbers[0].value
        if value != int(value):
            return None
        return int(value), found[numbers[0].end - 1].end()

    return read


def _table_speller(table: Mapping[str, Any]) -> Callable[[str, int], _Spelled]:
    values = {word: int(value) for value, forms in table["values"].items() for word in forms}
    scales: Mapping[str, int] = table["scales"]

    def read(low: str, start: int) -> _Spelled:
        total = group = end = 0
        ceiling = 1_000
        for word in _words(low, start):
            token = word.group().translate(_APOSTROPHES)
            value = values.get(token)
            if value is not None and value < ceiling and (value > 0 or end == 0):
                group += value
                ceiling = 100 if value >= 100 else 10 if value >= 20 else 0
            elif token in scales and (group or not end):
                total += (group or 1) * scales[token]
                group, ceiling = 0, 1_000
            else:
                break
            end = word.end()
        return (total + group, end) if end else None

    return read


def _words(low: str, start: int) -> list[re.Match[str]]:
    """The words from `start` that only a space or hyphen parts, at most `_LONGEST`."""
    found: list[re.Match[str]] = []
    at = start
    while len(found) < _LONGEST:
        word = _WORD.match(low, at)
        if word is None:
            break
        found.append(word)
        at = word.end()
        if low[at : at + 1] not in (" ", "-", "\u00a0"):
            break
        at += 1
    return found
