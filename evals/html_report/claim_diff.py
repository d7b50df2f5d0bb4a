"""The claims of one reading beside gold: right, wrong with both values, omitted, added; pure.

Pairing is that of the scores (`evals.matching`), so the page and the measures never disagree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from llm_extract.evals.html_report.texts import UNDEFINED, figure_words
from llm_extract.evals.matching import (
    SLOTS,
    Figure,
    Pair,
    figures,
    match_claims,
    match_facilities,
    normal_name,
    subgroup_figures,
)
from llm_extract.schema import CasualtyReport, Claim, FacilityClaim

State = Literal["right", "wrong", "omitted", "added"]


@dataclass(frozen=True, slots=True)
class Value:
    """One thing as gold and as the reading has it; None where that side has no such claim."""

    gold: str | None
    found: str | None
    same: bool

    @property
    def shown(self) -> str:
        """The only value there is, where the two don't differ."""
        return (self.gold if self.gold is not None else self.found) or UNDEFINED


@dataclass(frozen=True, slots=True)
class Row:
    """One claim or facility: its ids on both sides, what it is about, and its figures in order."""

    state: State
    gold_id: str | None
    found_id: str | None
    about: str
    claimant: Value
    values: tuple[Value, ...]
    further: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diff:
    """All rows, gold order first and what was added after it."""

    claims: list[Row]
    facilities: list[Row]

    def states(self) -> tuple[dict[str, State], dict[str, State]]:
        """The state of every claim and facility by id: of gold, and of the reading."""
        rows = self.claims + self.facilities
        return (
            {row.gold_id: row.state for row in rows if row.gold_id},
            {row.found_id: row.state for row in rows if row.found_id},
        )

    def partners(self) -> dict[str, str]:
        """The id of the gold claim of each claim that was read and has one."""
        rows = self.claims + self.facilities
        return {row.found_id: row.gold_id for row in rows if row.found_id and row.gold_id}


def diff(gold: CasualtyReport, found: CasualtyReport) -> Diff:
    """The rows of one report; ids are c1, c2, … and f1, f2, … in the order of each side."""
    pairs = match_claims(gold.claims, found.claims)
    places = match_facilities(gold.facilities, found.facilities)
    return Diff(
        [
            _claim_row(
                None if g is None else gold.claims[g],
                None if f is None else found.claims[f],
                _ids("c", g, f),
            )
            for g, f in _lined_up(pairs, len(gold.claims), len(found.claims))
        ],
        [
            _facility_row(
                None if g is None else gold.facilities[g],
                None if f is None else found.facilities[f],
                _ids("f", g, f),
            )
            for g, f in _lined_up(places, len(gold.facilities), len(found.facilities))
        ],
    )


def _lined_up(pairs: Sequence[Pair], gold: int, found: int) -> list[tuple[int | None, int | None]]:
    partner: dict[int, int] = {pair.gold: pair.predicted for pair in pairs}
    taken = set(partner.values())
    rows: list[tuple[int | None, int | None]] = [
        (place, partner.get(place)) for place in range(gold)
    ]
    return rows + [(None, place) for place in range(found) if place not in taken]


def _ids(letter: str, gold: int | None, found: int | None) -> tuple[str | None, str | None]:
    one, other = (None if place is None else f"{letter}{place + 1}" for place in (gold, found))
    return one, other


def _claim_row(gold: Claim | None, found: Claim | None, ids: tuple[str | None, str | None]) -> Row:
    ours, theirs = (None if side is None else figures(side) for side in (gold, found))
    values = tuple(
        _value(
            None if ours is None else figure_words(ours.get(slot)),
            None if theirs is None else figure_words(theirs.get(slot)),
        )
        for slot in SLOTS
    )
    either = gold or found
    about: str = "" if either is None else either.outcome
    if either is not None and either.victims != "unspecified":
        about += f" {either.victims}"
    return Row(
        _state(ids, values), *ids, about, _claimant(gold, found), values, _groups(gold, found)
    )


def _facility_row(
    gold: FacilityClaim | None, found: FacilityClaim | None, ids: tuple[str | None, str | None]
) -> Row:
    either = gold or found
    kinds = "" if either is None else ", ".join(kind.replace("_", " ") for kind in either.kinds)
    values = (_value(_places(gold), _places(found)),)
    about = "" if either is None else f"{either.effect} {kinds}"
    return Row(_state(ids, values), *ids, about, _claimant(gold, found), values)


def _state(ids: tuple[str | None, str | None], values: Sequence[Value]) -> State:
    if ids[0] is None:
        return "added"
    if ids[1] is None:
        return "omitted"
    return "right" if all(value.same for value in values) else "wrong"


def _value(gold: str | None, found: str | None) -> Value:
    return Value(gold, found, gold == found)


def _places(facility: FacilityClaim | None) -> str | None:
    if facility is None:
        return None
    count = facility.count
    return figure_words(None if count is None else Figure(count.value, count.upper))


def _claimant(gold: Claim | FacilityClaim | None, found: Claim | FacilityClaim | None) -> Value:
    names = [None if side is None else side.claimant or "the report" for side in (gold, found)]
    same = gold is None or found is None or _voice(gold) == _voice(found)
    return Value(names[0], names[1], same)


def _voice(side: Claim | FacilityClaim) -> str:
    return normal_name(side.claimant)


def _groups(gold: Claim | None, found: Claim | None) -> tuple[str, ...]:
    """Subgroups that only one side has, in words; of a claim without counterpart all of them."""
    ours, theirs = (
        Counter(subgroup_figures(side)) if side else Counter() for side in (gold, found)
    )
    lines = []
    for sign, parts in (("not found:", ours - theirs), ("added:", theirs - ours)):
        if parts:
            named = [
                f"{group.replace('_', ' ')} {figure_words(figure)}"
                for group, figure in sorted(parts.elements(), key=lambda part: part[0])
            ]
            lines.append(f"{sign} {', '.join(named)}")
    return tuple(lines)
