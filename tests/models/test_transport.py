"""One request over HTTP: what each kind of answer means, and what never comes through."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from llm_extract.models import transport
from llm_extract.models.endpoint import Endpoint
from llm_extract.models.spec import ModelSpec
from llm_extract.models.transport import LONGEST_REPLY_BYTES, HttpLine, Reply, Trouble

KEY = "sk-canary-5b1e77d09c42"
REPORT = "Shelling of the old market in Belkesh killed 12 civilians on Monday."
REQUEST = {"model": "scripted", "messages": [{"role": "user", "content": REPORT}]}
SECONDS = 10.0

Outcome = Reply | Trouble
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def desk_of(serve: Serve, seconds: float = SECONDS) -> AsyncIterator[HttpLine]:
    """A line to a server that answers each connection as `serve` does."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The client left, as it should.
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}/v1"
    spec = ModelSpec(
        name="desk",
        kind="endpoint",
        model="scripted",
        base_url=url,
        context_size=8000,
        request_seconds=seconds,
        in_flight=1,
    )
    async with server, HttpLine(Endpoint(url, SecretStr(KEY), "scripted", spec)) as line:
        yield line


def ask_of(serve: Serve, seconds: float = SECONDS) -> Outcome:
    """What comes of one request to a server that answers it as `serve` does."""

    async def work() -> Outcome:
        async with desk_of(serve, seconds) as line:
            try:
                return await line.send(REQUEST, "request-1")
            except Trouble as trouble:
                return trouble

    return anyio.run(work)


def ask(
    status: int = 200, body: bytes = b"", chunked: bool = False, cut: int = 0, **headers: str
) -> Outcome:
    """What comes of one request; `cut` bytes of the body are not sent, names take _ for -."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        lines = [f"HTTP/1.1 {status} Said", "connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        lines.append("transfer-encoding: chunked" if chunked else f"content-length: {len(body)}")
        sent = body[: len(body) - cut]
        if chunked:
            parts = [sent[n : n + 7] for n in range(0, len(sent), 7)] + [b""] * (not cut)
            sent = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
        writer.write("\r\n".join([*lines, "", ""]).encode() + sent)
        await writer.drain()

    return ask_of(serve)


def refused(status: int, body: Any = b"", **headers: Any) -> Trouble:
    """The trouble that an answer is."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    outcome = ask(status, content, **headers)
    assert isinstance(outcome, Trouble)
    return outcome


def completion(content: str = "{}", **changes: Any) -> bytes:
    message = {"role": "assistant", "content": content}
    value = {
        "id": "x",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 31, "completion_tokens": 4, "total_tokens": 35},
        **changes,
    }
    return json.dumps(value).encode()


def content_of(outcome: Outcome) -> str | None:
    assert isinstance(outcome, Reply), outcome
    return outcome.completion.choices[0].message.content


# --- replies -----------------------------------------------------------------------------------


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("identity", bytes),
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
    ],
)
def test_a_reply_comes_whole_however_it_is_sent(
    coding: str, pack: Callable[[bytes], bytes], chunked: bool
) -> None:
    sent = pack(completion('{"killed": 12}'))
    assert content_of(ask(body=sent, chunked=chunked, content_encoding=coding)) == '{"killed": 12}'


def test_no_packed_reply_is_asked_for() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))

    ask_of(serve)
    assert b"accept-encoding: identity" in heads[0].lower()
    assert b"x-client-request-id: request-1" in heads[0].lower()


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip"])
def test_a_packing_that_is_not_known_is_said(coding: str) -> None:
    outcome = ask(body=completion(), content_encoding=coding)
    assert isinstance(outcome, Trouble)
    assert outcome.kind == "lost" and coding in str(outcome)


@pytest.mark.parametrize("body", [b"no gzip at all", gzip.compress(completion(), mtime=0)[:-9]])
def test_a_damaged_packing_is_a_lost_reply(body: bytes) -> None:
    outcome = ask(body=body, content_encoding="gzip")
    assert isinstance(outcome, Trouble)
    assert outcome.kind == "lost" and "gzip" in str(outcome)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_ends_too_early_is_a_lost_reply(chunked: bool) -> None:
    outcome = ask(body=completion(), chunked=chunked, cut=20)
    assert isinstance(outcome, Trouble)
    assert outcome.kind == "lost"


def test_a_few_packed_bytes_never_grow_beyond_the_longest_reply() -> None:
    packer = zlib.compressobj(9, wbits=31)
    part = b" " * 1_000_000
    bomb = b"".join(packer.compress(part) for _ in range(300)) + packer.flush()
    assert len(bomb) < LONGEST_REPLY_BYTES
    tracemalloc.start()
    try:
        outcome = ask(body=bomb, content_encoding="gzip")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * LONGEST_REPLY_BYTES
    assert isinstance(outcome, Trouble)
    assert str(outcome).endswith(f"(the reply is longer than {LONGEST_REPLY_BYTES:,} bytes)")


