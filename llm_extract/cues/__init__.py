"""Cue words: what the words round a number say of it; small tables of patterns a language.

This module finds cues and never decides what they mean for a number: that is for the readers of
`llm_extract.extraction` and the rules of `llm_extract.validators`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from llm_extract.cues.arabic import AND_OR_SO, PROCLITICS, SO, any_spelling
from llm_extract.schema import Outcome, Weapon

Role = Literal["object", "subject", "head"]
"""Where the people stand: after the cue, before it, or in the cue itself."""

LANGUAGES = ("en", "ar", "fr", "es", "uk", "ru")
ROLES: tuple[Role, ...] = get_args(Role)


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
def cue_table(language: str | None) -> CueTable:
    """The cues of a language by ISO 639-1 code; English for an unknown one."""
    code = language if language in LANGUAGES else "en"
    resource = files("llm_extract.cues").joinpath(f"{code}.toml")
    tables = tomllib.loads(resource.read_text(encoding="utf-8")) if resource.is_file() else {}
    outcomes: dict[tuple[Outcome, Role], re.Pattern[str]] = {}
    every: list[str] = []
    for outcome in get_args(Outcome):
        for role in ROLES:
            words = tables.get("outcomes", {}).get(outcome, {}).get(role, [])
            outcomes[outcome, role] = _compiled(words, code, role)
            every.extend(words)
    return CueTable(
        language=code,
        outcomes=outcomes,
        weapons={
            weapon: _compiled(tables.get("weapons", {}).get(weapon, []), code)
            for weapon in get_args(Weapon)
        },
        sections={
            section: {name: _compiled(words, code) for name, words in names.items()}
            for section, names in tables.items()
            if section not in ("outcomes", "weapons")
        },
        any_outcome=_compiled(every, code),
    )


def casualty_cues(text: str, language: str | None) -> list[Cue]:
    """All outcome cues of a text in order; where two overlap, the longer one stands.

    Words of equal span that fit several roles give one cue with these roles.
    """
    table = cue_table(language)
    if not table.any_outcome.search(text):
        return []
    found: dict[tuple[int, int, Outcome], set[Role]] = {}
    for (outcome, role), pattern in table.outcomes.items():
        for match in pattern.finditer(text):
            # "And", where it is written as one with the cue, is the first group.
            start = match.end(1) if table.language == "ar" and match[1] else match.start()
            found.setdefault((start, match.end(), outcome), set()).add(role)
    ordered = sorted(found.items(), key=lambda item: (item[0][0] - item[0][1], item[0][0]))
    kept: list[Cue] = []
    for (start, end, outcome), roles in ordered:
        if all(end <= cue.start or start >= cue.end for cue in kept):
            kept.append(Cue(start, end, outcome, frozenset(roles), text[start:end]))
    return sorted(kept, key=lambda cue: cue.start)
