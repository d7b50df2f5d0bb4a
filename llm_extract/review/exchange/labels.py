"""Labels: the words by which tools call the marks of a text, and what they mean; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from llm_extract.changes import COUNT
from llm_extract.documents.text import shown
from llm_extract.errors import RecordsError
from llm_extract.review.exchange.marks import ASIDE, CLAIM_SLOTS, QUOTE, Head, Mark
from llm_extract.schema import FacilityEffect, Outcome

FIGURE_LABELS = (
    *(f"{outcome}.{slot}" for outcome in get_args(Outcome) for slot in CLAIM_SLOTS),
    *(f"{effect}.{COUNT}" for effect in get_args(FacilityEffect)),
)
"""Every label that the mark of a number can bear: what happened, and the slot."""

LABELS = (*FIGURE_LABELS, QUOTE, ASIDE)


def label_of(mark: Mark, heads: Mapping[str, Head]) -> str:
    """The label that a mark bears in a tool: killed.total, quote, not_people."""
    if mark.slot in (QUOTE, ASIDE):
        return mark.slot
    return f"{heads[mark.item].kind}.{mark.slot}"


def slot_of(label: str, head: Head | None) -> str:
    """The slot that a label names, for a mark of a claim.

    Raises RecordsError for one that is no label of ours, or says of its claim what it is not.
    """
    if label in (QUOTE, ASIDE):
        return label
    kind, _, slot = label.partition(".")
    if label not in FIGURE_LABELS:
        raise RecordsError(f"{shown(label, 40)!r} is no label of this project")
    if head is not None and head.kind != kind:
        raise RecordsError(
            f"{head.id} is {head.kind}, and a number of it is marked {label}: make them agree"
        )
    return slot
