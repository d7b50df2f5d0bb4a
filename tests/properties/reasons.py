"""Why a corruption was not found: what in the record or the text hides it, told by code."""

from __future__ import annotations

from collections.abc import Iterator

from properties.drafts import Figure
from properties.laws import EITHER, laws_broken
from properties.mutation import Case

from llm_extract.record import RecordClaim, RecordCount

UNKNOWN = "no reason known"


def reason(case: Case) -> str:
    """One line on what hides the corruption; `UNKNOWN` where none of these holds."""
    laws = sorted(laws_broken(case.drawn, case.corrupted))
    if laws:
        return f"breaks {', '.join(laws)}, and no rule says so"
    return next(_reasons(case), UNKNOWN)


def change_in_words(case: Case) -> str:
    """What differs between the good record and the corrupted one."""
    before = {claim.id: claim for claim in case.drawn.record.claims}
    after = {claim.id: claim for claim in case.corrupted.claims}
    said = [
        f"{id} {'missing' if id not in after else 'added'}" for id in sorted(before.keys() ^ after)
    ]
    for id in sorted(before.keys() & after):
        said += [
            f"{id} {name}: {_shown(old)} -> {_shown(new)}"
            for name, old, new in _changes(before[id], after[id])
        ]
    return "; ".join(said)


def _changes(before: RecordClaim, after: RecordClaim) -> Iterator[tuple[str, object, object]]:
    old, new = before.slots(), after.slots()
    for name in sorted(old.keys() | new):
        if old.get(name) != new.get(name):
            yield name, old.get(name), new.get(name)
    for name in ("outcome", "claimant", "perpetrators", "period", "part_of_id", "evidence"):
        if getattr(before, name) != getattr(after, name):
            yield name, getattr(before, name), getattr(after, name)


def _shown(value: object) -> str:
    if isinstance(value, RecordCount):
        return f'{value.qualifier} "{value.as_written}" at {value.start}'
    return "nothing" if value is None else str(value)


def _reasons(case: Case) -> Iterator[str]:
    before = {claim.id: claim for claim in case.drawn.record.claims}
    left = {claim.id for claim in case.corrupted.claims}
    if any(_is_covered(case, claim) for claim in before.values() if claim.id not in left):
        yield "a claim that quotes the same sentence has an equal number"
    for claim in case.corrupted.claims:
        good = before.get(claim.id)
        if good is None or good == claim:
            continue
        if claim.outcome != good.outcome:
            yield from _of_outcome(case, good)
        if claim.part_of != good.part_of:
            yield from _of_link(case, claim)
        if claim.perpetrators != good.perpetrators:
            yield from _of_parties(case, claim)
        if claim.slots() != good.slots():
            yield from _of_slots(case, good, claim)


def _came_from_elsewhere(case: Case, claim: RecordClaim, figure: Figure) -> bool:
    """Whether a figure is another claim's in the good record."""
    return any(
        count.start == figure.start
        for other in case.drawn.record.claims
        if other.id != claim.id
        for count in other.slots().values()
    )


def _is_covered(case: Case, gone: RecordClaim) -> bool:
    """Whether all numbers of a missing claim are also those of claims that quote its sentences."""
    starts = {quote.start for quote in gone.evidence}
    kept = {
        (count.value, count.upper)
        for claim in case.corrupted.claims
        if any(quote.start in starts for quote in claim.evidence)
        for count in claim.slots().values()
    }
    return all((count.value, count.upper) in kept for count in gone.slots().values())


def _of_outcome(case: Case, good: RecordClaim) -> Iterator[str]:
    quotes = {quote.start for quote in good.evidence}
    others = [c for c in case.drawn.record.claims if c is not good]
    if any(q.start in quotes for c in others if c.outcome != good.outcome for q in c.evidence):
        yield "its sentence tells of both outcomes"


def _of_link(case: Case, claim: RecordClaim) -> Iterator[str]:
    parent = case.corrupted.claims[claim.part_of or 0]
    if parent.claimant == claim.claimant and parent.outcome == claim.outcome:
        yield "the other parent has the same claimant and outcome, and room for the part"
    yield "the other parent may contain it by outcome, claimant, period and numbers"


def _of_parties(case: Case, claim: RecordClaim) -> Iterator[str]:
    text = " ".join(quote.quote for quote in claim.evidence)
    if claim.perpetrators and all(name in text for name in claim.perpetrators):
        yield "both names stand in the quotes"
    if all(name in case.drawn.text for name in claim.perpetrators):
        yield "both names stand in the report, not all in the quotes"


def _of_slots(case: Case, good: RecordClaim, claim: RecordClaim) -> Iterator[str]:
    old, new = good.slots(), claim.slots()
    for name in sorted(new.keys() | old):
        if new.get(name) == old.get(name):
            continue
        count = new.get(name)
        if count is None:
            continue
        figure = next((f for f in case.drawn.figures if f.start == count.start), None)
        if figure is not None and name.removeprefix("subgroups.") in EITHER.get(figure.group, ()):
            yield "the noun beside the number may be of either group"
        if figure is not None and _came_from_elsewhere(case, claim, figure):
            yield "the claim that got the part has room for it"
        if count.value == 0:
            yield "a denial of something else stands in the quotes"
        if name in old and count.start == old[name].start and count.value == old[name].value:
            yield "the number stays and only its qualifier is lost"
        noun_follows = case.drawn.text[count.end or 0 : (count.end or 0) + 1] == " "
        yield (
            "the number fits the other slot by size, and no noun of a group stands beside it"
            if not noun_follows
            else "the number fits the other slot by size"
        )
