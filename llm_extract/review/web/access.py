"""Who may come in: one person on their own machine by a start address, or accounts by password."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Annotated

from fastapi import Depends, Request

from llm_extract.errors import ReviewError
from llm_extract.review.sessions import Session, Sessions
from llm_extract.review.states import Reviewer

COOKIE = "llm_extract_review"

MOST_BY_NAME, MOST_BY_ADDRESS = 5, 20
WITHIN_SECONDS = 300.0
"""So many wrong passwords for a name or from an address (colleagues share one) within this time,
and it has to wait."""


class NotSignedIn(Exception):
    """Nobody is signed in; the visitor is told how to."""


class Throttle:
    """Counts attempts to sign in, by name and by address, and refuses more of them for a while.

    An attempt counts before its password is looked at: many at once are no way round.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._attempts: dict[tuple[str, str], list[float]] = {}
        self._clock = clock
        self._lock = Lock()

    def attempt(self, name: str, address: str) -> None:
        """Count an attempt. Raises ReviewError (throttled) when too many have failed."""
        now = self._clock()
        with self._lock:
            self._forget(now - WITHIN_SECONDS)
            for key, most in _keys(name, address):
                if len(self._attempts.get(key, ())) >= most:
                    raise ReviewError(
                        "too many wrong passwords: wait five minutes and try again",
                        code="throttled",
                    )
            for key, _most in _keys(name, address):
                self._attempts.setdefault(key, []).append(now)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a name, and of its address this attempt alone: who has an account
        could else try those of others for ever."""
        with self._lock:
            self._attempts.pop(("name", name), None)
            attempts = self._attempts.get(("address", address))
            if attempts:
                attempts.pop()

    def _forget(self, since: float) -> None:
        kept = {key: [at for at in made if at > since] for key, made in self._attempts.items()}
        self._attempts = {key: made for key, made in kept.items() if made}


def _keys(name: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
    return (("name", name), MOST_BY_NAME), (("address", address), MOST_BY_ADDRESS)


class Door:
    """The start address's token. It lets in once, since browsers and lists of processes show it;
    then there is another one, which `renewed` is told."""

    def __init__(self, renewed: Callable[[str], None] = lambda _token: None) -> None:
        self.token = secrets.token_urlsafe(24)
        self._renewed = renewed
        self._lock = Lock()

    def opens(self, token: str) -> bool:
        """Whether this is the token, which it then no longer is."""
        with self._lock:
            if not secrets.compare_digest(token.encode(), self.token.encode()):
                return False
            self.token = secrets.token_urlsafe(24)
        self._renewed(self.token)
        return True


@dataclass(frozen=True, slots=True)
class Access:
    """How this server lets people in.

    Without accounts, `local` is the one person, who comes in by the `door`; with accounts it is
    None. `secure` marks the cookie for https alone; `port` tells it from those of other servers of
    the machine, since browsers send cookies to all ports.
    """

    sessions: Sessions
    local: Reviewer | None
    secure: bool = False
    port: int | None = None
    door: Door = field(default_factory=Door)
    throttle: Throttle = field(default_factory=Throttle)

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; browsers let no other host set one of `__Host-`."""
        prefix = "__Host-" if self.secure else ""
        return prefix + COOKIE + (f"_{self.port}" if self.port is not None else "")

    @property
    def start_token(self) -> str:
        """What the start address bears now."""
        return self.door.token


def session_of(request: Request) -> Session | None:
    """The session of a request; None: nobody is signed in."""
    access: Access = request.app.state.access
    cookie = request.cookies.get(access.cookie)
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
