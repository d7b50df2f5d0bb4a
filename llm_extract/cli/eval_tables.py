"""Eval runs as terminal tables: estimate, leaderboard, comparison, agreement of annotators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table

from llm_extract.cli.console import plain
from llm_extract.evals.agreement import Agreement
from llm_extract.evals.comparison import ALPHA, Comparison
from llm_extract.evals.grid import Estimate
from llm_extract.evals.leaderboard import Row
from llm_extract.evals.measures import MEASURES
from llm_extract.evals.results import EvalResults
from llm_extract.evals.statistics import CONFIDENCE, Difference
from llm_extract.evals.statistics import Estimate as Interval

UNDEFINED = "–"
MOST_CHANGED = 12
"""Reports that a comparison names; the rest are counted."""


def estimate_table(estimates: Sequence[Estimate]) -> RenderableType:
    """What each variant will take, and all together."""
    table = _table("variant")
    for title in ("time", "between", "tokens in", "out", "cost"):
        table.add_column(title, justify="right")
    for each in estimates:
        table.add_row(
            plain(each.variant),
            _time(each.seconds),
            f"{_time(each.low)} – {_time(each.high)}",
            f"{each.tokens_in:,.0f}",
            f"{each.tokens_out:,.0f}",
            UNDEFINED if each.cost is None else f"${each.cost:.2f}",
        )
    total = timedelta(seconds=round(sum(each.seconds for each in estimates)))
    return Group(
        plain("estimate, from a few reports of all lengths", "bold"),
        table,
        plain(f"together {total}; what was read before is not read again", "dim"),
    )


def leaderboard_view(rows: Sequence[Row], results: EvalResults) -> RenderableType:
    """The board: quality with intervals, what people have to review, and what it costs."""
    table = _table("variant")
    for title in ("figure F1", "claim F1", "exact", "silent", "flagged", "area", "s", "p"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        of = row.estimates
        table.add_row(
            plain(row.variant.name),
            _interval(of["figure_f1"]),
            _interval(of["claim_f1"]),
            _percent(of["exact"].value),
            _bound(row),
            _percent(of["review"].value),
            _number(row.review_area),
            _number(of["seconds"].value, 1),
            UNDEFINED if row.behind is None else _p(row.p),
        )
    reports = len(results.reports)
    title = f"{results.set_name}: {reports} reports" + (
        f", {results.repeats} repeats" if results.repeats > 1 else ""
    )
    return Group(
        plain(title, "bold"),
        table,
        plain(
            f"Below a value its {CONFIDENCE:.0%} interval, reports drawn anew; of the silent error "
            "rate (wrong and not flagged) the exact bound. Area: below the curve of found errors "
            "against reviewed reports. p: paired with the first variant, adjusted for the number "
            "of variants. Failed reports count as wrong.",
            "dim",
        ),
    )


def comparison_view(comparison: Comparison) -> RenderableType:
    """Two variants side by side, and the reports that changed."""
    table = _table("measure")
    for title in ("first", "second", "difference", "p"):
        table.add_column(title, justify="right")
    for each in comparison.differences:
        measure = MEASURES[each.measure]
        table.add_row(
            measure.words,
            _number(each.first),
            _number(each.second),
            _change(each),
            _p(each.p),
            style="bold" if each.p is not None and each.p < ALPHA else "",
        )
    changed = [plain(_changed(comparison, put_right), "dim") for put_right in (True, False)]
    names = plain(f"first: {comparison.first}   second: {comparison.second}", "bold")
    return Group(names, table, *changed)


def agreement_view(found: Agreement) -> RenderableType:
    """The agreement of two annotators."""
    table = _table("what both labelled")
    for title in ("agreement", "alpha", "of"):
        table.add_column(title, justify="right")
    table.add_row("claims (F1)", _number(found.claim_f1), "", f"{found.reports} reports")
    table.add_row("figures (F1)", _number(found.figure_f1), "", f"{found.reports} reports")
    for name, item in found.items.items():
        table.add_row(name, _number(item.agreement), _number(item.alpha), f"{item.pairs} pairs")
    return table


def _table(first: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    table.add_column(first, overflow="fold", min_width=14)
    return table


def _interval(found: Interval) -> str:
    if found.low is None or found.high is None:
        return _number(found.value)
    return f"{_number(found.value)}\n{_short(found.low)}–{_short(found.high)}"


def _bound(row: Row) -> str:
    bound = row.silent
    if bound.low is None or bound.high is None:
        return UNDEFINED
    return f"{_percent(bound.rate.value)}\n{bound.low:.0%}–{bound.high:.0%}"


def _change(each: Difference) -> str:
    if each.difference is None:
        return UNDEFINED
    if each.low is None or each.high is None:
        return f"{each.difference:+.3f}"
    return f"{each.difference:+.3f} ({each.low:+.3f} to {each.high:+.3f})"


def _changed(comparison: Comparison, put_right: bool) -> str:
    names = [each.report for each in comparison.changed if each.put_right is put_right]
    what = "exact only in the second" if put_right else "exact only in the first"
    shown = ", ".join(names[:MOST_CHANGED]) or "none"
    more = f" and {len(names) - MOST_CHANGED} more" if len(names) > MOST_CHANGED else ""
    return f"{what}: {shown}{more}"


def _p(p: float | None) -> str:
    return UNDEFINED if p is None else "<0.001" if p < 0.001 else f"{p:.3f}"


def _number(value: float | None, digits: int = 3) -> str:
    return UNDEFINED if value is None else f"{value:.{digits}f}"


def _short(value: float) -> str:
    """Two digits of a share without its leading zero: the bounds of an interval below a value."""
    return f"{value:.2f}".removeprefix("0")


def _percent(value: float | None) -> str:
    return UNDEFINED if value is None else f"{value:.0%}"


def _time(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
