"""Rule A07: killed and injured together are the casualties, where a claimant prints all three."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Set

from llm_extract.intervals import total
from llm_extract.record import Finding, RecordClaim, Severity
from llm_extract.schema import Outcome
from llm_extract.validators.arithmetic import SEXES_AND_AGES, kind_of, ungrounded
from llm_extract.validators.rule import OPEN_BOUND, SUMS, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.slices import slice_of, speech_of
from llm_extract.validators.terms import Row, Term
from llm_extract.validators.wording import found, named, operand, slot_words, spoken

HARMED: tuple[Outcome, Outcome] = ("killed", "injured")


def killed_and_injured_are_casualties(given: RuleInput) -> Iterator[Finding]:
    """A07: killed + injured = casualties, slot by slot, of the same claimant, period and slice.

    The two are claims of the very slice of the casualties, or parts of them that narrow nothing.
    Where there are several of one outcome, which two make up the casualties can't be told.
    """
    wholes = [(i, row) for i, row in enumerate(given.claims) if row.held.outcome == "casualties"]
    if not wholes:
        return
    beside, parts = _sides_by_slice(given, {speech_of(whole) for _, whole in wholes})
    for index, whole in wholes:
        alike = beside.get(_whole_slice(whole), ())
        sides: list[Row[RecordClaim]] = []
        for outcome in HARMED:
            linked = [
                part
                for part in parts.get(index, ())
                if part.held.outcome == outcome and _narrows_nothing(part, whole)
            ]
            meant = linked or [row for row in alike if row.held.outcome == outcome]
            sides += meant if len(meant) == 1 else []
        if len(sides) == len(HARMED):
            yield from _sums(given, sides, whole)


Rows = list[Row[RecordClaim]]


def _sides_by_slice(
    given: RuleInput, speeches: Set[Hashable]
) -> tuple[dict[Hashable, Rows], dict[int, Rows]]:
    """Killed and injured: those that stand beside by their slice, the linked ones by their whole.

    Slices are taken of claims alone that share speaker, days and scope with some casualties.
    """
    beside: dict[Hashable, Rows] = {}
    parts: dict[int, Rows] = {}
    for row in given.claims:
        if row.held.outcome not in HARMED:
            continue
        if row.held.part_of is not None:
            parts.setdefault(row.held.part_of, []).append(row)
        elif speech_of(row) in speeches:
            beside.setdefault(_whole_slice(row), []).append(row)
    return beside, parts


def _sums(given: RuleInput, sides: Rows, whole: Row[RecordClaim]) -> Iterator[Finding]:
    for field in ("total", *SEXES_AND_AGES):
        terms = [
            term
            for row in (*sides, whole)
            if (term := row.terms.get(field)) is not None and term.count.basis != "derived"
        ]
        if len(terms) < 3:
            continue
        severity = _verdict(terms)
        if severity is None:
            continue
        whose = "" if field == "total" else f"{slot_words(field)} "
        people = "" if field == "total" else f"{slot_words(field)} of "
        addends = " + ".join(spoken(term.count) for term in terms[:2])
        note = ", as printed; the words leave room for more" if severity == "warning" else ""
        yield found(
            "A07",
            severity,
            kind_of(given, terms),
            f"{whose}killed + injured: {addends} is not the {spoken(terms[2].count)} of {people}"
            f"{named(whole.held)}{note}{ungrounded(given, terms)}",
            claims=[whole.held, *(side.held for side in sides)],
            fields=[field],
            operands=[operand(t.held, t.field, t.count) for t in terms],
        )


def _verdict(terms: list[Term]) -> Severity | None:
    """Of killed, injured and casualties: error when no numbers inside the intervals add up."""
    parts = total(term.interval for term in terms[:2])
    whole = terms[2].interval
    if not (parts.can_be_at_most(whole) and whole.can_be_at_most(parts)):
        return "error"
    values = [term.count.value for term in terms]
    if parts.high is not None or whole.high is not None or None in values:
        return None
    return "warning" if parts.low != whole.low else None


def _whole_slice(row: Row[RecordClaim]) -> Hashable:
    return speech_of(row), slice_of(row.held)


def _narrows_nothing(part: Row[RecordClaim], whole: Row[RecordClaim]) -> bool:
    """Whether a part is about all people of its whole: what it states is what that states."""
    inner, outer = slice_of(part.held), slice_of(whole.held)
    return (
        inner.groups == outer.groups
        and inner.parties in (frozenset(), outer.parties)
        and inner.weapons in (frozenset(), outer.weapons)
        and inner.places in (frozenset(), outer.places)
        and inner.victims in ("unspecified", outer.victims)
        and part.days in (None, whole.days)
        and part.held.scope == whole.held.scope
    )


RULES = (
    Rule(
        "A07",
        "killed + injured = casualties where all three are printed",
        "error",
        SUMS,
        f"{OPEN_BOUND} Nothing is summed where several claims of one outcome could be meant, nor "
        "those killed who are part of the injured: they died later and are in both.",
        killed_and_injured_are_casualties,
    ),
)
