"""What all commands of `llm-extract review` ask for: the store, and who one is."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

Place = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="LLM_EXTRACT_STORE",
        metavar="PLACE",
        help="A run's --out folder, a store's folder or file, or the URL of a PostgreSQL database.",
    ),
]

OwnName = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Who you are; default: your user name.")
]

CaseNumbers = Annotated[
    list[int] | None, typer.Option("--case", metavar="NUMBER", help="Only this case; repeatable.")
]


def own_name(name: str | None) -> str:
    """The name under which the log keeps what is decided: the one given, else the user's."""
    return (name or getpass.getuser()).strip()[:64]
