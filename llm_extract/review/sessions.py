"""Sessions: who a browser's cookie belongs to; only a digest of the cookie is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, cast

from sqlalchemy import Engine, insert, select

from llm_extract.review.states import Reviewer, Role
from llm_extract.store.engine import transaction
from llm_extract.store.review_tables import review_accounts, review_sessions

LONGEST = timedelta(hours=12)
"""A session ends after a working day, however busy it is."""


@dataclass(frozen=True, slots=True)
class Session:
    """A reviewer who is signed in, and the token that their forms must bear."""

    reviewer: Reviewer
    csrf: str


class Sessions(Protocol):
    """Where sessions are kept."""

    def begin(self, reviewer: Reviewer) -> tuple[str, Session]:
        """A new session and the cookie for it, which nothing else knows."""
        ...

    def of(self, cookie: str) -> Session | None:
        """The session of a cookie; None when it has ended or never was."""
        ...

    def end(self, cookie: str) -> None:
        """End a session."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


class LocalSessions:
    """Sessions of one program, which end with it; for one person on their own machine."""

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._sessions: dict[str, tuple[Session, datetime]] = {}
        self._clock = clock

    def begin(self, reviewer: Reviewer) -> tuple[str, Session]:
        """See `Sessions`."""
        cookie, session = _new(reviewer)
        self._sessions[_digest(cookie)] = session, self._clock() + LONGEST
        return cookie, session

    def of(self, cookie: str) -> Session | None:
        """See `Sessions`."""
        found = self._sessions.get(_digest(cookie))
        return None if found is None or found[1] < self._clock() else found[0]

    def end(self, cookie: str) -> None:
        """See `Sessions`."""
        self._sessions.pop(_digest(cookie), None)


class AccountSessions:
    """Sessions of accounts, in the store; they end in time, with the account or its password.

    They are looked up by `reader`, so that no page waits for whoever writes.
    """

    def __init__(
        self, engine: Engine, reader: Engine, clock: Callable[[], datetime] = _now
    ) -> None:
        self._engine = engine
        self._reader = reader
        self._clock = clock

    def begin(self, reviewer: Reviewer) -> tuple[str, Session]:
        """See `Sessions`."""
        cookie, session = _new(reviewer)
        now = self._clock()
        with transaction(self._engine) as connection:
            connection.execute(review_sessions.delete().where(review_sessions.c.until < now))
            connection.execute(
                insert(review_sessions),
                {
                    "digest": _digest(cookie),
                    "account": reviewer.name,
                    "csrf": session.csrf,
                    "made": now,
                    "until": now + LONGEST,
                },
            )
        return cookie, session

    def of(self, cookie: str) -> Session | None:
        """See `Sessions`; the role is that of the account now."""
        query = (
            select(review_sessions.c.csrf, review_sessions.c.until, *review_accounts.c)
            .join(review_accounts, review_accounts.c.name == review_sessions.c.account)
            .where(review_sessions.c.digest == _digest(cookie), ~review_accounts.c.disabled)
        )
        with transaction(self._reader) as connection:
            row = connection.execute(query).one_or_none()
        if row is None or row.until < self._clock():
            return None
        return Session(Reviewer(row.name, cast(Role, row.role)), row.csrf)

    def end(self, cookie: str) -> None:
        """See `Sessions`."""
        with transaction(self._engine) as connection:
            connection.execute(
                review_sessions.delete().where(review_sessions.c.digest == _digest(cookie))
            )


def _new(reviewer: Reviewer) -> tuple[str, Session]:
    return secrets.token_urlsafe(32), Session(replace(reviewer), secrets.token_urlsafe(32))


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
