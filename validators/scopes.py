"""Rule A09: what is counted over a longer time is no less than what is counted within it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from llm_extract.record import Finding, RecordClaim
from llm_extract.schema import Scope
from llm_extract.validators.arithmetic import (
    SEXES_AND_AGES,
    Term,
    kind_of,
    printed,
    ungrounded,
    verdict,
)
from llm_extract.validators.rule import SUMS, Rule
from llm_extract.validators.rule_input import RuleInput, in_order
from llm_extract.validators.slices import Slice, days_of, slice_of, speaker_of
from llm_extract.validators.wording import found, named, operand, slot_words, spoken

WIDTH: dict[Scope, int] = {"incident": 0, "period": 1, "cumulative": 2}
"""Scopes from narrow to wide; a stock on a day ("918 are held") is none of them."""


def longer_counts_hold_shorter_ones(given: RuleInput) -> Iterator[Finding]:
    """A09: cumulative >= period >= incident for the same claimant, outcome and place.

    A figure that is part of another, or is blamed on one party only, is not the whole of its time
    and holds nothing but its own kind.
    """
    groups: dict[Hashable, list[RecordClaim]] = {}
    for claim in given.record.claims:
        if claim.scope in WIDTH:
            people = slice_of(claim)
            key = speaker_of(claim), claim.outcome, people.places, people.groups
            groups.setdefault(key, []).append(claim)
    for alike in groups.values():
        if len({claim.scope for claim in alike}) > 1:
            for field in ("total", *SEXES_AND_AGES):
                yield from _within(given, alike, field)


def _within(given: RuleInput, alike: list[RecordClaim], field: str) -> Iterator[Finding]:
    """The shorter counts that exceed a longer one, each once, with the least of those it exceeds.

    Both sides are in order of their numbers, so of a consistent record nothing is compared twice.
    """
    terms = [
        (claim, Term(claim, field, count), slice_of(claim))
        for claim in sorted(alike, key=in_order)
        if (count := claim.slots().get(field)) is not None
    ]
    largest = sorted(terms, key=lambda one: -printed(one[1].count))
    told: set[str] = set()
    for wide, whole, around in sorted(terms, key=lambda one: one[1].count.low):
        if wide.part_of is not None or WIDTH[wide.scope] == 0:
            continue
        for narrow, part, inside in largest:
            if printed(part.count) <= whole.count.low:
                break
            if (
                narrow.id not in told
                and WIDTH[narrow.scope] < WIDTH[wide.scope]
                and _covers(wide, around, narrow, inside)
                and verdict([part], whole) is not None
            ):
                told.add(narrow.id)
                yield _finding(given, part, whole)


def _covers(wide: RecordClaim, around: Slice, narrow: RecordClaim, inside: Slice) -> bool:
    """Whether everyone of the narrow claim should be in the wide one: its time and its people."""
    if around.parties and around.parties != inside.parties:
        return False
    if around.weapons and around.weapons != inside.weapons:
        return False
    if around.victims not in ("unspecified", inside.victims):
        return False
    outer, inner = days_of(wide), days_of(narrow)
    if outer is None or inner is None:
        return wide.scope == "cumulative"
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
