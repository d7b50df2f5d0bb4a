"""Rules A01 to A04: the parts of one claim against its total and against one another.

All sums are of closed intervals: a rule is broken only if no choice inside them satisfies it. Where
an open bound leaves nothing to check, the printed numbers are compared and a warning says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from llm_extract.intervals import Interval, total
from llm_extract.record import Finding, FindingKind, RecordClaim, RecordCount, Severity
from llm_extract.validators.rule import OPEN_BOUND, SUMS, Rule
from llm_extract.validators.rule_input import Held, RuleInput
from llm_extract.validators.wording import found, listed, named, operand, slot_words, spoken

SEXES_AND_AGES = ("children", "women", "men")
"""The slots that share no person: under-18s, adult women, adult men."""


@dataclass(frozen=True, slots=True)
class Term:
    """One number of a sum: a slot of a claim."""

    held: Held
    field: str
    count: RecordCount

    @property
    def interval(self) -> Interval:
        return Interval(self.count.low, self.count.high)


def parts_within_total(given: RuleInput) -> Iterator[Finding]:
    """A01: each part is no more than the total."""
    for claim in given.record.claims:
        terms = _terms(claim)
        whole = terms.pop("total", None)
        if whole is None:
            continue
        for part in terms.values():
            yield from sum_within(given, "A01", [part], whole)


def sexes_and_ages_within_total(given: RuleInput) -> Iterator[Finding]:
    """A02: children, women and men together are no more than the total.

    Where girls are stated and counting them once closes the sum, the claimant may count them both
    as children and as women: a warning.
    """
    for claim in given.record.claims:
        terms = _terms(claim)
        whole = terms.get("total")
        parts = [terms[name] for name in SEXES_AND_AGES if name in terms]
        if whole is None or len(parts) < 2:
            continue
        girls = terms.get("subgroups.girls")
        twice = girls if "children" in terms and "women" in terms else None
        yield from sum_within(given, "A02", parts, whole, spare=twice)


def complete_parts_reach_total(given: RuleInput) -> Iterator[Finding]:
    """A03: where men, women and children are all given, they sum to the printed total."""
    for claim in given.record.claims:
        terms = _terms(claim)
        whole = terms.get("total")
        parts = [terms[name] for name in SEXES_AND_AGES if name in terms]
        if whole is None or whole.count.basis == "derived" or len(parts) < len(SEXES_AND_AGES):
            continue
        if not whole.interval.can_be_at_most(total(part.interval for part in parts)):
            yield found(
                "A03",
                "warning",
                _kind(given, [*parts, whole]),
                f"children + women + men: {_sum_in_words(parts)} is less than the "
                f"{spoken(whole.count)} of the total, {named(claim)}{_ungrounded(given, parts)}",
                claims=[claim],
                fields=[*SEXES_AND_AGES, "total"],
                operands=[operand(t.held, t.field, t.count) for t in (*parts, whole)],
            )


def minors_within_children(given: RuleInput) -> Iterator[Finding]:
    """A04: boys and girls together, and infants, are no more than the children."""
    for claim in given.record.claims:
        terms = _terms(claim)
        whole = terms.get("children")
        if whole is None:
            continue
        for groups in (("boys", "girls"), ("infants",)):
            parts = [
                term
                for term in terms.values()
                if term.field.split(".")[1:2] in [[g] for g in groups]
            ]
            if parts:
                yield from sum_within(given, "A04", parts, whole)


def sum_within(
    given: RuleInput,
    rule: str,
    parts: Sequence[Term],
    whole: Term,
    *,
    dimension: str = "",
    spare: Term | None = None,
) -> Iterator[Finding]:
    """The finding that the parts cannot fit into the whole, if they cannot.

    `dimension` names what parts of several claims are summed by. `spare` counts people who may be
    among the parts twice; a sum that closes without them is a warning.
    """
    severity = verdict(parts, whole, spare)
    if severity is None:
        return
    note = ""
    if severity == "warning":
        note = (
            ", as printed; the words leave room for more"
            if total(part.interval for part in parts).can_be_at_most(whole.interval)
            else ", unless its girls are counted among the women too"
        )
    yield found(
        rule,
        severity,
        _kind(given, [*parts, whole]),
        f"{_subject(parts, whole, dimension)}: {_sum_in_words(parts)} is more than the "
        f"{spoken(whole.count)} of {_container(parts, whole)}{note}"
        f"{_ungrounded(given, [*parts, whole])}",
        claims=[whole.held, *(part.held for part in parts)],
        fields=[*(part.field for part in parts), whole.field],
        operands=[operand(t.held, t.field, t.count) for t in (*parts, whole)],
    )


def verdict(parts: Sequence[Term], whole: Term, spare: Term | None = None) -> Severity | None:
    """How badly the parts fail to fit into the whole; None when they fit."""
    interval = total(part.interval for part in parts)
    if interval.can_be_at_most(whole.interval):
        return "warning" if _exceeds_as_printed(parts, whole) else None
    if spare is None:
        return "error"
    twice = spare.count.high
    closes = twice is None or Interval(interval.low - twice, None).can_be_at_most(whole.interval)
    return "warning" if closes else "error"


def _terms(claim: RecordClaim) -> dict[str, Term]:
    return {name: Term(claim, name, count) for name, count in claim.slots().items()}


def _kind(given: RuleInput, terms: Sequence[Term]) -> FindingKind:
    grounded = all(given.is_grounded(term.held, term.count) for term in terms)
    return "contradiction" if grounded else "extraction"


def _subject(parts: Sequence[Term], whole: Term, dimension: str) -> str:
    if all(part.held is whole.held for part in parts):
        return " + ".join(slot_words(part.field) for part in parts)
    claims = listed([part.held.id for part in parts])
    return f"{slot_words(whole.field)} of {claims}" + (f" by {dimension}" if dimension else "")


def _container(parts: Sequence[Term], whole: Term) -> str:
    within = f"the {slot_words(whole.field)}, " if parts[0].held is whole.held else ""
    return within + named(whole.held)


def _exceeds_as_printed(parts: Sequence[Term], whole: Term) -> bool:
    """Whether the printed numbers don't fit where an open bound let the intervals pass."""
    is_open = whole.count.high is None or any(
        part.count.qualifier in ("at_most", "fewer_than") for part in parts
    )
    if not is_open or any(term.count.value is None for term in (*parts, whole)):
        return False
    most = whole.count.low if whole.count.high is None else whole.count.high
    return sum(_printed(part.count) for part in parts) > most


