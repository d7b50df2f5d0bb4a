"""`llm-extract eval`: prompts, models and strategies compared on hand-labelled reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast, get_args

import anyio
import typer

from llm_extract.cli.console import out, plain, say
from llm_extract.cli.eval_junit import write_junit
from llm_extract.cli.eval_progress import EvalDisplay
from llm_extract.cli.eval_tables import (
    agreement_view,
    comparison_view,
    estimate_table,
    leaderboard_view,
)
from llm_extract.cli.failures import EVAL_EXIT_CODES, FOUND, Program
from llm_extract.errors import RecordsError
from llm_extract.evals.agreement import agreement
from llm_extract.evals.comparison import (
    ALPHA,
    Verdict,
    compare,
    fails_under,
    is_worse,
    measure_named,
    paired,
)
from llm_extract.evals.gold_reports import GoldReport, read_gold, set_folder
from llm_extract.evals.grid import (
    Cell,
    Estimate,
    Grid,
    cells,
    estimate,
    keep_records,
    pilot_of,
    read_cell,
    readings_of,
    results_of,
)
from llm_extract.evals.html_report.page import write_report
from llm_extract.evals.leaderboard import HEADLINE, leaderboard
from llm_extract.evals.results import EvalResults, Reading, read_results, write_results
from llm_extract.evals.tables import as_plain
from llm_extract.pipeline import DEFAULT_MODEL, DEFAULT_REPAIR, Strategy
from llm_extract.repair import Repair

app = typer.Typer(
    cls=Program,
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode="markdown",
    epilog=f"{EVAL_EXIT_CODES}\n\nExample: llm-extract eval --set dev --strategies "
    "mention,sentence --peers plain,regex --out results/eval",
)

Alpha = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="P value below which a difference counts.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]
Results = Annotated[
    Path, typer.Argument(metavar="RUN", help="The --out folder of an eval run, or its results.json")
]


@dataclass(frozen=True, slots=True)
class Gates:
    """What a run must reach: values of measures, and no loss against another run."""

    under: dict[str, float]
    worse_than: EvalResults | None
    alpha: float


@app.callback()
def evaluate(
    context: typer.Context,
    out_folder: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for the results.")
    ] = None,
    models: Annotated[
        str, typer.Option(metavar="A,B", help="Models of `llm-extract models list`.")
    ] = DEFAULT_MODEL,
    prompts: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Prompts as NAME@V; left out: the newest of a strategy."),
    ] = None,
    strategies: Annotated[
        str, typer.Option(metavar="A,B", help="auto, document, sentence, mention.")
    ] = "auto",
    repairs: Annotated[
        str, typer.Option(metavar="A,B", help="What is done about findings: off, ask, second, both")
    ] = DEFAULT_REPAIR,
    peers: Annotated[
        str | None,
        typer.Option(
            metavar="A,B", help="What a user would pick instead: plain, langextract, regex"
        ),
    ] = None,
    gold_set: Annotated[
        str, typer.Option("--set", metavar="SET", help="dev, test, or a folder of gold reports.")
    ] = "dev",
    repeats: Annotated[
        int, typer.Option(min=1, help="How often each variant reads each report, never from cache.")
    ] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many reports.")] = None,
    parallel: Annotated[
        int,
        typer.Option(
            min=1,
            help="Reports read at once. More than one is faster, and seconds a report then say "
            "less.",
        ),
    ] = 1,
    estimate_only: Annotated[
        bool, typer.Option("--estimate", help="Stop after the estimate of time and cost.")
    ] = False,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=X", help="Exit with 1 when a measure is worse than X."),
    ] = None,
    fail_if_worse_than: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Exit with 1 when a variant is worse than in this run."),
    ] = None,
    alpha: Alpha = ALPHA,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare models, prompts and strategies on hand-labelled reports.

    Writes results.json, report.html (one page that works offline) and the records of every
    variant into DIR. What was read before is taken from DIR, so a run that was stopped goes on
    where it stood; failed calls count as wrong.
    """
    if context.invoked_subcommand is not None:
        return
    if out_folder is None:
        raise typer.BadParameter("name a folder for the results", param_hint="--out")
    grid = Grid(
        models=_listed(models),
        prompts=_listed(prompts) or [None],
        strategies=cast(list[Strategy], _choices(strategies, get_args(Strategy), "--strategies")),
        repairs=cast(list[Repair], _choices(repairs, get_args(Repair), "--repairs")),
        peers=_listed(peers),
        repeats=repeats,
        parallel=parallel,
    )
    gates = Gates(
        _bars(fail_under or []),
        None if fail_if_worse_than is None else read_results(fail_if_worse_than),
        alpha,
    )
    reports = read_gold(set_folder(gold_set))[:limit]
    variants = cells(grid)
    display = EvalDisplay(quiet=quiet or as_json)
    with display:
        estimates = _estimated(variants, reports, grid, out_folder, display)
        if not quiet and not as_json:
            out.print(estimate_table(estimates))
        if estimate_only:
            if as_json:
                _print_json({"estimates": estimates})
            return
        results = _read_all(variants, reports, grid, gold_set, out_folder, display)
    write_results(out_folder, results)
    page = write_report(out_folder, results, reports)
    verdicts = _verdicts(results, gates)
    if junit is not None:
        write_junit(junit, results, verdicts)
    if as_json:
        print(results.model_dump_json())
    elif not quiet:
        out.print(leaderboard_view(leaderboard(results), results))
        out.print(plain(f"report  {page}"), soft_wrap=True)
    _end(verdicts)


