"""What came of items: their records and findings, what they cost, and the sums of their jobs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, select

from llm_extract.pipeline import WorkKey
from llm_extract.record import Attempt, Disposition, Record
from llm_extract.store.batched import Opening
from llm_extract.store.engine import insert_new
from llm_extract.store.jobs import Sums, sums_of
from llm_extract.store.tables import WORK_KEY_COLUMNS, attempts, findings, records, runs

Place = tuple[int, int]
"""An item: its job and its position."""

NO_WORK = WorkKey(
    report_sha256="", published="", prompt_hash="", model="", strategy="", package_version=""
)
"""Stands for the work on an input that was never read."""


@dataclass(frozen=True, slots=True)
class Paid:
    """An attempt, its price in nanodollars, and how it was written down before it was sent."""

    attempt: Attempt
    cost: int
    opening: Opening | None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What came of an item: a new record, one of earlier work (`pk`), or neither: it is given back.

    `record` bears no raw replies (`without_replies`), these stand in `paid`. Of finished work the
    store keeps the record that came first, unless the item's earlier work is void. `tried` counts
    what is given back as a try that failed. `batched` says that it is of the batch lane, whose
    requests for it are then forgotten.
    """

    run_id: int
    position: int
    disposition: Disposition | None = None
    key: WorkKey | None = None
    record: Record | None = None
    pk: int | None = None
    paid: Sequence[Paid] = ()
    tried: bool = False
    batched: bool = False

    @property
    def place(self) -> Place:
        """The item."""
        return self.run_id, self.position


@dataclass(frozen=True, slots=True)
class Row:
    """A row of records, and how it is counted."""

    pk: int
    disposition: Disposition


IS_CURRENT = and_(records.c.disposition != "failed", ~records.c.superseded)
"""Finished work that was not done anew: one row for each key."""


def put_records(
    connection: Connection, settlements: Sequence[Settlement], void: set[Place]
) -> dict[Place, Row]:
    """The rows of records by item: each failure has its own, finished work with one key has one.

    A row never changes, so no job's results or sums depend on what another does. Items in `void`
    take no earlier row: it is superseded by a new one.
    """
    failures = [s for s in settlements if s.disposition == "failed"]
    finished: dict[WorkKey, list[Settlement]] = defaultdict(list)
    for settlement in settlements:
        if settlement.disposition != "failed" and settlement.key is not None:
            finished[settlement.key].append(settlement)
    rows = _put_failures(connection, failures) if failures else {}
    if finished:
        anew = {key for key, same in finished.items() if any(s.place in void for s in same)}
        firsts = {key: same[0] for key, same in finished.items()}
        for key, row in _put_finished(connection, firsts, anew).items():
            rows |= {s.place: row for s in finished[key]}
    return rows


def _put_failures(connection: Connection, settlements: Sequence[Settlement]) -> dict[Place, Row]:
    made = connection.execute(
        insert(records).returning(records.c.pk, sort_by_parameter_order=True),
        [_record_row(s.key or NO_WORK, s) for s in settlements],
    ).scalars()
    pks = dict(zip((s.place for s in settlements), made, strict=True))
    _put_findings(connection, {pks[s.place]: s for s in settlements})
    return {place: Row(pk, "failed") for place, pk in pks.items()}


def _put_finished(
    connection: Connection, wanted: Mapping[WorkKey, Settlement], anew: set[WorkKey]
) -> dict[WorkKey, Row]:
    rows = _current(connection, wanted)
    old = sorted(rows.pop(key).pk for key in anew if key in rows)
    if old:
        connection.execute(records.update().where(records.c.pk.in_(old)).values(superseded=True))
    new = [_record_row(key, wanted[key]) for key in sorted(wanted, key=astuple) if key not in rows]
    if not new:
        return rows
    made = connection.execute(
        insert_new(connection, records).returning(
            records.c.pk, records.c.disposition, *WORK_KEY_COLUMNS
        ),
        new,
    )
    added = {key_of(row): Row(row.pk, row.disposition) for row in made}
    _put_findings(connection, {row.pk: wanted[key] for key, row in added.items()})
    rows |= added
    beaten = wanted.keys() - rows.keys()  # another worker finished the same work in this moment
    return rows | _current(connection, beaten) if beaten else rows


def _current(connection: Connection, keys: Iterable[WorkKey]) -> dict[WorkKey, Row]:
    wanted = set(keys)
    query = select(records.c.pk, records.c.disposition, *WORK_KEY_COLUMNS).where(
        records.c.report_sha256.in_({key.report_sha256 for key in wanted}), IS_CURRENT
    )
    return {
        key: Row(row.pk, row.disposition)
        for row in connection.execute(query)
        if (key := key_of(row)) in wanted
    }


def _record_row(key: WorkKey, settlement: Settlement) -> dict[str, Any]:
    assert settlement.record is not None
    return {
        **asdict(key),
        "disposition": settlement.disposition,
        "json": settlement.record.model_dump_json(),
    }


def _put_findings(connection: Connection, written: Mapping[int, Settlement]) -> None:
    """The findings of new rows of records."""
    rows = [
        row
        for pk, settlement in written.items()
        if settlement.record is not None
        for row in _finding_rows(pk, settlement.record)
    ]
    if rows:
        connection.execute(insert(findings), rows)


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


def put_attempts(
    connection: Connection,
    settlements: Sequence[Settlement],
    pks: Mapping[Place, int],
) -> None:
    """Close the rows of requests that were opened, add those that were not."""
    opened, others = [], []
    for settlement in settlements:
        for paid in settlement.paid:
            attempt = paid.attempt
            row = {
                "record_pk": pks.get(settlement.place),
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


def add_up(
    connection: Connection,
    settlements: Sequence[Settlement],
    kept: Sequence[Settlement],
    rows: Mapping[Place, Row],
) -> dict[int, Sums]:
    """The sums of the jobs with these settlements: spending counts even where a record does not."""
    more: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for settlement in kept:
        if settlement.place in rows:
            more[settlement.run_id][rows[settlement.place].disposition] += 1
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


def key_of(row: Any) -> WorkKey:
    return WorkKey(*(getattr(row, column.name) for column in WORK_KEY_COLUMNS))
