"""A file of records of any origin as a stream of entries; one entry is in memory at a time.

jsonl: a line is a record of our schema, or bare claims: an object with `id`, `claims` and, where
there are any, `facilities`, as `llm-extract schema casualty_report` describes them, with
`published` and `language` beside them if known. csv and tsv: a typed table, see `rows`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO

from pydantic import ConfigDict, Field, ValidationError

from llm_extract.documents.inputs import STDIN, suffix_of
from llm_extract.documents.options import MAX_BYTES
from llm_extract.documents.rows import (
    BrokenRow,
    PlacedRow,
    csv_rows,
    jsonl_rows,
    open_text,
    peekable,
)
from llm_extract.documents.text import SAMPLE_BYTES, shown
from llm_extract.errors import DocumentError, RecordsError
from llm_extract.handmade.columns import Columns, choose_columns
from llm_extract.handmade.entries import Entry, Problem, Typed
from llm_extract.handmade.rows import Grouping, row_entries
from llm_extract.record import Record
from llm_extract.schema import CasualtyReport, FacilityClaim, Outcome

JSONL_SUFFIXES = frozenset({".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz"})
TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".csv.gz", ".tsv.gz"})


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How a file of records is read.

    `columns` maps fields to the columns of a table, on top of what their headers say. `outcome` is
    that of counts which name none. `one_report` takes all rows of a table as one report's.
    `on_notice` gets a line for everything that was guessed; `on_bytes` the bytes read so far.
    """

    columns: Columns = field(default_factory=dict)
    outcome: Outcome = "killed"
    one_report: bool = False
    on_notice: Callable[[str], None] = field(default=lambda _line: None)
    on_bytes: Callable[[int], None] = field(default=lambda _bytes: None)


class BareClaims(CasualtyReport):
    """A line of claims that no report stands beside."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: str
    facilities: list[FacilityClaim] = Field(default=[])
    published: date | None = None
    language: str | None = None


def read_entries(place: str, settings: ReadSettings) -> Iterator[Entry | Problem]:
    """The entries of a file, or of the standard input for "-", in its order.

    A line that cannot be read comes out as a problem and the rest goes on.

    Raises:
        RecordsError: the file cannot be read at all, or its columns cannot be told.
    """
    try:
        with _opened(place) as stream:
            yield from _entries(place, stream, settings)
    except DocumentError as error:
        raise RecordsError(f"{shown(place)}: {error}", code=error.code) from error
    except OSError as error:
        why = error.strerror or str(error)
        raise RecordsError(f"{shown(place)} cannot be read: {why}") from error


def _opened(place: str) -> AbstractContextManager[BinaryIO]:
    if place == STDIN:
        return nullcontext(sys.stdin.buffer)
    return open(place, "rb")


def _entries(place: str, stream: BinaryIO, settings: ReadSettings) -> Iterator[Entry | Problem]:
    source = "stdin" if place == STDIN else place
    if place == STDIN:
        buffered = peekable(stream)
        head = buffered.peek(SAMPLE_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
        suffix = ".jsonl" if head.startswith(b"{") else ".csv"
        stream = buffered
    else:
        suffix = suffix_of(Path(place))
    if suffix not in JSONL_SUFFIXES | TABLE_SUFFIXES:
        raise DocumentError(
            f"the type {shown(suffix)!r} is not read; save the records as jsonl, csv or tsv",
            code="unsupported",
        )
    opened = open_text(stream, gzipped=suffix.endswith(".gz"))
    if opened.decoding.guessed:
        settings.on_notice(f"{shown(source)}: read as {opened.decoding.codec}, which is a guess")
    tell = stream.tell if stream.seekable() else None
    if suffix in JSONL_SUFFIXES:
        rows = jsonl_rows(opened.lines, MAX_BYTES)
        yield from (_line_entry(row, source) for row in _watched(rows, tell, settings))
        return
    delimiter = "\t" if suffix.startswith(".tsv") else None
    rows = csv_rows(opened.lines, MAX_BYTES, delimiter)
    yield from _table_entries(_watched(rows, tell, settings), source, settings)


def _watched(
    rows: Iterator[PlacedRow | BrokenRow], tell: Callable[[], int] | None, settings: ReadSettings
) -> Iterator[PlacedRow | BrokenRow]:
    for row in rows:
        if tell is not None:
            settings.on_bytes(tell())
        yield row


def _table_entries(
    rows: Iterator[PlacedRow | BrokenRow], source: str, settings: ReadSettings
) -> Iterator[Entry | Problem]:
    first = next(rows, None)
    while isinstance(first, BrokenRow):
        yield Problem(f"{source} {first.place}", first.message)
        first = next(rows, None)
    if first is None:
        settings.on_notice(f"{shown(source)}: holds no rows")
        return
    columns, lines = choose_columns(list(first.cells), settings.columns, settings.outcome)
    for line in lines:
        settings.on_notice(f"{shown(source)}: {line}")
    grouping: Grouping = "by_report" if "report" in columns else "by_whole"

    def all_rows() -> Iterator[PlacedRow | BrokenRow]:
        yield first
        yield from rows

    yield from row_entries(
        all_rows(),
        columns,
        source,
        settings.outcome,
        "one_report" if settings.one_report else grouping,
    )


def _line_entry(row: PlacedRow | BrokenRow, source: str) -> Entry | Problem:
    place = f"{source} {row.place}"
    if isinstance(row, BrokenRow):
        return Problem(place, row.message)
    words = json.dumps(row.cells)
    try:
        if isinstance(row.cells.get("report"), dict):
            record = Record.model_validate_json(words)
            head = record.report
            return Entry(place, (head.sha256, head.id, head.source), record)
        bare = BareClaims.model_validate_json(words)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        return Problem(
            place,
            f"{first['msg']}{f' at {shown(where)}' if where else ''}; a line is a record "
            "(llm-extract schema record) or an object of id, claims and facilities (llm-extract "
            "schema casualty_report)",
        )
    return Entry(
        place,
        (bare.id,),
        Typed(
            claims=tuple(bare.claims),
            facilities=tuple(bare.facilities),
            ids=(
                *(f"c{n}" for n in range(1, len(bare.claims) + 1)),
                *(f"f{n}" for n in range(1, len(bare.facilities) + 1)),
            ),
            published=bare.published,
            language=bare.language,
        ),
    )
