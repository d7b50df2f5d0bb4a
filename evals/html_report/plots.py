"""Which plots a run has: its measures as rows of `charts`, and what no plot can show as a note."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from llm_extract.evals.html_report import charts
from llm_extract.evals.html_report.board import TOKENS, Apart
from llm_extract.evals.html_report.breakdown import Cell, TalliesOf, slot_measures
from llm_extract.evals.html_report.chart_style import Spec
from llm_extract.evals.html_report.scatter import Spot, scatter
from llm_extract.evals.html_report.texts import estimate_words, number, percent
from llm_extract.evals.leaderboard import HEADLINE, Row
from llm_extract.evals.matching import SLOTS
from llm_extract.evals.measures import ATTRIBUTES, Measure
from llm_extract.evals.results import Reading, VariantReadings
from llm_extract.evals.review_curve import area, review_curve
from llm_extract.evals.statistics import Estimate, estimate

PANELS = {
    "figure_f1": ("figure F1", "right is better"),
    "claim_f1": ("claim F1", "right is better"),
    "exact": ("reports exact", "right is better"),
    "silent": ("silent errors", "left is better"),
}
"""Heads of the panels of differences, and which side of zero is better."""

HEAT_ROWS = 40
"""Groups in one heat map: what an A4 page holds."""

AXES = {
    "seconds": "seconds a report",
    "cost": "dollars a report",
    "tokens": "tokens a report",
}
"""Titles of the axes of cost."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot of the page: its place in it, what it is drawn from, and what lies beyond it."""

    name: str
    spec: Spec
    note: str = ""


def difference_plots(apart: Mapping[str, Sequence[Apart]], variants: Sequence[str]) -> list[Plot]:
    """The differences to the best variant; none where none is defined, as with one variant."""
    rows = [
        {
            "variant": each.variant,
            "panel": PANELS[name][0],
            "value": each.found.difference,
            "low": each.found.low,
            "high": each.found.high,
            "real": each.real,
            "words": each.words,
            "p": each.p_words,
        }
        for name, column in apart.items()
        for each in column
    ]
    if all(row["value"] is None for row in rows):
        return []
    return [Plot("differences", charts.difference_chart(rows, variants, dict(PANELS.values())))]


def slot_plots(variants: Sequence[VariantReadings], tallies: Sequence[TalliesOf]) -> list[Plot]:
    """Figure F1 of each slot; none where there is no variant."""
    rows = [
        _bar(each.variant.name, measure, estimate(measure, each.readings))
        for each, kept in zip(variants, tallies, strict=True)
        for measure in slot_measures(kept)
    ]
    if not rows:
        return []
    spec = charts.bar_chart(rows, _names(variants), list(SLOTS), "F1 of the slot", 4)
    return [Plot("slots", spec)]


def attribute_plots(rows: Sequence[Row]) -> list[Plot]:
    """Accuracy of each attribute over right pairs of claims; none where there is no variant."""
    bars = [
        _bar(row.variant.name, measure, row.estimates[measure.name])
        for row in rows
        for measure in ATTRIBUTES
    ]
    panels = [_head(measure) for measure in ATTRIBUTES]
    names = [row.variant.name for row in rows]
    return (
        [Plot("attributes", charts.bar_chart(bars, names, panels, "accuracy", 5))] if bars else []
    )


def heat_plots(kind: str, cells: Sequence[Cell], variants: Sequence[str]) -> list[Plot]:
    """Figure F1 by group and variant, on as many maps as the groups need."""
    groups = _distinct(cell.group for cell in cells)
    parts = max(1, ceil(len(groups) / HEAT_ROWS))
    size = ceil(len(groups) / parts)
    return [
        _heat(kind, part, [c for c in cells if c.group in chosen], variants, chosen)
        for part in range(parts)
        if (chosen := groups[part * size : (part + 1) * size])
    ]


def cost_plots(rows: Sequence[Row], tokens: Sequence[Estimate]) -> list[Plot]:
    """Seconds against quality, and dollars where a price is known; tokens where one is not."""
    plots = [_cost_plot(rows, "seconds", [row.estimates["seconds"] for row in rows])]
    dollars = [row.estimates["cost"] for row in rows]
    plots.append(_cost_plot(rows, "cost", dollars))
    if any(each.value is None for each in dollars):
        plots.append(_cost_plot(rows, TOKENS.name, tokens))
    return [plot for plot in plots if plot is not None]


def review_plots(variants: Sequence[VariantReadings]) -> list[Plot]:
    """The review curves of all variants that are wrong somewhere; none where none is."""
    rows: list[dict[str, object]] = []
    for each in variants:
        rows += _curve(each.variant.name, each.readings)
    names = _distinct(str(row["variant"]) for row in rows)
    without = [each.variant.name for each in variants if each.variant.name not in names]
    note = f"No curve, as no report is wrong: {', '.join(without)}." if without else ""
    return [Plot("review", charts.review_chart(rows, names), note)] if rows else []


def _bar(variant: str, measure: Measure, found: Estimate) -> dict[str, object]:
    return {
        "variant": variant,
        "panel": _head(measure),
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "shown": "" if found.value is None else number(found.value),
        "words": estimate_words(found),
    }


def _head(measure: Measure) -> str:
    return measure.words.removesuffix(" accuracy")


def _heat(
    kind: str, part: int, cells: Sequence[Cell], variants: Sequence[str], groups: Sequence[str]
) -> Plot:
    labels = {cell.group: f"{_plain(cell.group)} ({cell.reports})" for cell in cells}
    rows = [
        {
            "variant": cell.variant,
            "group": _plain(cell.group),
            "label": labels[cell.group],
            "value": cell.value,
            "shown": number(cell.value),
            "reports": cell.reports,
        }
        for cell in cells
    ]
    order = [labels[group] for group in groups]
    return Plot(f"{kind}-{part + 1}", charts.heat_chart(rows, variants, order, kind))


def _cost_plot(rows: Sequence[Row], name: str, costs: Sequence[Estimate]) -> Plot | None:
    """One plot of cost against quality; None where no variant has both."""
    beside = list(zip(rows, costs, strict=True))
    spots = [
        Spot(row.variant.name, cost, row.estimates[HEADLINE], number(cost.value, name))
        for row, cost in beside
        if cost.value is not None and row.estimates[HEADLINE].value is not None
    ]
    if not spots:
        return None
    without = [row.variant.name for row, cost in beside if cost.value is None]
    note = f"Not shown, as its cost is unknown: {', '.join(without)}." if without else ""
    names = [row.variant.name for row in rows]
    return Plot(f"cost-{name}", scatter(spots, names, AXES[name]), note)


def _curve(variant: str, readings: Sequence[Reading]) -> list[dict[str, object]]:
    """The points of a curve; where findings end and picking begins, one point stands in both."""
    points = review_curve(readings)
    below = number(area(points))
    last = max((place for place, point in enumerate(points) if point.by_findings), default=0)
    parts = [("findings", place) for place in range(last + 1)]
    parts += [("clean", place) for place in range(last, len(points))]
    return [
        {
            "variant": variant,
            "part": part,
            "order": place,
            "x": points[place].review_rate,
            "y": points[place].error_recall,
            "area": f"area {below}",
            "words": (
                f"{percent(points[place].review_rate)} reviewed, "
                f"{percent(points[place].error_recall)} of the wrong found"
            ),
        }
        for part, place in parts
        if points
    ]


def _names(variants: Sequence[VariantReadings]) -> list[str]:
    return [each.variant.name for each in variants]


def _plain(tag: str) -> str:
    return tag.replace("_", " ")


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
