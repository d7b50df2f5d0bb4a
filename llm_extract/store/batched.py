"""The batch lane's part in the work of jobs: items that wait for batches, requests and outcomes.

Everything here runs inside a transaction of `store.work`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, insert, select, tuple_

from llm_extract.store.tables import attempts, batch_requests, reports, run_items

BATCHED = "batched"
"""State of a request that a provider's batch brings the reply of; see `tables`."""


@dataclass(frozen=True, slots=True)
class Batched:
    """Where an item of the batch lane stands: its requests with their outcomes.

    `before` counts requests of the item that were settled before, when it was last read.
    """

    requests: Sequence[BatchedRequest] = ()
    before: int = 0


@dataclass(frozen=True, slots=True)
class BatchedRequest:
    """A request with its outcome: a chat completion as JSON, or the fields of a Trouble."""

    opening: Opening
    reply: str | None
    error: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class BatchedBody:
    """What the batch lane keeps of a request until it is sent: its body as JSON, its report.

    `bytes` is the size of its line in a file.
    """

    text: str
    bytes: int
    prompt_tokens: int
    report_sha256: str


@dataclass(frozen=True, slots=True)
class Opening:
    """A request about to be sent for an item, and what it may use at worst.

    One with a body is noted for the batch lane, once, however often it is opened.
    """

    run_id: int
    position: int
    request: str
    passage: str
    number: int
    most_tokens: int
    most_cost: int
    body: BatchedBody | None = None


def noted(connection: Connection, openings: Sequence[Opening]) -> set[str]:
    """Requests of the batch lane among these that are written down already."""
    ids = [opening.request for opening in openings if opening.body is not None]
    if not ids:
        return set()
    query = select(batch_requests.c.custom_id).where(batch_requests.c.custom_id.in_(ids))
    return set(connection.execute(query).scalars())


def awaited() -> ColumnElement[bool]:
    """Whether a request of an item waits for a batch."""
    return exists().where(
        batch_requests.c.run_id == run_items.c.run_id,
        batch_requests.c.position == run_items.c.position,
        batch_requests.c.state.in_(("noted", "packed")),
    )


def twin_asked() -> ColumnElement[bool]:
    """Whether the text of an item is being asked about for another one: that answers both."""
    return exists().where(
        reports.c.pk == run_items.c.report_pk,
        batch_requests.c.run_id == run_items.c.run_id,
        batch_requests.c.report_sha256 == reports.c.sha256,
        batch_requests.c.position != run_items.c.position,
    )


def batched(connection: Connection, run_id: int, positions: Sequence[int]) -> dict[int, Batched]:
    """Where items of the batch lane stand."""
    settled = (
        select(attempts.c.position, func.count())
        .where(
            attempts.c.run_id == run_id,
            attempts.c.position.in_(positions),
            attempts.c.state != BATCHED,
        )
        .group_by(attempts.c.position)
    )
    before: dict[int, int] = {row[0]: row[1] for row in connection.execute(settled)}
    outcomes = (
        select(
            attempts, batch_requests.c.reply.label("answer"), batch_requests.c.error.label("why")
        )
        .join(batch_requests, batch_requests.c.custom_id == attempts.c.request)
        .where(batch_requests.c.run_id == run_id, batch_requests.c.position.in_(positions))
        .order_by(batch_requests.c.pk)
    )
    found: dict[int, list[BatchedRequest]] = defaultdict(list)
    for row in connection.execute(outcomes):
        opening = Opening(
            *(run_id, row.position, row.request, row.passage, row.number),
            *(row.most_tokens, row.most_cost),
        )
        found[row.position].append(BatchedRequest(opening, row.answer, row.why))
    return {p: Batched(tuple(found[p]), before.get(p, 0)) for p in positions}


def forget_batched(connection: Connection, places: Sequence[tuple[int, int]]) -> None:
    """Settled items need their requests no more: the replies stand in `attempts`."""
    if places:
        connection.execute(
            batch_requests.delete().where(
                tuple_(batch_requests.c.run_id, batch_requests.c.position).in_(places)
            )
        )


def note(connection: Connection, openings: Iterable[Opening]) -> None:
    """Keep the requests among these that are of the batch lane, to be sent with a batch."""
    rows = [_row(opening, opening.body) for opening in openings if opening.body is not None]
    if rows:
        connection.execute(insert(batch_requests), rows)


def _row(opening: Opening, body: BatchedBody) -> dict[str, Any]:
    return {
        "run_id": opening.run_id,
        "position": opening.position,
        "custom_id": opening.request,
        "report_sha256": body.report_sha256,
        "state": "noted",
        "body": body.text,
        "bytes": body.bytes,
        "prompt_tokens": body.prompt_tokens,
    }
