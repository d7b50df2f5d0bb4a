"""The guard before every request: right host, right origin, no flood, and headers on every answer.

It is plain ASGI, so that it stands before all else and sees every answer, errors too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 1_000_000
"""Of a form; the largest, an edit, has 20 kB."""
MOST_UPLOAD_BYTES = 25_000_000
"""Of a file that is uploaded: a sheet of 50,000 claims."""
UPLOADS = frozenset({"/exchange", "/exchange/confirm"})
"""Where files may be sent to, and what they said be confirmed."""
STATIC = "/static/"

MOST_DIGITS = 12
"""Of a length; Python refuses to read numbers of some thousand."""

SAFE = frozenset({"GET", "HEAD"})
METHODS = SAFE | {"POST"}

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""On every answer. `same-origin` keeps the Origin header that posts are checked by."""


class Guard:
    """Lets through what comes from a page of this app, as far as a server can tell.

    `hosts` are the values of the Host header that mean this server (a name that an attacker's DNS
    points here is none of them); `scheme` is that of its address; `failed` makes the answer of an
    error that nobody foresaw, which goes no further: a server's traceback could hold a report.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: Collection[str],
        scheme: str,
        failed: Callable[[Request, Exception], Response],
    ) -> None:
        self._app = app
        self._failed = failed
        self._hosts = {host.lower() for host in hosts}
        self._scheme = scheme

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with one line of text."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sending = _Sending(send, scope)
        refusal = self._refusal(scope, _headers(scope))
        if refusal is not None:
            await _refuse(refusal, scope, receive, sending.send)
            return
        body = _Body(receive, _most(scope))
        try:
            await self._app(scope, body.receive, sending.send)
        except Exception as error:  # noqa: BLE001 - every answer bears the headers
            answer = self._failed(Request(scope), error)
            if not sending.has_begun:
                await answer(scope, receive, sending.send)

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        if headers.get("host", "").lower() not in self._hosts:
            return 421, "this server has another name: open the address that it printed"
        if scope["method"] not in METHODS:
            return 405, "pages are asked for by GET and changed by POST"
        if scope["method"] in SAFE:
            return _refusal_of_part(headers)
        if not self._is_own(headers):
            return 403, "this form was sent by another site: open the page here and try again"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > MOST_DIGITS or int(length) > _most(scope):
            return 413, f"at most {_most(scope):,} bytes can be sent here"
        return None

    def _is_own(self, headers: dict[str, str]) -> bool:
        """Whether a post comes from a page of ours: browsers say so in headers that no page can
        set. One that says nothing of it is no browser we know."""
        site = headers.get("sec-fetch-site")
        if site is not None and site != "same-origin":
            return False
        origin = headers.get("origin")
        if origin is None:
            return site == "same-origin"
        return origin.lower() == f"{self._scheme}://{headers['host'].lower()}"


def _refusal_of_part(headers: dict[str, str]) -> tuple[int, str] | None:
    """Why a page of another site may not have ours as its image, script or frame: on one machine
    cookies go to all ports, so that it would be asked for in the reviewer's name."""
    is_foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    if is_foreign and headers.get("sec-fetch-dest") != "document":
        return 403, "pages of other sites may lead here, and hold no part of it"
    return None


def _most(scope: Scope) -> int:
    return MOST_UPLOAD_BYTES if scope["path"] in UPLOADS else MOST_BYTES


class _TooLarge(HTTPException):
    """More is sent than may be, whatever its length said."""

    def __init__(self, most: int) -> None:
        super().__init__(413, f"at most {most:,} bytes can be sent here")


class _Body:
    """The body of a request, counted while it comes."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = self._left = most

    async def receive(self) -> Message:
        """The next message."""
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooLarge(self._most)
        return message


class _Sending:
    """An answer with the headers that each must bear."""

    def __init__(self, send: Send, scope: Scope) -> None:
        self._send = send
        self._scope = scope
        self.has_begun = False

    async def send(self, message: Message) -> None:
        """Send the next message."""
        if message["type"] == "http.response.start":
            self.has_begun = True
            own = {name.decode().lower() for name, _ in message.get("headers", [])}
            headers = {**HEADERS, "cache-control": self._keeping(message["status"])}
            more = [(n.encode(), v.encode()) for n, v in headers.items() if n not in own]
            message = {**message, "headers": [*message.get("headers", []), *more]}
        await self._send(message)

    def _keeping(self, status: int) -> str:
        """How long a browser may keep an answer: pages hold reports, and are asked for anew."""
        if status >= 400 or not self._scope["path"].startswith(STATIC):
            return "no-store"
        if self._scope["query_string"]:  # its version
            return "max-age=31536000, immutable"
        return "no-cache"


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def _refuse(refusal: tuple[int, str], scope: Scope, receive: Receive, send: Send) -> None:
    status, words = refusal
    # The connection is closed, since what else was sent by it is not read.
    answer = PlainTextResponse(words, status, headers={"connection": "close"})
    await answer(scope, receive, send)
