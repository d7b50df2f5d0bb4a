"""One number of a report: its span, value, kind and the word that qualifies it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from llm_extract.schema import Basis, Qualifier

Kind = Literal[
    "count",
    "date",
    "year",
    "age",
    "percent",
    "ordinal",
    "money",
    "measure",
    "identifier",
    "vague",
]
"""`count`: may count something; `measure`: distance, duration, weight, time of day; `identifier`:
resolution, phone, article and list numbers; `vague`: "dozens", "scores", "many" (value is None)."""


class Mention(NamedTuple):
    """A number as it stands in the text.

    `start` is the first character of the number words, `end` is one past the last; the qualifier is
    not part of that span and has its own. For a counted mention ("a woman", Arabic dual) the span
    is that of the words that make the number.
    """

    start: int
    end: int
    text: str
    kind: Kind
    value: int | None
    upper: int | None
    qualifier: Qualifier
    qualifier_start: int | None
    qualifier_end: int | None
    basis: Basis
    language: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """All numbers of one text in the order of their start; spans never overlap."""

    text: str
    mentions: tuple[Mention, ...]

    def within(self, start: int, end: int) -> Iterator[Mention]:
        """Mentions that lie wholly in the characters `start` (included) to `end` (excluded)."""
        return (m for m in self.mentions if m.start >= start and m.end <= end)
