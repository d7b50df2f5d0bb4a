"""Applies an edit to a content; the result is a new content, whatever does not fit is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, cast

from llm_extract.changes import COUNT, PLAIN_SLOTS, apply, count_at
from llm_extract.errors import ChangeError
from llm_extract.intervals import bounds
from llm_extract.numbers.mention import Ledger, Mention
from llm_extract.record import Evidence, Record, RecordClaim, RecordCount, RecordFacility
from llm_extract.review.content import Accepted, Content, Item, bare_record, counts_in
from llm_extract.review.edits import forms
from llm_extract.review.edits.fields import with_field
from llm_extract.review.edits.pieces import (
    check_slot,
    claim_of,
    count_in,
    first_place,
    holds,
    item_of,
    linked,
    new_id,
    with_count,
    with_derived_total,
    with_item,
    with_quote_of,
)

MOST_QUOTE = 4000
"""Characters of a quote; a paragraph has a few hundred."""


def apply_edit(content: Content, edit: forms.Edit, text: str, ledger: Ledger) -> Content:
    """The content after an edit.

    `text` is the report's stored text and `ledger` its numbers. Ids of what stays are kept,
    a number brings its sentence as evidence, and a total that code derived is derived anew.

    Raises:
        ChangeError: the edit names no item, slot, number or words that there are.
    """
    step = cast(Callable[[Content, Any, str, Ledger], Content], _STEPS[type(edit)])
    return linked(step(content, edit, text, ledger))


# --- numbers ----------------------------------------------------------------------------------


def _set_slot(content: Content, edit: forms.SetSlot, text: str, ledger: Ledger) -> Content:
    count = count_at(_mention(ledger, edit.start, edit.end))
    return _put(content, edit.item, edit.slot, count, text, edit.label)


def _set_number(content: Content, edit: forms.SetNumber, text: str, ledger: Ledger) -> Content:
    words = _words(text, edit.start, edit.end, 200)
    _refuse_other_digits(words, edit)
    if (edit.value is None) != (edit.qualifier == "vague"):
        raise ChangeError("a number is given unless the words are vague, and none where they are")
    if (edit.upper is None) != (edit.qualifier != "range"):
        raise ChangeError("a second number is given for a range and for nothing else")
    count = RecordCount(
        value=edit.value,
        upper=edit.upper,
        qualifier=edit.qualifier,
        basis=edit.basis,
        as_written=words,
        low=0,
        high=None,
        start=edit.start,
        end=edit.end,
    )
    return _put(content, edit.item, edit.slot, _bounded(count), text, edit.label)


def _set_qualifier(
    content: Content, edit: forms.SetQualifier, _text: str, _ledger: Ledger
) -> Content:
    item = item_of(content, edit.item)
    count = _there(item, edit.slot)
    if count.basis == "derived" or count.value is None or edit.qualifier in ("vague", "range"):
        raise ChangeError(
            f"{edit.slot} of {edit.item} cannot be {edit.qualifier}: select its words and give the "
            "number anew"
        )
    if count.upper is not None:
        raise ChangeError(f"{edit.slot} of {edit.item} is a range: give its number anew")
    changed = _bounded(count.model_copy(update={"qualifier": edit.qualifier}))
    return with_item(content, with_count(item, edit.slot, changed))


def _clear_slot(content: Content, edit: forms.ClearSlot, _text: str, _ledger: Ledger) -> Content:
    item = item_of(content, edit.item)
    if _there(item, edit.slot).basis == "derived":
        raise ChangeError(f"the total of {edit.item} is a sum: clear one of its parts")
    return with_item(content, with_count(item, edit.slot, None))


def _move_slot(content: Content, edit: forms.MoveSlot, text: str, _ledger: Ledger) -> Content:
    if (edit.item, edit.slot) == (edit.to_item, edit.to_slot):
        raise ChangeError("a number cannot be moved to where it stands: choose another slot")
    count = _there(item_of(content, edit.item), edit.slot)
    goal = item_of(content, edit.to_item)
    other = count_in(goal, edit.to_slot)
    other = None if other is not None and other.basis == "derived" else other
    if count.basis == "derived":
        raise ChangeError(f"the total of {edit.item} is a sum and stands nowhere: move its parts")
    label = None
    source = item_of(content, edit.item)
    if isinstance(source, RecordClaim) and edit.slot.startswith("subgroups.other"):
        label = _label(source, edit.slot)
    emptied = with_count(source, edit.slot, None)
    content = with_item(content, emptied)
    content = _put(content, edit.to_item, edit.to_slot, count, text, label or count.as_written)
    if other is not None:
        content = _put(content, edit.item, edit.slot, other, text, label or other.as_written)
    return content


def _label(claim: RecordClaim, slot: str) -> str | None:
    names = [name for name in claim.slots() if name.startswith("subgroups.")]
    return claim.subgroups[names.index(slot)].label if slot in names else None


def _put(
    content: Content, id: str, slot: str, count: RecordCount, text: str, label: str | None = None
) -> Content:
    """The content with a count in a slot, its sentence quoted, and the number no longer aside."""
    item = with_count(item_of(content, id), slot, count, label)
    item = _quoting(item, count, text)
    aside = [span for span in content.aside if span != f"{count.start}:{count.end}"]
    return with_item(content, item).model_copy(update={"aside": aside})


def _quoting(item: Item, count: RecordCount, text: str) -> Item:
    if isinstance(item, RecordClaim):
        return with_quote_of(item, count, text)
    return with_quote_of(item, count, text)


def _bounded(count: RecordCount) -> RecordCount:
    low, high = bounds(count)
    return count.model_copy(update={"low": low, "high": high})


def _there(item: Item, slot: str) -> RecordCount:
    count = count_in(item, slot)
    if count is None:
        raise ChangeError(f"{slot} of {item.id} is empty: choose a slot that holds a number")
    return count


def _mention(ledger: Ledger, start: int, end: int) -> Mention:
    for mention in ledger.mentions:
        if (mention.start, mention.end) == (start, end):
            return mention
    raise ChangeError(
        f"no number is read at {start}:{end} of the report: select its words and give the number"
    )


def _words(text: str, start: int, end: int, most: int) -> str:
    if not 0 <= start < end <= len(text) or not text[start:end].strip():
        raise ChangeError("no words of the report are selected: select some in its text")
    if end - start > most:
        raise ChangeError(f"at most {most:,} characters can be selected here: select fewer")
    return text[start:end]


def _refuse_other_digits(words: str, edit: forms.SetNumber) -> None:
    """A number that is printed in digits is the one of these digits, whoever types it."""
    digits = ["".join(str(int(c)) for c in run) for run in re.findall(r"\d+", words)]
    if not digits or edit.basis == "counted":
        return
    said = [str(number) for number in (edit.value, edit.upper) if number is not None]
    if "".join(digits).lstrip("0") != "".join(said).lstrip("0") and not all(
        number in digits for number in said
    ):
        raise ChangeError(f"the words say {' '.join(digits)}: give that number or select others")


# --- claims -----------------------------------------------------------------------------------


def _set_field(content: Content, edit: forms.SetField, _text: str, _ledger: Ledger) -> Content:
    return with_item(content, with_field(item_of(content, edit.item), edit.field, edit.value))


def _set_parent(content: Content, edit: forms.SetParent, _text: str, _ledger: Ledger) -> Content:
    item = item_of(content, edit.item)
    if edit.parent is not None:
        _check_parent(content, item, edit.parent)
    return with_item(content, item.model_copy(update={"part_of_id": edit.parent}))


def _check_parent(content: Content, item: Item, parent: str) -> None:
    if type(item_of(content, parent)) is not type(item):
        raise ChangeError(f"{item.id} and {parent} do not count the same kind of thing")
    above: str | None = parent
    seen: set[str] = set()
    while above is not None and above not in seen:
        if above == item.id:
            raise ChangeError(f"{item.id} cannot be part of {parent}, which is part of it")
        seen.add(above)
        above = item_of(content, above).part_of_id


def _add_claim(content: Content, edit: forms.AddClaim, text: str, ledger: Ledger) -> Content:
    count = count_at(_mention(ledger, edit.start, edit.end))
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
    return _put(content, claim.id, "total", count, text)


def _add_facility(content: Content, edit: forms.AddFacility, text: str, ledger: Ledger) -> Content:
    count = count_at(_mention(ledger, edit.start, edit.end))
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
    return _put(content, facility.id, COUNT, count, text)


def _inserted(items: Sequence[Any], new: Item) -> list[Any]:
    """The items with a new one where it begins in the text; the others stay where they are."""
    place = next((n for n, item in enumerate(items) if first_place(item) > first_place(new)), None)
    found = list(items)
    found.insert(len(found) if place is None else place, new)
    return found


def _delete_item(content: Content, edit: forms.DeleteItem, _text: str, _ledger: Ledger) -> Content:
    gone = item_of(content, edit.item)
    return _without(content, gone.id, gone.part_of_id)


def _without(content: Content, id: str, heir: str | None) -> Content:
    """The content without an item, whose parts become parts of another."""

    def left(items: Sequence[Any]) -> list[Any]:
        return [
            item.model_copy(update={"part_of_id": heir if heir != item.id else None})
            if item.part_of_id == id
            else item
            for item in items
            if item.id != id
        ]

    return content.model_copy(
        update={"claims": left(content.claims), "facilities": left(content.facilities)}
    )


def _merge_items(content: Content, edit: forms.MergeItems, text: str, _ledger: Ledger) -> Content:
    gone, kept = item_of(content, edit.item), item_of(content, edit.into)
    if type(gone) is not type(kept) or gone.id == kept.id:
        raise ChangeError(f"{gone.id} cannot be one with {kept.id}: choose another of its kind")
    if isinstance(gone, RecordClaim) and isinstance(kept, RecordClaim):
        kept = _united(gone, kept)
    elif isinstance(gone, RecordFacility) and isinstance(kept, RecordFacility):
        kept = kept.model_copy(update={COUNT: kept.count or gone.count})
    quotes = list(dict.fromkeys([*kept.evidence, *gone.evidence]))
    quotes.sort(key=lambda quote: (quote.start is None, quote.start or 0))
    kept = kept.model_copy(update={"evidence": quotes})
    heir = kept.part_of_id if kept.part_of_id != gone.id else gone.part_of_id
    kept = kept.model_copy(update={"part_of_id": heir if heir != kept.id else None})
    return _without(with_item(content, kept), gone.id, kept.id)


def _united(gone: RecordClaim, kept: RecordClaim) -> RecordClaim:
    """One claim of two; slots with other numbers are in each other's way."""
    ours, theirs = kept.slots(), gone.slots()
    at_odds = [
        slot
        for slot in ours.keys() & theirs.keys()
        if "derived" not in (ours[slot].basis, theirs[slot].basis)
        and (ours[slot].value, ours[slot].upper) != (theirs[slot].value, theirs[slot].upper)
    ]
    if at_odds:
        raise ChangeError(
            f"{gone.id} and {kept.id} differ in {', '.join(sorted(at_odds))}: clear these slots in "
            "one of them first"
        )
    claim: Item = kept
    for slot, count in theirs.items():
        if slot not in ours and count.basis != "derived":
            claim = with_count(claim, slot, count, _label(gone, slot))
    assert isinstance(claim, RecordClaim)
    return claim


