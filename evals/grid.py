"""The grid of an eval run: every model, prompt and strategy over every report, through one spine.

A cell is one variant in one repeat. Each goes through `runs.run_reports`, as any other job does, so
what was read is stored at once and a run that was stopped goes on where it stood. Every repeat has
a store of its own: the same work is never done twice within one, and never spared in another.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path

from llm_extract.batch import NO_TOKENS, ReportPipeline, RunSummary, run_reports
from llm_extract.documents import Report, report_from_text
from llm_extract.errors import RecordsError
from llm_extract.evals.gold_reports import GoldReport, set_sha256
from llm_extract.evals.matching import as_report
from llm_extract.evals.peers.pipeline import PeerPipeline
from llm_extract.evals.results import (
    EvalResults,
    Found,
    Labelled,
    Reading,
    Variant,
    VariantReadings,
    records_path,
)
from llm_extract.evals.scores import score_report
from llm_extract.export import write_records
from llm_extract.models.catalogue import find_model
from llm_extract.models.prices import NANODOLLARS, cost, price_of
from llm_extract.models.spec import Prices
from llm_extract.numbers import read_ledger
from llm_extract.pipeline import Pipeline, Settings, Strategy, package_version
from llm_extract.prompting import load_prompt
from llm_extract.record import Record, Tokens
from llm_extract.repair import Repair
from llm_extract.store import open_store

PILOT = 6
"""Reports that are read first to tell what the rest will take, spread evenly over all lengths."""


@dataclass(frozen=True, slots=True)
class Grid:
    """What is to be compared; `parallel` reports are read at once.

    One at a time is slower and keeps seconds a report comparable between variants and with peers.
    """

    models: Sequence[str]
    prompts: Sequence[str | None]
    strategies: Sequence[Strategy]
    repairs: Sequence[Repair]
    peers: Sequence[str]
    repeats: int = 1
    parallel: int = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """One way to read reports, ready to be entered; `prices` are those of its model."""

    variant: Variant
    pipeline: Callable[[], ReportPipeline]
    prices: Prices | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a cell will take over all reports and repeats, from the reports of its pilot.

    Seconds lie between `low` and `high` as the slowest and the fastest report of the pilot have it;
    cost is in dollars, None without a price. Failed reports are part of it.
    """

    variant: str
    seconds: float
    low: float
    high: float
    tokens_in: float
    tokens_out: float
    cost: float | None


def cells(grid: Grid) -> list[Cell]:
    """The cells of a grid: each combination that exists, and each peer with each model.

    Raises ModelError or PromptError when a name is unknown, RecordsError when nothing is left: a
    prompt is written for one strategy and is left out with any other.
    """
    found = [
        cell
        for model, prompt, strategy, repair in product(
            grid.models, grid.prompts, grid.strategies, grid.repairs
        )
        if (cell := _spine_cell(grid, model, prompt, strategy, repair)) is not None
    ]
    found += [cell for peer in grid.peers for cell in _peer_cells(grid, peer)]
    if not found:
        raise RecordsError("no prompt of these is for a strategy of these: name others")
    return found


async def read_cell(
    cell: Cell,
    repeat: int,
    reports: Sequence[GoldReport],
    folder: Path,
    on_progress: Callable[[RunSummary], None] = lambda _: None,
) -> list[Record]:
    """The records of some reports as one variant reads them; what was read before is taken over.

    Raises LlmExtractError when the model cannot be used or the store cannot be written.
    """
    with open_store(_store_path(folder, repeat)) as store:
        summary = await run_reports(
            map(as_input, reports), cell.pipeline(), store, lambda _: None, None, on_progress
        )
        return list(store.run_records(summary.run_id))


