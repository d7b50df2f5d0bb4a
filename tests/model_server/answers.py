"""What the model says to a request: a small valid instance of any JSON schema, and its tokens."""

from __future__ import annotations

import json
import marshal
import math
from dataclasses import dataclass
from typing import Any

from model_server.ledger import Tokens
from model_server.script import Script, Usage

BYTES_PER_TOKEN = 4
MARSHAL_WITHOUT_REFERENCES = 2
"""Format version in which equal values give equal bytes."""
LONGEST_CACHE = 1000
"""Schemas whose instance is kept: programs send a handful."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model made of a request: the only choice, and the tokens that are charged."""

    content: str | None
    tokens: Tokens
    finish_reason: str = "stop"
    refusal: str | None = None
    choices: bool = True
    tells_usage: bool = True

    def body(self, model: str, number: int) -> bytes:
        """The chat completion as the wire has it."""
        message = {"role": "assistant", "content": self.content, "refusal": self.refusal}
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": self.finish_reason,
        }
        tokens = self.tokens
        completion: dict[str, Any] = {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": model,
            "choices": [choice] if self.choices else [],
        }
        if self.tells_usage:
            completion["usage"] = {
                "prompt_tokens": tokens.prompt,
                "completion_tokens": tokens.completion,
                "total_tokens": tokens.prompt + tokens.completion,
                "prompt_tokens_details": {"cached_tokens": tokens.cached},
                "completion_tokens_details": {"reasoning_tokens": tokens.reasoning},
            }
        return json.dumps(completion).encode()


class Answers:
    """Makes replies as a script wants them."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._filled: dict[bytes, str] = {}

    def reply(self, asked: dict[str, Any], size: int) -> Reply:
        """The reply to a request whose body has `size` bytes.

        Raises ValueError for a schema that cannot be filled.
        """
        content = self._content(asked)
        return Reply(content, tokens_of(size, content, self._script.usage))

    def _content(self, asked: dict[str, Any]) -> str:
        if self._script.answer == "echo":
            return self._script.content
        if self._script.answer == "empty":
            return ""
        schema = schema_of(asked)
        if schema is None:
            return "{}"
        key = marshal.dumps(schema, MARSHAL_WITHOUT_REFERENCES)
        content = self._filled.get(key)
        if content is None:
            if len(self._filled) >= LONGEST_CACHE:
                self._filled.clear()
            content = self._filled[key] = json.dumps(smallest(schema), separators=(",", ":"))
        return content


def tokens_of(size: int, content: str, usage: Usage) -> Tokens:
    """Tokens of a request of `size` bytes answered with the content."""
    prompt = size // BYTES_PER_TOKEN
    return Tokens(
        prompt=prompt,
        cached=int(prompt * usage.cached_share),
        completion=-(-len(content.encode()) // BYTES_PER_TOKEN) + usage.reasoning,
        reasoning=usage.reasoning,
    )


def schema_of(asked: dict[str, Any]) -> dict[str, Any] | None:
    """The JSON schema a request wants its reply in; None when it names none.

    Looked for in `response_format` (OpenAI's form and llama.cpp's), then after the last code fence
    `json_schema` or the word of a system message, where clients put it in JSON mode.
    """
    wanted = asked.get("response_format") or {}
    named = wanted.get("json_schema") or {}
    schema = named.get("schema") or wanted.get("schema")
    if schema is not None or wanted.get("type") != "json_object":
        return schema
    for message in asked.get("messages", []):
        text = message.get("content")
        if message.get("role") == "system" and isinstance(text, str):
            found = _schema_in(text)
            if found is not None:
                return found
    return None


def smallest(schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
    """A small instance of a JSON schema: null where allowed, else the first and shortest.

    Takes no notice of `pattern`, `format` and `not`; raises ValueError for a schema without type.
    """
    root = schema if root is None else root
    if "$ref" in schema:
        return smallest(_resolved(schema["$ref"], root), root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return None if None in schema["enum"] else schema["enum"][0]
    for word in ("anyOf", "oneOf"):
        if word in schema:
            options = schema[word]
            null = next((each for each in options if each.get("type") == "null"), None)
            return None if null is not None else smallest(options[0], root)
    if "allOf" in schema:
        return smallest(_merged(schema, root), root)
    kind = schema.get("type", "object" if "properties" in schema else None)
    if isinstance(kind, list):
        kind = "null" if "null" in kind else kind[0]
    return _of_type(kind, schema, root)


def _of_type(kind: str | None, schema: dict[str, Any], root: dict[str, Any]) -> Any:
    match kind:
        case "null":
            return None
        case "boolean":
            return False
        case "string":
            return "x" * schema.get("minLength", 0)
        case "integer" | "number":
            return _number(kind, schema)
        case "array":
            given = [smallest(each, root) for each in schema.get("prefixItems", [])]
            missing = max(0, schema.get("minItems", 0) - len(given))
            return given + [smallest(schema.get("items", {"type": "null"}), root)] * missing
        case "object":
            properties = schema.get("properties", {})
            return {
                name: smallest(properties[name], root)
                for name in schema.get("required", [])
                if name in properties
            }
    raise ValueError(f"no instance of a schema with the keys {', '.join(schema) or '(none)'}")


def _number(kind: str, schema: dict[str, Any]) -> float:
    """0, or what is nearest to it within the bounds."""
    step = 1 if kind == "integer" else 0.5
    least = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf) + step)
    most = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf) - step)
    nearest: float = max(least, min(0, most))
    return nearest


def _resolved(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    node: Any = root
    for part in reference.removeprefix("#/").split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    found: dict[str, Any] = node
    return found


def _merged(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """`allOf` in one schema: keys of later parts win, properties and required add up."""
    merged: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema["allOf"]:
        part = _resolved(part["$ref"], root) if "$ref" in part else part
        properties = {**merged.get("properties", {}), **part.get("properties", {})}
        required = [*merged.get("required", []), *part.get("required", [])]
        merged = {**merged, **part}
        if properties:
            merged |= {"properties": properties, "required": required}
    return merged


def _schema_in(text: str) -> dict[str, Any] | None:
    """The first JSON object in the text that is a schema of an object."""
    decoder = json.JSONDecoder()
    start = text.find("{")
    while start >= 0:
        try:
            found, _ = decoder.raw_decode(text, start)
        except ValueError:
            found = None
        if isinstance(found, dict) and isinstance(found.get("properties"), dict):
            return found
        start = text.find("{", start + 1)
    return None
