"""What is asked of a store: short transactions over its tables; no model, no file of results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self, TypeAlias

from pydantic import ValidationError
from sqlalchemy import Column, Connection, Engine, Row, Select, Table, TextClause, func, select
from sqlalchemy.dialects import postgresql, sqlite

from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.errors import StoreError
from llm_extract.pipeline import Settings, WorkKey
from llm_extract.record import Record
from llm_extract.store.engine import open_engine, store_errors
from llm_extract.store.tables import (
    IS_FINISHED,
    REPORT_KEY_COLUMNS,
    WORK_KEY_COLUMNS,
    attempts,
    findings,
    records,
    reports,
    run_items,
    runs,
)

_NO_WORK = WorkKey(
    report_sha256="", published="", prompt_hash="", model="", strategy="", package_version=""
)
"""Stands for the work on an input that was never read."""

AnyRow: TypeAlias = Row[*tuple[Any, ...]]

_PAGE_ROWS = 200
"""Rows read in one transaction, so that a long listing never keeps a writer waiting."""


def open_store(path_or_url: str | Path) -> Store:
    """The store in an SQLite file (made when missing) or behind a database URL.

    Raises:
        StoreError: see `llm_extract.store.engine.open_engine`.
    """
    return Store(open_engine(path_or_url))


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
    """Reports, runs and records of one database. Every method raises StoreError on trouble with it.

    A run is a list of items, one a report, each at its `position` in the input (from 0). An item is
    added when its report is read and settled when its record is known.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def start_run(self, settings: Settings, version: str) -> int:
        """Note that a run begins; returns its id."""
        row = {"started": datetime.now(UTC), "settings": asdict(settings), "version": version}
        with self._transaction() as connection:
            return _insert(connection, runs, row)

    def finish_run(self, run_id: int, counts: Mapping[str, Any]) -> None:
        """Note that a run has ended, also when it was interrupted, and what it counted."""
        with self._transaction() as connection:
            connection.execute(
                runs.update()
                .where(runs.c.id == run_id)
                .values(finished=datetime.now(UTC), counts=dict(counts))
            )

    def add(self, run_id: int, position: int, report: Report | UnreadableReport) -> None:
        """Take a report (with its text) or an unreadable input into a run."""
        with self._transaction() as connection:
            report_pk = _report_pk(connection, report) if isinstance(report, Report) else None
            connection.execute(
                run_items.insert().values(
                    run_id=run_id,
                    position=position,
                    report_id=report.id,
                    report_pk=report_pk,
                    from_cache=False,
                )
            )

    def report(self, run_id: int, position: int) -> Report:
        """The report at a position of a run, as it was added."""
        query = (
            select(reports)
            .join(run_items, run_items.c.report_pk == reports.c.pk)
            .where(run_items.c.run_id == run_id, run_items.c.position == position)
        )
        with self._transaction() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise StoreError(f"the store holds no report at position {position} of run {run_id}")
        return Report(
            id=row.id,
            text=row.text,
            source=row.source,
            title=row.title,
            published=date.fromisoformat(row.published) if row.published else None,
            language=row.language,
        )

    def find(self, key: WorkKey) -> Record | None:
        """The record of finished work, without raw replies; None for new and for failed work."""
        with self._transaction() as connection:
            row = _finished(connection, key)
        return None if row is None else _parsed(row.json)

    def reuse(self, run_id: int, position: int, key: WorkKey) -> Record | None:
        """Settle an item with finished work, if there is any; the record bears the item's head."""
        with self._transaction() as connection:
            row = _finished(connection, key)
            if row is None:
                return None
            _settle(connection, run_id, position, row.pk, from_cache=True)
            item = connection.execute(_items().where(*_at(run_id, position))).one()
        return _headed(item)

    def save(self, run_id: int, position: int, key: WorkKey | None, record: Record) -> Record:
        """Settle an item with a new record, its attempts and its findings, all or nothing.

        `key` is None for an input that was never read. Returns the record as kept: without replies.
        """
        kept = without_replies(record)
        with self._transaction() as connection:
            record_pk = _put_record(connection, key or _NO_WORK, kept)
            _put_findings(connection, record_pk, kept)
            _put_attempts(connection, run_id, record_pk, record)
            _settle(connection, run_id, position, record_pk, from_cache=False)
        return kept

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
            with self._transaction() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            yield from map(_headed, rows)
            position = rows[-1].position

    def latest_records(self) -> Iterator[Record]:
        """For each report id the record that was settled last, in the order of these ids.

        An id that stands twice in one run gives the record of its first place.
        """
        newest = (
            select(run_items.c.report_id, func.max(run_items.c.run_id).label("run_id"))
            .where(run_items.c.record_pk.is_not(None))
            .group_by(run_items.c.report_id)
            .subquery()
        )
        after = ""
        while True:
            query = (
                _items()
                .join(
                    newest,
                    (newest.c.report_id == run_items.c.report_id)
                    & (newest.c.run_id == run_items.c.run_id),
                )
                .where(run_items.c.report_id > after)
                .order_by(run_items.c.report_id, run_items.c.position)
                .limit(_PAGE_ROWS)
            )
            with self._transaction() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            for row in rows:
                if row.report_id > after:
                    yield _headed(row)
                    after = row.report_id

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with store_errors("the store failed"), self._engine.begin() as connection:
            yield connection


