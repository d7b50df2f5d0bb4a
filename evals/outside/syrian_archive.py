"""Investigations of the Syrian Archive in two languages, as JSON lines with a fact box each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from llm_extract.documents.rows import PlacedRow
from llm_extract.evals.outside.files import read_json_lines
from llm_extract.evals.outside.item import Entry, OutsideItem, make_item, read_rows
from llm_extract.evals.outside.json_labels import json_day, json_field, json_labels


def read_syrian_archive(path: Path) -> Iterator[Entry]:
    """The investigations of one file (id, lang, header_text, text, labels).

    The text is the fact box, an empty line and the body. Its tolls are of all people, its zeros are
    printed denials. Raises RecordsError where the file can't be opened.
    """
    return read_rows(path, read_json_lines(path), _item)


def _item(row: PlacedRow) -> OutsideItem | None:
    parts = (json_field(row.cells, name).strip() for name in ("header_text", "text"))
    return make_item(
        json_field(row.cells, "id"),
        "\n\n".join(part for part in parts if part),
        json_field(row.cells, "lang"),
        json_day(row.cells),
        json_labels(row.cells),
    )
