"""Everything of a claim but its numbers and its whole, set from the text of a form; pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, get_args

from llm_extract.documents.text import is_blank, shown
from llm_extract.errors import ChangeError
from llm_extract.record import RecordClaim
from llm_extract.review.content import Item
from llm_extract.review.edits.pieces import named_subgroups
from llm_extract.schema import (
    Attribution,
    FacilityEffect,
    FacilityKind,
    Outcome,
    Period,
    Scope,
    Victims,
    Weapon,
)

OPEN = "open"
"""Stands for a day of a period that is not stated, since an empty first line is lost on the way."""

MOST_NAMES = 50
MOST_LETTERS = 500
"""Of a list and of one name; the gold set's longest are 9 and 94."""


def with_field(item: Item, field: str, words: str) -> Item:
    """The item with a field read from words: a code, a name, a name a line, or for `period` three
    lines (first day, last day, the report's words; `open` for a day that is not stated). Empty
    words clear what may be empty. `label` is what a subgroup `other` is called, `label.2` the
    second one.

    Raises ChangeError for a field that the item has not, and for words that are none of its values.
    """
    words = unicodedata.normalize("NFC", words)
    if isinstance(item, RecordClaim) and field.split(".")[0] == "label":
        return _with_label(item, field, words)
    fields = CLAIM_FIELDS if isinstance(item, RecordClaim) else FACILITY_FIELDS
    if field not in fields:
        raise ChangeError(f"{item.id} has no field {shown(field, 40)}: name {', '.join(fields)}")
    item = item.model_copy(update={field: fields[field](field, words)})
    if field == "perpetrators" and not item.perpetrators:
        return item.model_copy(update={"attribution": None})
    if field == "perpetrators" and item.attribution is None:
        return item.model_copy(update={"attribution": "stated"})
    if field == "attribution" and (item.attribution is None) != (not item.perpetrators):
        raise ChangeError(
            f"{item.id}: attribution says how perpetrators are named, so either both or none"
        )
    return item


def _with_label(claim: RecordClaim, field: str, words: str) -> RecordClaim:
    slot = f"subgroups.other{field.removeprefix('label')}"
    named = named_subgroups(claim)
    label = _name("label", words)
    if slot not in named:
        raise ChangeError(f"{claim.id} has no {shown(slot, 40)}: only a subgroup other has a label")
    if label is None:
        raise ChangeError(f"{claim.id}: a subgroup other needs its words in the report: label")
    named[slot] = named[slot].model_copy(update={"label": label})
    return claim.model_copy(update={"subgroups": list(named.values())})


def _code(values: Any) -> Callable[[str, str], str]:
    allowed = get_args(values)

    def read(field: str, words: str) -> str:
        words = words.strip()
        if words not in allowed:
            raise ChangeError(f"{field} is one of {', '.join(allowed)}, not {shown(words, 40)!r}")
        return words

    return read


def _code_or_none(values: Any) -> Callable[[str, str], str | None]:
    read = _code(values)
    return lambda field, words: read(field, words) if words.strip() else None


def _codes(values: Any, least: int = 0) -> Callable[[str, str], list[str]]:
    read = _code(values)

    def read_all(field: str, words: str) -> list[str]:
        codes = list(dict.fromkeys(read(field, word) for word in words.replace(",", " ").split()))
        if len(codes) < least:
            raise ChangeError(f"{field} needs one at least of {', '.join(get_args(values))}")
        return codes

    return read_all


def _name(field: str, words: str) -> str | None:
    if len(words) > MOST_LETTERS:
        raise ChangeError(f"{field} has at most {MOST_LETTERS} characters: shorten it")
    return None if is_blank(words) else " ".join(words.split())


def _names(field: str, words: str) -> list[str]:
    names = [name for line in words.splitlines() if (name := _name(field, line))]
    if len(names) > MOST_NAMES:
        raise ChangeError(f"{field} has at most {MOST_NAMES} lines: leave some out")
    return list(dict.fromkeys(names))


def _period(field: str, words: str) -> Period | None:
    if not words.strip():
        return None
    first, last, written, *more = [*words.splitlines(), "", ""]
    as_written = " ".join(" ".join([written, *more]).split())
    start, end = _day(first), _day(last)
    if not as_written:
        raise ChangeError("period: give the words of the report that name it")
    if start is not None and end is not None and end < start:
        raise ChangeError(f"period: it ends on {end} before it begins on {start}")
    return Period(start=start, end=end, as_written=as_written)


def _day(words: str) -> date | None:
    if words.strip().casefold() in ("", OPEN):
        return None
    try:
        return date.fromisoformat(words.strip())
    except ValueError:
        raise ChangeError(
            f"period: a day is written as 2026-03-05 or open, not {shown(words, 40)!r}"
        ) from None


_COMMON: Mapping[str, Callable[[str, str], object]] = {
    "claimant": _name,
    "perpetrators": _names,
    "attribution": _code_or_none(Attribution),
    "weapons": _codes(Weapon),
    "places": _names,
    "scope": _code(Scope),
    "period": _period,
}

CLAIM_FIELDS: Mapping[str, Callable[[str, str], object]] = {
    "outcome": _code(Outcome),
    "victims": _code(Victims),
    **_COMMON,
}
"""Fields of a claim, each with how its words are read."""

FACILITY_FIELDS: Mapping[str, Callable[[str, str], object]] = {
    "kinds": _codes(FacilityKind, least=1),
    "effect": _code(FacilityEffect),
    **_COMMON,
}
"""Fields of a facility claim."""
