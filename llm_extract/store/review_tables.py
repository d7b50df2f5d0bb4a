"""The tables of manual review, as the newest migration leaves them; no queries.

A case is one record of one report on its way to a trusted one. Predictions stay in `records`; what
people made of them stands in `review_versions` and `review_log`, and rows of these two are only
ever added: the databases themselves refuse to change or delete them.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from llm_extract.store.tables import SORTED_WORDS, Moment, Words, metadata

review_cases = Table(
    "review_cases",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("report_pk", ForeignKey("reports.pk"), nullable=False),
    Column("record_pk", ForeignKey("records.pk"), nullable=False, index=True),
    Column("run_id", Integer, nullable=False, comment="the last job that brought this record"),
    Column("report_id", SORTED_WORDS, nullable=False, index=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("state", String(10), nullable=False, comment="see review.states.State"),
    Column("kept_state", String(10), comment="the state that a superseded case had"),
    Column("stage", String(12), nullable=False, comment="see review.states.Stage"),
    Column("waiting", Boolean, nullable=False, comment="stands in the queue"),
    Column("sampled", Boolean, nullable=False, comment="clean, and drawn to be looked at"),
    Column("sample_reason", String(16), comment="see review.sampling.SampleReason"),
    Column("risk", Integer, nullable=False, comment="see review.risk; the higher the sooner"),
    Column("severity", String(8), nullable=False, comment="worst finding; empty: none"),
    Column("errors", Integer, nullable=False),
    Column("warnings", Integer, nullable=False),
    Column("killed", Integer, comment="the largest stated toll of killed"),
    Column("model", Text, nullable=False),
    Column("prompt", Text, nullable=False, comment="NAME@VERSION"),
    Column("language", String(8), nullable=False, comment="empty when unknown"),
    Column("published", String(10), nullable=False, comment="ISO date, empty when unknown"),
    Column("opened", Moment, nullable=False, comment="when it became a case"),
    Column("changed", Moment, nullable=False, comment="last row of its log"),
    Column(
        "version",
        Integer,
        nullable=False,
        server_default="0",
        comment="rises with its content, state or stage",
    ),
    Column("current", Integer, comment="review_versions.pk worked on now; null: as predicted"),
    Column("assignee", Words, comment="who is to look at it"),
    Column("holder", Words, comment="who has it open; null: nobody"),
    Column("held_until", Moment),
    Column("taken", Moment, comment="when its holder took it"),
    Column("second_reason", Text, comment="why two reviewers must agree; null: one will do"),
    Column(
        "since",
        Integer,
        nullable=False,
        server_default="0",
        comment="review_decisions.pk that this round came after: it is of an earlier one",
    ),
    Column("previous", ForeignKey("review_cases.pk"), comment="the case that this one superseded"),
    UniqueConstraint("report_pk", "record_pk"),
    Index(
        "ix_review_cases_queue",
        *("waiting", "risk", "opened", "pk"),  # risk descends on SQLite, see migration 0007
        *("state", "severity", "language", "model", "prompt", "published", "assignee"),
    ),
    Index("ix_review_cases_state", "state", "changed"),
    Index("ix_review_cases_model", "model", "prompt"),
)

review_terms = Table(
    "review_terms",
    metadata,
    Column("case_pk", ForeignKey("review_cases.pk"), primary_key=True),
    Column("kind", String(8), primary_key=True, comment="rule, kind, claimant or place"),
    Column("folded", Words, primary_key=True, comment="as it is searched and grouped"),
    Column("term", Words, nullable=False, comment="as it is shown"),
    Index("ix_review_terms_term", "kind", "folded", "case_pk"),
)
"""What the queue is filtered by, of the prediction."""

review_versions = Table(
    "review_versions",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("case_pk", ForeignKey("review_cases.pk"), nullable=False, index=True),
    Column("stage", String(12), nullable=False),
    Column("who", Words, nullable=False),
    Column("made", Moment, nullable=False),
    Column("json", Words, nullable=False, comment="review.content.Content"),
    Column("sha256", String(64), nullable=False, comment="of json, UTF-8"),
    Column("back", Integer, comment="version that undo leads to"),
    Column("forth", Integer, comment="version that redo leads to"),
)
"""Every state of every record that anybody made, never changed."""

review_decisions = Table(
    "review_decisions",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("case_pk", ForeignKey("review_cases.pk"), nullable=False, index=True),
    Column("stage", String(12), nullable=False),
    Column("who", Words, nullable=False, index=True),
    Column("verdict", String(10), nullable=False, comment="see review.states.Verdict"),
    Column("version_pk", Integer, comment="null: as predicted"),
    Column("sha256", String(64), nullable=False, comment="of the content decided on"),
    Column("reason", String(24), nullable=False, comment="see review.states.Reason"),
    Column("note", Words),
    Column("made", Moment, nullable=False),
    Column("seconds", Integer, nullable=False, comment="since its reviewer took the case"),
    Column("final", Boolean, nullable=False, comment="the case's state follows from it"),
    Column("wrong", Boolean, nullable=False, comment="a figure of the prediction was wrong"),
    Index("ix_review_decisions_made", "made"),
)

review_rulings = Table(
    "review_rulings",
    metadata,
    Column("decision_pk", ForeignKey("review_decisions.pk"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("rule", String(8), nullable=False, index=True),
    Column("ruling", String(12), nullable=False, comment="see review.judging.Ruling"),
)
"""What each finding of a prediction turned out to be, by a decision."""

review_log = Table(
    "review_log",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False, comment="1, 2, … no gaps"),
    Column("case_pk", Integer, index=True, comment="null: about no case"),
    Column("who", Words, nullable=False),
    Column("action", String(16), nullable=False, comment="see review.log.Action"),
    Column("made", String(32), nullable=False, comment="ISO 8601, UTC"),
    Column("body", Words, nullable=False, comment="canonical JSON: before, after, reason, note"),
    Column("previous", String(64), nullable=False, comment="hash of the row before"),
    Column("hash", String(64), nullable=False, unique=True),
)

review_accounts = Table(
    "review_accounts",
    metadata,
    Column("name", SORTED_WORDS, primary_key=True),
    Column("role", String(8), nullable=False, comment="analyst, senior or admin"),
    Column("password", Text, nullable=False, comment="argon2id"),
    Column("made", Moment, nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=false()),
)

review_sessions = Table(
    "review_sessions",
    metadata,
    Column("digest", String(64), primary_key=True, comment="sha256 of the cookie"),
    Column("account", Words, nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("made", Moment, nullable=False),
    Column("until", Moment, nullable=False),
)

review_views = Table(
    "review_views",
    metadata,
    Column("owner", Words, primary_key=True, comment="empty: of everybody"),
    Column("name", Words, primary_key=True),
    Column("filters", Text, nullable=False, comment="the queue's query string"),
)

APPEND_ONLY = ("review_log", "review_versions")
"""Tables whose rows are never changed or deleted; triggers of migration 0007 refuse it."""
