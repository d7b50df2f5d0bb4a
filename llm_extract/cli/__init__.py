"""The command line: one module a command, joined to one program here."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from llm_extract.cli import export, models, prompts, run, schema, show
from llm_extract.cli.failures import EXIT_CODES, Program


def _print_version(asked: bool) -> None:
    if asked:
        print(version("llm-extract"))
        raise typer.Exit


app = typer.Typer(
    name="llm-extract",
    cls=Program,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    epilog=f"{EXIT_CODES}\n\nExample: llm-extract run reports/ --out results",
)


@app.callback()
def program(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print it and exit."
        ),
    ] = False,
) -> None:
    """Turn narrative reports about killed and injured people into strict, checked records."""


app.command(
    epilog=f"{EXIT_CODES}\n\nExample: llm-extract run reports/ --published 2026-03-05 --out results"
)(run.run)
app.command(epilog="Example: llm-extract show results orsova-10")(show.show)
app.command(epilog="Example: llm-extract export results --format csv --out claims.csv")(
    export.export
)
app.command(epilog="Example: llm-extract schema record > record.schema.json")(schema.schema)
app.add_typer(models.app, name="models")
app.add_typer(prompts.app, name="prompts")


def main() -> None:
    """Run the program; the entry point of the `llm-extract` script."""
    app()
