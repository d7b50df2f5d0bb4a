"""UCDP's georeferenced events (GED and its candidate releases): an event a row with headlines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from llm_extract.documents.rows import PlacedRow
from llm_extract.evals.outside.cells import Cells, day, people, words
from llm_extract.evals.outside.files import Table, open_table, require_columns
from llm_extract.evals.outside.item import Entry, OutsideItem, RowError, make_item, read_rows
from llm_extract.evals.tolls import TollLabel

COLUMNS = ("id", "date_start", "best", "high", "low")
TEXT_COLUMNS = ("source_headline", "source_article")
"""The headlines alone, and headlines with source and date; releases before 2020 have the second
only."""


def read_ucdp(path: Path) -> Iterator[Entry]:
    """The events with somebody killed; the set counts no injured.

    The set has no note: the text is the headlines of its sources (`source_headline`, where that is
    missing or empty `source_article`), which often print no toll. The label is the range from `low`
    to `high`, of all sides' dead; it holds `best`. Where `best` is 0 there is no label.

    Raises:
        RecordsError: the file can't be opened, or a column is missing (a candidate release may come
            without its header line).
    """
    table = open_table(path)
    require_columns(table, (*COLUMNS, *_text_columns(table)), "UCDP GED")
    return read_rows(path, table.rows, partial(_item, text_columns=_text_columns(table)))


def _text_columns(table: Table) -> tuple[str, ...]:
    """The text columns that are there; where none is, the first, which is then missing."""
    return tuple(name for name in TEXT_COLUMNS if name in table.columns) or TEXT_COLUMNS[:1]


def _item(row: PlacedRow, text_columns: tuple[str, ...]) -> OutsideItem | None:
    texts = (words(row.cells, column) for column in text_columns)
    return make_item(
        words(row.cells, "id"),
        next((text for text in texts if text), ""),
        "en",
        day(row.cells, "date_start"),
        {"killed": _label(row.cells), "injured": None},
    )


def _label(cells: Cells) -> TollLabel | None:
    best, low, high = (people(cells, column) for column in ("best", "low", "high"))
    if not best:
        return None
    low = best if low is None else low
    high = best if high is None else high
    if not low <= best <= high:
        raise RowError(
            f"best holds {best}, outside of low {low} to high {high}; correct one of the three"
        )
    return TollLabel(low, high)
