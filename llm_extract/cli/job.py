"""`llm-extract job`: large jobs that survive crashes, keep to a budget and are stopped at will."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

import anyio
import typer

from llm_extract.batch import INTERRUPTED, RunSummary, Stopper, stopped_by_signals
from llm_extract.batch import jobs as batch
from llm_extract.batch.alone import sole_worker
from llm_extract.batch.estimate import Estimate
from llm_extract.batch.runs import worker_name
from llm_extract.batch.telemetry import open_telemetry
from llm_extract.cli.caps import Deadline, MaxCost, MaxTokens, Patience, caps_of
from llm_extract.cli.console import out, plain, say
from llm_extract.cli.failures import (
    FAILED_REPORTS,
    INCOMPLETE,
    JOB_EXIT_CODES,
    Program,
    exit_code,
)
from llm_extract.cli.failures import INTERRUPTED as INTERRUPTED_CODE
from llm_extract.cli.job_tables import jobs_table, paused_lines, status_lines
from llm_extract.cli.places import open_place, read_place
from llm_extract.cli.progress import JobLog, RunDisplay
from llm_extract.documents import ReadOptions
from llm_extract.errors import LlmExtractError
from llm_extract.pipeline import DEFAULT_MODEL, DEFAULT_REPAIR, Pipeline, Settings, Strategy
from llm_extract.repair import Repair
from llm_extract.store import Caps, Job, Store

app = typer.Typer(cls=Program, no_args_is_help=True, epilog=JOB_EXIT_CODES)

Place = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="LLM_EXTRACT_STORE",
        metavar="PLACE",
        help="Folder of the store, or the URL of a PostgreSQL database that workers share.",
    ),
]
Number = Annotated[int, typer.Argument(metavar="JOB", help="Number of `llm-extract job list`.")]
Otel = Annotated[
    bool,
    typer.Option(
        "--otel",
        envvar="LLM_EXTRACT_OTEL",
        help="Send OpenTelemetry spans by OTLP over HTTP, as the OTEL_… variables say (needs the "
        "extra telemetry).",
    ),
]
MetricsPort = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=65535,
        metavar="PORT",
        help="Serve Prometheus metrics on 127.0.0.1 while the jobs run; 0 takes any free port "
        "(needs the extra telemetry).",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]
LogFormat = Annotated[
    Literal["text", "json"],
    typer.Option(help="json: a line an event on stderr, without any text of reports."),
]


@app.callback()
def job() -> None:
    """Jobs over many reports: start, watch, pause, resume; nothing is lost or paid twice."""


@app.command(
    epilog="Example: llm-extract job start archive.jsonl.gz --store jobs --model openai "
    "--max-cost 250 --deadline 60h"
)
def start(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT", help="Files, folders, globs, or -, as for run.", show_default=False
        ),
    ],
    store_place: Place,
    published: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="As for run."),
    ] = None,
    model: Annotated[str, typer.Option(metavar="NAME", help="As for run.")] = DEFAULT_MODEL,
    prompt: Annotated[str | None, typer.Option(metavar="NAME@V", help="As for run.")] = None,
    strategy: Annotated[Strategy, typer.Option(help="As for run.")] = "auto",
    repair: Annotated[Repair, typer.Option(help="As for run.")] = DEFAULT_REPAIR,
    limit: Annotated[int | None, typer.Option(min=1, help="As for run.")] = None,
    text_column: Annotated[str | None, typer.Option(help="As for run.")] = None,
    id_column: Annotated[str | None, typer.Option(help="As for run.")] = None,
    date_column: Annotated[str | None, typer.Option(help="As for run.")] = None,
    title_column: Annotated[str | None, typer.Option(help="As for run.")] = None,
    max_cost: MaxCost = None,
    max_tokens: MaxTokens = None,
    deadline: Deadline = None,
    patience: Patience = 30.0,
    lane: Annotated[
        batch.LaneName,
        typer.Option(
            help="online asks at once; batch goes through the provider's Batch API: half the "
            "price, within a day."
        ),
    ] = "online",
    estimate: Annotated[
        Literal["show", "only", "off"],
        typer.Option(
            help="Read a sample first and tell what all will take: then go on (show; a cap that is "
            "sure to be too small stops here), stop (only), or no sample (off)."
        ),
    ] = "show",
    quiet: Quiet = False,
    as_json: AsJson = False,
    log_format: LogFormat = "text",
    otel: Otel = False,
    metrics_port: MetricsPort = None,
) -> None:
    """Start a job, or go on with it when the same one was started before.

    A job is its inputs, model, prompt, strategy and settings: changing any of them is another job.
    Ctrl-C finishes the requests under way and pauses it.
    """
    options = ReadOptions(
        published=published.date() if published else None,
        text_column=text_column,
        id_column=id_column,
        date_column=date_column,
        title_column=title_column,
    )
    caps = caps_of(max_cost, max_tokens, deadline)
    seen = Seen(quiet, as_json, log_format, otel, metrics_port)
    with seen.errors(), open_place(store_place, make=True) as store, sole_worker(store):
        pipeline = Pipeline(Settings(model, prompt, strategy, repair))
        wanted = batch.Inputs(inputs, options, limit)
        found, new = batch.find_or_begin(store, wanted, pipeline, caps, lane)
        if not new:
            seen.display.remark(f"job {found.id} was started before with these inputs and settings")
            found = _recapped(store, found, caps)
        _work(store, [found], estimate if new else "off", patience, seen)


@app.command(epilog="Example: llm-extract job resume 3 --store jobs --max-cost 400")
def resume(
    store_place: Place,
    numbers: Annotated[
        list[int] | None,
        typer.Argument(metavar="[JOB]…", help="All that are not over, if left out."),
    ] = None,
    max_cost: MaxCost = None,
    max_tokens: MaxTokens = None,
    deadline: Deadline = None,
    patience: Patience = 30.0,
    quiet: Quiet = False,
    as_json: AsJson = False,
    log_format: LogFormat = "text",
    otel: Otel = False,
    metrics_port: MetricsPort = None,
) -> None:
    """Do exactly what is left of jobs, side by side; caps that are named replace the old ones.

    On a PostgreSQL store any number of workers may run this at the same time, on any machines.
    """
    caps = caps_of(max_cost, max_tokens, deadline)
    seen = Seen(quiet, as_json, log_format, otel, metrics_port)
    with seen.errors(), open_place(store_place) as store, sole_worker(store):
        found = [store.jobs.get(number) for number in numbers or ()]
        if not numbers:
            found = [j for j in store.jobs.all() if j.key and j.state in ("running", "paused")]
        if not found:
            seen.display.remark("no job is left to resume; `llm-extract job list` shows all")
            return
        found = [_recapped(store, one, caps) for one in found]
        _work(store, found, "off", patience, seen)


@app.command(epilog="Example: llm-extract job retry 3 --only failed --store jobs")
def retry(
    store_place: Place,
    number: Number,
    only: Annotated[
        Literal["failed", "flagged"], typer.Option(help="Which reports are to be read anew.")
    ] = "failed",
) -> None:
    """Open a job's failed or flagged reports again; `resume` then reads them anew."""
    with open_place(store_place) as store, sole_worker(store):
        opened = store.jobs.retry(store.jobs.get(number).id, only)
    say(f"{opened} {only} reports of job {number} are open again")
    if opened:
        say(f"next: llm-extract job resume {number} --store {shlex.quote(store_place)}")


