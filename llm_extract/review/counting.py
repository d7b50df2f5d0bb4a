"""Counts of the queue by what it is filtered by; kept for some seconds, since they are many."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from sqlalchemy import Connection, Engine, func, select

from llm_extract.review.filters import COLUMNS, NOBODY, TERMS, Filters, Term
from llm_extract.store.engine import transaction
from llm_extract.store.review_tables import review_cases, review_terms

KEPT_SECONDS = 10.0
"""How old counts may be: over 100,000 cases they take some tenths of a second."""

MOST_KEPT = 200
"""Filters whose counts are kept at once."""

SHOWN = 12
"""Values that are told of each filter, the most frequent first."""

_COUNTED = (*COLUMNS, "state", "assignee")


@dataclass(frozen=True, slots=True)
class Facet:
    """A value that a filter can have: how it is asked for, how it is shown, and its cases."""

    value: str
    shown: str
    cases: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases that pass some filters, in all and by value of each filter."""

    cases: int
    facets: Mapping[str, tuple[Facet, ...]]


class Counting:
    """Counts the cases of a store, each set of filters by one caller at a time."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._kept: OrderedDict[Filters, tuple[float, Counts]] = OrderedDict()
        self._lock = Lock()

    def known(self, filters: Filters) -> Counts | None:
        """Counts that are still good; None where they would have to be made."""
        kept = self._kept.get(filters)
        return kept[1] if kept is not None and self._clock() - kept[0] < KEPT_SECONDS else None

    def counts(self, filters: Filters) -> Counts:
        """Counts that are still good, or new ones. Raises StoreError on trouble with the store."""
        with self._lock:
            known = self.known(filters)
            if known is None:
                with transaction(self._engine) as connection:
                    known = _count(connection, filters)
                self._kept[filters] = (self._clock(), known)
                self._kept.move_to_end(filters)
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
            return known


def _count(connection: Connection, filters: Filters) -> Counts:
    conditions = filters.conditions(connection.dialect)
    columns = [review_cases.c[name] for name in _COUNTED]
    tally: dict[str, Counter[str | None]] = {name: Counter() for name in _COUNTED}
    cases = 0
    grouped = select(*columns, func.count()).where(*conditions).group_by(*columns)
    for *values, count in connection.execute(grouped):
        cases += count
        for name, value in zip(_COUNTED, values, strict=True):
            tally[name][value] += count
    facets = {name: _facets(name, counter) for name, counter in tally.items()}
    among = select(review_cases.c.pk).where(*conditions)
    for kind in TERMS:
        number = func.count().label("number")
        query = (
            select(review_terms.c.folded, number)
            .where(review_terms.c.kind == kind, review_terms.c.case_pk.in_(among))
            .group_by(review_terms.c.folded)
            .order_by(number.desc(), review_terms.c.folded)
            .limit(SHOWN)
        )
        facets[kind] = tuple(
            Facet(folded, _shown(connection, kind, folded), count)
            for folded, count in connection.execute(query).all()
        )
    return Counts(cases, facets)


def _facets(name: str, counter: Counter[str | None]) -> tuple[Facet, ...]:
    """The facets of a column; an empty value can't be asked for, save that of no assignee."""
    if name == "assignee":
        counter = Counter({value or NOBODY: count for value, count in counter.items()})
    return tuple(Facet(value, value, count) for value, count in counter.most_common(SHOWN) if value)


def _shown(connection: Connection, kind: Term, folded: str) -> str:
    """A term as the first case that has it writes it."""
    query = (
        select(review_terms.c.term)
        .where(review_terms.c.kind == kind, review_terms.c.folded == folded)
        .order_by(review_terms.c.case_pk)
        .limit(1)
    )
    return str(connection.execute(query).scalar_one())
