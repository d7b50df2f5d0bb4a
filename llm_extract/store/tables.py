"""The tables of the store, as the newest migration leaves them; no queries.

A record row holds the whole record as JSON; the columns beside it and the rows of findings exist to
be searched. Raw replies stand only in `attempts`, which is also the book of what was spent: a row
is `open` from before its request is sent until its report is settled, and `lost` when its worker
went away in between; `batched` instead of `open` where a provider's batch brings the reply, which
outlives any worker.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
    true,
)

from llm_extract.documents.text import storable


class Words(TypeDecorator[str]):
    """Text from outside: what no database can hold (NUL, lone surrogates) becomes U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class Moment(TypeDecorator[datetime]):
    """A point in time: aware ones only go in, UTC comes out, also of SQLite, which has no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without its zone cannot be stored")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


SORTED_WORDS = Words().with_variant(Words(collation="C"), "postgresql")
"""Words that sort by code point in every database, as in Python, whatever its language is."""

COUNT = Integer().with_variant(BigInteger(), "postgresql")
"""A number that a server tells us, with 64 bits."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _where(condition: str) -> dict[str, Any]:
    """An index over the rows of a condition, in both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


reports = Table(
    "reports",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("id", Words, nullable=False),
    Column("source", Words, nullable=False),
    Column("published", String(10), nullable=False, comment="ISO date, empty when unknown"),
    Column("title", Words),
    Column("language", String(8)),
    Column("text", Words, nullable=False),
    UniqueConstraint("sha256", "id", "source", "published"),
)

REPORT_KEY_COLUMNS = (reports.c.sha256, reports.c.id, reports.c.source, reports.c.published)

COUNTERS = (
    *("clean", "flagged", "failed", "cached"),
    *("calls", "prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens", "cost"),
    *("reserved_tokens", "reserved_cost"),
)
"""Sums over a run, kept with each settlement so that nobody counts a million rows. The first four
count items; costs are nanodollars. `reserved_…` is what requests under way may use at worst, and
what those may have used whose reply was lost or bore no count."""


def _counter(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started", Moment, nullable=False),
    Column("finished", Moment, comment="null while running and after a kill"),
    Column("settings", JSON, nullable=False),
    Column("version", Text, nullable=False),
    Column("counts", JSON),
    Column("key", String(64), comment="digest of all that decides a job; null: no job"),
    Column("state", String(9), nullable=False, server_default="done"),
    Column("reason", Words, comment="why it is paused, one line"),
    Column("inputs", JSON, comment="what is read and how, for a job that goes on reading"),
    Column("read", Integer, nullable=False, server_default="0", comment="items added"),
    Column("all_read", Boolean, nullable=False, server_default=true()),
    Column("reader", Text, comment="the worker that reads the inputs; null: nobody"),
    Column("reader_until", Moment, comment="null: as long as the reader lives"),
    Column("max_tokens", BigInteger, comment="null: no cap"),
    Column("max_cost", BigInteger, comment="nanodollars; null: no cap"),
    Column("deadline", Moment),
    *(_counter(name) for name in COUNTERS),
    Index("uq_runs_key", "key", unique=True, **_where("state != 'cancelled'")),
)

records = Table(
    "records",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("report_sha256", String(64), nullable=False),
    Column("published", String(10), nullable=False),
    Column("prompt_hash", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("package_version", Text, nullable=False),
    Column("repair", Text, nullable=False, server_default="off"),
    Column("disposition", String(8), nullable=False),
    Column("json", Text, nullable=False),
    Column("superseded", Boolean, nullable=False, server_default=false(), comment="done anew"),
)

WORK_KEY_COLUMNS = (
    records.c.report_sha256,
    records.c.published,
    records.c.prompt_hash,
    records.c.model,
    records.c.strategy,
    records.c.package_version,
    records.c.repair,
)

# Only finished work is unique: each failed try of the same work stays as a row of its own run, and
# what was done anew stays with the items that had it.
Index(
    "uq_records_work_key",
    *WORK_KEY_COLUMNS,
    unique=True,
    **_where("disposition != 'failed' AND NOT superseded"),
)

run_items = Table(
    "run_items",
    metadata,
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, comment="place in the input, from 0"),
    Column("report_id", SORTED_WORDS, nullable=False, index=True),
    Column("report_pk", ForeignKey("reports.pk"), index=True, comment="null: never read"),
    Column("record_pk", ForeignKey("records.pk"), index=True, comment="null: not done yet"),
    Column("from_cache", Boolean, nullable=False),
    Column("characters", Integer, nullable=False, server_default="0", comment="of the text"),
    Column("worker", Text, comment="who works on it; null: nobody"),
    Column("lease_until", Moment, comment="null: as long as its worker lives"),
    Column("tries", Integer, nullable=False, server_default="0", comment="given back unread"),
    Column("again", Boolean, nullable=False, server_default=false(), comment="earlier work void"),
    Index("ix_run_items_open", "run_id", "position", **_where("record_pk IS NULL")),
    Index("ix_run_items_worker", "worker", **_where("record_pk IS NULL")),
)

attempts = Table(
    "attempts",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("record_pk", ForeignKey("records.pk"), index=True, comment="null: not settled"),
    Column("position", Integer, comment="the item it was made for"),
    Column("request", String(64), nullable=False, server_default="", index=True),
    Column("state", String(9), nullable=False, server_default="settled"),
    Column("most_tokens", BigInteger, nullable=False, server_default="0"),
    Column("most_cost", BigInteger, nullable=False, server_default="0"),
    Column("cost", BigInteger, nullable=False, server_default="0", comment="nanodollars"),
    Column("reasoning_tokens", COUNT, nullable=False, server_default="0"),
    Column("passage", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("prompt_tokens", COUNT, nullable=False),
    Column("cached_tokens", COUNT, nullable=False),
    Column("completion_tokens", COUNT, nullable=False),
    Column("reply", Words),
    Column("error", Words),
    Index("ix_attempts_open", "run_id", "position", **_where("state = 'open'")),
)

findings = Table(
    "findings",
    metadata,
    Column("record_pk", ForeignKey("records.pk", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("rule", String(8), nullable=False, index=True),
    Column("severity", String(8), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("claims", JSON, nullable=False),
    Column("message", Words, nullable=False),
)

batch_shards = Table(
    "batch_shards",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("state", String(8), nullable=False, comment="see store.lane.ShardState"),
    Column("token", String(32), nullable=False, comment="by which its file and batch are found"),
    Column("requests", Integer, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False, comment="estimate"),
    Column("tries", Integer, nullable=False, server_default="0", comment="batches that failed"),
    Column("input_file", Text),
    Column("batch", Text),
    Column("output_file", Text),
    Column("error_file", Text),
    Column("status", Words, comment="of the batch, in the provider's words"),
    Column("completed", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("made", Moment, nullable=False),
    Column("sent", Moment),
    Column("ended", Moment),
    Column("reason", Words, comment="why its last batch failed, one line"),
)

batch_requests = Table(
    "batch_requests",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("custom_id", String(64), nullable=False, unique=True),
    Column("report_sha256", String(64), nullable=False),
    Column("state", String(8), nullable=False, comment="noted, packed, answered or failed"),
    Column("shard", ForeignKey("batch_shards.pk")),
    Column("body", Words, comment="null: it lies in the shard's file"),
    Column("bytes", Integer, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False, comment="estimate"),
    Column("reply", Words, comment="chat completion"),
    Column("error", JSON(none_as_null=True), comment="a Trouble: line, kind, code"),
    Index("ix_batch_requests_item", "run_id", "position"),
    Index("ix_batch_requests_twin", "run_id", "report_sha256"),
    Index("ix_batch_requests_shard", "shard"),
    Index("ix_batch_requests_noted", "run_id", "pk", **_where("state = 'noted'")),
)
"""Requests of open items; they are deleted with the settlement of their item."""
