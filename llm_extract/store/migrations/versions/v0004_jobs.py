"""Jobs: runs get a state, limits and sums, items a worker, attempts are written before the call."""

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


def upgrade() -> None:
    """Add the columns; what was done before counts as done, with sums of zero."""
    with op.batch_alter_table("runs") as table:
        table.add_column(sa.Column("key", sa.String(64)))
        table.add_column(_filled("state", sa.String(9), "done"))
        table.add_column(sa.Column("reason", sa.Text))
        table.add_column(sa.Column("inputs", sa.JSON))
        table.add_column(_filled("read", sa.Integer, "0"))
        table.add_column(_filled("all_read", sa.Boolean, sa.true()))
        table.add_column(sa.Column("max_tokens", sa.BigInteger))
        table.add_column(sa.Column("max_cost", sa.BigInteger))
        table.add_column(sa.Column("deadline", sa.DateTime(timezone=True)))
        for name in COUNTERS:
            table.add_column(_filled(name, sa.BigInteger, "0"))
    _index("uq_runs_key", "runs", ["key"], "state != 'cancelled'", unique=True)
    with op.batch_alter_table("run_items") as table:
        table.add_column(_filled("characters", sa.Integer, "0"))
        table.add_column(sa.Column("worker", sa.Text))
        table.add_column(sa.Column("lease_until", sa.DateTime(timezone=True)))
        table.add_column(_filled("tries", sa.Integer, "0"))
        table.add_column(_filled("again", sa.Boolean, sa.false()))
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


def downgrade() -> None:
    """Drop the columns with the attempts that belong to no record."""
    op.execute("DELETE FROM attempts WHERE record_pk IS NULL")
    op.drop_index("ix_attempts_open", "attempts")
    op.drop_index("ix_attempts_request", "attempts")
    with op.batch_alter_table("attempts") as table:
        for name in ("position", "request", "state", "most_tokens", "most_cost", "cost"):
            table.drop_column(name)
        table.drop_column("reasoning_tokens")
        table.alter_column("record_pk", existing_type=sa.Integer, nullable=False)
    op.drop_index("ix_run_items_worker", "run_items")
    op.drop_index("ix_run_items_open", "run_items")
    with op.batch_alter_table("run_items") as table:
        for name in ("characters", "worker", "lease_until", "tries", "again"):
            table.drop_column(name)
    op.drop_index("uq_runs_key", "runs")
    with op.batch_alter_table("runs") as table:
        for name in ("key", "state", "reason", "inputs", "read", "all_read"):
            table.drop_column(name)
        for name in ("max_tokens", "max_cost", "deadline", *COUNTERS):
            table.drop_column(name)


def _filled(name: str, kind: Any, default: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=default)


def _index(name: str, table: str, columns: list[str], condition: str, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
