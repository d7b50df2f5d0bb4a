"""The measuring command: stored records against labels and gold reports, and the plain peer.

It asks no model but the peer's and keeps no outside text: files are written where it is told to.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from statistics import mean
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from llm_extract.errors import LlmExtractError, RecordsError
from llm_extract.evals.gold_reports import GoldReport, read_gold
from llm_extract.evals.matching import as_report
from llm_extract.evals.outside import (
    ABOUT,
    OUTCOMES,
    LabelledOutcome,
    OutsideItem,
    OutsideSet,
    read_set,
)
from llm_extract.evals.outside.table import read_mapping
from llm_extract.evals.peers.plain import PlainReading, read_plainly
from llm_extract.evals.rule_findings import (
    findings_on_gold,
    findings_table,
    rule_counts,
    rules_table,
)
from llm_extract.evals.scores import ReportScore, score_report, summarise
from llm_extract.evals.tables import (
    TollScores,
    as_plain,
    claim_misses,
    report_table,
    summary_table,
    toll_misses,
    toll_table,
)
from llm_extract.evals.tolls import LabelledToll, document_toll, score_tolls
from llm_extract.export.files import written_whole
from llm_extract.export.jsonl import read_records
from llm_extract.models.catalogue import find_model
from llm_extract.models.endpoint import Endpoint, open_endpoint
from llm_extract.numbers import read_ledger
from llm_extract.pipeline import DEFAULT_MODEL
from llm_extract.record import Record
from llm_extract.schema import CasualtyReport

Tolls = Mapping[LabelledOutcome, int | None]
Item = TypeVar("Item")

app = typer.Typer(
    help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


MAX_LINES = 20
"""Left-out rows that are named one by one; a wrong column would fill the screen."""


class Set(StrEnum):
    """The sets that can be measured on: the outside sets and gold reports."""

    wad = "wad"
    syrian_archive = "syrian-archive"
    muc4 = "muc4"
    gtd = "gtd"
    acled = "acled"
    ucdp = "ucdp"
    table = "table"
    gold = "gold"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The chosen items of an outside set, and how many rows could not be read on the way."""

    items: list[OutsideItem]
    left_out: int


