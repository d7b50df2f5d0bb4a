"""Changes of a record: slots set anew from the report's own numbers, and what a claim is part of.

Pure: a changed record is a new one, its counts come from the ledger, its bounds from `intervals`,
and a number from another sentence brings that sentence as evidence. No rule is asked here, and no
change is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeVar, cast, get_args

from llm_extract.errors import ChangeError
from llm_extract.intervals import bounds, derived_total
from llm_extract.numbers.mention import Ledger, Mention
from llm_extract.passages import Sentence, split_sentences
from llm_extract.record import (
    Change,
    Evidence,
    Record,
    RecordClaim,
    RecordCount,
    RecordFacility,
    RecordSubgroup,
)
from llm_extract.schema import Group

PART_OF = "part_of"
CLAIM = "claim"
"""The whole of a claim, which leaves the record: merged into another one, or for good."""
COUNT = "count"
"""The only slot of a facility."""

PLAIN_SLOTS = ("total", "children", "women", "men")
"""Slots that every claim has; all others are subgroups."""

GROUPS: frozenset[str] = frozenset(get_args(Group))

Item = TypeVar("Item", RecordClaim, RecordFacility)


def apply(record: Record, changes: Sequence[Change], text: str, ledger: Ledger) -> Record:
    """The record with all changes made at once; each `before` is of the record as it is given.

    `text` is the report's stored text and `ledger` its numbers. A change with `start` and `end`
    puts the number that stands there into a slot, empty or not; one without empties it. The field
    `part_of` takes an id or null. The field `claim` takes the claim itself out: its quotes and what
    is part of it go to the claim `after`, or to none. A total that code derived is derived anew.
    Findings and disposition stay those of the given record until it is examined again.

    Raises:
        ChangeError: a change names no claim, slot, number or id that there is, one that is not as
            `before` says, or what another change sets too.
    """
    asked: dict[str, dict[str, Change]] = {}
    for change in changes:
        fields = asked.setdefault(change.claim, {})
        if change.field in fields:
            raise ChangeError(f"{change.field} of {change.claim} is set twice: name it once")
        fields[change.field] = change
        if CLAIM in fields and len(fields) > 1:
            raise ChangeError(f"{change.claim} leaves the record: change nothing else of it")
    known = {claim.id for claim in record.claims} | {place.id for place in record.facilities}
    unknown = asked.keys() - known
    if unknown:
        raise ChangeError(f"the record has no claim {min(unknown)!r}: name one of its ids")
    claims = [_changed_claim(claim, asked.get(claim.id, {}), ledger) for claim in record.claims]
    facilities = [
        _changed_facility(facility, asked.get(facility.id, {}), ledger)
        for facility in record.facilities
    ]
    return record.model_copy(
        update={
            "claims": _finished(record.claims, claims, asked, text),
            "facilities": _finished(record.facilities, facilities, asked, text),
        }
    )


def count_at(mention: Mention) -> RecordCount:
    """The count that a mention of the ledger makes, with its bounds and place."""
    unbounded = RecordCount(
        value=mention.value,
        upper=mention.upper,
        qualifier=mention.qualifier,
        basis=mention.basis,
        as_written=mention.text,
        low=0,
        high=None,
        start=mention.start,
        end=mention.end,
    )
    low, high = bounds(unbounded)
    return unbounded.model_copy(update={"low": low, "high": high})


def _changed_claim(claim: RecordClaim, fields: Mapping[str, Change], ledger: Ledger) -> RecordClaim:
    """The claim with its slots set; links and evidence are done where all claims are known."""
    there = claim.slots()
    slots: dict[str, RecordCount | None] = {}
    for field, change in fields.items():
        if field not in (PART_OF, CLAIM):
            _must_stand(change, there.get(field))
            slots[field] = _taken(change, ledger)
    if not slots:
        return claim
    update: dict[str, object] = {name: slots[name] for name in PLAIN_SLOTS if name in slots}
    update["subgroups"] = _subgroups(claim, slots)
    changed = claim.model_copy(update=update)
    if claim.total is not None and claim.total.basis == "derived" and "total" not in slots:
        total = derived_total([changed.children, changed.women, changed.men])
        changed = changed.model_copy(update={"total": total})
    return changed


def _subgroups(claim: RecordClaim, slots: Mapping[str, RecordCount | None]) -> list[RecordSubgroup]:
    names = [name for name in claim.slots() if name not in PLAIN_SLOTS]
    named = zip(names, claim.subgroups, strict=True)
    kept = [
        part.model_copy(update={"count": slots[name]}) if slots.get(name) else part
        for name, part in named
        if name not in slots or slots[name] is not None
    ]
    for field, count in slots.items():
        if count is not None and field not in PLAIN_SLOTS and field not in names:
            kept.append(RecordSubgroup(group=_new_group(claim, field), label=None, count=count))
    return kept


def _new_group(claim: RecordClaim, field: str) -> Group:
    prefix, _, group = field.partition(".")
    if prefix != "subgroups" or group not in GROUPS:
        raise ChangeError(
            f"{claim.id} has no slot {field!r}: name total, children, women, men or subgroups.GROUP"
        )
    if group == "other":
        raise ChangeError(f"{claim.id}: a subgroup other needs a label: choose a named group")
    return cast(Group, group)


def _changed_facility(
    facility: RecordFacility, fields: Mapping[str, Change], ledger: Ledger
) -> RecordFacility:
    for field, change in fields.items():
        if field == COUNT:
            _must_stand(change, facility.count)
            facility = facility.model_copy(update={COUNT: _taken(change, ledger)})
        elif field not in (PART_OF, CLAIM):
            raise ChangeError(f"{facility.id} has no slot {field!r}: name count or part_of")
    return facility


def _must_stand(change: Change, count: RecordCount | None) -> None:
    words = count.as_written if count is not None else None
    if words != change.before:
        raise ChangeError(
            f"{change.field} of {change.claim} is {_quoted(words)} and not "
            f"{_quoted(change.before)}: look at the record again"
        )


def _taken(change: Change, ledger: Ledger) -> RecordCount | None:
    if change.start is None and change.end is None and change.after is None:
        return None
    for mention in ledger.mentions:
        if (mention.start, mention.end, mention.text) == (change.start, change.end, change.after):
            if mention.kind in ("count", "vague"):
                return count_at(mention)
            break
    raise ChangeError(
        f"{change.field} of {change.claim}: no count {_quoted(change.after)} stands at "
        f"{change.start}:{change.end} of the report: take a number of its ledger"
    )


def _finished(
    before: Sequence[Item],
    after: Sequence[Item],
    asked: Mapping[str, Mapping[str, Change]],
    text: str,
) -> list[Item]:
    """The items with their links set and with quotes for the numbers they took."""
    places = {item.id: index for index, item in enumerate(before)}
    done: list[Item] = []
    for item in after:
        changes = asked.get(item.id, {})
        slots = [c for c in changes.values() if c.field not in (PART_OF, CLAIM)]
        taken = [c for c in slots if c.start is not None]
        if taken:
            spans = [(c.start or 0, c.end or 0) for c in taken]
            evidence = with_sentences(item.evidence, spans, text)
            item = item.model_copy(update={"evidence": evidence})
        if PART_OF in changes:
            item = item.model_copy(update=_link(item, changes[PART_OF], places))
        done.append(item)
    gone = {id: fields[CLAIM].after for id, fields in asked.items() if CLAIM in fields}
    return _without(done, {id: gone[id] for id in gone if id in places})


def _without(items: Sequence[Item], gone: Mapping[str, str | None]) -> list[Item]:
    """The items without those that are gone, whose quotes and parts go to their heirs."""
    if not gone:
        return list(items)
    kept = [item for item in items if item.id not in gone]
    places = {item.id: index for index, item in enumerate(kept)}
    for id, heir in gone.items():
        if heir is not None and heir not in places:
            raise ChangeError(f"{id} cannot be one with {heir!r}: name another claim of its kind")
    return [item.model_copy(update=_inherited(item, items, gone, places)) for item in kept]


def _inherited(
    item: RecordClaim | RecordFacility,
    items: Sequence[RecordClaim | RecordFacility],
    gone: Mapping[str, str | None],
    places: Mapping[str, int],
) -> dict[str, object]:
    """What becomes of an item that stays: the quotes of those that are one with it, its link."""
    update: dict[str, object] = {}
    quotes = [quote for one in items if gone.get(one.id) == item.id for quote in one.evidence]
    if quotes:
        update["evidence"] = list(dict.fromkeys([*item.evidence, *quotes]))
    if item.part_of is not None and 0 <= item.part_of < len(items):
        whole = items[item.part_of].id
        parent = gone.get(whole, whole)
        if parent == item.id != whole:
            parent = None
        update[PART_OF] = None if parent is None else places[parent]
        if whole in gone:
            update["part_of_id"] = parent
    return update


def _link(
    item: RecordClaim | RecordFacility, change: Change, places: Mapping[str, int]
) -> dict[str, object]:
    if change.before != item.part_of_id:
        raise ChangeError(
            f"{item.id} is part of {_quoted(item.part_of_id)} and not of "
            f"{_quoted(change.before)}: look at the record again"
        )
    if change.after is None:
        return {"part_of": None, "part_of_id": None}
    if change.after not in places or change.after == item.id:
        raise ChangeError(
            f"{item.id} cannot be part of {change.after!r}: name another claim of its kind"
        )
    return {"part_of": places[change.after], "part_of_id": change.after}


def with_sentences(
    evidence: Sequence[Evidence], spans: Sequence[tuple[int, int]], text: str
) -> list[Evidence]:
    """The evidence, and the sentences of numbers that stand in no quote, in text order.

    `spans` are those of the numbers, their ends excluded.
    """
    quotes = list(evidence)
    for start, end in sorted(spans):
        if any(
            q.start is not None and q.end is not None and q.start <= start and end <= q.end
            for q in quotes
        ):
            continue
        around = [s for s in _sentences(text) if s.start < end and s.end > start]
        first = min([start, *(s.start for s in around)])
        last = max([end, *(s.end for s in around)])
        new = Evidence(quote=text[first:last], start=first, end=last)
        later = (i for i, q in enumerate(quotes) if q.start is not None and q.start > first)
        quotes.insert(next(later, len(quotes)), new)
    return quotes


@lru_cache(maxsize=2)
def _sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of the report that is being changed, which many changes are tried on."""
    return tuple(split_sentences(text))


def _quoted(words: str | None) -> str:
    return "nothing" if words is None else repr(words)
