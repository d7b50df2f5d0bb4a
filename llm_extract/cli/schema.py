"""`llm-extract schema`: the JSON Schema of a record, or of what a model fills."""

from __future__ import annotations

from typing import Annotated

import typer

from llm_extract.export.json_schema import Described, json_schema, to_text


def schema(
    of: Annotated[
        Described,
        typer.Argument(
            help="record: a line of records.jsonl; casualty_report: what a model fills."
        ),
    ] = "record",
) -> None:
    """Print a strict JSON Schema: every key required, no other key, definitions inlined."""
    print(to_text(json_schema(of)), end="")
