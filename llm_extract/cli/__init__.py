"""The command line: one module a command, each loaded when it is asked for and joined here.

Loading them all takes seconds, since some need the libraries that talk to models; `check` and
`rules` must not wait for these.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.main import get_command

from llm_extract.cli.failures import CHECK_EXIT_CODES, EXIT_CODES, Program

EPILOGS = {
    "run": f"{EXIT_CODES}\n\n"
    "Example: llm-extract run reports/ --published 2026-03-05 --out results",
    "show": "Example: llm-extract show results orsova-10",
    "check": f"{CHECK_EXIT_CODES}\n\n"
    "Example: llm-extract check figures.csv --map killed.total=Toll --reports reports/",
    "rules": "Example: llm-extract rules A02",
    "export": "Example: llm-extract export results --format csv --out claims.csv",
    "schema": "Example: llm-extract schema record > record.schema.json",
}
"""Plain commands in the order of the help, each a function of its own name in its own module."""

GROUPS = ("job", "review", "audit", "eval", "models", "prompts")
"""Commands with commands of their own, each an `app` in its module."""


class Commands(Program):
    """The program; a command's module is imported when the command is first looked at."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All commands, loaded or not."""
        return [*EPILOGS, *GROUPS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name; None when there is none."""
        if cmd_name not in self.commands and cmd_name in self.list_commands(ctx):
            self.add_command(_loaded(cmd_name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As the base does; a mistyped name is compared with every command."""
        if args and args[0] not in self.list_commands(ctx):
            for name in self.list_commands(ctx):
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)


def _loaded(name: str) -> Any:
    module = import_module(f"llm_extract.cli.{name}")
    if name in GROUPS:
        return get_command(module.app)
    alone = typer.Typer(
        add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False
    )
    alone.command(name, epilog=EPILOGS[name])(getattr(module, name))
    return get_command(alone)


def _print_version(asked: bool) -> None:
    if asked:
        print(version("llm-extract"))
        raise typer.Exit


app = typer.Typer(
    name="llm-extract",
    cls=Commands,
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


def main() -> None:
    """Run the program; the entry point of the `llm-extract` script."""
    app()
