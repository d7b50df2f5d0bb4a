"""`llm-extract run`: reports in, records out."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import anyio
import typer

from llm_extract.batch import (
    ReportPipeline,
    RunSummary,
    Stopper,
    run_reports,
    stopped_by_signals,
)
from llm_extract.cli.caps import Deadline, MaxCost, MaxTokens, caps_of
from llm_extract.cli.console import out, plain, say
from llm_extract.cli.failures import FAILED_REPORTS, INCOMPLETE, INTERRUPTED
from llm_extract.cli.progress import RunDisplay
from llm_extract.cli.tables import record_view
from llm_extract.documents import ReadOptions, read_reports
from llm_extract.export import RECORDS_NAME, GrowingRecords, write_records
from llm_extract.pipeline import DEFAULT_MODEL, DEFAULT_REPAIR, Settings, Strategy
from llm_extract.record import Record
from llm_extract.repair import Repair
from llm_extract.store import DEFAULT_NAME, Caps, Store, open_store

SHOWN_REPORTS = 10
"""Up to this many reports a run ends with their tables; more would only scroll away."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What is to be read and where the results go."""

    inputs: list[str]
    out: Path
    limit: int | None
    options: ReadOptions
    caps: Caps

    @property
    def records(self) -> Path:
        """The file of records."""
        return self.out / RECORDS_NAME


def open_pipeline(settings: Settings) -> ReportPipeline:
    """The real pipeline; imported here because its libraries take a second to load."""
    from llm_extract.pipeline import Pipeline

    return Pipeline(settings)


def run(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="Files (txt, md, html, pdf, docx, csv, tsv, jsonl, parquet), folders, globs, "
            "or - for standard input.",
            show_default=False,
        ),
    ],
    out_folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the results.")
    ],
    published: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="Day of publication of reports that have none of their own, as YYYY-MM-DD. "
            "Days and years that the text leaves out are read from it.",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="A model of `llm-extract models list`.")
    ] = DEFAULT_MODEL,
    prompt: Annotated[
        str | None,
        typer.Option(metavar="NAME@V", help="A prompt of `llm-extract prompts list`."),
    ] = None,
    strategy: Annotated[
        Strategy, typer.Option(help="How a report is read; auto picks by model and report.")
    ] = "auto",
    limit: Annotated[
        int | None, typer.Option(min=1, help="Read at most this many reports.")
    ] = None,
    repair: Annotated[
        Repair,
        typer.Option(
            help="What to do about findings: ask the model short questions, have their passages "
            "read by a second strategy, both, or leave them to people (off)."
        ),
    ] = DEFAULT_REPAIR,
    max_cost: MaxCost = None,
    max_tokens: MaxTokens = None,
    deadline: Deadline = None,
    text_column: Annotated[
        str | None,
        typer.Option(help="Column of the text in row files; guessed by name if left out."),
    ] = None,
    id_column: Annotated[str | None, typer.Option(help="Column of the id.")] = None,
    date_column: Annotated[str | None, typer.Option(help="Column of the day published.")] = None,
    title_column: Annotated[str | None, typer.Option(help="Column of the title.")] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing but errors and failed reports.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a summary as one JSON object, nothing else.")
    ] = False,
) -> None:
    """Extract the figures of reports into DIR/records.jsonl, a line a report.

    A repeated run asks the model only for what is new: same text, day, prompt, model, strategy,
    repair and version are taken from DIR/store.sqlite, which also keeps every raw reply. Ctrl-C
    finishes the requests under way and keeps what is done; the same command goes on from there. For
    large archives see `llm-extract job`.
    """
    _keep_apart(inputs, out_folder)
    display = RunDisplay(quiet=quiet)
    plan = RunPlan(
        inputs,
        out_folder,
        limit,
        ReadOptions(
            published=published.date() if published else None,
            text_column=text_column,
            id_column=id_column,
            date_column=date_column,
            title_column=title_column,
            on_notice=display.notice,
        ),
        caps_of(max_cost, max_tokens, deadline),
    )
    pipeline = open_pipeline(Settings(model, prompt, strategy, repair))
    with open_store(out_folder / DEFAULT_NAME) as store:
        summary = _extract(plan, pipeline, store, display)
        if as_json:
            _print_json(plan, summary)
        elif not quiet:
            _print_results(plan, summary, store)
            if display.undated:
                say(
                    f"reports without a day of publication: {display.undated}; dates without a "
                    "year stay open in them, name the day with --published",
                    "dim",
                )
    if summary.paused:
        left = summary.read - summary.settled
        say(
            f"{summary.paused}: {summary.settled} done and kept, {left} left; run it again to go on"
        )
        raise typer.Exit(INTERRUPTED if summary.interrupted else INCOMPLETE)
    if summary.failed:
        raise typer.Exit(FAILED_REPORTS)


