"""Rule A07: killed and injured together are the casualties, where a claimant prints all three."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from llm_extract.intervals import total
from llm_extract.record import Finding, RecordClaim, Severity
from llm_extract.schema import Outcome
from llm_extract.validators.arithmetic import SEXES_AND_AGES, Term, kind_of, ungrounded
from llm_extract.validators.rule import OPEN_BOUND, SUMS, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.slices import days_of, slice_of, speaker_of
from llm_extract.validators.wording import found, named, operand, slot_words, spoken

HARMED: tuple[Outcome, Outcome] = ("killed", "injured")


def killed_and_injured_are_casualties(given: RuleInput) -> Iterator[Finding]:
    """A07: killed + injured = casualties, slot by slot, of the same claimant, period and slice.

    The two are claims of the very slice of the casualties, or parts of them that narrow nothing.
    Where there are several of one outcome, which two make up the casualties can't be told.
    """
    claims = given.record.claims
    same: dict[Hashable, dict[Outcome, list[RecordClaim]]] = {}
    for claim in claims:
        if claim.outcome in HARMED:
            outcomes = same.setdefault(_whole_slice(claim), {})
            outcomes.setdefault(claim.outcome, []).append(claim)
    parts: dict[int, list[RecordClaim]] = {}
    for claim in claims:
        if claim.outcome in HARMED and claim.part_of is not None:
            parts.setdefault(claim.part_of, []).append(claim)
    for index, whole in enumerate(claims):
        if whole.outcome != "casualties":
            continue
        alike = same.get(_whole_slice(whole), {})
        sides: list[RecordClaim] = []
        for outcome in HARMED:
            linked = [
                part
                for part in parts.get(index, ())
                if part.outcome == outcome and _narrows_nothing(part, whole)
            ]
            beside = [claim for claim in alike.get(outcome, ()) if claim.part_of is None]
            sides += linked or beside if len(linked or beside) == 1 else []
        if len(sides) == len(HARMED):
            yield from _sums(given, sides, whole)


def _sums(given: RuleInput, sides: list[RecordClaim], whole: RecordClaim) -> Iterator[Finding]:
    for field in ("total", *SEXES_AND_AGES):
        terms = [
            Term(claim, field, count)
            for claim in (*sides, whole)
            if (count := claim.slots().get(field)) is not None and count.basis != "derived"
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
            f"{named(whole)}{note}{ungrounded(given, terms)}",
            claims=[whole, *sides],
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


def _whole_slice(claim: RecordClaim) -> Hashable:
    return speaker_of(claim), days_of(claim), claim.scope, slice_of(claim)


def _narrows_nothing(part: RecordClaim, whole: RecordClaim) -> bool:
    """Whether a part is about all people of its whole: what it states is what that states."""
    inner, outer = slice_of(part), slice_of(whole)
    return (
        inner.groups == outer.groups
        and inner.parties in (frozenset(), outer.parties)
        and inner.weapons in (frozenset(), outer.weapons)
        and inner.places in (frozenset(), outer.places)
        and inner.victims in ("unspecified", outer.victims)
        and days_of(part) in (None, days_of(whole))
        and part.scope == whole.scope
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
