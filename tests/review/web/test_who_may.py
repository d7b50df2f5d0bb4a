"""Every page and step, as those ask for it who are not signed in, or not entitled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from review_visitor import signed_in

from llm_extract.review.audit import verify
from llm_extract.review.sessions import AccountSessions, LocalSessions
from llm_extract.review.states import Reviewer, Role
from llm_extract.review.web.access import COOKIE, Access
from llm_extract.review.web.app import create_app
from llm_extract.review.web.rooms import Rooms

ORIGIN = {"origin": "http://testserver"}
PASSWORD = "the long way home"
OPEN = {"/", "/login", "/start"}
"""What those who are not signed in may ask for."""


def steps(method: str) -> list[str]:
    """The addresses of all pages, or of all steps, as the app itself knows them."""
    app = create_app(None, None, set())  # type: ignore[arg-type]
    found = [
        re.sub(r"\{(\w+)(:\w+)?\}", lambda part: "1" if part[1] == "pk" else "c1", route.path)
        for route in _routes(app.routes)
        if method in (route.methods or ())
    ]
    assert len(found) > 5
    return sorted(set(found) - (OPEN if method == "GET" else {"/login"}))


def _routes(routes: list[Any]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from _routes(route.original_router.routes)


def head(server: Rooms) -> tuple[int, int]:
    """What changes with every step: rows of the log and views."""
    return verify(server.engine).rows, len(server.accounts.all())


def nobody(server: Rooms) -> TestClient:
    """The browser of somebody who is not signed in."""
    access = Access(AccountSessions(server.engine, server.reader), None)
    return TestClient(create_app(server, access, {"testserver"}), follow_redirects=False)


# --- who may ------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", steps("GET"))
def test_no_page_is_shown_to_those_who_are_not_signed_in(server: Rooms, address: str) -> None:
    answer = nobody(server).get(address)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert not answer.text


@pytest.mark.parametrize("address", steps("POST"))
def test_no_step_is_made_by_those_who_are_not_signed_in(server: Rooms, address: str) -> None:
    before = head(server)
    answer = nobody(server).post(address, headers=ORIGIN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert head(server) == before


@pytest.mark.parametrize("address", steps("POST"))
def test_no_step_is_made_without_the_token_of_the_session(server: Rooms, address: str) -> None:
    """Whatever else is in it, and whatever way the token is sent."""
    before = head(server)
    browser, csrf = signed_in(server, "dana", "admin")
    form = {"version": "0", "choice": "defer", "reason": "other", "words": "x", "why": "x"}
    form |= {"name": "x", "role": "admin", "password": PASSWORD, "what": "disable", "rows": "[]"}
    form |= {"case": "2", "decision": "1", "action": "aside"}
    sheet = {"sheet": ("claims.csv", b"case\n1\n")} if address == "/exchange" else None
    for more in ({}, {"csrf": ""}, {"csrf": "guessed"}, {"csrf": csrf[:-1]}):
        answer = browser.post(address, data={**form, **more}, files=sheet, headers=ORIGIN)
        assert answer.status_code == 403, answer.text
        assert "older than your session" in answer.text
    for name, value in (("x-csrf-token", "guessed"), ("x-csrf-token", "")):
        told = {**ORIGIN, name: value}
        assert browser.post(address, data={**form, "csrf": csrf}, headers=told).is_client_error
    assert browser.post(f"{address}?csrf={csrf}", data=form, headers=ORIGIN).is_client_error
    assert head(server) == before


@pytest.mark.parametrize("role", ["analyst", "senior"])
def test_nobody_but_an_admin_manages_accounts(server: Rooms, role: Role) -> None:
    name = {"analyst": "anna", "senior": "cleo"}[role]
    browser, csrf = signed_in(server, name, role)
    before = server.accounts.all(), head(server)
    told = {"csrf": csrf, "name": "mallory", "role": "admin", "password": PASSWORD}
    assert browser.get("/accounts").status_code == 403
    assert "/accounts" not in browser.get("/queue").text
    assert browser.post("/accounts", data=told, headers=ORIGIN).status_code == 403
    for what in ("role", "password", "disable"):
        for whose in (name, "dana"):
            answer = browser.post(f"/accounts/{whose}", data={**told, "what": what}, headers=ORIGIN)
            assert answer.status_code == 403
    assert (server.accounts.all(), head(server)) == before


def test_a_form_cannot_say_who_one_is(server: Rooms) -> None:
    browser, csrf = signed_in(server, "anna", "analyst")
    form = {"csrf": csrf, "words": "seen", "who": "dana", "name": "dana", "role": "admin"}
    assert browser.post("/cases/2/note?who=dana", data=form, headers=ORIGIN).status_code == 303
    assert server.cases.history(2)[-1].who == "anna"


@pytest.mark.parametrize("step", ["free", "reopen"])
def test_an_analyst_does_nothing_that_is_a_senior_s(server: Rooms, step: str) -> None:
    browser, csrf = signed_in(server, "anna", "analyst")
    answer = browser.post(f"/cases/1/{step}", data={"csrf": csrf, "why": "x"}, headers=ORIGIN)
    assert answer.status_code == 403


def test_an_analyst_gives_no_work_to_others(server: Rooms) -> None:
    browser, csrf = signed_in(server, "anna", "analyst")
    form = {"csrf": csrf, "assignee": "cleo", "case": "2", "other": "cleo"}
    for address in ("/cases/2/assign", "/queue/assign"):
        assert browser.post(address, data=form, headers=ORIGIN).status_code == 403
    assert server.cases.get(2).assignee is None


@pytest.mark.parametrize(
    ("step", "more"),
    [
        ("take", {}),
        ("renew", {}),
        ("edit", {"action": "remove", "item": "c1"}),
        ("undo", {}),
        ("redo", {}),
        ("side", {"decision": "1"}),
        ("decide", {"choice": "reject", "reason": "other"}),
        ("second", {}),
    ],
)
def test_nothing_is_done_to_a_case_that_another_has_open(
    server: Rooms, step: str, more: dict[str, str]
) -> None:
    browser, csrf = signed_in(server, "anna", "analyst")
    case = server.cases.get(1)
    form = {"csrf": csrf, "version": str(case.version), **more}
    answer = browser.post(f"/cases/1/{step}", data=form, headers=ORIGIN)
    assert answer.is_client_error, answer.text
    after = server.cases.get(1)
    assert (after.version, after.holder, after.content) == (case.version, "basil", case.content)


def test_releasing_another_s_case_leaves_it_with_them(server: Rooms) -> None:
    browser, csrf = signed_in(server, "anna", "analyst")
    browser.post("/cases/1/release", data={"csrf": csrf}, headers=ORIGIN)
    assert server.cases.get(1).holder == "basil"


def test_local_visitors_are_no_accounts(server: Rooms) -> None:
    access = Access(LocalSessions(), Reviewer("dana", "admin"))
    browser = TestClient(create_app(server, access, {"testserver"}), follow_redirects=False)
    cookie, _ = AccountSessions(server.engine, server.reader).begin(Reviewer("dana", "admin"))
    browser.cookies.set(COOKIE, cookie)
    assert browser.get("/queue").status_code == 401
