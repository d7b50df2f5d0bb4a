"""What an attacker would try: another site or name, another's session, too much, too often."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from httpx2 import Response
from review_builders import PLAIN, SUMS, put, report_of
from review_visitor import Visitor

from llm_extract.errors import ReviewError
from llm_extract.review import accounts
from llm_extract.review.accounts import Accounts
from llm_extract.review.audit import verify
from llm_extract.review.intake import take_in
from llm_extract.review.sessions import LONGEST, AccountSessions, LocalSessions
from llm_extract.review.states import Reviewer
from llm_extract.review.web.access import COOKIE, MOST_FAILURES, WITHIN_SECONDS, Access, Throttle
from llm_extract.review.web.app import create_app
from llm_extract.review.web.guard import HEADERS, MOST_BYTES
from llm_extract.review.web.rooms import Rooms
from llm_extract.store import Store

PASSWORD = "correct horse battery"
HOST = "review.example:8601"
OWN = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}


class Hours:
    """A clock of seconds for the throttle."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same hashes with the least memory and time: there are many in these tests."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_HASHER", hasher)
    monkeypatch.setattr(accounts, "_NOBODYS", hasher.hash("nobody's password"))


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def client(rooms: Rooms, store: Store, hours: Hours) -> Iterator[TestClient]:
    """A browser at a server with accounts: ada is an admin, anna an analyst."""
    made = Accounts(store.engine)
    made.add("ada", "admin", PASSWORD, "setup")
    made.add("anna", "analyst", PASSWORD, "setup")
    put(store, [report_of("r1", SUMS), report_of("r2", PLAIN)])
    take_in(store.engine, rate=1)
    access = Access(AccountSessions(store.engine), None, throttle=Throttle(hours))
    yield browser(rooms, access)


def browser(rooms: Rooms, access: Access) -> TestClient:
    app = create_app(rooms, access, {HOST})
    return TestClient(app, base_url=f"http://{HOST}", follow_redirects=False)


def sign_in(client: TestClient, name: str, password: str = PASSWORD) -> Response:
    form = client.get("/login").text
    before = re.search(r'name="before" value="([^"]+)"', form)
    fields = {"name": name, "password": password, "before": before[1] if before else ""}
    return client.post("/login", data=fields, headers=OWN)


def token_of(client: TestClient) -> str:
    found = re.search(
        r"X-CSRF-Token&#34;: &#34;([^&]+)|X-CSRF-Token\": \"([^\"]+)", client.get("/queue").text
    )
    assert found is not None
    return found[1] or found[2]


def post(client: TestClient, path: str, **fields: Any) -> Response:
    """A post as a page of the app sends it."""
    return client.post(path, data={**fields, "csrf": token_of(client)}, headers=OWN)


# --- another site --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "http://evil.example"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"origin": f"http://{HOST}", "sec-fetch-site": "same-site"},
        {"origin": f"https://{HOST}"},
        {"origin": "http://review.example"},
        {},
    ],
)
def test_a_post_from_elsewhere_is_refused_even_with_its_token(
    client: TestClient, headers: dict[str, str]
) -> None:
    sign_in(client, "anna")
    fields = {"csrf": token_of(client)}
    assert client.post("/cases/1/take", data=fields, headers=headers).status_code == 403
    assert verify_untouched(client)


def verify_untouched(client: TestClient) -> bool:
    return "open by" not in client.get("/cases/1").text


@pytest.mark.parametrize("csrf", ["", "x" * 43, "ü"])
def test_a_post_without_the_token_is_refused(client: TestClient, csrf: str) -> None:
    sign_in(client, "anna")
    answer = client.post("/cases/1/take", data={"csrf": csrf}, headers=OWN)
    assert answer.status_code == 403
    assert verify_untouched(client)


def test_the_token_of_another_session_is_refused(client: TestClient, rooms: Rooms) -> None:
    sign_in(client, "ada")
    token = token_of(client)
    client.cookies.clear()
    sign_in(client, "anna")
    answer = client.post("/cases/1/take", data={"csrf": token}, headers=OWN)
    assert answer.status_code == 403


