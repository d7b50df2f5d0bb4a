"""Reduces a report's claims to one toll per outcome and compares it with a label; reads no text.

For outside sets that label a report with its toll only. Never used to fill a record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from llm_extract.evals.matching import figures, normal_name, normal_names
from llm_extract.evals.scores import Rate
from llm_extract.schema import Claim, Outcome, Period

COMBATANT_GROUPS = frozenset({"security_forces", "fighters"})
"""Subgroups that a set of non-combatants leaves out of a bigger total."""

ARMED_GROUPS = COMBATANT_GROUPS | {"police"}
"""The same with police: the labels leave out officers who died among others ("seven, including a
policeman" is labelled 6) and keep a toll of officers only."""


@dataclass(frozen=True, slots=True)
class TollLabel:
    """The toll that a set gives: `low` to `high`, both included; `high` None is open."""

    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class LabelledToll:
    """One labelled report and the toll that was found in it, None where none was."""

    id: str
    label: TollLabel
    toll: int | None


@dataclass(frozen=True, slots=True)
class TollScore:
    """How many tolls agree with their label; the others in their order."""

    rate: Rate
    misses: tuple[LabelledToll, ...]


def exactly(toll: int) -> TollLabel:
    """The label of a set that gives one number."""
    return TollLabel(toll, toll)


def agrees(toll: int | None, label: TollLabel) -> bool:
    """Whether a toll is the labelled number, or lies inside the labelled range."""
    return toll is not None and toll >= label.low and (label.high is None or toll <= label.high)


def score_tolls(tolls: Sequence[LabelledToll]) -> TollScore:
    """The score over labelled reports; without a toll one is wrong, also where the label is 0."""
    misses = tuple(toll for toll in tolls if not agrees(toll.toll, toll.label))
    return TollScore(Rate(len(tolls) - len(misses), len(tolls)), misses)


PARAGRAPH_END = re.compile(r"\n\s*\n")


def document_toll(
    claims: Sequence[Claim],
    outcome: Outcome,
    *,
    non_combatants: bool = False,
    text: str = "",
) -> int | None:
    """The number of people of one outcome in a report's incident, None when no claim states one.

    It is the widest claim, so a part of another claim never counts beside it; claims beside each
    other (no common container, same claimant, same event, same paragraph of `text`) are summed,
    repeats are not. The report's own voice goes before the sources it quotes; of contradicting
    sources the highest toll is taken. The low bound of a figure is the number
    printed: "more than 20" gives 20, as the labels have it, and "15 to 17" gives 15. With
    `non_combatants` combatants are left out, and claims of combatants only say nothing.
    """
    sizes = [
        _size(claims, index, non_combatants) if claim.outcome == outcome else None
        for index, claim in enumerate(claims)
    ]
    tops = [
        index
        for index, size in enumerate(sizes)
        if size is not None and not any(sizes[i] is not None for i in _containers(claims, index))
    ]
    tops = _of_the_event(claims, tops)
    tolls: dict[tuple[str, int], int] = {}
    for index in _without_repeats(claims, tops):
        place = (normal_name(claims[index].claimant), _paragraph(claims[index], text))
        tolls[place] = tolls.get(place, 0) + (sizes[index] or 0)
    own = [toll for (speaker, _), toll in tolls.items() if not speaker]
    return max(own or tolls.values(), default=None)


def _paragraph(claim: Claim, text: str) -> int:
    """The paragraph that a claim's first quote stands in; all are one where no text is given."""
    start = text.find(claim.evidence[0])
    return len(PARAGRAPH_END.findall(text, 0, start)) if start >= 0 else 0


def _size(claims: Sequence[Claim], index: int, non_combatants: bool) -> int | None:
    """The people of one claim; None when it has no number or only combatants."""
    claim = claims[index]
    total = figures(claim).get("total")
    if total is None or total.value is None:
        return None
    if not non_combatants:
        return total.value
    if claim.victims == "combatants":
        return None
    armed = max(_armed_subgroups(claim, total.value), _armed_parts(claims, index))
    if armed >= total.value > 0:
        return None
    return total.value - armed


def _armed_subgroups(claim: Claim, total: int) -> int:
    """Combatants among a claim's subgroups; police too unless the whole claim is of police."""
    armed = [part for part in claim.subgroups if part.group in ARMED_GROUPS]
    people = sum(part.count.value or 0 for part in armed)
    if people < total:
        return people
    return sum(part.count.value or 0 for part in armed if part.group in COMBATANT_GROUPS)


def _armed_parts(claims: Sequence[Claim], index: int) -> int:
    """Combatants in the claims of the same outcome that are part of this one."""
    people = 0
    for part in claims:
        if part.part_of != index or part.outcome != claims[index].outcome:
            continue
        total = figures(part).get("total")
        size = total.value or 0 if total is not None else 0
        groups = {subgroup.group for subgroup in part.subgroups if subgroup.count.value == size}
        people += size if part.victims == "combatants" or groups & ARMED_GROUPS else 0
    return people


def _containers(claims: Sequence[Claim], index: int) -> list[int]:
    """The claims that contain this one, nearest first; a circle ends where it closes."""
    chain: list[int] = []
    above = claims[index].part_of
    while above is not None and above < len(claims) and above != index and above not in chain:
        chain.append(above)
        above = claims[above].part_of
    return chain


def _of_the_event(claims: Sequence[Claim], tops: Sequence[int]) -> list[int]:
    """The claims of the report's own event: of the narrowest scope, at the time of the first."""
    for scope in ("incident", "period", "snapshot", "cumulative"):
        scoped = [index for index in tops if claims[index].scope == scope]
        if scoped:
            first = next((claims[i].period for i in scoped if claims[i].period is not None), None)
            return [index for index in scoped if _meet(first, claims[index].period)]
    return []


def _meet(one: Period | None, other: Period | None) -> bool:
    """Whether two times may be the same; an unstated or open one may."""
    if one is None or other is None:
        return True
    return not (
        (one.end is not None and other.start is not None and one.end < other.start)
        or (other.end is not None and one.start is not None and other.end < one.start)
    )


def _without_repeats(claims: Sequence[Claim], tops: Sequence[int]) -> list[int]:
    kept: list[int] = []
    for index in tops:
        if not any(_repeats(claims[index], claims[earlier]) for earlier in kept):
            kept.append(index)
    return kept


def _repeats(claim: Claim, earlier: Claim) -> bool:
    """The same figure of the same speaker, told again in another sentence."""
    places, before = normal_names(claim.places), normal_names(earlier.places)
    return (
        normal_name(claim.claimant) == normal_name(earlier.claimant)
        and claim.victims == earlier.victims
        and figures(claim).get("total") == figures(earlier).get("total")
        and not set(claim.evidence) & set(earlier.evidence)
        and (not places or not before or bool(places & before))
    )