@app.command("show", epilog="Example: llm-extract eval show results/eval")
def show(
    place: Results, by: Annotated[str, typer.Option(help="Order by this.")] = HEADLINE
) -> None:
    """Show the leaderboard of a stored run."""
    results = read_results(place)
    out.print(leaderboard_view(leaderboard(results, measure_named(by).name), results))


@app.command("compare", epilog="Example: llm-extract eval compare results/old results/new")
def compare_runs(
    first: Results,
    second: Results,
    fail_if_worse: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Exit with 1 when this measure is worse in the second."),
    ] = None,
    alpha: Alpha = ALPHA,
    as_json: AsJson = False,
) -> None:
    """Compare two stored runs over the same reports, variant by variant and report by report.

    Differences are tested in pairs: both variants read the same reports.
    """
    pairs = paired(read_results(first), read_results(second))
    comparisons = [compare(before, now) for before, now in pairs]
    if as_json:
        _print_json(comparisons)
    else:
        for comparison in comparisons:
            out.print(comparison_view(comparison))
    if fail_if_worse is not None:
        measure = measure_named(fail_if_worse)
        _end([is_worse(b.variant.name, a.readings, b.readings, measure, alpha) for a, b in pairs])


@app.command("agreement", epilog="Example: llm-extract eval agreement --set test")
def annotators(
    gold_set: Annotated[
        str, typer.Option("--set", metavar="SET", help="dev, test, or a folder of gold reports.")
    ] = "dev",
    as_json: AsJson = False,
) -> None:
    """How far the two annotators of a gold set agreed before their labels were adjudicated."""
    found = agreement(read_gold(set_folder(gold_set)))
    if as_json:
        _print_json(found)
    else:
        out.print(agreement_view(found))


def _estimated(
    variants: Sequence[Cell],
    reports: Sequence[GoldReport],
    grid: Grid,
    folder: Path,
    display: EvalDisplay,
) -> list[Estimate]:
    """What each variant will take, from a pilot whose readings are part of the run."""
    pilot = pilot_of(reports)
    estimates = []
    for cell in variants:
        display.begin(f"pilot {cell.variant.name}", len(pilot))
        records = anyio.run(read_cell, cell, 1, pilot, folder, display.advance)
        estimates.append(estimate(cell, records, reports, grid.repeats))
    return estimates


def _read_all(
    variants: Sequence[Cell],
    reports: Sequence[GoldReport],
    grid: Grid,
    set_name: str,
    folder: Path,
    display: EvalDisplay,
) -> EvalResults:
    found: list[tuple[Cell, list[Reading]]] = []
    for cell in variants:
        readings: list[Reading] = []
        for repeat in range(1, grid.repeats + 1):
            words = f" ({repeat} of {grid.repeats})" if grid.repeats > 1 else ""
            display.begin(cell.variant.name + words, len(reports))
            records = anyio.run(read_cell, cell, repeat, reports, folder, display.advance)
            keep_records(folder, cell, repeat, records)
            readings += readings_of(cell, repeat, reports, records)
        found.append((cell, sorted(readings, key=lambda each: (each.report, each.repeat))))
    return results_of(
        set_name, reports, grid.repeats, [(cell.variant, readings) for cell, readings in found]
    )


def _verdicts(results: EvalResults, gates: Gates) -> list[Verdict]:
    verdicts = [
        verdict
        for each in results.variants
        if each.variant.kind == "spine"
        for verdict in fails_under(each.variant.name, each.readings, gates.under)
    ]
    if gates.worse_than is not None:
        measure = measure_named(HEADLINE)
        verdicts += [
            is_worse(now.variant.name, before.readings, now.readings, measure, gates.alpha)
            for before, now in paired(gates.worse_than, results)
        ]
    return verdicts


def _end(verdicts: Sequence[Verdict]) -> None:
    """Says which gates do not hold, and ends with 1 when any does not."""
    failed = [verdict for verdict in verdicts if not verdict.holds]
    for verdict in failed:
        say(f"not reached: {verdict.variant}: {verdict.asked}: {verdict.found}", "red")
    if failed:
        raise typer.Exit(FOUND)


def _listed(words: str | None) -> list[str]:
    return [word.strip() for word in (words or "").split(",") if word.strip()]


def _choices(words: str, known: Sequence[str], option: str) -> list[str]:
    chosen = _listed(words)
    for word in chosen:
        if word not in known:
            raise typer.BadParameter(f"{word!r} is none of {', '.join(known)}", param_hint=option)
    return chosen


def _bars(asked: Sequence[str]) -> dict[str, float]:
    bars: dict[str, float] = {}
    for words in asked:
        name, _, value = words.partition("=")
        try:
            bars[measure_named(name).name] = float(value)
        except ValueError:
            raise typer.BadParameter(
                f"{words!r} is no measure and number, as in figure_f1=0.9",
                param_hint="--fail-under",
            ) from None
        except RecordsError as error:
            raise typer.BadParameter(str(error), param_hint="--fail-under") from None
    return bars


def _print_json(value: object) -> None:
    print(json.dumps(as_plain(value), ensure_ascii=False))
