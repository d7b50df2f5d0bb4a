"""Two variants on the same reports: what differs, by how much, and what a gate makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from llm_extract.errors import RecordsError
from llm_extract.evals.measures import MEASURES, Measure
from llm_extract.evals.results import EvalResults, Reading, VariantReadings, by_report
from llm_extract.evals.statistics import Difference, difference, estimate

COMPARED = ("figure_f1", "claim_f1", "exact", "silent", "review", "seconds", "cost")
"""The measures whose differences are shown."""

ALPHA = 0.05
"""A difference counts as real when its paired p is below this."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A report that one of the two read exactly and the other not."""

    report: str
    put_right: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """The second of two variants beside the first."""

    first: str
    second: str
    differences: list[Difference]
    changed: list[Changed]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate asked of a variant, in words, and whether it holds."""

    variant: str
    asked: str
    holds: bool
    found: str


def paired(
    first: EvalResults, second: EvalResults
) -> list[tuple[VariantReadings, VariantReadings]]:
    """The variants to compare: those of the same name, or the only one of each run.

    Raises RecordsError when the runs read different sets, or when no variant answers another.
    """
    if first.set_sha256 != second.set_sha256:
        raise RecordsError(
            f"the runs read different reports ({first.set_name} and {second.set_name}, or labels "
            "were changed between them): run both over one set"
        )
    known = {each.variant.name: each for each in second.variants}
    pairs = [
        (each, known[each.variant.name]) for each in first.variants if each.variant.name in known
    ]
    if pairs:
        return pairs
    if len(first.variants) == len(second.variants) == 1:
        return [(first.variants[0], second.variants[0])]
    names = [", ".join(each.variant.name for each in run.variants) for run in (first, second)]
    raise RecordsError(f"no variant stands in both runs: one has {names[0]}, the other {names[1]}")


def compare(first: VariantReadings, second: VariantReadings) -> Comparison:
    """All differences of two variants. Raises RecordsError when they read different reports."""
    return Comparison(
        first.variant.name,
        second.variant.name,
        [difference(MEASURES[name], first.readings, second.readings) for name in COMPARED],
        _changed(first.readings, second.readings),
    )


def fails_under(
    variant: str, readings: Sequence[Reading], asked: Mapping[str, float]
) -> list[Verdict]:
    """Whether each measure reaches its value: at least it, or at most where less is better."""
    verdicts = []
    for name, bar in asked.items():
        measure = measure_named(name)
        value = estimate(measure, readings).value
        reached = value is not None and (value >= bar if measure.higher_is_better else value <= bar)
        word = "at least" if measure.higher_is_better else "at most"
        shown = "undefined" if value is None else f"{value:.4g}"
        verdicts.append(Verdict(variant, f"{measure.words} {word} {bar:g}", reached, shown))
    return verdicts


def is_worse(
    variant: str,
    before: Sequence[Reading],
    now: Sequence[Reading],
    measure: Measure,
    alpha: float = ALPHA,
) -> Verdict:
    """Whether a variant is worse than it was, by the paired test and not by the bare difference."""
    apart = difference(measure, before, now)
    asked = f"{measure.words} not worse than before (paired p below {alpha:g})"
    if apart.difference is None or apart.p is None:
        return Verdict(variant, asked, False, "undefined in one of the runs")
    loss = -apart.difference if measure.higher_is_better else apart.difference
    return Verdict(
        variant,
        asked,
        not (loss > 0 and apart.p < alpha),
        f"{apart.first:.4g} before, {apart.second:.4g} now, p {apart.p:.2g}",
    )


def measure_named(name: str) -> Measure:
    """The measure of a name. Raises RecordsError, naming all, when there is none."""
    if name not in MEASURES:
        raise RecordsError(f"no measure is called {name!r}; there are {', '.join(MEASURES)}")
    return MEASURES[name]


def _changed(first: Sequence[Reading], second: Sequence[Reading]) -> list[Changed]:
    """Reports that became exact in every repeat, or ceased to be."""
    before, after = by_report(first), by_report(second)
    changed = []
    for name in sorted(before):
        was, is_now = (all(r.score.exact for r in side[name]) for side in (before, after))
        if was != is_now:
            changed.append(Changed(name, put_right=is_now))
    return changed
