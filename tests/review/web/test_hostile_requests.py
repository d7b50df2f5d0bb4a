"""Requests that mean harm: numbers, words and paths that no page sends, and what they get."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from review_builders import put, report_of
from review_visitor import Visitor, signed_in

from llm_extract.errors import StoreError
from llm_extract.review.cases import Cases
from llm_extract.review.intake import take_in
from llm_extract.review.sessions import AccountSessions
from llm_extract.review.states import Reviewer
from llm_extract.review.web.guard import HEADERS
from llm_extract.review.web.pages.rendering import STATIC
from llm_extract.review.web.rooms import Rooms, open_rooms
from llm_extract.store import open_store

ORIGIN = {"origin": "http://testserver"}
SCRIPT = "<script>alert(1)</script>"
PASSWORD = "the long way home"

# --- what is asked ------------------------------------------------------------------------------

HUGE = "9" * 30
ODD = ["0", "-1", str(2**31), str(2**63), HUGE, "9" * 4000, "1.5", "\u0661", "1%00", "..", "%2e%2e"]


@pytest.mark.parametrize("number", ODD)
def test_a_case_that_cannot_be_is_no_failure(server: Rooms, number: str) -> None:
    browser, csrf = signed_in(server, "dana", "admin")
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
def test_a_version_or_place_that_is_no_number_is_told_so(server: Rooms, number: str) -> None:
    browser, csrf = signed_in(server, "dana", "admin")
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
def test_whatever_is_searched_for_is_no_failure_and_no_markup(server: Rooms, words: str) -> None:
    browser, csrf = signed_in(server, "dana", "admin")
    for name in ("words", "rule", "claimant", "place", "model", "since", "assignee", "state"):
        for page in ("/queue", "/queue/counts", "/exchange", "/exchange/sheet.csv", "/next"):
            answer = browser.get(page, params={name: words})
            assert answer.status_code in (200, 422), answer.text
            assert SCRIPT not in answer.text and ">49<" not in answer.text
        form = {"csrf": csrf, "name": words}
        view = browser.post("/queue/views", params={name: words}, data=form, headers=ORIGIN)
        assert view.status_code in (303, 422)
    assert SCRIPT not in browser.get("/queue").text


def test_a_note_or_name_with_a_script_is_words(server: Rooms) -> None:
    browser, csrf = signed_in(server, "dana", "admin")
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
    server: Rooms, query: str
) -> None:
    browser, csrf = signed_in(server, "dana", "admin")
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
def test_no_path_leads_to_another_file(server: Rooms, path: str) -> None:
    browser, _ = signed_in(server, "dana", "admin")
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


def test_every_answer_of_the_app_bears_the_headers(server: Rooms) -> None:
    browser, _ = signed_in(server, "dana", "admin")
    for answer in ways(browser):
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, answer.url
        kind = answer.headers.get("content-type", "")
        assert "/static/style" in str(answer.url) or answer.headers["cache-control"] == "no-store"
        assert "text/html" not in kind or "charset=utf-8" in kind


def test_no_page_has_a_script_or_style_of_its_own(server: Rooms) -> None:
    """The content security policy would refuse it."""
    browser, _ = signed_in(server, "dana", "admin")
    for page in (
        "/queue",
        "/cases/1",
        "/cases/2",
        "/dashboard",
        "/exchange",
        "/accounts",
        "/login",
    ):
        told = browser.get(page).text
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", told)
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|hx-on", told)
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', told)


@pytest.mark.parametrize("script", [{}, {"hx-request": "true"}])
def test_what_nobody_foresaw_is_told_without_the_report_and_with_the_headers(
    server: Rooms,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    script: dict[str, str],
) -> None:
    def breaks(*_: object) -> None:
        raise ValueError("12 were killed in Halden")

    browser, _ = signed_in(server, "dana", "admin")
    monkeypatch.setattr(Cases, "get", breaks)
    with caplog.at_level(logging.DEBUG):
        answer = browser.get("/cases/1", headers=script)
    assert answer.status_code == 500 and "was not saved" in answer.text
    assert ("<html" in answer.text) is not bool(script)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "Halden" not in answer.text + caplog.text
    assert re.search(r"failed by ValueError \(\w+\.py:\d+\)", caplog.text)


def test_a_store_that_fails_is_told_even_where_the_session_cannot_be_read(
    server: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise StoreError("the store failed: disk I/O error")

    browser, _ = signed_in(server, "dana", "admin")
    monkeypatch.setattr(AccountSessions, "of", breaks)
    answer = browser.get("/queue")
    assert answer.status_code == 500 and "disk I/O error" in answer.text


HOSTILE = f'{SCRIPT}"><img src=x onerror=alert(2)>{{{{7*7}}}}{{% raw %}}'


def test_hostile_words_are_only_words(tmp_path: Path) -> None:
    with open_store(tmp_path / "store.sqlite") as store, open_rooms(store) as rooms:
        text = f"The {HOSTILE} Office said 14 people were killed in Halden."
        report = report_of(f"id {HOSTILE}", text, source=f"../../{HOSTILE}.txt")
        put(store, [replace(report, title=HOSTILE)])
        take_in(store.engine, 1.0)
        version = rooms.desk.take(1, Reviewer("dana", "admin")).version
        dana = Visitor(rooms, "dana", "admin")
        named = {"action": "set_field", "item": "c1", "field": "claimant", "value": HOSTILE}
        assert dana.post("/cases/1/edit", named, version=version).status_code == 200
        assert dana.post("/cases/1/note", words=HOSTILE).is_success
        for page in ("/queue", "/cases/1", "/cases/1/parts", "/cases/1/items/c1", "/dashboard"):
            told = dana.get(page)
            assert SCRIPT not in told and "<img" not in told
            assert "49{%" not in told
        assert "&lt;script&gt;alert(1)" in dana.get("/cases/1")