def _split_item(content: Content, edit: forms.SplitItem, _text: str, _ledger: Ledger) -> Content:
    claim = claim_of(content, edit.item)
    counts = {slot: _there(claim, slot) for slot in edit.slots}
    if len(counts) == len(claim.slots()):
        raise ChangeError(f"leave {claim.id} one slot at least")
    bare: dict[str, Any] = {**dict.fromkeys(PLAIN_SLOTS), "subgroups": []}
    new: Item = claim.model_copy(update={**bare, "id": new_id(content.claims, "c")})
    rest: Item = claim
    # Later subgroups of one name first: their names count those before them.
    for slot in sorted(counts, reverse=True):
        if counts[slot].basis == "derived":
            raise ChangeError(f"the total of {claim.id} is a sum: split its parts off")
        rest = with_count(rest, slot, None)
    for slot in sorted(counts):
        check_slot(new, slot)
        new = with_count(new, slot, counts[slot], _label(claim, slot))
    assert isinstance(new, RecordClaim)
    new = with_derived_total(new)
    content = with_item(content, rest)
    return content.model_copy(update={"claims": _inserted(content.claims, new)})


# --- quotes and findings ----------------------------------------------------------------------


def _bind_quote(content: Content, edit: forms.BindQuote, text: str, _ledger: Ledger) -> Content:
    words = _words(text, edit.start, edit.end, MOST_QUOTE)
    start = edit.start + len(words) - len(words.lstrip())
    words = words.strip()
    quote = Evidence(quote=words, start=start, end=start + len(words))
    item = item_of(content, edit.item)
    quotes = sorted(
        {quote, *item.evidence}, key=lambda q: (q.start is None, q.start or 0, q.end or 0)
    )
    return with_item(content, item.model_copy(update={"evidence": quotes}))


