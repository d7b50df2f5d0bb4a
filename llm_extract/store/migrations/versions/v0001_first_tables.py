"""The first tables: reports, runs, records, run items, attempts, findings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "reports",
        sa.Column("pk", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("published", sa.String(10), nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("language", sa.String(8)),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_reports"),
        sa.UniqueConstraint("sha256", "id", "source", "published", name="uq_reports_sha256"),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished", sa.DateTime(timezone=True)),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("counts", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_table(
        "records",
        sa.Column("pk", sa.Integer, nullable=False),
        sa.Column("report_sha256", sa.String(64), nullable=False),
        sa.Column("published", sa.String(10), nullable=False),
        sa.Column("prompt_hash", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("strategy", sa.Text, nullable=False),
        sa.Column("package_version", sa.Text, nullable=False),
        sa.Column("disposition", sa.String(8), nullable=False),
        sa.Column("json", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_records"),
    )
    op.create_index(
        "uq_records_work_key",
        "records",
        ["report_sha256", "published", "prompt_hash", "model", "strategy", "package_version"],
        unique=True,
        sqlite_where=sa.text("disposition != 'failed'"),
        postgresql_where=sa.text("disposition != 'failed'"),
    )
    op.create_table(
        "run_items",
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("report_id", sa.Text, nullable=False),
        sa.Column("report_pk", sa.Integer),
        sa.Column("record_pk", sa.Integer),
        sa.Column("from_cache", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_run_items"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name="fk_run_items_run_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["report_pk"], ["reports.pk"], name="fk_run_items_report_pk"),
        sa.ForeignKeyConstraint(["record_pk"], ["records.pk"], name="fk_run_items_record_pk"),
    )
    for column in ("report_id", "report_pk", "record_pk"):
        op.create_index(f"ix_run_items_{column}", "run_items", [column])
    op.create_table(
        "attempts",
        sa.Column("pk", sa.Integer, nullable=False),
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("record_pk", sa.Integer, nullable=False),
        sa.Column("passage", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("prompt_tokens", sa.Integer, nullable=False),
        sa.Column("cached_tokens", sa.Integer, nullable=False),
        sa.Column("completion_tokens", sa.Integer, nullable=False),
        sa.Column("reply", sa.Text),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("pk", name="pk_attempts"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name="fk_attempts_run_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["record_pk"], ["records.pk"], name="fk_attempts_record_pk"),
    )
    for column in ("run_id", "record_pk"):
        op.create_index(f"ix_attempts_{column}", "attempts", [column])
    op.create_table(
        "findings",
        sa.Column("record_pk", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("rule", sa.String(8), nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("claims", sa.JSON, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("suggestion", sa.Text),
        sa.PrimaryKeyConstraint("record_pk", "position", name="pk_findings"),
        sa.ForeignKeyConstraint(
            ["record_pk"], ["records.pk"], name="fk_findings_record_pk", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_findings_rule", "findings", ["rule"])


def downgrade() -> None:
    """Drop them all."""
    for table in ("findings", "attempts", "run_items", "records", "runs", "reports"):
        op.drop_table(table)
