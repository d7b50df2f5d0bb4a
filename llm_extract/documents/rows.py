"""Row files (jsonl, json, csv, tsv, parquet) as a stream of rows; one row is in memory at a time.

A row that can't be read comes out as a `BrokenRow` in its place; what breaks the whole file raises
`DocumentError`.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from llm_extract.documents.text import SAMPLE_BYTES, Decoding, choose_decoding, is_torn_utf8, shown
from llm_extract.errors import DocumentError

BATCH_ROWS = 64
"""Parquet rows that are decoded at once: with reports of a few kB well under a megabyte."""

_PARQUET_BUFFER = 64 * 1024
"""Bytes of a parquet column that are read at once; without it, a whole row group is."""

_DELIMITERS = (",", ";", "\t", "|")

_BROKEN_BYTE = re.compile("[\udc80-\udcff]")
"""What `surrogateescape` makes of a byte that breaks the encoding."""


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row's cells by column name, its number (from 1) and the place that messages name."""

    number: int
    place: str
    cells: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that gave no cells: why, for machines and for people."""

    number: int
    place: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class TextStream:
    """Decoded lines of a file and how they were decoded."""

    lines: io.TextIOWrapper
    decoding: Decoding


def open_text(stream: BinaryIO, *, gzipped: bool = False) -> TextStream:
    """`stream` as text, its encoding chosen from its first part; bytes that break it become
    lone surrogates, which `is_decoded` finds. Raises `DocumentError` (`empty`, `binary`, …)."""
    raw: BinaryIO = gzip.GzipFile(fileobj=stream) if gzipped else stream  # type: ignore[assignment]
    buffered = peekable(raw)
    head = buffered.peek(SAMPLE_BYTES)
    if not head:
        raise DocumentError("the file is empty; leave it out or fill it", code="empty")
    if is_torn_utf8(head):
        decoding = Decoding("utf-8", guessed=False)
    else:
        decoding = choose_decoding(head, whole=len(head) < SAMPLE_BYTES)
    lines = io.TextIOWrapper(
        buffered, encoding=decoding.codec, errors="surrogateescape", newline="\n"
    )
    return TextStream(lines, decoding)


def peekable(stream: BinaryIO) -> io.BufferedReader:
    """`stream` with `peek` of up to `SAMPLE_BYTES` bytes."""
    return io.BufferedReader(_Raw(stream), SAMPLE_BYTES)


def jsonl_rows(lines: io.TextIOBase, max_bytes: int) -> Iterator[PlacedRow | BrokenRow]:
    """One row a line; empty lines are passed over, `number` is the line number."""
    for number, line, _ in _capped_lines(lines, max_bytes):
        place = f"line {number}"
        if line is None:
            yield _too_large(number, place, max_bytes)
        elif not line.strip():
            continue
        elif not is_decoded(line):
            yield _undecodable(number, place)
        else:
            yield _json_row(number, place, line)


def json_rows(text: str) -> Iterator[PlacedRow | BrokenRow]:
    """The objects of a JSON list, or the one object. Raises `DocumentError` (`broken_json`)."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(
            f"not valid JSON ({shown(str(error))}); repair it or write one object a line as .jsonl",
            code="broken_json",
        ) from error
    for number, item in enumerate(found if isinstance(found, list) else [found], start=1):
        place = f"item {number}"
        if isinstance(item, dict):
            yield PlacedRow(number, place, item)
        else:
            yield _no_object(number, place)


def csv_rows(
    lines: io.TextIOBase, max_bytes: int, delimiter: str | None = None
) -> Iterator[PlacedRow | BrokenRow]:
    """One row a record below the header line; `delimiter` None is guessed from the header.

    `number` counts the records from 1 without the header; the place names the line.
    """
    csv.field_size_limit(max(max_bytes, csv.field_size_limit()))
    header: list[str] | None = None
    number = 0
    for start, chunk in _csv_chunks(lines, max_bytes):
        place = f"line {start}"
        found: list[tuple[str, list[str]]] | BrokenRow
        if chunk is None:
            found = _too_large(number + 1, place, max_bytes)
        elif not is_decoded(chunk):
            found = _undecodable(number + 1, place)
        else:
            if header is None:
                delimiter = delimiter or max(_DELIMITERS, key=chunk.partition("\n")[0].count)
            found = _csv_records(chunk, start, number + 1, delimiter or ",")
        if isinstance(found, BrokenRow):
            if header is None:
                raise DocumentError(f"{found.place}: {found.message}", code=found.code)
            number += 1
            yield found
            continue
        for place, record in found:
            if not any(record):
                continue
            if header is None:
                header = record
                continue
            number += 1
            yield _csv_row(number, place, header, record)


