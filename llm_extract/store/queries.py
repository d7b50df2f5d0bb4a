"""What is asked of a store: short transactions over its tables; no model, no file of results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Self, TypeAlias

from pydantic import ValidationError
from sqlalchemy import Engine, Row, Select, func, select

from llm_extract.errors import StoreError
from llm_extract.record import Record
from llm_extract.store.engine import (
    DEFAULT_NAME,
    open_engine,
    open_reader,
    place_of,
    transaction,
)
from llm_extract.store.jobs import Jobs
from llm_extract.store.lane import Lane
from llm_extract.store.sampling import Spent, Stratum, spent_on, stratified_sample
from llm_extract.store.tables import (
    records,
    reports,
    run_items,
)
from llm_extract.store.work import LEASE, Work

AnyRow: TypeAlias = Row[*tuple[Any, ...]]

_PAGE_ROWS = 200
"""Rows read in one transaction, so that a long listing never keeps a writer waiting."""


def open_store(path_or_url: str | Path, lease: timedelta = LEASE) -> Store:
    """The store in an SQLite file (made when missing) or behind a database URL.

    `lease` is how long a worker of this program that says nothing keeps what it holds, where
    several programs share the store.

    Raises:
        StoreError: see `llm_extract.store.engine.open_engine`.
    """
    return Store(open_engine(path_or_url), lease)


def read_store(path_or_url: str | Path) -> Store:
    """A store that is there, to be read only, also while a worker writes.

    Raises:
        StoreError: see `llm_extract.store.engine.open_reader`.
    """
    return Store(open_reader(path_or_url))


def without_replies(record: Record) -> Record:
    """The record as it is kept and written: each attempt without its raw reply.

    A reply repeats in the model's words what the claims say, so it stays in the table `attempts`.
    """
    provenance = record.provenance
    if provenance is None or all(attempt.reply is None for attempt in provenance.attempts):
        return record
    bare = [attempt.model_copy(update={"reply": None}) for attempt in provenance.attempts]
    shorter = provenance.model_copy(update={"attempts": bare})
    return record.model_copy(update={"provenance": shorter})


class Store:
    """Reports, jobs and records of one database. Every method raises StoreError on trouble with it.

    A job (or run) is a list of items, one a report, each at its `position` in the input (from 0).
    An item is taken in when its report is read and settled when its record is known.
    """

    def __init__(self, engine: Engine, lease: timedelta = LEASE) -> None:
        self._engine = engine
        self._lease = lease
        self.jobs = Jobs(engine)
        self.lane = Lane(engine)

    def work(self, worker: str, lease: timedelta | None = None) -> Work:
        """The items of the jobs, for a worker of that name, which no other may bear."""
        return Work(self._engine, worker, lease or self._lease)

    def sample(self, run_id: int, strata: int, each: int, seed: int) -> list[Stratum]:
        """See `sampling.stratified_sample`."""
        return stratified_sample(self._engine, run_id, strata, each, seed)

    def spent_on(self, run_id: int, positions: Sequence[int]) -> dict[int, Spent]:
        """See `sampling.spent_on`."""
        return spent_on(self._engine, run_id, positions)

    @property
    def engine(self) -> Engine:
        """The database itself, for what reads or writes tables of its own (review)."""
        return self._engine

    @property
    def file(self) -> Path:
        """The file of an SQLite store; no store that is shared has one."""
        return Path(str(self._engine.url.database))

    @property
    def place(self) -> str:
        """The file of an SQLite store, or its folder by the default name; else the URL without what
        can hold a password."""
        url = self._engine.url
        if url.get_backend_name() == "sqlite":
            return str(file.parent if (file := self.file).name == DEFAULT_NAME else file)
        return place_of(url)

    @property
    def is_shared(self) -> bool:
        """Whether several workers may work in it at once."""
        return self._engine.dialect.name != "sqlite"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def run_records(self, run_id: int) -> Iterator[Record]:
        """The records of a run's settled items in input order."""
        position = -1
        while True:
            query = (
                _items()
                .where(run_items.c.run_id == run_id, run_items.c.position > position)
                .order_by(run_items.c.position)
                .limit(_PAGE_ROWS)
            )
            with transaction(self._engine) as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            yield from map(_headed, rows)
            position = rows[-1].position

    def latest_records(self) -> Iterator[Record]:
        """For each report id the record that was settled last, in the order of these ids.

        An id that stands twice in one run gives the record of its first place.
        """
        after = ""
        while newest := self._newest(after):
            query = (
                _items()
                .add_columns(run_items.c.run_id)
                .where(
                    run_items.c.report_id.in_(newest),
                    run_items.c.run_id.in_(set(newest.values())),
                )
                .order_by(run_items.c.report_id, run_items.c.position)
            )
            with transaction(self._engine) as connection:
                rows = connection.execute(query).all()
            for row in rows:
                if row.report_id > after and row.run_id == newest[row.report_id]:
                    yield _headed(row)
                    after = row.report_id
            after = max(newest)

    def _newest(self, after: str) -> dict[str, int]:
        """The next page of report ids beyond one, each with the last run that settled it.

        Asked for alone, so that the index of ids gives the page; joined with its records, SQLite
        goes through all items for each page.
        """
        query = (
            select(run_items.c.report_id, func.max(run_items.c.run_id))
            .where(run_items.c.record_pk.is_not(None), run_items.c.report_id > after)
            .group_by(run_items.c.report_id)
            .order_by(run_items.c.report_id)
            .limit(_PAGE_ROWS)
        )
        with transaction(self._engine) as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def record(self, report_id: str, run_id: int | None = None) -> Record | None:
        """The record of a report in a run, else the one that was settled last; None: there is none.

        Of an id that stands twice in one run it is the record of the first place.
        """
        query = _items().where(run_items.c.report_id == report_id)
        if run_id is not None:
            query = query.where(run_items.c.run_id == run_id)
        newest_first = query.order_by(run_items.c.run_id.desc(), run_items.c.position).limit(1)
        with transaction(self._engine) as connection:
            row = connection.execute(newest_first).one_or_none()
        return None if row is None else _headed(row)

    def report_ids(self, run_id: int | None = None) -> list[str]:
        """The ids of all reports that have a record, in a run or in any, without order."""
        query = select(run_items.c.report_id).where(run_items.c.record_pk.is_not(None)).distinct()
        if run_id is not None:
            query = query.where(run_items.c.run_id == run_id)
        with transaction(self._engine) as connection:
            return list(connection.execute(query).scalars())