def _drop_quote(content: Content, edit: forms.DropQuote, _text: str, _ledger: Ledger) -> Content:
    item = item_of(content, edit.item)
    if edit.index >= len(item.evidence):
        raise ChangeError(f"{item.id} has no quote {edit.index + 1}")
    left = [quote for place, quote in enumerate(item.evidence) if place != edit.index]
    gone = item.evidence[edit.index]
    if gone.start is not None and gone.end is not None and holds(item)(gone.start, gone.end):
        others = [(q.start, q.end) for q in left if q.start is not None and q.end is not None]
        for count in counts_in(item).values():
            if count.start is None or count.end is None:
                continue
            if (
                gone.start <= count.start
                and count.end <= gone.end
                and not any(start <= count.start and count.end <= end for start, end in others)
            ):
                raise ChangeError(
                    f"this quote holds {count.as_written!r} of {item.id}: clear that number first"
                )
    if not left:
        raise ChangeError(f"{item.id} needs one quote at least: bind another one first")
    return with_item(content, item.model_copy(update={"evidence": left}))


def _apply_changes(
    content: Content, edit: forms.ApplyChanges, text: str, ledger: Ledger
) -> Content:
    changed: Record = apply(bare_record(content), edit.changes, text, ledger)
    aside = [
        span
        for span in content.aside
        if not any(f"{change.start}:{change.end}" == span for change in edit.changes)
    ]
    return content.model_copy(
        update={"claims": changed.claims, "facilities": changed.facilities, "aside": aside}
    )


