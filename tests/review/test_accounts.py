"""Accounts: who may have one, what of it is kept, and that somebody can always manage them."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from llm_extract.errors import ReviewError
from llm_extract.review.accounts import Accounts
from llm_extract.review.audit import verify
from llm_extract.review.log import entry_of, rows_of
from llm_extract.review.states import Reviewer
from llm_extract.store import Store
from llm_extract.store.engine import transaction
from llm_extract.store.review_tables import review_accounts

PASSWORD = "the long way home"


@pytest.fixture
def accounts(store: Store) -> Accounts:
    """Accounts of dana, the only admin, and of anna."""
    made = Accounts(store.engine)
    made.add("dana", "admin", PASSWORD, "setup")
    made.add("anna", "analyst", PASSWORD, "dana")
    return made


def refusal(step: Callable[[], object]) -> str:
    with pytest.raises(ReviewError) as refused:
        step()
    assert "\n" not in str(refused.value)
    return refused.value.code


NO_NAMES = [
    "",
    " ",
    "a b",
    "a\n",
    "a\0",
    "<b>",
    "a/b",
    "../a",
    "a" * 65,
    "\u202eanna",
    "me",
    "nobody",
]


def test_names_that_would_be_taken_for_something_else_are_refused(accounts: Accounts) -> None:
    for name in NO_NAMES:
        with pytest.raises(ReviewError) as refused:
            accounts.add(name, "analyst", PASSWORD, "dana")
        assert refused.value.code == "name"


def test_names_of_any_script_will_do(accounts: Accounts) -> None:
    accounts.add("سمر", "analyst", PASSWORD, "dana")
    assert accounts.check("سمر", PASSWORD) == Reviewer("سمر", "analyst")


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1025])
def test_a_short_or_endless_password_is_refused_and_what_was_stays(
    accounts: Accounts, password: str
) -> None:
    assert refusal(lambda: accounts.add("eve", "analyst", password, "dana")) == "password"
    assert refusal(lambda: accounts.set_password("anna", password, "anna")) == "password"
    assert accounts.check("anna", PASSWORD) is not None
    assert accounts.check("eve", password) is None


def test_a_name_is_taken_once(accounts: Accounts) -> None:
    assert refusal(lambda: accounts.add("anna", "admin", "another way home", "x")) == "account"
    assert accounts.check("anna", PASSWORD) == Reviewer("anna", "analyst")


def test_only_a_salted_hash_of_a_password_is_kept(store: Store, accounts: Accounts) -> None:
    with transaction(store.engine) as connection:
        kept = connection.execute(select(review_accounts.c.password)).scalars().all()
    assert all(each.startswith("$argon2id$") for each in kept)
    assert len(set(kept)) == 2


def test_each_change_is_logged_with_before_and_after_and_no_password(
    store: Store, accounts: Accounts
) -> None:
    accounts.set_role("anna", "senior", "dana")
    accounts.set_password("anna", "another way home", "anna")
    accounts.disable("anna", "dana")
    rows = list(rows_of(store.engine))
    told = [(entry.who, entry.note, entry.before, entry.after) for entry in map(entry_of, rows)]
    assert told[2:] == [
        (
            "dana",
            "role changed",
            {"account": "anna", "role": "analyst"},
            {"account": "anna", "role": "senior"},
        ),
        ("anna", "password changed", {"account": "anna"}, {"account": "anna"}),
        (
            "dana",
            "disabled",
            {"account": "anna", "disabled": False},
            {"account": "anna", "disabled": True},
        ),
    ]
    assert not any("way home" in row.body or "argon2" in row.body for row in rows)
    assert verify(store.engine).problems == ()


def test_a_disabled_account_has_no_password_that_fits(accounts: Accounts) -> None:
    accounts.disable("anna", "dana")
    assert accounts.check("anna", PASSWORD) is None
    assert refusal(lambda: accounts.add("anna", "admin", PASSWORD, "dana")) == "account"
    accounts.set_password("anna", "another way home", "dana")
    assert accounts.check("anna", "another way home") is None
    accounts.enable("anna", "dana")
    assert accounts.check("anna", "another way home") == Reviewer("anna", "analyst")


def test_there_is_always_an_admin(store: Store, accounts: Accounts) -> None:
    rows = verify(store.engine).rows
    assert refusal(lambda: accounts.disable("dana", "dana")) == "account"
    assert refusal(lambda: accounts.set_role("dana", "senior", "dana")) == "account"
    assert verify(store.engine).rows == rows
    accounts.set_role("dana", "admin", "dana")
    accounts.set_role("anna", "admin", "dana")
    accounts.disable("dana", "anna")
    assert refusal(lambda: accounts.disable("anna", "anna")) == "account"


def test_two_admins_cannot_disable_each_other_at_once(accounts: Accounts) -> None:
    accounts.set_role("anna", "admin", "dana")
    barrier, refused = Barrier(2), []

    def disable(name: str) -> None:
        barrier.wait()
        try:
            accounts.disable(name, "x")
        except ReviewError as error:
            refused.append(error.code)

    threads = [Thread(target=disable, args=(name,)) for name in ("anna", "dana")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["account"]
    assert accounts.has_admin()


def test_nothing_is_changed_of_an_account_that_is_not_there(accounts: Accounts) -> None:
    for step in (
        lambda: accounts.disable("eve", "dana"),
        lambda: accounts.set_role("eve", "admin", "dana"),
        lambda: accounts.set_password("eve\0", PASSWORD, "dana"),
    ):
        assert refusal(step) == "account"
    assert refusal(lambda: accounts.set_role("anna", "owner", "dana")) == "role"
