"""The Global Terrorism Database, as its xlsx or csv comes: an event a row with an English note.

Columns as in the release of 2018; other releases are read by the same names in any case.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from llm_extract.documents.rows import PlacedRow
from llm_extract.evals.outside.cells import Cells, number, people, words
from llm_extract.evals.outside.files import open_table, require_columns
from llm_extract.evals.outside.item import Entry, OutsideItem, RowError, make_item, read_rows
from llm_extract.evals.tolls import TollLabel, exactly

COLUMNS = (
    *("eventid", "iyear", "imonth", "iday", "summary"),
    *("nkill", "nkillter", "nwound", "nwoundte"),
)


def read_gtd(path: Path) -> Iterator[Entry]:
    """The events that have a note (`summary`: nearly all from 1998 on) and somebody harmed.

    `nkill` and `nwound` count attackers too, `nkillter` and `nwoundte` say how many these are. A
    note may print the toll with them ("twelve, including the bomber") or without. Both readings are
    right, so where attackers were harmed among others the label is the range from the others to
    all; many attackers make it wide. Zeros are no labels, and neither are numbers below 0 (the
    set's unknown) and fractions (a total shared out among linked events).

    Raises:
        RecordsError: the file can't be opened, or a column is missing.
    """
    table = open_table(path)
    require_columns(table, COLUMNS, "GTD")
    return read_rows(path, table.rows, _item)


def _item(row: PlacedRow) -> OutsideItem | None:
    return make_item(
        words(row.cells, "eventid"),
        words(row.cells, "summary"),
        "en",
        _day(row.cells),
        {
            "killed": _label(row.cells, "nkill", "nkillter"),
            "injured": _label(row.cells, "nwound", "nwoundte"),
        },
    )


def _label(cells: Cells, column: str, attackers_column: str) -> TollLabel | None:
    everyone, attackers = _toll(cells, column), _toll(cells, attackers_column) or 0
    if not everyone:
        return None
    if attackers > everyone:
        raise RowError(
            f"{attackers_column} holds {attackers}, more than the {everyone} of {column}; "
            "correct one of the two"
        )
    others = everyone - attackers
    return TollLabel(others, everyone) if others else exactly(everyone)


def _toll(cells: Cells, column: str) -> int | None:
    found = number(cells, column)
    return int(found) if found is not None and found >= 0 and found.is_integer() else None


def _day(cells: Cells) -> date | None:
    """The day of the event, None where month or day is 0, the set's unknown."""
    parts = [people(cells, column) for column in ("iyear", "imonth", "iday")]
    year, month, day = (part or 0 for part in parts)
    if not (year and month and day):
        return None
    try:
        return date(year, month, day)
    except (ValueError, OverflowError) as error:
        raise RowError(
            f"iyear, imonth and iday hold {year}, {month} and {day}, which is no day; "
            "write 0 for what is unknown"
        ) from error