def _printed(count: RecordCount) -> int:
    """The number a part names: the top of "at most 5", the bottom of everything else."""
    if count.qualifier in ("at_most", "fewer_than") and count.high is not None:
        return count.high
    return count.low


def _sum_in_words(parts: Sequence[Term]) -> str:
    addends = " + ".join(spoken(part.count) for part in parts)
    if len(parts) == 1:
        return addends
    interval = total(part.interval for part in parts)
    if interval.high == interval.low:
        return f"{addends} = {interval.low}"
    if interval.high is None:
        return f"{addends} = {interval.low} or more"
    return f"{addends} = {interval.low} to {interval.high}"


def _ungrounded(given: RuleInput, terms: Sequence[Term]) -> str:
    lost = [
        f"{spoken(term.count)} of {term.held.id}"
        for term in terms
        if not given.is_grounded(term.held, term.count)
    ]
    if not lost:
        return ""
    return f" ({listed(lost)} not read in {'its' if len(lost) == 1 else 'their'} quotes)"


RULES = (
    Rule(
        "A01",
        "each part <= total (children, women, men, each subgroup)",
        "error",
        SUMS,
        OPEN_BOUND,
        parts_within_total,
    ),
    Rule(
        "A02",
        "children + women + men <= total",
        "error",
        SUMS,
        f"{OPEN_BOUND} A claimant may count girls as children and as women: where girls are "
        "stated and counting them once closes the sum, a warning.",
        sexes_and_ages_within_total,
    ),
    Rule(
        "A03",
        "parts printed as complete (men, women and children all given after a total) sum to the "
        "total",
        "warning",
        SUMS,
        "A total that code derived; a sum above the total is A02's.",
        complete_parts_reach_total,
    ),
    Rule(
        "A04",
        "boys + girls <= children; infants <= children",
        "error",
        SUMS,
        OPEN_BOUND,
        minors_within_children,
    ),
)
