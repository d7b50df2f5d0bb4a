"""What all commands of `llm-extract review` ask for: the store, and who one is."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from llm_extract.errors import ReviewError

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
    """The name under which the log keeps what is decided: the one given, else the user's.

    Raises ReviewError (name) when there is neither, as in a container whose user has no name.
    """
    try:
        told = (getpass.getuser() if name is None else name).strip()[:64]
    except (OSError, KeyError):
        told = ""
    if not told:
        raise ReviewError("the log has to name who decides: say who you are by --name", code="name")
    return told
