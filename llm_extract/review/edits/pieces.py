"""Pieces of contents that edits share: items by id, slots by name, links and quotes; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from llm_extract.changes import COUNT, GROUPS, PLAIN_SLOTS, with_sentences
from llm_extract.errors import ChangeError
from llm_extract.intervals import derived_total
from llm_extract.record import (
    RecordClaim,
    RecordCount,
    RecordFacility,
    RecordSubgroup,
)
from llm_extract.review.content import Content, Item, counts_in
from llm_extract.schema import Group

OneOf = TypeVar("OneOf", RecordClaim, RecordFacility)


def item_of(content: Content, id: str) -> Item:
    """The claim or facility of an id. Raises ChangeError when there is none."""
    for item in content.items:
        if item.id == id:
            return item
    raise ChangeError(f"there is no claim {id}: choose one of those shown")


def claim_of(content: Content, id: str) -> RecordClaim:
    """The claim of an id. Raises ChangeError when there is none, or it is a facility."""
    item = item_of(content, id)
    if not isinstance(item, RecordClaim):
        raise ChangeError(f"{id} counts places: choose a claim about people")
    return item


def with_item(content: Content, item: Item) -> Content:
    """The content with an item in the place of the one of its id."""
    if isinstance(item, RecordClaim):
        claims = [item if each.id == item.id else each for each in content.claims]
        return content.model_copy(update={"claims": claims})
    facilities = [item if each.id == item.id else each for each in content.facilities]
    return content.model_copy(update={"facilities": facilities})


def linked(content: Content) -> Content:
    """The content with the index of each whole set after its id, which is what edits change."""
    return content.model_copy(
        update={
            "claims": _linked(content.claims),
            "facilities": _linked(content.facilities),
        }
    )


def _linked(items: Sequence[OneOf]) -> list[OneOf]:
    places = {item.id: place for place, item in enumerate(items)}
    done: list[OneOf] = []
    for item in items:
        place = None if item.part_of_id is None else places.get(item.part_of_id)
        id = item.part_of_id if place is not None else None
        done.append(item.model_copy(update={"part_of": place, "part_of_id": id}))
    return done


def new_id(items: Sequence[Item], letter: str) -> str:
    """An id that no item bears, after the highest there is."""
    numbers = [int(item.id[1:]) for item in items if item.id[1:].isdecimal()]
    return f"{letter}{max(numbers, default=0) + 1}"


# --- slots ------------------------------------------------------------------------------------


def count_in(item: Item, slot: str) -> RecordCount | None:
    """What stands in a slot. Raises ChangeError when the item can have no such slot."""
    check_slot(item, slot)
    return counts_in(item).get(slot)


def check_slot(item: Item, slot: str) -> None:
    """Raises ChangeError when an item can have no slot of that name."""
    if isinstance(item, RecordFacility):
        if slot != COUNT:
            raise ChangeError(f"{item.id} counts places: its only slot is count")
        return
    group = slot.split(".")[1] if slot.startswith("subgroups.") else None
    if slot not in PLAIN_SLOTS and group not in GROUPS:
        raise ChangeError(
            f"{item.id} has no slot {slot}: name total, children, women, men or subgroups.GROUP, "
            f"with one of {', '.join(sorted(GROUPS))}"
        )


def with_count(item: Item, slot: str, count: RecordCount | None, label: str | None = None) -> Item:
    """The item with a slot set or emptied, and its derived total derived anew."""
    check_slot(item, slot)
    if isinstance(item, RecordFacility):
        return item.model_copy(update={"count": count})
    if slot in PLAIN_SLOTS:
        claim = item.model_copy(update={slot: count})
    else:
        claim = item.model_copy(update={"subgroups": _subgroups(item, slot, count, label)})
    return with_derived_total(claim)


def with_derived_total(claim: RecordClaim) -> RecordClaim:
    """The claim with the total that code derives where none is printed."""
    if claim.total is not None and claim.total.basis != "derived":
        return claim
    total = derived_total([claim.children, claim.women, claim.men])
    return claim.model_copy(update={"total": total})


def _subgroups(
    claim: RecordClaim, slot: str, count: RecordCount | None, label: str | None
) -> list[RecordSubgroup]:
    names = [name for name in claim.slots() if name not in PLAIN_SLOTS]
    named = dict(zip(names, claim.subgroups, strict=True))
    group = cast(Group, slot.split(".")[1])
    if count is None:
        return [part for name, part in named.items() if name != slot]
    if group == "other" and not label and slot not in named:
        raise ChangeError(f"{claim.id}: a subgroup other needs a label: its words in the report")
    if slot not in named:
        return [*claim.subgroups, _subgroup(group, label, count)]
    return [
        _subgroup(group, label or part.label, count) if name == slot else part
        for name, part in named.items()
    ]


def _subgroup(group: Group, label: str | None, count: RecordCount) -> RecordSubgroup:
    return RecordSubgroup(group=group, label=label if group == "other" else None, count=count)


# --- quotes -----------------------------------------------------------------------------------


def with_quote_of(item: OneOf, count: RecordCount, text: str) -> OneOf:
    """The item with a quote that holds a number: its sentence, unless one does already."""
    if count.start is None or count.end is None:
        return item
    evidence = with_sentences(item.evidence, [(count.start, count.end)], text)
    return item.model_copy(update={"evidence": evidence})


def holds(item: Item) -> Callable[[int, int], bool]:
    """Whether a number of the item stands between two offsets, the second excluded."""
    spans = [(count.start, count.end) for count in counts_in(item).values()]

    def stands(start: int, end: int) -> bool:
        return any(
            first is not None and last is not None and start <= first and last <= end
            for first, last in spans
        )

    return stands


def first_place(item: Item) -> int:
    """Where an item begins in the text: at its first number, else its first quote."""
    starts = [count.start for count in counts_in(item).values() if count.start is not None]
    starts = starts or [quote.start for quote in item.evidence if quote.start is not None]
    return min(starts, default=0)
