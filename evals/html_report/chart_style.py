"""What all plots share: colours, sizes and how a plot becomes a Vega-Lite specification."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from textwrap import wrap
from typing import Any

import altair as alt

Datum = Mapping[str, object]
"""One row of a plot's data; None is a value that is undefined."""

Spec = dict[str, Any]
"""A Vega-Lite specification as JSON holds it."""

PALETTE = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#B8860B", "#3B3B3B", "#8C6BB1"),
)
"""Okabe and Ito's colours for the colour-blind, without those too pale for a line on white."""

INK, GREY, PALE = "#222222", "#6b6b6b", "#d9d9d9"
FONT = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'Noto Sans', sans-serif"

WIDTH = 740
"""Pixels of the widest plot: what A4 paper shows without making the words smaller."""

VARIANT = "variant"

ROW_NAME = 26
"""Characters in a line of a name left of a row."""

LINE = 13
"""Pixels of a line of a label."""

IN_LINES = "lines[datum.value] || datum.label"
"""Breaks a long name; the lines are data of the plot, so that no name is ever read as code."""


def data(rows: Sequence[Datum]) -> alt.InlineData:
    """Rows as the plot carries them, so that nothing is loaded."""
    return alt.InlineData(values=[dict(row) for row in rows])


def colour(variants: Sequence[str]) -> alt.Color:
    """A variant's colour, the same in every plot; names stand beside the marks, not in a legend."""
    shades = [PALETTE[place % len(PALETTE)] for place in range(len(variants))]
    return alt.Color(
        f"{VARIANT}:N", scale=alt.Scale(domain=list(variants), range=shades), legend=None
    )


def rows_of_variants(variants: Sequence[str], named: bool = True) -> alt.Y:
    """Variants from top to bottom in the order of the board, a long name on several lines."""
    axis = alt.Axis(
        labels=named,
        labelExpr=IN_LINES,
        labelLimit=0,
        labelPadding=6,
        labelOffset=for_lines(lambda lines: -(lines - 1) * LINE / 2),
        ticks=False,
        domain=False,
    )
    return alt.Y(f"{VARIANT}:N", sort=list(variants), title=None, axis=axis)


def for_lines(pixels: Callable[[int], float]) -> dict[str, Any]:
    """A property of labels by their number of lines: Vega aligns a label by its first line."""
    several = [
        {"test": f"lines[datum.value].length === {lines}", "value": pixels(lines)}
        for lines in range(2, 9)
    ]
    return {"condition": several, "value": pixels(1)}


def row_height(variants: Sequence[str]) -> alt.Step:
    """Room for the longest name."""
    lines = max((len(lines_of(name, ROW_NAME)) for name in variants), default=1)
    return alt.Step(max(22, LINE * lines + 7))


def lines_of(name: str, width: int) -> list[str]:
    """A name in lines of at most so many characters."""
    return wrap(name, width) or [name]


def finished(
    chart: alt.TopLevelMixin, words: str, variants: Sequence[str], width: int = ROW_NAME
) -> Spec:
    """The specification of a plot, `words` saying for a screen reader what it shows.

    Names of variants are broken into lines of at most `width` characters.
    """
    spec: Spec = chart.to_dict()
    lines = {name: lines_of(name, width) for name in variants}
    return {
        **spec,
        "params": [*spec.get("params", []), {"name": "lines", "value": lines}],
        "description": words,
        "background": "#ffffff",
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "axis": {
                "labelColor": INK,
                "titleColor": GREY,
                "titleFontWeight": "normal",
                "titleFontSize": 12,
                "labelFontSize": 11.5,
                "labelLineHeight": LINE,
                "gridColor": "#ececec",
                "tickColor": PALE,
                "domainColor": PALE,
            },
            "header": {
                "labelFontSize": 12.5,
                "labelFontWeight": "bold",
                "labelColor": INK,
                "title": None,
            },
            "text": {"fontSize": 11.5, "color": INK},
        },
    }
