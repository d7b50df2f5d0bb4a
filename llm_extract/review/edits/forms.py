"""Edits as values: what a reviewer may do to a content, one class each, and forms of text fields
read as edits. Nothing is applied here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from llm_extract.documents.text import shown
from llm_extract.errors import ChangeError
from llm_extract.record import Change, Frozen
from llm_extract.review.content import Standing
from llm_extract.schema import Basis, FacilityEffect, FacilityKind, Outcome, Qualifier

MOST_CHARACTERS = 20_000
"""Of all fields of one form together; the longest, a list of quotes, has a few thousand."""

Item = Annotated[str, Field(pattern=r"^[cf]\d{1,6}$", description="id of a claim or facility")]
Slot = Annotated[
    str,
    Field(
        pattern=r"^(total|children|women|men|count|subgroups\.[a-z_]{1,20}(\.\d{1,3})?)$",
        description="slot name as in RecordClaim.slots, or count of a facility",
    ),
]
Offset = Annotated[int, Field(ge=0, description="character of the report text; end is excluded")]
Number = Annotated[int, Field(ge=0, le=10**12)]


class SetSlot(Frozen):
    """Put a number of the ledger into a slot."""

    action: Literal["set_slot"]
    item: Item
    slot: Slot
    start: Offset
    end: Offset
    label: str | None = Field(default=None, description="the words for a subgroup `other`")


class SetNumber(Frozen):
    """Put words that the ledger does not read so into a slot, with the number they mean."""

    action: Literal["set_number"]
    item: Item
    slot: Slot
    start: Offset
    end: Offset
    value: Number | None
    upper: Number | None = None
    qualifier: Qualifier = "exact"
    basis: Basis = "printed"
    label: str | None = None


class SetQualifier(Frozen):
    """Read the number of a slot with another qualifier."""

    action: Literal["set_qualifier"]
    item: Item
    slot: Slot
    qualifier: Qualifier


class ClearSlot(Frozen):
    """Empty a slot."""

    action: Literal["clear_slot"]
    item: Item
    slot: Slot


class MoveSlot(Frozen):
    """Take a number out of one slot and put it into another; what stands there goes the other
    way."""

    action: Literal["move_slot"]
    item: Item
    slot: Slot
    to_item: Item
    to_slot: Slot


class SetField(Frozen):
    """Say anything else of a claim or facility anew; see `fields` for the fields and their form."""

    action: Literal["set_field"]
    item: Item
    field: str
    value: str


class SetParent(Frozen):
    """Say which claim contains this one; null: none."""

    action: Literal["set_parent"]
    item: Item
    parent: Item | None


class AddClaim(Frozen):
    """Make a claim of a number, in its total."""

    action: Literal["add_claim"]
    start: Offset
    end: Offset
    outcome: Outcome


class AddFacility(Frozen):
    """Make a facility claim of a number."""

    action: Literal["add_facility"]
    start: Offset
    end: Offset
    kind: FacilityKind
    effect: FacilityEffect


class DeleteItem(Frozen):
    """Take a claim or facility out; its parts become parts of what contains it."""

    action: Literal["delete_item"]
    item: Item


class MergeItems(Frozen):
    """Make two claims that say the same one: quotes and empty slots are filled from the first."""

    action: Literal["merge_items"]
    item: Item
    into: Item


class SplitItem(Frozen):
    """Let some slots of a claim be a claim of their own beside it."""

    action: Literal["split_item"]
    item: Item
    slots: list[Slot] = Field(min_length=1)


class BindQuote(Frozen):
    """Add words of the report to the evidence of a claim."""

    action: Literal["bind_quote"]
    item: Item
    start: Offset
    end: Offset


class DropQuote(Frozen):
    """Take a quote out of the evidence; none that holds a number of the claim."""

    action: Literal["drop_quote"]
    item: Item
    index: int = Field(ge=0)


class ApplyChanges(Frozen):
    """Make the changes that a rule suggests."""

    action: Literal["apply_changes"]
    changes: list[Change] = Field(min_length=1)


class SetAside(Frozen):
    """Say that a number is not about people or places."""

    action: Literal["set_aside"]
    start: Offset
    end: Offset


class UnsetAside(Frozen):
    """Take that back."""

    action: Literal["unset_aside"]
    start: Offset
    end: Offset


class AcceptFinding(Frozen):
    """Let a finding stand."""

    action: Literal["accept_finding"]
    key: str = Field(pattern=r"^[0-9a-f]{1,64}$")
    rule: str = Field(pattern=r"^[A-Z]\d{2}$")
    standing: Standing


class UnacceptFinding(Frozen):
    """Take that back."""

    action: Literal["unaccept_finding"]
    key: str = Field(pattern=r"^[0-9a-f]{1,64}$")


Edit = Annotated[
    SetSlot
    | SetNumber
    | SetQualifier
    | ClearSlot
    | MoveSlot
    | SetField
    | SetParent
    | AddClaim
    | AddFacility
    | DeleteItem
    | MergeItems
    | SplitItem
    | BindQuote
    | DropQuote
    | ApplyChanges
    | SetAside
    | UnsetAside
    | AcceptFinding
    | UnacceptFinding,
    Field(discriminator="action"),
]
"""One thing that a reviewer does to a content."""

_EDITS: TypeAdapter[Edit] = TypeAdapter(Edit)

_LISTS = {"slots", "changes"}
"""Fields that a form sends as JSON or, slots, with commas between."""

_MAY_BE_EMPTY = {"value", "field", "action"}


def parse_edit(fields: Mapping[str, str]) -> Edit:
    """The edit that the text fields of a form describe; an empty field is one left out, except the
    `value` of `set_field`, where it clears.

    Raises ChangeError with the first thing that is wrong.
    """
    if sum(map(len, fields.values())) > MOST_CHARACTERS:
        raise ChangeError(f"an edit has at most {MOST_CHARACTERS:,} characters: shorten it")
    words = fields.get("action", "")
    clears = words == "set_field"
    given: dict[str, Any] = {
        name: _listed(name, value)
        for name, value in fields.items()
        if value or name == "action" or (name == "value" and clears)
    }
    for name in ("parent", "value") if not clears else ():
        if fields.get(name) == "":
            given[name] = None
    try:
        return _EDITS.validate_python(given)
    except ValidationError as error:
        raise ChangeError(_first(error)) from None


def describe(edit: Edit) -> str:
    """An edit in a few words for the history; values of the report are shortened."""
    told = edit.model_dump(exclude={"action", "changes", "key"}, exclude_none=True)
    if isinstance(edit, ApplyChanges):
        told["changes"] = "; ".join(
            f"{c.field} of {c.claim}: {c.before or 'nothing'} → {c.after or 'nothing'}"
            for c in edit.changes
        )
    words = ", ".join(f"{name} {shown(str(value), 120)}" for name, value in told.items())
    return f"{edit.action.replace('_', ' ')}: {words}"


def _listed(name: str, value: str) -> Any:
    if name not in _LISTS:
        return value
    if name == "slots" and not value.startswith("["):
        return [each for each in value.split(",") if each]
    try:
        return json.loads(value)
    except ValueError:
        return value


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "action"
    return f"{where}: {first['msg']}, not {shown(repr(first['input']), 80)}"
