"""`llm-extract show`: claims and findings of records as terminal tables."""

from __future__ import annotations

from typing import Annotated

import typer

from llm_extract.cli.console import out
from llm_extract.cli.results import JobNumber, RecordsPlace, open_records
from llm_extract.cli.tables import record_view


def show(
    place: RecordsPlace,
    report_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Only this report, with its evidence.")
    ] = None,
    job: JobNumber = None,
) -> None:
    """Show the claims of reports as a tree (a part below its whole) and what the rules found.

    ≥ is "at least", > "more than", ≤ "at most", < "fewer than", ~ "about"; (summed) is a total that
    the report does not print.
    """
    with open_records(place, job) as records:
        if report_id is not None:
            out.print(record_view(records.one(report_id), with_evidence=True))
            return
        for record in records.all():
            out.print(record_view(record))
