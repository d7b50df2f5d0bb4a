"""Edits of numbers: what stands in a slot, from the ledger or from words that a person reads."""

from __future__ import annotations

import re

from llm_extract.changes import count_at
from llm_extract.errors import ChangeError
from llm_extract.intervals import bounds
from llm_extract.numbers.mention import Ledger
from llm_extract.record import RecordClaim, RecordCount
from llm_extract.review.content import Content, Item
from llm_extract.review.edits import forms
from llm_extract.review.edits.pieces import (
    count_in,
    item_of,
    named_subgroups,
    number_at,
    put,
    with_count,
    with_item,
    words_at,
)

MOST_NUMBER = 200
"""Characters of the words that make a number; a counted list of names is the longest."""

_GROUPED = r"[.,٬'’\u00a0\u202f]"
_NUMBER = re.compile(rf"\d+(?:{_GROUPED}\d+)*")
_WHOLE = re.compile(rf"\d+|\d{{1,3}}(?:{_GROUPED}\d{{3}})+")
_REACH = 32
"""Characters beside a selection in which a number that it cuts can begin or end."""


def set_slot(content: Content, edit: forms.SetSlot, text: str, ledger: Ledger) -> Content:
    """A number of the ledger, whatever kind it was read as."""
    count = count_at(number_at(ledger, edit.start, edit.end))
    return put(content, edit.item, edit.slot, count, text, edit.label)


def set_number(content: Content, edit: forms.SetNumber, text: str, ledger: Ledger) -> Content:
    """Words with the number that a person reads in them."""
    start, end = words_at(text, edit.start, edit.end, MOST_NUMBER)
    _refuse_cut_numbers(text, start, end)
    if edit.basis != "counted":
        _refuse_other_digits(edit, text[start:end], ledger, start)
    if (edit.value is None) != (edit.qualifier == "vague"):
        raise ChangeError("a number is given unless the words are vague, and none where they are")
    if (edit.upper is None) != (edit.qualifier != "range"):
        raise ChangeError("a second number is given for a range and for nothing else")
    if edit.value is not None and edit.upper is not None and edit.upper <= edit.value:
        raise ChangeError("a range goes from its smaller number to its larger one")
    count = RecordCount(
        value=edit.value,
        upper=edit.upper,
        qualifier=edit.qualifier,
        basis=edit.basis,
        as_written=text[start:end],
        low=0,
        high=None,
        start=start,
        end=end,
    )
    return put(content, edit.item, edit.slot, _bounded(count), text, edit.label)


def set_qualifier(
    content: Content, edit: forms.SetQualifier, _text: str, _ledger: Ledger
) -> Content:
    """Another reading of the words beside a number."""
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


def clear_slot(content: Content, edit: forms.ClearSlot, _text: str, _ledger: Ledger) -> Content:
    """Nothing in a slot."""
    item = item_of(content, edit.item)
    if _there(item, edit.slot).basis == "derived":
        raise ChangeError(f"the total of {edit.item} is a sum: clear one of its parts")
    return with_item(content, with_count(item, edit.slot, None))


def move_slot(content: Content, edit: forms.MoveSlot, text: str, _ledger: Ledger) -> Content:
    """A number in another slot; where one stands there, the two change places."""
    if (edit.item, edit.slot) == (edit.to_item, edit.to_slot):
        raise ChangeError("a number cannot be moved to where it stands: choose another slot")
    source = item_of(content, edit.item)
    count = _there(source, edit.slot)
    if count.basis == "derived":
        raise ChangeError(f"the total of {edit.item} is a sum and stands nowhere: move its parts")
    other = count_in(item_of(content, edit.to_item), edit.to_slot)
    if other is not None and other.basis != "derived":
        # Labels belong to slots: numbers alone change places.
        content = put(content, edit.to_item, edit.to_slot, count, text)
        return put(content, edit.item, edit.slot, other, text)
    label = edit.label or _label(source, edit.slot)
    content = put(content, edit.to_item, edit.to_slot, count, text, label)
    emptied = with_count(item_of(content, edit.item), edit.slot, None)
    return with_item(content, emptied)


def _label(item: Item, slot: str) -> str | None:
    part = named_subgroups(item).get(slot) if isinstance(item, RecordClaim) else None
    return None if part is None else part.label


def _there(item: Item, slot: str) -> RecordCount:
    count = count_in(item, slot)
    if count is None:
        raise ChangeError(f"{slot} of {item.id} is empty: choose a slot that holds a number")
    return count


def _bounded(count: RecordCount) -> RecordCount:
    low, high = bounds(count)
    return count.model_copy(update={"low": low, "high": high})


def _refuse_cut_numbers(text: str, start: int, end: int) -> None:
    """A selection holds printed numbers whole: "20" is no number of a text that says 120."""
    for number in _NUMBER.finditer(text, max(0, start - _REACH), end + _REACH):
        if any(number.start() < edge < number.end() for edge in (start, end)):
            raise ChangeError(f"the selection cuts {number.group()}: select it whole")


def _refuse_other_digits(edit: forms.SetNumber, words: str, ledger: Ledger, start: int) -> None:
    """What is printed in digits is the number of these digits, whoever types it."""
    digits = [number.group() for number in _NUMBER.finditer(words)]
    if not digits:
        return
    readings = {int("".join(re.findall(r"\d", each))) for each in digits if _WHOLE.fullmatch(each)}
    for mention in ledger.within(start, start + len(words)):
        readings |= {number for number in (mention.value, mention.upper) if number is not None}
    said = {number for number in (edit.value, edit.upper) if number is not None}
    if not said <= readings:
        raise ChangeError(f"the words say {' '.join(digits)}: give that number or select others")
