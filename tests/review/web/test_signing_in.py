"""Signing in, as those try it who should not get in, or not as who they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from threading import Barrier, Thread

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from llm_extract.errors import ReviewError
from llm_extract.review.sessions import LONGEST, AccountSessions, LocalSessions
from llm_extract.review.states import Reviewer
from llm_extract.review.web.access import (
    COOKIE,
    MOST_BY_ADDRESS,
    MOST_BY_NAME,
    WITHIN_SECONDS,
    Access,
    Throttle,
)
from llm_extract.review.web.app import create_app
from llm_extract.review.web.pages.login import BEFORE
from llm_extract.review.web.rooms import Rooms, open_rooms
from llm_extract.store import open_store

ORIGIN = {"origin": "http://testserver"}
PASSWORD = "the long way home"


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def today(self) -> datetime:
        return datetime(2026, 3, 6, 9, tzinfo=UTC) + timedelta(seconds=self.seconds)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the store."""
    return tmp_path_factory.mktemp("review")


@pytest.fixture(scope="module")
def rooms(place: Path) -> Iterator[Rooms]:
    """A server's rooms with accounts of anna, who is an analyst, and dana, who is an admin."""
    with open_store(place / "store.sqlite") as store, open_rooms(store) as opened:
        opened.accounts.add("anna", "analyst", PASSWORD, "test")
        opened.accounts.add("dana", "admin", PASSWORD, "test")
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(rooms: Rooms, clock: Clock) -> Access:
    sessions = AccountSessions(rooms.engine, rooms.reader, clock.today)
    return Access(sessions, None, throttle=Throttle(clock))


@pytest.fixture
def browser(rooms: Rooms, access: Access) -> TestClient:
    return visitor(rooms, access)


def visitor(rooms: Rooms, access: Access) -> TestClient:
    app = create_app(rooms, access, {"testserver"})
    return TestClient(app, follow_redirects=False)


def sign_in(browser: TestClient, name: str, password: str = PASSWORD) -> Response:
    """What the form of signing in gets."""
    return browser.post("/login", data=fields(browser, name, password), headers=ORIGIN)


def fields(browser: TestClient, name: str, password: str = PASSWORD) -> dict[str, str]:
    [before] = re.findall(r'name="before" value="([^"]+)"', browser.get("/login").text)
    return {"name": name, "password": password, "before": before}


def is_in(browser: TestClient) -> bool:
    return browser.get("/queue").status_code == 200


def cookies(answer: Response) -> dict[str, Morsel[str]]:
    told: dict[str, Morsel[str]] = {}
    for line in answer.headers.get_list("set-cookie"):
        told |= SimpleCookie(line)
    return told


# --- accounts -----------------------------------------------------------------------------------


def test_name_and_password_let_in(browser: TestClient) -> None:
    assert browser.get("/queue").headers["location"] == "/login"
    answer = sign_in(browser, "anna")
    assert (answer.status_code, answer.headers["location"]) == (303, "/queue")
    assert "<bdi>anna</bdi> <small>analyst" in browser.get("/queue").text


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("anna", "the long way hom"),
        ("anna", PASSWORD.upper()),
        ("anna", ""),
        ("", ""),
        ("Anna", PASSWORD),
        ("anna ", PASSWORD),
        ("anna\0", PASSWORD),
        ("eve", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        ("<script>alert(1)</script>", PASSWORD),
    ],
)
def test_all_else_is_refused_in_the_same_words(
    browser: TestClient, name: str, password: str
) -> None:
    answer = sign_in(browser, name, password)
    assert answer.status_code == 403
    assert "name and password do not belong together" in answer.text
    assert "<script>alert" not in answer.text
    assert not is_in(browser)


def test_the_cookie_is_kept_from_scripts_and_other_sites(browser: TestClient) -> None:
    told = cookies(sign_in(browser, "anna"))[COOKIE]
    assert told["httponly"] and told["samesite"] == "strict" and told["path"] == "/"
    assert not told["domain"]
    assert int(told["max-age"]) == LONGEST.total_seconds()


def test_behind_https_the_cookie_goes_by_https_alone(rooms: Rooms) -> None:
    access = Access(AccountSessions(rooms.engine, rooms.reader), None, secure=True, port=8601)
    app = create_app(rooms, access, {"testserver"}, "https")
    browser = TestClient(app, base_url="https://testserver", follow_redirects=False)
    told = browser.post(
        "/login", data=fields(browser, "anna"), headers={"origin": "https://testserver"}
    )
    [(name, cookie)] = cookies(told).items()
    assert name.startswith("__Host-") and cookie["secure"]
    assert is_in(browser)


def test_two_servers_of_a_machine_have_cookies_of_their_own(rooms: Rooms) -> None:
    sessions = LocalSessions()
    names = {Access(sessions, None, port=port).cookie for port in (8601, 8602)}
    assert len(names) == 2


