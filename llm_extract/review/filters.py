"""Filters: which cases of the queue are shown; values read from and written to a query string."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Literal, get_args
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Dialect, false, select, true

from llm_extract.documents.text import storable
from llm_extract.errors import ReviewError
from llm_extract.record import FindingKind, Severity
from llm_extract.review.intake import MOST_TERM, folded
from llm_extract.review.search import having
from llm_extract.review.states import DECIDED, State
from llm_extract.store.review_tables import review_cases, review_terms

ME, NOBODY = "me", "nobody"
"""Assignees that are no names: whoever asks, and none."""

Term = Literal["rule", "kind", "claimant", "place"]
TERMS: tuple[Term, ...] = get_args(Term)
"""What a case has several of; the others are columns of it."""

COLUMNS = ("severity", "model", "prompt", "language")

ONE_OF: dict[str, frozenset[str]] = {
    "kind": frozenset(get_args(FindingKind)),
    "severity": frozenset(get_args(Severity)),
    "state": frozenset(get_args(State)) - {"extracted"},
}
"""Fields that hold one of few words."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a case must be to be shown; empty is anything.

    `since` and `until` are days of publication, ISO, both inclusive. An empty `state` is all that
    waits for somebody. `assignee` is a name, "me" or "nobody". `words` are searched in the report.
    """

    rule: str = ""
    kind: str = ""
    severity: str = ""
    claimant: str = ""
    place: str = ""
    model: str = ""
    prompt: str = ""
    language: str = ""
    since: str = ""
    until: str = ""
    state: str = ""
    assignee: str = ""
    words: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Filters:
        """The filters that a query string asks for; its other names are left alone.

        Raises ReviewError (filter) for a word or a day that there is not.
        """
        told = {name: storable(query.get(name, "")).strip()[:MOST_TERM] for name in NAMES}
        for name, allowed in ONE_OF.items():
            if told[name] and told[name] not in allowed:
                raise ReviewError(
                    f"no case has such a {name}: choose one of the list", code="filter"
                )
        for name in ("since", "until"):
            if told[name]:
                told[name] = _day(told[name])
        return cls(**told)

    def to_query(self) -> dict[str, str]:
        """The filters that are set, by name, for a query string."""
        return {name: getattr(self, name) for name in NAMES if getattr(self, name)}

    @property
    def query(self) -> str:
        """The query string that asks for these filters, without a question mark."""
        return urlencode(self.to_query())

    def but(self, **changes: str) -> Filters:
        """These filters with some set or unset."""
        return replace(self, **changes)

    def of(self, name: str) -> Filters:
        """As somebody of that name means them: "me" is them."""
        return replace(self, assignee=name) if self.assignee == ME else self

    def conditions(self, dialect: Dialect) -> list[ColumnElement[bool]]:
        """What SQL demands of a row of `review_cases`; "me" must be somebody by now."""
        found = _in_state(self.state)
        found += [
            review_cases.c[name] == getattr(self, name) for name in COLUMNS if getattr(self, name)
        ]
        found += [
            _has_term(kind, folded(getattr(self, kind))) for kind in TERMS if getattr(self, kind)
        ]
        if self.since:
            found.append(review_cases.c.published >= self.since)
        if self.until:
            found += [review_cases.c.published <= self.until, review_cases.c.published != ""]
        if self.assignee == NOBODY:
            found.append(review_cases.c.assignee.is_(None))
        elif self.assignee:
            found.append(review_cases.c.assignee == self.assignee)
        if self.words:
            asked = having(self.words, dialect.name)
            found.append(false() if asked is None else asked)
        return found


NAMES = tuple(field.name for field in fields(Filters))


def _has_term(kind: Term, term: str) -> ColumnElement[bool]:
    """The condition that a case has a folded term.

    All that have it are looked up once, which on SQLite is never slower than case by case.
    """
    return review_cases.c.pk.in_(
        select(review_terms.c.case_pk).where(
            review_terms.c.kind == kind, review_terms.c.folded == term
        )
    )


def _in_state(state: str) -> list[ColumnElement[bool]]:
    """The condition of a state; what follows from it is said too, for the index by risk."""
    if not state:
        return [review_cases.c.waiting == true()]
    found = [review_cases.c.state == state]
    if state in DECIDED or state == "superseded":
        found.append(review_cases.c.waiting == false())
    elif state != "clean":
        found.append(review_cases.c.waiting == true())
    return found


def _day(told: str) -> str:
    try:
        return date.fromisoformat(told).isoformat()
    except ValueError as error:
        raise ReviewError("a day is written as 2026-03-06", code="filter") from error
