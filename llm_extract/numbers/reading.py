"""What the word readers of the languages share: the page being read and one number found on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from llm_extract.numbers.mention import Kind
from llm_extract.schema import Basis, Qualifier


class Reading(NamedTuple):
    """One number as a reader found it; `kind` and `qualifier` None: the context decides.

    `end` is exclusive; `upper` is the second number of a range that the reader itself saw.
    """

    start: int
    end: int
    value: int | None
    language: str
    kind: Kind | None = None
    qualifier: Qualifier | None = None
    basis: Basis = "printed"
    upper: int | None = None


class Page(NamedTuple):
    """A text without vowel signs and its folded twins of equal length: offsets hold in all three.

    `low` is lowercase, and Arabic in it has bare alifs and a final yaa for alif maqsura. `shadow`
    has a 0 for each ASCII digit of it and a space for all but ASCII letters, as patterns that begin
    with a fixed character are searched for several times faster than others.
    """

    text: str
    low: str
    shadow: str


Reader = Callable[[Page, "re.Match[str]"], Reading | None]
"""Reads the number that begins at a match of its trigger; None where there is none after all."""


PlaceFinder = Callable[[str], Iterator[tuple[int, str]]]
"""Finds places of a folded text: offsets of words, with the word."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """A pattern where a number of one language may begin; the scan tries it at word starts only.

    A pattern of words that stand everywhere and seldom count brings its own finder, which gives the
    places where its reader may read a number, and others.
    """

    name: str
    pattern: str
    reader: Reader
    places: PlaceFinder | None = None


@dataclass(frozen=True, slots=True)
class LanguageRules:
    """Everything the ledger knows of one language.

    `units` give the kind of a number by the word after it, `unit_gaps` are words that may stand
    between the two; `scales` multiply digits ("1.2 million"); `labels` are words before a number
    that give its kind, `named_labels` those of them that do so only with a capital;
    `year_words` those before a bare year; `qualifiers` stand before a
    number, `trailers` after it; `fillers` may stand between a qualifier and its number.
    """

    code: str
    triggers: tuple[Trigger, ...]
    months: tuple[str, ...]
    units: Mapping[str, Kind]
    unit_gaps: frozenset[str]
    scales: Mapping[str, int]
    labels: Mapping[str, Kind]
    named_labels: frozenset[str]
    year_words: frozenset[str]
    qualifiers: Mapping[str, Qualifier]
    trailers: Mapping[str, Qualifier]
    fillers: frozenset[str]
    range_words: tuple[str, ...]
    between_words: frozenset[str]
    change_words: frozenset[str]
