"""Lines of input and output files: what is written, what is read, and what is passed over."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from llm_extract.batch.provider import client
from llm_extract.batch.provider.book import LINE_BYTES
from llm_extract.batch.provider.client import each_line_of
from llm_extract.batch.provider.shards import outcome_of, write
from llm_extract.models.endpoint import Endpoint
from llm_extract.models.spec import ModelSpec

SPEC = ModelSpec(
    name="desk", kind="endpoint", model="m", base_url="http://localhost/v1", context_size=8000
)
ENDPOINT = Endpoint("http://localhost/v1", SecretStr("sk-secret-123456"), "m", SPEC)
COMPLETION = {
    "choices": [{"message": {"content": "{}"}}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
}


def line(response: Any, error: Any = None) -> bytes:
    value = {"id": "x", "custom_id": "j1-0-a", "response": response, "error": error}
    return json.dumps(value).encode()


def error_of(line: bytes) -> tuple[str, str]:
    found = outcome_of(line, ENDPOINT, let_in=False)
    assert found is not None and found.error is not None and found.reply is None
    return found.error["kind"], found.error["code"]


def split(chunks: list[bytes]) -> list[bytes]:
    async def read() -> list[bytes]:
        async def come() -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

        return [line async for line in each_line_of(come())]

    return anyio.run(read)


@given(st.text().filter(lambda t: t.isprintable()), st.integers(0, 10**9))
def test_a_line_holds_the_body_and_no_more_than_it_is_counted_for(text: str, job: int) -> None:
    body = json.dumps({"messages": [{"content": text}]}, ensure_ascii=False)
    id = f"j{job}-{job}-{'f' * 32}"
    file = BytesIO()
    write([(id, body)], file)
    written = file.getvalue()
    assert json.loads(written) == {
        "custom_id": id,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": json.loads(body),
    }
    assert written.count(b"\n") == 1 and len(written) <= len(body.encode()) + LINE_BYTES


@given(st.lists(st.binary(max_size=20).filter(lambda b: b"\n" not in b)), st.integers(1, 7))
def test_lines_come_out_whole_however_they_arrive(lines: list[bytes], size: int) -> None:
    whole = b"".join(each + b"\n" for each in lines)
    chunks = [whole[n : n + size] for n in range(0, len(whole), size)]
    assert split(chunks) == lines


def test_a_line_that_is_too_long_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LONGEST_LINE_BYTES", 5)
    assert split([b"abc\nxxx", b"xxx", b"xxx\nde", b"f\n1234567\ng"]) == [b"abc", b"def", b"g"]


def test_a_completion_is_kept() -> None:
    found = outcome_of(line({"status_code": 200, "body": COMPLETION}), ENDPOINT, let_in=False)
    assert found is not None and found.reply is not None
    assert json.loads(found.reply)["usage"]["prompt_tokens"] == 3


@pytest.mark.parametrize(
    ("status", "code", "kind", "ours"),
    [
        (429, "rate_limit_exceeded", "refused", "model_busy"),
        (500, "server_error", "failed", "model_failed"),
        (400, "invalid_value", "final", "model_refused"),
        (400, "context_length_exceeded", "final", "context_overflow"),
        (429, "insufficient_quota", "final", "quota"),
        (401, "invalid_api_key", "final", "refused_key"),
    ],
)
def test_errors_mean_what_they_mean_online(status: int, code: str, kind: str, ours: str) -> None:
    body = {"error": {"message": "no", "code": code}}
    assert error_of(line({"status_code": status, "body": body})) == (kind, ours)


@pytest.mark.parametrize(
    ("code", "kind"),
    [("batch_expired", "unsent"), ("batch_cancelled", "unsent"), ("request_timeout", "failed")],
)
def test_requests_that_were_not_answered_may_be_asked_again(code: str, kind: str) -> None:
    assert error_of(line(None, {"code": code, "message": "no"})) == (kind, "model_failed")


def test_what_is_no_completion_may_have_been_charged() -> None:
    assert error_of(line({"status_code": 200, "body": {"choices": []}}))[0] == "lost"


@pytest.mark.parametrize("strange", [b"", b"{", b"[]", b"null", b'{"custom_id": 5}'])
def test_lines_of_nobody_are_passed_over(strange: bytes) -> None:
    assert outcome_of(strange, ENDPOINT, let_in=False) is None


def test_the_key_never_stands_in_an_error() -> None:
    body = {"error": {"message": "bad key sk-secret-123456", "code": "invalid_api_key"}}
    found = outcome_of(line({"status_code": 401, "body": body}), ENDPOINT, let_in=False)
    assert found is not None and found.error is not None
    assert "secret" not in found.error["line"]


def test_a_key_that_lets_others_in_is_good() -> None:
    body = {"error": {"message": "no", "code": "invalid_api_key"}}
    refused = line({"status_code": 401, "body": body})
    found = outcome_of(refused, ENDPOINT, let_in=True)
    assert found is not None and found.error is not None
    assert found.error["code"] == "model_refused"
