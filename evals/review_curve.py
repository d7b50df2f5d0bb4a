"""The error-recall against review-rate curve: how many wrong reports a desk finds with its hours.

Reports are put in the order in which a desk would take them, the gravest findings first; of the
clean ones, which nothing sets apart, any may come next. Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby, pairwise

from llm_extract.evals.results import Reading

Risk = tuple[int, int, int]
"""How urgent a reading is: failed before flagged, then errors, then warnings; larger is first."""


@dataclass(frozen=True, slots=True)
class Point:
    """After `review_rate` of all reports were reviewed, `error_recall` of the wrong ones are known.

    Both are shares, 0 to 1; `by_findings` is whether all reviewed reports were flagged or failed.
    """

    review_rate: float
    error_recall: float
    by_findings: bool


def risk(reading: Reading) -> Risk:
    """The place of a reading in the queue."""
    severities = [finding.severity for finding in reading.findings]
    return (
        int(reading.disposition == "failed"),
        severities.count("error"),
        severities.count("warning"),
    )


def review_curve(readings: Iterable[Reading]) -> list[Point]:
    """The points of the curve, one for each step of risk, from (0, 0) to (1, 1).

    Between two points reports of equal risk are taken in any order, which is a straight line.
    Empty where no report is wrong: there is nothing to find.
    """
    ordered = sorted(readings, key=risk, reverse=True)
    wrong = sum(not reading.score.exact for reading in ordered)
    if not wrong:
        return []
    points = [Point(0.0, 0.0, True)]
    seen = found = 0
    for _, group in groupby(ordered, key=risk):
        alike = list(group)
        seen += len(alike)
        found += sum(not reading.score.exact for reading in alike)
        flagged = alike[0].disposition != "clean" and points[-1].by_findings
        points.append(Point(seen / len(ordered), found / wrong, flagged))
    return points


def area(curve: Iterable[Point]) -> float | None:
    """The area below the curve, 0 to 1, 0.5 for a desk that picks by chance; None without one."""
    steps = [
        (after.review_rate - before.review_rate) * (before.error_recall + after.error_recall) / 2
        for before, after in pairwise(curve)
    ]
    return sum(steps) if steps else None
