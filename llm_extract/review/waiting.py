"""How many cases wait for somebody, and how long they have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, true

from llm_extract.store.review_tables import review_cases

AGES: tuple[tuple[str, timedelta], ...] = (
    ("under a day", timedelta(days=1)),
    ("1 to 7 days", timedelta(days=7)),
    ("7 to 28 days", timedelta(days=28)),
    ("over 28 days", timedelta.max),
)
"""Ages that are told apart, by what each is below."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Cases of the queue; `ages` tell how many have waited how long, in the words of `AGES`."""

    cases: int
    oldest: datetime | None
    ages: dict[str, int]


def waiting(connection: Connection, now: datetime) -> Waiting:
    """The cases that wait at a moment."""
    queue = review_cases.c.waiting == true()
    whole = select(func.count(), func.min(review_cases.c.opened)).where(queue)
    cases, oldest = connection.execute(whole).one()
    ages: dict[str, int] = {}
    older = cases
    for name, below in AGES:
        left = 0
        if below < timedelta.max:
            since = select(func.count()).where(queue, review_cases.c.opened <= now - below)
            left = connection.execute(since).scalar_one()
        ages[name] = older - left
        older = left
    return Waiting(cases, oldest, ages)
