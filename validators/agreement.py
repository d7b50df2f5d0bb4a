"""Rule X01: readings of one report agree; where they don't, or a model was asked again, a person
looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from llm_extract.record import Finding, Operand, OtherReading, RecordCount, RecordFacility
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.terms import Held, counts_of, folded, in_order
from llm_extract.validators.wording import cut, found, named, operand, slot_words, spoken

WITHOUT_SUBGROUPS = frozenset({"sentence", "document"})
"""Strategies whose claims have no subgroups: that they state none says nothing."""

Said = tuple[int | None, int | None] | str | None
"""A number with its upper end, or vague words; None where nothing is stated."""


@dataclass(frozen=True)
class _Compared:
    """A record beside one reading of its report that was not kept."""

    given: RuleInput
    strategy: str
    reading: OtherReading

    @cached_property
    def theirs(self) -> list[Held]:
        return [*self.reading.claims, *self.reading.facilities]

    @cached_property
    def pairs(self) -> dict[str, Held]:
        """The other reading's claim for each claim of the record that has one, by id."""
        scored = sorted(
            (
                (score, ours, other)
                for ours in self.given.held
                for other in self.theirs
                if (score := _likeness(ours, other)) > (0, 0, 0)
            ),
            key=lambda entry: (*(-part for part in entry[0]), in_order(entry[1]), entry[2].id),
        )
        pairs: dict[str, Held] = {}
        for _, ours, other in scored:
            if ours.id not in pairs and other.id not in {held.id for held in pairs.values()}:
                pairs[ours.id] = other
        return pairs

    @property
    def is_independent(self) -> bool:
        """Whether another strategy read, and not the same one before it was asked again."""
        return self.reading.strategy != self.strategy

    @property
    def words(self) -> str:
        if self.is_independent:
            return f"in a second reading by {self.reading.strategy}"
        return "before the model was asked about it"

    def says(self, held: Held, field: str) -> RecordCount | None:
        """What the other reading has in the slot of a claim; None where nothing."""
        other = self.pairs.get(held.id)
        return counts_of(other).get(field) if other is not None else None

    def is_silent_by_nature(self, field: str) -> bool:
        return field.startswith("subgroups.") and (self.reading.strategy in WITHOUT_SUBGROUPS) != (
            self.strategy in WITHOUT_SUBGROUPS
        )


def readings_agree(given: RuleInput) -> Iterator[Finding]:
    """X01: every slot is the same in all readings of the report.

    What a model changed when it was asked about a finding is marked even where a second strategy
    agrees: two answers of one model are wrong together (docs/decisions.md).
    """
    provenance = given.record.provenance
    if provenance is None or not provenance.readings:
        return
    all_compared = [_Compared(given, provenance.strategy, r) for r in provenance.readings]
    told: set[tuple[str, str]] = set()
    for compared in all_compared:
        for id, field, finding in _differences(given, compared):
            if (id, field) not in told:
                told.add((id, field))
                yield finding
    yield from _put_aside(given, all_compared)


def _differences(given: RuleInput, compared: _Compared) -> Iterator[tuple[str, str, Finding]]:
    for held in given.held:
        yield from _in_slots(held, compared)
        if not compared.is_independent:
            yield from _in_link(given, held, compared)
    paired = {other.id for other in compared.pairs.values()}
    for held in compared.theirs:
        if held.id in paired:
            continue
        for field, count in counts_of(held).items():
            if count.basis != "derived" and not _is_used(given, count.start):
                yield (
                    f"{count.start}:{count.as_written}",
                    "",
                    _finding(
                        f'"{spoken(count)}" is in no claim, but is {slot_words(field)} of '
                        f"{_what(held)} {compared.words}",
                        operands=[_loose(count)],
                    ),
                )


