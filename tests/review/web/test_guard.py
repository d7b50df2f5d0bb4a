"""The guard, as those meet it who come from elsewhere, send too much, or make the app fail."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocketDisconnect

from llm_extract.review.web.guard import HEADERS, MOST_BYTES, MOST_UPLOAD_BYTES, Guard

OWN = {"origin": "http://here:8601"}


async def sizes(request: Request) -> PlainTextResponse:
    """How much came."""
    return PlainTextResponse(str(len(await request.body())))


def breaks() -> None:
    raise ValueError("12 were killed in Halden")


@pytest.fixture(scope="module")
def browser() -> Iterator[TestClient]:
    """A browser at an app that tells how much was posted to it, or breaks."""
    app = FastAPI()
    for path in ("/case", "/exchange", "/exchanged", "/static/own.css"):
        app.add_api_route(path, sizes, methods=["GET", "POST"])
    app.add_api_route("/breaks", breaks, methods=["GET"])
    said = PlainTextResponse("it failed", 500)
    app.add_middleware(
        Guard, hosts={"Here:8601", "[::1]:8601"}, scheme="http", failed=lambda *_: said
    )
    with TestClient(app, base_url="http://here:8601") as client:
        yield client


def status(browser: TestClient, headers: Mapping[str, str], method: str = "POST") -> int:
    return browser.request(method, "/case", headers=dict(headers)).status_code


@pytest.mark.parametrize(
    "host", ["evil.example", "here", "here:80", "evil.example:8601", "here:8601.evil.example", ""]
)
def test_a_server_answers_to_its_own_names_alone(browser: TestClient, host: str) -> None:
    """A page whose own name was pointed at this machine sends its own name as Host."""
    assert status(browser, {"host": host}, "GET") == 421
    assert status(browser, {"host": host, "origin": f"http://{host}"}) == 421


def test_a_name_is_the_same_in_capitals(browser: TestClient) -> None:
    assert status(browser, {"host": "HERE:8601"}, "GET") == 200
    assert status(browser, {"host": "[::1]:8601", "origin": "http://[::1]:8601"}) == 200


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"origin": "http://evil.example"},
        {"origin": "http://here:9999"},
        {"origin": "http://here"},
        {"origin": "https://here:8601"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://here:8601.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "none"},
        {"origin": "http://here:8601", "sec-fetch-site": "cross-site"},
        {"origin": "http://here:8601", "sec-fetch-site": "same-site"},
        {"origin": "http://evil.example", "sec-fetch-site": "same-origin"},
        {"referer": "http://here:8601/queue"},
    ],
)
def test_a_post_from_another_site_is_refused(browser: TestClient, told: dict[str, str]) -> None:
    assert status(browser, told) == 403


@pytest.mark.parametrize("told", [OWN, {"sec-fetch-site": "same-origin"}])
def test_a_post_of_a_page_of_this_server_is_let_through(
    browser: TestClient, told: dict[str, str]
) -> None:
    assert status(browser, told) == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_may_lead_here_but_hold_nothing_of_it(browser: TestClient, site: str) -> None:
    for kind in ("image", "script", "iframe", "empty"):
        assert status(browser, {"sec-fetch-site": site, "sec-fetch-dest": kind}, "GET") == 403
    assert status(browser, {"sec-fetch-site": site, "sec-fetch-dest": "document"}, "GET") == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_no_other_method_reaches_the_app(browser: TestClient, method: str) -> None:
    assert status(browser, OWN, method) == 405


def test_a_socket_is_closed_at_once(browser: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), browser.websocket_connect("/case"):
        pass


# --- floods -------------------------------------------------------------------------------------


def pieces(size: int) -> Iterator[bytes]:
    """A body whose length nobody says beforehand."""
    while size > 0:
        yield b"x" * min(size, 100_000)
        size -= 100_000


@pytest.mark.parametrize(
    ("path", "most"), [("/case", MOST_BYTES), ("/exchange", MOST_UPLOAD_BYTES)]
)
@pytest.mark.parametrize("form", [pieces, lambda size: b"x" * size], ids=["chunked", "whole"])
def test_a_body_is_taken_up_to_its_cap_whether_or_not_its_length_is_said(
    browser: TestClient, path: str, most: int, form: Callable[[int], bytes]
) -> None:
    fits = browser.post(path, content=form(most), headers=OWN)
    assert (fits.status_code, fits.text) == (200, str(most))
    assert browser.post(path, content=form(most + 1), headers=OWN).status_code == 413


def test_only_where_files_are_sent_more_can_be(browser: TestClient) -> None:
    assert browser.post("/exchanged", content=b"x" * 1_000_001, headers=OWN).status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e9", "", "\xb2", "9" * 5000])
def test_a_length_that_is_none_is_refused(browser: TestClient, length: str) -> None:
    told = {**OWN, "content-length": length}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in told.items()]
    assert browser.post("/case", content=b"", headers=raw).status_code == 413


# --- answers ------------------------------------------------------------------------------------


def answers(browser: TestClient) -> Iterator[Response]:
    """One of each way in which an answer comes about."""
    yield browser.get("/case")
    yield browser.get("/nowhere")
    yield browser.get("/breaks")
    yield browser.get("/case", headers={"host": "evil.example"})
    yield browser.post("/case")
    yield browser.post("/case", content=b"x" * 1_000_001, headers=OWN)
    yield browser.post("/case", content=pieces(1_000_001), headers=OWN)
    yield browser.put("/case", headers=OWN)
    yield browser.get("/static/own.css")


def test_every_answer_bears_the_headers(browser: TestClient) -> None:
    seen = []
    for answer in answers(browser):
        seen.append(answer.status_code)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, answer.text
        assert len(answer.headers.get_list("content-security-policy")) == 1
    assert seen == [200, 404, 500, 421, 403, 413, 413, 405, 200]


def test_no_script_or_style_runs_that_is_not_a_file_of_ours() -> None:
    policy = HEADERS["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy and "http" not in policy


def test_pages_are_not_kept_and_files_are_by_their_version(browser: TestClient) -> None:
    kept = [
        browser.get(path).headers["cache-control"]
        for path in ("/case", "/breaks", "/static/nowhere?1", "/static/own.css")
    ]
    assert kept == ["no-store", "no-store", "no-store", "no-cache"]
    assert "immutable" in browser.get("/static/own.css?17").headers["cache-control"]


def test_an_error_goes_no_further_than_its_answer(
    browser: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """What the server makes of errors is a traceback, which could hold the text of a report."""
    with caplog.at_level(logging.DEBUG):
        answer = browser.get("/breaks")
    assert (answer.status_code, answer.text) == (500, "it failed")
    assert "Halden" not in caplog.text
