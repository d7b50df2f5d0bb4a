"""What PostgreSQL needs to hold what SQLite holds: ids in one order, token counts of 64 bits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COUNTS = ("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens")


def upgrade() -> None:
    """Change the columns; SQLite sorts by code point and counts in 64 bits as it is."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.alter_column("run_items", "report_id", type_=sa.Text(collation="C"))
    for name in COUNTS:
        op.alter_column("attempts", name, type_=sa.BigInteger())


def downgrade() -> None:
    """Change them back; counts beyond 32 bits stop it."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for name in COUNTS:
        op.alter_column("attempts", name, type_=sa.Integer())
    op.alter_column("run_items", "report_id", type_=sa.Text(collation="default"))
