"""Figures by slot, trap, language and style: what a whole-run measure hides; pure functions.

Slots are counted from claims, since a kept score holds only their sum; everything else is a measure
over a part of the readings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from llm_extract.evals.matching import SLOTS, figures, match_claims
from llm_extract.evals.measures import Measure
from llm_extract.evals.results import EvalResults, Labelled, Reading
from llm_extract.evals.scores import Tally
from llm_extract.schema import Claim

SlotTallies = Mapping[str, Tally]

TalliesOf = Mapping[tuple[str, int], SlotTallies]
"""Tallies by slot of one variant, by report and repeat."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A measure of one variant over the reports of one group, None where undefined."""

    group: str
    variant: str
    value: float | None
    reports: int


def slot_tallies(gold: Sequence[Claim], predicted: Sequence[Claim]) -> dict[str, Tally]:
    """The figures of one report slot by slot, after pairing as for figure F1."""
    ours, theirs = [figures(claim) for claim in gold], [figures(claim) for claim in predicted]
    pairs = match_claims(gold, predicted)
    return {
        slot: Tally(
            sum(
                _both(ours[pair.gold].get(slot), theirs[pair.predicted].get(slot)) for pair in pairs
            ),
            sum(slot in claim for claim in ours),
            sum(slot in claim for claim in theirs),
        )
        for slot in SLOTS
    }


def slot_measures(tallies: TalliesOf) -> list[Measure]:
    """F1 of each slot as a measure over readings; those without tallies add nothing."""
    return [_slot_measure(slot, tallies) for slot in SLOTS]


def value_of(measure: Measure, readings: Iterable[Reading]) -> float | None:
    """The ratio of sums without an interval, for tables of many cells."""
    parts = [measure.parts(reading) for reading in readings]
    under = sum(part[1] for part in parts)
    return sum(part[0] for part in parts) / under if under else None


def cells(
    results: EvalResults, measure: Measure, groups_of: Callable[[Labelled], Iterable[str]]
) -> list[Cell]:
    """A cell for each group of reports and each variant, the hardest group first."""
    members: dict[str, set[str]] = {}
    for report in results.reports:
        for group in groups_of(report):
            members.setdefault(group, set()).add(report.id)
    rows = [
        [
            Cell(
                group,
                each.variant.name,
                value_of(measure, [r for r in each.readings if r.report in reports]),
                len(reports),
            )
            for each in results.variants
        ]
        for group, reports in members.items()
    ]
    return [cell for row in sorted(rows, key=_hardness) for cell in row]


def _both(one: object, other: object) -> bool:
    return one is not None and one == other


def _slot_measure(slot: str, tallies: TalliesOf) -> Measure:
    def parts(reading: Reading) -> tuple[float, float]:
        tally = tallies.get((reading.report, reading.repeat), {}).get(slot, Tally())
        return 2 * tally.hits, tally.gold + tally.predicted

    return Measure(slot, slot, True, parts)


def _hardness(row: Sequence[Cell]) -> tuple[bool, float, str]:
    known = [cell.value for cell in row if cell.value is not None]
    return not known, sum(known) / len(known) if known else 0.0, row[0].group if row else ""
