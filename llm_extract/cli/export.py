"""`llm-extract export`: records as a flat table, a row a claim."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import typer

from llm_extract.cli.console import say
from llm_extract.cli.results import JobNumber, RecordsPlace, open_records
from llm_extract.export import (
    bytes_written_whole,
    csv_parts,
    jsonl_parts,
    write_parquet,
    written_whole,
)
from llm_extract.record import Record
from llm_extract.store import Job

TEXTS = {"csv": csv_parts, "jsonl": jsonl_parts}

Form = Literal["csv", "jsonl", "parquet"]


def export(
    place: RecordsPlace,
    form: Annotated[Form, typer.Option("--format", help="Form of the table.")] = "csv",
    out_file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Instead of standard output.")
    ] = None,
    job: JobNumber = None,
) -> None:
    """Write one row for each claim of people and of places, with report, bounds and findings.

    A report without a claim keeps a row of its own. In csv a text that a spreadsheet would run as a
    formula gets an apostrophe before it. A job can be exported while it runs.
    """
    if form == "parquet" and out_file is None:
        raise typer.BadParameter("parquet needs a file: name one", param_hint="--out")
    with open_records(place, job) as records:
        if out_file is None:
            sys.stdout.writelines(TEXTS[form](records.all()))
        else:
            _write(records.all(), form, out_file)
            say(f"written: {out_file}")
        if records.job is not None and records.job.state != "done":
            say(_unfinished(records.job), "dim")


def _write(records: Iterable[Record], form: Form, file: Path) -> None:
    if form == "parquet":
        with bytes_written_whole(file) as raw:
            write_parquet(records, raw)
    else:
        with written_whole(file) as text:
            text.writelines(TEXTS[form](records))


def _unfinished(job: Job) -> str:
    sums = job.sums
    more = "" if job.all_read else "; its inputs are not all read yet"
    return (
        f"job {job.id} is {job.state}: {sums.settled:,} of {sums.read:,} reports had a record when "
        f"this began{more}"
    )
