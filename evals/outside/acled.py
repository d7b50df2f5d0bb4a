"""ACLED's event tables, as the export tool and the API write them: an event a row with a note."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from llm_extract.documents.rows import PlacedRow
from llm_extract.evals.outside.cells import day, people, words
from llm_extract.evals.outside.files import open_table, require_columns
from llm_extract.evals.outside.item import Entry, OutsideItem, above_zero, make_item, read_rows
from llm_extract.evals.tolls import exactly

COLUMNS = ("event_id_cnty", "event_date", "notes", "fatalities")


def read_acled(path: Path) -> Iterator[Entry]:
    """The events with fatalities; the set counts no injured.

    The text is `notes`. The label is `fatalities`, of all people, armed ones too; 0 says that none
    are known and is no label. Where sources print no number the set puts in an estimate, which its
    note need not show: look at misses before believing them. Days come as "28 December 2022" or
    2022-12-28.

    Raises:
        RecordsError: the file can't be opened, or a column is missing.
    """
    table = open_table(path)
    require_columns(table, COLUMNS, "ACLED")
    return read_rows(path, table.rows, _item)


def _item(row: PlacedRow) -> OutsideItem | None:
    toll = people(row.cells, "fatalities")
    return make_item(
        words(row.cells, "event_id_cnty"),
        words(row.cells, "notes"),
        "en",
        day(row.cells, "event_date"),
        {"killed": None if toll is None else above_zero(exactly(toll)), "injured": None},
    )
