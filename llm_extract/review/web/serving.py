"""Serves the app with uvicorn: where it listens, who may come in, and how it ends."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from contextlib import closing

import uvicorn
from fastapi import FastAPI

from llm_extract.errors import ReviewError


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at an address; port 0 is any free one.

    Raises ReviewError when the address is taken or is none of this machine's.
    """
    bare = host.strip("[]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    # Named as TCP, asyncio sends small parts at once (TCP_NODELAY); else each answer waits 40 ms
    # for the browser's acknowledgement of its head.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((bare, port))
        opened.listen(128)
    except OSError as error:
        opened.close()
        raise ReviewError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; name another --port or "
            "--host",
            code="address",
        ) from error
    return opened


def host_names(host: str, port: int, more: Sequence[str] = ()) -> frozenset[str]:
    """The Host headers that mean this server: its address, and names it is known by elsewhere."""
    names = {host, *more}
    if is_loopback(host):
        names |= {"127.0.0.1", "localhost", "[::1]"}
    names = {f"[{name}]" if name.count(":") > 1 and name[0] != "[" else name for name in names}
    return frozenset({f"{name}:{port}" for name in names} | set(more))


def serve(app: FastAPI, at: socket.socket, when_ready: Callable[[], None]) -> None:
    """Answer until the program is interrupted; `when_ready` is called once it listens."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # its lines would hold what was searched for
        server_header=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=75,  # a page speaks each minute, and must not meet a closing connection
        h11_max_incomplete_event_size=32_768,
    )
    with closing(at):
        _Server(config, when_ready).run(sockets=[at])


class _Server(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: uvicorn.Config, when_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_ready = when_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if not self.should_exit:
            self._when_ready()