def test_nobody_is_signed_in_as_another_by_a_form_of_another_site(client: TestClient) -> None:
    fields = {"name": "anna", "password": PASSWORD, "before": "guessed"}
    answer = client.post("/login", data=fields, headers=OWN)
    assert answer.status_code == 403
    assert COOKIE not in client.cookies


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8601", "review.example", ""])
def test_another_name_of_the_server_is_refused(client: TestClient, host: str) -> None:
    """A name that an attacker's DNS points here, so that their page is of one origin with ours."""
    assert client.get("/login", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(client: TestClient, method: str) -> None:
    assert client.request(method, "/cases/1", headers=OWN).status_code == 405


# --- another's session ---------------------------------------------------------------------------


def test_a_session_that_was_there_before_signing_in_is_not_taken_over(client: TestClient) -> None:
    client.cookies.set(COOKIE, "fixed-by-an-attacker", domain="review.example", path="/")
    sign_in(client, "anna")
    assert {one.value for one in client.cookies.jar} & {"fixed-by-an-attacker"} == set() or (
        client.get("/queue", cookies={COOKIE: "fixed-by-an-attacker"}).status_code == 303
    )


def test_each_sign_in_has_a_session_of_its_own(client: TestClient) -> None:
    cookies = set()
    for _ in range(3):
        client.cookies.clear()
        sign_in(client, "anna")
        cookies.add(client.cookies[COOKIE])
    assert len(cookies) == 3


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: TestClient) -> None:
    said = sign_in(client, "anna").headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said


def test_behind_https_the_cookie_goes_by_https_alone(rooms: Rooms, client: TestClient) -> None:
    access = Access(AccountSessions(rooms.engine), None, secure=True)
    assert "secure" in sign_in(browser(rooms, access), "anna").headers["set-cookie"].lower()


def test_the_store_holds_no_cookie_and_no_password(client: TestClient, store: Store) -> None:
    sign_in(client, "anna")
    with store.engine.begin() as connection:
        kept = [
            str(row)
            for table in ("review_sessions", "review_accounts", "review_log")
            for row in connection.exec_driver_sql(f"select * from {table}").all()
        ]
    assert not any(client.cookies[COOKIE] in row or PASSWORD in row for row in kept)
    assert any("$argon2id$" in row for row in kept)


@pytest.mark.parametrize("how", ["sign out", "disable", "password", "time"])
def test_a_session_ends(client: TestClient, store: Store, how: str) -> None:
    sign_in(client, "anna")
    cookie = client.cookies[COOKIE]
    there = Accounts(store.engine)
    if how == "sign out":
        assert post(client, "/logout").status_code == 303
    elif how == "disable":
        there.disable("anna", "ada")
    elif how == "password":
        there.set_password("anna", "another password", "ada")
    else:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("update review_sessions set until = '2020-01-01'")
        assert LONGEST.total_seconds() <= 12 * 3600
    client.cookies.clear()
    client.cookies.set(COOKIE, cookie, domain="review.example", path="/")
    assert client.get("/queue").headers["location"] == "/login"


def test_a_role_that_is_taken_away_is_gone_at_once(client: TestClient, store: Store) -> None:
    there = Accounts(store.engine)
    there.add("ben", "admin", PASSWORD, "ada")
    sign_in(client, "ben")
    assert client.get("/accounts").status_code == 200
    there.set_role("ben", "analyst", "ada")
    assert client.get("/accounts").status_code in (303, 403)


def test_a_session_of_the_local_mode_is_none_of_an_account(
    rooms: Rooms, client: TestClient
) -> None:
    cookie, _ = LocalSessions().begin(Reviewer("ada", "admin"))
    client.cookies.set(COOKIE, cookie, domain="review.example", path="/")
    assert client.get("/queue").headers["location"] == "/login"


# --- passwords -----------------------------------------------------------------------------------


def test_a_wrong_password_and_a_wrong_name_are_told_alike(client: TestClient) -> None:
    wrong = sign_in(client, "anna", "wrong password")
    nobody = sign_in(client, "nobody", "wrong password")
    strip = re.compile(r'value="[^"]*"')
    assert (wrong.status_code, strip.sub("", wrong.text)) == (
        nobody.status_code,
        strip.sub("", nobody.text),
    )