def test_a_session_that_somebody_prepared_is_not_the_one_that_is_signed_in(
    rooms: Rooms, access: Access
) -> None:
    """Fixation: an attacker's cookie is put into the victim's browser before signing in."""
    attacker, victim = visitor(rooms, access), visitor(rooms, access)
    sign_in(attacker, "anna")
    planted = attacker.cookies[COOKIE]
    for cookie in (planted, "made-up"):
        victim.cookies.clear()
        victim.cookies.set(COOKIE, cookie, domain="testserver.local", path="/")
        told = cookies(victim.post("/login", data=fields_of(rooms, access, victim), headers=ORIGIN))
        assert told[COOKIE].value not in (planted, "made-up")
    assert not is_in(attacker)


def fields_of(rooms: Rooms, access: Access, browser: TestClient) -> dict[str, str]:
    """A form that was fetched without a session, whose cookie the browser has as well."""
    other = visitor(rooms, access)
    told = fields(other, "dana")
    browser.cookies.set(BEFORE, told["before"], domain="testserver.local", path="/login")
    return told


def test_a_form_that_another_site_made_signs_nobody_in(browser: TestClient) -> None:
    """Else somebody would work, unawares, under an account that an attacker watches."""
    told = fields(browser, "anna")
    wrong: list[tuple[dict[str, str], dict[str, str]]] = [
        ({**told, "before": "guessed"}, ORIGIN),
        ({**told, "before": ""}, ORIGIN),
        ({"name": "anna", "password": PASSWORD}, ORIGIN),
        (told, {"origin": "http://elsewhere"}),
        (told, {}),
    ]
    for form, headers in wrong:
        assert browser.post("/login", data=form, headers=headers).status_code == 403
    browser.cookies.clear()
    assert browser.post("/login", data={**told, "before": ""}, headers=ORIGIN).status_code == 403


def test_signing_out_ends_the_session_and_not_the_cookie_alone(
    rooms: Rooms, access: Access, browser: TestClient
) -> None:
    sign_in(browser, "anna")
    stolen = browser.cookies[COOKIE]
    [csrf, *_] = re.findall(r'name="csrf" value="([^"]+)"', browser.get("/queue").text)
    assert browser.post("/logout", headers=ORIGIN).status_code == 403
    assert is_in(browser)
    told = browser.post("/logout", data={"csrf": csrf}, headers=ORIGIN)
    assert cookies(told)[COOKIE].value == ""
    thief = visitor(rooms, access)
    thief.cookies.set(COOKIE, stolen)
    assert not is_in(thief)


def test_a_session_ends_after_a_working_day_however_busy(browser: TestClient, clock: Clock) -> None:
    sign_in(browser, "anna")
    clock.seconds = LONGEST.total_seconds() - 1
    assert is_in(browser)
    clock.seconds += 2
    assert not is_in(browser)


@pytest.mark.parametrize("change", ["disable", "password", "role"])
def test_a_session_ends_with_what_its_account_was(
    rooms: Rooms, access: Access, change: str
) -> None:
    name = f"basil-{change}"
    rooms.accounts.add(name, "senior", PASSWORD, "dana")
    browser = visitor(rooms, access)
    sign_in(browser, name)
    assert is_in(browser)
    {
        "disable": lambda: rooms.accounts.disable(name, "dana"),
        "password": lambda: rooms.accounts.set_password(name, "another way home", "dana"),
        "role": lambda: rooms.accounts.set_role(name, "analyst", "dana"),
    }[change]()
    assert not is_in(browser)
    assert (sign_in(browser, name).status_code == 303) is (change == "role")


@pytest.mark.parametrize("cookie", ["", "x", "\xe9", "a" * 5000, "' OR 1=1 --", "%00", "../../x"])
def test_a_cookie_that_nobody_was_given_is_nobody_s(browser: TestClient, cookie: str) -> None:
    raw = f"{COOKIE}={cookie}".encode("latin-1")
    answer = browser.get("/queue", headers={b"cookie": raw})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_one_cookie_s_token_does_not_post_for_another(rooms: Rooms, access: Access) -> None:
    anna, dana = visitor(rooms, access), visitor(rooms, access)
    sign_in(anna, "anna")
    sign_in(dana, "dana")
    [csrf, *_] = re.findall(r'name="csrf" value="([^"]+)"', anna.get("/queue").text)
    form = {"csrf": csrf, "name": "mallory", "role": "admin", "password": PASSWORD}
    assert dana.post("/accounts", data=form, headers=ORIGIN).status_code == 403


def test_nothing_of_a_cookie_or_password_stands_in_the_store(
    place: Path, browser: TestClient
) -> None:
    sign_in(browser, "anna")
    raw = b"".join(path.read_bytes() for path in place.iterdir() if path.is_file())
    assert browser.cookies[COOKIE].encode() not in raw
    assert PASSWORD.encode() not in raw
    assert b"$argon2id$" in raw


