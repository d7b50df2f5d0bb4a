"""Manual review: cases, what people made of them, the log, accounts, full-text search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
APPEND_ONLY = ("review_log", "review_versions")


def upgrade() -> None:
    """Add the tables, refuse changes of two of them, and index the words of the reports."""
    shared = op.get_bind().dialect.name == "postgresql"
    sorted_words = sa.Text(collation="C") if shared else sa.Text()
    _cases(sorted_words, shared)
    _work_of_people()
    _accounts(sorted_words)
    for table in APPEND_ONLY:
        for statement in _refusals(table, shared):
            op.execute(statement)
    for statement in _search(shared):
        op.execute(statement)


def _cases(sorted_words: sa.Text, shared: bool) -> None:
    op.create_table(
        "review_cases",
        sa.Column("pk", sa.Integer, primary_key=True),
        sa.Column("report_pk", sa.Integer, sa.ForeignKey("reports.pk"), nullable=False),
        sa.Column("record_pk", sa.Integer, sa.ForeignKey("records.pk"), nullable=False),
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("report_id", sorted_words, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("kept_state", sa.String(10)),
        sa.Column("stage", sa.String(12), nullable=False),
        sa.Column("waiting", sa.Boolean, nullable=False),
        sa.Column("sampled", sa.Boolean, nullable=False),
        sa.Column("sample_reason", sa.String(16)),
        sa.Column("risk", sa.Integer, nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("errors", sa.Integer, nullable=False),
        sa.Column("warnings", sa.Integer, nullable=False),
        sa.Column("killed", sa.Integer),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("published", sa.String(10), nullable=False),
        sa.Column("opened", MOMENT, nullable=False),
        sa.Column("changed", MOMENT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="0"),
        sa.Column("current", sa.Integer),
        sa.Column("assignee", sa.Text),
        sa.Column("holder", sa.Text),
        sa.Column("held_until", MOMENT),
        sa.Column("taken", MOMENT),
        sa.Column("second_reason", sa.Text),
        sa.Column("since", sa.Integer, nullable=False, server_default="0"),
        sa.Column("previous", sa.Integer, sa.ForeignKey("review_cases.pk")),
        sa.UniqueConstraint("report_pk", "record_pk", name="uq_review_cases_report_pk"),
    )
    for column in ("record_pk", "report_id", "sha256"):
        op.create_index(f"ix_review_cases_{column}", "review_cases", [column])
    # In the queue's own order SQLite stops at a page's last case. PostgreSQL does so on an index
    # that it reads backwards, and sorts within a risk.
    risk: Any = "risk" if shared else sa.desc("risk")
    in_order = ("waiting", risk, "opened", "pk")
    filtered = ("state", "severity", "language", "model", "prompt", "published", "assignee")
    op.create_index("ix_review_cases_queue", "review_cases", [*in_order, *filtered])
    op.create_index("ix_review_cases_state", "review_cases", ["state", "changed"])
    op.create_index("ix_review_cases_model", "review_cases", ["model", "prompt"])
    op.create_table(
        "review_terms",
        sa.Column("case_pk", sa.Integer, sa.ForeignKey("review_cases.pk"), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("folded", sa.Text, primary_key=True),
        sa.Column("term", sa.Text, nullable=False),
    )
    op.create_index("ix_review_terms_term", "review_terms", ["kind", "folded", "case_pk"])


def _work_of_people() -> None:
    op.create_table(
        "review_versions",
        sa.Column("pk", sa.Integer, primary_key=True),
        sa.Column("case_pk", sa.Integer, sa.ForeignKey("review_cases.pk"), nullable=False),
        sa.Column("stage", sa.String(12), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("made", MOMENT, nullable=False),
        sa.Column("json", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("back", sa.Integer),
        sa.Column("forth", sa.Integer),
    )
    op.create_index("ix_review_versions_case_pk", "review_versions", ["case_pk"])
    op.create_table(
        "review_decisions",
        sa.Column("pk", sa.Integer, primary_key=True),
        sa.Column("case_pk", sa.Integer, sa.ForeignKey("review_cases.pk"), nullable=False),
        sa.Column("stage", sa.String(12), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("version_pk", sa.Integer),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("made", MOMENT, nullable=False),
        sa.Column("seconds", sa.Integer, nullable=False),
        sa.Column("final", sa.Boolean, nullable=False),
        sa.Column("wrong", sa.Boolean, nullable=False),
    )
    for column in ("case_pk", "who", "made"):
        op.create_index(f"ix_review_decisions_{column}", "review_decisions", [column])
    op.create_table(
        "review_rulings",
        sa.Column(
            "decision_pk", sa.Integer, sa.ForeignKey("review_decisions.pk"), primary_key=True
        ),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("rule", sa.String(8), nullable=False),
        sa.Column("ruling", sa.String(12), nullable=False),
    )
    op.create_index("ix_review_rulings_rule", "review_rulings", ["rule"])
    op.create_table(
        "review_log",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("case_pk", sa.Integer),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("made", sa.String(32), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.UniqueConstraint("hash", name="uq_review_log_hash"),
    )
    op.create_index("ix_review_log_case_pk", "review_log", ["case_pk"])


def _accounts(sorted_words: sa.Text) -> None:
    op.create_table(
        "review_accounts",
        sa.Column("name", sorted_words, primary_key=True),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("made", MOMENT, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "review_sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("made", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
    )
    op.create_index("ix_review_sessions_account", "review_sessions", ["account"])
    op.create_table(
        "review_views",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("filters", sa.Text, nullable=False),
    )


def _refusals(table: str, shared: bool) -> Sequence[str]:
    """What makes the database itself refuse to change or delete a row."""
    if not shared:
        return [
            f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        f"CREATE FUNCTION {table}_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$",
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_kept()",
    ]


def _search(shared: bool) -> Sequence[str]:
    """Full-text search over reports that have a case; `review.search` fills and asks it."""
    if not shared:
        return [
            "CREATE VIRTUAL TABLE review_words USING fts5("
            "words, content='', "
            "tokenize='unicode61 remove_diacritics 2')"
        ]
    return [
        "CREATE TABLE review_words (rowid INTEGER PRIMARY KEY, words tsvector NOT NULL)",
        "CREATE INDEX ix_review_words ON review_words USING gin (words)",
    ]


def downgrade() -> None:
    """Drop all of it; what people decided is lost, so export it before."""
    shared = op.get_bind().dialect.name == "postgresql"
    op.execute("DROP TABLE review_words")
    for table in (
        *("review_views", "review_sessions", "review_accounts", "review_log", "review_rulings"),
        *("review_decisions", "review_versions", "review_terms", "review_cases"),
    ):
        op.drop_table(table)
    if shared:
        for table in APPEND_ONLY:
            op.execute(f"DROP FUNCTION {table}_is_kept()")
