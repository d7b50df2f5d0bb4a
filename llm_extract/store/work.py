"""The work of jobs: items are taken in, claimed, paid for and settled; each step one transaction.

A request is written down, with what it may use at worst, before it is sent; its report's record,
findings, tokens and cost are settled together. So whatever is killed when, every item has one
record, and no spending is without its row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from datetime import date, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Interval,
    Select,
    bindparam,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.documents.text import storable
from llm_extract.pipeline import WorkKey, unread_record
from llm_extract.record import Attempt, Disposition, Record
from llm_extract.store.batched import (
    BATCHED,
    Batched,
    Opening,
    awaited,
    batched,
    forget_batched,
    note,
    noted,
    twin_asked,
)
from llm_extract.store.engine import transaction
from llm_extract.store.jobs import Sums, sums_of
from llm_extract.store.tables import (
    REPORT_KEY_COLUMNS,
    WORK_KEY_COLUMNS,
    attempts,
    findings,
    records,
    reports,
    run_items,
    runs,
)

LEASE = timedelta(seconds=60)
"""How long a worker that says nothing keeps its items, where several share a store."""

NO_WORK = WorkKey(
    report_sha256="", published="", prompt_hash="", model="", strategy="", package_version=""
)
"""Stands for the work on an input that was never read."""


@dataclass(frozen=True, slots=True)
class Item:
    """A report that is to be settled; `tries` times it was given back, `again` voids old work."""

    run_id: int
    position: int
    report: Report
    tries: int = 0
    again: bool = False
    batched: Batched | None = None


@dataclass(frozen=True, slots=True)
class Paid:
    """An attempt, its price in nanodollars, and how it was written down before it was sent."""

    attempt: Attempt
    cost: int
    opening: Opening | None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What came of an item: a new record, one of earlier work (`pk`), or neither: it is given back.

    `record` bears no raw replies (`without_replies`), these stand in `paid`. `batched` says that it
    is of the batch lane, whose requests for it are then forgotten.
    """

    run_id: int
    position: int
    disposition: Disposition | None = None
    key: WorkKey | None = None
    record: Record | None = None
    pk: int | None = None
    paid: Sequence[Paid] = ()
    batched: bool = False


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
    they last for `LEASE`, by the database's own clock.
    """

    def __init__(self, engine: Engine, worker: str) -> None:
        self._engine = engine
        self._worker = worker
        self._shared = engine.dialect.name != "sqlite"

    def take_in(
        self, run_id: int, start: int, found: Sequence[Report | UnreadableReport], last: bool
    ) -> list[Record]:
        """Add inputs from position `start` on; what was not readable is settled as failed at once.

        `last` says that the inputs end here. Returns the failed records.
        """
        with transaction(self._engine) as connection:
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
            connection.execute(
                runs.update()
                .where(runs.c.id == run_id)
                .values(read=start + len(found), all_read=last)
            )
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
            _lose(connection, run_id, claimed)
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
            records.c.disposition != "failed",
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query).all()
        return {key: Earlier(r.pk, r.json) for r in rows if (key := _key(r)) in wanted}

    def commit(
        self, openings: Sequence[Opening] = (), settlements: Sequence[Settlement] = ()
    ) -> Committed:
        """Write down requests about to be sent, settle items: all of it or nothing."""
        try:
            return self._commit(openings, settlements)
        except IntegrityError:
            # Another worker finished the same work in this moment; now its record is seen.
            return self._commit(openings, settlements)

    def beat(self) -> None:
        """Say that this worker is alive: its claims are prolonged."""
        with transaction(self._engine) as connection:
            connection.execute(
                run_items.update()
                .where(run_items.c.worker == self._worker, run_items.c.record_pk.is_(None))
                .values(lease_until=self._lease())
            )

    def free(self, run_id: int) -> None:
        """Give back what is claimed and not settled: this worker's items, on SQLite everybody's.

        Their requests that are still open count as lost.
        """
        mine = [run_items.c.run_id == run_id, run_items.c.record_pk.is_(None)]
        mine.append(
            run_items.c.worker == self._worker if self._shared else run_items.c.worker.is_not(None)
        )
        with transaction(self._engine) as connection:
            _lose(connection, run_id, select(run_items.c.position).where(*mine))
            connection.execute(
                run_items.update().where(*mine).values(worker=None, lease_until=None)
            )

    def open_items(self, run_id: int) -> int:
        """Items that have no record yet, claimed or not."""
        query = select(func.count()).where(
            run_items.c.run_id == run_id, run_items.c.record_pk.is_(None)
        )
        with transaction(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def _commit(self, openings: Sequence[Opening], settlements: Sequence[Settlement]) -> Committed:
        """Workers lock rows in one order, jobs first, so that none waits for another in a ring."""
        done = Committed([], [])
        jobs = {opening.run_id for opening in openings} | {s.run_id for s in settlements}
        locked = select(runs.c.id).where(runs.c.id.in_(jobs)).order_by(runs.c.id)
        with transaction(self._engine, IntegrityError) as connection:
            connection.execute(locked.with_for_update(key_share=True))
            if openings:
                done.refused = _open(connection, openings)
            if settlements:
                done.counted, done.sums = self._settle(connection, settlements)
        return done

    def _settle(
        self, connection: Connection, settlements: Sequence[Settlement]
    ) -> tuple[list[bool], dict[int, Sums]]:
        ours = self._ours(connection, settlements)
        counted = [(s.run_id, s.position) in ours for s in settlements]
        kept = [s for s, counts in zip(settlements, counted, strict=True) if counts]
        pks = _put_records(connection, [s for s in kept if s.record is not None])
        pks |= {(s.run_id, s.position): s.pk for s in kept if s.pk is not None}
        _put_attempts(connection, settlements, pks)
        items = [
            {
                "r": s.run_id,
                "p": s.position,
                "record_pk": pks.get((s.run_id, s.position)),
                "from_cache": s.pk is not None,
                "worker": None,
                "lease_until": None,
                "given_back": int(s.record is None and s.pk is None),
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
                    tries=run_items.c.tries + bindparam("given_back"),
                ),
                items,
            )
        forget_batched(connection, [(s.run_id, s.position) for s in kept if s.batched])
        return counted, _add_up(connection, settlements, kept)

    def _ours(
        self, connection: Connection, settlements: Sequence[Settlement]
    ) -> set[tuple[int, int]]:
        """Items that are open and this worker's: a lease that ran out made them another's."""
        places = [(s.run_id, s.position) for s in settlements]
        query = select(run_items.c.run_id, run_items.c.position).where(
            tuple_(run_items.c.run_id, run_items.c.position).in_(places),
            run_items.c.worker == self._worker,
            run_items.c.record_pk.is_(None),
        )
        rows = connection.execute(query.with_for_update()).all()
        return {(row.run_id, row.position) for row in rows}

    def _lease(self) -> Any:
        return func.now() + cast(literal(LEASE), Interval) if self._shared else None


def _identity(report: Report) -> tuple[str, str, str, str]:
    """What makes a row of reports, as the database gives it back."""
    published = report.published.isoformat() if report.published else ""
    return report.sha256, storable(report.id), storable(report.source), published


def _report_pks(
    connection: Connection, found: Sequence[Report]
) -> dict[tuple[str, str, str, str], int]:
    """The rows of these reports, new ones inserted."""
    wanted = {_identity(report): report for report in found}
    query = select(reports.c.pk, *REPORT_KEY_COLUMNS).where(
        reports.c.sha256.in_({identity[0] for identity in wanted})
    )

    def present() -> dict[tuple[str, str, str, str], int]:
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
        for identity, report in sorted(wanted.items(), key=itemgetter(0))  # see `_commit`
        if identity not in known
    ]
    if not new:
        return known
    # Another program may take in the same report at this moment.
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(reports).on_conflict_do_nothing(), new)
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


def _lose(
    connection: Connection, run_id: int, positions: Sequence[int] | Select[tuple[int]]
) -> None:
    """Requests of these items that are still open will not be heard of again."""
    connection.execute(
        attempts.update()
        .where(
            attempts.c.run_id == run_id,
            attempts.c.position.in_(positions),
            attempts.c.state == "open",
        )
        .values(state="lost")
    )


def _open(connection: Connection, openings: Sequence[Opening]) -> list[str | None]:
    """Reserve what requests may use at worst; those that may not be sent get why."""
    present = noted(connection, openings)
    wanted: dict[int, list[int]] = defaultdict(list)
    for n, opening in enumerate(openings):
        if opening.request not in present:
            wanted[opening.run_id].append(n)
    refused: list[str | None] = [None] * len(openings)
    for run_id in sorted(wanted):
        row = connection.execute(select(runs).where(runs.c.id == run_id)).one()
        tokens = row.prompt_tokens + row.completion_tokens + row.reserved_tokens
        cost = row.cost + row.reserved_cost
        more_tokens = more_cost = 0
        for n in wanted[run_id]:
            opening = openings[n]
            over_tokens = row.max_tokens is not None and (
                tokens + more_tokens + opening.most_tokens > row.max_tokens
            )
            over_cost = row.max_cost is not None and (
                cost + more_cost + opening.most_cost > row.max_cost
            )
            if row.state != "running":
                refused[n] = "stopped"
            elif over_tokens or over_cost:
                refused[n] = "tokens" if over_tokens else "cost"
            else:
                more_tokens += opening.most_tokens
                more_cost += opening.most_cost
        connection.execute(
            runs.update()
            .where(runs.c.id == run_id)
            .values(
                reserved_tokens=runs.c.reserved_tokens + more_tokens,
                reserved_cost=runs.c.reserved_cost + more_cost,
            )
        )
    sent = [
        opening
        for opening, why in zip(openings, refused, strict=True)
        if why is None and opening.request not in present
    ]
    if sent:
        connection.execute(insert(attempts), [_attempt_row(opening) for opening in sent])
    note(connection, sent)
    return refused


def _attempt_row(opening: Opening) -> dict[str, Any]:
    names = ("run_id", "position", "request", "passage", "number", "most_tokens", "most_cost")
    nothing = {"seconds": 0.0, "prompt_tokens": 0, "cached_tokens": 0, "completion_tokens": 0}
    state = "open" if opening.body is None else BATCHED
    return {**{name: getattr(opening, name) for name in names}, **nothing, "state": state}


def _put_records(
    connection: Connection, settlements: Sequence[Settlement]
) -> dict[tuple[int, int], int]:
    """The rows of new records by item; finished work has one row, whatever finishes it again."""
    if not settlements:
        return {}
    settlements = sorted(settlements, key=lambda s: astuple(s.key or NO_WORK))
    finished = [s for s in settlements if s.disposition != "failed"]
    present: dict[WorkKey, int] = {}
    if finished:
        query = select(records.c.pk, *WORK_KEY_COLUMNS).where(
            records.c.report_sha256.in_({s.key.report_sha256 for s in finished if s.key}),
            records.c.disposition != "failed",
        )
        present = {_key(row): row.pk for row in connection.execute(query)}
    pks: dict[tuple[int, int], int] = {}
    new: dict[object, tuple[dict[str, Any], list[Settlement]]] = {}
    for settlement in settlements:
        record, key = settlement.record, settlement.key or NO_WORK
        assert record is not None
        row = {"disposition": record.disposition, "json": record.model_dump_json()}
        if settlement.disposition != "failed" and key in present:
            pk = present[key]
            connection.execute(records.update().where(records.c.pk == pk).values(**row))
            connection.execute(findings.delete().where(findings.c.record_pk == pk))
            pks[settlement.run_id, settlement.position] = pk
            continue
        place = settlement.position, settlement.run_id
        once: object = place if settlement.disposition == "failed" else key
        new.setdefault(once, ({**asdict(key), **row}, []))[1].append(settlement)
    if new:
        made = connection.execute(
            insert(records).returning(records.c.pk, sort_by_parameter_order=True),
            [row for row, _ in new.values()],
        ).scalars()
        for pk, (_, same) in zip(made, new.values(), strict=True):
            pks |= {(s.run_id, s.position): pk for s in same}
    written: set[int] = set()
    rows = []
    for settlement in settlements:
        pk = pks[settlement.run_id, settlement.position]
        if pk not in written and settlement.record is not None:
            written.add(pk)
            rows += _finding_rows(pk, settlement.record)
    if rows:
        connection.execute(insert(findings), rows)
    return pks


def _finding_rows(record_pk: int, record: Record) -> list[dict[str, Any]]:
    return [
        {
            "record_pk": record_pk,
            "position": position,
            "rule": finding.rule,
            "severity": finding.severity,
            "kind": finding.kind,
            "claims": finding.claims,
            "message": finding.message,
        }
        for position, finding in enumerate(record.findings)
    ]


def _put_attempts(
    connection: Connection,
    settlements: Sequence[Settlement],
    pks: Mapping[tuple[int, int], int],
) -> None:
    """Close the rows of requests that were opened, add those that were not."""
    opened, others = [], []
    for settlement in settlements:
        for paid in settlement.paid:
            attempt = paid.attempt
            row = {
                "record_pk": pks.get((settlement.run_id, settlement.position)),
                "state": "uncounted" if attempt.uncounted else "settled",
                "seconds": attempt.seconds,
                "prompt_tokens": attempt.tokens.prompt,
                "cached_tokens": attempt.tokens.cached,
                "completion_tokens": attempt.tokens.completion,
                "reasoning_tokens": attempt.tokens.reasoning,
                "cost": paid.cost,
                "reply": attempt.reply,
                "error": attempt.error,
            }
            if paid.opening is not None:
                opened.append({**row, "sent_as": attempt.request})
            else:
                others.append(
                    {
                        **row,
                        "run_id": settlement.run_id,
                        "position": settlement.position,
                        "request": attempt.request,
                        "passage": attempt.passage,
                        "number": attempt.number,
                    }
                )
    if opened:
        names = [name for name in opened[0] if name != "sent_as"]
        connection.execute(
            attempts.update()
            .where(attempts.c.request == bindparam("sent_as"))
            .values({name: bindparam(name) for name in names}),
            opened,
        )
    if others:
        connection.execute(insert(attempts), others)


def _add_up(
    connection: Connection, settlements: Sequence[Settlement], kept: Sequence[Settlement]
) -> dict[int, Sums]:
    """The sums of the jobs with these settlements: spending counts even where a record does not."""
    more: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for settlement in kept:
        if settlement.disposition is not None:
            more[settlement.run_id][settlement.disposition] += 1
            more[settlement.run_id]["cached"] += settlement.pk is not None
    for settlement in settlements:
        sums = more[settlement.run_id]
        for paid in settlement.paid:
            tokens = paid.attempt.tokens
            sums["calls"] += 1
            sums["prompt_tokens"] += tokens.prompt
            sums["cached_tokens"] += tokens.cached
            sums["completion_tokens"] += tokens.completion
            sums["reasoning_tokens"] += tokens.reasoning
            sums["cost"] += paid.cost
            if paid.opening is not None and not paid.attempt.uncounted:
                sums["reserved_tokens"] -= paid.opening.most_tokens
                sums["reserved_cost"] -= paid.opening.most_cost
    found: dict[int, Sums] = {}
    for run_id in sorted(more):
        changes = {name: runs.c[name] + number for name, number in more[run_id].items() if number}
        change = runs.update().where(runs.c.id == run_id)
        change = change.values(**changes) if changes else change.values(read=runs.c.read)
        found[run_id] = sums_of(connection.execute(change.returning(*runs.c)).one())
    return found


def _key(row: Any) -> WorkKey:
    return WorkKey(*(getattr(row, column.name) for column in WORK_KEY_COLUMNS))
