"""Cue words: what the words round a number say of it; small tables of patterns a language.

This module finds cues and never decides what they mean for a number: that is for the readers of
`llm_extract.extraction` and the rules of `llm_extract.validators`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple, get_args

from llm_extract.cues.arabic import AND_OR_SO, PROCLITICS, SO, any_spelling
from llm_extract.lexicon.first_words import can_begin, openings
from llm_extract.lexicon.spaced import SpacedWords
from llm_extract.lexicon.words import lowered
from llm_extract.schema import Outcome, Weapon

Role = Literal["object", "subject", "head"]
"""Where the people stand: after the cue, before it, or in the cue itself."""

LANGUAGES = ("en", "ar", "fr", "es", "uk", "ru")
ROLES: tuple[Role, ...] = get_args(Role)
_OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(slots=True, unsafe_hash=True)
class Cue:
    """Words that tell of an outcome; `start` included, `end` excluded.

    Never changed, and not frozen only because that would make it five times as dear.
    """

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
    code = cue_table(language).language
    told = _told_by_first_words(code, text) if code in _CODECS else _told_anywhere(code, text)
    return [
        Cue(start, end, _OUTCOMES[nth], roles, text[start:end])
        for start, end, nth, roles in _standing(told)
    ]


_Told = tuple[int, int, int, frozenset[Role]]
"""Start, end (excluded) and roles of what may be a cue; in third place the outcome's number."""

_Slot = tuple[int, Role]
"""The place of an outcome in `_OUTCOMES`, and a role."""


def _standing(told: Iterable[_Told]) -> list[_Told]:
    """Of what is told in order, the longer where some overlap."""
    standing: list[_Told] = []
    crowd: list[_Told] = []
    reach = 0
    for one in told:
        if one[0] >= reach:
            standing += crowd if len(crowd) < 2 else _longest(crowd)
            crowd = [one]
            reach = one[1]
        else:
            crowd.append(one)
            reach = max(reach, one[1])
    return standing + _longest(crowd)


def _longest(crowd: list[_Told]) -> list[_Told]:
    kept: list[_Told] = []
    for one in sorted(crowd, key=lambda told: told[0] - told[1]):
        if all(one[1] <= other[0] or one[0] >= other[1] for other in kept):
            kept.append(one)
    return sorted(kept)


def _merged(found: Iterable[tuple[int, int, _Slot]]) -> list[_Told]:
    """Roles of equal spans and outcomes together, in order."""
    roles: dict[tuple[int, int, int], list[Role]] = {}
    for start, end, (nth, role) in found:
        roles.setdefault((start, end, nth), []).append(role)
    return [(*span, frozenset(roles[span])) for span in sorted(roles)]


def _told_anywhere(language: str, text: str) -> list[_Told]:
    """What the patterns find, each from left to right; their own matches never overlap."""
    return _merged(
        # "And", where it is written as one with the cue, is the first group.
        (match.end(1) if match[1] else match.start(), match.end(), (_OUTCOMES.index(outcome), role))
        for (outcome, role), pattern in cue_table(language).outcomes.items()
        for match in pattern.finditer(text)
    )


# --- by first words -----------------------------------------------------------------------------


def _told_by_first_words(language: str, text: str) -> list[_Told]:
    """The same, of languages in which nothing is written as one with a cue."""
    told: list[_Told] = []
    done: dict[_Slot, int] = {}
    reach = 0
    beginnings = _beginnings(language)
    is_ascii = text.isascii()
    for place in beginnings.first_words.places(lowered(text)):
        start = place.start()
        alone, longer, patterns = beginnings[place[1]]
        if is_ascii and start >= reach and not (longer and longer.match(text, start)):
            for length, nth, roles in alone:
                told.append((start, start + length, nth, roles))
            continue
        found: list[tuple[int, int, _Slot]] = []
        for slot, pattern in patterns:
            cue = pattern.match(text, start) if done.get(slot, 0) <= start else None
            if cue is not None:
                done[slot] = cue.end()
                found.append((start, cue.end(), slot))
        if found:
            told += _merged(found)
            reach = max(reach, told[-1][1])
    return told


class _Beginning(NamedTuple):
    """What a word tells by itself, and what may tell more in its place."""

    alone: list[tuple[int, int, frozenset[Role]]]
    """Length of the word, number of the outcome and roles."""
    longer: re.Pattern[str] | None
    """Any of the cues that begin with the word and go on behind it."""
    patterns: list[tuple[_Slot, re.Pattern[str]]]
    """All cues that begin with the word, for each outcome and role."""


class _Beginnings(dict[str, _Beginning]):
    """What the words of a language, or the prefixes of words, begin; compiled when first met."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language
        cues = [cue for cues in _outcome_words(language).values() for cue in cues]
        begun = [some for some in map(openings, cues) if some is not None]
        if len(begun) < len(cues):
            raise ValueError(f"a cue of {language} can begin with any word")
        self._prefixes = {prefix for some in begun for prefix in some.prefixes}
        words = {word for some in begun for word in some.words}
        self.first_words = SpacedWords(words, self._prefixes, codec=_CODECS[language])

    def __missing__(self, word: str) -> _Beginning:
        alone: dict[int, list[Role]] = {}
        longer: list[str] = []
        patterns: list[tuple[_Slot, re.Pattern[str]]] = []
        ends_open = word in self._prefixes
        for (outcome, role), cues in _outcome_words(self._language).items():
            nth = _OUTCOMES.index(outcome)
            fitting = [cue for cue in cues if can_begin(cue, word)]
            further = [cue for cue in fitting if ends_open or not _ONE_WORD.fullmatch(cue)]
            longer += further
            if fitting:
                patterns.append(((nth, role), _compiled(fitting, self._language, role)))
            if len(further) < len(fitting):
                alone.setdefault(nth, []).append(role)
        self[word] = begun = _Beginning(
            [(len(word), nth, frozenset(roles)) for nth, roles in sorted(alone.items())],
            _compiled(longer, self._language) if longer else None,
            patterns,
        )
        return begun


_ONE_WORD = re.compile(r"(?:[^\W_]|\[[^\W_]+\]|\(\?:|[|)?])+")
"""A cue of letters alone, which ends with the word that it begins with."""

_CODECS = {"en": "latin-1", "fr": "latin-1", "es": "latin-1", "uk": "cp1251", "ru": "cp1251"}
"""A byte for every letter of a language; Arabic is not here, as it writes words before a cue."""

_beginnings = cache(_Beginnings)