def test_packed_parts_of_nothing_without_end_are_cut_off_too() -> None:
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n")
        packer = zlib.compressobj(wbits=31)
        writer.write(packer.compress(b""))
        nothing = packer.flush(zlib.Z_FULL_FLUSH)[-5:] * 20_000
        while True:
            writer.write(nothing)
            sent += len(nothing)
            await writer.drain()

    outcome = ask_of(serve)
    assert isinstance(outcome, Trouble)
    assert "longer than" in str(outcome)
    assert sent < 3 * LONGEST_REPLY_BYTES


@pytest.mark.parametrize(
    "usage",
    [
        None,
        "many",
        {},
        {"prompt_tokens": None, "completion_tokens": 3},
        {"prompt_tokens": -3, "completion_tokens": 3},
        {"prompt_tokens": 31, "completion_tokens": 10**30},
    ],
)
def test_a_count_of_tokens_that_makes_no_sense_is_none_and_the_answer_stays(usage: Any) -> None:
    outcome = ask(body=completion('{"killed": 12}', usage=usage))
    assert content_of(outcome) == '{"killed": 12}'
    assert isinstance(outcome, Reply)
    assert outcome.completion.usage is None


def test_half_a_surrogate_pair_costs_no_reply() -> None:
    assert content_of(ask(body=completion("cut \ud83d"))) == "cut \ufffd"


@pytest.mark.parametrize(
    ("body", "sort"),
    [
        (b"upstream connect error", "text/plain"),
        (b"<!doctype html><title>Sign in</title>", "text/html"),
        (b"", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"choices": "none"}', "application/json"),
        (b"\xff\xfe{}", "application/json"),
        (b'{"error": {"message": "no"}}', "application/json"),
    ],
)
def test_what_is_no_completion_is_said_with_its_sort(body: bytes, sort: str) -> None:
    outcome = ask(body=body, content_type=f"{sort}; charset=utf-8")
    assert isinstance(outcome, Trouble)
    assert outcome.kind == "lost"
    assert f"no chat completion ({len(body):,} bytes, {sort})" in str(outcome)


# --- error answers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((408, "failed"), (409, "failed"), (425, "failed"), (429, "refused"), (500, "failed")),
        *((502, "failed"), (503, "refused"), (504, "failed"), (529, "refused")),
    ],
)
def test_trouble_that_may_pass_is_no_final_one(status: int, kind: str) -> None:
    trouble = refused(status, {"error": {"message": "not now"}})
    assert (trouble.kind, str(trouble)) == (kind, f"HTTP {status}: not now")


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (429, {"code": "insufficient_quota"}, "quota"),
        (429, {"type": "insufficient_quota", "code": None}, "quota"),
        (400, {"code": "billing_hard_limit_reached"}, "quota"),
        (402, {"message": "Insufficient Balance"}, "quota"),
        (401, {"code": "invalid_api_key"}, "refused_key"),
        (403, {"code": "country_not_supported"}, "refused_key"),
        (403, {"code": "model_not_found"}, "unknown_model"),
        (404, {"code": "model_not_found"}, "unknown_model"),
        (404, {"code": 404, "type": "NotFoundError"}, "unknown_model"),
        (400, {"code": "context_length_exceeded"}, "context_overflow"),
        (400, {"code": 400, "type": "exceed_context_size_error"}, "context_overflow"),
        (400, {"code": "content_filter", "type": None}, "content_filter"),
        (400, {"type": "invalid_request_error"}, "model_refused"),
        (422, {}, "model_refused"),
        (302, {}, "model_refused"),
    ],
)
def test_final_trouble_says_who_is_at_fault(status: int, error: Any, code: str) -> None:
    trouble = refused(status, {"error": {"message": "no", **error}})
    assert (trouble.kind, trouble.code) == ("final", code)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "two\nlines"}}, ": two lines"),
        ({"error": "plain"}, ": plain"),
        ({"message": "bare", "type": "x"}, ": bare"),
        ({"detail": "Not Found"}, ": Not Found"),
        ([{"error": {"message": "in a list", "code": 400}}], ": in a list"),
        ("a string", ": a string"),
        ([], ""),
        (None, ""),
        (7, ""),
        ({"error": None}, ""),
        ({"error": {"message": {"deep": 1}}}, ": {'deep': 1}"),
        (b"<html>502</html>", ""),
        (b"[" * 100_000, ""),
        (b"\xff", ""),
    ],
)
def test_error_bodies_of_any_shape_become_one_line(body: Any, said: str) -> None:
    assert str(refused(500, body)) == f"HTTP 500{said}"