@app.command(epilog="Example: llm-extract job pause 3 --store jobs")
def pause(store_place: Place, number: Number) -> None:
    """Stop a job wherever it runs, once the requests under way are finished."""
    with open_place(store_place) as store:
        batch.pause(store, number, "paused by `job pause`")
    place = shlex.quote(store_place)
    say(f"job {number} is paused; next: llm-extract job resume {number} --store {place}")


@app.command(epilog="Example: llm-extract job cancel 3 --store jobs")
def cancel(store_place: Place, number: Number) -> None:
    """Stop a job for good; what it has extracted stays."""
    with open_place(store_place) as store:
        batches = batch.cancel(store, number)
    of_provider = f", and {batches} batches of its provider" if batches else ""
    say(f"job {number} is cancelled{of_provider}; its records stay and can be exported")


@app.command("list", epilog="Example: llm-extract job list --store jobs")
def list_all(store_place: Place, as_json: AsJson = False) -> None:
    """All jobs and runs of a store with their states, sums and costs."""
    with read_place(store_place) as store:
        found = store.jobs.all()
        if as_json:
            print(json.dumps([job_value(store, one) for one in found]))
        elif found:
            out.print(jobs_table(found))
            for line in paused_lines(found):
                out.print(plain(line))
        else:
            say("the store has no jobs yet")


@app.command(epilog="Example: llm-extract job status 3 --store jobs")
def status(store_place: Place, number: Number, as_json: AsJson = False) -> None:
    """Where a job stands, what it has spent, and what to do next."""
    with read_place(store_place) as store:
        found = store.jobs.get(number)
        if as_json:
            print(json.dumps(job_value(store, found)))
        else:
            for line in status_lines(found, store.jobs.lost(number), store_place):
                out.print(plain(line), soft_wrap=True)


def job_value(store: Store, found: Job) -> dict[str, Any]:
    """A job as plain values for programs; costs in nanodollars."""
    caps = asdict(found.caps)
    caps["deadline"] = found.caps.deadline and found.caps.deadline.isoformat()
    return {
        "job": found.id,
        "state": found.state,
        "reason": found.reason,
        "settings": asdict(found.settings),
        "version": found.version,
        "inputs": found.inputs and found.inputs["paths"],
        "all_read": found.all_read,
        "settled": found.sums.settled,
        "left": found.sums.read - found.sums.settled,
        **asdict(found.sums),
        "caps": caps,
        "lost": asdict(store.jobs.lost(found.id)),
        "started": found.started.isoformat(),
        "finished": found.finished and found.finished.isoformat(),
    }