def _items() -> Select[*tuple[Any, ...]]:
    """Settled items with their record and, where the input was read, the head of their report."""
    return (
        select(
            run_items.c.position,
            run_items.c.report_id,
            run_items.c.report_pk,
            reports.c.source,
            reports.c.title,
            records.c.json,
        )
        .join(records, records.c.pk == run_items.c.record_pk)
        .join(reports, reports.c.pk == run_items.c.report_pk, isouter=True)
    )


def _headed(row: AnyRow) -> Record:
    """The record of an item; work on the same text under another id is that id's record too."""
    record = parsed(row.json)
    if row.report_pk is None:
        return record
    return with_head(record, row.report_id, row.source, row.title)


def with_head(record: Record, id: str, source: str, title: str | None) -> Record:
    """The record as that of a report of the same text under another id, source and title."""
    own = {"id": id, "source": source, "title": title}
    return record.model_copy(update={"report": record.report.model_copy(update=own)})


def parsed(json: str) -> Record:
    """The record that a row holds. Raises StoreError when this version cannot read it."""
    try:
        return Record.model_validate_json(json)
    except ValidationError as error:
        raise StoreError(
            "the store holds a record that this version of llm-extract cannot read: "
            f"{error.errors()[0]['msg']} at {error.errors()[0]['loc']}; name another --out"
        ) from error
