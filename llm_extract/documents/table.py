"""Row files (csv, tsv, jsonl, json, parquet) to reports, one for each row."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from llm_extract.documents.columns import (
    Columns,
    choose_columns,
    columns_notice,
    read_row,
    row_id,
)
from llm_extract.documents.document import Document, decoded, read_capped, refuse_size, report_of
from llm_extract.documents.inputs import InputFile
from llm_extract.documents.options import ReadOptions
from llm_extract.documents.pending import PendingReport, unreadable
from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.documents.rows import (
    BrokenRow,
    PlacedRow,
    csv_rows,
    json_rows,
    jsonl_rows,
    open_text,
    parquet_rows,
)
from llm_extract.documents.text import shown, stored_text
from llm_extract.errors import DocumentError

ROW_SUFFIXES = frozenset(
    {
        *(".jsonl", ".ndjson", ".csv", ".tsv", ".json", ".parquet"),
        *(".jsonl.gz", ".ndjson.gz", ".csv.gz", ".tsv.gz"),
    }
)

_SAMPLE_ROWS = 10
"""Rows whose column names are looked at before the first one is read."""


def file_rows(
    item: InputFile, path: Path, suffix: str, options: ReadOptions
) -> Iterator[PendingReport]:
    """The reports of a row file. Raises one of `READ_ERRORS` where the file as a whole breaks."""
    if suffix == ".parquet":
        with open(path, "rb"):
            pass
        yield from _row_reports(item, parquet_rows(str(path)), options)
    elif suffix == ".json":
        text = decoded(item, read_capped(path, options.max_bytes), options)
        yield from _row_reports(item, json_rows(text.removeprefix("\ufeff")), options)
    else:
        with open(path, "rb") as stream:
            yield from streamed_rows(item, stream, suffix, options)


def streamed_rows(
    item: InputFile, stream: BinaryIO, suffix: str, options: ReadOptions
) -> Iterator[PendingReport]:
    """The reports of csv, tsv or jsonl, packed or not. Raises as `file_rows`."""
    opened = open_text(stream, gzipped=suffix.endswith(".gz"))
    if opened.decoding.guessed:
        options.notice(f"{shown(item.source)}: read as {opened.decoding.codec}, which is a guess")
    kind = suffix.removesuffix(".gz")
    if kind == ".csv":
        rows = csv_rows(opened.lines, options.max_bytes)
    elif kind == ".tsv":
        rows = csv_rows(opened.lines, options.max_bytes, "\t")
    else:
        rows = jsonl_rows(opened.lines, options.max_bytes)
    yield from _row_reports(item, rows, options)


def _row_reports(
    item: InputFile, rows: Iterator[PlacedRow | BrokenRow], options: ReadOptions
) -> Iterator[PendingReport]:
    """Reports of the rows; a row without an id of its own is named by file and number."""
    sample = list(itertools.islice(rows, _SAMPLE_ROWS))
    cells = [row.cells for row in sample if isinstance(row, PlacedRow)]
    if not sample:
        raise DocumentError("holds no rows; leave it out or fill it", code="empty")
    columns = choose_columns(cells, options) if cells else None
    words = columns_notice(columns, options) if columns else None
    if words:
        options.notice(f"{shown(item.source)}: {words}")
    for row in itertools.chain(sample, rows):
        id = f"{item.id}:{row.number}"
        if isinstance(row, BrokenRow):
            yield PendingReport(id, partial(_broken_row, item, id, row))
            continue
        if columns is None:
            columns = choose_columns([row.cells], options)
        own_id = row_id(row.cells, columns)
        if own_id is not None:
            id = stored_text(own_id)
        yield PendingReport(id, partial(_row_report, item, id, row, columns, options))


def _broken_row(item: InputFile, id: str, row: BrokenRow) -> UnreadableReport:
    return unreadable(_placed(item, id, row), row.code, row.message)


def _row_report(
    item: InputFile, id: str, row: PlacedRow, columns: Columns, options: ReadOptions
) -> Report | UnreadableReport:
    placed = _placed(item, id, row)
    try:
        found = read_row(row.cells, columns)
        refuse_size(len(found.text.encode("utf-8", "surrogatepass")), options.max_bytes)
        document = Document(found.text, found.title, found.published, found.language)
        return report_of(placed, document, options)
    except DocumentError as error:
        return unreadable(placed, error.code, str(error))


def _placed(item: InputFile, id: str, row: PlacedRow | BrokenRow) -> InputFile:
    return replace(item, id=id, source=f"{item.source} {row.place}")
