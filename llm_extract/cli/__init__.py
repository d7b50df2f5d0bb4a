"""The command line: one module a command, joined to one program here."""

from __future__ import annotations

import typer

app = typer.Typer(name="llm-extract", no_args_is_help=True)


@app.callback()
def program() -> None:
    """Turn narrative reports about killed and injured people into strict, checked records."""


def main() -> None:
    """Run the program; the entry point of the `llm-extract` script."""
    app()
