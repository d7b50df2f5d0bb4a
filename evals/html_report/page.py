"""Writes the page of an eval run: one HTML file with all it needs, readable without a network.

Everything that comes from a run or a report is escaped by the template; the only scripts that run
are ours, named by their hashes in the page's policy.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import vl_convert
from altair import SCHEMA_VERSION
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from llm_extract.errors import RecordsError
from llm_extract.evals.gold_reports import GoldReport
from llm_extract.evals.html_report import board, plots
from llm_extract.evals.html_report.breakdown import cells
from llm_extract.evals.html_report.reading_views import (
    grounded,
    report_views,
    tallies_of,
)
from llm_extract.evals.html_report.texts import DEFINITIONS, STATES, silent_words
from llm_extract.evals.leaderboard import HEADLINE, leaderboard
from llm_extract.evals.measures import MEASURES
from llm_extract.evals.results import EvalResults, Labelled, VariantReadings
from llm_extract.export.files import written_whole

REPORT_NAME = "report.html"
HERE = Path(__file__).parent

EMBEDDER = "window.vegaEmbed = vegaEmbed;"
"""All that the page's own script needs of the bundle."""

COSTS = {
    "cost-seconds": "Seconds",
    "cost-cost": "Dollars",
    "cost-tokens": "Tokens",
}
"""Heads of the plots of cost by their names."""


def write_report(folder: Path, results: EvalResults, gold: Sequence[GoldReport]) -> Path:
    """Writes `report.html` beside the results and records of a run, and returns its path.

    `gold` are the reports of the run's set. Raises RecordsError when a report of the run is not
    among them, when kept records cannot be read, or when the file cannot be written.
    """
    page = render(folder, results, gold)
    path = folder / REPORT_NAME
    with written_whole(path) as file:
        file.write(page)
    return path


def render(folder: Path, results: EvalResults, gold: Sequence[GoldReport]) -> str:
    """The page as text; `folder` is where the records of the readings lie."""
    chosen = _of_the_run(results, gold)
    rows = leaderboard(results)
    tokens = board.token_estimates(results, rows)
    apart = board.differences(results, rows)
    names = [row.variant.name for row in rows]
    variants = [results.of(name) for name in names]
    style, library, script = _own("style.css"), vega(), _own("page.js")
    return _template().render(
        results=results,
        rows=rows,
        columns=board.COLUMNS,
        cells=board.board_cells(rows, tokens),
        glance=board.glance(results, rows),
        apart=apart,
        compared=plots.PANELS,
        plots={
            "differences": plots.difference_plots(apart, names),
            "slots": _slot_plots(folder, results, variants, chosen),
            "attributes": plots.attribute_plots(rows),
            **_heat_plots(results, names),
            "cost": plots.cost_plots(rows, tokens),
            "review": plots.review_plots(variants),
        },
        review=[
            (each.variant.name, board.review_words(each), silent_words(row.silent))
            for each, row in zip(variants, rows, strict=True)
        ],
        reports=report_views(folder, variants, [grounded(each) for each in chosen]),
        definitions=_definitions(),
        definitions_of=DEFINITIONS,
        costs=COSTS,
        states=STATES,
        style=style,
        library=library,
        script=script,
        policy=policy(style, [library, script]),
    )


def policy(style: str, scripts: Sequence[str]) -> str:
    """The page's Content-Security-Policy: nothing but these texts, and no network at all."""
    allowed = " ".join(f"'{_hash(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


@lru_cache
def vega() -> str:
    """Vega, Vega-Lite and their embedder, as one script of the version that altair writes for."""
    major, minor, *_ = SCHEMA_VERSION.removeprefix("v").split(".")
    return vl_convert.javascript_bundle(EMBEDDER, vl_version=f"{major}.{minor}")


def _slot_plots(
    folder: Path,
    results: EvalResults,
    variants: Sequence[VariantReadings],
    gold: Sequence[GoldReport],
) -> list[plots.Plot]:
    by_id = {report.id: report for report in gold}
    return plots.slot_plots(
        variants, [tallies_of(folder, results, each, by_id) for each in variants]
    )


def _heat_plots(results: EvalResults, variants: Sequence[str]) -> dict[str, list[plots.Plot]]:
    kinds: dict[str, Callable[[Labelled], Sequence[str]]] = {
        "trap": lambda report: report.traps,
        "language": lambda report: [report.language],
        "style": lambda report: [report.style],
    }
    return {
        kind: plots.heat_plots(kind, cells(results, MEASURES[HEADLINE], groups_of), variants)
        for kind, groups_of in kinds.items()
    }


def _of_the_run(results: EvalResults, gold: Sequence[GoldReport]) -> list[GoldReport]:
    known = {report.id: report for report in gold}
    missing = [report.id for report in results.reports if report.id not in known]
    if missing:
        raise RecordsError(
            f"the set has no report {missing[0]!r}, which the run read"
            + (f" (nor {len(missing) - 1} more of it)" if len(missing) > 1 else "")
            + ": give the gold reports of the run's own set"
        )
    return [known[report.id] for report in results.reports]


def _definitions() -> list[tuple[str, str, str]]:
    """Name, words and definition of every measure, those of the leaderboard first."""
    words = {name: measure.words for name, measure in MEASURES.items()} | board.COLUMNS
    order = dict.fromkeys([*board.COLUMNS, *words])
    return [(name, words[name], DEFINITIONS[name]) for name in order]


def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("template.html.j2")


def _own(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"sha256-{digest}"
