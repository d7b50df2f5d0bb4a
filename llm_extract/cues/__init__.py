"""Cue words: what the words round a number say of it; small tables of patterns a language.

This module finds cues and never decides what they mean for a number: that is for the readers of
`llm_extract.extraction` and the rules of `llm_extract.validators`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from llm_extract.cues.arabic import AND_OR_SO, PROCLITICS, SO, any_spelling
from llm_extract.lexicon.first_words import can_begin, first_word_finder
from llm_extract.lexicon.words import lowered
from llm_extract.schema import Outcome, Weapon

Role = Literal["object", "subject", "head"]
"""Where the people stand: after the cue, before it, or in the cue itself."""

LANGUAGES = ("en", "ar", "fr", "es", "uk", "ru")
ROLES: tuple[Role, ...] = get_args(Role)
_OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that tell of an outcome; `start` included, `end` excluded."""

    start: int
    end: int
    outcome: Outcome
    roles: frozenset[Role]
    form: str


@dataclass(frozen=True, slots=True)
class CueTable:
    """The compiled cues of one language; a missing table matches nothing."""

    language: str
    outcomes: dict[tuple[Outcome, Role], re.Pattern[str]]
    weapons: dict[Weapon, re.Pattern[str]]
    sections: dict[str, dict[str, re.Pattern[str]]]
    any_outcome: re.Pattern[str]

    def pattern(self, section: str, name: str) -> re.Pattern[str]:
        """The pattern of a named section (`context.including`, `scope.period`, …)."""
        return self.sections.get(section, {}).get(name, _NOTHING)


_NOTHING = re.compile(r"(?!)")
_WORD = r"(?<![^\W_]|[\u064B-\u0652])%s(?:%s)(?![^\W_]|[\u064B-\u0652])"
_GAPS = re.compile(r"(\[[^\]]*\]|\\.)| ")


def _compiled(words: list[str], language: str, role: Role | None = None) -> re.Pattern[str]:
    if not words:
        return _NOTHING
    # Longest first, so that "killed or injured" is not read as "killed".
    bounded = "|".join(sorted(set(words), key=len, reverse=True))
    prefix = ""
    if language == "ar":
        bounded = any_spelling(bounded)
        # A verb with "and" opens a clause: the people before it are not its subject.
        prefix = (SO if role == "subject" else AND_OR_SO) + PROCLITICS
    # A line may break wherever a cue has a space.
    broken = _GAPS.sub(lambda gap: gap.group(1) or r"\s+", bounded)
    return re.compile(_WORD % (prefix, broken), re.IGNORECASE)


@cache
def _tables(language: str) -> dict[str, Any]:
    resource = files("llm_extract.cues").joinpath(f"{language}.toml")
    return tomllib.loads(resource.read_text(encoding="utf-8")) if resource.is_file() else {}


def _outcome_words(language: str) -> dict[tuple[Outcome, Role], list[str]]:
    outcomes = _tables(language).get("outcomes", {})
    return {(o, role): outcomes.get(o, {}).get(role, []) for o in _OUTCOMES for role in ROLES}


@cache
def cue_table(language: str | None) -> CueTable:
    """The cues of a language by ISO 639-1 code; English for an unknown one."""
    code = language if language in LANGUAGES else "en"
    tables = _tables(code)
    words = _outcome_words(code)
    return CueTable(
        language=code,
        outcomes={slot: _compiled(cues, code, slot[1]) for slot, cues in words.items()},
        weapons={
            weapon: _compiled(tables.get("weapons", {}).get(weapon, []), code)
            for weapon in get_args(Weapon)
        },
        sections={
            section: {name: _compiled(words, code) for name, words in names.items()}
            for section, names in tables.items()
            if section not in ("outcomes", "weapons")
        },
        any_outcome=_compiled([cue for cues in words.values() for cue in cues], code),
    )


def casualty_cues(text: str, language: str | None) -> list[Cue]:
    """All outcome cues of a text in order; where two overlap, the longer one stands.

    Words of equal span that fit several roles give one cue with these roles.
    """
    table = cue_table(language)
    found: dict[_Span, set[Role]] = {}
    for outcome, role, start, end in _matches(table, text):
        found.setdefault((start, end, _OUTCOMES.index(outcome)), set()).add(role)
    kept: list[Cue] = []
    for crowd in _crowds(sorted(found)):
        first = len(kept)
        for start, end, nth in sorted(crowd, key=lambda span: span[0] - span[1]):
            if all(end <= cue.start or start >= cue.end for cue in kept[first:]):
                roles = frozenset(found[start, end, nth])
                kept.append(Cue(start, end, _OUTCOMES[nth], roles, text[start:end]))
    return sorted(kept, key=lambda cue: cue.start)


_Span = tuple[int, int, int]
"""Start, end (excluded), place of the outcome in `_OUTCOMES`."""


def _crowds(spans: Sequence[_Span]) -> Iterator[Sequence[_Span]]:
    """Spans in order, in runs of which none overlaps the next run."""
    first = reach = 0
    for nth, (start, end, _) in enumerate(spans):
        if start >= reach and nth:
            yield spans[first:nth]
            first = nth
        reach = max(reach, end)
    if spans:
        yield spans[first:]


def _matches(table: CueTable, text: str) -> Iterator[tuple[Outcome, Role, int, int]]:
    """What each pattern finds from left to right; a pattern's own matches never overlap."""
    finder = _finder(table.language)
    if finder is None:
        for (outcome, role), pattern in table.outcomes.items():
            for match in pattern.finditer(text):
                # "And", where it is written as one with the cue, is the first group.
                yield outcome, role, match.end(1) if match[1] else match.start(), match.end()
        return
    done: dict[tuple[Outcome, Role], int] = {}
    for found in finder.finditer(" " + lowered(text)):
        start = found.start()
        for slot, pattern in _beginning_with(table.language, found[1]):
            cue = pattern.match(text, start) if done.get(slot, 0) <= start else None
            if cue is not None:
                done[slot] = cue.end()
                yield *slot, start, cue.end()


@cache
def _finder(language: str) -> re.Pattern[str] | None:
    """Finds the words that cues begin with; None for Arabic, whose words have letters before."""
    if language == "ar":
        return None
    return first_word_finder(cue for cues in _outcome_words(language).values() for cue in cues)


@cache
def _beginning_with(
    language: str, word: str
) -> tuple[tuple[tuple[Outcome, Role], re.Pattern[str]], ...]:
    """The patterns of the cues that can begin with a word, by outcome and role."""
    patterns = []
    for slot, words in _outcome_words(language).items():
        fitting = [cue for cue in words if can_begin(cue, word)]
        if fitting:
            patterns.append((slot, _compiled(fitting, language, slot[1])))
    return tuple(patterns)
