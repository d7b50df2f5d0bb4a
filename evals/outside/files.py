"""Opens the files of outside sets: tables (csv, tsv, xlsx) and JSON lines, a row at a time."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

import openpyxl  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import (  # type: ignore[import-untyped]
    InvalidFileException,
)

from llm_extract.documents.rows import BrokenRow, PlacedRow, is_decoded, jsonl_rows
from llm_extract.documents.text import is_torn_utf8, shown
from llm_extract.errors import RecordsError

MAX_CELL = 32 * 1024 * 1024
"""Characters of a csv cell or a line of JSON; our own figure, so that a quote that is never closed
does not take the rest of a big file into memory."""

_BLOCK_BYTES = 1024 * 1024
_DELIMITERS = (",", ";", "\t", "|")

_Record = tuple[str, Sequence[object] | str]
"""Where a record stands, and its cells or why it can't be read."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table file: the names of its columns, and its rows, to be read once.

    Names are case-folded and without outer space, as releases of one set differ in that; the cells
    of a row go by them. An xlsx cell keeps its type (a number, a day), all others are words.
    """

    path: Path
    columns: tuple[str, ...]
    rows: Iterator[PlacedRow | BrokenRow]


def open_table(path: Path) -> Table:
    """The first sheet of an .xlsx file, or a csv or tsv file of any other name.

    Of an xlsx file one row is in memory at a time, but all its different words are, as the format
    keeps them apart.

    Raises:
        RecordsError: the file can't be opened, is no such file, or has no header line; also while
            `rows` is read, where it breaks off.
    """
    is_xlsx = path.suffix.casefold() in (".xlsx", ".xlsm")
    records = _xlsx_records(path) if is_xlsx else _csv_records(path)
    for _, header in records:
        if isinstance(header, str):
            raise RecordsError(f"{path}: the header can't be read: {header}")
        if not any(map(_is_filled, header)):
            continue
        names = tuple(_column_name(cell) for cell in header)
        return Table(path, names, _rows(names, records))
    raise RecordsError(f"{path} is empty; is it the right file?")


def require_columns(table: Table, needed: Sequence[str], kind: str) -> None:
    """Checks that the table has each needed column once.

    Raises:
        RecordsError: one is missing or there twice; `kind` names the set in its line.
    """
    missing = [name for name in needed if name not in table.columns]
    if missing:
        there = ", ".join(shown(name, 30) for name in table.columns[:12])
        more = len(table.columns) - 12
        raise RecordsError(
            f"{table.path}: no column {', '.join(missing)}, so it is no {kind} table as published; "
            f"its columns are {there}" + (f" and {more} more" if more > 0 else "")
        )
    for name in needed:
        if table.columns.count(name) > 1:
            raise RecordsError(f"{table.path}: two columns are named {shown(name, 40)!r}")


def read_json_lines(path: Path) -> Iterator[PlacedRow | BrokenRow]:
    """An object a line of a UTF-8 file, empty lines passed over.

    Raises:
        RecordsError: the file can't be opened.
    """
    with (
        _opening(path),
        path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as lines,
    ):
        yield from jsonl_rows(lines, MAX_CELL)


def read_lines(path: Path) -> list[str]:
    """All lines of a text file, without their ends.

    Raises:
        RecordsError: the file can't be opened.
    """
    with _opening(path):
        text = path.read_text(encoding=encoding_of(path), errors="replace")
    return text.split("\n")


def encoding_of(path: Path) -> str:
    """The codec of a whole text file: utf-8-sig (UTF-8 with or without its mark) or cp1252.

    Publishers' tables are one of the two. UTF-8 with a few broken bytes stays UTF-8: as cp1252 all
    its letters beyond ASCII would be wrong.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return "utf-8-sig" if is_torn_utf8(block) else "cp1252"
    return "utf-8-sig"


@contextmanager
def _opening(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RecordsError(f"{path} cannot be read: {error.strerror or error}") from error


def _csv_records(path: Path) -> Iterator[_Record]:
    with (
        _opening(path),
        path.open(encoding=encoding_of(path), errors="surrogateescape", newline="") as lines,
    ):
        delimiter = max(_DELIMITERS, key=lines.readline().count)
        lines.seek(0)
        csv.field_size_limit(MAX_CELL)
        reader = csv.reader(lines, delimiter=delimiter)
        while True:
            place = f"line {reader.line_num + 1}"
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield place, f"the row can't be read ({shown(str(error))}); repair its quotes"
                continue
            if all(map(is_decoded, record)):
                yield place, record
            else:
                yield place, "its bytes break the encoding of the file; save the file as UTF-8"


def _xlsx_records(path: Path) -> Iterator[_Record]:
    try:
        with _opening(path):
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                sheet = book.worksheets[0]
                # Some exports declare a size of one cell, at which the reader would stop.
                sheet.reset_dimensions()
                for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
                    yield f"row {number}", cells
            finally:
                book.close()
    except (BadZipFile, InvalidFileException, ParseError, KeyError, IndexError) as error:
        raise RecordsError(
            f"{path} is no readable xlsx file ({shown(str(error))}); save it again as .xlsx or .csv"
        ) from error


def _rows(names: Sequence[str], records: Iterator[_Record]) -> Iterator[PlacedRow | BrokenRow]:
    for number, (place, record) in enumerate(records, start=1):
        if isinstance(record, str):
            yield BrokenRow(number, place, "broken_row", record)
        elif any(map(_is_filled, record[len(names) :])):
            why = (
                f"the row has {len(record)} cells under {len(names)} columns; quote its delimiters"
            )
            yield BrokenRow(number, place, "broken_row", why)
        elif any(map(_is_filled, record)):
            yield PlacedRow(number, place, _cells(names, record))


def _cells(names: Sequence[str], record: Sequence[object]) -> Mapping[str, object]:
    return dict(zip(names, record, strict=False))


def _is_filled(cell: object) -> bool:
    return cell is not None and cell != ""


def _column_name(cell: object) -> str:
    return "" if cell is None else str(cell).strip().casefold()
