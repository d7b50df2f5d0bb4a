"""Applies an edit to a content; the result is a new content, whatever does not fit is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from llm_extract.numbers.mention import Ledger
from llm_extract.review.content import Content
from llm_extract.review.edits import forms, items, numbers, standing
from llm_extract.review.edits.fields import with_field
from llm_extract.review.edits.pieces import item_of, linked, with_item


def apply_edit(content: Content, edit: forms.Edit, text: str, ledger: Ledger) -> Content:
    """The content after an edit.

    `text` is the report's stored text and `ledger` its numbers. Ids of what stays are kept,
    a number brings its sentence as evidence, and a total that code derived is derived anew.

    Raises:
        ChangeError: the edit names no item, slot, number or words that there are.
    """
    return linked(_STEPS[type(edit)](content, edit, text, ledger))


def _set_field(content: Content, edit: forms.SetField, _text: str, _ledger: Ledger) -> Content:
    return with_item(content, with_field(item_of(content, edit.item), edit.field, edit.value))


_STEPS: Mapping[type, Callable[[Content, Any, str, Ledger], Content]] = {
    forms.SetSlot: numbers.set_slot,
    forms.SetNumber: numbers.set_number,
    forms.SetQualifier: numbers.set_qualifier,
    forms.ClearSlot: numbers.clear_slot,
    forms.MoveSlot: numbers.move_slot,
    forms.SetField: _set_field,
    forms.SetParent: items.set_parent,
    forms.AddClaim: items.add_claim,
    forms.AddFacility: items.add_facility,
    forms.DeleteItem: items.delete_item,
    forms.MergeItems: items.merge_items,
    forms.SplitItem: items.split_item,
    forms.BindQuote: standing.bind_quote,
    forms.DropQuote: standing.drop_quote,
    forms.ApplyChanges: standing.apply_changes,
    forms.SetAside: standing.set_aside,
    forms.UnsetAside: standing.unset_aside,
    forms.AcceptFinding: standing.accept_finding,
    forms.UnacceptFinding: standing.unaccept_finding,
}
