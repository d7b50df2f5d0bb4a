"""Marks: a content as places in the report's text and what is said of them, the form that all
annotation tools share; pure.

Offsets count characters of the stored text, `end` is excluded. Label Studio, Argilla and Prodigy
count the same way (code points), which each of their modules says more of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, cast, get_args

from pydantic import Field

from llm_extract.changes import COUNT, GROUPS, PLAIN_SLOTS, count_at
from llm_extract.documents.text import shown
from llm_extract.errors import RecordsError
from llm_extract.intervals import bounds
from llm_extract.numbers.mention import Ledger
from llm_extract.record import (
    Evidence,
    Frozen,
    RecordClaim,
    RecordCount,
    RecordFacility,
    RecordSubgroup,
)
from llm_extract.review.content import Accepted, Content, Item
from llm_extract.review.edits.pieces import linked, with_derived_total
from llm_extract.schema import (
    Attribution,
    Basis,
    FacilityEffect,
    FacilityKind,
    Group,
    Outcome,
    Period,
    Qualifier,
    Scope,
    Victims,
    Weapon,
)

QUOTE = "quote"
ASIDE = "not_people"
"""Slots of marks that are no numbers of a claim."""

GROUP_SLOTS = tuple(f"subgroups.{group}" for group in get_args(Group))
CLAIM_SLOTS = (*PLAIN_SLOTS, *GROUP_SLOTS)

Name = Annotated[str, Field(max_length=500)]
Names = Annotated[list[Name], Field(max_length=50)]
Whole = Annotated[int, Field(ge=0, le=10**12)]
Offset = Annotated[int, Field(ge=0, le=10**9)]
Id = Annotated[str, Field(pattern=r"^[cf]\d{1,6}$")]


class Number(Frozen):
    """What the words of a number mean, where the ledger does not read them so."""

    value: Whole | None = None
    upper: Whole | None = None
    qualifier: Qualifier = "exact"
    basis: Basis = "printed"


class Mark(Frozen):
    """A place in the text: a number of a claim, a quote of one, or a number that is none."""

    item: Id | Literal[""] = Field(description="claim or facility; empty for not_people")
    slot: Annotated[str, Field(max_length=40)] = Field(
        description="total, children, women, men, subgroups.GROUP, count, quote or not_people"
    )
    start: Offset
    end: Offset
    words: Annotated[str, Field(max_length=20_000)] | None = Field(
        default=None, description="where they are not those of the text; null: they are"
    )
    label: Name | None = Field(default=None, description="the words of a subgroup `other`")
    number: Number | None = Field(default=None, description="null: as the ledger reads it")


class Head(Frozen):
    """Everything of a claim or facility but its numbers and quotes."""

    id: Id = Field(description="c1, c2, … for people, f1, f2, … for places")
    outcome: Outcome | None = Field(default=None, description="of claims")
    victims: Victims = "unspecified"
    kinds: list[FacilityKind] = Field(default=[], description="of facilities")
    effect: FacilityEffect | None = Field(default=None, description="of facilities")
    claimant: Name | None = None
    perpetrators: Names = Field(default=[])
    attribution: Attribution | None = None
    weapons: list[Weapon] = Field(default=[])
    places: Names = Field(default=[])
    scope: Scope = "incident"
    period: Period | None = None
    part_of: Id | None = None

    @property
    def is_claim(self) -> bool:
        """Whether it counts people."""
        return self.id.startswith("c")

    @property
    def kind(self) -> str | None:
        """What happened: the outcome of a claim, the effect of a facility."""
        return self.outcome if self.is_claim else self.effect


class LooseNumber(Frozen):
    """A number that stands nowhere in the text."""

    item: Id
    slot: str
    label: Name | None
    count: RecordCount


class LooseQuote(Frozen):
    """A quote that stands nowhere in the text."""

    item: Id
    quote: str


class Loose(Frozen):
    """What has no place in the text and is handed through as it is."""

    numbers: list[LooseNumber] = Field(default=[])
    quotes: list[LooseQuote] = Field(default=[])
    accepted: list[Accepted] = Field(default=[])

    def __bool__(self) -> bool:
        return bool(self.numbers or self.quotes or self.accepted)


class Marked(Frozen):
    """A content, taken apart."""

    heads: list[Head] = Field(max_length=2000)
    marks: list[Mark] = Field(max_length=20_000)
    loose: Loose = Loose()


# --- apart ------------------------------------------------------------------------------------


def marked(content: Content, text: str, ledger: Ledger) -> Marked:
    """A content as marks; `content_from` puts it together again."""
    read = {(m.start, m.end): count_at(m) for m in ledger.mentions}
    marks: list[Mark] = []
    numbers: list[LooseNumber] = []
    quotes: list[LooseQuote] = []
    for item in content.items:
        for slot, label, count in _numbers_of(item):
            if count.basis == "derived":
                continue
            if count.start is None or count.end is None:
                numbers.append(LooseNumber(item=item.id, slot=slot, label=label, count=count))
            else:
                number = None if read.get((count.start, count.end)) == count else _number(count)
                words = _words(count.as_written, text, count.start, count.end)
                marks.append(_mark(item, slot, count.start, count.end, words, label, number))
        for quote in item.evidence:
            if quote.start is None or quote.end is None:
                quotes.append(LooseQuote(item=item.id, quote=quote.quote))
            else:
                words = _words(quote.quote, text, quote.start, quote.end)
                marks.append(_mark(item, QUOTE, quote.start, quote.end, words))
    for span in content.aside:
        start, end = span.split(":")
        marks.append(Mark(item="", slot=ASIDE, start=int(start), end=int(end)))
    loose = Loose(numbers=numbers, quotes=quotes, accepted=content.accepted)
    return Marked(heads=[_head(item) for item in content.items], marks=marks, loose=loose)


def _numbers_of(item: Item) -> list[tuple[str, str | None, RecordCount]]:
    if isinstance(item, RecordFacility):
        return [] if item.count is None else [(COUNT, None, item.count)]
    plain = [(slot, None, getattr(item, slot)) for slot in PLAIN_SLOTS]
    groups = [(f"subgroups.{part.group}", part.label, part.count) for part in item.subgroups]
    return [each for each in (*plain, *groups) if each[2] is not None]


def _number(count: RecordCount) -> Number:
    assert count.basis != "derived"
    return Number(
        value=count.value, upper=count.upper, qualifier=count.qualifier, basis=count.basis
    )


def _words(words: str, text: str, start: int, end: int) -> str | None:
    return None if text[start:end] == words else words


def _mark(
    item: Item,
    slot: str,
    start: int,
    end: int,
    words: str | None,
    label: str | None = None,
    number: Number | None = None,
) -> Mark:
    return Mark(
        item=item.id, slot=slot, start=start, end=end, words=words, label=label, number=number
    )


def _head(item: Item) -> Head:
    fields = item.model_dump(include=set(Head.model_fields) - {"part_of"})
    return Head(**fields, part_of=item.part_of_id)


# --- together ---------------------------------------------------------------------------------


def content_from(parts: Marked, text: str, ledger: Ledger) -> Content:
    """The content that marks say; a total that nobody prints is derived, as everywhere.

    Whether a number is the one of its words is for the rules to find, as it is in a record.

    Raises RecordsError with the first thing that does not fit: a place outside the text, a number
    that nobody reads there, a mark of no claim, a slot taken twice, links in a circle.
    """
    _check_heads(parts.heads)
    ids = {head.id for head in parts.heads}
    own: dict[str, list[tuple[str, str | None, RecordCount]]] = {id: [] for id in ids}
    quotes: dict[str, list[Evidence]] = {id: [] for id in ids}
    aside: list[str] = []
    for mark in parts.marks:
        where = _place(mark, text)
        if mark.slot == ASIDE:
            aside.append(f"{mark.start}:{mark.end}")
        elif mark.item not in ids:
            raise RecordsError(f"{where} belongs to no claim: say to which")
        elif mark.slot == QUOTE:
            words = mark.words if mark.words is not None else text[mark.start : mark.end]
            quotes[mark.item].append(Evidence(quote=words, start=mark.start, end=mark.end))
        else:
            own[mark.item].append((mark.slot, mark.label, _count(mark, text, ledger, where)))
    for loose in parts.loose.numbers:
        _refuse_unknown(loose.item, ids)
        own[loose.item].append((loose.slot, loose.label, loose.count))
    for quote in parts.loose.quotes:
        _refuse_unknown(quote.item, ids)
        quotes[quote.item].append(Evidence(quote=quote.quote, start=None, end=None))
    content = Content(
        claims=[_claim(h, own[h.id], quotes[h.id]) for h in parts.heads if h.is_claim],
        facilities=[_facility(h, own[h.id], quotes[h.id]) for h in parts.heads if not h.is_claim],
        aside=list(dict.fromkeys(aside)),
        accepted=parts.loose.accepted,
    )
    return linked(content)


def _check_heads(heads: Sequence[Head]) -> None:
    by_id = {head.id: head for head in heads}
    if len(by_id) < len(heads):
        double = next(h.id for n, h in enumerate(heads) if h.id in {o.id for o in heads[:n]})
        raise RecordsError(f"{double} is described twice: leave one")
    for head in heads:
        if head.kind is None:
            raise RecordsError(f"{head.id} does not say what happened: give its outcome or effect")
        if not head.is_claim and not head.kinds:
            raise RecordsError(f"{head.id} does not say which kinds of places it counts")
        if bool(head.perpetrators) != (head.attribution is not None):
            raise RecordsError(f"{head.id}: name perpetrators and attribution, or neither")
        _check_wholes(head, by_id)


def _check_wholes(head: Head, by_id: Mapping[str, Head]) -> None:
    seen = [head.id]
    whole = head.part_of
    while whole is not None:
        if whole not in by_id or whole[0] != head.id[0]:
            raise RecordsError(f"{seen[-1]} cannot be part of {whole}: there is none of its kind")
        if whole in seen:
            raise RecordsError(f"{head.id} is part of itself by {whole}: take one link out")
        seen.append(whole)
        whole = by_id[whole].part_of


def _refuse_unknown(id: str, ids: set[str]) -> None:
    if id not in ids:
        raise RecordsError(f"{id} has a number or quote and is not described: leave it in or out")


def _place(mark: Mark, text: str) -> str:
    if not 0 <= mark.start < mark.end <= len(text):
        raise RecordsError(f"{mark.start}:{mark.end} is no place in the report's text")
    return f"{shown(text[mark.start : mark.end], 40)!r} at {mark.start}:{mark.end} ({mark.slot})"


def _count(mark: Mark, text: str, ledger: Ledger, where: str) -> RecordCount:
    number = mark.number
    if number is None:
        for mention in ledger.within(mark.start, mark.end):
            if (mention.start, mention.end) == (mark.start, mark.end):
                return count_at(mention)
        raise RecordsError(f"no number is read in {where}: mark its words alone or give its value")
    if (number.value is None) != (number.qualifier == "vague"):
        raise RecordsError(f"{where}: a number is given unless it is vague, and none where it is")
    if (number.upper is None) != (number.qualifier != "range"):
        raise RecordsError(f"{where}: a second number is given for a range and nothing else")
    count = RecordCount(
        **number.model_dump(),
        as_written=mark.words if mark.words is not None else text[mark.start : mark.end],
        low=0,
        high=None,
        start=mark.start,
        end=mark.end,
    )
    low, high = bounds(count)
    return count.model_copy(update={"low": low, "high": high})


def _shared(head: Head, quotes: list[Evidence]) -> dict[str, Any]:
    names = ("id", "claimant", "perpetrators", "attribution", "weapons", "places", "scope")
    return {
        **{name: getattr(head, name) for name in names},
        "period": head.period,
        "part_of": None,
        "part_of_id": head.part_of,
        "evidence": quotes,
    }


def _claim(
    head: Head, numbers: Sequence[tuple[str, str | None, RecordCount]], quotes: list[Evidence]
) -> RecordClaim:
    plain: dict[str, RecordCount | None] = dict.fromkeys(PLAIN_SLOTS)
    groups: list[RecordSubgroup] = []
    for slot, label, count in numbers:
        if slot in PLAIN_SLOTS:
            if plain[slot] is not None:
                raise RecordsError(f"{head.id} has two numbers of {slot}: leave one")
            plain[slot] = count
            continue
        group = group_of(head.id, slot)
        if (group == "other") != (label is not None):
            raise RecordsError(f"{head.id}: a subgroup other has a label, and no other has one")
        groups.append(RecordSubgroup(group=group, label=label, count=count))
    assert head.outcome is not None
    return with_derived_total(
        RecordClaim(
            outcome=head.outcome,
            victims=head.victims,
            total=plain["total"],
            children=plain["children"],
            women=plain["women"],
            men=plain["men"],
            subgroups=groups,
            **_shared(head, quotes),
        )
    )


def group_of(id: str, slot: str) -> Group:
    """The group of a slot of a claim. Raises RecordsError when it is none."""
    found = re.fullmatch(r"subgroups\.([a-z_]+)", slot)
    if found is None or found[1] not in GROUPS:
        raise RecordsError(f"{id} has no slot {shown(slot, 40)}: name {', '.join(CLAIM_SLOTS)}")
    return cast(Group, found[1])


def _facility(
    head: Head, numbers: Sequence[tuple[str, str | None, RecordCount]], quotes: list[Evidence]
) -> RecordFacility:
    if any(slot != COUNT for slot, _, _ in numbers) or len(numbers) > 1:
        raise RecordsError(f"{head.id} counts places: it has one number at most, its count")
    assert head.effect is not None
    return RecordFacility(
        kinds=head.kinds,
        effect=head.effect,
        count=numbers[0][2] if numbers else None,
        **_shared(head, quotes),
    )
