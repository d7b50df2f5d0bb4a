"""Intervals and paired differences of measures over reports; every count is clustered by report.

A report is the unit that is sampled: its figures, its repeats and its faults belong together, so
whole reports are drawn anew (bootstrap) and whole reports change sides (permutation). Undefined is
None, never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from llm_extract.errors import RecordsError
from llm_extract.evals.measures import Measure
from llm_extract.evals.results import Reading, by_report

Sums = NDArray[np.float64]
"""A row a report: the numerators and denominators of its readings, summed."""

Rows = NDArray[np.intp]

RESAMPLES = 9999
"""Resamples of a bootstrap and of a permutation test: the least p that can be seen is 0.0001."""

CONFIDENCE = 0.95
SEED = 20261125
"""The same readings give the same intervals."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The value of a measure with its interval; None where undefined, or too few reports."""

    value: float | None
    low: float | None
    high: float | None
    reports: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Two variants on the same reports: the second's value minus the first's.

    `p` is that of a paired permutation test, two-sided: how often reports that change sides by
    chance give a difference as large.
    """

    measure: str
    first: float | None
    second: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    reports: int


def estimate(measure: Measure, readings: Iterable[Reading]) -> Estimate:
    """A measure over readings with its bootstrap interval, reports drawn as wholes.

    Of fewer than two reports, or where every report is the same, there is no interval to draw: low
    and high are None.
    """
    parts = _sums(measure, by_report(readings))
    value = _ratio(parts)
    if value is None or len(parts) < 2:
        return Estimate(value, None, None, len(parts))
    low, high = _interval(len(parts), lambda drawn: _ratios(parts[drawn]))
    return Estimate(value, low, high, len(parts))


def difference(measure: Measure, first: Sequence[Reading], second: Sequence[Reading]) -> Difference:
    """How a second variant differs from a first, report by report.

    Raises RecordsError when the two did not read the same reports: a difference of means over
    different reports says nothing about the variants.
    """
    ours, theirs = by_report(first), by_report(second)
    if ours.keys() != theirs.keys():
        odd = sorted(ours.keys() ^ theirs.keys())
        raise RecordsError(
            f"only one of the two read {', '.join(odd[:3])}"
            f"{f' and {len(odd) - 3} more' if len(odd) > 3 else ''}: compare runs over one set"
        )
    order = sorted(ours)
    one = _sums(measure, {name: ours[name] for name in order})
    other = _sums(measure, {name: theirs[name] for name in order})
    before, after = _ratio(one), _ratio(other)
    if before is None or after is None or len(order) < 2:
        return Difference(measure.name, before, after, None, None, None, None, len(order))
    low, high = _interval(len(order), lambda drawn: _ratios(other[drawn]) - _ratios(one[drawn]))
    return Difference(
        measure.name, before, after, after - before, low, high, _p(one, other), len(order)
    )


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P values adjusted for being several (Holm 1979); None stays None and does not count.

    The smallest is multiplied by how many there are, the next by one less, and so on, none below
    the one before it and none above 1.
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    least = 0.0
    for rank, (p, place) in enumerate(known):
        least = max(least, min(1.0, p * (len(known) - rank)))
        adjusted[place] = least
    return adjusted


def _sums(measure: Measure, clusters: dict[str, list[Reading]]) -> Sums:
    return np.array(
        [
            [sum(part) for part in zip(*map(measure.parts, cluster), strict=True)]
            for cluster in clusters.values()
        ],
        dtype=float,
    ).reshape(len(clusters), 2)


def _ratio(parts: Sums) -> float | None:
    over, under = parts.sum(axis=0) if len(parts) else (0.0, 0.0)
    return float(over / under) if under else None


def _ratios(parts: Sums) -> Sums:
    """Ratios of sums of drawn reports (second last axis); nan where nothing was looked at."""
    sums = parts.sum(axis=-2)
    ratios: Sums = np.divide(
        sums[..., 0], sums[..., 1], out=np.full(sums.shape[:-1], np.nan), where=sums[..., 1] != 0
    )
    return ratios


def _interval(reports: int, value_of: Callable[[Rows], Sums]) -> tuple[float | None, float | None]:
    """The percentile interval of a value over reports drawn with replacement.

    Draws in which the value is undefined are left out; where all values are the same, as with one
    variant that gets everything right, chance shows nothing and there is no interval.
    """
    drawn = value_of(_draws(reports))
    known = drawn[~np.isnan(drawn)]
    if known.size == 0 or np.isclose(known.min(), known.max()):
        return None, None
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


@lru_cache(maxsize=4)
def _draws(reports: int) -> Rows:
    """Resamples of the places of so many reports, the same for every measure of a run."""
    return np.random.default_rng(SEED).integers(0, reports, size=(RESAMPLES, reports))


def _p(one: Sums, other: Sums) -> float:
    """The two-sided p of the difference when each report may have been read by either variant."""
    both = np.concatenate([one, other])
    reports = np.arange(len(one))

    def apart(first: Rows, second: Rows, axis: int) -> Sums:
        # Undefined on one side is no evidence of a difference.
        change: Sums = np.nan_to_num(_ratios(both[second]) - _ratios(both[first]))
        return change

    return float(
        stats.permutation_test(
            (reports, reports + len(one)),
            apart,
            permutation_type="samples",
            vectorized=True,
            n_resamples=RESAMPLES,
            rng=SEED,
        ).pvalue
    )
