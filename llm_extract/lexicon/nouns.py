"""Looks up nouns of people, facilities and things in a text; it never reads a number."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Final, Literal, NamedTuple

from llm_extract.lexicon import inflection

Role = Literal["person", "facility", "thing"]

Number = Literal["singular", "dual", "plural"]
"""Grammatical number; Arabic alone has a dual."""

WORD = re.compile(
    r"[A-Za-z]++(?![^ ,])|[^\W\d_]+(?:[\u0640\u064b-\u065f\u0670]+[^\W\d_]*)*"
    r"(?:(?:['’-]|[-\u00ad‐][ \t]*\n[ \t]*)[^\W\d_]+)*"
)
"""A word: letters with Arabic vowel signs, joined by apostrophes or hyphens, also over a line.

The first alternative reads nothing that the second does not, but takes half the time.
"""

ABBREVIATION = re.compile(r"(?:[A-Za-z]\.){1,3}[A-Za-z]\b\.?(?:-[a-z]+)?(?!\w)")
"""Initials that stand before a noun like an adjective ("U.S.", "U.N.-led")."""

_LINE_END = re.compile(r"[-\u00ad‐][ \t]*\n[ \t]*")
_GAP = re.compile(r"[ \u00a0]|[ \t]*\n[ \t]*(?=\w)")
"""What may stand between the words of one noun."""


class Entry(NamedTuple):
    """What the lexicon knows of one surface form."""

    role: Role
    label: str
    number: Number


class Noun(NamedTuple):
    """A known noun in a text; `start` is its first character, `end` one past its last.

    `label` of a person is `people`, `occupation`, `civilians`, `children`, `women`, `men` or a
    `schema.Group`; of a facility a `schema.FacilityKind`; of a thing a word of the language files.
    """

    start: int
    end: int
    form: str
    role: Role
    label: str
    number: Number

    @property
    def plural(self) -> bool:
        """True for plural and dual."""
        return self.number != "singular"


class Opening(NamedTuple):
    """What may begin with a word: forms of `most` words at most, and the word `alone` if known."""

    most: int
    alone: Entry | None


_KEPT_WORDS: Final = 1 << 14
"""Words whose opening is remembered, since readers ask for it at every step."""


@dataclass(frozen=True, slots=True)
class NounLexicon:
    """All known surface forms of one language, by normalised form.

    `opening` tells what may begin with a word of a text.
    """

    language: str
    entries: Mapping[str, Entry]
    opening: Callable[[str], Opening]

    def entry(self, form: str) -> Entry | None:
        """What is known of one form (one or several words), None when nothing is."""
        known = inflection.normalised(form, self.language)
        found = self.entries.get(known)
        if found is None and self.language == "ar":
            stems = inflection.arabic_stems(known)
            found = next((self.entries[s] for s in stems if s in self.entries), None)
        return found

    def match(self, text: str, start: int, end: int | None = None) -> Noun | None:
        """The longest known noun whose first character is `start`; it ends at `end` or before."""
        stop = len(text) if end is None else end
        word = WORD.match(text, start, stop)
        return None if word is None else self.beginning(text, word, stop)

    def beginning(self, text: str, first: re.Match[str], end: int | None = None) -> Noun | None:
        """The longest known noun that begins with a match of `WORD`; it ends at `end` or before."""
        most, alone = self.opening(first.group())
        if most == 0:
            return None
        if most == 1:
            start, last = first.span()
            return alone and Noun(start, last, first.group().casefold(), *alone)
        stop = len(text) if end is None else end
        start, last = first.span()
        ends = [last]
        while len(ends) < most:
            gap = _GAP.match(text, last, stop)
            word = None if gap is None else WORD.match(text, gap.end(), stop)
            if word is None:
                break
            last = word.end()
            ends.append(last)
        for last in reversed(ends):
            for form in _unbroken(text[start:last]):
                entry = self.entry(form)
                if entry is not None:
                    return Noun(start, last, form.casefold(), *entry)
        return None

    def scan(self, text: str, start: int = 0, end: int | None = None) -> Iterator[Noun]:
        """Known nouns of `text[start:end]` from left to right, longest first, never overlapping."""
        stop = len(text) if end is None else end
        word = WORD.search(text, start, stop)
        while word is not None:
            noun = self.beginning(text, word, stop)
            if noun is not None:
                yield noun
            word = WORD.search(text, word.end() if noun is None else noun.end, stop)


def _unbroken(form: str) -> tuple[str, ...]:
    """The form on one line; a hyphen before a line end may be its own or the line's."""
    if "\n" not in form and "\u00a0" not in form:
        return (form,)
    joined = " ".join(_LINE_END.sub("", form).split())
    hyphenated = " ".join(_LINE_END.sub("-", form).split())
    return (joined,) if joined == hyphenated else (joined, hyphenated)


@cache
def noun_lexicon(language: str) -> NounLexicon:
    """The lexicon of an ISO 639-1 language; an empty one for a language without a file."""
    source = resources.files("llm_extract.lexicon").joinpath(f"{language}.toml")
    if not language.isalpha() or not source.is_file():
        return NounLexicon(language, {}, lambda _: Opening(0, None))
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    rule: str = table["plural"]
    entries: dict[str, Entry] = {}
    for role in ("person", "facility", "thing"):
        for label, nouns in table[role].items():
            for noun in nouns:
                for form, number in inflection.forms(noun, rule):
                    known = inflection.normalised(form, language)
                    entries.setdefault(known, Entry(role, label, number))
    return NounLexicon(language, entries, _openings(language, entries))


def _openings(language: str, entries: Mapping[str, Entry]) -> Callable[[str], Opening]:
    """What may begin with a word; in Arabic and where it goes on in the next line, any form."""
    reach: dict[str, int] = {}
    for form in entries:
        first, *others = form.split(" ")
        reach[first] = max(reach.get(first, 0), 1 + len(others))
    longest = max(reach.values())

    @lru_cache(_KEPT_WORDS)
    def opening(word: str) -> Opening:
        if language == "ar" or "\n" in word:
            return Opening(longest, None)
        known = inflection.normalised(word, language)
        return Opening(reach.get(known, 0), entries.get(known))

    return opening
