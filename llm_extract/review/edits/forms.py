"""Edits as values: what a reviewer may do to a content, one class each, and forms of text fields
read as edits. Nothing is applied here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from llm_extract.documents.text import shown, storable
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


def _ungrouped(typed: Any) -> Any:
    """A number as people type it, "1,200", as the number 1200; anything else as it is."""
    if isinstance(typed, str) and _TYPED.fullmatch(typed.strip()):
        return int("".join(c for c in typed if c.isdecimal()))
    return typed


_TYPED = re.compile(r"\d{1,15}|\d{1,3}([,.٬'’\s]\d{3}){1,4}")

Number = Annotated[int, BeforeValidator(_ungrouped), Field(ge=0, le=10**12)]


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
    label: str | None = Field(default=None, description="the words for a new subgroup `other`")


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

_EMPTY_IS_NULL = {"set_number": "value", "set_parent": "parent"}
"""The field of an edit that says something by being empty: no number, no whole."""

_EXPECTED = {
    "item": "an id such as c1 or f2",
    "into": "an id such as c1 or f2",
    "to_item": "an id such as c1 or f2",
    "parent": "an id such as c1 or f2, or nothing",
    "slot": "total, children, women, men, count or subgroups.GROUP",
    "to_slot": "total, children, women, men, count or subgroups.GROUP",
    "slots": "total, children, women, men or subgroups.GROUP, with commas between",
    "key": "the key of a finding",
    "rule": "the id of a rule such as A01",
}
"""What people are told of fields whose pattern says nothing to them."""


def parse_edit(fields: Mapping[str, str]) -> Edit:
    """The edit that the text fields of a form describe; an empty field is one left out, except the
    `value` of `set_field`, where it clears, the `value` of `set_number` and `parent`, where it is
    null.

    Raises ChangeError with the first thing that is wrong.
    """
    if sum(map(len, fields.values())) > MOST_CHARACTERS:
        raise ChangeError(f"an edit has at most {MOST_CHARACTERS:,} characters: shorten it")
    action = fields.get("action", "")
    given: dict[str, Any] = {"action": action}
    for name, value in fields.items():
        if value or (action, name) == ("set_field", "value"):
            given[name] = _listed(name, storable(value))
        elif _EMPTY_IS_NULL.get(action) == name:
            given[name] = None
    try:
        return _EDITS.validate_python(given)
    except ValidationError as error:
        raise ChangeError(_in_a_line(error.errors(include_url=False)[0])) from None


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
        return [each.strip() for each in value.split(",") if each.strip()]
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _in_a_line(error: ErrorDetails) -> str:
    action, *path = error["loc"] or ("action",)
    where = ".".join(str(part) for part in path) or "action"
    named = str(path[0]) if path else "action"
    if error["type"].startswith("union_tag"):
        return f"there is no such edit: name one of {', '.join(sorted(_ACTIONS))}"
    if error["type"] == "missing":
        return f"{where} is missing: {action} needs it"
    if error["type"] == "extra_forbidden":
        return f"{action} has no field {shown(where, 40)}: leave it out"
    expected = error["msg"]
    if error["type"] in ("string_pattern_mismatch", "list_type") and named in _EXPECTED:
        expected = f"give {_EXPECTED[named]}"
    return f"{where}: {expected}, not {shown(repr(error['input']), 80)}"


_ACTIONS = [
    get_args(one.model_fields["action"].annotation)[0] for one in get_args(get_args(Edit)[0])
]