def parquet_rows(path: str) -> Iterator[PlacedRow | BrokenRow]:
    """One row a row, in small batches. Raises `DocumentError` (`broken_parquet`)."""
    import pyarrow as arrow  # type: ignore[import-untyped]
    import pyarrow.parquet as parquet  # type: ignore[import-untyped]

    number = 0
    try:
        with parquet.ParquetFile(path, pre_buffer=False, buffer_size=_PARQUET_BUFFER) as table:
            # Threads would each keep buffers of their own, and a batch is too small to need them.
            for batch in table.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                for cells in batch.to_pylist():
                    number += 1
                    yield PlacedRow(number, f"row {number}", cells)
    except (arrow.ArrowException, ValueError, OSError) as error:
        raise DocumentError(
            f"not a readable parquet file ({shown(str(error))}) after row {number}; write it again",
            code="broken_parquet",
        ) from error


def is_decoded(line: str) -> bool:
    """Whether no byte of `line` broke its encoding."""
    return line.isascii() or _BROKEN_BYTE.search(line) is None


class _Raw(io.RawIOBase):
    """A binary stream of any make as a raw one, so that the buffer above can look ahead."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            found = self._stream.read(len(buffer))
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DocumentError(
                f"the gzip archive is broken ({shown(str(error))}); pack it again",
                code="broken_gzip",
            ) from error
        buffer[: len(found)] = found
        return len(found)


def _capped_lines(lines: io.TextIOBase, max_chars: int) -> Iterator[tuple[int, str | None, int]]:
    """Number of each line, the line (None above the cap: passed over, not held), its quotes."""
    number = 0
    while line := lines.readline(max_chars + 1):
        number += 1
        quotes = line.count('"')
        if len(line) <= max_chars or line.endswith("\n"):
            yield number, line, quotes
            continue
        while not line.endswith("\n") and (line := lines.readline(max_chars + 1)):
            quotes += line.count('"')
        yield number, None, quotes


def _csv_chunks(lines: io.TextIOBase, max_chars: int) -> Iterator[tuple[int, str | None]]:
    """Number of the first line and all lines of a record, which a quoted cell may spread over.

    None for a record above the cap. An odd number of quotes opens or closes a quoted cell.
    """
    kept: list[str] = []
    size = start = 0
    is_open = is_over = False
    for number, line, quotes in _capped_lines(lines, max_chars):
        if not is_open:
            kept, size, start, is_over = [], 0, number, False
        is_open ^= quotes % 2 == 1
        size += max_chars + 1 if line is None else len(line)
        if line is None or size > max_chars:
            is_over, kept = True, []
        else:
            kept.append(line)
        if not is_open:
            yield start, None if is_over else "".join(kept)
    if is_open:
        yield start, None if is_over else "".join(kept)


def _csv_records(
    chunk: str, start: int, number: int, delimiter: str
) -> list[tuple[str, list[str]]] | BrokenRow:
    """Place and cells of each record of `chunk`; a stray quote can put several into one chunk."""
    reader = csv.reader(io.StringIO(chunk, newline=""), delimiter=delimiter, strict=True)
    records: list[tuple[str, list[str]]] = []
    above = 0
    try:
        for record in reader:
            records.append((f"line {start + above}", record))
            above = reader.line_num
    except csv.Error as error:
        return BrokenRow(
            *(number, f"line {start + above}", "broken_row"),
            f"the row can't be read ({shown(str(error))}); repair its quotes",
        )
    return records


def _csv_row(
    number: int, place: str, header: list[str], record: list[str]
) -> PlacedRow | BrokenRow:
    if len(record) > len(header):
        return BrokenRow(
            *(number, place, "broken_row"),
            f"the row has {len(record)} cells under {len(header)} columns; "
            "quote cells that hold the delimiter",
        )
    return PlacedRow(number, place, dict(zip(header, record, strict=False)))


def _json_row(number: int, place: str, line: str) -> PlacedRow | BrokenRow:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return BrokenRow(
            *(number, place, "broken_line"),
            f"not valid JSON ({shown(str(error))}); repair the line",
        )
    return PlacedRow(number, place, found) if isinstance(found, dict) else _no_object(number, place)


def _no_object(number: int, place: str) -> BrokenRow:
    return BrokenRow(
        number, place, "broken_line", "not a JSON object; write each report as {…} with its text"
    )


def _too_large(number: int, place: str, max_bytes: int) -> BrokenRow:
    return BrokenRow(
        *(number, place, "too_large"),
        f"larger than {max_bytes:,} bytes; split it or raise the cap",
    )


def _undecodable(number: int, place: str) -> BrokenRow:
    return BrokenRow(
        *(number, place, "undecodable"),
        "its bytes break the encoding of the file; save the file as UTF-8",
    )
