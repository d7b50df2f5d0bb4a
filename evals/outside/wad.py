"""Event notes of the Worldwide Atrocities Dataset, as JSON lines of id, text and labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from llm_extract.documents.rows import PlacedRow
from llm_extract.evals.outside.files import read_json_lines
from llm_extract.evals.outside.item import Entry, OutsideItem, above_zero, make_item, read_rows
from llm_extract.evals.outside.json_labels import json_day, json_field, json_labels


def read_wad(path: Path) -> Iterator[Entry]:
    """The notes of one file.

    Its tolls are of non-combatants. Its zeros are dropped: they say that nobody was harmed, and few
    notes print that. Raises RecordsError where the file can't be opened.
    """
    return read_rows(path, read_json_lines(path), _item)


def _item(row: PlacedRow) -> OutsideItem | None:
    labels = json_labels(row.cells)
    return make_item(
        json_field(row.cells, "id"),
        json_field(row.cells, "text"),
        "en",
        json_day(row.cells),
        {outcome: above_zero(label) for outcome, label in labels.items()},
        non_combatants=True,
    )