def test_guessing_has_to_wait(client: TestClient, hours: Hours) -> None:
    for _ in range(MOST_FAILURES):
        assert sign_in(client, "anna", "guess").status_code == 403
    assert sign_in(client, "anna").status_code == 429
    hours.now += WITHIN_SECONDS + 1
    assert sign_in(client, "anna").status_code == 303


def test_guessing_many_names_from_one_address_has_to_wait(client: TestClient) -> None:
    for place in range(MOST_FAILURES):
        sign_in(client, f"name-{place}", "guess")
    assert sign_in(client, "anna").status_code == 429


@pytest.mark.parametrize("password", ["", "short", "x" * 1025])
def test_a_password_has_a_decent_length(store: Store, password: str) -> None:
    with pytest.raises(ReviewError, match="12 to 1024 characters"):
        Accounts(store.engine).add("zoe", "analyst", password, "ada")


@pytest.mark.parametrize("name", ["", "a b", "<script>", "a" * 65, "a\nb", "../x"])
def test_a_name_is_a_plain_one(store: Store, name: str) -> None:
    with pytest.raises(ReviewError, match="a name has"):
        Accounts(store.engine).add(name, "analyst", PASSWORD, "ada")


def test_the_last_admin_stays(client: TestClient, store: Store) -> None:
    there = Accounts(store.engine)
    with pytest.raises(ReviewError, match="only admin"):
        there.disable("ada", "ada")
    with pytest.raises(ReviewError, match="only admin"):
        there.set_role("ada", "analyst", "ada")


def test_what_is_done_to_accounts_is_logged(client: TestClient, store: Store) -> None:
    found = verify(store.engine)
    assert found.problems == ()
    Accounts(store.engine).disable("anna", "ada")
    assert verify(store.engine).rows == found.rows + 1


# --- more than one's role ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/accounts", {"name": "eve", "role": "admin", "password": PASSWORD}),
        ("/accounts/anna", {"what": "role", "role": "admin"}),
        ("/accounts/ada", {"what": "disable"}),
        ("/cases/1/free", {}),
        ("/cases/1/reopen", {"why": "x"}),
        ("/cases/1/assign", {"assignee": "ada"}),
    ],
)
def test_an_analyst_cannot_do_what_others_may(
    client: TestClient, path: str, fields: dict[str, str]
) -> None:
    sign_in(client, "anna")
    assert post(client, path, **fields).status_code == 403


