"""Differences between two contents, in words that people read; pure.

Two people who start from one prediction share its ids, and what each of them added bears ids of
their own: items are paired by what they say (as `evals` pairs labels), and by id where that fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from pydantic import Field

from llm_extract.evals.matching import figures, match_claims, match_facilities, subgroup_figures
from llm_extract.record import Frozen, RecordClaim, RecordCount, RecordFacility
from llm_extract.review.content import Content, Item, counts_in
from llm_extract.schema import Period

ITEM = "item"
"""The field of a difference that says that a claim was added or left out."""

PLAIN_FIELDS = ("claimant", "attribution", "scope", "victims", "effect", "outcome")
LIST_FIELDS = ("perpetrators", "weapons", "places", "kinds")

OneOf = TypeVar("OneOf", RecordClaim, RecordFacility)
Pairs = list[tuple[OneOf | None, OneOf | None]]


class Difference(Frozen):
    """One thing that two contents say differently."""

    item: str = Field(description="id of the claim or facility in the later content, else earlier")
    field: str = Field(description="slot name, field name, quotes, part_of, aside, or item")
    before: str | None = Field(description="the words before; null: nothing")
    after: str | None = Field(description="the words after; null: nothing")
    figure: bool = Field(description="a number, an outcome, or a claim altogether")


def differences(before: Content, after: Content) -> list[Difference]:
    """What the later content says differently, claims first, in the order of the later one."""
    claims = _paired(before.claims, after.claims, _claim_pairs)
    facilities = _paired(before.facilities, after.facilities, _facility_pairs)
    names = {
        old.id: new.id for old, new in (*claims, *facilities) if old is not None and new is not None
    }
    found: list[Difference] = []
    for old, new in (*claims, *facilities):
        found += _between(old, new, names)
    found += _spans(before.aside, after.aside)
    found += _standings(before, after)
    return found


def is_wrong(prediction: Content, final: Content) -> bool:
    """Whether a figure of the prediction was wrong, by what people decided: a number, an outcome,
    a claim altogether."""
    return any(difference.figure for difference in differences(prediction, final))


def same(first: Content, second: Content) -> bool:
    """Whether two contents say the same about people and places.

    What was set aside, which findings were let stand, and which quotes prove a number are no part
    of that.
    """
    silent = {"aside", "accepted", "quotes"}
    return all(difference.field in silent for difference in differences(first, second))


# --- pairs ------------------------------------------------------------------------------------


def _paired(
    before: Sequence[OneOf],
    after: Sequence[OneOf],
    match: Callable[[Sequence[OneOf], Sequence[OneOf]], list[tuple[int, int]]],
) -> Pairs[OneOf]:
    """The counterparts, in the order of the later items, then those that have none any more."""
    partner = {
        new: old
        for new, one in enumerate(after)
        for old, other in enumerate(before)
        if one.id == other.id and _akin(one, other)
    }
    left_old = [n for n in range(len(before)) if n not in partner.values()]
    left_new = [n for n in range(len(after)) if n not in partner]
    pairs = match([before[n] for n in left_old], [after[n] for n in left_new])
    partner |= {left_new[new]: left_old[old] for old, new in pairs}
    found: Pairs[OneOf] = [
        (before[partner[n]] if n in partner else None, item) for n, item in enumerate(after)
    ]
    gone = [n for n in range(len(before)) if n not in partner.values()]
    return found + [(before[n], None) for n in gone]


def _akin(one: Item, other: Item) -> bool:
    """Whether items of one id are the same one: they share a number's place or a quote."""
    ours, theirs = _places(one), _places(other)
    return bool(ours & theirs) or not (ours or theirs)


def _places(item: Item) -> set[object]:
    counts = counts_in(item).values()
    found: set[object] = {(c.start, c.end) for c in counts if c.start is not None}
    return found | {quote.quote for quote in item.evidence}


def _claim_pairs(
    before: Sequence[RecordClaim], after: Sequence[RecordClaim]
) -> list[tuple[int, int]]:
    pairs = match_claims([c.stated() for c in before], [c.stated() for c in after])
    return [(pair.gold, pair.predicted) for pair in pairs]


def _facility_pairs(
    before: Sequence[RecordFacility], after: Sequence[RecordFacility]
) -> list[tuple[int, int]]:
    pairs = match_facilities([c.stated() for c in before], [c.stated() for c in after])
    return [(pair.gold, pair.predicted) for pair in pairs]


# --- one pair ---------------------------------------------------------------------------------


