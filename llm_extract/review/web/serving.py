"""Serves the app with uvicorn: where it listens, who may come in, and how it ends."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from contextlib import closing

import uvicorn
from fastapi import FastAPI

from llm_extract.batch.collector import calm_collector
from llm_extract.errors import ReviewError

HTTP_PORT = 80


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
    except (OSError, UnicodeError) as error:  # the latter of names that cannot be any
        opened.close()
        reason = getattr(error, "strerror", None) or error
        raise ReviewError(
            f"cannot listen on {host}:{port}: {reason}; name another --port or --host",
            code="address",
        ) from error
    return opened


def refuse_unsafe(host: str, known_as: Sequence[str], has_accounts: bool) -> None:
    """Raises ReviewError (address) for a place that nobody or anybody could come to."""
    if not has_accounts and not is_loopback(host):
        raise ReviewError(
            f"without --auth it listens on this machine alone, not on {host}: anybody who reaches "
            "it could change figures",
            code="address",
        )
    if _is_any(host) and not known_as:
        raise ReviewError(
            f"no browser can ask for {host or 'no host'}: say by --known-as what this machine is "
            "called",
            code="address",
        )


def address_of(scheme: str, host: str, port: int, known_as: Sequence[str]) -> str:
    """The address that browsers open, with a slash at its end."""
    if known_as and (scheme == "https" or _is_any(host)):
        name = _bracketed(known_as[0])
        has_port = scheme == "https" or re.search(r":\d+$", name)
        return f"{scheme}://{name}/" if has_port else f"{scheme}://{name}:{port}/"
    return f"{scheme}://{_bracketed(host)}:{port}/"


def _is_any(host: str) -> bool:
    """Whether it stands for all addresses of this machine, and so is no name of it."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return not host


def _bracketed(host: str) -> str:
    """A host as it stands in an address: IPv6 in brackets."""
    return f"[{host}]" if host.count(":") > 1 and host[0] != "[" else host


def host_names(host: str, port: int, more: Sequence[str] = ()) -> frozenset[str]:
    """The Host headers that mean this server: its address, and names it is known by elsewhere."""
    names = {_bracketed(name) for name in (host, *more)}
    if is_loopback(host):
        names |= {"127.0.0.1", "localhost", "[::1]"}
    known = {_bracketed(name) for name in more}
    bare = names if port == HTTP_PORT else known  # browsers leave out the port of http
    return frozenset({f"{name}:{port}" for name in names} | bare)


def serve(
    app: FastAPI, at: socket.socket, when_ready: Callable[[], None], *, behind_proxy: bool = False
) -> None:
    """Answer until the program is interrupted; `when_ready` is called once it listens.

    Only `behind_proxy`, one of this machine, visitors' addresses are what it says they are.
    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # its lines would hold what was searched for
        server_header=False,
        proxy_headers=behind_proxy,
        http="h11",  # refuses a second Host header, and heads without end
        ws="none",
        timeout_graceful_shutdown=5,
        timeout_keep_alive=75,  # a page speaks each minute, and must not meet a closing connection
        h11_max_incomplete_event_size=32_768,
    )
    with closing(at), calm_collector():
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
