"""Records as JSON lines: the file of whole records, and the flat rows of the export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self, TextIO

from pydantic import ValidationError

from llm_extract.errors import RecordsError
from llm_extract.export.files import writing, written_whole
from llm_extract.export.frame import frames
from llm_extract.record import Record

RECORDS_NAME = "records.jsonl"
"""File name of the records in a run's output folder."""


def to_jsonl(records: Iterable[Record]) -> str:
    """The table of `to_frame` as JSON lines, one a row."""
    return "".join(jsonl_parts(records))


def jsonl_parts(records: Iterable[Record]) -> Iterator[str]:
    """The text of `to_jsonl` in parts, each made when it is asked for."""
    for frame in frames(records):
        yield frame.write_ndjson()


def record_line(record: Record) -> str:
    """The record as one line of `records.jsonl`, with its line end."""
    return record.model_dump_json() + "\n"


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Write the file of records in one step: readers see the old file or the whole new one.

    Raises:
        RecordsError: the file cannot be written.
    """
    with written_whole(path) as file:
        file.writelines(map(record_line, records))


def read_records(path: Path) -> Iterator[Record]:
    """The records of a file in its order.

    Raises:
        RecordsError: the file cannot be read, or a line is no record (its number is named).
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _parsed(line, path, number)
    except OSError as error:
        raise RecordsError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RecordsError(f"{path} is not UTF-8 text; is it a file of records?") from error


def _parsed(line: str, path: Path, number: int) -> Record:
    try:
        return Record.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise RecordsError(
            f"{path} line {number} is not a record: {first['msg']}"
            + (f" at {where}" if where else "")
        ) from error


class GrowingRecords:
    """The file of records while a run goes on: a line is on disk before the next report is begun.

    The first record replaces the file of an earlier run, so a run that never starts harms nothing.
    Lines stand in the order of completion; `write_records` puts them in input order at the end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._file is not None:
            self._file.close()

    def append(self, record: Record) -> None:
        """Add the record as one line.

        Raises:
            RecordsError: the file cannot be written.
        """
        with writing(self._path):
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("w", encoding="utf-8", newline="\n")
            self._file.write(record_line(record))
            self._file.flush()
