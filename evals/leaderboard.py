"""The leaderboard of a run: every variant with its measures and intervals, the best one first.

Each variant also stands beside the first by a paired test over the same reports, since two
intervals that overlap say little about a difference. Pure functions; nothing is printed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llm_extract.evals.measures import MEASURES, Measure
from llm_extract.evals.results import EvalResults, Reading, Variant, VariantReadings
from llm_extract.evals.review_curve import area, review_curve
from llm_extract.evals.scores import Bound, Rate, clopper_pearson
from llm_extract.evals.statistics import Difference, Estimate, difference, estimate, holm

HEADLINE = "figure_f1"
"""The measure that orders the board (`measure.md`: the headline for counts)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One variant on the board.

    `silent` is the share of reports with a wrong claim that nothing flags, with its exact bound
    over reports (of several repeats the first counts: repeats are no new reports). `behind` is its
    paired difference to the first row, `p` adjusted for the number of variants; None in that row.
    """

    variant: Variant
    estimates: dict[str, Estimate]
    silent: Bound
    review_area: float | None
    behind: Difference | None
    p: float | None


def leaderboard(results: EvalResults, headline: str = HEADLINE) -> list[Row]:
    """All variants of a run, best value of the headline measure first."""
    measure = MEASURES[headline]
    ordered = sorted(results.variants, key=lambda each: _rank(measure, each))
    if not ordered:
        return []
    best = ordered[0].readings
    behind = [difference(measure, best, each.readings) for each in ordered[1:]]
    adjusted = holm([each.p for each in behind])
    first = [_row(ordered[0], None, None)]
    return first + [
        _row(each, apart, p) for each, apart, p in zip(ordered[1:], behind, adjusted, strict=True)
    ]


def silent_errors(readings: Sequence[Reading]) -> Bound:
    """The silent error rate over the reports of the first repeat, with its exact bound."""
    first = [reading for reading in readings if reading.repeat == 1]
    return clopper_pearson(Rate(sum(reading.score.silent for reading in first), len(first)))


def _rank(measure: Measure, each: VariantReadings) -> tuple[bool, float, str]:
    """Undefined last, equal ones by name."""
    value = estimate(measure, each.readings).value
    signed = 0.0 if value is None else -value if measure.higher_is_better else value
    return value is None, signed, each.variant.name


def _row(each: VariantReadings, behind: Difference | None, p: float | None) -> Row:
    return Row(
        each.variant,
        {name: estimate(measure, each.readings) for name, measure in MEASURES.items()},
        silent_errors(each.readings),
        area(review_curve(each.readings)),
        behind,
        p,
    )
