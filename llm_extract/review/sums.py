"""The arithmetic of claims as people check it: "105 + 27 + 8 = 140 of 149"; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from llm_extract.intervals import Interval, total
from llm_extract.record import RecordClaim, RecordCount
from llm_extract.review.content import Content

SumState = Literal["closed", "open", "over"]
"""The parts are the whole; may be less; are certainly more."""

PARTS = ("children", "women", "men")
SLOTS = ("total", *PARTS)


@dataclass(frozen=True, slots=True)
class SumLine:
    """One sum of a claim: its parts against its whole."""

    label: str
    words: str
    state: SumState
    parts: tuple[str, ...]


def sums_of(claim: RecordClaim, content: Content) -> list[SumLine]:
    """The sums of a claim: children, women and men of its own total, and each slot over the claims
    that are its parts and count the same outcome."""
    lines: list[SumLine] = []
    own = {name: count for name in PARTS if (count := getattr(claim, name)) is not None}
    if claim.total is not None and claim.total.basis != "derived" and len(own) > 1:
        label = " + ".join(own)
        lines.append(_line(label, list(own.values()), claim.total, (claim.id,)))
    parts = [
        each
        for each in content.claims
        if each.part_of_id == claim.id and each.outcome == claim.outcome
    ]
    for slot in SLOTS:
        whole: RecordCount | None = getattr(claim, slot)
        stated = [(part.id, getattr(part, slot)) for part in parts]
        counted = [(id, count) for id, count in stated if count is not None]
        if whole is None or not counted:
            continue
        label = "parts" if slot == "total" else f"{slot} of parts"
        ids = tuple(id for id, _ in counted)
        line = _line(label, [count for _, count in counted], whole, ids)
        if slot == "total" or len(counted) > 1 or line.state == "over":
            lines.append(line)
    return lines


def _line(
    label: str, parts: Sequence[RecordCount], whole: RecordCount, ids: tuple[str, ...]
) -> SumLine:
    summed = total(Interval(part.low, part.high) for part in parts)
    allowed = Interval(whole.low, whole.high)
    terms = " + ".join(number_words(part) for part in parts)
    equals = f" = {_interval_words(summed)}" if len(parts) > 1 else ""
    if not summed.can_be_at_most(allowed):
        state: SumState = "over"
    elif summed == allowed and summed.high is not None:
        state = "closed"
    else:
        state = "open"
    return SumLine(label, f"{terms}{equals} of {number_words(whole)}", state, ids)


def _interval_words(sum_of_parts: Interval) -> str:
    low, high = sum_of_parts.low, sum_of_parts.high
    if high is None:
        return f"≥ {low:,}"
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def number_words(count: RecordCount) -> str:
    """A count in the shortest form: 149, ≥ 62, > 5, ~30, 15–17, or its words."""
    if count.value is None:
        return count.as_written
    number = f"{count.value:,}"
    if count.upper is not None:
        number += f"–{count.upper:,}"
    signs = {"at_least": "≥ ", "more_than": "> ", "at_most": "≤ ", "fewer_than": "< ", "about": "~"}
    return signs.get(count.qualifier, "") + number
