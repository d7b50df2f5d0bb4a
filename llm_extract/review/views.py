"""Saved views: filters of the queue under a name, one's own or everybody's."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from sqlalchemy import Delete, Engine, delete, func, select

from llm_extract.errors import ReviewError
from llm_extract.review.deciding import must_be
from llm_extract.review.filters import Filters
from llm_extract.review.states import Reviewer
from llm_extract.store.engine import insert_new, transaction
from llm_extract.store.review_tables import review_views

MOST_NAME = 60
"""Characters of a view's name."""

MOST_VIEWS = 50
"""Views of one owner."""

_EVERYBODY = ""


@dataclass(frozen=True, slots=True)
class View:
    """Filters under a name; `shared` is everybody's."""

    name: str
    filters: Filters
    shared: bool


class Views:
    """The saved views of a store. Methods raise StoreError on trouble with it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def seen_by(self, who: Reviewer) -> list[View]:
        """Somebody's own views and those of everybody, each by name."""
        query = (
            select(review_views)
            .where(review_views.c.owner.in_((who.name, _EVERYBODY)))
            .order_by(review_views.c.owner == _EVERYBODY, review_views.c.name)
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query).all()
        return [
            View(row.name, Filters.from_query(dict(parse_qsl(row.filters))), row.owner == "")
            for row in rows
        ]

    def save(self, name: str, filters: Filters, who: Reviewer, shared: bool = False) -> None:
        """Keep filters under a name, in the place of a view that had it.

        Raises ReviewError (view, role): no fit name, too many, or an analyst would change what
        everybody sees.
        """
        name = " ".join(name.split())
        if not name or len(name) > MOST_NAME:
            raise ReviewError(f"a view's name has 1 to {MOST_NAME} characters", code="view")
        owner = _owner(who, shared)
        mine = select(func.count()).where(review_views.c.owner == owner)
        with transaction(self._engine) as connection:
            connection.execute(_named(owner, name))
            if connection.execute(mine).scalar_one() >= MOST_VIEWS:
                raise ReviewError(f"{MOST_VIEWS} views are kept: delete one", code="view")
            row = {"owner": owner, "name": name, "filters": filters.query}
            connection.execute(insert_new(connection, review_views), row)

    def delete(self, name: str, who: Reviewer, shared: bool = False) -> None:
        """Forget a view. Raises ReviewError (view, role): there is none, or it is everybody's."""
        with transaction(self._engine) as connection:
            if connection.execute(_named(_owner(who, shared), name)).rowcount == 0:
                raise ReviewError("there is no view of that name any more", code="view")


def _named(owner: str, name: str) -> Delete:
    return delete(review_views).where(review_views.c.owner == owner, review_views.c.name == name)


def _owner(who: Reviewer, shared: bool) -> str:
    if not shared:
        return who.name
    must_be(who, "senior", "change a view that everybody sees")
    return _EVERYBODY
