"""Pieces of contents that edits share: items by id, slots by name, links, words, quotes; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar, cast

from llm_extract.changes import COUNT, GROUPS, PLAIN_SLOTS, with_sentences
from llm_extract.errors import ChangeError
from llm_extract.intervals import derived_total
from llm_extract.numbers.mention import Ledger, Mention
from llm_extract.record import (
    Evidence,
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


def named_subgroups(claim: RecordClaim) -> dict[str, RecordSubgroup]:
    """The subgroups of a claim by slot name, in their order."""
    names = [name for name in claim.slots() if name not in PLAIN_SLOTS]
    return dict(zip(names, claim.subgroups, strict=True))


def _subgroups(
    claim: RecordClaim, slot: str, count: RecordCount | None, label: str | None
) -> list[RecordSubgroup]:
    named = named_subgroups(claim)
    if count is None:
        return [part for name, part in named.items() if name != slot]
    group = cast(Group, slot.split(".")[1])
    there = named.get(slot)
    if group == "other":
        label = label or (there.label if there is not None else None)
        if not label:
            raise ChangeError(f"{claim.id}: a subgroup other needs its words in the report: label")
    new = RecordSubgroup(group=group, label=label if group == "other" else None, count=count)
    if there is None:
        return [*claim.subgroups, new]
    return [new if name == slot else part for name, part in named.items()]


def put(
    content: Content, id: str, slot: str, count: RecordCount, text: str, label: str | None = None
) -> Content:
    """The content with a number in a slot, its sentence quoted, and the number no longer aside."""
    item = with_count(item_of(content, id), slot, count, label)
    if count.start is not None and count.end is not None:
        evidence = with_sentences(item.evidence, [(count.start, count.end)], text)
        item = item.model_copy(update={"evidence": evidence})
    return beside(with_item(content, item), count.start, count.end)


def beside(content: Content, start: int | None, end: int | None) -> Content:
    """The content in which no number is aside that stands between two offsets in part."""
    if start is None or end is None:
        return content
    return content.model_copy(
        update={"aside": [span for span in content.aside if not _overlaps(span, start, end)]}
    )


def _overlaps(span: str, start: int, end: int) -> bool:
    first, _, last = span.partition(":")
    if not (first.isdecimal() and last.isdecimal()):
        return False
    return int(first) < end and start < int(last)


# --- words and quotes -------------------------------------------------------------------------


def mention_at(ledger: Ledger, start: int, end: int) -> Mention:
    """The number that the ledger reads at these offsets. Raises ChangeError when there is none."""
    for mention in ledger.mentions:
        if (mention.start, mention.end) == (start, end):
            return mention
    raise ChangeError(
        f"no number is read at {start}:{end} of the report: select its words and give the number"
    )


def number_at(ledger: Ledger, start: int, end: int) -> Mention:
    """As `mention_at`, for a mention that says how many; a date or a share of something does not.

    Raises ChangeError.
    """
    mention = mention_at(ledger, start, end)
    if mention.value is None and mention.kind != "vague":
        raise ChangeError(
            f"{mention.text!r} is read as {mention.kind}, which is no number: select the words "
            "that count and give the number"
        )
    return mention


def words_at(text: str, start: int, end: int, most: int) -> tuple[int, int]:
    """Where the words of a selection stand without the spaces round them, end excluded.

    Raises ChangeError for a selection of nothing, and of more than `most` characters.
    """
    words = text[start:end] if 0 <= start < end <= len(text) else ""
    if not words.strip():
        raise ChangeError("no words of the report are selected: select some in its text")
    if len(words) > most:
        raise ChangeError(f"at most {most:,} characters can be selected here: select fewer")
    start += len(words) - len(words.lstrip())
    return start, start + len(words.strip())


def in_text_order(quotes: Iterable[Evidence]) -> list[Evidence]:
    """Quotes once each as they stand in the text; those that stand nowhere come last."""
    once = dict.fromkeys(quotes)
    return sorted(once, key=lambda q: (q.start is None, q.start or 0, q.end or 0))


def first_place(item: Item) -> int:
    """Where an item begins in the text: at its first number, else its first quote."""
    starts = [count.start for count in counts_in(item).values() if count.start is not None]
    starts = starts or [quote.start for quote in item.evidence if quote.start is not None]
    return min(starts, default=0)
