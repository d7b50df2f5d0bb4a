"""The queue: the cases that wait, by risk and then by age, as they are filtered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)

from llm_extract.review.counting import Counting, Counts
from llm_extract.review.filters import Filters as Filters  # the queue's callers say what they want
from llm_extract.review.states import Reviewer, Stage, State, at_least
from llm_extract.store.engine import transaction
from llm_extract.store.review_tables import review_cases, review_decisions, review_terms
from llm_extract.store.tables import reports

PAGE_ROWS = 25

_ORDER = (review_cases.c.risk.desc(), review_cases.c.opened, review_cases.c.pk)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A case as the queue shows it; `rules` and `claimants` are those of its record."""

    pk: int
    report_id: str
    title: str | None
    language: str
    published: str
    state: State
    stage: Stage
    risk: int
    errors: int
    warnings: int
    killed: int | None
    rules: tuple[str, ...]
    claimants: tuple[str, ...]
    opened: datetime
    holder: str | None
    assignee: str | None
    sample_reason: str | None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Rows of the queue in its order; `next` is what the following page comes after, None: end."""

    rows: tuple[QueueRow, ...]
    next: int | None


class Queue:
    """The queue of a store. Methods raise StoreError on trouble with it; "me" among the filters
    must have been made somebody (`Filters.of`), save for `next_free`."""

    def __init__(
        self, engine: Engine, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._counting = Counting(engine)

    def page(self, filters: Filters, after: int | None = None, limit: int = PAGE_ROWS) -> QueuePage:
        """The first cases, or those that follow the case numbered `after`, which may have left the
        queue meanwhile."""
        query = self._cases(filters).limit(limit + 1)
        with transaction(self._engine) as connection:
            if after is not None:
                query = query.where(*_past(connection, after))
            found = connection.execute(query).scalars().all()
            rows = self._rows(connection, found[:limit])
        return QueuePage(rows, found[limit - 1] if len(found) > limit else None)

    def counts(self, filters: Filters) -> Counts:
        """How many cases there are, and how many of each kind; up to some seconds old."""
        return self._counting.counts(filters)

    def known_counts(self, filters: Filters) -> Counts | None:
        """The same where it is known already, so that no page waits for counting."""
        return self._counting.known(filters)

    def waiting(self) -> int:
        """How many cases wait for somebody."""
        query = select(func.count()).where(review_cases.c.waiting == true())
        with transaction(self._engine) as connection:
            return connection.execute(query).scalar_one()

    def next_free(self, filters: Filters, who: Reviewer, past: int | None = None) -> int | None:
        """The first case that somebody can take now; with `past`, behind that case.

        Left out are cases that others hold or are assigned to, deferred ones unless they are asked
        for, and those whose stage needs somebody else.
        """
        query = self._cases(filters.of(who.name)).where(
            or_(
                review_cases.c.holder.is_(None),
                review_cases.c.holder == who.name,
                review_cases.c.held_until <= self._clock(),
            ),
            review_cases.c.waiting == true(),
            *_fit_for(who),
        )
        if not filters.assignee:
            assignee = review_cases.c.assignee
            query = query.where(or_(assignee.is_(None), assignee == who.name))
        if not filters.state:
            query = query.where(review_cases.c.state != "deferred")
        with transaction(self._engine) as connection:
            if past is not None:
                query = query.where(*_past(connection, past))
            return connection.execute(query.limit(1)).scalar()

    def _cases(self, filters: Filters) -> Select[int]:
        conditions = filters.conditions(self._engine.dialect)
        return select(review_cases.c.pk).where(*conditions).order_by(*_ORDER)

    def _rows(self, connection: Connection, pks: Sequence[int]) -> tuple[QueueRow, ...]:
        cases = (
            select(*review_cases.c, reports.c.title)
            .join(reports, reports.c.pk == review_cases.c.report_pk)
            .where(review_cases.c.pk.in_(pks))
        )
        found = {row.pk: row for row in connection.execute(cases)}
        terms = _terms(connection, pks)
        return tuple(self._row(found[pk], terms) for pk in pks)

    def _row(self, row: Any, terms: dict[tuple[int, str], tuple[str, ...]]) -> QueueRow:
        is_held = row.held_until is not None and row.held_until > self._clock()
        return QueueRow(
            pk=row.pk,
            report_id=row.report_id,
            title=row.title,
            language=row.language,
            published=row.published,
            state=cast(State, row.state),
            stage=cast(Stage, row.stage),
            risk=row.risk,
            errors=row.errors,
            warnings=row.warnings,
            killed=row.killed,
            rules=terms.get((row.pk, "rule"), ()),
            claimants=terms.get((row.pk, "claimant"), ()),
            opened=row.opened,
            holder=row.holder if is_held else None,
            assignee=row.assignee,
            sample_reason=row.sample_reason,
        )


def _past(connection: Connection, pk: int) -> list[ColumnElement[bool]]:
    """The condition of standing behind a case; its risk and age never change. None: all do."""
    cases = review_cases.c
    place = connection.execute(select(cases.risk, cases.opened).where(cases.pk == pk)).one_or_none()
    if place is None:
        return []
    return [
        cases.risk <= place.risk,  # what an index can use
        or_(
            cases.risk < place.risk,
            cases.opened > place.opened,
            and_(cases.opened == place.opened, cases.pk > pk),
        ),
    ]


def _fit_for(who: Reviewer) -> list[ColumnElement[bool]]:
    """The conditions of a stage that somebody may work in; see `deciding.refuse_unfit`.

    One of two who differ may still give in, but is not sent there.
    """
    own = exists().where(
        review_decisions.c.case_pk == review_cases.c.pk,
        review_decisions.c.pk > review_cases.c.since,
        review_decisions.c.verdict != "deferred",
        review_decisions.c.who == who.name,
    )
    may_settle = literal(at_least(who.role, "senior"))
    return [
        or_(review_cases.c.stage == "first", ~own),
        or_(review_cases.c.stage != "adjudication", may_settle),
    ]


def _terms(connection: Connection, pks: Sequence[int]) -> dict[tuple[int, str], tuple[str, ...]]:
    """Rules and claimants of cases, in alphabetical order."""
    query = (
        select(review_terms.c.case_pk, review_terms.c.kind, review_terms.c.term)
        .where(review_terms.c.case_pk.in_(pks), review_terms.c.kind.in_(("rule", "claimant")))
        .order_by(review_terms.c.case_pk, review_terms.c.kind, review_terms.c.folded)
    )
    found: dict[tuple[int, str], tuple[str, ...]] = {}
    for pk, kind, term in connection.execute(query):
        found[pk, kind] = (*found.get((pk, kind), ()), term)
    return found
