"""`llm-extract audit`: whether anybody changed what reviewers decided."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from llm_extract.cli.console import err, out, plain, say
from llm_extract.cli.failures import FOUND, Program
from llm_extract.cli.places import read_place
from llm_extract.review.audit import verify as verify_log

app = typer.Typer(
    cls=Program,
    no_args_is_help=True,
    epilog="Exit codes: 0 the log is whole, 1 it is not, 2 wrong usage, 3 store trouble.\n\n"
    "Example: llm-extract audit verify --store results/mine",
)


@app.callback()
def audit() -> None:
    """Check the log of review."""


@app.command()
def verify(
    store_place: Annotated[
        str,
        typer.Option("--store", envvar="LLM_EXTRACT_STORE", metavar="PLACE", help="The store."),
    ] = "results",
    expect: Annotated[
        str | None,
        typer.Option(metavar="HASH", help="The hash of an earlier audit, kept elsewhere."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, nothing else.")
    ] = False,
) -> None:
    """Check each row of the log against the one before it, and all decisions against the log.

    The last hash stands for the whole log. Keep it where the store's owner cannot write, and name
    it with --expect next time: then not even a log that was written anew from some row on, or cut
    off at its end, goes unnoticed.
    """
    with read_place(store_place) as store, err.status("Checking the log …") as status:
        found = verify_log(
            store.engine,
            lambda done, total: status.update(f"Checking the log: {done:,} of {total:,} rows"),
            expect,
        )
    if as_json:
        print(json.dumps(asdict(found)))
    else:
        for problem in found.problems:
            say(f"broken: {problem}", "red")
        if not found.problems:
            say(f"the log is whole: {found.rows:,} rows", "green")
        out.print(plain(found.head), soft_wrap=True)
    if found.problems:
        raise typer.Exit(FOUND)