def test_accounts_are_for_admins_alone(client: TestClient) -> None:
    sign_in(client, "anna")
    assert client.get("/accounts").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/queue",
        "/cases/1",
        "/cases/1/parts",
        "/cases/1/items/c1",
        "/next",
        "/dashboard",
        "/exchange",
    ],
)
def test_nothing_is_shown_to_one_who_is_not_signed_in(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login"


def test_in_local_mode_only_the_printed_address_lets_in(rooms: Rooms) -> None:
    access = Access(LocalSessions(), Reviewer("anna", "admin"))
    client = browser(rooms, access)
    assert client.get("/queue").status_code == 401
    assert client.get("/start", params={"token": "guess"}).status_code == 403
    assert client.get("/start").status_code == 403
    assert client.get("/start", params={"token": access.start_token}).status_code == 303
    assert client.get("/queue").status_code == 200


def test_with_accounts_no_start_address_lets_in(client: TestClient, rooms: Rooms) -> None:
    access: Access = client.app.state.access  # type: ignore[attr-defined]
    assert client.get("/start", params={"token": access.start_token}).status_code == 403


# --- what another has open -----------------------------------------------------------------------


def test_what_another_has_open_cannot_be_changed_by_any_post(
    anna: Visitor, basil: Visitor, store: Store, rooms: Rooms
) -> None:
    put(store, [report_of("r1", SUMS)])
    take_in(store.engine, rate=1)
    anna.post("/cases/1/take")
    before = rooms.cases.get(1)
    clear = {"action": "clear_slot", "item": "c1", "slot": "women", "version": str(before.version)}
    for path, fields in (
        ("/cases/1/take", {}),
        ("/cases/1/renew", {}),
        ("/cases/1/release", {}),
        ("/cases/1/edit", clear),
        ("/cases/1/undo", {"version": str(before.version)}),
        ("/cases/1/decide", {"choice": "defer", "reason": "other", "version": str(before.version)}),
        ("/cases/1/second", {"why": "x"}),
    ):
        basil.post(path, **fields)
        after = rooms.cases.get(1)
        assert (after.holder, after.content, after.state, after.version) == (
            before.holder,
            before.content,
            before.state,
            before.version,
        )


# --- too much, and elsewhere ---------------------------------------------------------------------


def test_too_large_a_form_is_refused(client: TestClient) -> None:
    sign_in(client, "anna")
    answer = client.post("/cases/1/note", data={"words": "x" * (MOST_BYTES + 1)}, headers=OWN)
    assert answer.status_code == 413


def test_a_form_that_does_not_tell_its_length_is_counted(client: TestClient) -> None:
    sign_in(client, "anna")
    token = token_of(client)

    def chunks() -> Iterator[bytes]:
        yield f"csrf={token}&words=".encode()
        for _ in range(MOST_BYTES // 1000 + 10):
            yield b"x" * 1000

    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.post("/cases/1/note", content=chunks(), headers={**OWN, **kind})
    assert answer.status_code in (400, 413)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/%2e%2e/states.py",
        "/static/....//app.py",
        "/static//etc/passwd",
        "/static/..\\app.py",
        "/static/%00",
    ],
)
def test_no_path_leads_out_of_the_static_files(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (400, 404)


@pytest.mark.parametrize("path", ["/cases/x", "/cases/0", "/cases/99", "/cases/1e3", "/nowhere"])
def test_what_is_not_there_is_said_so(client: TestClient, path: str) -> None:
    sign_in(client, "anna")
    assert client.get(path).status_code in (404, 422)


@pytest.mark.parametrize(
    "path", ["/login", "/queue", "/cases/1", "/static/style.css", "/nowhere", "/cases/x"]
)
def test_every_answer_bears_the_headers(client: TestClient, path: str) -> None:
    sign_in(client, "anna")
    said = client.get(path).headers
    assert {name: said.get(name) for name in HEADERS} == HEADERS
    if not path.startswith("/static"):
        assert said["cache-control"] == "no-store"


def test_refusals_and_failures_bear_the_headers_too(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret words of a report")

    sign_in(client, "anna")
    monkeypatch.setattr("llm_extract.review.cases.Cases.get", fail)
    quiet = TestClient(
        client.app, base_url=f"http://{HOST}", cookies=client.cookies, raise_server_exceptions=False
    )
    failed = quiet.get("/cases/1")
    refused = client.get("/queue", headers={"host": "evil.example"})
    assert failed.status_code == 500
    assert "secret" not in failed.text
    for answer in (failed, refused):
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_no_script_and_no_style_stands_in_a_page(client: TestClient) -> None:
    sign_in(client, "anna")
    for path in ("/queue", "/cases/1", "/dashboard", "/exchange", "/login"):
        words = client.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", words)


# --- hostile words -------------------------------------------------------------------------------

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>{{7*7}}{% raw %}'


def test_hostile_words_are_only_words(anna: Visitor, store: Store) -> None:
    text = f"The {HOSTILE} Office said 14 people were killed in Halden, among them nine children."
    put(store, [report_of(f"id {HOSTILE}", text, source=f"{HOSTILE}.txt")])
    take_in(store.engine, rate=1)
    anna.post("/cases/1/take")
    version = re.search(r'data-version="(\d+)"', anna.get("/cases/1"))
    assert version is not None
    anna.post(
        "/cases/1/edit",
        action="set_field",
        item="c1",
        field="claimant",
        value=HOSTILE,
        version=version[1],
    )
    anna.post("/cases/1/note", words=HOSTILE)
    for path in ("/cases/1", "/cases/1/parts", "/cases/1/items/c1", "/queue", "/dashboard"):
        words = anna.get(path)
        assert "<script>alert" not in words
        assert "<img src=x" not in words
        assert "49" not in re.sub(r"\d{3,}", "", words) or "{{7*7}}" in words
    assert "&lt;script&gt;alert(1)" in anna.get("/cases/1")
