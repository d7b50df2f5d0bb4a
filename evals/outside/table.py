"""Any table of reports and tolls (csv, tsv, xlsx) whose columns the user names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from llm_extract.documents.language import detect_language
from llm_extract.documents.rows import PlacedRow
from llm_extract.documents.text import shown
from llm_extract.errors import RecordsError
from llm_extract.evals.outside.cells import Cells, day, typed_label, words
from llm_extract.evals.outside.files import Table, open_table, require_columns
from llm_extract.evals.outside.item import (
    OUTCOMES,
    Entry,
    LabelledOutcome,
    Labels,
    OutsideItem,
    RowError,
    make_item,
    read_rows,
)
from llm_extract.evals.tolls import TollLabel

FIELDS: Final = (
    *("id", "text", "language", "date"),
    *(f"{outcome}{end}" for outcome in OUTCOMES for end in ("", "_low", "_high")),
)
"""What a column can be mapped to."""

Mapped = Mapping[str, str]
"""Field to the name of its column."""


def read_mapping(pairs: Sequence[str]) -> Mapped:
    """The mapping of `FIELD=COLUMN` words.

    Raises:
        RecordsError: a word has another form, or there is no such field.
    """
    mapped: dict[str, str] = {}
    for pair in pairs:
        field, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or field not in FIELDS:
            raise RecordsError(
                f"--map {shown(pair)}: write FIELD=COLUMN; FIELD is one of {', '.join(FIELDS)}"
            )
        mapped[field] = column.casefold()
    return mapped


def read_table(path: Path, mapping: Mapped) -> Iterator[Entry]:
    """The rows with a text and a toll.

    A field that is not mapped is read from the column of its own name, if there is one. Needed are
    `text` and a toll. Without `id` a row is named after its file and number; without `language` it
    is told from the text. A toll cell is a number or a range as people type it ("15-17", "≥15"),
    and 0 is a label; `killed_low` and `killed_high` make the range instead, an empty end is open,
    and `killed` has to lie in it.

    Raises:
        RecordsError: the file can't be opened, or a needed or mapped column is missing.
    """
    table = open_table(path)
    found = _found(table, mapping)
    require_columns(table, list(found.values()), "mapped")
    return read_rows(path, table.rows, partial(_item, found=found, name=path.name))


def _found(table: Table, mapping: Mapped) -> Mapped:
    own = {field: field for field in FIELDS if field in table.columns}
    found = {**own, **mapping}
    tolls = [field for field in found if field.startswith(OUTCOMES)]
    if "text" not in found or not tolls:
        wanted = "text" if "text" not in found else "toll"
        raise RecordsError(
            f"{table.path}: no column is the {wanted}; name it with "
            f"--map {'text' if wanted == 'text' else 'killed'}=COLUMN"
        )
    return found


def _item(row: PlacedRow, found: Mapped, name: str) -> OutsideItem | None:
    cells = {field: row.cells.get(column) for field, column in found.items()}
    text = words(cells, "text")
    id = words(cells, "id") if "id" in found else f"{name}:{row.number}"
    language = words(cells, "language").casefold() or detect_language(text) or ""
    labels: Labels = {outcome: _label(cells, outcome) for outcome in OUTCOMES}
    return make_item(id, text, language, day(cells, "date"), labels)


def _label(cells: Cells, outcome: LabelledOutcome) -> TollLabel | None:
    """The range of the two end cells where one is filled, else what the toll cell says."""
    typed = typed_label(cells, outcome)
    low, high = (typed_label(cells, f"{outcome}_{end}") for end in ("low", "high"))
    if low is None and high is None:
        return typed
    least = 0 if low is None else low.low
    most = None if high is None else high.high
    if most is not None and most < least:
        raise RowError(f"{outcome}_high is below {outcome}_low; exchange them")
    if typed is not None and (typed.low < least or _above(typed.high, most)):
        raise RowError(f"{outcome} lies outside of {outcome}_low to {outcome}_high; correct one")
    return TollLabel(least, most)


def _above(one: int | None, other: int | None) -> bool:
    """Whether an end is above another; None is open."""
    return other is not None and (one is None or one > other)
