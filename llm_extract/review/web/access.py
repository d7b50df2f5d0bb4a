"""Who may come in: one person on their own machine by a start address, or accounts by password."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Annotated

from fastapi import Depends, Request

from llm_extract.errors import ReviewError
from llm_extract.review.sessions import Session, Sessions
from llm_extract.review.states import Reviewer

COOKIE = "llm_extract_review"

MOST_FAILURES = 5
WITHIN_SECONDS = 300.0
"""So many wrong passwords for a name or from an address within this time, and it has to wait."""


class NotSignedIn(Exception):
    """Nobody is signed in; the visitor is told how to."""


class Throttle:
    """Counts failures by key and refuses more of them for a while."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._failures: dict[str, deque[float]] = {}
        self._clock = clock

    def refuse(self, *keys: str) -> None:
        """Raises ReviewError (throttled) when one of the keys has failed too often."""
        since = self._clock() - WITHIN_SECONDS
        for key in keys:
            failures = self._failures.get(key)
            while failures and failures[0] < since:
                failures.popleft()
            if failures and len(failures) >= MOST_FAILURES:
                raise ReviewError(
                    "too many wrong passwords: wait five minutes and try again", code="throttled"
                )

    def failed(self, *keys: str) -> None:
        """Count a failure of each key."""
        for key in keys:
            self._failures.setdefault(key, deque(maxlen=MOST_FAILURES)).append(self._clock())

    def succeeded(self, key: str) -> None:
        """Forget the failures of a key."""
        self._failures.pop(key, None)


@dataclass(frozen=True, slots=True)
class Access:
    """How this server lets people in.

    Without accounts, `local` is the one person, who comes in by `start_token`; with accounts it is
    None. `secure` marks the cookie for https alone.
    """

    sessions: Sessions
    local: Reviewer | None
    secure: bool = False
    start_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    throttle: Throttle = field(default_factory=Throttle)


def session_of(request: Request) -> Session | None:
    """The session of a request; None: nobody is signed in."""
    cookie = request.cookies.get(COOKIE)
    access: Access = request.app.state.access
    return access.sessions.of(cookie) if cookie else None


def signed_in(request: Request) -> Session:
    """The session of a request, whose token a post must bear.

    Raises:
        NotSignedIn: there is none.
        ReviewError: a post without the token (csrf).
    """
    session = session_of(request)
    if session is None:
        raise NotSignedIn
    request.state.session = session
    return session


async def checked(request: Request, session: Annotated[Session, Depends(signed_in)]) -> Session:
    """As `signed_in`, for a post, which must bear the session's token."""
    token = request.headers.get("x-csrf-token")
    if token is None:
        form = await request.form()
        told = form.get("csrf")
        token = told if isinstance(told, str) else ""
    if not secrets.compare_digest(token.encode(), session.csrf.encode()):
        raise ReviewError("this form is older than your session: load the page again", code="csrf")
    return session


Signed = Annotated[Session, Depends(signed_in)]
"""For pages that are looked at."""

Posting = Annotated[Session, Depends(checked)]
"""For posts: signed in, and sent from a page of this session."""
