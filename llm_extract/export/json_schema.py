"""The schema and the record as JSON Schema, for readers and servers that are not Python.

Strict and whole: every key required, no other key allowed, definitions inlined.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from llm_extract.extraction.wire import strict
from llm_extract.record import Record
from llm_extract.schema import CasualtyReport

Described = Literal["casualty_report", "record"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(of: Described) -> dict[str, Any]:
    """The JSON Schema of what a model fills (`casualty_report`) or of a line of records.jsonl."""
    model = CasualtyReport if of == "casualty_report" else Record
    schema = strict(model.model_json_schema(mode="serialization"))
    return {"$schema": DIALECT, "title": model.__name__, **schema}


def to_text(schema: dict[str, Any]) -> str:
    """A schema as it lies in `docs/schema/`, line end included."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
