"""The batch lane's rows: requests packed into shards, shards sent and ended, outcomes by request.

A request is `noted` when its item asks it (see `store.work`), `packed` when it belongs to a shard,
and `answered` or `failed` when its outcome is known; then its item can be worked on again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Connection, Engine, bindparam, func, insert, select

from llm_extract.errors import StoreError
from llm_extract.store.engine import store_errors, transaction
from llm_extract.store.tables import batch_requests, batch_shards

ShardState = Literal["made", "uploaded", "sent", "done", "dropped"]
"""`made`: written here only; `uploaded`: its file is at the provider; `sent`: its batch is made;
`done`: the outcome of each request is known; `dropped`: its requests went into other shards."""

LANE_LOCK = 0x6C6C6D62
"""First number of the advisory lock that a job's lane holds (the letters "llmb"), the second is
the job's."""

_PAGE_ROWS = 500


@dataclass(frozen=True, slots=True)
class Shard:
    """One input file of a provider's batch; `token` is part of its name and of the batch."""

    pk: int
    run_id: int
    state: ShardState
    token: str
    requests: int
    prompt_tokens: int
    tries: int
    input_file: str | None
    batch: str | None
    status: str | None
    made: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request: a chat completion as JSON, or the fields of a Trouble."""

    custom_id: str
    reply: str | None = None
    error: Mapping[str, str] | None = None


class Lane:
    """The batch lane of a store's jobs. Methods raise StoreError on trouble with it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def sole_driver(self, run_id: int) -> Iterator[None]:
        """Sees that one worker alone drives a job's batches.

        Raises StoreError when another worker does. On SQLite the worker is alone anyway.
        """
        if self._engine.dialect.name == "sqlite":
            yield
            return
        locks = (LANE_LOCK, run_id)
        with store_errors("the store failed"), self._engine.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            if not connection.execute(select(func.pg_try_advisory_lock(*locks))).scalar_one():
                raise StoreError(
                    f"another worker drives the batches of job {run_id}; one is enough for them",
                    code="store_in_use",
                )
            try:
                yield
            finally:
                connection.execute(select(func.pg_advisory_unlock(*locks)))

    def pack(
        self, run_id: int, most_requests: int, most_bytes: int, most_tokens: int | None
    ) -> Shard | None:
        """Put noted requests, the oldest first, into a new shard, at least one whatever its size.

        None when there are none.
        """
        columns = (batch_requests.c.pk, batch_requests.c.bytes, batch_requests.c.prompt_tokens)
        noted = (batch_requests.c.run_id == run_id, batch_requests.c.state == "noted")
        query = select(*columns).where(*noted).order_by(batch_requests.c.pk).limit(most_requests)
        with transaction(self._engine) as connection:
            last = number = size = tokens = 0
            for row in connection.execute(query):
                over = size + row.bytes > most_bytes or (
                    most_tokens is not None and tokens + row.prompt_tokens > most_tokens
                )
                if number and over:
                    break
                last, number = row.pk, number + 1
                size, tokens = size + row.bytes, tokens + row.prompt_tokens
            if not number:
                return None
            values = {
                "run_id": run_id,
                "state": "made",
                "token": uuid4().hex,
                "requests": number,
                "prompt_tokens": tokens,
                "made": datetime.now(UTC),
            }
            row = connection.execute(
                insert(batch_shards).values(values).returning(*batch_shards.c)
            ).one()
            connection.execute(
                batch_requests.update()
                .where(*noted, batch_requests.c.pk <= last)
                .values(state="packed", shard=row.pk)
            )
        return _shard(row)

    def unpack(self, shard: Shard, reason: str) -> None:
        """Give a shard up: its requests without an outcome are noted anew."""
        with transaction(self._engine) as connection:
            connection.execute(
                batch_requests.update().where(*_waiting(shard)).values(state="noted", shard=None)
            )
            _change(connection, shard, state="dropped", reason=reason, ended=datetime.now(UTC))

    def open_shards(self, run_id: int) -> list[Shard]:
        """Shards whose outcome is not known, oldest first."""
        query = (
            select(batch_shards)
            .where(
                batch_shards.c.run_id == run_id,
                batch_shards.c.state.in_(("made", "uploaded", "sent")),
            )
            .order_by(batch_shards.c.pk)
        )
        with transaction(self._engine) as connection:
            return [_shard(row) for row in connection.execute(query)]

    def change(self, shard: Shard, **values: Any) -> Shard:
        """Write down how a shard stands."""
        with transaction(self._engine) as connection:
            return _change(connection, shard, **values)

    def bodies(self, shard: Shard) -> Iterator[tuple[str, str]]:
        """Ids and bodies of a shard's requests, in the order of its file."""
        last = 0
        while True:
            query = (
                select(batch_requests.c.pk, batch_requests.c.custom_id, batch_requests.c.body)
                .where(batch_requests.c.shard == shard.pk, batch_requests.c.pk > last)
                .order_by(batch_requests.c.pk)
                .limit(_PAGE_ROWS)
            )
            with transaction(self._engine) as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            for row in rows:
                yield row.custom_id, row.body
            last = rows[-1].pk

    def drop_bodies(self, shard: Shard) -> None:
        """Forget the bodies of a shard whose file the provider has accepted."""
        with transaction(self._engine) as connection:
            connection.execute(
                batch_requests.update().where(batch_requests.c.shard == shard.pk).values(body=None)
            )

    def id_at(self, shard: Shard, line: int) -> str | None:
        """The id of the request in a line of a shard's file, counted from 1."""
        query = (
            select(batch_requests.c.custom_id)
            .where(batch_requests.c.shard == shard.pk)
            .order_by(batch_requests.c.pk)
            .offset(line - 1)
            .limit(1)
        )
        with transaction(self._engine) as connection:
            return connection.execute(query).scalar_one_or_none()

    def put(self, shard: Shard, outcomes: Sequence[Outcome]) -> int:
        """Keep outcomes; the first of a request counts. How many ids the shard does not have."""
        first: dict[str, Outcome] = {}
        for outcome in outcomes:
            first.setdefault(outcome.custom_id, outcome)
        query = select(batch_requests.c.custom_id).where(
            batch_requests.c.shard == shard.pk, batch_requests.c.custom_id.in_(first)
        )
        with transaction(self._engine) as connection:
            known = set(connection.execute(query).scalars())
            rows = [
                {
                    "id": id,
                    "state": "failed" if outcome.reply is None else "answered",
                    "reply": outcome.reply,
                    "error": dict(outcome.error) if outcome.error is not None else None,
                    "body": None,
                }
                for id, outcome in first.items()
                if id in known
            ]
            if rows:
                names = [name for name in rows[0] if name != "id"]
                connection.execute(
                    batch_requests.update()
                    .where(
                        batch_requests.c.custom_id == bindparam("id"),
                        batch_requests.c.state == "packed",
                    )
                    .values({name: bindparam(name) for name in names}),
                    rows,
                )
        return len(first) - len(known)

    def close(self, shard: Shard, missing: Mapping[str, str], reason: str | None = None) -> None:
        """End a shard; requests of which nothing was heard get the error `missing`."""
        with transaction(self._engine) as connection:
            connection.execute(
                batch_requests.update()
                .where(*_waiting(shard))
                .values(state="failed", error=dict(missing), body=None)
            )
            _change(connection, shard, state="done", reason=reason, ended=datetime.now(UTC))


def _waiting(shard: Shard) -> tuple[Any, ...]:
    return batch_requests.c.shard == shard.pk, batch_requests.c.state == "packed"


def _change(connection: Connection, shard: Shard, **values: Any) -> Shard:
    changed = batch_shards.update().where(batch_shards.c.pk == shard.pk).values(**values)
    return _shard(connection.execute(changed.returning(*batch_shards.c)).one())


def _shard(row: Any) -> Shard:
    return Shard(**{name: getattr(row, name) for name in Shard.__dataclass_fields__})
