"""Where the server listens, and by what names it is known there."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from llm_extract.errors import ReviewError
from llm_extract.review.web.serving import (
    address_of,
    host_names,
    is_loopback,
    listen,
    refuse_unsafe,
)

LOOPBACK = ["127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"]
PUBLIC = [
    *("0.0.0.0", "::", "[::]", "", "0", "*", "10.0.0.1", "192.168.1.4", "203.0.113.9"),
    *("localhost.evil.example", "127.0.0.1.evil.example", "review", "::ffff:0.0.0.0", "127.1"),
]


@pytest.mark.parametrize("host", LOOPBACK)
def test_without_accounts_it_listens_on_this_machine(host: str) -> None:
    assert is_loopback(host)
    refuse_unsafe(host, (), has_accounts=False)


@pytest.mark.parametrize("host", PUBLIC)
def test_without_accounts_it_listens_nowhere_else(host: str) -> None:
    assert not is_loopback(host)
    for known_as in ((), ("review.example.org",), ("localhost",)):
        with pytest.raises(ReviewError, match="without --auth it listens on this machine alone"):
            refuse_unsafe(host, known_as, has_accounts=False)


def test_a_server_on_all_addresses_needs_a_name() -> None:
    for host in ("0.0.0.0", "::", ""):
        with pytest.raises(ReviewError, match="--known-as"):
            refuse_unsafe(host, (), has_accounts=True)
        refuse_unsafe(host, ("review.example.org",), has_accounts=True)
    refuse_unsafe("10.0.0.1", (), has_accounts=True)


@pytest.mark.parametrize(
    ("host", "port", "more", "known", "unknown"),
    [
        ("127.0.0.1", 8601, (), ["127.0.0.1:8601", "localhost:8601", "[::1]:8601"], ["localhost"]),
        ("::1", 8601, (), ["[::1]:8601"], ["::1:8601", "[::1]"]),
        ("127.0.0.1", 80, (), ["localhost", "localhost:80"], ["localhost:8601"]),
        ("10.0.0.1", 8601, (), ["10.0.0.1:8601"], ["10.0.0.1", "127.0.0.1:8601"]),
        ("0.0.0.0", 8601, ("rev.org",), ["rev.org", "rev.org:8601"], ["evil.org:8601"]),
        ("127.0.0.1", 8601, ("rev.org:444",), ["rev.org:444"], ["rev.org:8601", "rev.org"]),
    ],
)
def test_it_answers_to_its_address_and_the_names_it_was_given(
    host: str, port: int, more: tuple[str, ...], known: list[str], unknown: list[str]
) -> None:
    names = host_names(host, port, more)
    assert names >= set(known)
    assert not names & set(unknown)


@pytest.mark.parametrize(
    ("scheme", "host", "known_as", "address"),
    [
        ("http", "127.0.0.1", (), "http://127.0.0.1:8601/"),
        ("http", "::1", (), "http://[::1]:8601/"),
        ("http", "127.0.0.1", ("rev.org",), "http://127.0.0.1:8601/"),
        ("http", "0.0.0.0", ("rev.org",), "http://rev.org:8601/"),
        ("http", "0.0.0.0", ("rev.org:80",), "http://rev.org:80/"),
        ("https", "127.0.0.1", ("rev.org",), "https://rev.org/"),
    ],
)
def test_the_address_that_is_told_is_one_that_a_browser_can_open(
    scheme: str, host: str, known_as: tuple[str, ...], address: str
) -> None:
    assert address_of(scheme, host, 8601, known_as) == address
    assert address.split("/")[2] in host_names(host, 8601, known_as)


def test_an_address_that_is_taken_is_told_in_a_line() -> None:
    with closing(listen("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(ReviewError, match=rf"cannot listen on 127.0.0.1:{port}: .*--port"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["203.0.113.9", "a" * 70 + ".example"])
def test_an_address_that_is_none_of_this_machine_is_told_in_a_line(host: str) -> None:
    with pytest.raises(ReviewError, match="cannot listen on"):
        listen(host, 0)


def test_it_is_reached_where_it_listens() -> None:
    with closing(listen("localhost", 0)) as opened:
        assert opened.getsockname()[0] == "127.0.0.1"
        with closing(socket.create_connection(opened.getsockname()[:2], timeout=5)):
            pass
