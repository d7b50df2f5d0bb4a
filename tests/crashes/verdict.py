"""What must hold of a store and of the server's ledger, whatever happened to the workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from model_server import Served
from model_server.process import Remote
from sqlalchemy import Connection, Engine, Row, func, select

from crashes.lives import Setup
from llm_extract.record import Record
from llm_extract.store import open_engine, open_store
from llm_extract.store.tables import COUNTERS, attempts, records, run_items, runs

HELD = ("open", "lost", "uncounted")
"""States of requests that are held at what they may have used at worst."""
TOKENS = ("prompt", "cached", "completion", "reasoning")
SHOWN = 5
"""Examples of a fault that are told."""


@dataclass(slots=True)
class Verdict:
    """`lost` and `doubled` count reports and requests; `faults` tells all that does not hold.

    `charged` are the tokens that the server charged, `settled` those of settled requests, `unheard`
    the server's own count for requests whose reply no worker lived to settle.
    """

    lost: int = 0
    doubled: int = 0
    requests: int = 0
    charged: int = 0
    settled: int = 0
    unheard: int = 0
    held: int = 0
    spend_faults: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def spend_is_equal(self) -> bool:
        """Whether what the server charged is what the store says was spent or is held for."""
        return not self.spend_faults and self.settled + self.unheard == self.charged

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return self.spend_is_equal and not (self.lost or self.doubled or self.faults)

    def line(self, kills: int) -> str:
        """The result in one line."""
        spend = "equal" if self.spend_is_equal else "NOT EQUAL"
        return f"{kills} kills, {self.lost} lost, {self.doubled} doubled, spend {spend}"


def judged(setup: Setup, server: Remote) -> Verdict:
    """Look at everything in the store of a job that was worked off, and at the server's ledger."""
    verdict = Verdict()
    engine = open_engine(setup.store)
    try:
        with engine.connect() as connection:
            _look_whole(connection, engine, verdict)
            _look_at_reports(connection, setup.count, verdict)
            rows = connection.execute(select(attempts)).all()
            _look_at_requests(rows, list(server.requests()), verdict)
            _look_at_sums(connection, rows, verdict)
    finally:
        engine.dispose()
    return verdict


def same_records(setup: Setup, other: Setup) -> list[str]:
    """In what the records of the only jobs of two stores differ, times and ids apart."""
    faults = []
    for position, (one, two) in enumerate(zip_longest(_records(setup), _records(other))):
        if one != two:
            faults.append(f"the record at {position} is not that of a run without kills")
    return faults[:SHOWN]


def _records(setup: Setup) -> Iterator[dict[str, Any]]:
    with open_store(setup.store) as store:
        for record in store.run_records(store.jobs.all()[0].id):
            yield _timeless(record)


def _timeless(record: Record) -> dict[str, Any]:
    value = record.model_dump(mode="json")
    provenance = value["provenance"]
    if provenance is not None:
        provenance["seconds"] = 0
        for attempt in provenance["attempts"]:
            attempt |= {"seconds": 0, "request": ""}
    return value


def _look_whole(connection: Connection, engine: Engine, verdict: Verdict) -> None:
    """The file is sound, as SQLite itself sees it; PostgreSQL checks references by itself."""
    if engine.dialect.name != "sqlite":
        return
    found = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    if found != ["ok"]:
        verdict.faults.append(f"integrity_check says {found[:SHOWN]}")
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        verdict.faults.append(f"{len(broken)} rows refer to rows that are not there")


def _look_at_reports(connection: Connection, count: int, verdict: Verdict) -> None:
    jobs = connection.execute(select(runs.c.id, runs.c.state, runs.c.read)).all()
    if len(jobs) != 1 or jobs[0].state != "done" or jobs[0].read != count:
        verdict.faults.append(f"the job stands as {jobs}")
    query = select(run_items.c.position, run_items.c.report_id, run_items.c.record_pk)
    items = connection.execute(query.order_by(run_items.c.position)).all()
    with_record = Counter(row.report_id for row in items if row.record_pk is not None)
    expected = [f"r{n}" for n in range(count)]
    verdict.lost += sum(1 for name in expected if not with_record[name])
    verdict.doubled += sum(n - 1 for n in with_record.values() if n > 1)
    if [row.report_id for row in items] != expected:
        verdict.faults.append("the items are not the reports in their order")
    orphans = connection.execute(
        select(func.count()).where(
            records.c.pk.not_in(select(run_items.c.record_pk).where(run_items.c.record_pk > 0))
        )
    ).scalar_one()
    verdict.doubled += orphans
    if orphans:
        verdict.faults.append(f"{orphans} records belong to no report")


def _look_at_requests(rows: Sequence[Row[Any]], served: Sequence[Served], verdict: Verdict) -> None:
    """Every request that was charged has its row; no row says anything but the server."""
    known = {row.request: row for row in rows}
    again = sum(n - 1 for n in Counter(row.request for row in rows).values())
    verdict.doubled += again
    if again:
        verdict.faults.append(f"{again} requests have more than one row")
    verdict.requests = len(served)
    charged = [one for one in served if one.charged]
    verdict.charged = sum(one.tokens.prompt + one.tokens.completion for one in charged)
    for one in charged:
        row = known.get(one.request_id or "")
        used = one.tokens.prompt + one.tokens.completion
        if row is None:
            verdict.lost += 1
            _tell(verdict, f"request {one.request_id} was charged and is not in the store")
        elif row.state in HELD:
            verdict.unheard += used
            if row.most_tokens < used:
                _tell(verdict, f"request {row.request} used {used}, held for {row.most_tokens}")
        else:
            told = [getattr(row, f"{name}_tokens") for name in TOKENS]
            if told != [getattr(one.tokens, name) for name in TOKENS]:
                _tell(verdict, f"request {row.request} is settled as {told}, not {one.tokens}")
    verdict.settled = sum(
        row.prompt_tokens + row.completion_tokens for row in rows if row.state == "settled"
    )
    verdict.held = sum(row.most_tokens for row in rows if row.state in HELD)
    if left_open := sum(row.state == "open" for row in rows):
        verdict.faults.append(f"{left_open} requests are still open, though nobody works")


def _look_at_sums(connection: Connection, rows: Sequence[Row[Any]], verdict: Verdict) -> None:
    """The sums of the job are the sums over its rows."""
    job = connection.execute(select(runs)).first()
    if job is None:
        return
    settled = [row for row in rows if row.state in ("settled", "uncounted")]
    held = [row for row in rows if row.state in HELD]
    items = connection.execute(
        select(records.c.disposition, run_items.c.from_cache).join(
            records, records.c.pk == run_items.c.record_pk
        )
    ).all()
    sums = Counter({row.disposition: 0 for row in items})
    sums.update(row.disposition for row in items)
    sums["cached"] = sum(row.from_cache for row in items)
    sums["calls"] = len(settled)
    for name in ("cost", *(f"{name}_tokens" for name in TOKENS)):
        sums[name] = sum(getattr(row, name) for row in settled)
    sums["reserved_tokens"] = sum(row.most_tokens for row in held)
    sums["reserved_cost"] = sum(row.most_cost for row in held)
    for name in COUNTERS:
        if getattr(job, name) != sums[name]:
            _tell(verdict, f"the job's {name} are {getattr(job, name)}, its rows' {sums[name]}")


def _tell(verdict: Verdict, line: str) -> None:
    verdict.spend_faults.append(line)
