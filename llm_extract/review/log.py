"""The log of review: who did what to which case; append-only and hash-chained, never rewritten.

Each row's hash covers the row and the hash before it, so that whoever changes, removes or inserts a
row has to write all later ones anew, and the last hash with them. Who keeps that hash elsewhere
(`llm-extract audit verify` prints it) can tell even then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, insert, select, text

from llm_extract.documents.text import storable
from llm_extract.store.engine import transaction
from llm_extract.store.review_tables import review_log

Action = Literal[
    "open",
    "take",
    "release",
    "edit",
    "undo",
    "redo",
    "decide",
    "second",
    "note",
    "assign",
    "free",
    "reopen",
    "supersede",
    "resume",
    "import",
    "gold",
    "account",
]
"""`open`: a record became a case; `second`: two reviewers were asked for; `resume`: a superseded
case is current again."""

FIRST = "0" * 64
"""Stands for the hash before the first row."""

LOG_LOCK = 0x6C6C6D5F6C6F6700
"""Number of PostgreSQL's advisory lock under which rows are added (the letters "llm_log")."""

_PAGE_ROWS = 1000


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What is to be written down; `before` and `after` are anything that JSON can hold.

    Entries about a case that change its state or stage have both in `before` and `after`.
    """

    case_pk: int | None
    who: str
    action: Action
    before: Any = None
    after: Any = None
    reason: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Entry(NewEntry):
    """A row of the log."""

    number: int = 0
    made: str = ""
    hash: str = ""


def append(connection: Connection, entries: Sequence[NewEntry]) -> None:
    """Add rows at the end, in the transaction that does what they tell of.

    Until it ends no other transaction adds any, so it should be short.
    """
    if not entries:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOG_LOCK})"))
    last = connection.execute(
        select(review_log.c.number, review_log.c.hash).order_by(review_log.c.number.desc()).limit(1)
    ).one_or_none()
    number, previous = (last.number, last.hash) if last is not None else (0, FIRST)
    made = datetime.now(UTC).isoformat(timespec="milliseconds")
    rows = []
    for entry in entries:
        number += 1
        row = {
            "number": number,
            "case_pk": entry.case_pk,
            "who": storable(entry.who),
            "action": entry.action,
            "made": made,
            "body": storable(_body(entry)),
            "previous": previous,
        }
        previous = row["hash"] = hash_of(row)
        rows.append(row)
    connection.execute(insert(review_log), rows)


def entry_of(row: Row[Any]) -> Entry:
    """The entry that a row of the log holds."""
    body = json.loads(row.body)
    return Entry(
        case_pk=row.case_pk,
        who=row.who,
        action=row.action,
        before=body["before"],
        after=body["after"],
        reason=body["reason"],
        note=body["note"],
        number=row.number,
        made=row.made,
        hash=row.hash,
    )


def rows_of(engine: Engine) -> Iterator[Row[Any]]:
    """All rows from the first on, read a page at a time."""
    after = 0
    while True:
        page = select(review_log).where(review_log.c.number > after).order_by(review_log.c.number)
        with transaction(engine) as connection:
            rows = connection.execute(page.limit(_PAGE_ROWS)).all()
        if not rows:
            return
        yield from rows
        after = rows[-1].number


def fault_of(row: Row[Any], number: int, previous: str) -> str | None:
    """What is wrong with a row that should have this number and follow this hash, in one line."""
    if row.number != number:
        return f"row {number} is missing: the next one is {row.number}"
    if row.previous != previous:
        return f"row {number} does not follow the row before it: one was changed or put in"
    if row.hash != hash_of(row._asdict()):
        return f"row {number} was changed after it was written"
    return None


def hash_of(row: dict[str, Any]) -> str:
    """The hash of a row, which covers that of the row before it."""
    names = ("number", "case_pk", "who", "action", "made", "body", "previous")
    told = _canonical([row[name] for name in names])
    return hashlib.sha256(told.encode()).hexdigest()


def _body(entry: NewEntry) -> str:
    body = {
        "before": entry.before,
        "after": entry.after,
        "reason": entry.reason,
        "note": entry.note,
    }
    return _canonical(body)


def _canonical(value: Any) -> str:
    """One form for each value, whatever order its keys were written in."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