def test_a_wrong_password_and_a_wrong_name_are_told_alike(browser: TestClient) -> None:
    told = [sign_in(browser, name, "a wrong password").text for name in ("anna", "eve")]
    wrong, unknown = (re.sub(r'name="before" value="[^"]+"', "", page) for page in told)
    assert wrong == unknown


# --- guessing -----------------------------------------------------------------------------------


def test_too_many_wrong_passwords_for_a_name_and_it_has_to_wait(
    browser: TestClient, clock: Clock
) -> None:
    for _ in range(MOST_BY_NAME):
        assert sign_in(browser, "anna", "a wrong password").status_code == 403
    assert sign_in(browser, "anna").status_code == 429
    assert sign_in(browser, "dana").status_code == 303
    browser.cookies.clear()
    clock.seconds = WITHIN_SECONDS + 1
    assert sign_in(browser, "anna").status_code == 303


def throttled(throttle: Throttle, name: str, address: str) -> bool:
    try:
        throttle.attempt(name, address)
    except ReviewError as error:
        assert error.code == "throttled"
        return True
    return False


def test_too_many_names_tried_from_an_address_and_it_has_to_wait(clock: Clock) -> None:
    throttle = Throttle(clock)
    tried = [throttled(throttle, f"name{each}", "a") for each in range(MOST_BY_ADDRESS + 1)]
    assert tried == [False] * MOST_BY_ADDRESS + [True]
    assert not throttled(throttle, "name0", "b")


def test_an_account_of_one_s_own_is_no_way_to_go_on_guessing(clock: Clock) -> None:
    throttle = Throttle(clock)
    for each in range(MOST_BY_ADDRESS):
        throttle.attempt(f"name{each}", "a")
        if each < MOST_BY_ADDRESS - 1:
            throttle.attempt("mallory", "a")
            throttle.succeeded("mallory", "a")
    assert throttled(throttle, "mallory", "a")


def test_guesses_at_the_same_moment_are_counted_each(clock: Clock) -> None:
    throttle, barrier, refused = Throttle(clock), Barrier(16), []

    def guess() -> None:
        barrier.wait()
        refused.append(throttled(throttle, "anna", "a"))

    threads = [Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused.count(False) == MOST_BY_NAME


def test_what_was_guessed_long_ago_takes_no_room(clock: Clock) -> None:
    throttle = Throttle(clock)
    for each in range(100):
        throttle.attempt(f"name{each}", f"address{each}")
    clock.seconds = WITHIN_SECONDS + 1
    throttle.attempt("anna", "a")
    assert len(throttle._attempts) == 2


# --- one's own machine --------------------------------------------------------------------------


@pytest.fixture
def own(rooms: Rooms, clock: Clock) -> tuple[Access, TestClient]:
    """A server without accounts, and the browser of somebody on its machine."""
    access = Access(LocalSessions(clock.today), Reviewer("anna", "admin"))
    return access, visitor(rooms, access)


def test_without_the_start_address_nobody_comes_in(own: tuple[Access, TestClient]) -> None:
    access, browser = own
    for address in ("/queue", "/cases/1", "/next", "/dashboard", "/exchange", "/accounts"):
        answer = browser.get(address)
        assert answer.status_code == 401
        assert "Come in by the start address" in answer.text
    for token in ("", "guessed", access.start_token[:-1], access.start_token + "x", "\0", "ä"):
        assert browser.get("/start", params={"token": token}).status_code == 403
    assert not is_in(browser)


def test_the_start_address_lets_one_browser_in_and_then_there_is_another_one(
    rooms: Rooms, own: tuple[Access, TestClient]
) -> None:
    """It stands in the browser's history, and in the list of processes where one opened it."""
    access, browser = own
    used = access.start_token
    assert browser.get(f"/start?token={used}").headers["location"] == "/queue"
    assert is_in(browser)
    assert browser.get(f"/start?token={used}").headers["location"] == "/queue"
    thief = visitor(rooms, access)
    assert thief.get(f"/start?token={used}").status_code == 403
    assert thief.get(f"/start?token={access.start_token}").status_code == 303


def test_passwords_and_accounts_are_nothing_there(own: tuple[Access, TestClient]) -> None:
    access, browser = own
    browser.cookies.set(BEFORE, "x", path="/login")
    form = {"name": "dana", "password": PASSWORD, "before": "x"}
    assert browser.post("/login", data=form, headers=ORIGIN).status_code == 403
    browser.get(f"/start?token={access.start_token}")
    assert browser.get("/accounts").status_code == 409


def test_one_s_own_session_ends_after_a_working_day_too(
    own: tuple[Access, TestClient], clock: Clock
) -> None:
    access, browser = own
    browser.get(f"/start?token={access.start_token}")
    clock.seconds = LONGEST.total_seconds() + 1
    assert not is_in(browser)


def test_with_accounts_there_is_no_start_address(browser: TestClient, access: Access) -> None:
    assert browser.get(f"/start?token={access.start_token}").headers["location"] == "/login"
    assert not is_in(browser)
