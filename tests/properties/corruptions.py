"""Single faults that a reading of a report can make, each a pure function of a good record.

A corruption takes the record, the report's text and a source of chance. It gives the record with
exactly one thing wrong, or None where the record holds nothing that it could spoil. The text stays
as it is, ids stay with their claims, and links follow the claims they point to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from random import Random
from types import SimpleNamespace

from llm_extract.intervals import bounds
from llm_extract.record import (
    Evidence,
    Record,
    RecordClaim,
    RecordCount,
    RecordSubgroup,
)
from llm_extract.schema import Outcome

Corruption = Callable[[Record, str, Random], Record | None]

MAIN_SLOTS = ("total", "children", "women", "men")
AGES_AND_SEXES = MAIN_SLOTS[1:]
QUALIFIED = ("at_least", "more_than", "at_most", "fewer_than", "about")
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_DIGIT = re.compile(r"\d")
_SENTENCE = re.compile(r"[^\n.]+(?:\.(?=\d)[^\n.]*)*\.?")


def number_changed(record: Record, text: str, random: Random) -> Record | None:
    """A count gets a number that is not its own: a misreading, or another one of its quotes."""
    slots = [
        (nth, name, count)
        for nth, name, count in _slots(record)
        if count.value and count.basis == "printed"
    ]
    if not slots:
        return None
    nth, name, count = random.choice(slots)
    claim = record.claims[nth]
    others = [
        other
        for _, _, other in _slots(record)
        if other.value not in (count.value, None) and _is_quoted(claim, other)
    ]
    if others and random.random() < 0.5:
        taken = random.choice(others)
        return _with_claim(record, nth, _with_slot(claim, name, taken))
    value = _misread(count.value or 0, random)
    place = {} if random.random() < 0.5 else {"start": None, "end": None}
    upper = None if count.upper is None else max(count.upper, value + 1)
    changed = count.model_copy(
        update={"value": value, "upper": upper, "as_written": str(value), **place}
    )
    return _with_claim(record, nth, _with_slot(claim, name, _bounded(changed)))


def slot_swapped(record: Record, text: str, random: Random) -> Record | None:
    """Two slots of a claim change their counts, or a count goes to an empty slot beside its own."""
    choices: list[tuple[int, str, str]] = []
    for nth, claim in enumerate(record.claims):
        slots = claim.slots()
        names = [*slots, *(name for name in AGES_AND_SEXES if name not in slots)]
        choices += [
            (nth, one, other)
            for place, one in enumerate(names)
            for other in names[place + 1 :]
            if one in slots
            and _place(slots[one]) != _place(slots.get(other))
            and not (one == "total" and other not in slots)
        ]
    if not choices:
        return None
    nth, one, other = random.choice(choices)
    claim = record.claims[nth]
    slots = claim.slots()
    if _same_number(slots[one], slots.get(other)):
        return None
    swapped = _with_slot(claim, one, slots.get(other))
    return _with_claim(record, nth, _with_slot(swapped, other, slots[one]))


def part_moved(record: Record, text: str, random: Random) -> Record | None:
    """A part goes to another parent: a slot's number to a sibling, or a claim's link elsewhere."""
    moves = [_slot_moved, _link_moved]
    random.shuffle(moves)
    return moves[0](record, random) or moves[1](record, random)


def claim_dropped(record: Record, text: str, random: Random) -> Record | None:
    """A claim is missing; what was part of it is part of nothing."""
    if not record.claims:
        return None
    gone = random.randrange(len(record.claims))
    left = [nth for nth in range(len(record.claims)) if nth != gone]
    return _reordered(record, [record.claims[nth] for nth in left], left)


def claim_doubled(record: Record, text: str, random: Random) -> Record | None:
    """A claim stands twice, the second time with an id of its own."""
    if not record.claims:
        return None
    nth = random.randrange(len(record.claims))
    again = record.claims[nth].model_copy(update={"id": f"c{len(record.claims) + 1}"})
    if len(again.evidence) > 1 and random.random() < 0.5:
        again = again.model_copy(update={"evidence": [random.choice(again.evidence)]})
    return record.model_copy(update={"claims": [*record.claims, again]})


def quote_altered(record: Record, text: str, random: Random) -> Record | None:
    """One digit of a quote is another one."""
    quotes = [
        (nth, at)
        for nth, claim in enumerate(record.claims)
        for at, quote in enumerate(claim.evidence)
        if _DIGIT.search(quote.quote)
    ]
    if not quotes:
        return None
    nth, at = random.choice(quotes)
    claim = record.claims[nth]
    quote = claim.evidence[at]
    digit = random.choice(list(_DIGIT.finditer(quote.quote)))
    other = random.choice([d for d in "0123456789" if d != digit.group()])
    changed = quote.quote[: digit.start()] + other + quote.quote[digit.end() :]
    evidence = [*claim.evidence]
    evidence[at] = quote.model_copy(update={"quote": changed})
    return _with_claim(record, nth, claim.model_copy(update={"evidence": evidence}))


def qualifier_dropped(record: Record, text: str, random: Random) -> Record | None:
    """ "At least 35" is read as 35."""
    slots = [(n, name, c) for n, name, c in _slots(record) if c.qualifier in QUALIFIED]
    if not slots:
        return None
    nth, name, count = random.choice(slots)
    exact = _bounded(count.model_copy(update={"qualifier": "exact"}))
    return _with_claim(record, nth, _with_slot(record.claims[nth], name, exact))


def claimant_and_perpetrator_swapped(record: Record, text: str, random: Random) -> Record | None:
    """Who counted the victims is held responsible for them, and the other way round."""
    named = [
        nth
        for nth, claim in enumerate(record.claims)
        if claim.claimant is not None
        and claim.perpetrators
        and claim.claimant not in claim.perpetrators
    ]
    if not named:
        return None
    nth = random.choice(named)
    claim = record.claims[nth]
    changes = {"claimant": claim.perpetrators[0], "perpetrators": [claim.claimant]}
    return _with_claim(record, nth, claim.model_copy(update=changes))


def facility_read_as_people(record: Record, text: str, random: Random) -> Record | None:
    """A number of places becomes a claim of people."""
    counted = [facility for facility in record.facilities if facility.count is not None]
    if not counted:
        return None
    facility = random.choice(counted)
    outcome: Outcome = random.choice(["killed", "injured"])
    claim = _claim_of(record, outcome, facility.count, facility.evidence).model_copy(
        update={
            "claimant": facility.claimant,
            "perpetrators": facility.perpetrators,
            "attribution": facility.attribution,
            "weapons": facility.weapons,
            "places": facility.places,
            "period": facility.period,
        }
    )
    left = [other for other in record.facilities if other is not facility]
    return record.model_copy(update={"claims": [*record.claims, claim], "facilities": left})


def year_read_as_count(record: Record, text: str, random: Random) -> Record | None:
    """A year of the text becomes the number of a slot or of a claim of its own."""
    years = list(YEAR.finditer(text))
    if not years:
        return None
    year = random.choice(years)
    count = RecordCount(
        value=int(year.group()),
        upper=None,
        qualifier="exact",
        basis="printed",
        as_written=year.group(),
        low=int(year.group()),
        high=int(year.group()),
        start=year.start(),
        end=year.end(),
    )
    quoting = [n for n, c in enumerate(record.claims) if _is_quoted(c, count)]
    if quoting and random.random() < 0.5:
        nth = random.choice(quoting)
        name = random.choice(MAIN_SLOTS)
        return _with_claim(record, nth, _with_slot(record.claims[nth], name, count))
    start, end = next(
        s.span() for s in _SENTENCE.finditer(text) if s.start() <= year.start() < s.end()
    )
    quote = Evidence(quote=text[start:end], start=start, end=end)
    claim = _claim_of(record, random.choice(["killed", "injured"]), count, [quote])
    return record.model_copy(update={"claims": [*record.claims, claim]})


def null_made_zero(record: Record, text: str, random: Random) -> Record | None:
    """A slot that the report is silent about says that there was nobody."""
    silent = [
        (nth, name)
        for nth, claim in enumerate(record.claims)
        for name in AGES_AND_SEXES
        if name not in claim.slots()
    ]
    if not silent:
        return None
    nth, name = random.choice(silent)
    zero = RecordCount(
        value=0,
        upper=None,
        qualifier="exact",
        basis="printed",
        as_written=random.choice(["0", "no", "none", "zero"]),
        low=0,
        high=0,
        start=None,
        end=None,
    )
    return _with_claim(record, nth, _with_slot(record.claims[nth], name, zero))


def period_ends_exchanged(record: Record, text: str, random: Random) -> Record | None:
    """A stretch of time begins with its last day."""
    stretches = [
        (nth, claim.period)
        for nth, claim in enumerate(record.claims)
        if claim.period is not None
        and claim.period.start is not None
        and claim.period.end is not None
        and claim.period.start != claim.period.end
    ]
    if not stretches:
        return None
    nth, period = random.choice(stretches)
    turned = period.model_copy(update={"start": period.end, "end": period.start})
    return _with_claim(record, nth, record.claims[nth].model_copy(update={"period": turned}))


def outcome_exchanged(record: Record, text: str, random: Random) -> Record | None:
    """The dead are read as injured, or the injured as dead."""
    other: dict[str, Outcome] = {"killed": "injured", "injured": "killed"}
    told = [nth for nth, claim in enumerate(record.claims) if claim.outcome in other]
    if not told:
        return None
    nth = random.choice(told)
    claim = record.claims[nth]
    return _with_claim(record, nth, claim.model_copy(update={"outcome": other[claim.outcome]}))


CORRUPTIONS: dict[str, Corruption] = {
    "number changed": number_changed,
    "slot swapped": slot_swapped,
    "part moved to another parent": part_moved,
    "claim dropped": claim_dropped,
    "claim doubled": claim_doubled,
    "quote altered in one digit": quote_altered,
    "qualifier dropped": qualifier_dropped,
    "claimant and perpetrator swapped": claimant_and_perpetrator_swapped,
    "facility read as people": facility_read_as_people,
    "year read as count": year_read_as_count,
    "null made zero": null_made_zero,
    "period ends exchanged": period_ends_exchanged,
    "outcome exchanged": outcome_exchanged,
}
"""All corruptions by the name that a report gives them."""


def permuted(record: Record, order: Sequence[int]) -> Record:
    """The same record with its claims in another order, links following; no corruption.

    `order` lists the old indexes of the claims as they shall stand.
    """
    return _reordered(record, [record.claims[nth] for nth in order], order)


def _slot_moved(record: Record, random: Random) -> Record | None:
    """A part of one claim stands in the same slot of another, whose own number there is lost."""
    moves = [
        (here, there, name)
        for here, name, count in _slots(record)
        for there, other in enumerate(record.claims)
        if here != there
        and name != "total"
        and _are_siblings(record, here, there)
        and _place(count) != _place(record.claims[here].total)
        and _place(count) != _place(other.slots().get(name))
    ]
    if not moves:
        return None
    here, there, name = random.choice(moves)
    source, target = record.claims[here], record.claims[there]
    count = source.slots()[name]
    changed = _with_slot(target, name, count)
    if random.random() < 0.5:
        quotes = [q for q in source.evidence if _holds(q, count) and q not in target.evidence]
        changed = changed.model_copy(update={"evidence": [*target.evidence, *quotes]})
    record = _with_claim(record, here, _with_slot(source, name, None))
    return _with_claim(record, there, changed)


def _link_moved(record: Record, random: Random) -> Record | None:
    """A claim that is part of one is part of another instead."""
    moves = [
        (child, parent)
        for child, claim in enumerate(record.claims)
        if claim.part_of is not None
        for parent in range(len(record.claims))
        if parent not in (child, claim.part_of)
    ]
    if not moves:
        return None
    child, parent = random.choice(moves)
    link = {"part_of": parent, "part_of_id": record.claims[parent].id}
    return _with_claim(record, child, record.claims[child].model_copy(update=link))


def _are_siblings(record: Record, one: int, other: int) -> bool:
    """Whether two claims are close: parts of the same, part and whole, or of the same sentence."""
    first, second = record.claims[one], record.claims[other]
    if first.part_of is not None and first.part_of in (second.part_of, other):
        return True
    if second.part_of == one:
        return True
    starts = {quote.start for quote in first.evidence}
    return any(quote.start in starts for quote in second.evidence)


def _slots(record: Record) -> Iterator[tuple[int, str, RecordCount]]:
    for nth, claim in enumerate(record.claims):
        for name, count in claim.slots().items():
            yield nth, name, count


def _place(count: RecordCount | None) -> tuple[int | None, int | None] | None:
    return None if count is None else (count.start, count.end)


def _same_number(one: RecordCount, other: RecordCount | None) -> bool:
    return other is not None and one.model_copy(
        update={"start": None, "end": None, "as_written": ""}
    ) == other.model_copy(update={"start": None, "end": None, "as_written": ""})


def _holds(quote: Evidence, count: RecordCount) -> bool:
    located = None not in (quote.start, quote.end, count.start, count.end)
    return located and quote.start <= count.start and count.end <= quote.end  # type: ignore[operator]


def _is_quoted(claim: RecordClaim, count: RecordCount) -> bool:
    return any(_holds(quote, count) for quote in claim.evidence)


def _misread(value: int, random: Random) -> int:
    """Another number that is easily taken for this one."""
    digits = str(value)
    at = random.randrange(len(digits))
    other = digits[:at] + random.choice("0123456789") + digits[at + 1 :]
    wrong = [value + 1, value - 1, value * 10, value // 10, int(other), int(digits[::-1])]
    return random.choice([number for number in wrong if number > 0 and number != value])


def _bounded(count: RecordCount) -> RecordCount:
    low, high = bounds(
        SimpleNamespace(
            value=count.value,
            upper=count.upper,
            qualifier=count.qualifier,
            as_written=count.as_written,
        )
    )
    return count.model_copy(update={"low": low, "high": high})


def _with_claim(record: Record, nth: int, claim: RecordClaim) -> Record:
    return record.model_copy(
        update={"claims": [*record.claims[:nth], claim, *record.claims[nth + 1 :]]}
    )


def _with_slot(claim: RecordClaim, name: str, count: RecordCount | None) -> RecordClaim:
    """The claim with one slot set anew; a None empties it."""
    if name in MAIN_SLOTS:
        return claim.model_copy(update={name: count})
    group = name.removeprefix("subgroups.")
    kept = [part for part in claim.subgroups if part.group != group]
    if count is not None:
        label = next((p.label for p in claim.subgroups if p.group == group), None)
        kept.append(RecordSubgroup(group=group, label=label, count=count))  # type: ignore[arg-type]
    return claim.model_copy(update={"subgroups": kept})


def _claim_of(
    record: Record, outcome: Outcome, total: RecordCount | None, evidence: list[Evidence]
) -> RecordClaim:
    """A new claim with nothing but a total."""
    return RecordClaim(
        id=f"c{len(record.claims) + 1}",
        outcome=outcome,
        victims="unspecified",
        total=total,
        children=None,
        women=None,
        men=None,
        subgroups=[],
        claimant=None,
        perpetrators=[],
        attribution=None,
        weapons=[],
        places=[],
        scope="incident",
        period=None,
        part_of=None,
        part_of_id=None,
        evidence=evidence,
    )


def _reordered(record: Record, claims: list[RecordClaim], old: Sequence[int]) -> Record:
    """A record of the given claims, whose old indexes are `old`; links to others are cut."""
    new = {before: after for after, before in enumerate(old)}
    linked = [
        claim.model_copy(
            update={
                "part_of": None if claim.part_of is None else new.get(claim.part_of),
                "part_of_id": claim.part_of_id if claim.part_of in new else None,
            }
        )
        for claim in claims
    ]
    return record.model_copy(update={"claims": linked})