def pilot_of(reports: Sequence[GoldReport]) -> list[GoldReport]:
    """Reports from the shortest to the longest; all of them where there are no more."""
    if len(reports) <= PILOT:
        return list(reports)
    by_length = sorted(reports, key=lambda report: (len(report.text), report.id))
    last = len(by_length) - 1
    return [by_length[place * last // (PILOT - 1)] for place in range(PILOT)]


def estimate(
    cell: Cell, pilot: Sequence[Record], reports: Sequence[GoldReport], repeats: int
) -> Estimate:
    """What the whole will take, by characters: a report of twice the length takes twice as long."""
    characters = sum(len(report.text) for report in reports) * repeats
    rates = [_seconds(record) / max(1, record.report.characters) for record in pilot]
    read = max(1, sum(record.report.characters for record in pilot))
    tokens = [_tokens(record) for record in pilot]
    costs = [cost_of(record, cell.prices) for record in pilot]
    known = [cost for cost in costs if cost is not None]
    scale = characters / read
    return Estimate(
        variant=cell.variant.name,
        seconds=sum(map(_seconds, pilot)) * scale,
        low=min(rates) * characters,
        high=max(rates) * characters,
        tokens_in=sum(each.prompt for each in tokens) * scale,
        tokens_out=sum(each.completion for each in tokens) * scale,
        cost=sum(known) * scale if len(known) == len(costs) else None,
    )


def readings_of(
    cell: Cell, repeat: int, reports: Sequence[GoldReport], records: Sequence[Record]
) -> list[Reading]:
    """The scored readings of one cell; a report without a record counts as failed."""
    by_id = {record.report.id: record for record in records}
    return [_reading(cell, repeat, gold, by_id.get(gold.id)) for gold in reports]


def results_of(
    set_name: str,
    reports: Sequence[GoldReport],
    repeats: int,
    variants: Iterable[tuple[Variant, list[Reading]]],
) -> EvalResults:
    """A run's results as they are kept."""
    return EvalResults(
        created=datetime.now(UTC),
        package_version=package_version(),
        machine=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        set_name=set_name,
        set_sha256=set_sha256(reports),
        reports=[
            Labelled(
                id=report.id,
                language=report.language,
                style=report.style,
                traps=report.traps,
                claims=len(report.gold.claims),
            )
            for report in reports
        ],
        repeats=repeats,
        variants=[
            VariantReadings(variant=variant, readings=readings) for variant, readings in variants
        ],
    )


def keep_records(folder: Path, cell: Cell, repeat: int, records: Iterable[Record]) -> None:
    """Writes the records of a cell beside the results."""
    path = records_path(folder, cell.variant.name, repeat)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_records(path, records)


def as_input(report: GoldReport) -> Report:
    """A gold report as any other input: its labels, style and language are not told."""
    return report_from_text(report.text, id=report.id, published=report.published)


def cost_of(record: Record, prices: Prices | None) -> float | None:
    """Dollars for the tokens of a record, cached ones at their own price; None without a price."""
    return None if prices is None else cost(_tokens(record), prices) / NANODOLLARS


def _spine_cell(
    grid: Grid, model: str, prompt: str | None, strategy: Strategy, repair: Repair
) -> Cell | None:
    """The cell of one combination; None when the prompt is for another strategy."""
    spec = find_model(model)
    loaded = None if prompt is None else load_prompt(prompt)
    if loaded is not None and strategy not in ("auto", loaded.strategy):
        return None
    settings = Settings(model, prompt, strategy, repair)

    def opened() -> ReportPipeline:
        pipeline = Pipeline(settings)
        pipeline.slots = grid.parallel
        return pipeline

    read_by = loaded.ref if loaded is not None else strategy
    words = [model, read_by, *([] if repair == "off" else [f"repair {repair}"])]
    variant = Variant(
        name=" ".join(words),
        kind="spine",
        model=model,
        prompt=loaded.ref if loaded is not None else None,
        prompt_hash=loaded.content_hash if loaded is not None else None,
        strategy=loaded.strategy if loaded is not None else strategy,
        repair=repair,
    )
    return Cell(variant, opened, price_of(spec))


def _peer_cells(grid: Grid, peer: str) -> Iterator[Cell]:
    for model in PeerPipeline.models_for(peer, grid.models):
        variant = Variant(
            name=f"peer {peer}" + (f" {model}" if model else ""),
            kind="peer",
            model=model,
            prompt=None,
            prompt_hash=None,
            strategy=None,
        )
        prices = price_of(find_model(model)) if model else None
        yield Cell(variant, partial(PeerPipeline, peer, model), prices)


def _reading(cell: Cell, repeat: int, gold: GoldReport, record: Record | None) -> Reading:
    failed = record is None or record.disposition == "failed"
    ledger = read_ledger(gold.text, gold.language)
    numbers = {n for mention in ledger.mentions for n in (mention.value, mention.upper)}
    score = score_report(
        gold.gold,
        None if record is None or failed else as_report(record),
        disposition="failed" if record is None else record.disposition,
        printed={number for number in numbers if number is not None},
    )
    provenance = None if record is None else record.provenance
    attempts = [] if provenance is None else provenance.attempts
    failure = None if record is None or record.failure is None else record.failure.message
    return Reading(
        report=gold.id,
        repeat=repeat,
        disposition="failed" if record is None else record.disposition,
        failure="never read" if record is None else failure,
        findings=[
            Found(rule=finding.rule, severity=finding.severity)
            for finding in ([] if record is None else record.findings)
        ],
        score=score,
        seconds=0.0 if record is None else _seconds(record),
        calls=0 if provenance is None else provenance.calls,
        reasks=sum(attempt.number > 1 for attempt in attempts),
        tokens=NO_TOKENS if record is None else _tokens(record),
        cost=None if record is None else cost_of(record, cell.prices),
    )


def _store_path(folder: Path, repeat: int) -> Path:
    return folder / f"store-{repeat}.sqlite"


def _seconds(record: Record) -> float:
    return record.provenance.seconds if record.provenance is not None else 0.0


def _tokens(record: Record) -> Tokens:
    return record.provenance.tokens if record.provenance is not None else NO_TOKENS
