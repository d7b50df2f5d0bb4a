"""Rule R02: no claim stands twice in a record."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import chain

from llm_extract.record import Finding, RecordClaim, RecordCount
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.terms import Held, counts_of, folded, in_order, same_name
from llm_extract.validators.wording import found, listed, named


def no_exact_duplicates(given: RuleInput) -> Iterator[Finding]:
    """R02: two claims differ in outcome, claimant, a number, period, place, party or weapon.

    Equal slices of two different claims are no duplicates: they inherit what tells them apart.
    """
    indexes = {
        id(c): i
        for some in (given.record.claims, given.record.facilities)
        for i, c in enumerate(some)
    }
    groups: dict[Hashable, list[Held]] = {}
    for held in _alike_at_a_glance(given):
        groups.setdefault(identity(held), []).append(held)
    for alike in groups.values():
        for same in _of_one_parent(alike, indexes) if len(alike) > 1 else ():
            ordered = sorted(same, key=in_order)
            others = listed([held.id for held in ordered[1:]])
            yield found(
                "R02",
                "error",
                "extraction",
                f"{named(ordered[0])} stands again as {others}",
                claims=ordered,
            )


def _alike_at_a_glance(given: RuleInput) -> Iterator[Held]:
    """Claims whose speaker, total and number of slots are those of another."""
    groups: dict[Hashable, list[Held]] = {}
    for row in given.rows:
        total = row.terms.get("total") or row.terms.get("count")
        value = None if total is None else total.count.value
        groups.setdefault((row.speaker, value, len(row.terms)), []).append(row.held)
    return chain.from_iterable(alike for alike in groups.values() if len(alike) > 1)


def identity(held: Held) -> Hashable:
    """Everything that tells claims apart, besides their quotes and what they are part of."""
    period = held.period
    return (
        held.outcome if isinstance(held, RecordClaim) else (held.effect, frozenset(held.kinds)),
        held.victims if isinstance(held, RecordClaim) else None,
        same_name(held.claimant or ""),
        tuple(
            (field, count.value, count.upper, count.qualifier, _telling_words(count))
            for field, count in sorted(counts_of(held).items(), key=lambda slot: slot[0])
        ),
        frozenset(same_name(party) for party in held.perpetrators),
        frozenset(held.weapons),
        frozenset(same_name(place) for place in held.places),
        held.scope,
        (period.start, period.end) if period is not None else None,
    )


def _telling_words(count: RecordCount) -> str:
    """The words of a count without a printed number: "a nurse" and "a driver" are two people."""
    unprinted = count.value is None or count.basis == "counted"
    return folded(count.as_written).casefold() if unprinted else ""


def _of_one_parent(alike: Sequence[Held], indexes: dict[int, int]) -> Iterator[list[Held]]:
    """Those of equal claims that are no slices of different claims, at least two together."""
    own = {indexes[id(held)] for held in alike}
    outside = {h.part_of for h in alike if h.part_of is not None and h.part_of not in own}
    if len(outside) <= 1:
        yield list(alike)
        return
    by_parent: dict[int | None, list[Held]] = {}
    for held in alike:
        by_parent.setdefault(held.part_of, []).append(held)
    yield from (same for same in by_parent.values() if len(same) > 1)


RULES = (
    Rule(
        "R02",
        "no exact duplicate claim",
        "error",
        READING,
        "Equal slices of two different claims, which inherit what tells them apart.",
        no_exact_duplicates,
    ),
)
