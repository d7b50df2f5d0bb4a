"""The measures a run is judged by, each a ratio of sums over reports; pure, no file, no statistics.

A ratio of sums keeps one definition for every use: the value over all reports, its interval by
resampling reports, and the difference of two variants on the same reports.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from llm_extract.evals.results import Reading
from llm_extract.evals.scores import Attribute, Rate, Tally

Parts = tuple[float, float]
"""Numerator and denominator that one report adds to a measure."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: its name in files and options, its words, and which way is better."""

    name: str
    words: str
    higher_is_better: bool
    parts: Callable[[Reading], Parts]
    is_share: bool = True


def _f1(tally: Tally) -> Parts:
    return 2 * tally.hits, tally.gold + tally.predicted


def _share(rate: Rate | None) -> Parts:
    return (0, 0) if rate is None else (rate.hits, rate.of)


def _attribute(name: Attribute) -> Measure:
    return Measure(
        name,
        f"{name.replace('_', ' ')} accuracy",
        True,
        lambda reading: _share(reading.score.attributes.get(name)),
    )


HEADLINE: tuple[Measure, ...] = (
    Measure("figure_f1", "figure F1", True, lambda r: _f1(r.score.figures)),
    Measure("claim_f1", "claim F1", True, lambda r: _f1(r.score.claims)),
    Measure("exact", "reports exact", True, lambda r: (r.score.exact, 1)),
    Measure("silent", "silent error rate", False, lambda r: (r.score.silent, 1)),
    Measure(
        "error_recall",
        "wrong reports that are flagged",
        True,
        lambda r: (not r.score.exact and not r.score.silent, not r.score.exact),
    ),
    Measure("review", "reports flagged or failed", False, lambda r: (r.disposition != "clean", 1)),
    Measure("invented", "invented rate", False, lambda r: _share(r.score.invented)),
    Measure("omitted", "omitted rate", False, lambda r: _share(r.score.omitted)),
    Measure("facility_f1", "facility F1", True, lambda r: _f1(r.score.facilities)),
    Measure("subgroup_f1", "subgroup F1", True, lambda r: _f1(r.score.subgroups)),
    Measure("failed", "reports failed", False, lambda r: (r.score.failed, 1)),
)
"""What `measure.md` defines for whole reports, the headline first."""

ATTRIBUTES: tuple[Measure, ...] = tuple(_attribute(name) for name in get_args(Attribute))
"""Attribute accuracy over right pairs of claims, an attribute a measure."""

COSTS: tuple[Measure, ...] = (
    Measure("seconds", "seconds a report", False, lambda r: (r.seconds, 1), is_share=False),
    Measure("calls", "calls a report", False, lambda r: (r.calls, 1), is_share=False),
    Measure("reasks", "reasks a report", False, lambda r: (r.reasks, 1), is_share=False),
    Measure(
        "tokens_in", "tokens in a report", False, lambda r: (r.tokens.prompt, 1), is_share=False
    ),
    Measure(
        "tokens_cached",
        "of these cached",
        False,
        lambda r: (r.tokens.cached, 1),
        is_share=False,
    ),
    Measure(
        "tokens_out",
        "tokens out a report",
        False,
        lambda r: (r.tokens.completion, 1),
        is_share=False,
    ),
    Measure(
        "cost",
        "dollars a report",
        False,
        lambda r: (0, 0) if r.cost is None else (r.cost, 1),
        is_share=False,
    ),
)
"""What a report costs; a price that nobody states is undefined, not 0."""

MEASURES: dict[str, Measure] = {each.name: each for each in (*HEADLINE, *ATTRIBUTES, *COSTS)}
"""All measures by name."""
