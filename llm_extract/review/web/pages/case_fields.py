"""The form of everything that a claim says besides its numbers: fields, values, choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from llm_extract.record import RecordClaim, RecordFacility
from llm_extract.review.edits.fields import OPEN
from llm_extract.schema import (
    Attribution,
    FacilityEffect,
    FacilityKind,
    Outcome,
    Period,
    Qualifier,
    Scope,
    Victims,
    Weapon,
)


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form: `choices` are all values of a code, `lines` says that it has several."""

    name: str
    label: str
    value: str
    choices: tuple[str, ...] = ()
    optional: bool = False
    lines: bool = False
    hint: str = ""


def choices() -> dict[str, tuple[str, ...]]:
    """Codes that a reviewer chooses from outside the form of fields."""
    return {
        "outcome": get_args(Outcome),
        "effect": get_args(FacilityEffect),
        "kind": get_args(FacilityKind),
        "qualifier": tuple(q for q in get_args(Qualifier) if q not in ("range", "vague")),
    }


def form_fields(item: RecordClaim | RecordFacility) -> list[FormField]:
    """The fields of a claim or facility, perpetrators before their attribution."""
    if isinstance(item, RecordClaim):
        own = [
            _code("outcome", "Outcome", item.outcome, Outcome),
            _code("victims", "Victims", item.victims, Victims),
        ]
    else:
        own = [
            _code("effect", "Effect", item.effect, FacilityEffect),
            FormField("kinds", "Kinds", " ".join(item.kinds), get_args(FacilityKind), lines=True),
        ]
    return [
        *own,
        FormField("claimant", "Claimant", item.claimant or "", hint="empty: the report itself"),
        FormField("perpetrators", "Perpetrators", "\n".join(item.perpetrators), lines=True),
        FormField(
            "attribution",
            "Attribution",
            item.attribution or "",
            get_args(Attribution),
            optional=True,
        ),
        FormField("places", "Places", "\n".join(item.places), lines=True, hint="one a line"),
        FormField("weapons", "Weapons", " ".join(item.weapons), get_args(Weapon), lines=True),
        _code("scope", "Scope", item.scope, Scope),
        FormField(
            "period",
            "Period",
            _period(item.period),
            lines=True,
            hint="first day, last day (or open), the report's words, a line each",
        ),
        FormField("part_of", "Part of", item.part_of_id or "", hint="id of the whole"),
    ]


def _code(name: str, label: str, value: str, values: Any) -> FormField:
    return FormField(name, label, value, get_args(values))


def _period(period: Period | None) -> str:
    if period is None:
        return ""
    days = [day.isoformat() if day is not None else OPEN for day in (period.start, period.end)]
    return "\n".join([*days, period.as_written])
