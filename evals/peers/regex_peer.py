"""The peer without a model: a number near a casualty word is a figure, by patterns and words.

Written as published regex baselines are: sentence by sentence, the casualty word that stands
closest decides, children, women and men after "including" are parts of the number before. It reads
no claimants, parties, places, dates, qualifiers or facilities.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from llm_extract.documents import Report
from llm_extract.evals.peers.flat import FlatClaim, casualty_report
from llm_extract.evals.peers.reading import NO_TOKENS, PeerReading
from llm_extract.evals.peers.regex_words import DICTIONARIES, ENGLISH, Dictionary
from llm_extract.models.endpoint import Endpoint
from llm_extract.schema import Outcome

Part = Literal["children", "women", "men"]

PARTS: tuple[Part, ...] = ("children", "women", "men")

NEAR = 7
"""Words that may stand between a number and its casualty word: "12 people from the same family"."""

PART_NEAR = 2
"""Words from a number to the part that it counts, that one included: "5 young women"."""

YEARS = range(1900, 2100)

_DIGITS = r"\d{1,3}(?:[,.\u00a0\u202f\u066c ]\d{3}){1,3}(?!\d)|\d{1,9}"
_SENTENCE_END = re.compile(r"(?<=[.!?؟;])\s+|\n+")
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_VOWEL_SIGNS = re.compile("[\u064b-\u0652\u0640]")
_LIKE_LETTERS = str.maketrans("\u2019\u02bc\u0130\u0131", "''Ii")
"""Apostrophes of one kind; Turkish i, which patterns take for i and dictionaries do not."""


class RegexPeer:
    """Patterns and dictionaries alone."""

    name = "regex"
    needs_model = False

    def ready(self) -> None:
        """Nothing can be missing."""

    async def read(
        self, reports: Sequence[Report], endpoint: Endpoint | None
    ) -> AsyncIterator[PeerReading]:
        """One reading a report, as `Peer.read` says; the endpoint is not used."""
        for report in reports:
            started = time.perf_counter()
            found = casualty_report(figures(report.text, report.language))
            seconds = time.perf_counter() - started
            yield PeerReading(report.id, found, None, seconds, 0, NO_TOKENS)


def figures(text: str, language: str | None) -> list[FlatClaim]:
    """The figures of a text in its order; a figure stated again is one figure.

    `language` is an ISO 639-1 code; texts of any other language than the lists are for are read
    with the English ones.
    """
    patterns = _patterns(language or "en")
    found: dict[tuple[Outcome, int | None], FlatClaim] = {}
    for sentence in _SENTENCE_END.split(text):
        for claim in _of_sentence(sentence.strip(), patterns):
            key = (claim.outcome, claim.total)
            found[key] = _completed(found[key], claim) if key in found else claim
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The compiled dictionary of a language."""

    number: re.Pattern[str]
    outcomes: tuple[tuple[Outcome, re.Pattern[str]], ...]
    parts: tuple[tuple[Part, re.Pattern[str]], ...]
    including: re.Pattern[str]
    conjunctions: re.Pattern[str]
    month_before: re.Pattern[str]
    no_count_after: re.Pattern[str]
    numbers: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Number:
    """A number of a sentence; `part` is the group it counts, if it counts one."""

    value: int
    start: int
    end: int
    part: Part | None


def _of_sentence(sentence: str, patterns: _Patterns) -> list[FlatClaim]:
    """Every number goes to the claim whose part it is, or becomes a claim of its own."""
    plain = _VOWEL_SIGNS.sub("", sentence).translate(_LIKE_LETTERS)
    claims: list[FlatClaim] = []
    whole: _Number | None = None
    for number in _numbers(plain, patterns):
        if number.part and whole and _included(plain, whole, number, patterns):
            claims[-1] = _with_part(claims[-1], number.part, number.value)
            continue
        outcome = _nearest(plain, number, patterns)
        if outcome is None:
            continue
        claim = FlatClaim(outcome=outcome, total=number.value, quote=sentence)
        claims.append(_with_part(claim, number.part, number.value) if number.part else claim)
        whole = number
    return claims


def _numbers(sentence: str, patterns: _Patterns) -> Iterator[_Number]:
    for match in patterns.number.finditer(sentence):
        written = match["number"].casefold()
        value = _value(written, patterns.numbers)
        is_year = value in YEARS and written.isdigit()
        is_day = patterns.month_before.search(sentence[: match.start()])
        if not (is_year or is_day or patterns.no_count_after.match(sentence, match.end())):
            part = _part(sentence[match.end() :], patterns)
            yield _Number(value, match.start("number"), match.end(), part)


