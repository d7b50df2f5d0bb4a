"""The strict schema that a language model fills from one report; it imports nothing of ours.

Every key is required and null where the report is silent, extra keys are refused, types are strict.
The semantics of each field are those of the annotation codebook (`docs/record.md`). Code never puts
a computed value in here: bounds, sums, spans and identities belong to `llm_extract.record`.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = "1"
"""Changes whenever a field or a value of the schema changes its meaning."""

Outcome = Literal["killed", "injured", "missing", "detained", "abducted", "displaced", "casualties"]
"""What happened to the people; `casualties` only where killed and injured share one number."""

Victims = Literal["civilians", "combatants", "unspecified"]
"""What the report calls the people; never inferred."""

Group = Literal[
    "boys",
    "girls",
    "infants",
    "older_people",
    "civilians",
    "security_forces",
    "police",
    "fighters",
    "medical_workers",
    "rescue_workers",
    "aid_workers",
    "journalists",
    "students",
    "other",
]
"""A named subgroup of a total other than children, women and men."""

Weapon = Literal[
    "airstrike",
    "drone",
    "barrel_bomb",
    "cluster_munition",
    "missile",
    "rocket",
    "artillery",
    "mortar",
    "ied",
    "suicide_attack",
    "vehicle_bomb",
    "landmine",
    "unexploded_ordnance",
    "small_arms",
    "sniper",
    "stabbing",
    "torture",
    "execution",
    "chemical",
    "arson",
    "other",
]

FacilityKind = Literal[
    "school",
    "university",
    "medical",
    "place_of_worship",
    "market",
    "camp",
    "residential",
    "water",
    "power",
    "bakery",
    "civil_defence",
    "media",
    "transport",
    "vital_facility",
    "other",
]

FacilityEffect = Literal["attacked", "damaged", "destroyed"]

Scope = Literal["incident", "period", "cumulative", "snapshot"]
"""One event; a stated stretch of time; everything since a start; a stock on a day."""

Attribution = Literal["stated", "alleged", "claimed"]
"""`claimed`: the party itself says so; `alleged`: suspected, reported, accused."""

Qualifier = Literal[
    "exact", "at_least", "more_than", "at_most", "fewer_than", "about", "range", "vague"
]

Basis = Literal["printed", "counted"]
"""`counted`: no number is printed, people are listed one by one (a singular noun, names)."""


class Strict(BaseModel):
    """Base of all models of the record: unknown keys and coerced types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Count(Strict):
    """A number of people or places as the report prints it."""

    value: int | None = Field(ge=0, description="the printed number; null with qualifier vague")
    upper: int | None = Field(ge=0, description="second number of a range, else null")
    qualifier: Qualifier = Field(description="from the word that stands there; exact when none")
    basis: Basis = Field(description="counted when no number is printed but people are listed")
    as_written: str = Field(min_length=1, description="the words themselves: 149, eight, a woman")


class Period(Strict):
    """A stretch of time as the report states it, end included."""

    start: date | None = Field(description="ISO date; null when open")
    end: date | None = Field(description="ISO date, included; null when open")
    as_written: str = Field(min_length=1, description="the words that name the time")


class Subgroup(Strict):
    """Part of a claim's total that belongs to a named group."""

    group: Group
    label: str | None = Field(description="the words of the report for group other, else null")
    count: Count


class Claim(Strict):
    """One outcome, one claimant, one slice of the people a report counts."""

    outcome: Outcome
    victims: Victims
    total: Count | None = Field(description="all people of this claim; null when only parts stand")
    children: Count | None = Field(description="children among the total; null when not stated")
    women: Count | None = Field(description="women among the total; null when not stated")
    men: Count | None = Field(description="men among the total; null when not stated")
    subgroups: list[Subgroup] = Field(description="further groups among the total")
    claimant: str | None = Field(description="who states the figure; null for the report itself")
    perpetrators: list[str] = Field(description="parties held responsible for exactly these people")
    attribution: Attribution | None = Field(description="null when perpetrators is empty")
    weapons: list[Weapon]
    places: list[str] = Field(description="places of exactly these people, as written")
    scope: Scope
    period: Period | None
    part_of: int | None = Field(ge=0, description="index of the claim that contains this one")
    evidence: list[str] = Field(min_length=1, description="exact quotes that hold every number")


class FacilityClaim(Strict):
    """A count of places attacked, damaged or destroyed."""

    kinds: list[FacilityKind] = Field(min_length=1)
    count: Count | None
    effect: FacilityEffect
    part_of: int | None = Field(ge=0, description="index of the facility claim that contains this")
    claimant: str | None
    perpetrators: list[str]
    attribution: Attribution | None
    weapons: list[Weapon]
    places: list[str]
    scope: Scope
    period: Period | None
    evidence: list[str] = Field(min_length=1)


class CasualtyReport(Strict):
    """Everything a report counts: people and places, in text order."""

    claims: list[Claim]
    facilities: list[FacilityClaim]
