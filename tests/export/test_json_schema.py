"""The exported schemas are those of the code, and strict."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from llm_extract.cli import app
from llm_extract.export.json_schema import Described, json_schema, to_text
from llm_extract.record import Record
from llm_extract.schema import CasualtyReport

NAMES: tuple[Described, ...] = ("casualty_report", "record")


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """All object schemas of a schema."""
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield node
        for part in node.values():
            yield from objects(part)
    elif isinstance(node, list):
        for part in node:
            yield from objects(part)


@pytest.mark.parametrize("name", NAMES)
def test_the_files_in_docs_are_in_step_with_the_code(name: Described, project: Path) -> None:
    kept = (project / "docs" / "schema" / f"{name}.json").read_text(encoding="utf-8")
    assert kept == to_text(json_schema(name)), f"run: llm-extract schema {name} > docs/schema/…"


@pytest.mark.parametrize("name", NAMES)
def test_every_object_is_closed_and_wants_all_its_keys(name: Described) -> None:
    found = list(objects(json_schema(name)))
    assert len(found) > 3
    for schema in found:
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])


@pytest.mark.parametrize("name", NAMES)
def test_definitions_are_inlined(name: Described) -> None:
    text = to_text(json_schema(name))
    assert "$ref" not in text and "$defs" not in text


@pytest.mark.parametrize(
    ("name", "model"), [("casualty_report", CasualtyReport), ("record", Record)]
)
def test_the_keys_are_those_of_the_model(name: Described, model: Any) -> None:
    assert list(json_schema(name)["properties"]) == list(model.model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_the_command_prints_what_lies_in_docs(name: Described) -> None:
    printed = CliRunner().invoke(app, ["schema", name])
    assert printed.exit_code == 0
    assert json.loads(printed.stdout) == json_schema(name)
