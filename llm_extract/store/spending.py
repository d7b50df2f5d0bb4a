"""What requests may use and have used: reserved before they are sent, closed when they are paid.

A request's row is `open` from before it is sent until its report is settled, `lost` when its worker
went away in between. The caps of a job are held here: what is reserved counts as spent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, insert, select

from llm_extract.errors import StoreError
from llm_extract.store.batched import BATCHED, Opening, note, noted
from llm_extract.store.tables import attempts, runs


def locked(connection: Connection, run_ids: set[int]) -> dict[int, Any]:
    """These jobs' rows, which nobody else changes until the transaction ends."""
    query = select(runs).where(runs.c.id.in_(run_ids)).order_by(runs.c.id)
    rows = connection.execute(query.with_for_update(key_share=True)).all()
    for missing in run_ids - {row.id for row in rows}:
        raise StoreError(f"the store has no job {missing} any more", code="no_job")
    return {row.id: row for row in rows}


def lose(
    connection: Connection, run_id: int, positions: Sequence[int] | Select[tuple[int]]
) -> None:
    """Requests of these items that are still open will not be heard of again."""
    connection.execute(
        attempts.update()
        .where(
            attempts.c.run_id == run_id,
            attempts.c.position.in_(positions),
            attempts.c.state == "open",
        )
        .values(state="lost")
    )


def open_requests(
    connection: Connection, jobs: Mapping[int, Any], openings: Sequence[Opening]
) -> list[str | None]:
    """Reserve what requests may use at worst; those that may not be sent get why."""
    present = noted(connection, openings)
    wanted: dict[int, list[int]] = defaultdict(list)
    for n, opening in enumerate(openings):
        if opening.request not in present:
            wanted[opening.run_id].append(n)
    refused: list[str | None] = [None] * len(openings)
    for run_id in wanted:
        row = jobs[run_id]
        tokens = row.prompt_tokens + row.completion_tokens + row.reserved_tokens
        cost = row.cost + row.reserved_cost
        more_tokens = more_cost = 0
        for n in wanted[run_id]:
            opening = openings[n]
            over_tokens = row.max_tokens is not None and (
                tokens + more_tokens + opening.most_tokens > row.max_tokens
            )
            over_cost = row.max_cost is not None and (
                cost + more_cost + opening.most_cost > row.max_cost
            )
            if row.state != "running":
                refused[n] = "stopped"
            elif over_tokens or over_cost:
                refused[n] = "tokens" if over_tokens else "cost"
            else:
                more_tokens += opening.most_tokens
                more_cost += opening.most_cost
        connection.execute(
            runs.update()
            .where(runs.c.id == run_id)
            .values(
                reserved_tokens=runs.c.reserved_tokens + more_tokens,
                reserved_cost=runs.c.reserved_cost + more_cost,
            )
        )
    sent = [
        opening
        for opening, why in zip(openings, refused, strict=True)
        if why is None and opening.request not in present
    ]
    if sent:
        connection.execute(insert(attempts), [_attempt_row(opening) for opening in sent])
    note(connection, sent)
    return refused


def _attempt_row(opening: Opening) -> dict[str, Any]:
    names = ("run_id", "position", "request", "passage", "number", "most_tokens", "most_cost")
    nothing = {"seconds": 0.0, "prompt_tokens": 0, "cached_tokens": 0, "completion_tokens": 0}
    state = "open" if opening.body is None else BATCHED
    return {**{name: getattr(opening, name) for name in names}, **nothing, "state": state}
