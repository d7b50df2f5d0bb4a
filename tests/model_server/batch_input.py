"""Input files of batches: their requests, and what is wrong with them in OpenAI's codes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from model_server import faults
from model_server.script import BatchApi

CHAT_URL = "/v1/chat/completions"
MOST_ERRORS = 100
"""Errors that are listed of one file."""


@dataclass(frozen=True, slots=True)
class Line:
    """One request of an input file; `body` in the bytes an online client would send."""

    custom_id: str
    model: str
    body: bytes


def checked(
    data: bytes, api: BatchApi, models: tuple[str, ...]
) -> tuple[list[Line], list[dict[str, Any]]]:
    """The requests of an input file, and what is wrong with it; at most MOST_ERRORS errors."""
    rows = data.split(b"\n")
    if rows and not rows[-1].strip():
        rows.pop()
    if not rows:
        return [], [line_error("empty_file", "The input file is empty.")]
    if len(rows) > api.max_requests:
        text = f"The input file has {len(rows)} requests; the limit is {api.max_requests}."
        return [], [line_error("too_many_tasks", text)]
    lines: list[Line] = []
    errors: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, row in enumerate(rows, start=1):
        line = _line(row)
        wrong = line if isinstance(line, tuple) else _wrong(line, seen, lines, models)
        if isinstance(line, Line):
            seen.add(line.custom_id)
            lines.append(line)
        if wrong is not None:
            errors.append(line_error(wrong[0], wrong[1], number))
            if len(errors) == MOST_ERRORS:
                break
    return lines, errors


def line_error(code: str, message: str, line: int | None = None) -> dict[str, Any]:
    """One entry of the list of errors of a batch."""
    return {"code": code, "message": message, "param": None, "line": line}


def _line(row: bytes) -> Line | tuple[str, str]:
    """A request, or the code and text of what is wrong with it by itself."""
    value = faults.parsed(row)
    if value is None:
        return "invalid_json_line", "This line is not parseable as valid JSON."
    for name, kind in (("custom_id", str), ("method", str), ("url", str), ("body", dict)):
        if not isinstance(value.get(name), kind):
            return "missing_required_parameter", f"Missing required parameter: '{name}'."
    if value["method"] != "POST":
        return "invalid_method", "The method must be POST."
    if value["url"] != CHAT_URL:
        return "url_mismatch", "The URL of this request is not the endpoint of the batch."
    body = json.dumps(value["body"], ensure_ascii=False, separators=(",", ":")).encode()
    return Line(value["custom_id"], str(value["body"].get("model")), body)


def _wrong(
    line: Line, seen: set[str], before: list[Line], models: tuple[str, ...]
) -> tuple[str, str] | None:
    """What is wrong with a request among the others."""
    if line.custom_id in seen:
        return "duplicate_custom_id", "The custom_id of this request stands in the file before."
    if before and line.model != before[0].model:
        return "model_mismatch", "All requests of a batch must be for the same model."
    if line.model not in models:
        return "model_not_found", f"The model `{line.model}` does not exist."
    return None
