"""The Files API, as far as batches need it: uploads by multipart form, content, lists, deletion."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

from model_server.faults import Outcome, error

MOST_LISTED_FILES = 10_000
BINARY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file: `purpose` is batch for inputs, batch_output for what batches write."""

    id: str
    filename: str
    purpose: str
    data: bytes
    created_at: int

    def value(self) -> dict[str, Any]:
        """The file object of the API."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.data),
            "created_at": self.created_at,
            "expires_at": None,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
            "status_details": None,
        }


class Files:
    """All files of the server, in the order of their making."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}
        self._made = 0

    def add(self, filename: str, purpose: str, data: bytes) -> StoredFile:
        """Keep a file under a new id."""
        self._made += 1
        made = StoredFile(f"file-{new_id(self._made)}", filename, purpose, data, int(time.time()))
        self._files[made.id] = made
        return made

    def get(self, id: str) -> StoredFile | None:
        """The file, None when there is none of that id."""
        return self._files.get(id)

    def delete(self, id: str) -> Outcome:
        """Forget a file."""
        if self._files.pop(id, None) is None:
            return no_such("File", id)
        return answer({"id": id, "object": "file", "deleted": True})

    def listing(self, query: str) -> Outcome:
        """Newest first, by the query's purpose, limit, order and after."""
        options = parse_qs(query)
        purpose = options.get("purpose", [None])[0]
        found = [each for each in self._files.values() if purpose in (None, each.purpose)]
        if options.get("order", ["desc"])[0] == "desc":
            found.reverse()
        return page([each.value() for each in found], query, MOST_LISTED_FILES)


def form_fields(content_type: str, body: bytes) -> dict[str, tuple[str, bytes]] | None:
    """Name to file name ("" for a plain field) and value; None for what is no multipart form."""
    kind, _, rest = content_type.partition(";")
    _, _, boundary = rest.partition("boundary=")
    if kind.strip() != "multipart/form-data" or not boundary:
        return None
    mark = b"--" + boundary.strip().strip('"').encode()
    fields = {}
    for part in body.split(mark)[1:-1]:
        head, _, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        named = {
            key.strip().lower(): text.strip('"')
            for line in head.decode("utf-8", "replace").split("\r\n")
            if line.lower().startswith("content-disposition:")
            for key, _, text in (each.partition("=") for each in line.split(";"))
        }
        fields[named.get("name", "")] = (named.get("filename", ""), value.removesuffix(b"\r\n"))
    return fields


def page(values: Sequence[dict[str, Any]], query: str, most: int) -> Outcome:
    """One page of a list: up to `limit` values behind the one with the id `after`."""
    options = parse_qs(query)
    limit = options.get("limit", [str(most)])[0]
    if not limit.isdigit() or int(limit) < 1:
        return error(400, f"Invalid limit {limit!r}", "invalid_request_error", param="limit")
    start = 0
    if after := options.get("after", [""])[0]:
        ids = [value["id"] for value in values]
        if after not in ids:
            return no_such("object", after)
        start = ids.index(after) + 1
    shown = values[start : start + int(limit)]
    return answer(
        {
            "object": "list",
            "data": list(shown),
            "first_id": shown[0]["id"] if shown else None,
            "last_id": shown[-1]["id"] if shown else None,
            "has_more": start + len(shown) < len(values),
        }
    )


def answer(value: dict[str, Any]) -> Outcome:
    """200 with a JSON object."""
    return Outcome(200, json.dumps(value).encode())


def no_such(kind: str, id: str) -> Outcome:
    """404."""
    return error(404, f"No such {kind} object: {id}", "invalid_request_error", param="id")


def new_id(number: int) -> str:
    """The random-looking part of the id of the n-th object."""
    return sha256(f"object {number}".encode()).hexdigest()[:32]
