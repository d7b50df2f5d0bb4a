"""Differences between two contents, in words that people read; pure.

Two people who start from one prediction share its ids, and what each of them added bears ids of
their own: items are paired by what they say, then by id, and what is left as `evals` pairs labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeGuard, TypeVar

from pydantic import Field

from llm_extract.evals.matching import (
    SLOTS,
    days,
    figures,
    match_claims,
    match_facilities,
    normal_name,
    normal_names,
)
from llm_extract.record import Frozen, RecordClaim, RecordCount, RecordFacility
from llm_extract.review.content import Content, Item, above, counts_in
from llm_extract.schema import Period

ITEM = "item"
"""The field of a difference that says that a claim was added or left out."""

PLAIN_FIELDS = ("claimant", "attribution", "scope", "victims", "effect", "outcome")
LIST_FIELDS = ("perpetrators", "weapons", "places", "kinds")

OneOf = TypeVar("OneOf", RecordClaim, RecordFacility)
Pairs = list[tuple[OneOf | None, OneOf | None]]
Told = tuple[tuple[object, ...], ...]
Reading = tuple[int | None, int | None, str, int | None]
"""Number, second number of a range, qualifier, and least number of vague words."""

Read = tuple[RecordCount | None, Reading | None]
"""A number as it stands in a slot, and what is compared of it."""

NOTHING: Reading = (None, None, "", None)


class Difference(Frozen):
    """One thing that two contents say differently."""

    item: str = Field(description="id of the claim or facility in the later content, else earlier")
    field: str = Field(description="slot name, field name, quotes, part_of, aside, or item")
    before: str | None = Field(description="the words before; null: nothing")
    after: str | None = Field(description="the words after; null: nothing")
    figure: bool = Field(description="a number, an outcome, or a claim altogether")


def differences(before: Content, after: Content) -> list[Difference]:
    """What the later content says differently, claims first, in the order of the later one."""
    told = _told_with_wholes(before.items), _told_with_wholes(after.items)
    claims = _paired(before.claims, after.claims, told, _claim_pairs)
    facilities = _paired(before.facilities, after.facilities, told, _facility_pairs)
    pairs = [*claims, *facilities]
    names = {old.id: new.id for old, new in pairs if old is not None and new is not None}
    found: list[Difference] = []
    for old, new in pairs:
        if old is None or new is None:
            found.append(_alone(old, new))
            continue
        found += _between(old, new)
        whole = None if old.part_of_id is None else names.get(old.part_of_id, old.part_of_id)
        # Where two wholes say the same, being part of either is the same.
        if whole != new.part_of_id and told[0][old.id][1:] != told[1][new.id][1:]:
            found.append(_difference(new.id, "part_of", whole, new.part_of_id))
    found += _spans(before.aside, after.aside)
    found += _standings(before, after)
    return found


def is_wrong(prediction: Content, final: Content) -> bool:
    """Whether a figure of the prediction was wrong, by what people decided: a number, an outcome,
    a claim altogether."""
    return any(difference.figure for difference in differences(prediction, final))


def same(first: Content, second: Content) -> bool:
    """Whether two contents say the same about people and places.

    What was set aside, which findings were let stand, which quotes prove a number, how a name is
    spelt and in what words a time is given are no part of that.
    """
    ours, theirs = _told_with_wholes(first.items), _told_with_wholes(second.items)
    return Counter(ours.values()) == Counter(theirs.values())


# --- pairs ------------------------------------------------------------------------------------


def _paired(
    before: Sequence[OneOf],
    after: Sequence[OneOf],
    told: tuple[Mapping[str, Told], Mapping[str, Told]],
    match: Callable[[Sequence[OneOf], Sequence[OneOf]], list[tuple[int, int]]],
) -> Pairs[OneOf]:
    """The counterparts, in the order of the later items, then those that have none any more.

    Items that say the same come first: two people who add the same claims in another order give
    them each other's ids.
    """
    partner: dict[int, int] = {}

    def pair(fits: Callable[[OneOf, OneOf], bool]) -> None:
        for new, item in enumerate(after):
            if new not in partner:
                left = (n for n in range(len(before)) if n not in partner.values())
                old = next((n for n in left if fits(before[n], item)), None)
                if old is not None:
                    partner[new] = old

    def say_the_same(old: OneOf, new: OneOf) -> bool:
        return told[0][old.id] == told[1][new.id]

    pair(lambda old, new: old.id == new.id and say_the_same(old, new))
    pair(say_the_same)
    pair(lambda old, new: old.id == new.id and _akin(old, new))
    left_old = [n for n in range(len(before)) if n not in partner.values()]
    left_new = [n for n in range(len(after)) if n not in partner]
    pairs = match([before[n] for n in left_old], [after[n] for n in left_new])
    partner |= {left_new[new]: left_old[old] for old, new in pairs}
    found: Pairs[OneOf] = [
        (before[partner[n]] if n in partner else None, item) for n, item in enumerate(after)
    ]
    gone = [n for n in range(len(before)) if n not in partner.values()]
    return found + [(before[n], None) for n in gone]


def _told_with_wholes(items: Sequence[Item]) -> dict[str, Told]:
    """What each item says by its id, with what the wholes say that it is part of, nearest first."""
    told = {item.id: _told(item) for item in items}
    return {id: (own, *(told[whole] for whole in above(items, id))) for id, own in told.items()}


def _told(item: Item) -> tuple[object, ...]:
    """Everything that an item says in itself, but for its quotes and the spelling of names."""
    own: tuple[object, ...]
    if isinstance(item, RecordClaim):
        slots = tuple((slot, reading) for slot, reading in _readings(item).items())
        own = (item.outcome, item.victims, slots, tuple(_subgroups(item)))
    else:
        own = (item.effect, frozenset(item.kinds), _reading(item.count))
    return (
        *own,
        normal_name(item.claimant),
        normal_names(item.perpetrators),
        item.attribution,
        frozenset(item.weapons),
        normal_names(item.places),
        item.scope,
        days(item.period),
    )


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


def _alone(old: Item | None, new: Item | None) -> Difference:
    """An item that one of the two contents lacks."""
    item = new or old
    assert item is not None
    words = in_words(item)
    ends = (None if old is None else words, None if new is None else words)
    return Difference(item=item.id, field=ITEM, before=ends[0], after=ends[1], figure=True)


def _between(old: Item, new: Item) -> Iterator[Difference]:
    """All that two counterparts say differently, but for what they are part of."""
    if isinstance(old, RecordClaim) and isinstance(new, RecordClaim):
        yield from _slots(old, new)
    elif isinstance(old, RecordFacility) and isinstance(new, RecordFacility):
        ends = (old.count, _reading(old.count)), (new.count, _reading(new.count))
        yield from _number(new.id, "count", *ends)
    for field in PLAIN_FIELDS:
        before, after = getattr(old, field, None), getattr(new, field, None)
        if before != after:
            yield _difference(new.id, field, before, after, field in ("outcome", "effect"))
    for field in LIST_FIELDS:
        names = getattr(old, field, []), getattr(new, field, [])
        if set(names[0]) != set(names[1]):
            yield _difference(new.id, field, "; ".join(names[0]), "; ".join(names[1]))
    if old.period != new.period:
        yield _difference(new.id, "period", _period(old.period), _period(new.period))
    lost = [quote.quote for quote in old.evidence if quote not in new.evidence]
    added = [quote.quote for quote in new.evidence if quote not in old.evidence]
    if lost or added:
        yield _difference(new.id, "quotes", " … ".join(lost), " … ".join(added))


def _slots(old: RecordClaim, new: RecordClaim) -> Iterator[Difference]:
    """Slots that hold other numbers; what is a sum on both sides differs by its parts alone."""
    before, after = _readings(old), _readings(new)
    for slot in SLOTS:
        ours, theirs = getattr(old, slot), getattr(new, slot)
        if _is_printed(ours) or _is_printed(theirs):
            yield from _number(new.id, slot, (ours, before.get(slot)), (theirs, after.get(slot)))
    groups = [_subgroups(each) for each in (old, new)]
    if groups[0] != groups[1]:
        figures_of = [[(group, _figure(r)) for group, _, r in each] for each in groups]
        figure = sorted(figures_of[0], key=repr) != sorted(figures_of[1], key=repr)
        yield _difference(new.id, "subgroups", _groups(old), _groups(new), figure)
    elif _groups(old, _at) != _groups(new, _at):
        yield _difference(new.id, "subgroups", _groups(old, _at), _groups(new, _at))


def _number(id: str, slot: str, old: Read, new: Read) -> Iterator[Difference]:
    """A number that differs, or the same one where it stands elsewhere or is a sum on one side."""
    if old[1] != new[1]:
        figure = _figure(old[1]) != _figure(new[1])
        yield _difference(id, slot, _words(old[0]), _words(new[0]), figure)
    elif _at(old[0]) != _at(new[0]):
        yield _difference(id, slot, _at(old[0]), _at(new[0]))


def _difference(
    id: str, field: str, before: str | None, after: str | None, figure: bool = False
) -> Difference:
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


# --- numbers ----------------------------------------------------------------------------------


def _readings(claim: RecordClaim) -> dict[str, Reading]:
    """The numbers of a claim by slot, sums of its parts included where none is printed."""
    stated = {slot: count for slot in SLOTS if _is_printed(count := getattr(claim, slot))}
    parts = [count for slot, count in stated.items() if slot != "total"]
    if not parts:
        parts = [part.count for part in claim.subgroups if part.group in ("boys", "girls")]
    sums = "exact" if all(part.qualifier == "exact" for part in parts) else "about"
    return {
        slot: _reading(stated[slot]) or NOTHING
        if slot in stated
        else (figure.value, figure.upper, sums, None)
        for slot, figure in figures(claim.stated()).items()
    }


def _is_printed(count: RecordCount | None) -> TypeGuard[RecordCount]:
    return count is not None and count.basis != "derived"


def _subgroups(claim: RecordClaim) -> list[tuple[str, str, Reading]]:
    """The subgroups as group, label and number, in an order that does not depend on theirs."""
    found = [
        (part.group, normal_name(part.label), _reading(part.count) or NOTHING)
        for part in claim.subgroups
    ]
    return sorted(found, key=repr)


def _reading(count: RecordCount | None) -> Reading | None:
    """What is compared of a number; of vague words, which have none, the least they allow."""
    if count is None:
        return None
    vague = count.low if count.value is None else None
    return count.value, count.upper, count.qualifier, vague


def _figure(reading: Reading | None) -> tuple[int | None, int | None, int | None] | None:
    return None if reading is None else (reading[0], reading[1], reading[3])


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


def _at(count: RecordCount | None) -> str | None:
    """A number with where it comes from, for one that is the same but for that."""
    if count is None:
        return None
    words = "counted " if count.basis == "counted" else ""
    place = "as a sum" if count.basis == "derived" else f"at {count.start}:{count.end}"
    return f"{_words(count)} {words}{place}"


def _groups(claim: RecordClaim, words: Callable[[RecordCount], str | None] = _words) -> str:
    parts = [f"{part.label or part.group} {words(part.count)}" for part in claim.subgroups]
    return ", ".join(sorted(parts))


def _period(period: Period | None) -> str | None:
    if period is None:
        return None
    return f"{period.start or 'open'} to {period.end or 'open'} ({period.as_written})"