def test_a_long_message_is_cut() -> None:
    assert len(str(refused(500, {"error": {"message": "so " * 9000}}))) <= 300


@pytest.mark.parametrize(
    "said",
    [
        f"Incorrect API key provided: {KEY}.",
        f"Incorrect API key provided: {KEY[:5]}****{KEY[-4:]}.",
        f"header 'Authorization: Bearer {KEY}' is not valid",
        "Incorrect API key provided: sk-other-1234567890.",
    ],
)
def test_keys_are_taken_out_of_what_a_server_says(said: str) -> None:
    line = str(refused(401, {"error": {"message": said}}))
    assert "[key]" in line
    assert KEY not in line and KEY[-4:] not in line and "1234567890" not in line


def test_report_text_that_a_server_repeats_is_taken_out() -> None:
    line = str(refused(400, {"error": {"message": f"cannot read: {REPORT}"}}))
    assert line == "HTTP 400: cannot read: […]"


# --- when to come again ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 503, 529])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": " 1.5 "}, 1.5),
        ({"retry_after": "0"}, 0.0),
        ({"retry_after_ms": "250"}, 0.25),
        ({"retry_after_ms": "250", "retry_after": "9"}, 0.25),
        ({"retry_after_ms": "soon", "retry_after": "9"}, 9.0),
        ({"retry_after": "Mon, 05 Jan 2015 10:00:00 GMT"}, 0.0),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "\u00b2"}, None),
        ({"retry_after": "9" * 400}, None),
    ],
)
def test_the_wait_that_a_server_asks_for_is_read(
    headers: dict[str, str], seconds: float | None, status: int
) -> None:
    assert transport._retry_after({k.replace("_", "-"): v for k, v in headers.items()}) == seconds
    if status == 429 and all(value.isascii() for value in headers.values()):
        assert refused(status, **headers).retry_after == seconds


def test_a_wait_until_a_moment_counts_from_now() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=40)
    wait = refused(429, retry_after=format_datetime(moment, usegmt=True)).retry_after
    assert wait is not None
    assert 35 < wait <= 40


@given(
    st.text(max_size=40)
    | st.from_regex(
        r"Mon, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{1,5} [0-9:]{8} [+-][0-9]{4}", fullmatch=True
    )
)
def test_no_wait_is_negative_or_an_error_whatever_stands_there(words: str) -> None:
    wait = transport._retry_after({"retry-after": words, "retry-after-ms": words})
    assert wait is None or wait >= 0


# --- no answer ---------------------------------------------------------------------------------


def test_a_server_that_was_never_reached_is_unsent() -> None:
    async def work() -> Trouble:
        url = "http://127.0.0.1:9/v1"
        spec = ModelSpec(
            name="desk", kind="endpoint", model="scripted", base_url=url, context_size=8000
        )
        async with HttpLine(Endpoint(url, SecretStr(KEY), "scripted", spec)) as line:
            with pytest.raises(Trouble) as caught:
                await line.send(REQUEST, "request-1")
            return caught.value

    assert anyio.run(work).kind == "unsent"


def test_a_connection_closed_without_a_word_is_lost() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    outcome = ask_of(serve)
    assert isinstance(outcome, Trouble)
    assert outcome.kind == "lost"


def test_a_reply_that_comes_late_is_never_taken_for_that_of_another_request() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.lower().partition(b"content-length: ")[2].split()[0])
            asked = json.loads(await reader.readexactly(length))["messages"][0]["content"]
            if asked.startswith("late"):
                await asyncio.sleep(0.4)
            body = completion(asked)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()

    async def work() -> dict[str, str | None]:
        taken: dict[str, str | None] = {}

        async def one(line: HttpLine, name: str) -> None:
            request = {"model": "scripted", "messages": [{"role": "user", "content": name}]}
            try:
                taken[name] = content_of(await line.send(request, name))
            except Trouble:
                taken[name] = None

        async with desk_of(serve, seconds=0.2) as line:
            for round_ in range(4):
                async with anyio.create_task_group() as group:
                    for n in range(8):
                        sort = "late" if n % 3 == 0 else "quick"
                        group.start_soon(one, line, f"{sort}-{round_}-{n}")
        return taken

    taken = anyio.run(work)
    assert len(taken) == 32
    assert all(content in (name, None) for name, content in taken.items())
    assert all(content is None for name, content in taken.items() if name.startswith("late"))
    assert any(taken.values())


def test_a_reply_that_comes_too_slowly_is_given_up_as_a_whole() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    outcome = ask_of(serve, seconds=0.3)
    assert isinstance(outcome, Trouble)
    assert (outcome.kind, str(outcome)) == ("lost", "no whole reply within 0.3 s")
