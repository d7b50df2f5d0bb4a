"""`llm-extract export`: records as a flat table, a row a claim."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from llm_extract.cli.console import say
from llm_extract.cli.results import records_file
from llm_extract.export import read_records, to_csv, to_jsonl, written_whole

WRITERS = {"csv": to_csv, "jsonl": to_jsonl}


def export(
    place: Annotated[
        Path, typer.Argument(metavar="RECORDS", help="A run's --out folder or a file of records.")
    ],
    form: Annotated[
        Literal["csv", "jsonl"], typer.Option("--format", help="Form of the table.")
    ] = "csv",
    out_file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Instead of standard output.")
    ] = None,
) -> None:
    """Write one row for each claim of people and of places, with report, bounds and findings.

    A report without a claim keeps a row of its own. In csv a text that a spreadsheet would run as a
    formula gets an apostrophe before it.
    """
    table = WRITERS[form](read_records(records_file(place)))
    if out_file is None:
        sys.stdout.write(table)
        return
    with written_whole(out_file) as file:
        file.write(table)
    say(f"written: {out_file}")
