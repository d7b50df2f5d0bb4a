"""`llm-extract show`: claims and findings of records as terminal tables."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from llm_extract.cli.console import out
from llm_extract.cli.results import records_file
from llm_extract.cli.tables import record_view
from llm_extract.errors import RecordsError
from llm_extract.export import read_records


def show(
    place: Annotated[
        Path, typer.Argument(metavar="RECORDS", help="A run's --out folder or a file of records.")
    ],
    report_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Only this report, with its evidence.")
    ] = None,
) -> None:
    """Show the claims of reports as a tree (a part below its whole) and what the rules found.

    ≥ is "at least", > "more than", ≤ "at most", < "fewer than", ~ "about"; (summed) is a total that
    the report does not print.
    """
    file = records_file(place)
    if report_id is None:
        for record in read_records(file):
            out.print(record_view(record))
        return
    known = []
    for record in read_records(file):
        if record.report.id == report_id:
            out.print(record_view(record, with_evidence=True))
            return
        known.append(record.report.id)
    close = get_close_matches(report_id, known) or known[:3]
    hint = f"; there is {', '.join(map(repr, close))}" if close else ""
    raise RecordsError(f"{file} holds no report {report_id!r}{hint}")
