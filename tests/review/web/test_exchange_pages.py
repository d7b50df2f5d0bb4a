"""Sheets by the browser: downloaded, changed, uploaded, looked at, confirmed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html import unescape

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from openpyxl import load_workbook
from review_builders import BASIL, PLAIN, SUMS, cases_in

from llm_extract.review.edits import parse_edit
from llm_extract.review.sessions import LocalSessions
from llm_extract.review.states import Reviewer
from llm_extract.review.web.access import Access
from llm_extract.review.web.app import create_app
from llm_extract.review.web.pages import exchange
from llm_extract.review.web.rooms import Rooms, open_rooms
from llm_extract.store import Store, open_store

ORIGIN = {"origin": "http://testserver"}


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("review") / "store.sqlite") as opened:
        cases_in(opened, PLAIN, SUMS)
        yield opened


@pytest.fixture
def rooms(store: Store) -> Iterator[Rooms]:
    with open_rooms(store) as opened:
        yield opened


@pytest.fixture
def browser(rooms: Rooms) -> TestClient:
    """The browser of anna, who is signed in."""
    access = Access(LocalSessions(), Reviewer("anna", "analyst"))
    client = TestClient(create_app(rooms, access, {"testserver"}))
    client.get(f"/start?token={access.start_token}", follow_redirects=False)
    return client


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, page
    return unescape(found[1])


def uploaded(browser: TestClient, raw: bytes | str, name: str = "claims.csv") -> Response:
    token = field(browser.get("/exchange").text, "csrf")
    raw = raw.encode() if isinstance(raw, str) else raw
    return browser.post(
        "/exchange", data={"csrf": token}, files={"sheet": (name, raw)}, headers=ORIGIN
    )


def confirmed(browser: TestClient, page: str) -> Response:
    told = {"csrf": field(page, "csrf"), "rows": field(page, "rows")}
    return browser.post("/exchange/confirm", data=told, headers=ORIGIN)


def sheet(browser: TestClient, query: str = "") -> str:
    answer = browser.get(f"/exchange/sheet.csv?{query}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="claims.csv"'
    return answer.text


def test_a_changed_sheet_is_shown_first_and_applied_when_confirmed(
    browser: TestClient, rooms: Rooms
) -> None:
    changed = sheet(browser).replace("Meridan Observatory,", "<b>Ministry</b>,", 1)
    changed = changed.replace("killed,14,", "killed,15,")
    page = uploaded(browser, changed).text
    assert "1 case would change" in page and "&lt;b&gt;Ministry&lt;/b&gt;" in page
    assert "<b>Ministry" not in page
    assert "15 does not stand in the report" in page
    assert rooms.cases.get(1).content.claims[0].claimant == "Meridan Observatory"
    done = confirmed(browser, page)
    assert "1 case was changed" in done.text
    assert rooms.cases.get(1).content.claims[0].claimant == "<b>Ministry</b>"
    assert rooms.cases.get(2).state == "flagged"


def test_xlsx_goes_the_same_way(browser: TestClient, rooms: Rooms) -> None:
    book = load_workbook(io.BytesIO(browser.get("/exchange/sheet.xlsx?words=Orin").content))
    rows = book.worksheets[0]
    assert rows.max_row == 2
    [column] = [cell.column for cell in rows[1] if cell.value == "places"]
    rows.cell(2, column).value = "Orn"
    raw = io.BytesIO()
    book.save(raw)
    page = uploaded(browser, raw.getvalue(), "claims.xlsx").text
    assert "1 case was changed" in confirmed(browser, page).text
    assert rooms.cases.get(1).content.claims[0].places == ["Orn"]


def test_only_the_filtered_cases_are_downloaded(browser: TestClient) -> None:
    assert sheet(browser, "rule=A02").count("\n") == 3
    assert "1 case:" in browser.get("/exchange?rule=A02").text


def test_what_a_colleague_changes_before_it_is_confirmed_stays(
    browser: TestClient, rooms: Rooms
) -> None:
    page = uploaded(browser, sheet(browser).replace("Meridan Observatory,", "Ministry,", 1)).text
    case = rooms.desk.take(1, BASIL)
    told = {"action": "set_field", "item": "c1", "field": "claimant", "value": "Basil's"}
    rooms.desk.edit(1, BASIL, parse_edit(told), case.version)
    rooms.desk.release(1, BASIL)
    done = confirmed(browser, page).text
    assert "0 cases were changed" in done and "was changed since it was exported" in done
    assert rooms.cases.get(1).content.claims[0].claimant == "Basil's"


def test_a_file_that_is_no_sheet_is_refused_in_words(
    browser: TestClient, subtests: pytest.Subtests
) -> None:
    for raw in (b"", b"\x89PNG\r\n\x1a\n\x00", b"PK\x03\x04", b"a,b\n1,2\n"):
        with subtests.test(raw):
            answer = uploaded(browser, raw, "../../<script>x</script>.csv")
            assert answer.status_code == 422
            assert "<script>x" not in answer.text


def test_a_sheet_is_taken_only_from_a_form_of_this_session(
    browser: TestClient, rooms: Rooms
) -> None:
    files = {"sheet": ("claims.csv", sheet(browser).encode())}
    for told in ({}, {"csrf": "guessed"}):
        assert browser.post("/exchange", data=told, files=files, headers=ORIGIN).status_code == 403
    elsewhere = {"origin": "http://elsewhere"}
    assert browser.post("/exchange/confirm", data={"rows": "[]"}, headers=elsewhere).is_error
    browser.cookies.clear()
    assert browser.get("/exchange/sheet.csv").status_code == 401
    assert rooms.cases.get(1).version == 0


def test_a_damaged_preview_changes_nothing(browser: TestClient, subtests: pytest.Subtests) -> None:
    token = field(browser.get("/exchange").text, "csrf")
    for rows in ("", "{}", '[{"where": 1}]', "[" * 5000, "x" * 900_001):
        with subtests.test(rows[:20]):
            told = {"csrf": token, "rows": rows}
            answer = browser.post("/exchange/confirm", data=told, headers=ORIGIN)
            assert answer.status_code == 422


def test_too_many_cases_for_one_sheet_are_refused_with_a_way_out(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "MOST_CASES", 1)
    answer = browser.get("/exchange/sheet.csv")
    assert answer.status_code == 422 and "llm-extract review export" in answer.text
    assert "filter them further" in browser.get("/exchange").text
