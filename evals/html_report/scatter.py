"""Cost against quality: the axes that a run's points need, and where their names go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from llm_extract.evals.html_report.chart_style import Datum, Spec
from llm_extract.evals.html_report.charts import scatter_chart
from llm_extract.evals.html_report.label_places import Box, Label, place_labels
from llm_extract.evals.html_report.texts import estimate_words
from llm_extract.evals.statistics import Estimate

SIZE = (600, 330)
"""Width and height of the plot in pixels."""

LOG_FROM = 20.0
"""Costs whose greatest is more than so many times their least stand on a logarithmic axis."""

MARGIN = 1.15
"""How far an axis goes on beyond the greatest cost."""

FAR = 16.0
"""Pixels between a point and its name from which a thin line ties them."""

LONGEST = 34
"""Characters of a name that are written beside its point; the tooltip has the rest."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One variant: what it costs and how well it reads, both known; `words` is its cost."""

    variant: str
    cost: Estimate
    quality: Estimate
    words: str


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of the plot: its first and last value, and whether it is logarithmic."""

    first: float
    last: float
    log: bool = False

    def share(self, value: float) -> float:
        """How far along the axis a value lies, 0 to 1."""
        low, high, at = (self._scaled(each) for each in (self.first, self.last, value))
        return (at - low) / (high - low)

    def value(self, share: float) -> float:
        """The value that lies so far along."""
        low, high = self._scaled(self.first), self._scaled(self.last)
        at = low + share * (high - low)
        return float(10**at) if self.log else at

    def _scaled(self, value: float) -> float:
        return log10(value) if self.log else value


@dataclass(frozen=True, slots=True)
class Frame:
    """Both axes of a plot; `up` runs from the lower edge."""

    across: Axis
    up: Axis

    def pixels(self, x: float, y: float) -> tuple[float, float]:
        """Where values stand, from the upper left corner."""
        return self.across.share(x) * SIZE[0], (1 - self.up.share(y)) * SIZE[1]

    def values(self, x: float, y: float) -> tuple[float, float]:
        """The values that stand at a place."""
        return self.across.value(x / SIZE[0]), self.up.value(1 - y / SIZE[1])


def scatter(spots: Sequence[Spot], variants: Sequence[str], title: str) -> Spec:
    """The plot of spots, which are not empty; colours are those of all variants of the run."""
    frame = Frame(cost_axis([spot.cost for spot in spots]), _quality_axis(spots))
    axis = f"{title} (logarithmic)" if frame.across.log else title
    return scatter_chart(
        _rows(spots, frame),
        variants,
        axis,
        (frame.across.first, frame.across.last),
        frame.across.log,
        frame.up.first,
        SIZE,
    )


def cost_axis(costs: Sequence[Estimate]) -> Axis:
    """From 0, or logarithmic where costs lie so far apart that small ones would be one point."""
    edges = [edge for cost in costs for edge in _edges(cost)]
    values = [cost.value for cost in costs if cost.value is not None]
    if min(edges) > 0 and max(values) > LOG_FROM * min(values):
        return Axis(min(edges) / MARGIN, max(edges) * MARGIN, log=True)
    return Axis(0.0, max(edges) * MARGIN or 1.0)


def _quality_axis(spots: Sequence[Spot]) -> Axis:
    """Up to 1, from the tenth below the lowest interval: dots, unlike bars, need no 0."""
    lowest = min(edge for spot in spots for edge in _edges(spot.quality))
    return Axis(min(0.9, max(0.0, floor(lowest * 10) / 10)), 1.0)


def _rows(spots: Sequence[Spot], frame: Frame) -> list[Datum]:
    points = [frame.pixels(_known(spot.cost), _known(spot.quality)) for spot in spots]
    names = [_short(spot.variant) for spot in spots]
    whiskers = [box for spot in spots for box in _whiskers(spot, frame)]
    labels = place_labels(points, names, SIZE, whiskers)
    return [
        _row(spot, name, label, point, frame)
        for spot, name, label, point in zip(spots, names, labels, points, strict=True)
    ]


def _row(
    spot: Spot, name: str, label: Label, point: tuple[float, float], frame: Frame
) -> dict[str, object]:
    label_x, label_y = frame.values(label.x, label.y)
    lead_x, lead_y = frame.values(label.nearest(point[0], name), label.y)
    far = abs(label.y - point[1]) > FAR
    return {
        "variant": spot.variant,
        "x": spot.cost.value,
        "x_low": spot.cost.low,
        "x_high": spot.cost.high,
        "y": spot.quality.value,
        "y_low": spot.quality.low,
        "y_high": spot.quality.high,
        "label": name,
        "label_x": label_x,
        "label_y": label_y,
        "lead_x": lead_x if far else None,
        "lead_y": lead_y if far else None,
        "words": estimate_words(spot.quality),
        "cost": spot.words,
    }


def _whiskers(spot: Spot, frame: Frame) -> list[Box]:
    """What the two intervals cover, so that no name lies on them."""
    cost, quality = _known(spot.cost), _known(spot.quality)
    left, right = (frame.pixels(edge, quality) for edge in _ends(spot.cost))
    low, high = (frame.pixels(cost, edge) for edge in _ends(spot.quality))
    return [
        Box(left[0], left[1] - 2, right[0], right[1] + 2),
        Box(high[0] - 2, high[1], low[0] + 2, low[1]),
    ]


def _ends(each: Estimate) -> tuple[float, float]:
    edges = _edges(each)
    return min(edges), max(edges)


def _edges(each: Estimate) -> list[float]:
    return [edge for edge in (each.value, each.low, each.high) if edge is not None]


def _known(each: Estimate) -> float:
    return 0.0 if each.value is None else each.value


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
