"""Accounts of reviewers: names, roles and passwords as argon2id hashes; each change is logged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import BoundedSemaphore
from typing import Any, cast

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Engine, select, update

from llm_extract.documents.text import shown
from llm_extract.errors import ReviewError
from llm_extract.review.log import NewEntry, append
from llm_extract.review.states import ROLES, Reviewer, Role
from llm_extract.store.engine import insert_new, transaction
from llm_extract.store.review_tables import review_accounts, review_sessions

SHORTEST, LONGEST = 12, 1024
"""Characters of a password: NIST SP 800-63B asks for 8 at least and advises against rules of
composition; the dead deserve more. The upper bound keeps hashing from being made to take long."""

_NAME = re.compile(r"[\w.@+-]{1,64}")
_NO_NAMES = frozenset({"me", "nobody"})
"""What the queue calls whoever asks, and none."""

_HASHER = PasswordHasher()
"""argon2id with the library's parameters, which follow RFC 9106 (64 MiB)."""

_AT_ONCE = BoundedSemaphore(2)
"""Hashes that are made at once: each takes 64 MiB, however many ask for one."""

_NOBODYS = _HASHER.hash("nobody's password")
"""Checked for names that there are none of, so that an answer takes as long for these."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who may sign in; never with the hash."""

    name: str
    role: Role
    made: datetime
    disabled: bool


class Accounts:
    """The accounts of a store. Methods raise ReviewError for what cannot be done, StoreError on
    trouble with the store; `by` is who does it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[Account]:
        """All accounts by name."""
        with transaction(self._engine) as connection:
            rows = connection.execute(select(review_accounts).order_by(review_accounts.c.name))
            return [Account(row.name, row.role, row.made, row.disabled) for row in rows]

    def add(self, name: str, role: str, password: str, by: str) -> None:
        """Make an account. Codes: name, role, password, account (it is there already)."""
        if not _NAME.fullmatch(name) or name in _NO_NAMES:
            raise ReviewError(
                "a name has 1 to 64 letters, digits and . @ + - _ without spaces, and is not me or "
                f"nobody: {shown(name, 40)!r} will not do",
                code="name",
            )
        row = {
            "name": name,
            "role": _role(role),
            "password": _hashed(password),
            "made": datetime.now(UTC),
        }
        with transaction(self._engine) as connection:
            made = connection.execute(
                insert_new(connection, review_accounts).returning(review_accounts.c.name), row
            ).scalar_one_or_none()
            if made is None:
                raise ReviewError(f"there is an account {name} already", code="account")
            append(connection, [_entry(by, name, None, {"role": role}, "added")])

    def check(self, name: str, password: str) -> Reviewer | None:
        """The reviewer whose name and password these are; None when they are nobody's."""
        with transaction(self._engine) as connection:
            row = connection.execute(
                select(review_accounts).where(review_accounts.c.name == name)
            ).one_or_none()
        try:
            with _AT_ONCE:
                _HASHER.verify(_NOBODYS if row is None else row.password, password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return None
        if row is None or row.disabled:
            return None
        return Reviewer(row.name, cast(Role, row.role))

    def set_password(self, name: str, password: str, by: str) -> None:
        """Give an account another password and end its sessions."""
        self._change(name, {"password": _hashed(password)}, by, "password changed")

    def set_role(self, name: str, role: str, by: str) -> None:
        """Give an account another role; the last admin stays one."""
        self._change(name, {"role": _role(role)}, by, "role changed")

    def disable(self, name: str, by: str) -> None:
        """Let an account sign in no more and end its sessions; what it did stays under its name.
        The last admin stays one."""
        self._change(name, {"disabled": True}, by, "disabled")

    def enable(self, name: str, by: str) -> None:
        """Let a disabled account sign in again, with the role and password that it had."""
        self._change(name, {"disabled": False}, by, "enabled")

    def has_admin(self) -> bool:
        """Whether anybody can manage accounts."""
        with transaction(self._engine) as connection:
            return connection.execute(_ADMINS).first() is not None

    def _change(self, name: str, values: dict[str, Any], by: str, what: str) -> None:
        with transaction(self._engine) as connection:
            row = connection.execute(
                select(review_accounts).where(review_accounts.c.name == name).with_for_update()
            ).one_or_none()
            if row is None:
                raise ReviewError(f"there is no account {shown(name, 64)!r}", code="account")
            connection.execute(
                update(review_accounts).where(review_accounts.c.name == name).values(**values)
            )
            connection.execute(review_sessions.delete().where(review_sessions.c.account == name))
            told = [key for key in values if key != "password"]
            before = {key: getattr(row, key) for key in told}
            append(connection, [_entry(by, name, before, {k: values[k] for k in told}, what)])
            # Only now, when the log keeps two admins from disabling each other at once.
            if _is_admin(row) and not connection.execute(_ADMINS).first():
                raise ReviewError(
                    f"{name} is the only admin: make another one first", code="account"
                )


_ADMINS = select(review_accounts.c.name).where(
    review_accounts.c.role == "admin", ~review_accounts.c.disabled
)


def _is_admin(row: Any) -> bool:
    return row.role == "admin" and not row.disabled


def _entry(
    by: str, name: str, before: dict[str, Any] | None, after: dict[str, Any], what: str
) -> NewEntry:
    account = {"account": name}
    told = None if before is None else {**account, **before}
    return NewEntry(None, by, "account", told, {**account, **after}, note=what)


def _role(role: str) -> Role:
    if role not in ROLES:
        raise ReviewError(f"a role is one of {', '.join(ROLES)}", code="role")
    return role


def _hashed(password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise ReviewError(
            f"a password has {SHORTEST} to {LONGEST} characters: choose another one",
            code="password",
        )
    with _AT_ONCE:
        return _HASHER.hash(password)