Where = Annotated[Path, typer.Argument(help="A folder of gold reports.")]
Files = Annotated[list[Path], typer.Argument(help="The set's files as they were published.")]
Which = Annotated[OutsideSet, typer.Argument(help="The set; `sets` tells more of each.")]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", help="FIELD=COLUMN of the set table, such as killed=Deaths; repeatable."),
]
Records = Annotated[Path, typer.Option(help="records.jsonl of a run over the same reports.")]
First = Annotated[int | None, typer.Option(min=1, help="Only so many reports of the set.")]
Skip = Annotated[int, typer.Option(min=0, help="Leave out so many reports at the start.")]
Misses = Annotated[bool, typer.Option("--misses", help="List what was wrong.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


@app.command()
def sets() -> None:
    """List the outside sets: their files, the column of the text and what the labels count.

    Example: measure sets
    """
    table = Table("set", "what it is")
    for which, about in ABOUT.items():
        table.add_row(which.value, Text(about))
    Console().print(table)


@app.command()
def tolls(
    which: Which,
    files: Files,
    records: Records,
    columns: Map = None,
    first: First = None,
    skip: Skip = 0,
    misses: Misses = False,
    as_json: AsJson = False,
) -> None:
    """Score records on the tolls that an outside set labels, a row a language and outcome.

    Example: measure tolls gtd gtd.xlsx --records out/records.jsonl --first 500 --misses
    """
    chosen = _outside(which, files, columns, first, skip)
    found = _stored(records)
    names = [item.id for item in chosen.items]
    _warn_missing(names, found)
    scores = _toll_scores(chosen.items, _record_tolls(chosen.items, found))
    seconds = _seconds(found, names)
    if as_json:
        _print_json({"scores": scores, "seconds_per_report": seconds, "left_out": chosen.left_out})
        return
    console = Console()
    console.print(toll_table(scores, "tolls that agree with their labels"))
    _print_seconds(console, seconds)
    if misses:
        console.print(toll_misses(scores, {item.id: item.text for item in chosen.items}))


@app.command()
def gold(
    path: Where,
    records: Records,
    first: First = None,
    skip: Skip = 0,
    misses: Misses = False,
    as_json: AsJson = False,
) -> None:
    """Score records on gold reports, claim by claim and figure by figure.

    Example: measure gold evals/gold/dev --records out/records.jsonl --misses
    """
    reports = _part(read_gold(path), first, skip)
    found = _stored(records)
    _warn_missing([report.id for report in reports], found)
    scores = {report.id: _gold_score(report, found.get(report.id)) for report in reports}
    total = summarise(list(scores.values()))
    seconds = _seconds(found, list(scores))
    if as_json:
        _print_json({"summary": total, "reports": scores, "seconds_per_report": seconds})
        return
    console = Console()
    console.print(report_table(scores, total))
    console.print(summary_table(total))
    _print_seconds(console, seconds)
    if misses:
        for report in reports:
            console.print(claim_misses(report, _read(found.get(report.id))))


@app.command()
def rules(
    path: Where,
    listed: Annotated[bool, typer.Option("--list", help="List every finding.")] = False,
    first: First = None,
    skip: Skip = 0,
    as_json: AsJson = False,
) -> None:
    """Count what each rule finds on gold itself: contradictions of the text, or false alarms.

    Example: measure rules evals/gold/dev --list
    """
    found = findings_on_gold(_part(read_gold(path), first, skip))
    if as_json:
        _print_json({"rules": rule_counts(found), "findings": found})
        return
    console = Console()
    console.print(rules_table(found))
    if listed:
        console.print(findings_table(found))


@app.command()
def inputs(
    which: Annotated[Set, typer.Argument(help="The set.")],
    files: Files,
    out: Annotated[Path, typer.Option(help="File to write: rows with id, text and date.")],
    columns: Map = None,
    first: First = None,
    skip: Skip = 0,
) -> None:
    """Write the reports of a set as rows that `llm-extract run` takes.

    Example: measure inputs wad notes.jsonl --out notes-100.jsonl --first 100
    """
    reports: Sequence[GoldReport | OutsideItem]
    if which is Set.gold:
        reports = _part([report for path in files for report in read_gold(path)], first, skip)
    else:
        reports = _outside(OutsideSet(which), files, columns, first, skip).items
    with written_whole(out) as file:
        for report in reports:
            day = report.published.isoformat() if report.published else None
            row = {"id": report.id, "text": report.text, "date": day}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    Console(stderr=True).print(Text(f"{len(reports)} reports in {out}"))


@app.command()
def plain(
    which: Which,
    files: Files,
    out: Annotated[Path, typer.Option(help="JSON file to write: every reading and the score.")],
    model: Annotated[str, typer.Option(help="A model of the catalogue.")] = DEFAULT_MODEL,
    columns: Map = None,
    first: First = None,
    skip: Skip = 0,
    misses: Misses = False,
    as_json: AsJson = False,
) -> None:
    """Run the plain peer, one instructor call a report into a flat schema, and score it.

    Example: measure plain wad notes.jsonl --first 100 --out plain.json
    """
    items = _outside(which, files, columns, first, skip).items
    with open_endpoint(find_model(model)) as endpoint:
        readings = asyncio.run(_read_all(items, endpoint))
    tolls: dict[str, Tolls] = {
        reading.id: {"killed": reading.toll.killed, "injured": reading.toll.injured}
        for reading in readings
        if reading.toll is not None
    }
    scores = _toll_scores(items, tolls)
    outcome = {
        "model": model,
        "set": which.value,
        "first": first,
        "skip": skip,
        "failed": len(items) - len(tolls),
        "seconds_per_report": mean(reading.seconds for reading in readings),
        "scores": scores,
        "readings": readings,
    }
    with written_whole(out) as file:
        json.dump(as_plain(outcome), file, ensure_ascii=False, indent=1)
    if as_json:
        _print_json(outcome)
        return
    console = Console()
    console.print(toll_table(scores, f"plain peer, {model}"))
    console.print(f"{len(items) - len(tolls)} of {len(items)} failed")
    _print_seconds(console, mean(reading.seconds for reading in readings))
    if misses:
        console.print(toll_misses(scores, {item.id: item.text for item in items}))


def main() -> None:
    """Run the command; an error of ours is one line on stderr and exit code 1."""
    try:
        app()
    except LlmExtractError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


def _part(reports: Sequence[Item], first: int | None, skip: int) -> Sequence[Item]:
    chosen = reports[skip:] if first is None else reports[skip : skip + first]
    if not chosen:
        raise RecordsError(f"nothing is left of {len(reports)} reports after --skip {skip}")
    return chosen


def _outside(
    which: OutsideSet,
    files: Sequence[Path],
    columns: Sequence[str] | None,
    first: int | None,
    skip: int,
) -> Chosen:
    """The chosen items; files are read no further than to the last of them.

    Rows that can't be read are named on stderr, those with nothing to score are counted there.
    """
    console = Console(stderr=True)
    items: list[OutsideItem] = []
    passed = left_out = nothing = 0
    for entry in read_set(which, files, read_mapping(columns or [])):
        if isinstance(entry, OutsideItem):
            passed += 1
            if passed > skip:
                items.append(entry)
            if len(items) == first:
                break
        elif entry.broken:
            left_out += 1
            if left_out <= MAX_LINES:
                console.print(Text(f"left out: {entry.place}: {entry.why}"), soft_wrap=True)
        else:
            nothing += 1
    if left_out:
        console.print(Text(f"{left_out} rows left out, as they can't be read", style="yellow"))
    if nothing:
        console.print(Text(f"{nothing} rows passed over, without a text or a labelled toll"))
    if not items:
        raise RecordsError(f"nothing is left of {passed} reports after --skip {skip}")
    return Chosen(items, left_out)


def _stored(path: Path) -> dict[str, Record]:
    return {record.report.id: record for record in read_records(path)}


def _read(record: Record | None) -> CasualtyReport | None:
    """The claims of a record; None where reading failed or no record stands."""
    return None if record is None or record.disposition == "failed" else as_report(record)


def _warn_missing(wanted: Sequence[str], found: Mapping[str, Record]) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        line = f"{len(missing)} of {len(wanted)} reports have no record and count as failed"
        Console(stderr=True).print(Text(line, style="yellow"))


def _seconds(found: Mapping[str, Record], wanted: Sequence[str]) -> float | None:
    spent = [
        record.provenance.seconds
        for name in wanted
        if (record := found.get(name)) is not None and record.provenance is not None
    ]
    return mean(spent) if spent else None


def _gold_score(report: GoldReport, record: Record | None) -> ReportScore:
    disposition = record.disposition if record is not None else "failed"
    ledger = read_ledger(report.text, report.language)
    numbers = {n for mention in ledger.mentions for n in (mention.value, mention.upper)}
    return score_report(
        report.gold,
        _read(record),
        disposition=disposition,
        printed={number for number in numbers if number is not None},
    )


def _record_tolls(items: Sequence[OutsideItem], found: Mapping[str, Record]) -> dict[str, Tolls]:
    """The tolls of every item that was read; a failed report has none."""
    tolls: dict[str, Tolls] = {}
    for item in items:
        report = _read(found.get(item.id))
        if report is not None:
            tolls[item.id] = {
                outcome: document_toll(
                    report.claims, outcome, non_combatants=item.non_combatants, text=item.text
                )
                for outcome in OUTCOMES
            }
    return tolls


def _toll_scores(items: Sequence[OutsideItem], tolls: Mapping[str, Tolls]) -> TollScores:
    """The scores by language and outcome; an item without tolls is wrong."""
    labelled: dict[str, dict[LabelledOutcome, list[LabelledToll]]] = {}
    for item in items:
        outcomes = labelled.setdefault(item.language, {outcome: [] for outcome in OUTCOMES})
        for outcome, label in item.labels.items():
            if label is not None:
                toll = tolls.get(item.id, {}).get(outcome)
                outcomes[outcome].append(LabelledToll(item.id, label, toll))
    return {
        language: {outcome: score_tolls(found) for outcome, found in outcomes.items()}
        for language, outcomes in labelled.items()
    }


def _print_json(value: object) -> None:
    print(json.dumps(as_plain(value), ensure_ascii=False, indent=1))


def _print_seconds(console: Console, seconds: float | None) -> None:
    if seconds is not None:
        console.print(f"{seconds:.1f} s a report")


async def _read_all(items: Sequence[OutsideItem], endpoint: Endpoint) -> list[PlainReading]:
    reports = [(item.id, item.text) for item in items]
    done: list[PlainReading] = []
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("plain peer", total=len(reports))
        async for reading in read_plainly(reports, endpoint):
            done.append(reading)
            progress.advance(bar)
    return done


if __name__ == "__main__":
    main()