def _value(written: str, words: dict[str, int]) -> int:
    if written[0].isdigit():
        return int(re.sub(r"\D", "", written))
    return sum(words[each] for each in re.split(r"[-\s]", written))


def _part(rest: str, patterns: _Patterns) -> Part | None:
    """The group that the next words name, up to the next punctuation."""
    clause = re.split(r"[,;:()\d]", rest, maxsplit=1)[0]
    for word in _WORD.findall(clause)[:PART_NEAR]:
        for part, pattern in patterns.parts:
            if pattern.fullmatch(word):
                return part
    return None


def _included(sentence: str, whole: _Number, part: _Number, patterns: _Patterns) -> bool:
    """Whether "including" or the like stands between a number and a part that it can hold."""
    return part.value <= whole.value and bool(
        patterns.including.search(sentence, whole.end, part.start)
    )


def _nearest(sentence: str, number: _Number, patterns: _Patterns) -> Outcome | None:
    """The outcome whose word stands closest to a number, at most `NEAR` words away.

    Of two that are as close the one that follows is taken.
    """
    near: list[tuple[int, bool, Outcome]] = []
    for outcome, pattern in patterns.outcomes:
        for match in pattern.finditer(sentence):
            before = match.end() <= number.start
            between = (
                sentence[match.end() : number.start]
                if before
                else sentence[number.end : match.start()]
            )
            near.append((_distance(between, patterns), before, outcome))
    if not near:
        return None
    distance, _, closest = min(near)
    return closest if distance <= NEAR else None


def _distance(between: str, patterns: _Patterns) -> int:
    """Words between a number and an outcome; punctuation is one too, a conjunction counts triple.

    "killed 3, wounded 5" and "3 killed and 5 boys were wounded" are then both read right.
    """
    return len(_TOKEN.findall(between)) + 2 * len(patterns.conjunctions.findall(between))


def _with_part(claim: FlatClaim, part: Part, value: int) -> FlatClaim:
    if getattr(claim, part) is not None:
        return claim
    filled: dict[str, Any] = {part: value}
    return replace(claim, **filled)


def _completed(claim: FlatClaim, again: FlatClaim) -> FlatClaim:
    """The claim with the parts that only its second statement has."""
    for part in PARTS:
        value = getattr(again, part)
        if value is not None:
            claim = _with_part(claim, part, value)
    return claim


@cache
def _patterns(language: str) -> _Patterns:
    words = DICTIONARIES.get(language, ENGLISH)
    months = "|".join(words.months.split()).replace("_", r"\s")
    return _Patterns(
        number=_number_pattern(words),
        outcomes=tuple((each, _any_of(listed, words)) for each, listed in words.outcomes.items()),
        parts=(
            ("children", _any_of(words.children, words)),
            ("women", _any_of(words.women, words)),
            ("men", _any_of(words.men, words)),
        ),
        including=_any_of(words.including, words),
        conjunctions=_any_of(words.conjunctions, words),
        # As they are written: "12 may have died" is no date.
        month_before=re.compile(rf"(?<!\w)(?:{months})\.?\s+$"),
        no_count_after=re.compile(rf"\s*[%٪]|\s+(?:{months})(?!\w)"),
        numbers={words.one: 1, **words.numbers},
    )


def _number_pattern(words: Dictionary) -> re.Pattern[str]:
    """Digits, or number words up to 99 as "thirty-one" is written."""
    tens = "|".join(word for word, value in words.numbers.items() if value >= 20)
    units = "|".join(word for word, value in words.numbers.items() if value < 10)
    written = rf"{_DIGITS}|(?:{tens})[-\s](?:{units}|{words.one})|{'|'.join(words.numbers)}"
    return re.compile(rf"(?<![\w.,]){words.prefix}(?P<number>{written})(?!\w)", re.IGNORECASE)


def _any_of(listed: str, words: Dictionary) -> re.Pattern[str]:
    """A pattern for the words of a list, stems and several words included."""
    forms = "|".join(
        re.escape(word.rstrip("*")).replace("_", r"\s") + (r"\w*" if word.endswith("*") else "")
        for word in listed.split()
    )
    return re.compile(rf"(?<!\w){words.prefix}(?:{forms})(?!\w)", re.IGNORECASE)
