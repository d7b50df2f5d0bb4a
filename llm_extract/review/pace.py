"""How fast reviewers decide: decisions by day and by person, and the time that a case takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from sqlalchemy import Connection, select

from llm_extract.store.review_tables import review_decisions

DAYS = 28
"""Days that are looked back on, today among them."""


@dataclass(frozen=True, slots=True)
class PersonalPace:
    """What one reviewer decided; the median is in minutes from taking a case to deciding on it."""

    who: str
    decisions: int
    minutes: float | None


@dataclass(frozen=True, slots=True)
class Pace:
    """Decisions of the last `DAYS` days: each day's (UTC), oldest first, and each reviewer's, who
    decided most first. Deferrals count: somebody has looked."""

    days: tuple[tuple[date, int], ...]
    decisions: int
    minutes: float | None
    reviewers: tuple[PersonalPace, ...]


def pace(connection: Connection, now: datetime) -> Pace:
    """The pace up to a moment (UTC)."""
    first = now.date() - timedelta(days=DAYS - 1)
    start = datetime(first.year, first.month, first.day, tzinfo=now.tzinfo)
    query = select(review_decisions.c.who, review_decisions.c.made, review_decisions.c.seconds)
    rows = connection.execute(query.where(review_decisions.c.made >= start)).all()
    by_day = Counter(row.made.date() for row in rows)
    taken: dict[str, list[int]] = {}
    for row in rows:
        taken.setdefault(row.who, []).append(row.seconds)
    reviewers = [PersonalPace(who, len(taken[who]), _minutes(taken[who])) for who in sorted(taken)]
    return Pace(
        days=tuple((day, by_day[day]) for day in (first + timedelta(days=n) for n in range(DAYS))),
        decisions=len(rows),
        minutes=_minutes([row.seconds for row in rows]),
        reviewers=tuple(sorted(reviewers, key=lambda each: -each.decisions)),
    )


def _minutes(seconds: Sequence[int]) -> float | None:
    """The median; what nobody took, such as a sheet's rows, took no time that is known."""
    known = [each for each in seconds if each > 0]
    return median(known) / 60 if known else None
