"""Figures as peers find them, flat numbers and words, in the form that gold is written in.

Nothing is read here: what a peer does not say gets the schema's plainest value.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from llm_extract.record import NO_QUOTE
from llm_extract.schema import (
    Attribution,
    CasualtyReport,
    Claim,
    Count,
    FacilityClaim,
    FacilityEffect,
    FacilityKind,
    Outcome,
    Period,
)

NOTHING = frozenset({"", "none", "null", "unknown", "unspecified", "not specified", "n/a"})
"""Words that models put where nothing is known; whoever sees a first output drops them."""


@dataclass(frozen=True, slots=True)
class FlatClaim:
    """One outcome of some people."""

    outcome: Outcome
    total: int | None
    children: int | None = None
    women: int | None = None
    men: int | None = None
    claimant: str | None = None
    perpetrators: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    period: str | None = None
    quote: str = ""


@dataclass(frozen=True, slots=True)
class FlatFacility:
    """A number of places and what happened to them."""

    kind: FacilityKind
    number: int | None
    effect: FacilityEffect
    quote: str = ""


def casualty_report(
    claims: Iterable[FlatClaim], facilities: Iterable[FlatFacility] = ()
) -> CasualtyReport:
    """The figures as a report; a claim without any number says nothing and is left out."""
    filled = [_claim(each) for each in claims]
    return CasualtyReport(
        claims=[each for each in filled if each is not None],
        facilities=[_facility(each) for each in facilities],
    )


def _claim(flat: FlatClaim) -> Claim | None:
    counts = {slot: _count(getattr(flat, slot)) for slot in ("total", "children", "women", "men")}
    if not any(counts.values()):
        return None
    perpetrators = _names(flat.perpetrators)
    return Claim(
        outcome=flat.outcome,
        victims="unspecified",
        total=counts["total"],
        children=counts["children"],
        women=counts["women"],
        men=counts["men"],
        subgroups=[],
        claimant=next(iter(_names([flat.claimant or ""])), None),
        perpetrators=perpetrators,
        attribution=_attribution(perpetrators),
        weapons=[],
        places=_names(flat.places),
        scope="incident",
        period=_period(flat.period),
        part_of=None,
        evidence=[_quote(flat.quote)],
    )


def _facility(flat: FlatFacility) -> FacilityClaim:
    return FacilityClaim(
        kinds=[flat.kind],
        count=_count(flat.number),
        effect=flat.effect,
        part_of=None,
        claimant=None,
        perpetrators=[],
        attribution=None,
        weapons=[],
        places=[],
        scope="incident",
        period=None,
        evidence=[_quote(flat.quote)],
    )


def _count(number: int | None) -> Count | None:
    """Peers say numbers only: exact and printed is the likeliest. A negative one is none."""
    if number is None or number < 0:
        return None
    return Count(
        value=number, upper=None, qualifier="exact", basis="printed", as_written=str(number)
    )


def _attribution(perpetrators: list[str]) -> Attribution | None:
    return "stated" if perpetrators else None


def _period(words: str | None) -> Period | None:
    stated = (words or "").strip()
    if stated.casefold() in NOTHING:
        return None
    day: date | None = None
    with suppress(ValueError):
        day = date.fromisoformat(stated)
    return Period(start=day, end=day, as_written=stated)


def _names(names: Iterable[str]) -> list[str]:
    return [name.strip() for name in names if name.strip().casefold() not in NOTHING]


def _quote(quote: str) -> str:
    return quote.strip() or NO_QUOTE
