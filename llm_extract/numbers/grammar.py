"""Merges the rules of the languages of one text into one scan and one set of tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from llm_extract.lexicon.first_words import openings
from llm_extract.lexicon.words import any_word
from llm_extract.numbers import arabic, english, foreign
from llm_extract.numbers.mention import Kind
from llm_extract.numbers.reading import PlaceFinder, Reader
from llm_extract.schema import Qualifier

DIGITS: Final = r"(?P<digits>\+?\d)"
"""Pattern of the first digit of a number, with the plus sign before it."""

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Grammar:
    """The tables of `LanguageRules`, merged, and the patterns made of them.

    `latin` is the code given to a number with no Arabic word beside it. `qualifier_tails` lists
    phrases by their last word, longest first. `scan` matches where a number may begin;
    `beginnings` are its parts by the ASCII letters that they may begin with, none for a digit; it
    is empty where any word can begin a number. `first_words` finds such letters in a shadow, and
    `other_places` those that it passes. `telling` matches where an age, unit or percentage may
    stand behind a number. `number_words` may make one number or date of digits with what follows.
    """

    latin: str
    reads_arabic: bool
    scan: re.Pattern[str]
    beginnings: Mapping[str, tuple[re.Pattern[str], ...]]
    first_words: re.Pattern[str]
    other_places: tuple[PlaceFinder, ...]
    readers: Mapping[str, Reader]
    day_first: re.Pattern[str]
    month_first: re.Pattern[str]
    joined_days: re.Pattern[str]
    number_words: frozenset[str]
    trailing: re.Pattern[str]
    trailers: Mapping[str, Qualifier]
    connector: re.Pattern[str]
    units: Mapping[str, Kind]
    telling: re.Pattern[str]
    unit_gaps: frozenset[str]
    scales: Mapping[str, int]
    labels: Mapping[str, Kind]
    named_labels: frozenset[str]
    year_words: frozenset[str]
    qualifier_tails: Mapping[str, tuple[tuple[tuple[str, ...], Qualifier], ...]]
    fillers: frozenset[str]
    between_words: frozenset[str]
    change_words: frozenset[str]


def grammar_for(language: str | None, arabic_letters: bool) -> Grammar:
    """The grammar for a text: Arabic where its letters stand, and English or `language`."""
    foreign_code = language if language in foreign.CODES else None
    return _merged(foreign_code or english.CODE, arabic_letters)


@cache
def _merged(latin: str, arabic_letters: bool) -> Grammar:
    rules = [english.RULES if latin == english.CODE else foreign.rules(latin)]
    if arabic_letters:
        rules.append(arabic.RULES)
    triggers = [trigger for rule in rules for trigger in rule.triggers]
    months = "|".join(sorted((m for r in rules for m in r.months), key=len, reverse=True))
    heads = {"url": r"https?://\S+|www\.\S+", "month": rf"(?:{months})\b"}
    heads |= {trigger.name: trigger.pattern for trigger in triggers}
    other_places = {t.name: t.places for t in triggers if t.places is not None}
    letters = _beginnings({n: p for n, p in heads.items() if n not in other_places}).keys()
    word_starts = "|".join(f"(?P<{name}>{pattern})" for name, pattern in heads.items())
    trailers: dict[str, Qualifier] = {p: q for r in rules for p, q in r.trailers.items()}
    return Grammar(
        latin=latin,
        reads_arabic=arabic_letters,
        scan=re.compile(rf"{DIGITS}|\b(?:{word_starts})"),
        beginnings=_beginnings(heads),
        first_words=re.compile(rf" ({any_word(letters - {''}, (), '[a-z]')})"),
        other_places=tuple(other_places.values()),
        readers={t.name: t.reader for t in triggers},
        day_first=_day_first(months),
        month_first=_month_first(months),
        joined_days=re.compile(
            rf"\d{{1,2}}(?:st|nd|rd|th)?(?=\s*(?:and|to|or|[-–&]|[واإ]+لى|و)\s*\d{{1,2}}"
            rf"(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{months})\b)"
        ),
        number_words=_JOINING.union(*(r.months for r in rules), *(r.scales for r in rules)),
        trailing=_trailing(trailers),
        trailers=trailers,
        connector=_connector(
            [w for r in rules for w in r.range_words], [w for r in rules for w in r.between_words]
        ),
        units={u: k for r in rules for u, k in r.units.items()},
        telling=_telling(word for r in rules for word in (*r.units, *r.unit_gaps)),
        unit_gaps=frozenset().union(*(r.unit_gaps for r in rules)),
        scales={s: v for r in rules for s, v in r.scales.items()},
        labels={w: k for r in rules for w, k in r.labels.items()},
        named_labels=frozenset().union(*(r.named_labels for r in rules)),
        year_words=frozenset().union(*(r.year_words for r in rules)),
        qualifier_tails=_tails({p: q for r in rules for p, q in r.qualifiers.items()}),
        fillers=frozenset().union(*(r.fillers for r in rules)),
        between_words=frozenset().union(*(r.between_words for r in rules)),
        change_words=frozenset().union(*(r.change_words for r in rules)),
    )


def _beginnings(heads: Mapping[str, str]) -> dict[str, tuple[re.Pattern[str], ...]]:
    """Patterns by the ASCII letters that they begin with; empty where one leaves them open."""
    beginnings: dict[str, tuple[re.Pattern[str], ...]] = {"": (re.compile(DIGITS),)}
    for name, pattern in heads.items():
        begun = openings(pattern)
        if begun is None or begun.prefixes:
            return {}
        part = re.compile(rf"\b(?P<{name}>{pattern})")
        for letters in {_NOT_ASCII.split(word)[0] for word in begun.words}:
            beginnings[letters] = (*beginnings.get(letters, ()), part)
    return beginnings


_JOINING: Final = frozenset({"a", "am", "and", "de", "of", "or", "p", "pm", "to"})
"""Words behind the digits of a joined day, of a day before its month and of a time."""

_YEAR = r"(?:19|20|١٩|٢٠)\d\d(?!\d)"
_YEAR_AFTER = rf"(?:,?\s*(?:of\s+|de\s+|del\s+|من\s+|عام\s+|العام\s+|سنة\s+)*|-)(?P<year>{_YEAR})"


def _day_first(months: str) -> re.Pattern[str]:
    day = r"\d{1,2}(?:st|nd|rd|th|er|º)?"
    link = r"(?:[ \u00a0-]|\n)?(?:of\s+|de\s+|من\s+|شهر\s+)*"
    named = rf"(?:{months})\b(?:\.(?=,?\s*\d))?(?:\s*/\s*(?:{months})\b)?"
    return re.compile(rf"(?:{day}[-–/])?{day}{link}(?P<month>{named})(?:{_YEAR_AFTER})?")


def _month_first(months: str) -> re.Pattern[str]:
    named = rf"(?P<month>(?:{months})\b\.?(?:\s*/\s*(?:{months})\b)?)"
    day = r"(?:the\s+)?(?P<day>\d{1,2})(?:st|nd|rd|th)?(?![\d:])(?!,\d{3})"
    days = rf"{day}(?:\s*(?:[-–&]|to|and)\s*\d{{1,2}}(?:st|nd|rd|th)?(?![\d:]))?"
    return re.compile(
        rf"{named}(?:\s+{days}(?:{_YEAR_AFTER})?|{_YEAR_AFTER.replace('year', 'year_only')})"
    )


def _telling(units: Iterable[str]) -> re.Pattern[str]:
    """Units, the words and letters that an age begins with, and all that is not ASCII."""
    words = any_word({"y", "yo", *units}, {"day", "month", "week", "year", "yr"}, "[a-z]")
    return re.compile(rf"[\s-]*(?:{words}|[%$]|[^\x00-\x7f])")


_LETTERS = r"[a-z]*+[^\W\d_]*+"
"""Letters of a lowercase text, if any; ASCII ones are passed far more quickly."""


def _trailing(trailers: Mapping[str, Qualifier]) -> re.Pattern[str]:
    phrases = any_word(trailers, (), r"\w").replace(r"\ ", r"\s+")
    return re.compile(
        rf"(?P<sign>\+(?!\d))|-(?P<joined>plus|odd)\b"
        rf"|\s++(?:{_LETTERS}\s++){{0,2}}?(?P<phrase>{phrases})(?!\s+(?:\d|(?:than|one|two|three|four"
        rf"|five|six|seven|eight|nine|ten|a|another|twelve|twenty)\b))"
    )


def _connector(words: list[str], between: list[str]) -> re.Pattern[str]:
    plain = "|".join(map(re.escape, words))
    joined = r"|(?P<and>and|y|et|e|и|і|та|und|en|و)" if between else ""
    return re.compile(
        rf"(?P<dash>[-–—‑]|\s[–—-]\s|\s?~\s?)(?=\d)|\s+(?:(?P<word>{plain})\s+{joined}\s*(?=\S))"
    )


def _tails(
    phrases: Mapping[str, Qualifier],
) -> dict[str, tuple[tuple[tuple[str, ...], Qualifier], ...]]:
    tails: dict[str, list[tuple[tuple[str, ...], Qualifier]]] = {}
    for phrase, qualifier in phrases.items():
        parts = tuple(phrase.split())
        tails.setdefault(parts[-1], []).append((parts, qualifier))
    return {last: tuple(sorted(found, key=lambda f: -len(f[0]))) for last, found in tails.items()}
