"""What a job will take, told from a sample of it before the rest is begun.

The sample is part of the job: its reports are read as all others, and nothing is paid twice. It is
drawn from strata of like length, since length decides most of what a report takes.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy import stats

from llm_extract.store import Spent, Stratum

STRATA = 4
EACH = 8
"""Reports of a stratum: 32 in all cost little and bound the mean of a stratum to about a third of
its spread."""
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the bounds that hold it with `CONFIDENCE`, by Student's distribution."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the open reports of a job will take, the sample included: tokens and nanodollars."""

    reports: int
    sampled: int
    prompt: Interval
    completion: Interval
    cost: Interval


def estimate(strata: Sequence[Stratum], spent: dict[int, Spent], share: float = 1.0) -> Estimate:
    """The estimate from what the sampled positions of each stratum have used.

    `share` is what the other reports cost of the sample's prices.

    The total of a stratified sample (Cochran, Sampling Techniques, 5.3 and 5.4): the means of the
    strata weighted by their sizes, their variances with the finite population correction.
    """
    return Estimate(
        reports=sum(stratum.size for stratum in strata),
        sampled=sum(len(stratum.positions) for stratum in strata),
        prompt=_total(strata, spent, lambda item: item.prompt),
        completion=_total(strata, spent, lambda item: item.completion),
        cost=_at(share, _total(strata, spent, lambda item: item.cost), spent),
    )


def _at(share: float, whole: Interval, spent: dict[int, Spent]) -> Interval:
    paid = float(sum(item.cost for item in spent.values()))
    value, low, high = (
        paid + share * (bound - paid) for bound in (whole.value, whole.low, whole.high)
    )
    return Interval(value, low, high)


def _total(
    strata: Sequence[Stratum], spent: dict[int, Spent], of: Callable[[Spent], int]
) -> Interval:
    total = variance = 0.0
    certain = freedom = 0
    for stratum in strata:
        values = [of(spent[position]) for position in stratum.positions]
        total += stratum.size * statistics.fmean(values)
        certain += sum(values)
        if len(values) > 1 and stratum.size > len(values):
            left = 1 - len(values) / stratum.size
            variance += stratum.size**2 * left * statistics.variance(values) / len(values)
            freedom += len(values) - 1
    if not freedom:
        return Interval(total, total, total)
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * math.sqrt(variance)
    return Interval(total, max(float(certain), total - half), total + half)
