"""Fields and labels of the sets that come as JSON lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from llm_extract.documents.text import shown
from llm_extract.evals.outside.item import OUTCOMES, Labels, RowError
from llm_extract.evals.tolls import TollLabel, exactly

Row = Mapping[str, object]


def json_field(row: Row, name: str) -> str:
    """The words of a field, "" for null. Raises RowError where the row has no such field."""
    if name not in row:
        raise RowError(f"the row has no {name}; is it a file of this set?")
    value = row[name]
    return "" if value is None else str(value)


def json_labels(row: Row) -> Labels:
    """The tolls under `labels`: a number, a range `{"min", "max"}` whose end may be open, or null.

    Raises:
        RowError: there are no labels, or one has another form.
    """
    labels = _labels(row)
    return {outcome: _label(outcome, labels.get(outcome)) for outcome in OUTCOMES}


def json_day(row: Row) -> date | None:
    """The day under `labels`, None where it is null or missing.

    Raises:
        RowError: there are no labels, or the day is not written as 2024-12-05.
    """
    day = _labels(row).get("date")
    if not day:
        return None
    try:
        return date.fromisoformat(str(day))
    except ValueError as error:
        raise RowError(f"date holds {shown(str(day), 40)!r}; write it as 2024-12-05") from error


def _labels(row: Row) -> Row:
    labels = row.get("labels")
    if not isinstance(labels, Mapping):
        raise RowError("the row has no labels; is it a file of this set?")
    return labels


def _label(outcome: str, value: object) -> TollLabel | None:
    match value:
        case None:
            return None
        case bool():
            pass
        case int() if value >= 0:
            return exactly(value)
        case {"min": int(low), "max": int() | None as high} if low >= 0 and (
            high is None or low <= high
        ):
            return TollLabel(low, high)
    raise RowError(
        f'{outcome} holds {shown(str(value), 40)!r}; write a number, {{"min": 5, "max": 6}} or null'
    )
