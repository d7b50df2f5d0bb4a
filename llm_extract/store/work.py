"""The work of jobs: items are taken in, claimed, paid for and settled; each step one transaction.

A request is written down, with what it may use at worst, before it is sent; its report's record,
findings, tokens and cost are settled together. So whatever is killed when, every item has one
record, and no spending is without its row.

Where several workers share a store, each transaction locks in one order, so that none waits for
another in a ring: jobs by number, reports and items by their keys, records by theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Interval,
    and_,
    bindparam,
    cast,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
)

from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.documents.text import storable
from llm_extract.errors import StoreError
from llm_extract.pipeline import WorkKey, unread_record
from llm_extract.record import Record
from llm_extract.store.batched import (
    Batched,
    Opening,
    awaited,
    batched,
    forget_batched,
    twin_asked,
)
from llm_extract.store.engine import insert_new, transaction
from llm_extract.store.jobs import Sums
from llm_extract.store.settlements import (
    IS_CURRENT,
    NO_WORK,
    Place,
    Row,
    Settlement,
    add_up,
    key_of,
    put_attempts,
    put_records,
)
from llm_extract.store.spending import locked, lose, open_requests
from llm_extract.store.tables import (
    REPORT_KEY_COLUMNS,
    WORK_KEY_COLUMNS,
    records,
    reports,
    run_items,
    runs,
)

LEASE = timedelta(seconds=60)
"""How long a worker that says nothing keeps its items and the reading of a job's inputs, where
several share a store."""

OTHER_READER = "other_reader"
"""Code of the error when another worker has taken over the reading of a job's inputs."""

Identity = tuple[str, str, str, str]
"""What makes a report one row: `tables.REPORT_KEY_COLUMNS`."""


@dataclass(frozen=True, slots=True)
class Item:
    """A report that is to be settled; `tries` times it failed and was given back, `again` voids old
    work."""

    run_id: int
    position: int
    report: Report
    tries: int = 0
    again: bool = False
    batched: Batched | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """A record of finished work: its row and its JSON."""

    pk: int
    json: str


@dataclass(slots=True)
class Committed:
    """What a transaction did: why each opening was refused (None: it was not), which settlements
    counted (an item that another worker took over does not), and where the jobs stand."""

    refused: list[str | None]
    counted: list[bool]
    sums: dict[int, Sums] = field(default_factory=dict)


