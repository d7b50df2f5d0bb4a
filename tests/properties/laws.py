"""Which stated laws a corrupted record breaks, told from what the report's writer knows.

The writer knows the place, value and meaning of every printed figure, so nothing is read here: no
ledger, no cues, no code of the validators. A law is named by the id of the rule that states it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from properties.drafts import Drawn, Figure

from llm_extract.record import (
    Evidence,
    Record,
    RecordClaim,
    RecordCount,
    RecordFacility,
)
from llm_extract.schema import Outcome

Held = RecordClaim | RecordFacility

HOLDS: dict[Outcome, tuple[Outcome, ...]] = {
    "casualties": ("casualties", "killed", "injured"),
    "detained": ("detained", "killed"),
    "missing": ("missing", "killed"),
    "injured": ("injured", "killed"),
}
"""Outcomes that a part may have, as the catalogue states them; any other holds only its own."""

EITHER: dict[str, tuple[str, ...]] = {
    "children": ("boys", "girls", "infants", "students"),
    "women": ("girls", "older_people"),
    "men": ("boys", "older_people"),
    "boys": ("children", "men", "students"),
    "girls": ("children", "women", "students"),
    "infants": ("children",),
    "older_people": ("women", "men"),
    "students": ("children", "boys", "girls"),
    "security_forces": ("police", "fighters"),
    "police": ("security_forces",),
    "fighters": ("security_forces",),
    "medical_workers": ("rescue_workers", "aid_workers"),
    "rescue_workers": ("medical_workers", "aid_workers"),
    "aid_workers": ("medical_workers", "rescue_workers"),
}
"""Slots that a noun's people may be of besides its own: the exceptions that G07 states."""


def laws_broken(drawn: Drawn, record: Record) -> frozenset[str]:
    """Ids of the rules whose statements a record of the drawn text certainly contradicts."""
    broken: set[str] = set()
    broken.update(_of_quotes(drawn, record))
    broken.update(_of_figures(drawn, record))
    broken.update(_of_outcomes(drawn, record))
    broken.update(_of_sums(record))
    broken.update(_of_links(record))
    broken.update(_of_repetition(record))
    return frozenset(broken)


def _held(record: Record) -> tuple[Held, ...]:
    return (*record.claims, *record.facilities)


def _counts(held: Held) -> dict[str, RecordCount]:
    if isinstance(held, RecordClaim):
        return held.slots()
    return {} if held.count is None else {"count": held.count}


def _covers(quotes: list[Evidence], figure: Figure) -> bool:
    return any(
        quote.start is not None
        and quote.end is not None
        and quote.start <= figure.start
        and figure.end <= quote.end
        for quote in quotes
    )


def _is_number_of(figure: Figure, count: RecordCount, text: str) -> bool:
    if count.value is None:
        return figure.value is None and text[figure.start : figure.end] == count.as_written
    return (figure.value, figure.upper) == (count.value, count.upper)


def _of_quotes(drawn: Drawn, record: Record) -> Iterator[str]:
    for held in _held(record):
        for quote in held.evidence:
            if quote.start is None or drawn.text[quote.start : quote.end] != quote.quote:
                yield "G01"


def _of_figures(drawn: Drawn, record: Record) -> Iterator[str]:
    """Numbers that are printed nowhere in the quotes, twice used, unused, or of something else."""
    at = {figure.start: figure for figure in drawn.figures}
    users: dict[int, set[tuple[str, str]]] = {}
    bound: set[int] = set()
    for held in _held(record):
        for name, count in _counts(held).items():
            quoted = [figure for figure in drawn.figures if _covers(held.evidence, figure)]
            said = [figure for figure in quoted if _is_number_of(figure, count, drawn.text)]
            bound.update(figure.start for figure in said)
            if not said:
                yield "N02" if count.value == 0 else "G02"
            own = at.get(count.start) if count.start is not None else None
            if own is None:
                continue
            users.setdefault(own.start, set()).add((held.id, name))
            if own.qualifier != count.qualifier and own.value == count.value:
                yield "G05"
            if isinstance(held, RecordClaim) and own.counts == "places":
                yield "F01"
            slot = name.removeprefix("subgroups.")
            if slot not in ("total", own.group, *EITHER.get(own.group, ())) and own.group:
                yield "G07"
    good = _users_in(drawn)
    if any(len(slots) > len(good.get(start, ())) > 0 for start, slots in users.items()):
        yield "G04"
    if any(figure.counts == "people" and figure.start not in bound for figure in drawn.figures):
        yield "G03"


