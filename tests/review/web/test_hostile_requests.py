"""Every page and step, as those ask for it who are not signed in, not entitled, or mean harm."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from httpx2 import Response
from review_builders import BASIL, PLAIN, SUMS, put, report_of
from review_visitor import Visitor

from llm_extract.errors import StoreError
from llm_extract.review.audit import verify
from llm_extract.review.cases import Cases
from llm_extract.review.intake import take_in
from llm_extract.review.sessions import AccountSessions, LocalSessions
from llm_extract.review.states import Reviewer
from llm_extract.review.web.access import COOKIE, Access
from llm_extract.review.web.app import create_app
from llm_extract.review.web.guard import HEADERS
from llm_extract.review.web.pages.rendering import STATIC
from llm_extract.review.web.rooms import Rooms, open_rooms
from llm_extract.store import open_store

ORIGIN = {"origin": "http://testserver"}
SCRIPT = "<script>alert(1)</script>"
PASSWORD = "the long way home"
OPEN = {"/", "/login", "/start"}
"""What those who are not signed in may ask for."""


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    """A server's rooms: case 1 is open by basil, case 2 is free."""
    place = tmp_path_factory.mktemp("review") / "store.sqlite"
    with open_store(place) as store, open_rooms(store) as opened:
        put(store, [report_of("r1", SUMS), report_of("r2", PLAIN)])
        take_in(store.engine, 1.0)
        opened.desk.take(1, BASIL)
        opened.accounts.add("anna", "analyst", PASSWORD, "test")
        opened.accounts.add("cleo", "senior", PASSWORD, "test")
        opened.accounts.add("dana", "admin", PASSWORD, "test")
        yield opened


def app_of(rooms: Rooms) -> tuple[FastAPI, AccountSessions]:
    sessions = AccountSessions(rooms.engine, rooms.reader)
    return create_app(rooms, Access(sessions, None), {"testserver"}), sessions


def signed_in(rooms: Rooms, name: str, role: Any) -> tuple[TestClient, str]:
    """The browser of an account, and the token of its forms."""
    app, sessions = app_of(rooms)
    browser = TestClient(app, follow_redirects=False)
    cookie, session = sessions.begin(Reviewer(name, role))
    browser.cookies.set(COOKIE, cookie)
    return browser, session.csrf


def steps(method: str) -> list[str]:
    """The addresses of all pages, or of all steps, as the app itself knows them."""
    app = create_app(None, None, set())  # type: ignore[arg-type]
    found = [
        re.sub(r"\{(\w+)(:\w+)?\}", lambda part: "1" if part[1] == "pk" else "c1", route.path)
        for route in _routes(app.routes)
        if method in route.methods
    ]
    assert len(found) > 5
    return sorted(set(found) - (OPEN if method == "GET" else {"/login"}))