def _keep_apart(inputs: list[str], out_folder: Path) -> None:
    """Results inside an input folder would be read as reports by the next run."""
    for given in inputs:
        if Path(given).is_dir() and out_folder.resolve().is_relative_to(Path(given).resolve()):
            raise typer.BadParameter(
                f"{out_folder} lies inside the input {given}, so its results would be read as "
                "reports; name a folder elsewhere",
                param_hint="--out",
            )


def _extract(
    plan: RunPlan, pipeline: ReportPipeline, store: Store, display: RunDisplay
) -> RunSummary:
    """Run, and leave the records in input order however the run ends."""
    with display, GrowingRecords(plan.records) as growing:

        def keep(record: Record) -> None:
            growing.append(record)
            display.settled(record)

        async def work() -> RunSummary:
            reports, stopper = read_reports(plan.inputs, plan.options), Stopper()
            async with stopped_by_signals(stopper, display.stopping):
                return await run_reports(
                    reports,
                    pipeline,
                    store,
                    keep,
                    plan.limit,
                    display.advance,
                    plan.caps,
                    stopper,
                )

        try:
            return anyio.run(work)
        finally:
            if display.latest is not None and display.latest.settled:
                write_records(plan.records, store.run_records(display.latest.run_id))


def _print_json(plan: RunPlan, summary: RunSummary) -> None:
    places = {"records": str(plan.records), "store": str(plan.out / DEFAULT_NAME)}
    print(json.dumps({**summary.counts(), **places}))


def _print_results(plan: RunPlan, summary: RunSummary, store: Store) -> None:
    if 0 < summary.settled <= SHOWN_REPORTS:
        for record in store.run_records(summary.run_id):
            out.print(record_view(record))
    out.print(plain(summary_line(summary), "bold"), soft_wrap=True)
    if not summary.settled:
        return
    folder = shlex.quote(str(plan.out))
    out.print(plain(f"results  {plan.records}"), soft_wrap=True)
    out.print(plain(f"next     llm-extract show {folder} ID"), soft_wrap=True)
    out.print(plain(f"         llm-extract review --store {folder}"), soft_wrap=True)
    out.print(
        plain(f"         llm-extract export {folder} --format csv --out claims.csv"), soft_wrap=True
    )


def summary_line(summary: RunSummary) -> str:
    """The run in one line: reports by disposition, claims, reuse, time and tokens."""
    states = [
        f"{number} {state}"
        for state, number in (
            ("clean", summary.clean),
            ("flagged", summary.flagged),
            ("failed", summary.failed),
        )
        if number
    ]
    reports = f"{summary.settled} report{'' if summary.settled == 1 else 's'}"
    tokens = summary.tokens
    parts = [
        f"{reports}: {', '.join(states)}" if states else reports,
        f"{summary.claims} claims",
        f"{summary.facilities} facility claims" if summary.facilities else "",
        f"{summary.cached} from cache" if summary.cached else "",
        f"{summary.seconds:.1f} s",
        f"{tokens.prompt:,} tokens in, {tokens.completion:,} out"
        if summary.calls
        else "no model call",
    ]
    return " · ".join(filter(None, parts))
