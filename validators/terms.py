"""What claims state, laid out for the rules: counts with their places, quotes, speaker and days."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Generic, TypeVar

from llm_extract.intervals import Interval
from llm_extract.numbers.mention import Mention
from llm_extract.record import RecordClaim, RecordCount, RecordFacility

Held = RecordClaim | RecordFacility
"""Whatever holds counts and quotes: a claim of people or of facilities."""

Name = tuple[str, ...]
Days = tuple[date | None, date | None]
Spans = Sequence[tuple[int, int]]

H = TypeVar("H", RecordClaim, RecordFacility, covariant=True)

NOT_PLAIN = 1000
"""From here on a number may be a year, or its thousands parted by a doubtful mark."""

_MARKED = re.compile(r"[^\w]+")
_ARTICLES = frozenset({"the", "a", "an"})


@dataclass(slots=True, eq=False)
class Term:
    """One count of a claim: its slot, and the number of the text that it was read from.

    `there` is the first countable mention that overlaps the count's place. `source` is the one
    mention that gives the count, None where it is not certain which. `is_plain` says that a number
    below a thousand stands there in its quote, exact and written in figures or letters alone, and
    that the count is just that: rules about single counts need not look. `grounded` is None until
    somebody asks `RuleInput.is_grounded`. Made for every count of every record and therefore not
    frozen, which would cost thrice as much.
    """

    held: Held
    field: str
    count: RecordCount
    there: Mention | None
    source: Mention | None
    is_plain: bool = False
    grounded: bool | None = None

    @property
    def interval(self) -> Interval:
        return Interval(self.count.low, self.count.high)


@dataclass(slots=True, eq=False)
class Row(Generic[H]):
    """One claim with what the rules ask of it again and again.

    `spans` are its located quotes in text order, `days` the first and last day, None for an open
    end, and None altogether where the claim has no date; `speaker` is empty for the report's own
    voice. `mentions` and `sentences` are filled in when `RuleInput` is asked for them.
    """

    held: H
    terms: dict[str, Term]
    spans: Spans
    speaker: Name
    days: Days | None
    mentions: tuple[Mention, ...] | None = None
    sentences: Sequence[int] | None = None


AnyRow = Row[RecordClaim] | Row[RecordFacility]


def in_order(held: Held) -> tuple[int, str]:
    """Sorts by id as people count them, c2 before c10, however a record lists its claims."""
    return len(held.id), held.id


def counts_of(held: Held) -> dict[str, RecordCount]:
    """The stated counts by slot name; a facility's only slot is `count`."""
    if isinstance(held, RecordClaim):
        return held.slots()
    return {} if held.count is None else {"count": held.count}


def spans_of(held: Held) -> Spans:
    """Where the located quotes of a claim stand, in text order."""
    spans = [(q.start, q.end) for q in held.evidence if q.start is not None and q.end is not None]
    if len(spans) > 1:
        spans.sort()
    return spans


def quote_round(mention: Mention, spans: Spans) -> tuple[int, int] | None:
    """The first quote that a mention lies in."""
    start, end = mention.start, mention.end
    for span in spans:
        if span[0] <= start and end <= span[1]:
            return span
    return None


def days_of(held: Held) -> Days | None:
    """First and last day, None for an open end; None where the claim has no date at all."""
    span = held.period
    if span is None or (span.start is None and span.end is None):
        return None
    return span.start, span.end


@lru_cache(maxsize=256)
def group_of(field: str) -> str:
    """The group of a slot: "subgroups.girls.2" is of girls, "total" is its own."""
    return field.removeprefix("subgroups.").partition(".")[0]


def folded(words: str) -> str:
    """The words with every run of white space as one space, none at the ends."""
    return " ".join(words.split())


@lru_cache(maxsize=4096)
def same_name(words: str) -> Name:
    """A name reduced to its words for comparison: no case, no marks, no English article before."""
    found = words_of(words.casefold())
    return found[1:] if len(found) > 1 and found[0] in _ARTICLES else found


def words_of(phrase: str) -> Name:
    """The words of a phrase without the marks between them."""
    return tuple(word for word in _MARKED.split(phrase) if word)


def says(mention: Mention, count: RecordCount) -> bool:
    """Whether a mention gives the same number, or the same vague words, as a count."""
    if count.value is not None:
        return mention.value == count.value and mention.upper == count.upper
    words = folded(mention.text).casefold()
    written = folded(count.as_written).casefold()
    return mention.value is None and bool(words) and (words in written or written in words)


def may_be_read_from(mention: Mention, count: RecordCount) -> bool:
    """Whether a mention gives a count's number, and where people are counted, in its words.

    A count that code derived is read from no number.
    """
    basis = count.basis
    if basis == "printed":
        return says(mention, count)
    return (
        basis == "counted"
        and folded(mention.text) == folded(count.as_written)
        and says(mention, count)
    )


def is_plain(mention: Mention, count: RecordCount) -> bool:
    """Whether a mention is at the place of a count and is just that, below a thousand and clear."""
    value, words = count.value, mention.text
    return (
        value is not None
        and mention.value == value == count.low == count.high
        and 0 < value < NOT_PLAIN
        and mention.start == count.start
        and mention.end == count.end
        and mention.qualifier == count.qualifier == "exact"
        and mention.basis == count.basis == "printed"
        and mention.upper is None
        and count.upper is None
        and (words.isdecimal() or words.replace("-", "").isalpha())
    )
