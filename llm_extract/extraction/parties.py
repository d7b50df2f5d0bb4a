"""Who states and who is blamed: names of a sentence, and the words that make one claimant or party.

Candidates are spans of the report; nothing here decides between two of them where grammar does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from llm_extract.cues import CueTable
from llm_extract.extraction.names import NameTable, name_table
from llm_extract.schema import Attribution


@dataclass(frozen=True, slots=True)
class Named:
    """A name or noun phrase of the report; `end` excluded, articles and brackets left out."""

    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Blame:
    """Parties held responsible by the words from `start` to `end`.

    `reach` is the stretch of text whose figures the words blame them for; `around` says that it is
    the whole sentence.
    """

    parties: tuple[Named, ...]
    attribution: Attribution
    start: int
    end: int
    reach: tuple[int, int]
    around: bool = False


SOURCE_GROUPS = ("according", "said", "possessed")
_OFFICE = re.compile(
    r"\b(?:of|for|from|with|at)\s+(?:the\s+)?(?P<of>[A-ZÀ-Þ][\w’'-]+(?:\s+(?:(?:of|for|the|and|in)\s+)*"
    r"[A-ZÀ-Þ][\w’'-]+)*)"
)
"""What a spokesperson speaks for."""


def claimants(text: str, start: int, end: int, table: CueTable) -> list[Named]:
    """Everyone who is said to state something between `start` and `end`, in text order."""
    sentence = text[start:end]
    if not _source_words(table.language).search(sentence):
        return []
    names = name_table(table.language)
    found: list[Named] = []
    for match in _source_patterns(table.language).finditer(sentence):
        group = next(name for name in SOURCE_GROUPS if match.groupdict().get(name) is not None)
        words = match.group(group)
        first = start + match.start(group)
        role = match.group("role") if "role" in match.re.groupindex else None
        office = _OFFICE.search(role) if role else None
        if office is not None:
            # The organisation, not its spokesperson (record.md, decision on claimants).
            words, first = office.group("of"), start + match.start("role") + office.start("of")
        inner = words.rfind(" the ")
        if group == "said" and inner >= 0 and not words[0].isupper():
            words, first = words[inner + 5 :], first + inner + 5
        trimmed = _trimmed(words, first, names)
        if trimmed is not None and not _mere_pronoun(trimmed.words, names):
            found.append(trimmed)
    return found


@cache
def _source_words(language: str) -> re.Pattern[str]:
    """Words of which one stands in whatever `_source_patterns` finds: a cheap look beforehand."""
    from llm_extract.cues import cue_table

    table, names = cue_table(language), name_table(language)
    verbs = table.pattern("reporting", "verbs").pattern
    according = table.pattern("reporting", "according").pattern
    return re.compile(rf"(?i:{according}|{verbs}|{names.publication})")


@cache
def _source_patterns(language: str) -> re.Pattern[str]:
    from llm_extract.cues import cue_table

    table = cue_table(language)
    names = name_table(language)
    verbs = table.pattern("reporting", "verbs").pattern
    according = table.pattern("reporting", "according").pattern
    phrase = names.phrase
    source = names.source
    if names.verb_first:
        before = rf"{verbs}\s+(?P<said>{phrase}|{source})"
    else:
        before = (
            rf"(?P<said>(?:{phrase}|{source}))(?:\s*\([^)]{{1,20}}\))?(?:,(?P<role>[^,.;]{{1,60}}),)?"
            rf"(?:\s+(?:{names.adverbs}))*\s+{verbs}"
        )
    return re.compile(
        rf"(?i:{according})\s+(?:(?i:{names.documents})\s+)*(?P<according>{phrase}|{source})"
        rf"|{before}"
        rf"|(?P<possessed>{phrase})(?:['’]s)?\s+(?:\w+\s+)?(?i:{names.publication})",
    )


def _trimmed(words: str, start: int, names: NameTable) -> Named | None:
    lead = names.lead.match(words)
    first = lead.end() if lead else 0
    cut = re.search(r"\s*(?:\(|['’]s?$|,$|[.;:]$)", words[first:])
    last = first + cut.start() if cut else len(words)
    kept = words[first:last].strip()
    if not kept:
        return None
    first = words.index(kept, first)
    return Named(start + first, start + first + len(kept), kept)


def _mere_pronoun(words: str, names: NameTable) -> bool:
    return words.casefold() in names.pronouns


def blames(text: str, start: int, end: int, table: CueTable) -> Iterator[Blame]:
    """Who is held responsible in one sentence, with the stretch that the words blame them for."""
    names = name_table(table.language)
    for pattern, reach, needed in _blame_patterns(table.language):
        if needed.search(text, start, end) is None:
            continue
        for match in pattern.finditer(text, start, end):
            parties = tuple(_parties(match.group("party"), match.start("party"), names))
            if reach == "listed":
                # A list may be of places as well: only what is named as a force counts here.
                parties = tuple(p for p in parties if names.institution.search(p.words))
            if not parties:
                continue
            around = text[max(start, match.start() - 40) : min(end, match.end() + 40)]
            attribution: Attribution = "stated"
            if table.pattern("blame", "claimed").search(around):
                attribution = "claimed"
            elif table.pattern("blame", "alleged").search(around):
                attribution = "alleged"
            span = {
                "sentence": (start, end),
                "after": (match.end("party"), end),
                "listed": (match.end("party"), end),
                "next": (match.end("party"), _clause_end(text, match.end(), end)),
                "before": (start, match.start("party")),
            }[reach]
            yield Blame(parties, attribution, match.start(), match.end(), span, reach == "sentence")


_CLAUSE_END = re.compile(
    r";|\bwhile\b|\bwhereas\b|\band\s+[^.;,]{3,60}?\s+for\s+\d|\bthe remaining\b"
)


def _clause_end(text: str, start: int, end: int) -> int:
    """Where the words that a party is "responsible for" stop."""
    found = _CLAUSE_END.search(text, start, end)
    return found.start() if found else end


def _parties(words: str, start: int, names: NameTable) -> Iterator[Named]:
    """Splits "the army, its allies and militia X" into parties that are named as such."""
    at = 0
    for joint in [*names.joint.finditer(words), None]:
        stop = joint.start() if joint else len(words)
        part = _trimmed(words[at:stop], start + at, names)
        if part is not None and names.is_party(part.words):
            yield part
        at = joint.end() if joint else stop


@cache
def _blame_patterns(language: str) -> tuple[tuple[re.Pattern[str], str, re.Pattern[str]], ...]:
    """Patterns with their reach, and what stands in all that one finds: a cheap look ahead."""
    names = name_table(language)
    return tuple(
        (
            re.compile(pattern.replace("{party}", f"(?P<party>{names.party})")),
            reach,
            re.compile(needed),
        )
        for pattern, reach, needed in names.blame_patterns
    )


def full_names(text: str) -> dict[str, str]:
    """Abbreviation → the name that stands before it in brackets, "Human Rights Watch (HRW)"."""
    found: dict[str, str] = {}
    for match in re.finditer(r"\(\s*([A-Z][A-Za-z&-]{1,11})\s*\)", text):
        letters = [c for c in match.group(1) if c.isupper()]
        words = re.findall(r"[\w'’-]+", text[max(0, match.start() - 120) : match.start()])
        name = _spelled_by(letters, words)
        if name:
            stop = match.start()
            begin = text.rfind(name[0], 0, stop)
            found[match.group(1)] = text[begin:stop].strip()
    return found


def _spelled_by(letters: Sequence[str], words: Sequence[str]) -> list[str]:
    """The last words whose capitals spell the abbreviation."""
    for first in range(len(words) - 1, max(-1, len(words) - 13), -1):
        capitals = [w[0] for w in words[first:] if w[:1].isupper()]
        if words[first][:1].isupper() and capitals[: len(letters)] == list(letters):
            return list(words[first:])
    return []