def _in_slots(held: Held, compared: _Compared) -> Iterator[tuple[str, str, Finding]]:
    mine = counts_of(held)
    other = compared.pairs.get(held.id)
    theirs = counts_of(other) if other is not None else {}
    for field in dict.fromkeys([*mine, *theirs]):
        ours, count = mine.get(field), theirs.get(field)
        if _said(ours) == _said(count):
            continue
        stated = [c for c in (ours, count) if c is not None and c.basis != "derived"]
        silent = ours is None or count is None
        if not stated or (silent and compared.is_silent_by_nature(field)):
            continue
        as_recorded = f"{spoken(ours)} as recorded" if ours is not None else "nothing as recorded"
        elsewhere = spoken(count) if count is not None else "not stated"
        yield (
            held.id,
            field,
            _finding(
                f"{slot_words(field)} of {named(held)}: {as_recorded}, {elsewhere} "
                f"{compared.words}",
                claims=[held],
                fields=[field],
                operands=[
                    *([operand(held, field, ours)] if ours is not None else []),
                    *([_loose(count)] if count is not None else []),
                ],
            ),
        )


def _in_link(
    given: RuleInput, held: Held, compared: _Compared
) -> Iterator[tuple[str, str, Finding]]:
    other = compared.pairs.get(held.id)
    if other is None:
        return
    now = compared.pairs.get(held.part_of_id) if held.part_of_id is not None else None
    if (now.id if now is not None else None) == other.part_of_id:
        return
    recorded = f"part of {held.part_of_id}" if held.part_of_id else "part of no other claim"
    ids = {theirs.id: id for id, theirs in compared.pairs.items()}
    before = ids.get(other.part_of_id) if other.part_of_id is not None else None
    was = f"part of {before}" if before else "part of no claim of the record"
    yield (
        held.id,
        "part_of",
        _finding(
            f"{named(held)}: {recorded} as recorded, {was} {compared.words}",
            claims=[held],
            fields=["part_of"],
        ),
    )


def _put_aside(given: RuleInput, all_compared: Sequence[_Compared]) -> Iterator[Finding]:
    """Numbers that a rule found in no claim and that count nobody since the model was asked.

    That a second reading is silent about one confirms nothing: models leave out numbers.
    """
    provenance = given.record.provenance
    listed = set(provenance.unread_mentions) if provenance is not None else set()
    told: set[int | None] = set()
    for compared in all_compared:
        if compared.is_independent:
            continue
        for place in (o for f in compared.reading.findings for o in f.operands):
            if (
                place.claim is not None
                or f"{place.start}:{place.end}" not in listed
                or place.start in told
            ):
                continue
            told.add(place.start)
            yield _finding(
                f'"{cut(place.as_written, 30)}" counts nobody who was harmed, says the model that '
                "was asked about it; it was in no claim before",
                operands=[place],
            )


def _likeness(ours: Held, other: Held) -> tuple[int, int, int]:
    """How much two claims have in common: equal slots, equal numbers, shared evidence."""
    if type(ours) is not type(other) or _what(ours) != _what(other):
        return (0, 0, 0)
    mine = {(field, c.start) for field, c in counts_of(ours).items() if c.start is not None}
    theirs = {(field, c.start) for field, c in counts_of(other).items() if c.start is not None}
    starts = {start for _, start in mine} & {start for _, start in theirs}
    quotes = {q.start for q in ours.evidence} & {q.start for q in other.evidence} - {None}
    return (len(mine & theirs), len(starts), len(quotes))


def _what(held: Held) -> str:
    return f"facilities {held.effect}" if isinstance(held, RecordFacility) else held.outcome


def _said(count: RecordCount | None) -> Said:
    if count is None:
        return None
    if count.value is None:
        return folded(count.as_written).casefold()
    return count.value, count.upper


def _is_used(given: RuleInput, start: int | None) -> bool:
    return any(term.count.start == start for term in given.terms)


def _loose(count: RecordCount) -> Operand:
    return Operand(
        claim=None,
        field=None,
        low=count.low,
        high=count.high,
        as_written=count.as_written,
        start=count.start,
        end=count.end,
    )


def _finding(
    message: str,
    *,
    claims: Sequence[Held] = (),
    fields: Sequence[str] = (),
    operands: Sequence[Operand] = (),
) -> Finding:
    return found(
        "X01",
        "warning",
        "extraction",
        message,
        claims=claims,
        fields=fields,
        operands=operands,
    )


RULES = (
    Rule(
        "X01",
        "two strategies, models or samples disagree on a slot",
        "warning",
        READING,
        "Subgroups that a strategy never states. What a model changed when it was asked about a "
        "finding is marked too, also where a second strategy of the same model agrees.",
        readings_agree,
    ),
)
