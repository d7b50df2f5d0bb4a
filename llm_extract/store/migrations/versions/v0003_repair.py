"""How findings are followed up is part of a piece of work; what was done before asked nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OLD_KEY = ("report_sha256", "published", "prompt_hash", "model", "strategy", "package_version")


def upgrade() -> None:
    """Add the column to the records and to their key."""
    op.drop_index("uq_records_work_key", "records")
    op.add_column("records", sa.Column("repair", sa.Text, nullable=False, server_default="off"))
    _create_key((*OLD_KEY, "repair"))


def downgrade() -> None:
    """Drop the column with the records of work that differs in nothing else."""
    op.drop_index("uq_records_work_key", "records")
    op.execute(
        "DELETE FROM run_items WHERE record_pk IN (SELECT pk FROM records WHERE repair != 'off')"
    )
    op.execute(
        "DELETE FROM attempts WHERE record_pk IN (SELECT pk FROM records WHERE repair != 'off')"
    )
    op.execute("DELETE FROM records WHERE repair != 'off'")
    op.drop_column("records", "repair")  # a table made anew would take the findings with it
    _create_key(OLD_KEY)


def _create_key(columns: tuple[str, ...]) -> None:
    op.create_index(
        "uq_records_work_key",
        "records",
        list(columns),
        unique=True,
        sqlite_where=sa.text("disposition != 'failed'"),
        postgresql_where=sa.text("disposition != 'failed'"),
    )
