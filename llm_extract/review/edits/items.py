"""Edits of claims and facilities as wholes: links, new ones, and what becomes one or two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from llm_extract.changes import COUNT, PLAIN_SLOTS, count_at
from llm_extract.errors import ChangeError
from llm_extract.numbers.mention import Ledger
from llm_extract.record import RecordClaim, RecordCount, RecordFacility, RecordSubgroup
from llm_extract.review.content import Content, Item, above
from llm_extract.review.edits import forms
from llm_extract.review.edits.pieces import (
    claim_of,
    count_in,
    first_place,
    in_text_order,
    item_of,
    named_subgroups,
    new_id,
    number_at,
    put,
    with_derived_total,
    with_item,
)

OneOf = TypeVar("OneOf", RecordClaim, RecordFacility)


def set_parent(content: Content, edit: forms.SetParent, _text: str, _ledger: Ledger) -> Content:
    """The claim that contains another, or none."""
    item = item_of(content, edit.item)
    if edit.parent is not None:
        if type(item_of(content, edit.parent)) is not type(item):
            raise ChangeError(f"{item.id} and {edit.parent} do not count the same kind of thing")
        if item.id in (edit.parent, *above(content.items, edit.parent)):
            raise ChangeError(f"{item.id} cannot be part of {edit.parent}, which is part of it")
    return with_item(content, item.model_copy(update={"part_of_id": edit.parent}))


def add_claim(content: Content, edit: forms.AddClaim, text: str, ledger: Ledger) -> Content:
    """A claim of one number, of which nothing else is said yet."""
    count = count_at(number_at(ledger, edit.start, edit.end))
    claim = RecordClaim(
        id=new_id(content.claims, "c"),
        outcome=edit.outcome,
        victims="unspecified",
        total=count,
        children=None,
        women=None,
        men=None,
        subgroups=[],
        claimant=None,
        perpetrators=[],
        attribution=None,
        weapons=[],
        places=[],
        scope="incident",
        period=None,
        part_of=None,
        part_of_id=None,
        evidence=[],
    )
    content = content.model_copy(update={"claims": _inserted(content.claims, claim)})
    return put(content, claim.id, "total", count, text)


def add_facility(content: Content, edit: forms.AddFacility, text: str, ledger: Ledger) -> Content:
    """A facility claim of one number, of which nothing else is said yet."""
    count = count_at(number_at(ledger, edit.start, edit.end))
    facility = RecordFacility(
        id=new_id(content.facilities, "f"),
        kinds=[edit.kind],
        count=count,
        effect=edit.effect,
        part_of=None,
        part_of_id=None,
        claimant=None,
        perpetrators=[],
        attribution=None,
        weapons=[],
        places=[],
        scope="incident",
        period=None,
        evidence=[],
    )
    content = content.model_copy(update={"facilities": _inserted(content.facilities, facility)})
    return put(content, facility.id, COUNT, count, text)


def _inserted(items: Sequence[OneOf], new: OneOf) -> list[OneOf]:
    """The items with a new one where it begins in the text; the others stay where they are."""
    place = next((n for n, item in enumerate(items) if first_place(item) > first_place(new)), None)
    found = list(items)
    found.insert(len(found) if place is None else place, new)
    return found


def delete_item(content: Content, edit: forms.DeleteItem, _text: str, _ledger: Ledger) -> Content:
    """One item less, whose parts become parts of what contained it."""
    gone = item_of(content, edit.item)
    return _without(content, gone.id, gone.part_of_id)


def _without(content: Content, id: str, heir: str | None) -> Content:
    """The content without an item, whose parts become parts of another."""
    return content.model_copy(
        update={
            "claims": _left(content.claims, id, heir),
            "facilities": _left(content.facilities, id, heir),
        }
    )


def _left(items: Sequence[OneOf], id: str, heir: str | None) -> list[OneOf]:
    return [
        item.model_copy(update={"part_of_id": heir if heir != item.id else None})
        if item.part_of_id == id
        else item
        for item in items
        if item.id != id
    ]


# --- one of two -------------------------------------------------------------------------------


def merge_items(content: Content, edit: forms.MergeItems, _text: str, _ledger: Ledger) -> Content:
    """One item of two: it keeps what it says, and takes quotes and what its slots lack."""
    gone, kept = item_of(content, edit.item), item_of(content, edit.into)
    if gone.id == kept.id:
        raise ChangeError(f"{gone.id} is one with itself: choose another of its kind")
    merged: Item
    if isinstance(gone, RecordClaim) and isinstance(kept, RecordClaim):
        _refuse_other_event(gone, kept, gone.outcome, kept.outcome)
        merged = _united(gone, kept)
    elif isinstance(gone, RecordFacility) and isinstance(kept, RecordFacility):
        _refuse_other_event(gone, kept, gone.effect, kept.effect)
        _refuse_at_odds(gone, kept, [COUNT] if _at_odds(gone.count, kept.count) else [])
        merged = kept.model_copy(update={COUNT: kept.count or gone.count})
    else:
        raise ChangeError(f"{gone.id} and {kept.id} do not count the same kind of thing")
    parent = kept.part_of_id
    if gone.id in above(content.items, kept.id):
        # Items between the two become parts of the one that is left.
        parent = gone.part_of_id if gone.part_of_id != kept.id else None
    quotes = in_text_order([*kept.evidence, *gone.evidence])
    merged = merged.model_copy(update={"part_of_id": parent, "evidence": quotes})
    return _without(with_item(content, merged), gone.id, kept.id)


def _united(gone: RecordClaim, kept: RecordClaim) -> RecordClaim:
    """One claim of two; slots with other numbers are in each other's way."""
    update: dict[str, object] = {}
    at_odds: list[str] = []
    for slot in PLAIN_SLOTS:
        ours, theirs = count_in(kept, slot), count_in(gone, slot)
        if _at_odds(theirs, ours):
            at_odds.append(slot)
        elif theirs is not None and (ours is None or ours.basis == "derived"):
            update[slot] = theirs
    added: list[RecordSubgroup] = []
    unpaired = list(kept.subgroups)
    for slot, part in named_subgroups(gone).items():
        same = next((each for each in unpaired if _names(each) == _names(part)), None)
        if same is None:
            added.append(part)
            continue
        unpaired.remove(same)
        if _at_odds(part.count, same.count):
            at_odds.append(slot)
    _refuse_at_odds(gone, kept, at_odds)
    update["subgroups"] = [*kept.subgroups, *added]
    return with_derived_total(kept.model_copy(update=update))


