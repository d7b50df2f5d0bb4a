"""Reports on a shelf: found by digest, id, path, file name or stem, kept in a temporary file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import PurePath
from types import TracebackType
from typing import Self

from llm_extract.documents import ReadOptions, Report, read_reports
from llm_extract.handmade.entries import Problem

_TABLES = """
CREATE TABLE reports (
    place INTEGER PRIMARY KEY, id TEXT, text TEXT, source TEXT, title TEXT, published TEXT,
    language TEXT
);
CREATE TABLE names (name TEXT, rank INTEGER, report INTEGER, PRIMARY KEY (name, rank, report))
    WITHOUT ROWID;
"""


class Ambiguous(Exception):
    """A name that fits several reports equally well; the argument is one of their sources each."""


class Shelf:
    """Reports by name. Use it as a context manager: its temporary file goes with it."""

    def __init__(self) -> None:
        # An empty name is SQLite's own for a database in a temporary file, which it deletes.
        self._base = sqlite3.connect("", isolation_level=None)
        self._base.executescript(_TABLES)
        self._base.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._base.close()

    def __len__(self) -> int:
        return int(self._base.execute("SELECT count(*) FROM reports").fetchone()[0])

    def add(self, report: Report) -> None:
        """Put a report on the shelf."""
        day = report.published.isoformat() if report.published else None
        place = self._base.execute(
            "INSERT INTO reports (id, text, source, title, published, language) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (report.id, report.text, report.source, report.title, day, report.language),
        ).lastrowid
        path = PurePath(report.source)
        names = (report.sha256, report.id, os.path.normpath(path), path.name, path.stem)
        self._base.executemany(
            "INSERT OR IGNORE INTO names VALUES (?, ?, ?)",
            [(name, rank, place) for rank, name in enumerate(names)],
        )

    def find(self, names: Sequence[str]) -> Report | None:
        """The report of the first of these names that a report has; None when none has any.

        Of the reports that have it the one counts that has it as its digest, then its id, path,
        file name, stem. Raises Ambiguous where several have it in the same way.
        """
        for name in filter(None, names):
            rows = self._base.execute(
                "SELECT rank, report FROM names WHERE name IN (?, ?) ORDER BY rank, report LIMIT 2",
                (name, os.path.normpath(name)),
            ).fetchall()
            if len(rows) == 2 and rows[0][0] == rows[1][0] and rows[0][1] != rows[1][1]:
                raise Ambiguous(*(self._report(row[1]).source for row in rows))
            if rows:
                return self._report(rows[0][1])
        return None

    def _report(self, place: int) -> Report:
        id, text, source, title, published, language = self._base.execute(
            "SELECT id, text, source, title, published, language FROM reports WHERE place = ?",
            (place,),
        ).fetchone()
        day = date.fromisoformat(published) if published else None
        return Report(id, text, source, title, day, language)


def fill_shelf(
    shelf: Shelf, inputs: Sequence[str], options: ReadOptions, advance: Callable[[int], None]
) -> list[Problem]:
    """Put the reports of files, folders or globs on a shelf; what cannot be read comes back.

    `advance` gets the number of reports that are there so far.
    """
    problems = []
    for number, found in enumerate(read_reports(inputs, options), start=1):
        if isinstance(found, Report):
            shelf.add(found)
        else:
            problems.append(Problem(found.source, found.message.removeprefix(f"{found.source}: ")))
        advance(number)
    return problems
