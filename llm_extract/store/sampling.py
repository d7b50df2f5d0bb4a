"""A stratified sample of a job's open items, and what items have cost: the ground of estimates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Engine, cast, func, literal, select

from llm_extract.store.engine import transaction
from llm_extract.store.tables import attempts, run_items

_MIX = 2_654_435_761
"""Knuth's multiplicative hash (the golden ratio of 2^32): an order that has nothing to do with the
input's, the same in every database."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Open items of like length: how many there are, and the positions of those in the sample."""

    size: int
    positions: Sequence[int]


@dataclass(frozen=True, slots=True)
class Spent:
    """What an item has used: tokens in, tokens out, nanodollars."""

    prompt: int
    completion: int
    cost: int


def stratified_sample(
    engine: Engine, run_id: int, strata: int, each: int, seed: int
) -> list[Stratum]:
    """Up to `each` items of each of `strata` equally large strata by length, drawn by `seed`."""
    open_items = (
        select(
            run_items.c.position,
            func.ntile(strata)
            .over(order_by=(run_items.c.characters, run_items.c.position))
            .label("stratum"),
        )
        .where(run_items.c.run_id == run_id, run_items.c.record_pk.is_(None))
        .subquery()
    )
    position = cast(open_items.c.position, BigInteger)
    mixed = ((position + literal(seed % 2**16)) * literal(_MIX, BigInteger)) % literal(
        2**32, BigInteger
    )
    ranked = select(
        open_items.c.position,
        open_items.c.stratum,
        func.row_number()
        .over(partition_by=open_items.c.stratum, order_by=(mixed, open_items.c.position))
        .label("rank"),
        func.count().over(partition_by=open_items.c.stratum).label("size"),
    ).subquery()
    query = (
        select(ranked.c.stratum, ranked.c.position, ranked.c.size)
        .where(ranked.c.rank <= each)
        .order_by(ranked.c.stratum, ranked.c.position)
    )
    with transaction(engine) as connection:
        rows = connection.execute(query).all()
    return [
        Stratum(
            next(row.size for row in rows if row.stratum == number),
            [row.position for row in rows if row.stratum == number],
        )
        for number in dict.fromkeys(row.stratum for row in rows)
    ]


def spent_on(engine: Engine, run_id: int, positions: Sequence[int]) -> dict[int, Spent]:
    """What each of these items has used; all of it is zero for one that needed no request."""
    query = (
        select(
            attempts.c.position,
            func.sum(attempts.c.prompt_tokens),
            func.sum(attempts.c.completion_tokens),
            func.sum(attempts.c.cost),
        )
        .where(attempts.c.run_id == run_id, attempts.c.position.in_(positions))
        .group_by(attempts.c.position)
    )
    with transaction(engine) as connection:
        rows = connection.execute(query).all()
    found = {position: Spent(0, 0, 0) for position in positions}
    return found | {row[0]: Spent(int(row[1]), int(row[2]), int(row[3])) for row in rows}