def _names(part: RecordSubgroup) -> tuple[str, str]:
    return part.group, (part.label or "").casefold()


def _at_odds(one: RecordCount | None, other: RecordCount | None) -> bool:
    """Whether two printed counts are not the same number; vague ones go by their words."""
    if one is None or other is None or "derived" in (one.basis, other.basis):
        return False
    if one.value is None and other.value is None:
        return one.as_written.casefold() != other.as_written.casefold()
    return (one.value, one.upper) != (other.value, other.upper)


def _refuse_other_event(gone: Item, kept: Item, theirs: str, ours: str) -> None:
    if theirs != ours:
        raise ChangeError(
            f"{gone.id} is {theirs} and {kept.id} is {ours}: correct one of the two first"
        )


def _refuse_at_odds(gone: Item, kept: Item, slots: Sequence[str]) -> None:
    if slots:
        raise ChangeError(
            f"{gone.id} and {kept.id} differ in {', '.join(slots)}: clear these slots in one of "
            "them first"
        )


# --- two of one -------------------------------------------------------------------------------


def split_item(content: Content, edit: forms.SplitItem, _text: str, _ledger: Ledger) -> Content:
    """Some slots as a claim of their own, with the same circumstances and quotes."""
    claim = claim_of(content, edit.item)
    stated = {slot: c for slot, c in claim.slots().items() if c.basis != "derived"}
    leaving = set(edit.slots)
    unknown = sorted(leaving - stated.keys())
    if unknown:
        raise ChangeError(
            f"{claim.id} states no {', '.join(unknown)}: choose of {', '.join(stated) or 'nothing'}"
        )
    if leaving == stated.keys():
        raise ChangeError(f"leave {claim.id} one slot at least")
    new = _with_only(claim, leaving).model_copy(update={"id": new_id(content.claims, "c")})
    content = with_item(content, _with_only(claim, stated.keys() - leaving))
    return content.model_copy(update={"claims": _inserted(content.claims, new)})


def _with_only(claim: RecordClaim, slots: set[str]) -> RecordClaim:
    plain = {slot: count_in(claim, slot) if slot in slots else None for slot in PLAIN_SLOTS}
    parts = [part for slot, part in named_subgroups(claim).items() if slot in slots]
    return with_derived_total(claim.model_copy(update={**plain, "subgroups": parts}))
