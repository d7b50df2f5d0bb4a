"""Accounts: for admins of a server with accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from llm_extract.errors import ReviewError
from llm_extract.review.deciding import must_be
from llm_extract.review.sessions import Session
from llm_extract.review.states import ROLES
from llm_extract.review.web.access import Posting, Signed
from llm_extract.review.web.pages.rendering import render, rooms_of

router = APIRouter()

Word = Annotated[str, Form(max_length=1024)]


@router.get("/accounts")
def show(request: Request, session: Signed) -> Response:
    """All accounts, with what can be done about them."""
    _refuse(request, session)
    found = rooms_of(request).accounts.all()
    return render(request, "accounts.html.j2", accounts=found, roles=ROLES)


@router.post("/accounts")
def add(request: Request, session: Posting, name: Word, role: Word, password: Word) -> Response:
    """Make an account."""
    _refuse(request, session)
    rooms_of(request).accounts.add(name, role, password, session.reviewer.name)
    return RedirectResponse("/accounts", 303)


@router.post("/accounts/{name}")
def change(
    request: Request,
    session: Posting,
    name: str,
    what: Word,
    role: Word = "",
    password: Word = "",
) -> Response:
    """Give an account another role or password, disable or enable it."""
    _refuse(request, session)
    accounts, by = rooms_of(request).accounts, session.reviewer.name
    if what == "disable":
        accounts.disable(name, by)
    elif what == "enable":
        accounts.enable(name, by)
    elif what == "role":
        accounts.set_role(name, role, by)
    elif what == "password":
        accounts.set_password(name, password, by)
    else:
        raise ReviewError(
            "an account gets another role or password, or is disabled or enabled", code="account"
        )
    return RedirectResponse("/accounts", 303)


def _refuse(request: Request, session: Session) -> None:
    if request.app.state.access.local is not None:
        raise ReviewError("there are no accounts here: start with --auth to have some")
    must_be(session.reviewer, "admin", "manage accounts")
