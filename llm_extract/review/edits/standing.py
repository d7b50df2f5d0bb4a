"""Edits of what proves a claim and of what is said about numbers and findings beside the claims."""

from __future__ import annotations

from llm_extract.changes import CLAIM, PART_OF, apply
from llm_extract.errors import ChangeError
from llm_extract.numbers.mention import Ledger
from llm_extract.record import Evidence
from llm_extract.review.content import Accepted, Content, above, bare_record, counts_in
from llm_extract.review.edits import forms
from llm_extract.review.edits.pieces import (
    beside,
    in_text_order,
    item_of,
    mention_at,
    with_derived_total,
    with_item,
    words_at,
)

MOST_QUOTE = 4000
"""Characters of a quote; a paragraph has a few hundred."""


def bind_quote(content: Content, edit: forms.BindQuote, text: str, _ledger: Ledger) -> Content:
    """One quote more, without the spaces round the selection."""
    start, end = words_at(text, edit.start, edit.end, MOST_QUOTE)
    quote = Evidence(quote=text[start:end], start=start, end=end)
    item = item_of(content, edit.item)
    evidence = in_text_order([*item.evidence, quote])
    return with_item(content, item.model_copy(update={"evidence": evidence}))


def drop_quote(content: Content, edit: forms.DropQuote, _text: str, _ledger: Ledger) -> Content:
    """One quote less, where it is not the only one that holds a number of the item."""
    item = item_of(content, edit.item)
    if edit.index >= len(item.evidence):
        raise ChangeError(f"{item.id} has no quote {edit.index + 1}: choose one of those shown")
    gone = item.evidence[edit.index]
    left = [quote for place, quote in enumerate(item.evidence) if place != edit.index]
    if not left:
        raise ChangeError(f"{item.id} needs one quote at least: bind another one first")
    for count in counts_in(item).values():
        if count.start is None or count.end is None:
            continue
        span = (count.start, count.end)
        if _holds(gone, span) and not any(_holds(quote, span) for quote in left):
            raise ChangeError(
                f"this quote holds {count.as_written!r} of {item.id}: clear that number first"
            )
    return with_item(content, item.model_copy(update={"evidence": left}))


def _holds(quote: Evidence, span: tuple[int, int]) -> bool:
    if quote.start is None or quote.end is None:
        return False
    return quote.start <= span[0] and span[1] <= quote.end


def apply_changes(content: Content, edit: forms.ApplyChanges, text: str, ledger: Ledger) -> Content:
    """The changes that a rule suggests, made at once."""
    contained = content.items
    record = apply(bare_record(content), edit.changes, text, ledger)
    touched = {change.claim for change in edit.changes}
    claims = [with_derived_total(c) if c.id in touched else c for c in record.claims]
    content = content.model_copy(update={"claims": claims, "facilities": record.facilities})
    before = {item.id for item in contained if item.id in above(contained, item.id)}
    for item in content.items:
        if item.id in above(content.items, item.id) and item.id not in before:
            raise ChangeError(f"{item.id} would be part of itself: change its parts first")
    for change in edit.changes:
        if change.field not in (PART_OF, CLAIM):
            content = beside(content, change.start, change.end)
    return content


# --- numbers and findings ---------------------------------------------------------------------


def set_aside(content: Content, edit: forms.SetAside, _text: str, ledger: Ledger) -> Content:
    """A number that is not about people or places."""
    mention = mention_at(ledger, edit.start, edit.end)
    for item in content.items:
        for count in counts_in(item).values():
            if count.start is None or count.end is None:
                continue
            if count.start < mention.end and mention.start < count.end:
                raise ChangeError(
                    f"{mention.text!r} is a number of {item.id}: clear its slot first"
                )
    span = f"{mention.start}:{mention.end}"
    return content.model_copy(update={"aside": list(dict.fromkeys([*content.aside, span]))})


def unset_aside(content: Content, edit: forms.UnsetAside, _text: str, _ledger: Ledger) -> Content:
    """A number that may be about people after all."""
    span = f"{edit.start}:{edit.end}"
    if span not in content.aside:
        raise ChangeError(f"no number at {span} is set aside: choose one that is")
    return content.model_copy(update={"aside": [each for each in content.aside if each != span]})


def accept_finding(
    content: Content, edit: forms.AcceptFinding, _text: str, _ledger: Ledger
) -> Content:
    """A finding that may stand."""
    new = Accepted(key=edit.key, rule=edit.rule, standing=edit.standing)
    return content.model_copy(update={"accepted": [*_others(content, edit.key), new]})


def unaccept_finding(
    content: Content, edit: forms.UnacceptFinding, _text: str, _ledger: Ledger
) -> Content:
    """A finding that may not stand after all."""
    left = _others(content, edit.key)
    if len(left) == len(content.accepted):
        raise ChangeError("nobody said that this finding may stand: load the page again")
    return content.model_copy(update={"accepted": left})


def _others(content: Content, key: str) -> list[Accepted]:
    return [each for each in content.accepted if each.key != key]
