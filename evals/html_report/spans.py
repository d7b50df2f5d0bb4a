"""A report's text in pieces, each with the claims whose figures stand there; pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from llm_extract.record import RecordClaim, RecordCount, RecordFacility


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of the text that a claim rests on; `end` is exclusive.

    `tint` is the number of the claim's colour, `state` one of right, wrong, omitted and added.
    """

    start: int
    end: int
    claim: str
    tint: int
    state: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text; `label` names the claims that begin here, and `owner` gives it its colour."""

    text: str
    owner: Span | None
    label: str


def places(claim: RecordClaim | RecordFacility) -> list[tuple[int, int]]:
    """Where a claim stands: its number words; where none was located, its quotes."""
    counts = _counts(claim)
    located = [(c.start, c.end) for c in counts if c.start is not None and c.end is not None]
    if located:
        return located
    return [(e.start, e.end) for e in claim.evidence if e.start is not None and e.end is not None]


def pieces(text: str, spans: Sequence[Span]) -> list[Piece]:
    """The whole text in order; where spans overlap, the shorter one has the colour.

    Offsets outside the text (records of another version of it) are cut to it.
    """
    cut = [_within(span, len(text)) for span in spans]
    known = [span for span in cut if span.start < span.end]
    edges = sorted({0, len(text), *(s.start for s in known), *(s.end for s in known)})
    found = []
    for start, end in pairwise(edges):
        over = [span for span in known if span.start <= start and span.end >= end]
        owner = min(over, key=lambda span: span.end - span.start, default=None)
        found.append(Piece(text[start:end], owner, _label(over, start)))
    return found


def _counts(claim: RecordClaim | RecordFacility) -> list[RecordCount]:
    if isinstance(claim, RecordFacility):
        return [] if claim.count is None else [claim.count]
    return list(claim.slots().values())


def _within(span: Span, length: int) -> Span:
    start, end = (min(max(place, 0), length) for place in (span.start, span.end))
    return Span(start, end, span.claim, span.tint, span.state)


def _label(over: Iterable[Span], start: int) -> str:
    return " ".join(dict.fromkeys(span.claim for span in over if span.start == start))