def _between(
    old: Item | None,
    new: Item | None,
    names: dict[str, str],
) -> Iterator[Difference]:
    if old is None or new is None:
        item = new or old
        assert item is not None
        words = in_words(item)
        yield Difference(
            item=item.id,
            field=ITEM,
            before=None if old is None else words,
            after=None if new is None else words,
            figure=True,
        )
        return
    yield from _numbers(old, new)
    for field in PLAIN_FIELDS:
        if hasattr(new, field) and getattr(old, field) != getattr(new, field):
            figure = field in ("outcome", "effect")
            yield _told(new.id, field, getattr(old, field), getattr(new, field), figure)
    for field in LIST_FIELDS:
        if hasattr(new, field) and set(getattr(old, field)) != set(getattr(new, field)):
            yield _told(
                new.id, field, "; ".join(getattr(old, field)), "; ".join(getattr(new, field))
            )
    if _days(old.period) != _days(new.period):
        yield _told(new.id, "period", _period(old.period), _period(new.period))
    whole = names.get(old.part_of_id, old.part_of_id) if old.part_of_id is not None else None
    if whole != new.part_of_id:
        yield _told(new.id, "part_of", whole, new.part_of_id)
    quotes = [{quote.quote for quote in each.evidence} for each in (old, new)]
    if quotes[0] != quotes[1]:
        yield _told(
            new.id,
            "quotes",
            " … ".join(sorted(quotes[0] - quotes[1])),
            " … ".join(sorted(quotes[1] - quotes[0])),
        )


def _numbers(old: Item, new: Item) -> Iterator[Difference]:
    """Slots that hold other numbers; a total that only one of them derives is no difference."""
    if isinstance(old, RecordFacility) or isinstance(new, RecordFacility):
        ours, theirs = getattr(old, "count", None), getattr(new, "count", None)
        if _value(ours) != _value(theirs):
            yield _told(new.id, "count", _words(ours), _words(theirs), True)
        return
    there, here = old.slots(), new.slots()
    before, after = figures(old.stated()), figures(new.stated())
    for slot in ("total", "children", "women", "men"):
        if before.get(slot) != after.get(slot):
            yield _told(new.id, slot, _words(there.get(slot)), _words(here.get(slot)), True)
        elif _qualifier(there.get(slot)) != _qualifier(here.get(slot)):
            yield _told(new.id, slot, _words(there.get(slot)), _words(here.get(slot)))
    if subgroup_figures(old.stated()) != subgroup_figures(new.stated()):
        yield _told(new.id, "subgroups", _groups(old), _groups(new), True)


def _told(id: str, field: str, before: Any, after: Any, figure: bool = False) -> Difference:
    return Difference(
        item=id, field=field, before=before or None, after=after or None, figure=figure
    )


def _spans(before: Sequence[str], after: Sequence[str]) -> Iterator[Difference]:
    for span in dict.fromkeys([*before, *after]):
        if (span in before) != (span in after):
            ends = (span if span in before else None, span if span in after else None)
            yield Difference(item="", field="aside", before=ends[0], after=ends[1], figure=False)


def _standings(before: Content, after: Content) -> Iterator[Difference]:
    old = {each.key: each for each in before.accepted}
    new = {each.key: each for each in after.accepted}
    for key in dict.fromkeys([*old, *new]):
        ends = [f"{e.rule} {e.standing}" if (e := side.get(key)) else None for side in (old, new)]
        if ends[0] != ends[1]:
            yield Difference(item="", field="accepted", before=ends[0], after=ends[1], figure=False)


# --- words ------------------------------------------------------------------------------------


def in_words(item: Item) -> str:
    """A claim or facility in a line: what happened, its numbers as written, who states it."""
    if isinstance(item, RecordFacility):
        words = [item.effect, _words(item.count) or "", ", ".join(item.kinds)]
    else:
        slots = item.slots()
        words = [item.outcome, _words(slots.pop("total", None)) or ""]
        parts = [f"{name.removeprefix('subgroups.')} {_words(c)}" for name, c in slots.items()]
        words.append(f"({', '.join(parts)})" if parts else "")
    words.append(f"according to {item.claimant}" if item.claimant else "")
    return " ".join(word for word in words if word)


def _words(count: RecordCount | None) -> str | None:
    """A number as people write it, with its qualifier where it has one."""
    if count is None:
        return None
    if count.value is None:
        return count.as_written
    number = f"{count.value:,}" if count.upper is None else f"{count.value:,} to {count.upper:,}"
    if count.qualifier in ("exact", "range"):
        return number
    return f"{count.qualifier.replace('_', ' ')} {number}"


def _value(count: RecordCount | None) -> tuple[int | None, int | None] | None:
    return None if count is None else (count.value, count.upper)


def _qualifier(count: RecordCount | None) -> str | None:
    return None if count is None or count.basis == "derived" else count.qualifier


def _groups(claim: RecordClaim) -> str:
    return ", ".join(f"{part.label or part.group} {_words(part.count)}" for part in claim.subgroups)


def _days(period: Period | None) -> tuple[object, object] | None:
    return None if period is None else (period.start, period.end)


def _period(period: Period | None) -> str | None:
    if period is None:
        return None
    return f"{period.start or 'open'} to {period.end or 'open'} ({period.as_written})"
