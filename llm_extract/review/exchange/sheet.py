"""Sheets: cases for colleagues who work in a spreadsheet, a row a claim; written as csv and xlsx.

A cell of text is never a formula: csv gets an apostrophe before what could be one, xlsx holds it as
text. Columns that say which claim a row is about are hidden or locked; what may be edited is not.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, TextIO

from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.cell import Cell  # type: ignore[import-untyped]
from openpyxl.styles import Alignment, Font, PatternFill, Protection  # type: ignore[import-untyped]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

from llm_extract.changes import COUNT, PLAIN_SLOTS
from llm_extract.export.csv import defused
from llm_extract.record import RecordClaim, RecordCount
from llm_extract.review.cases import Case
from llm_extract.review.content import Item

KEYS = ("case", "version", "claim")
SHOWN = ("report", "other groups", "quote")
FIGURES = PLAIN_SLOTS
NAMES = ("claimant", "perpetrators", "places")
COLUMNS = (
    *("case", "version", "report", "claim", "happened"),
    *FIGURES,
    *("other groups", *NAMES, "note", "quote"),
)
"""In their order. A place that is counted has its number under total."""

EDITABLE = frozenset({"happened", *FIGURES, *NAMES, "note"})

LIST_MARK = "; "
MOST_LETTERS = 2000
"""Of a quote; a cell of xlsx holds 32,767."""

_WIDTHS = {"report": 24, "happened": 12, "other groups": 20, "quote": 80, "note": 30}
_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

SUMMED = "(summed)"
"""Follows a total that no words print."""


def rows_of(case: Case) -> list[dict[str, str]]:
    """The rows of a case, a claim or facility each, as text."""
    return [cells_of(case, item) for item in case.content.items]


def cells_of(case: Case, item: Item) -> dict[str, str]:
    """The cells of a claim by column."""
    cells = {
        "case": str(case.pk),
        "version": str(case.version),
        "report": case.report_id,
        "claim": item.id,
        "happened": item.outcome if isinstance(item, RecordClaim) else item.effect,
        "claimant": item.claimant or "",
        "perpetrators": LIST_MARK.join(item.perpetrators),
        "places": LIST_MARK.join(item.places),
        "note": "",
        "quote": " … ".join(quote.quote for quote in item.evidence)[:MOST_LETTERS],
    }
    if isinstance(item, RecordClaim):
        cells |= {slot: figure_words(getattr(item, slot)) for slot in FIGURES}
        groups = [f"{p.label or p.group} {figure_words(p.count)}" for p in item.subgroups]
        cells["other groups"] = LIST_MARK.join(groups)
    else:
        cells |= {"total": figure_words(item.count)}
    return {name: _UNSHOWN.sub("\ufffd", cells.get(name, "")) for name in COLUMNS}


def figure_words(count: RecordCount | None) -> str:
    """A number as people type it: 14, at least 14, 10 to 20, the words of a vague one."""
    if count is None:
        return ""
    if count.value is None:
        return count.as_written
    if count.basis == "derived":
        return f"{count.value} {SUMMED}"
    if count.upper is not None:
        return f"{count.value} to {count.upper}"
    if count.qualifier in ("exact", "range", "vague"):
        return str(count.value)
    return f"{count.qualifier.replace('_', ' ')} {count.value}"


def slot_of_column(item: Item, column: str) -> str:
    """The slot that a column of figures is for an item."""
    return column if isinstance(item, RecordClaim) else COUNT


# --- written ----------------------------------------------------------------------------------


def csv_parts(cases: Iterable[Case]) -> Iterator[str]:
    """The sheet as csv, in parts; it begins with a byte order mark, by which Excel takes UTF-8."""
    yield "\ufeff" + _line(COLUMNS)
    for case in cases:
        for cells in rows_of(case):
            yield _line([defused(cells[name]) for name in COLUMNS])


def write_csv(cases: Iterable[Case], file: TextIO) -> None:
    """Write the sheet as csv."""
    file.writelines(csv_parts(cases))


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def write_xlsx(cases: Iterable[Case], file: BinaryIO) -> None:
    """Write the sheet as xlsx: keys locked, the case's number and version hidden."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "claims"
    sheet.append(list(COLUMNS))
    for case in cases:
        for cells in rows_of(case):
            _fill(sheet.max_row + 1, sheet, cells)
    for place, name in enumerate(COLUMNS, start=1):
        sheet.cell(1, place).font = Font(bold=True)
        column = sheet.column_dimensions[get_column_letter(place)]
        column.width = _WIDTHS.get(name, 10 if name in FIGURES else 22)
        column.hidden = name in ("case", "version")
    sheet.freeze_panes = "E2"
    protection = sheet.protection
    protection.sheet = True
    # What is true here is forbidden.
    protection.formatColumns = protection.formatRows = False
    protection.sort = protection.autoFilter = False
    book.save(file)


_LOCKED = PatternFill("solid", fgColor="EEEEEE")


def _fill(row: int, sheet: object, cells: dict[str, str]) -> None:
    for place, name in enumerate(COLUMNS, start=1):
        cell: Cell = sheet.cell(row, place)  # type: ignore[attr-defined]
        words = cells[name]
        if name in ("case", "version") or (name in FIGURES and words.isdecimal()):
            cell.value = int(words)
        elif words:
            cell.value = words
            cell.data_type = "s"  # whatever it begins with
            cell.quotePrefix = True
        if name in EDITABLE:
            cell.protection = Protection(locked=False)
        else:
            cell.fill = _LOCKED
        cell.alignment = Alignment(vertical="top", wrap_text=name in ("quote", "note"))