class Seen:
    """How a worker's course is seen from outside, as its options say."""

    def __init__(
        self,
        quiet: bool,
        as_json: bool,
        log_format: Literal["text", "json"],
        otel: bool,
        metrics_port: int | None,
    ) -> None:
        self.as_json = as_json
        self.display: RunDisplay | JobLog = (
            JobLog() if log_format == "json" else RunDisplay(quiet=quiet or as_json)
        )
        self._otel = otel
        self._metrics_port = metrics_port

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Errors of ours are events where all else is; else they go on to `Program`."""
        try:
            yield
        except (LlmExtractError, OSError) as error:
            if isinstance(self.display, RunDisplay):
                raise
            self.display.error(error)
            raise typer.Exit(exit_code(error)) from None

    @contextmanager
    def told(self, patience: float) -> Iterator[batch.Told]:
        """Whom jobs tell of their course; the display is shown while the context lasts."""
        display = self.display
        with (
            display,
            open_telemetry(self._otel, self._metrics_port, display.remark) as telemetry,
        ):

            def advance(summary: RunSummary) -> None:
                display.advance(summary)
                if telemetry is not None:
                    telemetry.progress(summary)

            yield batch.Told(
                display.settled,
                advance,
                display.notice,
                patience=patience * 60,
                watcher=telemetry,
            )


def _work(store: Store, jobs: Sequence[Job], estimate: str, patience: float, seen: Seen) -> None:
    """Work on jobs until they are done or stopped, say how they stand, and exit accordingly."""
    stopper, estimated = Stopper(), None

    def show(found: Estimate | None) -> None:
        nonlocal estimated
        estimated = found
        if found is not None:
            seen.display.estimated(jobs[0], found)
        elif estimate == "only":
            seen.display.remark(f"no estimate: fewer than {batch.SMALLEST} reports are open")

    async def work(told: batch.Told) -> list[RunSummary]:
        async with stopped_by_signals(stopper, seen.display.stopping):
            if estimate == "off":
                return await batch.go_on(store, jobs, told, stopper)
            return await _estimated_first(store, jobs[0], told, stopper, show, estimate == "only")

    open_jobs = [one for one in jobs if one.state != "done"]
    if open_jobs:
        jobs = open_jobs
        with seen.told(patience) as told:
            for one in jobs:
                seen.display.taken_up(one)
            anyio.run(work, told)
    _report(store, [one.id for one in jobs], estimated, seen.as_json)


async def _estimated_first(
    store: Store,
    one: Job,
    told: batch.Told,
    stopper: Stopper,
    show: Callable[[Estimate | None], None],
    only: bool,
) -> list[RunSummary]:
    """Read a sample, show what all will take, go on unless a cap is sure to be too small."""
    worker = worker_name()
    plan = await batch.prepare(store, one, worker, told, stopper)
    found = await batch.pilot(store, plan, worker, stopper)
    if store.jobs.get(one.id).state != "running":
        return []  # stopped while the sample was read
    if stopper.reason is None:
        show(found)
        if only:
            stopper.stop("only an estimate was asked for")
        elif found is not None and (cap := _sure_to_pass(found, one.caps)):
            stopper.stop(f"{cap} is below all that the estimate allows; raise it to go on")
    return await batch.go_on(store, [store.jobs.get(one.id)], told, stopper)


def _sure_to_pass(found: Estimate, caps: Caps) -> str | None:
    """The option of a cap that even the low end of an estimate passes."""
    if caps.max_cost is not None and found.cost.low > caps.max_cost:
        return "--max-cost"
    tokens = found.prompt.low + found.completion.low
    if caps.max_tokens is not None and tokens > caps.max_tokens:
        return "--max-tokens"
    return None


def _report(
    store: Store, numbers: Sequence[int], estimated: Estimate | None, as_json: bool
) -> None:
    found = [store.jobs.get(number) for number in numbers]
    if as_json:
        values = [job_value(store, one) for one in found]
        if estimated is not None:
            values[0]["estimate"] = asdict(estimated)
        print(json.dumps(values[0] if len(values) == 1 else values))
    else:
        for one in found:
            for line in status_lines(one, store.jobs.lost(one.id), store.place):
                out.print(plain(line), soft_wrap=True)
    if any(one.reason == INTERRUPTED for one in found):
        raise typer.Exit(INTERRUPTED_CODE)
    if any(one.state != "done" for one in found):
        raise typer.Exit(INCOMPLETE)
    if any(one.sums.failed for one in found):
        raise typer.Exit(FAILED_REPORTS)


def _recapped(store: Store, one: Job, caps: Caps) -> Job:
    """The job with those caps replaced that are named anew."""
    old = one.caps
    new = Caps(
        caps.max_tokens or old.max_tokens,
        caps.max_cost if caps.max_cost is not None else old.max_cost,
        caps.deadline or old.deadline,
    )
    if new != old:
        store.jobs.set_caps(one.id, new)
    return store.jobs.get(one.id)