def _insert(connection: Connection, table: Table, row: Mapping[str, Any]) -> int:
    (key,) = table.primary_key.columns
    return int(connection.execute(table.insert().values(**row).returning(key)).scalar_one())


def _upsert(
    connection: Connection,
    table: Table,
    row: Mapping[str, Any],
    key: Sequence[Column[Any]],
    changing: Sequence[str],
    where: TextClause | None = None,
) -> int:
    """Insert a row, or change the `changing` columns of the row of the same key; returns its pk.

    One statement, so that writers never race. `where` is the predicate of the key's unique index.
    """
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    (pk,) = table.primary_key.columns
    statement = (
        dialect.insert(table)
        .values(**row)
        .on_conflict_do_update(
            index_elements=key,
            index_where=where,
            set_={name: row[name] for name in changing},
        )
        .returning(pk)
    )
    return int(connection.execute(statement).scalar_one())


def _report_pk(connection: Connection, report: Report) -> int:
    row = {
        "sha256": report.sha256,
        "id": report.id,
        "source": report.source,
        "published": report.published.isoformat() if report.published else "",
        "title": report.title,
        "language": report.language,
        "text": report.text,
    }
    return _upsert(connection, reports, row, REPORT_KEY_COLUMNS, ("title", "language"))


def _finished(connection: Connection, key: WorkKey) -> AnyRow | None:
    same = [column == getattr(key, column.name) for column in WORK_KEY_COLUMNS]
    query = select(records.c.pk, records.c.json).where(*same, IS_FINISHED)
    return connection.execute(query).one_or_none()


def _put_record(connection: Connection, key: WorkKey, record: Record) -> int:
    row = {**asdict(key), "disposition": record.disposition, "json": record.model_dump_json()}
    if record.disposition == "failed":
        return _insert(connection, records, row)
    changing = ("disposition", "json")
    return _upsert(connection, records, row, WORK_KEY_COLUMNS, changing, IS_FINISHED)


def _put_findings(connection: Connection, record_pk: int, record: Record) -> None:
    connection.execute(findings.delete().where(findings.c.record_pk == record_pk))
    rows = [
        {
            "record_pk": record_pk,
            "position": position,
            **finding.model_dump(include={"rule", "severity", "kind", "claims", "message"}),
        }
        for position, finding in enumerate(record.findings)
    ]
    if rows:
        connection.execute(findings.insert(), rows)


def _put_attempts(connection: Connection, run_id: int, record_pk: int, record: Record) -> None:
    made = record.provenance.attempts if record.provenance else []
    rows = [
        {
            "run_id": run_id,
            "record_pk": record_pk,
            "passage": attempt.passage,
            "number": attempt.number,
            "seconds": attempt.seconds,
            "prompt_tokens": attempt.tokens.prompt,
            "cached_tokens": attempt.tokens.cached,
            "completion_tokens": attempt.tokens.completion,
            "reply": attempt.reply,
            "error": attempt.error,
        }
        for attempt in made
    ]
    if rows:
        connection.execute(attempts.insert(), rows)


def _settle(
    connection: Connection, run_id: int, position: int, record_pk: int, *, from_cache: bool
) -> None:
    done = connection.execute(
        run_items.update()
        .where(*_at(run_id, position))
        .values(record_pk=record_pk, from_cache=from_cache)
    )
    if done.rowcount != 1:
        raise StoreError(f"position {position} was not added to run {run_id} before it was settled")


def _at(run_id: int, position: int) -> tuple[Any, Any]:
    return run_items.c.run_id == run_id, run_items.c.position == position


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
    record = _parsed(row.json)
    if row.report_pk is None:
        return record
    own = {"id": row.report_id, "source": row.source, "title": row.title}
    return record.model_copy(update={"report": record.report.model_copy(update=own)})


def _parsed(json: str) -> Record:
    try:
        return Record.model_validate_json(json)
    except ValidationError as error:
        raise StoreError(
            "the store holds a record that this version of llm-extract cannot read: "
            f"{error.errors()[0]['msg']} at {error.errors()[0]['loc']}; name another --out"
        ) from error
