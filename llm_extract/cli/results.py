"""Finds the records that a command is pointed at: a run's folder, a file of records, or a store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rapidfuzz import process

from llm_extract.cli.places import is_store, read_place
from llm_extract.cli.records_file import records_file
from llm_extract.errors import RecordsError
from llm_extract.export import RECORDS_NAME, read_records
from llm_extract.record import Record
from llm_extract.store import DEFAULT_NAME, Job, Store

RecordsPlace = Annotated[
    str,
    typer.Argument(
        metavar="RECORDS",
        help="A run's --out folder, a file of records, or a store: its folder, its file, or the "
        "URL of a database.",
    ),
]
JobNumber = Annotated[
    int | None,
    typer.Option(
        "--job",
        metavar="N",
        help="Only this job of a store, also while it runs. Without it, a store gives the newest "
        "record of each report.",
    ),
]

CLOSE = 60.0
"""How like an id must be to be named instead of one that is not there; 100 is the same."""
SHOWN_IDS = 3


@dataclass(frozen=True, slots=True)
class Records:
    """Records of a file, or of a store and, if one was named, of one job in it."""

    name: str
    file: Path | None = None
    store: Store | None = None
    job: Job | None = None

    def all(self) -> Iterator[Record]:
        """All of them, one after the other: in the order of the file, of a job's input, of ids."""
        if self.store is None:
            assert self.file is not None
            return read_records(self.file)
        if self.job is None:
            return self.store.latest_records()
        return self.store.run_records(self.job.id)

    def one(self, report_id: str) -> Record:
        """The record of a report. Raises RecordsError when there is none."""
        if self.store is None:
            known = []
            for record in self.all():
                if record.report.id == report_id:
                    return record
                known.append(record.report.id)
        else:
            number = self.job.id if self.job is not None else None
            found = self.store.record(report_id, number)
            if found is not None:
                return found
            known = self.store.report_ids(number)
        close = [str(one[0]) for one in process.extract(report_id, known, limit=SHOWN_IDS)]
        hint = f"; there is {', '.join(map(repr, close))}" if close else ""
        raise RecordsError(f"{self.name} holds no record of a report {report_id!r}{hint}")


@contextmanager
def open_records(place: str, job: int | None) -> Iterator[Records]:
    """The records that are meant by a place and, in a store, by the number of a job.

    Raises:
        RecordsError: there are none.
        StoreError: the store cannot be read, or has no such job.
    """
    folder = Path(place)
    only_store = not (folder / RECORDS_NAME).is_file() and (folder / DEFAULT_NAME).is_file()
    if job is None and not is_store(place) and not only_store:
        file = records_file(folder)
        yield Records(str(file), file=file)
        return
    with read_place(place) as store:
        found = store.jobs.get(job) if job is not None else None
        name = store.place if job is None else f"job {job} in {store.place}"
        yield Records(name, store=store, job=found)
