"""Suggestions leave the rows of findings: they are structured now, and stand in the record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the column, which no query reads."""
    with op.batch_alter_table("findings") as table:
        table.drop_column("suggestion")


def downgrade() -> None:
    """Give the column back, empty."""
    with op.batch_alter_table("findings") as table:
        table.add_column(sa.Column("suggestion", sa.Text))
