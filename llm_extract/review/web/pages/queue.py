"""The queue: which cases wait, filtered and counted; saved views, and who is to look at what."""

from __future__ import annotations

from typing import Annotated, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from llm_extract.review.filters import COLUMNS, ME, NOBODY, ONE_OF, TERMS
from llm_extract.review.queue import PAGE_ROWS, Filters
from llm_extract.review.states import State, at_least
from llm_extract.review.web.access import Posting, Signed
from llm_extract.review.web.pages.rendering import is_fragment, render, rooms_of
from llm_extract.validators.catalogue import RULES

router = APIRouter()

Word = Annotated[str, Form(max_length=200)]
Place = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
Yes = Annotated[bool, Form()]
Marked = Annotated[list[int], Form(max_length=PAGE_ROWS)]

STATEMENTS = {rule.id: rule.statement for rule in RULES}

FACETS = (*TERMS, *COLUMNS, "state", "assignee")
"""Filters whose values are counted, in the order in which they are shown."""

CHOICES = {
    "kind": sorted(ONE_OF["kind"]),
    "severity": sorted(ONE_OF["severity"]),
    "state": [state for state in get_args(State) if state in ONE_OF["state"]],
}


@router.get("/queue")
def show(request: Request, session: Signed, after: Place = None) -> Response:
    """A page of the queue; counts come with it where they are known, else by a second request."""
    rooms = rooms_of(request)
    filters = Filters.from_query(request.query_params)
    asked = filters.of(session.reviewer.name)
    page = rooms.queue.page(asked, after)
    further = None if page.next is None else {**filters.to_query(), "after": page.next}
    return render(
        request,
        "queue.html.j2",
        filters=filters,
        page=page,
        further=further and urlencode(further),
        is_first=after is None,
        counts=rooms.queue.known_counts(asked),
        views=rooms.views.seen_by(session.reviewer),
        is_senior=at_least(session.reviewer.role, "senior"),
        statements=STATEMENTS,
        choices=CHOICES,
        facet_names=FACETS,
        assignees=(ME, NOBODY),
    )


@router.get("/queue/counts")
def count(request: Request, session: Signed) -> Response:
    """The counts beside the queue; a page of their own where no script asks for them."""
    filters = Filters.from_query(request.query_params)
    counts = rooms_of(request).queue.counts(filters.of(session.reviewer.name))
    return render(
        request,
        "queue_counts.html.j2" if is_fragment(request) else "queue_counts_page.html.j2",
        filters=filters,
        counts=counts,
        statements=STATEMENTS,
        facet_names=FACETS,
    )


@router.post("/queue/assign")
def assign(
    request: Request, session: Posting, case: Marked, to: Word = "", other: Word = ""
) -> Response:
    """Say who is to look at the marked cases: oneself, nobody, or another by name."""
    names = {ME: session.reviewer.name, NOBODY: None}
    assignee = names[to] if to in names else other.strip() or None
    for pk in case:
        rooms_of(request).desk.assign(pk, session.reviewer, assignee)
    return _back(request)


@router.post("/queue/views")
def save_view(request: Request, session: Posting, name: Word, shared: Yes = False) -> Response:
    """Keep the filters of the query string under a name."""
    filters = Filters.from_query(request.query_params)
    rooms_of(request).views.save(name, filters, session.reviewer, shared)
    return _back(request)


@router.post("/queue/views/delete")
def delete_view(request: Request, session: Posting, name: Word, shared: Yes = False) -> Response:
    """Forget a view."""
    rooms_of(request).views.delete(name, session.reviewer, shared)
    return _back(request)


def _back(request: Request) -> Response:
    """The queue as it was."""
    query = Filters.from_query(request.query_params).query
    return RedirectResponse(f"/queue?{query}" if query else "/queue", 303)
