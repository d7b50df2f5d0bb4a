"""The batch lane: requests that wait for a provider's batches, and the files they went into."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "batch_shards",
        sa.Column("pk", sa.Integer, primary_key=True),
        sa.Column(
            "run_id", sa.Integer, sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("input_file", sa.Text),
        sa.Column("batch", sa.Text),
        sa.Column("output_file", sa.Text),
        sa.Column("error_file", sa.Text),
        sa.Column("status", sa.Text),
        sa.Column("completed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent", sa.DateTime(timezone=True)),
        sa.Column("ended", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text),
    )
    op.create_index("ix_batch_shards_run_id", "batch_shards", ["run_id"])
    op.create_table(
        "batch_requests",
        sa.Column("pk", sa.Integer, primary_key=True),
        sa.Column(
            "run_id", sa.Integer, sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("custom_id", sa.String(64), nullable=False),
        sa.Column("report_sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("shard", sa.Integer, sa.ForeignKey("batch_shards.pk")),
        sa.Column("body", sa.Text),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger, nullable=False),
        sa.Column("reply", sa.Text),
        sa.Column("error", sa.JSON),
        sa.UniqueConstraint("custom_id", name="uq_batch_requests_custom_id"),
    )
    op.create_index("ix_batch_requests_item", "batch_requests", ["run_id", "position"])
    op.create_index("ix_batch_requests_twin", "batch_requests", ["run_id", "report_sha256"])
    op.create_index("ix_batch_requests_shard", "batch_requests", ["shard"])
    where = sa.text("state = 'noted'")
    op.create_index(
        "ix_batch_requests_noted",
        "batch_requests",
        ["run_id", "pk"],
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    """Drop both; what is out at a provider then will not be collected."""
    op.drop_table("batch_requests")
    op.drop_table("batch_shards")
