"""Signing in and out: by the start address on one's own machine, by name and password elsewhere."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from llm_extract.errors import ReviewError
from llm_extract.review.sessions import LONGEST
from llm_extract.review.states import Reviewer
from llm_extract.review.web.access import Access, Posting, session_of
from llm_extract.review.web.pages.rendering import render, rooms_of

BEFORE = "llm_extract_login"
"""Cookie of the token that the form of signing in must bear, so that nobody is signed in as another
by a form of another site."""

router = APIRouter()


@router.get("/start")
def start(request: Request, token: str = "") -> Response:
    """The address that the terminal printed: whoever has it is who started the server."""
    access: Access = request.app.state.access
    if access.local is None:
        return RedirectResponse("/login", 303)
    if access.door.opens(token):
        return _let_in(request, access.local)
    if session_of(request) is not None:
        return RedirectResponse("/queue", 303)
    return render(request, "start.html.j2", status=403)


@router.get("/login")
def ask(request: Request) -> Response:
    """The form of signing in."""
    if session_of(request) is not None:
        return RedirectResponse("/queue", 303)
    if request.app.state.access.local is not None:
        return render(request, "start.html.j2", status=401)
    return _form(request)


@router.post("/login")
def sign_in(
    request: Request,
    name: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=1024)] = "",
    before: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Check name and password; the session and its cookie are new whatever was there before."""
    access: Access = request.app.state.access
    if access.local is not None:
        return render(request, "start.html.j2", status=403)
    kept = request.cookies.get(BEFORE, "")
    if not kept or not secrets.compare_digest(before.encode(), kept.encode()):
        return _form(request, "this form is too old: sign in again", 403)
    address = request.client.host if request.client is not None else ""
    try:
        access.throttle.attempt(name, address)
    except ReviewError as error:
        return _form(request, str(error), 429)
    reviewer = rooms_of(request).accounts.check(name, password)
    if reviewer is None:
        return _form(request, "name and password do not belong together", 403)
    access.throttle.succeeded(name, address)
    return _let_in(request, reviewer)


@router.post("/logout")
def sign_out(request: Request, _session: Posting) -> Response:
    """End the session."""
    access: Access = request.app.state.access
    access.sessions.end(request.cookies.get(access.cookie, ""))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(
        access.cookie, path="/", httponly=True, samesite="strict", secure=access.secure
    )
    return answer


def _form(request: Request, words: str = "", status: int = 200) -> Response:
    token = secrets.token_urlsafe(24)
    answer = render(request, "login.html.j2", status=status, words=words, before=token)
    access: Access = request.app.state.access
    answer.set_cookie(
        BEFORE, token, path="/login", httponly=True, samesite="strict", secure=access.secure
    )
    return answer


def _let_in(request: Request, reviewer: Reviewer) -> Response:
    access: Access = request.app.state.access
    access.sessions.end(request.cookies.get(access.cookie, ""))
    cookie, _session = access.sessions.begin(reviewer)
    answer = RedirectResponse("/queue", 303)
    answer.set_cookie(
        access.cookie,
        cookie,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        httponly=True,
        samesite="strict",
        secure=access.secure,
    )
    return answer