def _set_aside(content: Content, edit: forms.SetAside, _text: str, ledger: Ledger) -> Content:
    mention = _mention(ledger, edit.start, edit.end)
    for item in content.items:
        if any((c.start, c.end) == (mention.start, mention.end) for c in counts_in(item).values()):
            raise ChangeError(f"{mention.text!r} is a number of {item.id}: clear its slot first")
    span = f"{mention.start}:{mention.end}"
    return content.model_copy(update={"aside": list(dict.fromkeys([*content.aside, span]))})


def _unset_aside(content: Content, edit: forms.UnsetAside, _text: str, _ledger: Ledger) -> Content:
    span = f"{edit.start}:{edit.end}"
    return content.model_copy(update={"aside": [each for each in content.aside if each != span]})


def _accept(content: Content, edit: forms.AcceptFinding, _text: str, _ledger: Ledger) -> Content:
    others = [each for each in content.accepted if each.key != edit.key]
    new = Accepted(key=edit.key, rule=edit.rule, standing=edit.standing)
    return content.model_copy(update={"accepted": [*others, new]})


def _unaccept(
    content: Content, edit: forms.UnacceptFinding, _text: str, _ledger: Ledger
) -> Content:
    left = [each for each in content.accepted if each.key != edit.key]
    return content.model_copy(update={"accepted": left})


_STEPS: dict[type, Callable[..., Content]] = {
    forms.SetSlot: _set_slot,
    forms.SetNumber: _set_number,
    forms.SetQualifier: _set_qualifier,
    forms.ClearSlot: _clear_slot,
    forms.MoveSlot: _move_slot,
    forms.SetField: _set_field,
    forms.SetParent: _set_parent,
    forms.AddClaim: _add_claim,
    forms.AddFacility: _add_facility,
    forms.DeleteItem: _delete_item,
    forms.MergeItems: _merge_items,
    forms.SplitItem: _split_item,
    forms.BindQuote: _bind_quote,
    forms.DropQuote: _drop_quote,
    forms.ApplyChanges: _apply_changes,
    forms.SetAside: _set_aside,
    forms.UnsetAside: _unset_aside,
    forms.AcceptFinding: _accept,
    forms.UnacceptFinding: _unaccept,
}
