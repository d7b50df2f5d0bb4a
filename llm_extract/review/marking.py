"""Marks in a report's text: which words are numbers, whose they are, and which claims quote them;
pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from llm_extract.numbers.mention import Ledger
from llm_extract.record import RecordCount
from llm_extract.review.content import Content, Item, counts_in

MarkKind = Literal["bound", "aside", "unbound", "other"]
"""In a slot; said not to be about people or places; a count that is neither, which somebody has to
look at; a number that counts nobody, such as a date."""

COUNTS = frozenset({"count", "vague"})
"""Kinds of numbers that can count people."""

Slots = tuple[tuple[str, str], ...]
"""Id and slot name of each slot that a number stands in."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A number of the text; `start` to `end` (excluded) in characters."""

    start: int
    end: int
    text: str
    kind: MarkKind
    slots: Slots
    what: str
    value: int | None
    upper: int | None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the text in which nothing changes; `quotes` are ids of claims that quote it."""

    start: int
    end: int
    text: str
    quotes: tuple[str, ...]
    mark: Mark | None


def marks_of(ledger: Ledger, content: Content) -> list[Mark]:
    """The numbers of the text in order, with what the content says of each.

    A count that stands at other places than the ledger's numbers binds those that it overlaps, as
    the rules see it too; where there are none it has a mark of its own.
    """
    bound = _bound(content, ledger)
    aside = set(content.aside)
    found: list[Mark] = []
    for mention in ledger.mentions:
        span = (mention.start, mention.end)
        slots = bound.pop(span, ())
        if slots:
            kind: MarkKind = "bound"
        elif f"{mention.start}:{mention.end}" in aside:
            kind = "aside"
        else:
            kind = "unbound" if mention.kind in COUNTS else "other"
        found.append(
            Mark(*span, mention.text, kind, slots, mention.kind, mention.value, mention.upper)
        )
    alone = [
        Mark(start, end, ledger.text[start:end], "bound", slots, "count", None, None)
        for (start, end), slots in bound.items()
    ]
    return sorted([*found, *alone], key=lambda mark: mark.start)


def segments(text: str, marks: Sequence[Mark], content: Content) -> list[Segment]:
    """The text in order, cut wherever a number or a quote begins or ends; joined it is the text.

    A number is never cut: a quote that begins or ends inside one takes all of it.
    """
    quotes = _quotes(text, marks, content)
    cuts = {0, len(text)}
    for mark in marks:
        cuts |= {mark.start, mark.end}
    for spans in quotes.values():
        for start, end in spans:
            cuts |= {start, end}
    edges = sorted(cuts)
    by_start = {mark.start: mark for mark in marks}
    return [
        Segment(
            start,
            end,
            text[start:end],
            tuple(
                id for id, spans in quotes.items() if any(a <= start and end <= b for a, b in spans)
            ),
            by_start.get(start),
        )
        for start, end in pairwise(edges)
    ]


def _bound(content: Content, ledger: Ledger) -> dict[tuple[int, int], Slots]:
    """What stands at each number of the ledger, and at places that overlap none of these.

    An age within words that count people ("a farmer and his 12-year-old son") is none of them.
    """
    starts = [mention.start for mention in ledger.mentions]
    found: dict[tuple[int, int], list[tuple[str, str]]] = defaultdict(list)
    loose: list[tuple[int, int, tuple[str, str]]] = []
    for start, end, slot in _placed(content, ledger.text):
        first = max(0, bisect_right(starts, start) - 1)
        near = ledger.mentions[first : bisect_left(starts, end)]
        met = [mention for mention in near if mention.end > start]
        for mention in [each for each in met if each.kind in COUNTS] or met:
            found[mention.start, mention.end].append(slot)
        if not met:
            loose.append((start, end, slot))
    last = (0, 0)
    for start, end, slot in sorted(loose):
        if start >= last[1]:
            last = (start, end)
        found[last].append(slot)
    return {span: tuple(slots) for span, slots in found.items()}


def _placed(content: Content, text: str) -> Iterator[tuple[int, int, tuple[str, str]]]:
    """Where counts stand in the text, with the id and slot of each."""
    for item in content.items:
        for name, count in counts_in(item).items():
            start, end = _place_of(count, item)
            if 0 <= start < end <= len(text):
                yield start, end, (item.id, name)


def _place_of(count: RecordCount, item: Item) -> tuple[int, int]:
    """The place of a count, of one without that of its words in a quote; 0 to 0: nowhere."""
    if count.start is not None and count.end is not None:
        return count.start, count.end
    for quote in item.evidence:
        within = quote.quote.find(count.as_written)
        if quote.start is not None and count.as_written and within >= 0:
            return quote.start + within, quote.start + within + len(count.as_written)
    return 0, 0


def _quotes(text: str, marks: Sequence[Mark], content: Content) -> dict[str, list[tuple[int, int]]]:
    starts = [mark.start for mark in marks]

    def widened(start: int, end: int) -> tuple[int, int]:
        first = bisect_right(starts, start) - 1
        if first >= 0 and marks[first].end > start:
            start = marks[first].start
        last = bisect_left(starts, end) - 1
        if last >= 0 and marks[last].end > end:
            end = marks[last].end
        return start, end

    found: dict[str, list[tuple[int, int]]] = {}
    for item in content.items:
        spans = [
            widened(quote.start, min(quote.end, len(text)))
            for quote in item.evidence
            if quote.start is not None and quote.end is not None and 0 <= quote.start < quote.end
        ]
        found[item.id] = [span for span in spans if span[0] < span[1]]
    return found
