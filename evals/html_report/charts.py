"""The plots of the page: rows of plain values in, Vega-Lite specifications out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

import altair as alt

from llm_extract.evals.html_report.chart_style import (
    GREY,
    IN_LINES,
    INK,
    LINE,
    VARIANT,
    WIDTH,
    Datum,
    Spec,
    colour,
    data,
    finished,
    for_lines,
    row_height,
    rows_of_variants,
)

NAMES = 170
"""Pixels for the names of variants left of a row of panels."""

PANEL = 132
"""Width of a panel of differences."""


def difference_chart(
    rows: Sequence[Datum], variants: Sequence[str], panels: Mapping[str, str]
) -> Spec:
    """Dots with whiskers around zero, a panel a measure with its head and what is better in it.

    `variants` are all of the run, whose colours these are; only those in rows are drawn.

    Rows hold `variant`, `panel`, `value`, `low`, `high`, `real`, `words` and `p`. Each panel has a
    scale of its own, since a gain of many points by one measure would hide those by another.
    """
    drawn = [
        _difference_panel(
            [row for row in rows if row["panel"] == panel], variants, (panel, better), first=not at
        )
        for at, (panel, better) in enumerate(panels.items())
    ]
    chart = alt.hconcat(*drawn, spacing=22)
    return finished(chart, "Differences of every variant to the best", variants)


def bar_chart(
    rows: Sequence[Datum],
    variants: Sequence[str],
    panels: Sequence[str],
    axis: str,
    columns: int,
) -> Spec:
    """Bars from 0 to 1 with whiskers and their values beside them, a panel a slot or attribute.

    Rows hold `variant`, `panel`, `value`, `low`, `high`, `shown` and `words`.
    """
    x = alt.X(
        "value:Q",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(title=axis, format=".1~f", values=[0, 0.5, 1]),
    )
    tips = [alt.Tooltip(f"{name}:N") for name in (VARIANT, "panel", "words")]
    base = alt.Chart().encode(y=rows_of_variants(variants))
    bar = base.mark_bar(height=alt.RelativeBandSize(0.55), opacity=0.75).encode(
        x=x, color=colour(variants), tooltip=tips
    )
    whisker = (
        base.mark_rule(color=INK, strokeWidth=1.2)
        .encode(x="low:Q", x2="high:Q")
        .transform_filter("isValid(datum.low)")
    )
    value = base.mark_text(align="left", dx=6).encode(x=alt.datum(1), text="shown:N")
    nothing = _undefined(base).encode(x=alt.datum(0))
    chart = _panels([bar, whisker, value, nothing], rows, variants, panels, columns)
    return finished(chart, f"{axis} by variant: {', '.join(panels)}", variants)


def heat_chart(
    rows: Sequence[Datum], variants: Sequence[str], groups: Sequence[str], kind: str
) -> Spec:
    """A field a group and variant, darker where figures are right, with its value in it.

    Rows hold `variant`, `group`, `label`, `value`, `shown` and `reports`.
    """
    step = max(58, min(120, (WIDTH - 230) // max(1, len(variants))))
    base = alt.Chart(data(rows)).encode(
        x=alt.X(
            f"{VARIANT}:N",
            sort=list(variants),
            axis=alt.Axis(
                orient="top",
                title=None,
                labelAngle=0,
                labelExpr=IN_LINES,
                labelLimit=0,
                labelOverlap=False,
                labelPadding=for_lines(lambda lines: 4 + (lines - 1) * LINE),
                ticks=False,
                domain=False,
            ),
        ),
        y=alt.Y(
            "label:N",
            sort=list(groups),
            axis=alt.Axis(title=None, labelLimit=230, ticks=False, domain=False),
        ),
        tooltip=[
            alt.Tooltip("group:N", title=kind),
            alt.Tooltip(f"{VARIANT}:N"),
            alt.Tooltip("shown:N", title="figure F1"),
            alt.Tooltip("reports:Q"),
        ],
    )
    field = base.mark_rect(stroke="#ffffff", strokeWidth=2).encode(
        color=alt.Color(
            "value:Q",
            scale=alt.Scale(domain=[0, 1], range=["#f4f8fc", "#9ecae1", "#2171b5", "#08306b"]),
            legend=None,
        )
    )
    words = base.mark_text().encode(
        text="shown:N",
        color=alt.condition("datum.value > 0.6", alt.value("#ffffff"), alt.value(INK)),
    )
    chart = alt.layer(field, words).properties(width=alt.Step(step), height=alt.Step(21))
    return finished(chart, f"Figure F1 by {kind} and variant", variants, step // 7)


def scatter_chart(
    rows: Sequence[Datum],
    variants: Sequence[str],
    axis: str,
    domain: tuple[float, float],
    log: bool,
    lowest: float,
    size: tuple[int, int],
) -> Spec:
    """Quality against cost: a point a variant with both intervals, its name beside it.

    Rows hold `variant`, `x`, `x_low`, `x_high`, `y`, `y_low`, `y_high`, `words`, `cost`, and of
    the name `label`, `label_x`, `label_y` and the end of the line to it, `lead_x` and `lead_y`.
    """
    across = alt.Scale(domain=list(domain), nice=False, type="log" if log else "linear")
    up = alt.Scale(domain=[lowest, 1], nice=False)
    x = alt.X("x:Q", scale=across, axis=alt.Axis(title=axis, tickCount=6, format=",~r"))
    y = alt.Y(
        "y:Q",
        scale=up,
        axis=alt.Axis(title="figure F1", format=".1f", tickCount=5, titlePadding=10),
    )
    base = alt.Chart(data(rows)).encode(color=colour(variants))
    whiskers = [
        base.mark_rule(strokeWidth=1.5, opacity=0.7)
        .encode(x=x, y=alt.Y("y_low:Q", scale=up), y2="y_high:Q")
        .transform_filter("isValid(datum.y_low)"),
        base.mark_rule(strokeWidth=1.5, opacity=0.7)
        .encode(x=alt.X("x_low:Q", scale=across), x2="x_high:Q", y=y)
        .transform_filter("isValid(datum.x_low)"),
    ]
    leader = (
        base.mark_rule(strokeWidth=0.8)
        .encode(x=x, y=y, x2="lead_x:Q", y2="lead_y:Q")
        .transform_filter("isValid(datum.lead_x)")
    )
    point = base.mark_circle(size=90, opacity=1).encode(
        x=x,
        y=y,
        tooltip=[
            alt.Tooltip(f"{VARIANT}:N"),
            alt.Tooltip("words:N", title="figure F1"),
            alt.Tooltip("cost:N", title=axis),
        ],
    )
    name = base.mark_text(align="left", baseline="middle", fontSize=12).encode(
        x=alt.X("label_x:Q", scale=across),
        y=alt.Y("label_y:Q", scale=up),
        text="label:N",
        color=alt.value(INK),
    )
    chart = alt.layer(*whiskers, leader, point, name).properties(width=size[0], height=size[1])
    return finished(chart, f"Figure F1 against {axis}, a point a variant", variants)


def review_chart(rows: Sequence[Datum], variants: Sequence[str]) -> Spec:
    """Wrong reports found against reports reviewed, a panel a variant, chance as a thin line.

    Rows hold `variant`, `panel`, `part` (findings or clean), `order`, `x`, `y`, `area` and `words`.
    """
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, 1]), axis=_percents("reports reviewed"))
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, 1]), axis=_percents("wrong reports found"))
    base = alt.Chart().encode(x=x, y=y, order="order:Q")
    chance = (
        alt.Chart()
        .mark_rule(color=GREY, strokeDash=[2, 3])
        .encode(x=alt.datum(0), y=alt.datum(0), x2=alt.datum(1), y2=alt.datum(1))
    )
    line = base.mark_line(strokeWidth=2.5).encode(
        color=colour(variants),
        strokeDash=alt.condition("datum.part === 'clean'", alt.value([3, 3]), alt.value([1, 0])),
        detail="part:N",
    )
    dots = base.mark_circle(size=26, opacity=1).encode(
        color=colour(variants),
        tooltip=[alt.Tooltip(f"{VARIANT}:N"), alt.Tooltip("words:N", title="after review")],
    )
    area = (
        alt.Chart()
        .mark_text(align="right", color=INK)
        .encode(x=alt.datum(0.97), y=alt.datum(0.07), text="area:N")
        .transform_filter("datum.order === 0")
    )
    columns = min(4, max(1, len(variants)))
    side = min(230, (WIDTH - 60) // columns - 30)
    panel = alt.layer(chance, line, dots, area, data=data(rows)).properties(width=side, height=side)
    chart = panel.facet(
        facet=alt.Facet(
            f"{VARIANT}:N",
            sort=list(variants),
            title=None,
            header=alt.Header(labelExpr=IN_LINES, labelLimit=0),
        ),
        columns=columns,
        spacing=24,
    )
    return finished(
        chart, "Wrong reports found against reports reviewed, by variant", variants, side // 8
    )


def _difference_panel(
    rows: Sequence[Datum], variants: Sequence[str], head: tuple[str, str], first: bool
) -> alt.LayerChart | alt.FacetChart:
    """One measure; only the first panel names the variants."""
    widest = max((abs(each) for row in rows for each in _numbers(row)), default=0.0)
    reach = ceil(10 * min(1.0, max(0.05, widest))) / 10
    axis = alt.Axis(
        title=None,
        values=[-reach, -reach / 2, 0, reach / 2, reach],
        labelExpr="datum.value === 0 ? '0' : replace(format(datum.value, '+.2~f'), '-', '−')",
        labelOverlap=True,
    )
    scale = alt.Scale(domain=[-reach, reach], nice=False)
    others = [name for name in variants if any(row[VARIANT] == name for row in rows)]
    base = alt.Chart(data(rows)).encode(y=rows_of_variants(others, named=first))
    zero = alt.Chart().mark_rule(color=GREY).encode(x=alt.datum(0, scale=scale))
    whisker = (
        base.mark_rule(strokeWidth=2)
        .encode(x=alt.X("low:Q", scale=scale), x2="high:Q", color=colour(variants))
        .transform_filter("isValid(datum.low)")
    )
    dot = base.mark_circle(size=110, opacity=1).encode(
        x=alt.X("value:Q", scale=scale, axis=axis),
        color=colour(variants),
        tooltip=[
            alt.Tooltip(f"{VARIANT}:N"),
            alt.Tooltip("words:N", title=head[0]),
            alt.Tooltip("p:N", title="adjusted p"),
        ],
    )
    hollow = (
        base.mark_circle(size=32, opacity=1, color="#ffffff", tooltip=None)
        .encode(x="value:Q")
        .transform_filter("!datum.real")
    )
    nothing = _undefined(base).encode(x=alt.datum(0))
    title = alt.Title(head[0], subtitle=head[1], anchor="middle", fontSize=12.5, subtitleColor=GREY)
    return alt.layer(zero, whisker, dot, hollow, nothing, title=title).properties(
        width=PANEL, height=row_height(others)
    )


def _panels(
    layers: Sequence[alt.Chart],
    rows: Sequence[Datum],
    variants: Sequence[str],
    panels: Sequence[str],
    columns: int,
) -> alt.FacetChart:
    """Panels side by side over the same rows of variants."""
    width = (WIDTH - NAMES) // columns - 42
    return (
        alt.layer(*layers, data=data(rows))
        .properties(width=width, height=row_height(variants))
        .facet(
            facet=alt.Facet("panel:N", sort=list(panels), title=None),
            columns=columns,
            spacing={"column": 12, "row": 22},
        )
    )


def _undefined(base: alt.Chart) -> alt.Chart:
    """The word in place of a mark whose value there is not."""
    word = base.mark_text(align="left", dx=4, color=GREY, fontStyle="italic", text="undefined")
    shown: alt.Chart = word.transform_filter("!isValid(datum.value)")
    return shown


def _percents(title: str) -> alt.Axis:
    return alt.Axis(title=title, format="%", values=[0, 0.5, 1], domain=False)


def _numbers(row: Datum) -> list[float]:
    known = (row.get(name) for name in ("value", "low", "high"))
    return [each for each in known if isinstance(each, float)]
