"""Jobs: runs get a state, limits and sums, items a worker, attempts are written before the call.

On SQLite a batch of changes can make a table anew; that of a table which others refer to would
delete their rows with the old table. So runs and records are changed in place.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COUNTERS = (
    *("clean", "flagged", "failed", "cached"),
    *("calls", "prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens", "cost"),
    *("reserved_tokens", "reserved_cost"),
)

WORK_KEY = (
    *("report_sha256", "published", "prompt_hash", "model", "strategy", "package_version"),
    "repair",
)

OF_ITEMS = "SELECT count(*) FROM run_items i JOIN records r ON r.pk = i.record_pk"
BACKWARDS = {
    "read": "SELECT count(*) FROM run_items WHERE run_id = runs.id",
    "clean": f"{OF_ITEMS} WHERE i.run_id = runs.id AND r.disposition = 'clean'",
    "flagged": f"{OF_ITEMS} WHERE i.run_id = runs.id AND r.disposition = 'flagged'",
    "failed": f"{OF_ITEMS} WHERE i.run_id = runs.id AND r.disposition = 'failed'",
    "cached": f"{OF_ITEMS} WHERE i.run_id = runs.id AND i.from_cache",
    "calls": "SELECT count(*) FROM attempts WHERE run_id = runs.id",
    **{
        name: f"SELECT coalesce(sum({name}), 0) FROM attempts WHERE run_id = runs.id"
        for name in ("prompt_tokens", "cached_tokens", "completion_tokens")
    },
}
"""What the sums of earlier runs are, by the rows they left."""


def upgrade() -> None:
    """Add the columns; earlier runs get their sums, and those that left items open are paused."""
    for column in (
        sa.Column("key", sa.String(64)),
        _filled("state", sa.String(9), "done"),
        sa.Column("reason", sa.Text),
        sa.Column("inputs", sa.JSON),
        _filled("read", sa.Integer, "0"),
        _filled("all_read", sa.Boolean, sa.true()),
        sa.Column("reader", sa.Text),
        sa.Column("reader_until", sa.DateTime(timezone=True)),
        sa.Column("max_tokens", sa.BigInteger),
        sa.Column("max_cost", sa.BigInteger),
        sa.Column("deadline", sa.DateTime(timezone=True)),
        *(_filled(name, sa.BigInteger, "0") for name in COUNTERS),
    ):
        op.add_column("runs", column)
    _index("uq_runs_key", "runs", ["key"], "state != 'cancelled'", unique=True)
    op.drop_index("uq_records_work_key", "records")
    op.add_column("records", _filled("superseded", sa.Boolean, sa.false()))
    current = "disposition != 'failed' AND NOT superseded"
    _index("uq_records_work_key", "records", list(WORK_KEY), current, unique=True)
    for column in (
        _filled("characters", sa.Integer, "0"),
        sa.Column("worker", sa.Text),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        _filled("tries", sa.Integer, "0"),
        _filled("again", sa.Boolean, sa.false()),
    ):
        op.add_column("run_items", column)
    _index("ix_run_items_open", "run_items", ["run_id", "position"], "record_pk IS NULL")
    _index("ix_run_items_worker", "run_items", ["worker"], "record_pk IS NULL")
    with op.batch_alter_table("attempts") as table:
        table.alter_column("record_pk", existing_type=sa.Integer, nullable=True)
        table.add_column(sa.Column("position", sa.Integer))
        table.add_column(_filled("request", sa.String(64), ""))
        table.add_column(_filled("state", sa.String(9), "settled"))
        table.add_column(_filled("most_tokens", sa.BigInteger, "0"))
        table.add_column(_filled("most_cost", sa.BigInteger, "0"))
        table.add_column(_filled("cost", sa.BigInteger, "0"))
        table.add_column(_filled("reasoning_tokens", sa.Integer, "0"))
    op.create_index("ix_attempts_request", "attempts", ["request"])
    _index("ix_attempts_open", "attempts", ["run_id", "position"], "state = 'open'")
    op.execute(f"UPDATE runs SET {', '.join(f'{n} = ({q})' for n, q in BACKWARDS.items())}")
    op.execute(
        "UPDATE runs SET state = 'paused', reason = 'interrupted' WHERE EXISTS "
        "(SELECT 1 FROM run_items WHERE run_id = runs.id AND record_pk IS NULL)"
    )


def downgrade() -> None:
    """Drop the columns with the attempts that belong to no record; of work that was done twice all
    items get the newer record."""
    op.execute("DELETE FROM attempts WHERE record_pk IS NULL")
    same = " AND ".join(f"new.{name} = old.{name}" for name in WORK_KEY)
    for concerned in ("run_items", "attempts"):
        op.execute(
            f"UPDATE {concerned} SET record_pk = (SELECT new.pk FROM records old JOIN records new "
            f"ON {same} WHERE old.pk = {concerned}.record_pk AND new.disposition != 'failed' "
            "AND NOT new.superseded) "
            "WHERE record_pk IN (SELECT pk FROM records WHERE superseded)"
        )
    op.execute("DELETE FROM records WHERE superseded")
    op.drop_index("ix_attempts_open", "attempts")
    op.drop_index("ix_attempts_request", "attempts")
    with op.batch_alter_table("attempts") as table:
        for name in ("position", "request", "state", "most_tokens", "most_cost", "cost"):
            table.drop_column(name)
        table.drop_column("reasoning_tokens")
        table.alter_column("record_pk", existing_type=sa.Integer, nullable=False)
    op.drop_index("ix_run_items_worker", "run_items")
    op.drop_index("ix_run_items_open", "run_items")
    for name in ("characters", "worker", "lease_until", "tries", "again"):
        op.drop_column("run_items", name)
    op.drop_index("uq_records_work_key", "records")
    op.drop_column("records", "superseded")
    _index("uq_records_work_key", "records", list(WORK_KEY), "disposition != 'failed'", unique=True)
    op.drop_index("uq_runs_key", "runs")
    for name in ("key", "state", "reason", "inputs", "read", "all_read", "reader", "reader_until"):
        op.drop_column("runs", name)
    for name in ("max_tokens", "max_cost", "deadline", *COUNTERS):
        op.drop_column("runs", name)


def _filled(name: str, kind: Any, default: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=default)


def _index(
    name: str, table: str, columns: list[str], condition: str, *, unique: bool = False
) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
