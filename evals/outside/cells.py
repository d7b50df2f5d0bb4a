"""What one cell of a publisher's table says: words, whole numbers, days, labels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from llm_extract.documents.columns import parse_date
from llm_extract.documents.text import shown
from llm_extract.evals.outside.item import RowError
from llm_extract.evals.tolls import TollLabel, exactly
from llm_extract.handmade.figures import NOT_STATED, count_of
from llm_extract.schema import Count

Cells = Mapping[str, object]


def words(cells: Cells, column: str) -> str:
    """The cell as words without outer space; whole floats, as spreadsheets keep ids, without
    `.0`, and "" for an empty cell."""
    cell = cells.get(column)
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()


def number(cells: Cells, column: str) -> float | None:
    """The cell's number, of any sign and with any fraction; None where the cell states none.

    Raises:
        RowError: the cell holds something else.
    """
    text = words(cells, column)
    if text.casefold() in NOT_STATED:
        return None
    try:
        found = float(text) if "_" not in text else None
    except ValueError:
        found = None
    if found is None or found - found != 0 or isinstance(cells.get(column), bool):
        raise _unreadable(cells, column, "write a number or leave the cell empty")
    return found


def people(cells: Cells, column: str) -> int | None:
    """The cell's number of people, None where the cell states none.

    Raises:
        RowError: the cell holds no whole number from 0 on.
    """
    found = number(cells, column)
    if found is None:
        return None
    if found < 0 or not found.is_integer():
        raise _unreadable(cells, column, "write a whole number from 0 on or leave the cell empty")
    return int(found)


def day(cells: Cells, column: str) -> date | None:
    """The cell's day, None where the cell is empty.

    Raises:
        RowError: the cell holds no day, or one that can be read in two ways, such as 05/12/2024.
    """
    cell = cells.get(column)
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = words(cells, column)
    if text.casefold() in NOT_STATED:
        return None
    try:
        return parse_date(text)
    except ValueError as error:
        raise _unreadable(cells, column, "write the day as 2024-12-05") from error


def typed_label(cells: Cells, column: str) -> TollLabel | None:
    """The label of a cell typed by hand: `34`, `15-17`, `≥15`, `about 30`; 0 is a label too.

    Bounds are the printed numbers, as in `document_toll`: "more than 20" is 20 or more.

    Raises:
        RowError: the cell is none of these.
    """
    try:
        count = count_of(words(cells, column))
    except ValueError as error:
        raise _unreadable(cells, column, str(error)) from error
    if count is None:
        return None
    label = _label_of(count)
    if label is None:
        raise _unreadable(cells, column, "write a number such as 34 or 15-17")
    return label


def _label_of(count: Count) -> TollLabel | None:
    value = count.value
    if value is None or (count.upper is not None and count.upper < value):
        return None
    if count.qualifier in ("at_least", "more_than"):
        return TollLabel(value, count.upper)
    if count.qualifier in ("at_most", "fewer_than"):
        return TollLabel(0, value)
    return exactly(value) if count.upper is None else TollLabel(value, count.upper)


def _unreadable(cells: Cells, column: str, advice: str) -> RowError:
    return RowError(f"{column} holds {shown(words(cells, column), 40)!r}; {advice}")
