"""Rules P01 to P03: who is blamed is named there, and nobody takes another's place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from llm_extract.cues import CueTable, cue_table
from llm_extract.record import Finding, RecordClaim
from llm_extract.validators.names import occurrences
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.terms import AnyRow, same_name
from llm_extract.validators.wording import cut, found, listed, named

BEHIND: Final = 40
"""Most characters from a name to the verb that makes it a source: a title or bracket between."""

AHEAD: Final = 32
"""Most characters before a name in which the words stand that make it a source or a party."""

LONG_WORD: Final = 4
"""Letters of a word of a name that can stand for it: "the Movement", "the Directorate"."""

UNNAMED: Final = re.compile(
    r"\b(?:unidentified|unknown|unnamed|unspecified)\b|مجهول|inconnus?\b|desconocid|неизвестн|невідом",
    re.IGNORECASE,
)
"""Words for somebody whom the report cannot name."""

OWN: Final = re.compile(
    r"\b(?:its|their|our|his|her)\s+(?:own\s+)?(?:\w+\s+)?"
    r"(?:units?|forces?|fighters?|troops|soldiers|members?|men|gunmen|warplanes|jets|drones?|army)\b"
    r"|\b(?:we|has|have|had)\s+(?:killed|carried\s+out|shot|struck|targeted|arrested|detained)\b"
    r"|\b(?:it|they|units?)\s+(?:(?:had|have|has)\s+)?(?:killed|carried\s+out|shot|struck|targeted|"
    r"arrested|detained|hit|neutrali[sz]ed|eliminated)\b",
    re.IGNORECASE,
)
"""English words by which one who speaks tells of its own deeds."""

_BLAMED_BEFORE = re.compile(
    r"\b(?:by|(?:blam\w+|pinned) on|blam(?:ed|es|ing)|accus(?:ed|es|ing)|"
    r"(?:attribut\w+|ascrib\w+) to|responsibility of|hands of)\s+(?:the\s+|an?\s+)?$",
    re.IGNORECASE,
)
_PUBLISHES = re.compile(
    r"\b(?:released|published|issued|compiled|documented|recorded|registered|verified|collected|"
    r"gathered|reported|announced|provided|prepared|written|reports?|statement|figures|toll|tally|"
    r"count|data|survey|bulletin|estimates?)\s+by\s+(?:the\s+|an?\s+)?$",
    re.IGNORECASE,
)
"""Before the name of a source: "a report released by the …"."""

_TAKES_LIVES = re.compile(r"\s+(?:the\s+li(?:ves|fe)|\w+\s+li(?:ves|fe))\b", re.IGNORECASE)
"""What follows "claimed" where a blast claimed lives and nobody claimed anything."""

_BLAMED_BEHIND = re.compile(
    r"(?:,[^,.;]{1,40},)?\s+(?:(?:was|were|is|are)\s+(?:\w+\s+)?responsible|(?:has\s+|had\s+|have\s+)?"
    r"(?:killed|shot|opened fire|attacked|bombed|shelled|struck|targeted|executed|abducted|"
    r"arrested|detained|raided|stormed|carried out|accounted for|killing))\b",
    re.IGNORECASE,
)


def parties_are_named(given: RuleInput) -> Iterator[Finding]:
    """P01: a perpetrator is named in the claim's sentences or near them, and is somebody.

    Near are the paragraph of a quote, the one before, and the head of the report. One long word of
    the name is enough ("the Movement"). A party that owns up to a deed does so for all figures.
    """
    for row in given.rows:
        for name in row.held.perpetrators:
            if _is_nobody(name):
                why = "is nobody by name"
            elif row.held.evidence and not _is_named_near(given, row, name):
                why = "is not named in its quotes nor near them"
            else:
                continue
            yield found(
                "P01",
                "warning",
                "extraction",
                f'"{cut(name)}", held responsible for {named(row.held)}, {why}',
                claims=[row.held],
                fields=["perpetrators"],
            )


@lru_cache(maxsize=4096)
def _is_nobody(name: str) -> bool:
    return UNNAMED.search(name) is not None


def _is_named_near(given: RuleInput, row: AnyRow, name: str) -> bool:
    text = given.text
    sentences = given.sentences_of(row)
    if not sentences or any(text.find(name, s.start, s.end) >= 0 for s in sentences):
        return True
    paragraphs = {s.paragraph for s in sentences} | {s.paragraph - 1 for s in sentences} | {0, 1}
    near = "\n".join(s.text(text) for s in given.sentences if s.paragraph in paragraphs)
    if name in near:
        return True
    near = near.casefold()
    return any(word in near for word in _long_words(name)) or _owns_up(given, name)


def _owns_up(given: RuleInput, name: str) -> bool:
    """Whether a sentence that names the party owns up to a deed: that covers all figures."""
    claimed = cue_table(given.record.report.language).pattern("blame", "claimed")
    for at, _ in occurrences(given.text, name):
        sentence = given.sentence_at(at)
        if sentence is not None and (
            claimed.search(given.text, sentence.start, sentence.end)
            or OWN.search(given.text, sentence.start, sentence.end)
        ):
            return True
    return False


def _long_words(name: str) -> list[str]:
    words = same_name(name)
    return [word for word in words if len(word) >= LONG_WORD] or list(words)


def nobody_counts_their_own(given: RuleInput) -> Iterator[Finding]:
    """P02: a claimant is not also the perpetrator, unless it tells of its own deeds.

    The text says so by words of admission or by telling of its own units; in a language where we
    know no such words, an attribution `claimed` is taken at its word. Who holds people may count
    them.
    """
    for row in given.rows:
        held = row.held
        if held.claimant is None or not held.perpetrators:
            continue
        if isinstance(held, RecordClaim) and held.outcome == "detained":
            continue
        if row.speaker in map(same_name, held.perpetrators) and not _admits(given, row):
            yield found(
                "P02",
                "error",
                "extraction",
                f'"{cut(held.claimant)}" states {named(held)} and is held responsible for it, but '
                "the report doesn't say that it admits it",
                claims=[held],
                fields=["claimant", "perpetrators"],
            )


def _admits(given: RuleInput, row: AnyRow) -> bool:
    language = given.record.report.language or "en"
    if row.held.attribution == "claimed" and language != "en":
        return True
    table = cue_table(language)
    claimed = table.pattern("blame", "claimed")
    for sentence in given.sentences_of(row):
        first = given.sentences[max(0, sentence.index - 1)].start
        if claimed.search(given.text, first, sentence.end):
            return True
        if OWN.search(given.text, first, sentence.end):
            return True
    return False


def roles_are_not_exchanged(given: RuleInput) -> Iterator[Finding]:
    """P03: the claimant is one whom the text lets speak, the perpetrator one whom it blames.

    A claimant who speaks nowhere is exchanged where it is blamed or the perpetrator only speaks;
    both are an error, one alone is a warning. Only names that stand in the text as they are written
    are judged, in English.
    """
    if (given.record.report.language or "en") != "en":
        return
    for held in given.held:
        if held.claimant is None or not held.perpetrators or held.attribution == "claimed":
            continue
        speaks, acts = _roles(given.text, held.claimant)
        if speaks:
            continue
        speaking = [name for name in held.perpetrators if _roles(given.text, name) == ONLY_SPEAKS]
        faults = [f'"{cut(held.claimant)}" states nothing in the report and is blamed'] * acts
        faults += [f'"{cut(name)}" states figures and is blamed for nothing' for name in speaking]
        if faults:
            yield found(
                "P03",
                "error" if acts and speaking else "warning",
                "extraction",
                f"claimant and perpetrator of {named(held)} may be exchanged: {listed(faults)}",
                claims=[held],
                fields=["claimant", "perpetrators"],
            )


ONLY_SPEAKS: Final = (True, False)
"""Roles of a name that the text lets speak and blames for nothing."""


@lru_cache(maxsize=256)
def _roles(text: str, name: str) -> tuple[bool, bool]:
    """Whether a text lets a name speak, and whether it blames it or tells of its deeds."""
    table = cue_table("en")
    speaks = acts = False
    for start, end in occurrences(text, name):
        before = max(0, start - AHEAD)
        if _PUBLISHES.search(text, before, start):
            speaks = True
            continue
        speaks = speaks or _speaks(text, start, end, table)
        acts = acts or bool(
            _BLAMED_BEFORE.search(text, before, start) or _BLAMED_BEHIND.match(text, end)
        )
    return speaks, acts


def _speaks(text: str, start: int, end: int, table: CueTable) -> bool:
    stop = min((at for mark in ".;\n" if (at := text.find(mark, end)) >= 0), default=len(text))
    for verb in table.pattern("reporting", "verbs").finditer(text, end, min(stop, end + BEHIND)):
        if _TAKES_LIVES.match(text, verb.end()) is None:
            return True
    opening = max(0, start - AHEAD)
    according = table.pattern("reporting", "according").search(text, opening, start)
    return according is not None and "." not in text[according.end() : start]


RULES = (
    Rule(
        "P01",
        "a perpetrator is named in the evidence or its sentence neighbourhood; none where the text "
        "is passive or says unidentified",
        "warning",
        READING,
        "A long word of the name is enough; the head of the report, the paragraph of a quote and "
        "the one before are near.",
        parties_are_named,
    ),
    Rule(
        "P02",
        "the claimant is not also the perpetrator unless the text says it admits it",
        "error",
        READING,
        "Words of admission or of the claimant's own units in the quotes or the sentence before; "
        "people detained, whom those who hold them count.",
        nobody_counts_their_own,
    ),
    Rule(
        "P03",
        "claimant and perpetrator are not exchanged",
        "error",
        READING,
        "Names that the text both lets speak and blames, or neither; deeds that a party claims; "
        "languages other than English.",
        roles_are_not_exchanged,
    ),
)