def _of_outcomes(drawn: Drawn, record: Record) -> Iterator[str]:
    """Outcomes that no sentence of the claim's quotes tells of."""
    for claim in record.claims:
        starts = {quote.start for quote in claim.evidence}
        told = {
            good.outcome
            for good in drawn.record.claims
            for quote in good.evidence
            if quote.start in starts
        }
        if told and claim.outcome not in told and "casualties" not in told:
            yield "G08"


def _users_in(drawn: Drawn) -> dict[int, list[str]]:
    users: dict[int, list[str]] = {}
    for held in _held(drawn.record):
        for name, count in _counts(held).items():
            if count.start is not None:
                users.setdefault(count.start, []).append(name)
    return users


def _exceeds(parts: list[RecordCount], whole: RecordCount | None) -> bool:
    return whole is not None and whole.high is not None and sum(p.low for p in parts) > whole.high


def _of_sums(record: Record) -> Iterator[str]:
    for claim in record.claims:
        slots = claim.slots()
        total = slots.pop("total", None)
        if any(_exceeds([part], total) for part in slots.values()):
            yield "A01"
        main = [slots[name] for name in ("children", "women", "men") if name in slots]
        if _exceeds(main, total) and "subgroups.girls" not in slots:
            yield "A02"
        for names in (("boys", "girls"), ("infants",)):
            minors = [slots[f"subgroups.{n}"] for n in names if f"subgroups.{n}" in slots]
            if _exceeds(minors, slots.get("children")):
                yield "A04"
        parent = _parent(record, claim)
        if parent is not None:
            whole = parent.slots()
            for name in ("total", "children", "women", "men"):
                if name in claim.slots() and _exceeds([claim.slots()[name]], whole.get(name)):
                    yield "A05"


def _parent(record: Record, claim: RecordClaim) -> RecordClaim | None:
    return None if claim.part_of is None else record.claims[claim.part_of]


def _of_links(record: Record) -> Iterator[str]:
    for claim in record.claims:
        period = claim.period
        if period is not None and period.start and period.end and period.start > period.end:
            yield "T01"
        if claim.claimant in claim.perpetrators and claim.attribution != "claimed":
            yield "P02"
        parent = _parent(record, claim)
        if parent is None:
            continue
        names = (claim.claimant, parent.claimant)
        if claim.outcome not in HOLDS.get(parent.outcome, (parent.outcome,)):
            yield "A06"
        if None not in names and names[0] != names[1]:
            yield "A06"
        if _lies_outside(claim, parent) or _is_circular(record, claim):
            yield "A06"


def _lies_outside(claim: RecordClaim, parent: RecordClaim) -> bool:
    inner, outer = claim.period, parent.period
    if inner is None or outer is None:
        return False
    days = [day for day in (inner.start, inner.end) if day is not None]
    return any(
        (outer.start is not None and day < outer.start)
        or (outer.end is not None and day > outer.end)
        for day in days
    )


def _is_circular(record: Record, claim: RecordClaim) -> bool:
    seen = [claim]
    parent = _parent(record, claim)
    while parent is not None and all(parent is not one for one in seen):
        seen.append(parent)
        parent = _parent(record, parent)
    return parent is not None


def _of_repetition(record: Record) -> Iterator[str]:
    for one, other in combinations(record.claims, 2):
        alike = {"id": "", "evidence": []}
        if one.model_copy(update=alike) == other.model_copy(update=alike):
            yield "R02"