class Work:
    """The items of a store's jobs, for one worker. Methods raise StoreError on trouble with it.

    On SQLite one worker has the store to itself and its claims last until they are freed; elsewhere
    they last for `lease`, by the database's own clock.
    """

    def __init__(self, engine: Engine, worker: str, lease: timedelta = LEASE) -> None:
        self._engine = engine
        self._worker = worker
        self.lease = lease
        self._shared = engine.dialect.name != "sqlite"

    def begin_reading(self, run_id: int) -> int | None:
        """Become the worker that reads a job's inputs; the position to go on from.

        None when all is read, or another worker reads that is alive.
        """
        with transaction(self._engine) as connection:
            return connection.execute(
                runs.update()
                .where(runs.c.id == run_id, ~runs.c.all_read, ~self._read_by_another())
                .values(reader=self._worker, reader_until=self._lease())
                .returning(runs.c.read)
            ).scalar_one_or_none()

    def being_read(self, run_id: int) -> bool:
        """Whether another worker reads the job's inputs, so that more items are to come."""
        query = select(func.count()).where(
            runs.c.id == run_id, ~runs.c.all_read, self._read_by_another()
        )
        with transaction(self._engine) as connection:
            return bool(connection.execute(query).scalar_one())

    def take_in(
        self, run_id: int, start: int, found: Sequence[Report | UnreadableReport], last: bool
    ) -> list[Record]:
        """Add inputs from position `start` on; what was not readable is settled as failed at once.

        `last` says that the inputs end here. Returns the failed records. Raises StoreError with the
        code `other_reader` when this worker is not the job's reader (any more).
        """
        with transaction(self._engine) as connection:
            noted = connection.execute(
                runs.update()
                .where(runs.c.id == run_id, runs.c.reader == self._worker, runs.c.read == start)
                .values(
                    read=start + len(found),
                    all_read=last,
                    reader=None if last else self._worker,
                    reader_until=None if last else self._lease(),
                )
            )
            if noted.rowcount != 1:
                raise StoreError(
                    f"another worker reads the inputs of job {run_id}, or has read on from report "
                    f"{start}: leave the reading to it",
                    code=OTHER_READER,
                )
            pks = _report_pks(connection, [r for r in found if isinstance(r, Report)])
            rows = [
                {
                    "run_id": run_id,
                    "position": start + n,
                    "report_id": report.id,
                    "report_pk": pks[_identity(report)] if isinstance(report, Report) else None,
                    "from_cache": False,
                    "characters": len(report.text) if isinstance(report, Report) else 0,
                    "worker": None if isinstance(report, Report) else self._worker,
                }
                for n, report in enumerate(found)
            ]
            if rows:
                connection.execute(insert(run_items), rows)
            broken = [
                Settlement(run_id, start + n, "failed", NO_WORK, unread_record(report))
                for n, report in enumerate(found)
                if isinstance(report, UnreadableReport)
            ]
            if broken:
                self._settle(connection, broken)
        return [s.record for s in broken if s.record is not None]

    def claim(
        self,
        run_id: int,
        most: int,
        positions: Sequence[int] | None = None,
        batched_after: int | None = None,
    ) -> list[Item]:
        """Up to `most` open items that nobody works on, in input order, now this worker's.

        `positions` bounds the choice. Requests that a vanished worker left open count as lost.
        `batched_after` is for the batch lane: items behind that position only, of which no request
        waits for a batch, nor any of the same text under another position.
        """
        free: ColumnElement[bool] = run_items.c.worker.is_(None)
        if self._shared:
            free = or_(free, run_items.c.lease_until < func.now())
        query = (
            select(run_items.c.position)
            .where(run_items.c.run_id == run_id, run_items.c.record_pk.is_(None), free)
            .order_by(run_items.c.position)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        if positions is not None:
            query = query.where(run_items.c.position.in_(positions))
        if batched_after is not None:
            query = query.where(run_items.c.position > batched_after, ~awaited(), ~twin_asked())
        with transaction(self._engine) as connection:
            claimed = list(connection.execute(query).scalars())
            if not claimed:
                return []
            of_these = (run_items.c.run_id == run_id, run_items.c.position.in_(claimed))
            connection.execute(
                run_items.update()
                .where(*of_these)
                .values(worker=self._worker, lease_until=self._lease())
            )
            lose(connection, run_id, claimed)
            rows = connection.execute(
                select(run_items.c.position, run_items.c.tries, run_items.c.again, reports)
                .join(reports, reports.c.pk == run_items.c.report_pk)
                .where(*of_these)
                .order_by(run_items.c.position)
            ).all()
            stands: dict[int, Batched] = {}
            if batched_after is not None:
                stands = batched(connection, run_id, claimed)
        return [
            Item(
                run_id,
                row.position,
                _report(row),
                tries=row.tries,
                again=row.again,
                batched=stands.get(row.position),
            )
            for row in rows
        ]

    def earlier(self, keys: Iterable[WorkKey]) -> dict[WorkKey, Earlier]:
        """Records of finished work with these keys."""
        wanted = set(keys)
        if not wanted:
            return {}
        query = select(records.c.pk, records.c.json, *WORK_KEY_COLUMNS).where(
            records.c.report_sha256.in_({key.report_sha256 for key in wanted}),
            IS_CURRENT,
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query).all()
        return {key: Earlier(r.pk, r.json) for r in rows if (key := key_of(r)) in wanted}

    def commit(
        self, openings: Sequence[Opening] = (), settlements: Sequence[Settlement] = ()
    ) -> Committed:
        """Write down requests about to be sent, settle items: all of it or nothing."""
        done = Committed([], [])
        with transaction(self._engine) as connection:
            concerned = {o.run_id for o in openings} | {s.run_id for s in settlements}
            jobs = locked(connection, concerned)
            if openings:
                done.refused = open_requests(connection, jobs, openings)
            if settlements:
                done.counted, done.sums = self._settle(connection, settlements)
        return done

    def beat(self) -> None:
        """Say that this worker is alive: its claims and its reading are prolonged."""
        with transaction(self._engine) as connection:
            connection.execute(
                runs.update()
                .where(runs.c.reader == self._worker)
                .values(reader_until=self._lease())
            )
            connection.execute(
                run_items.update()
                .where(run_items.c.worker == self._worker, run_items.c.record_pk.is_(None))
                .values(lease_until=self._lease())
            )

    def free(self, run_id: int) -> None:
        """Give back what is claimed and not settled: this worker's items, on SQLite everybody's.

        Requests that are still open and whose item nobody works on count as lost: those too that a
        worker left on items which another has settled since. The reading is given back as well.
        """
        nobodys = select(run_items.c.position).where(
            run_items.c.run_id == run_id, run_items.c.worker.is_(None)
        )
        with transaction(self._engine) as connection:
            connection.execute(
                runs.update()
                .where(runs.c.id == run_id, self._held(runs.c.reader))
                .values(reader=None, reader_until=None)
            )
            connection.execute(
                run_items.update()
                .where(
                    run_items.c.run_id == run_id,
                    run_items.c.record_pk.is_(None),
                    self._held(run_items.c.worker),
                )
                .values(worker=None, lease_until=None)
            )
            lose(connection, run_id, nobodys)

    def open_items(self, run_id: int) -> int:
        """Items that have no record yet, claimed or not."""
        query = select(func.count()).where(
            run_items.c.run_id == run_id, run_items.c.record_pk.is_(None)
        )
        with transaction(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def _settle(
        self, connection: Connection, settlements: Sequence[Settlement]
    ) -> tuple[list[bool], dict[int, Sums]]:
        ours = self._ours(connection, settlements)
        counted = [s.place in ours for s in settlements]
        kept = [s for s, counts in zip(settlements, counted, strict=True) if counts]
        void = {place for place, again in ours.items() if again}
        rows = put_records(connection, [s for s in kept if s.record is not None], void)
        for s in kept:
            if s.pk is not None and s.disposition is not None:
                rows[s.place] = Row(s.pk, s.disposition)
        put_attempts(connection, settlements, {place: row.pk for place, row in rows.items()})
        items = [
            {
                "r": s.run_id,
                "p": s.position,
                "record_pk": rows[s.place].pk if s.place in rows else None,
                "from_cache": s.pk is not None,
                "worker": None,
                "lease_until": None,
                "tried": int(s.tried),
            }
            for s in kept
        ]
        if items:
            connection.execute(
                run_items.update()
                .where(run_items.c.run_id == bindparam("r"))
                .where(run_items.c.position == bindparam("p"))
                .values(
                    record_pk=bindparam("record_pk"),
                    from_cache=bindparam("from_cache"),
                    worker=bindparam("worker"),
                    lease_until=bindparam("lease_until"),
                    tries=run_items.c.tries + bindparam("tried"),
                ),
                items,
            )
        forget_batched(connection, [s.place for s in kept if s.batched])
        return counted, add_up(connection, settlements, kept, rows)

    def _ours(self, connection: Connection, settlements: Sequence[Settlement]) -> dict[Place, bool]:
        """Items that are open and this worker's, and whether their earlier work is void.

        A lease that ran out made an item another's.
        """
        places = [s.place for s in settlements]
        query = (
            select(run_items.c.run_id, run_items.c.position, run_items.c.again)
            .where(
                tuple_(run_items.c.run_id, run_items.c.position).in_(places),
                run_items.c.worker == self._worker,
                run_items.c.record_pk.is_(None),
            )
            .order_by(run_items.c.run_id, run_items.c.position)
            .with_for_update()
        )
        return {(row.run_id, row.position): row.again for row in connection.execute(query)}

    def _held(self, holder: ColumnElement[Any]) -> ColumnElement[bool]:
        """What is this worker's; on SQLite whoever held it before is gone."""
        return holder == self._worker if self._shared else holder.is_not(None)

    def _read_by_another(self) -> ColumnElement[bool]:
        if not self._shared:
            return false()
        return and_(
            runs.c.reader.is_not(None),
            runs.c.reader != self._worker,
            runs.c.reader_until >= func.now(),
        )

    def _lease(self) -> Any:
        return func.now() + cast(literal(self.lease), Interval) if self._shared else None


def _identity(report: Report) -> Identity:
    published = report.published.isoformat() if report.published else ""
    return report.sha256, storable(report.id), storable(report.source), published


def _report_pks(connection: Connection, found: Sequence[Report]) -> dict[Identity, int]:
    """The rows of these reports, new ones inserted."""
    wanted = {_identity(report): report for report in found}
    query = select(reports.c.pk, *REPORT_KEY_COLUMNS).where(
        reports.c.sha256.in_({identity[0] for identity in wanted})
    )

    def present() -> dict[Identity, int]:
        rows = connection.execute(query).all()
        return {(r.sha256, r.id, r.source, r.published): r.pk for r in rows}

    if not wanted:
        return {}
    known = present()
    new = [
        {
            **dict(zip(("sha256", "id", "source", "published"), identity, strict=True)),
            "title": report.title,
            "language": report.language,
            "text": report.text,
        }
        for identity, report in sorted(wanted.items(), key=itemgetter(0))
        if identity not in known
    ]
    if not new:
        return known
    connection.execute(insert_new(connection, reports), new)
    return present()


def _report(row: Any) -> Report:
    return Report(
        id=row.id,
        text=row.text,
        source=row.source,
        title=row.title,
        published=date.fromisoformat(row.published) if row.published else None,
        language=row.language,
    )
