"""Rule A09: what is counted over a longer time is no less than what is counted within it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator

from llm_extract.record import Finding, RecordClaim
from llm_extract.schema import Scope
from llm_extract.validators.arithmetic import (
    SEXES_AND_AGES,
    kind_of,
    printed,
    ungrounded,
    verdict,
)
from llm_extract.validators.rule import SUMS, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.slices import Slice, people_of, slice_of
from llm_extract.validators.terms import Row, Term, in_order
from llm_extract.validators.wording import found, named, operand, slot_words, spoken

WIDTH: dict[Scope, int] = {"incident": 0, "period": 1, "cumulative": 2}
"""Scopes from narrow to wide; a stock on a day ("918 are held") is none of them."""


def longer_counts_hold_shorter_ones(given: RuleInput) -> Iterator[Finding]:
    """A09: cumulative >= period >= incident for the same claimant, outcome and place.

    A figure that is part of another, or is blamed on one party only, is not the whole of its time
    and holds nothing but its own kind.
    """
    for heard in _of_several_scopes(given.claims, lambda row: (row.speaker, row.held.outcome)):
        for alike in _of_several_scopes(heard, people_of):
            for field in ("total", *SEXES_AND_AGES):
                yield from _within(given, alike, field)


def _of_several_scopes(
    rows: Iterable[Row[RecordClaim]], key: Callable[[Row[RecordClaim]], Hashable]
) -> list[list[Row[RecordClaim]]]:
    """Claims of one key that are counted over longer and shorter times."""
    groups: dict[Hashable, list[Row[RecordClaim]]] = {}
    for row in rows:
        if row.held.scope in WIDTH:
            groups.setdefault(key(row), []).append(row)
    return [
        alike
        for alike in groups.values()
        if len(alike) > 1 and len({row.held.scope for row in alike}) > 1
    ]


def _within(given: RuleInput, alike: list[Row[RecordClaim]], field: str) -> Iterator[Finding]:
    """The shorter counts that exceed a longer one, each once, with the least of those it exceeds.

    Both sides are in order of their numbers, so of a consistent record nothing is compared twice.
    """
    terms = [
        (row, term, slice_of(row.held))
        for row in sorted(alike, key=lambda row: in_order(row.held))
        if (term := row.terms.get(field)) is not None
    ]
    largest = sorted(terms, key=lambda one: -printed(one[1].count))
    told: set[str] = set()
    for wide, whole, around in sorted(terms, key=lambda one: one[1].count.low):
        width = WIDTH[wide.held.scope]
        if wide.held.part_of is not None or width == 0:
            continue
        for narrow, part, inside in largest:
            if printed(part.count) <= whole.count.low:
                break
            if (
                narrow.held.id not in told
                and WIDTH[narrow.held.scope] < width
                and _covers(wide, around, narrow, inside)
                and verdict([part], whole) is not None
            ):
                told.add(narrow.held.id)
                yield _finding(given, part, whole)


def _covers(wide: Row[RecordClaim], around: Slice, narrow: Row[RecordClaim], inside: Slice) -> bool:
    """Whether everyone of the narrow claim should be in the wide one: its time and its people."""
    if around.parties and around.parties != inside.parties:
        return False
    if around.weapons and around.weapons != inside.weapons:
        return False
    if around.victims not in ("unspecified", inside.victims):
        return False
    outer, inner = wide.days, narrow.days
    if outer is None or inner is None:
        return wide.held.scope == "cumulative"
    start, end = inner
    begins = outer[0] is None or (start is not None and outer[0] <= start)
    return begins and (outer[1] is None or (end is not None and end <= outer[1]))


def _finding(given: RuleInput, part: Term, whole: Term) -> Finding:
    scopes = [term.held.scope for term in (part, whole)]
    return found(
        "A09",
        "warning",
        kind_of(given, [part, whole]),
        f"{slot_words(part.field)} of {named(part.held)}: {spoken(part.count)} of one "
        f"{scopes[0]} is more than the {spoken(whole.count)} of the {scopes[1]} count, "
        f"{named(whole.held)}{ungrounded(given, [part, whole])}",
        claims=[whole.held, part.held],
        fields=[part.field],
        operands=[operand(t.held, t.field, t.count) for t in (part, whole)],
    )


RULES = (
    Rule(
        "A09",
        "cumulative >= period >= incident for the same claimant, outcome and place",
        "warning",
        SUMS,
        "A longer count that is blamed on one party, made by one weapon or of civilians alone "
        "holds only its own kind, and one that is part of another holds nothing. A shorter count "
        "outside the longer one's dates is not compared, nor one without a date but with a "
        "cumulative count.",
        longer_counts_hold_shorter_ones,
    ),
)
