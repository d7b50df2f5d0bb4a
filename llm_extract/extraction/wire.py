"""What goes over the wire: JSON Schemas in the form that strict structured output accepts.

All keys are required, no key is added, definitions are inlined: nested references break llama.cpp's
grammar, and hosted servers refuse open objects.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Base of what a model is asked to fill for one passage."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
        """The strict schema: instructor puts what this returns into the request."""
        return _strict_schema(cls)


@lru_cache(maxsize=512)
def _strict_schema(answer: type[Wire]) -> dict[str, Any]:
    """Built once for each model of an answer: requests with the same choices share it."""
    return strict(super(Wire, answer).model_json_schema())


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON Schema with definitions inlined, every key required and no other key allowed."""
    definitions = schema.get("$defs", {})

    def closed(node: Any) -> Any:
        if isinstance(node, list):
            return [closed(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            target = definitions[node["$ref"].removeprefix("#/$defs/")]
            rest = {key: value for key, value in node.items() if key != "$ref"}
            return closed({**target, **rest})
        kept = {
            key: {name: closed(part) for name, part in value.items()}
            if key == "properties"
            else closed(value)
            for key, value in node.items()
            if key not in ("$defs", "default") and not (key == "title" and isinstance(value, str))
        }
        if kept.get("type") == "object" or "properties" in kept:
            kept["required"] = list(kept.get("properties", {}))
            kept["additionalProperties"] = False
        return kept

    inlined: dict[str, Any] = closed(schema)
    return inlined


def without_keys(schema: Any, left_out: frozenset[str]) -> Any:
    """A JSON Schema without some of its keywords; properties of such a name are kept."""
    if isinstance(schema, list):
        return [without_keys(item, left_out) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: without_keys(part, left_out) for name, part in value.items()}
        if key == "properties"
        else without_keys(value, left_out)
        for key, value in schema.items()
        if key not in left_out
    }


def compact(reply: dict[str, Any]) -> str:
    """JSON without spaces: examples in this form keep a model from spending tokens on them."""
    return json.dumps(reply, ensure_ascii=False, separators=(",", ":"))