def _routes(routes: list[Any]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from _routes(route.original_router.routes)


def head(rooms: Rooms) -> tuple[int, int]:
    """What changes with every step: rows of the log and views."""
    return verify(rooms.engine).rows, len(rooms.accounts.all())


# --- who may ------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", steps("GET"))
def test_no_page_is_shown_to_those_who_are_not_signed_in(rooms: Rooms, address: str) -> None:
    app, _ = app_of(rooms)
    answer = TestClient(app, follow_redirects=False).get(address)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert not answer.text


@pytest.mark.parametrize("address", steps("POST"))
def test_no_step_is_made_by_those_who_are_not_signed_in(rooms: Rooms, address: str) -> None:
    before = head(rooms)
    app, _ = app_of(rooms)
    answer = TestClient(app, follow_redirects=False).post(address, headers=ORIGIN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert head(rooms) == before


@pytest.mark.parametrize("address", steps("POST"))
def test_no_step_is_made_without_the_token_of_the_session(rooms: Rooms, address: str) -> None:
    """Whatever else is in it, and whatever way the token is sent."""
    before = head(rooms)
    browser, csrf = signed_in(rooms, "dana", "admin")
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
    assert head(rooms) == before


@pytest.mark.parametrize("role", ["analyst", "senior"])
def test_nobody_but_an_admin_manages_accounts(rooms: Rooms, role: str) -> None:
    name = {"analyst": "anna", "senior": "cleo"}[role]
    browser, csrf = signed_in(rooms, name, role)
    before = rooms.accounts.all(), head(rooms)
    told = {"csrf": csrf, "name": "mallory", "role": "admin", "password": PASSWORD}
    assert browser.get("/accounts").status_code == 403
    assert "/accounts" not in browser.get("/queue").text
    assert browser.post("/accounts", data=told, headers=ORIGIN).status_code == 403
    for what in ("role", "password", "disable"):
        for whose in (name, "dana"):
            answer = browser.post(f"/accounts/{whose}", data={**told, "what": what}, headers=ORIGIN)
            assert answer.status_code == 403
    assert (rooms.accounts.all(), head(rooms)) == before


def test_a_form_cannot_say_who_one_is(rooms: Rooms) -> None:
    browser, csrf = signed_in(rooms, "anna", "analyst")
    form = {"csrf": csrf, "words": "seen", "who": "dana", "name": "dana", "role": "admin"}
    assert browser.post("/cases/2/note?who=dana", data=form, headers=ORIGIN).status_code == 303
    assert rooms.cases.history(2)[-1].who == "anna"


@pytest.mark.parametrize("step", ["free", "reopen"])
def test_an_analyst_does_nothing_that_is_a_senior_s(rooms: Rooms, step: str) -> None:
    browser, csrf = signed_in(rooms, "anna", "analyst")
    answer = browser.post(f"/cases/1/{step}", data={"csrf": csrf, "why": "x"}, headers=ORIGIN)
    assert answer.status_code == 403


def test_an_analyst_gives_no_work_to_others(rooms: Rooms) -> None:
    browser, csrf = signed_in(rooms, "anna", "analyst")
    form = {"csrf": csrf, "assignee": "cleo", "case": "2", "other": "cleo"}
    for address in ("/cases/2/assign", "/queue/assign"):
        assert browser.post(address, data=form, headers=ORIGIN).status_code == 403
    assert rooms.cases.get(2).assignee is None


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
    rooms: Rooms, step: str, more: dict[str, str]
) -> None:
    browser, csrf = signed_in(rooms, "anna", "analyst")
    case = rooms.cases.get(1)
    form = {"csrf": csrf, "version": str(case.version), **more}
    answer = browser.post(f"/cases/1/{step}", data=form, headers=ORIGIN)
    assert answer.is_client_error, answer.text
    after = rooms.cases.get(1)
    assert (after.version, after.holder, after.content) == (case.version, "basil", case.content)


def test_releasing_another_s_case_leaves_it_with_them(rooms: Rooms) -> None:
    browser, csrf = signed_in(rooms, "anna", "analyst")
    browser.post("/cases/1/release", data={"csrf": csrf}, headers=ORIGIN)
    assert rooms.cases.get(1).holder == "basil"


# --- what is asked ------------------------------------------------------------------------------

HUGE = "9" * 30
ODD = ["0", "-1", str(2**31), str(2**63), HUGE, "9" * 4000, "1.5", "\u0661", "1%00", "..", "%2e%2e"]


@pytest.mark.parametrize("number", ODD)
def test_a_case_that_cannot_be_is_no_failure(rooms: Rooms, number: str) -> None:
    browser, csrf = signed_in(rooms, "dana", "admin")
    for page in ("", "/parts", "/items/c1"):
        assert browser.get(f"/cases/{number}{page}").status_code in (303, 404, 422)
    for step in ("take", "note", "assign", "second", "release", "renew", "free"):
        form = {"csrf": csrf, "words": "x"}
        answer = browser.post(f"/cases/{number}/{step}", data=form, headers=ORIGIN)
        assert answer.status_code in (404, 422)
    form = {"csrf": csrf, "case": number, "to": "me"}
    assert browser.post("/queue/assign", data=form, headers=ORIGIN).status_code in (404, 422)
    assert browser.get("/queue", params={"after": number}).status_code in (200, 422)


@pytest.mark.parametrize("number", ["", "-1", "1e3", HUGE, "9" * 5000, "\u00b2", "x"])
def test_a_version_or_place_that_is_no_number_is_told_so(rooms: Rooms, number: str) -> None:
    browser, csrf = signed_in(rooms, "dana", "admin")
    for form in (
        {"version": number, "action": "remove", "item": "c1"},
        {"version": "1", "action": "apply_suggestion", "key": "x", "index": number},
        {"version": "1", "action": "set_slot", "item": "c1", "slot": "total", "value": number},
        {"version": "1", "action": "set_slot", "item": "c1", "start": number, "end": number},
    ):
        answer = browser.post("/cases/2/edit", data={"csrf": csrf, **form}, headers=ORIGIN)
        assert answer.status_code in (409, 422), answer.text


WORDS = [
    "\0",
    "\ud7ff\ufffe",
    "a\x00b",
    "%",
    "_",
    "\\",
    "'",
    '"',
    '" OR NEAR(',
    "*" * 500,
    "\u202e",
]


@pytest.mark.parametrize("words", [*WORDS, SCRIPT, "{{7*7}}", "x" * 50_000])
def test_whatever_is_searched_for_is_no_failure_and_no_markup(rooms: Rooms, words: str) -> None:
    browser, csrf = signed_in(rooms, "dana", "admin")
    for name in ("words", "rule", "claimant", "place", "model", "since", "assignee", "state"):
        for page in ("/queue", "/queue/counts", "/exchange", "/exchange/sheet.csv", "/next"):
            answer = browser.get(page, params={name: words})
            assert answer.status_code in (200, 422), answer.text
            assert SCRIPT not in answer.text and ">49<" not in answer.text
        form = {"csrf": csrf, "name": words}
        view = browser.post("/queue/views", params={name: words}, data=form, headers=ORIGIN)
        assert view.status_code in (303, 422)
    assert SCRIPT not in browser.get("/queue").text


def test_a_note_or_name_with_a_script_is_words(rooms: Rooms) -> None:
    browser, csrf = signed_in(rooms, "dana", "admin")
    for address, form in (
        ("/cases/2/note", {"words": f"{SCRIPT}\0"}),
        ("/cases/2/assign", {"assignee": SCRIPT}),
        ("/accounts", {"name": SCRIPT, "role": "analyst", "password": PASSWORD}),
        ("/accounts", {"name": "eve", "role": SCRIPT, "password": PASSWORD}),
        (f"/accounts/{SCRIPT.replace('/', '%2F')}", {"what": "disable"}),
        ("/accounts/anna", {"what": SCRIPT}),
    ):
        answer = browser.post(address, data={"csrf": csrf, **form}, headers=ORIGIN)
        assert answer.status_code in (303, 404, 409, 422, 403), answer.text
        assert SCRIPT not in answer.text
    for page in ("/cases/2", "/queue", "/accounts", "/dashboard"):
        assert SCRIPT not in browser.get(page).text
    browser.post("/cases/2/assign", data={"csrf": csrf}, headers=ORIGIN)


@pytest.mark.parametrize(
    "query", ["//evil.example", "next=//evil.example", "words=%0d%0aset-cookie:%20a=b", "%ff%00"]
)
def test_a_step_leads_to_no_other_site_whatever_stands_in_its_address(
    rooms: Rooms, query: str
) -> None:
    browser, csrf = signed_in(rooms, "dana", "admin")
    form = {"csrf": csrf, "words": "seen", "name": "v"}
    for address in ("/cases/2/note", "/cases/2/release", "/queue/assign", "/queue/views"):
        for script in ({}, {"hx-request": "true"}):
            told = {**ORIGIN, **script}
            answer = browser.post(f"{address}?{query}", data=form, headers=told)
            goes = answer.headers.get("location") or answer.headers.get("hx-redirect") or "/"
            assert goes.startswith("/") and not goes.startswith("//")
            assert "set-cookie" not in answer.headers


PATHS = [
    "/static/../app.py",
    "/static/..%2fapp.py",
    "/static/%2e%2e/app.py",
    "/static/%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/static//etc/passwd",
    "/static/....//app.py",
    "/static/..%5capp.py",
    "/static/style.css%00.js",
    "/static/",
    "/static",
    "/templates/base.html.j2",
    "/exchange/../../../etc/passwd",
    "/exchange/sheet.csv/../../../../etc/passwd",
    "/docs",
    "/redoc",
    "/openapi.json",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_to_another_file(rooms: Rooms, path: str) -> None:
    browser, _ = signed_in(rooms, "dana", "admin")
    answer = browser.get(path)
    assert answer.status_code in (303, 307, 404)
    assert "import" not in answer.text and "root:" not in answer.text
    assert "{%" not in answer.text


def test_a_link_among_the_static_files_is_not_followed_out_of_them() -> None:
    assert all(path.resolve().is_relative_to(STATIC.resolve()) for path in STATIC.rglob("*"))


# --- what is answered ---------------------------------------------------------------------------


def ways(browser: TestClient) -> Iterator[Response]:
    """Answers of each kind."""
    yield browser.get("/queue")
    yield browser.get("/")
    yield browser.get("/cases/99")
    yield browser.get("/cases/x")
    yield browser.get("/nowhere")
    yield browser.get("/static/style.css")
    yield browser.get("/static/nowhere.css")
    yield browser.post("/cases/1/take", headers=ORIGIN)
    yield browser.post("/cases/1/take")
    yield browser.get("/exchange/sheet.csv")
    yield browser.get("/queue", headers={"host": "evil.example"})


def test_every_answer_of_the_app_bears_the_headers(rooms: Rooms) -> None:
    browser, _ = signed_in(rooms, "dana", "admin")
    for answer in ways(browser):
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, answer.url
        kind = answer.headers.get("content-type", "")
        assert "/static/style" in str(answer.url) or answer.headers["cache-control"] == "no-store"
        assert "text/html" not in kind or "charset=utf-8" in kind


def test_no_page_has_a_script_or_style_of_its_own(rooms: Rooms) -> None:
    """The content security policy would refuse it."""
    browser, _ = signed_in(rooms, "dana", "admin")
    for page in ("/queue", "/cases/1", "/cases/2", "/dashboard", "/exchange", "/accounts"):
        told = browser.get(page).text
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", told)
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|hx-on", told)
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', told)


@pytest.mark.parametrize("script", [{}, {"hx-request": "true"}])
def test_what_nobody_foresaw_is_told_without_the_report_and_with_the_headers(
    rooms: Rooms,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    script: dict[str, str],
) -> None:
    def breaks(*_: object) -> None:
        raise ValueError("12 were killed in Halden")

    browser, _ = signed_in(rooms, "dana", "admin")
    monkeypatch.setattr(Cases, "get", breaks)
    with caplog.at_level(logging.DEBUG):
        answer = browser.get("/cases/1", headers=script)
    assert answer.status_code == 500 and "was not saved" in answer.text
    assert ("<html" in answer.text) is not bool(script)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "Halden" not in answer.text + caplog.text
    assert re.search(r"failed by ValueError \(\w+\.py:\d+\)", caplog.text)


def test_a_store_that_fails_is_told_even_where_the_session_cannot_be_read(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise StoreError("the store failed: disk I/O error")

    browser, _ = signed_in(rooms, "dana", "admin")
    monkeypatch.setattr(AccountSessions, "of", breaks)
    answer = browser.get("/queue")
    assert answer.status_code == 500 and "disk I/O error" in answer.text


def test_names_of_files_are_words(tmp_path: Path) -> None:
    with open_store(tmp_path / "store.sqlite") as store, open_rooms(store) as rooms:
        report = report_of("r1", SUMS, source=f"../../{SCRIPT}.txt")
        put(store, [replace(report, title=SCRIPT)])
        take_in(store.engine)
        dana = Visitor(rooms, "dana", "admin")
        for page in ("/queue", "/cases/1", "/exchange", "/dashboard"):
            assert SCRIPT not in dana.get(page)


def test_local_visitors_are_no_accounts(rooms: Rooms) -> None:
    access = Access(LocalSessions(), Reviewer("dana", "admin"))
    browser = TestClient(create_app(rooms, access, {"testserver"}), follow_redirects=False)
    cookie, _ = AccountSessions(rooms.engine, rooms.reader).begin(Reviewer("dana", "admin"))
    browser.cookies.set(COOKIE, cookie)
    assert browser.get("/queue").status_code == 401
