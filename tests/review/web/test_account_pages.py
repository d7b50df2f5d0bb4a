"""The page of accounts, as an admin uses it."""

from __future__ import annotations

import re

import pytest
from review_visitor import signed_in

from llm_extract.review.states import Reviewer
from llm_extract.review.web.rooms import Rooms

ORIGIN = {"origin": "http://testserver"}
PASSWORD = "the long way home"


def row(page: str, name: str) -> str:
    """The row of an account, of the page of all."""
    [found] = [each for each in page.split("<tr>") if f"<bdi>{name}</bdi></th>" in each]
    return found


def test_an_admin_makes_changes_disables_and_enables_an_account(server: Rooms) -> None:
    browser, csrf = signed_in(server, "dana", "admin")

    def step(address: str, **form: str) -> str:
        answer = browser.post(address, data={"csrf": csrf, **form}, headers=ORIGIN)
        assert (answer.status_code, answer.headers["location"]) == (303, "/accounts")
        return row(browser.get("/accounts").text, "eve@home")

    eve = "/accounts/eve@home"
    made = step("/accounts", name="eve@home", role="analyst", password=PASSWORD)
    assert "<td>analyst</td>" in made and f'action="{eve.replace("@", "%40")}"' in made
    assert "<td>senior</td>" in step(eve, what="role", role="senior")
    step(eve, what="password", password="another way home")
    assert server.accounts.check("eve@home", "another way home") == Reviewer("eve@home", "senior")
    assert "<td>disabled</td>" in step(eve, what="disable")
    assert server.accounts.check("eve@home", "another way home") is None
    assert "<td>senior</td>" in step(eve, what="enable")
    assert server.accounts.check("eve@home", "another way home") is not None


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"name": "a b", "role": "analyst", "password": PASSWORD}, 422),
        ({"name": "eve", "role": "analyst", "password": "too short"}, 422),
        ({"name": "eve", "role": "owner", "password": PASSWORD}, 403),
        ({"name": "anna", "role": "analyst", "password": PASSWORD}, 409),
        ({"name": "eve", "role": "analyst"}, 422),
    ],
)
def test_what_cannot_be_an_account_is_told_and_no_password_is_shown(
    server: Rooms, form: dict[str, str], status: int
) -> None:
    browser, csrf = signed_in(server, "dana", "admin")
    before = server.accounts.all()
    answer = browser.post("/accounts", data={"csrf": csrf, **form}, headers=ORIGIN)
    assert answer.status_code == status
    assert form.get("password", "?!") not in answer.text
    assert server.accounts.all() == before


def test_the_page_shows_no_hash_and_offers_no_step_without_its_token(server: Rooms) -> None:
    browser, csrf = signed_in(server, "dana", "admin")
    page = browser.get("/accounts").text
    assert "argon2" not in page
    forms = re.findall(r'<form method="post".*?</form>', page, re.DOTALL)
    assert len(forms) > 3
    assert all(f'name="csrf" value="{csrf}"' in form for form in forms)
