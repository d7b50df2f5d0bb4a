"""HTTP/1.1 by hand on asyncio: as little as a fast server with odd manners needs.

Handlers are plain functions that get an `Exchange` and answer it now or later; a client that leaves
is reported at once, and every answer ends with the word whether all its bytes left the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

JSON = "application/json"
LARGEST_HEAD = 64 * 1024
NO_HEADERS: Mapping[str, str] = {}
_REASONS = {status.value: status.phrase for status in HTTPStatus} | {529: "Site is overloaded"}


class Request:
    """What a client sent; header names are in lower case."""

    __slots__ = ("body", "headers", "method", "path", "query")

    def __init__(self, method: str, target: str, headers: dict[str, str]) -> None:
        self.method = method
        self.path, _, self.query = target.partition("?")
        self.headers = headers
        self.body = b""


Handler = Callable[["Exchange"], None]


class Exchange:
    """One request and the way to answer it: `send`, or `stream`, or `close`, or nothing at all.

    `on_end(whole)` is called once: when all bytes have left the server (True), or when the
    connection ended before (False).
    """

    __slots__ = ("_connection", "_ended", "on_end", "request")

    def __init__(self, request: Request, connection: Connection) -> None:
        self.request = request
        self.on_end: Callable[[bool], None] | None = None
        self._connection = connection
        self._ended = False

    @property
    def ended(self) -> bool:
        """True once the answer is complete or the connection gone."""
        return self._ended

    def send(
        self,
        status: int,
        body: bytes,
        headers: Mapping[str, str] = NO_HEADERS,
        content_type: str = JSON,
    ) -> None:
        """Answer with a whole body."""
        if not self._ended:
            self._connection.write(head(status, len(body), headers, content_type) + body)
            self._connection.finish_when_written()

    def send_part(self, data: bytes) -> None:
        """Write bytes as they are, then close the connection."""
        if not self._ended:
            self._connection.write(data)
            self._connection.close()

    def close(self) -> None:
        """Close the connection without a word."""
        if not self._ended:
            self._connection.close()

    def stream(self, work: Callable[[Exchange], Awaitable[None]]) -> None:
        """Answer from a coroutine that uses `write`; it is cancelled when the client leaves."""
        if not self._ended:
            self._connection.stream(work(self))

    async def write(self, data: bytes) -> None:
        """Write and wait until the kernel has taken the bytes; for `stream` only."""
        self._connection.write(data)
        await self._connection.drained()

    def end(self, whole: bool) -> None:
        """Note the end; for the connection."""
        if not self._ended:
            self._ended = True
            if self.on_end is not None:
                self.on_end(whole)


class Connection(asyncio.Protocol):
    """One connection with keep-alive; requests are answered one after the other."""

    def __init__(self, handler: Handler, open_connections: set[Connection]) -> None:
        self._handler = handler
        self._open = open_connections
        self._transport: asyncio.Transport
        self._received = bytearray()
        self._head: Request | None = None
        self._missing = 0
        self._exchange: Exchange | None = None
        self._written_whole = False
        self._drained: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open.add(self)
        # No bytes of our own are left: `resume_writing` says that the kernel has them all.
        transport.set_write_buffer_limits(high=0)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self)
        if self._task is not None:
            self._task.cancel()
        if self._drained is not None and not self._drained.done():
            self._drained.cancel()
        if self._exchange is not None:
            self._exchange.end(False)
            self._exchange = None

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._exchange is None:
            self._read()

    def resume_writing(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        if self._written_whole:
            self._finish()

    def write(self, data: bytes) -> None:
        """Hand bytes to the kernel, or keep what it does not take yet."""
        self._transport.write(data)

    def finish_when_written(self) -> None:
        """The answer is complete: end the exchange when its bytes are with the kernel."""
        if self._transport.get_write_buffer_size():
            self._written_whole = True
        else:
            self._finish()

    def close(self) -> None:
        """Close after what was written; the exchange ends as not whole."""
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def stream(self, work: Awaitable[None]) -> None:
        """Run a coroutine that writes the answer."""

        async def run() -> None:
            try:
                await work
            finally:
                self._task = None
            if not self._transport.is_closing():
                self.finish_when_written()

        self._task = asyncio.get_running_loop().create_task(run())

    async def drained(self) -> None:
        """Wait until the kernel has all that was written."""
        if self._transport.is_closing():
            raise asyncio.CancelledError
        if self._transport.get_write_buffer_size():
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def _finish(self) -> None:
        self._written_whole = False
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.end(not self._transport.is_closing())
        if self._received:
            asyncio.get_running_loop().call_soon(self._read)

    def _read(self) -> None:
        """Take the next request if it is here as a whole."""
        if self._exchange is not None or self._transport.is_closing():
            return
        if self._head is None:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                if len(self._received) > LARGEST_HEAD:
                    self._refuse(431)
                return
            self._head = _parsed(bytes(self._received[:end]))
            del self._received[: end + 4]
            length = self._head.headers.get("content-length", "0")
            if "transfer-encoding" in self._head.headers or not length.isdigit():
                self._refuse(411)
                return
            self._missing = int(length)
        if len(self._received) < self._missing:
            return
        request, self._head = self._head, None
        request.body = bytes(self._received[: self._missing])
        del self._received[: self._missing]
        self._exchange = Exchange(request, self)
        self._handler(self._exchange)

    def _refuse(self, status: int) -> None:
        self._transport.write(head(status, 0, {"connection": "close"}, JSON))
        self._transport.close()


def head(status: int, length: int | None, headers: Mapping[str, str], content_type: str) -> bytes:
    """Status line and headers; without a length the body ends with the connection."""
    lines = [
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}",
        f"content-type: {content_type}",
    ]
    lines.append("connection: close" if length is None else f"content-length: {length}")
    lines.extend(f"{name}: {value}" for name, value in headers.items())
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _parsed(data: bytes) -> Request:
    first, *lines = data.decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    target, _, _ = rest.rpartition(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Request(method, target, headers)
