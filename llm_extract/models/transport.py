"""One request to a model's server and its whole reply; what can go wrong on the way, by kind.

Nothing is sent twice here: a `Trouble` says whether another try may help and whether the request
may have been charged, and the caller decides.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import cycle
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import anyio
import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, OpenAIError
from pydantic import BaseModel, ValidationError

from llm_extract.documents.text import storable
from llm_extract.models.endpoint import Endpoint

RETRIED_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Answers that say nothing about the request itself: another try may be answered."""
OVERLOADED_STATUS = frozenset({429, 503, 529})
"""Answers that ask for fewer requests (529: "site is overloaded", as some providers send it)."""
QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
"""Codes of OpenAI for an account without money or beyond its limit."""

LONGEST_REPLY_BYTES = 8_000_000
"""A reply over this is cut off: 8,192 tokens of text with all that surrounds it are under 1 MB."""
CONNECT_SECONDS = 15.0
POOL_CONNECTIONS = 8
"""Connections of one pool. A pool looks through all of them, twice for each request, so several
small ones take a fraction of the processor time of a large one (measured at 64 and 300)."""

Kind = Literal["refused", "failed", "unsent", "lost", "final"]
"""`refused`: asked for fewer requests; `failed`: the server broke, uncharged; `unsent`: it was
never reached; `lost`: sent, but no whole reply came, so it may have been charged; `final`: the
request, the key or the account is at fault, another try would end the same."""

TroubleCode = Literal[
    "quota", "refused_key", "unknown_model", "context_overflow", "model_refused", "model_failed"
]


class Trouble(Exception):
    """A request that brought no usable reply: one line for people, kind and code for programs."""

    def __init__(
        self,
        line: str,
        kind: Kind,
        code: TroubleCode = "model_failed",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(line)
        self.kind = kind
        self.code: TroubleCode = code
        self.retry_after = retry_after


class _Message(BaseModel):
    role: str = "assistant"
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _PromptDetails(BaseModel):
    cached_tokens: int | None = None


class _CompletionDetails(BaseModel):
    reasoning_tokens: int | None = None


class Usage(BaseModel):
    """Tokens as the server counts them; reasoning is part of the completion."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


class Completion(BaseModel):
    """What is read of a chat completion; anything else in it is passed over."""

    choices: list[_Choice]
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply: the completion and what the headers say of the server's limits."""

    completion: Completion
    headers: Mapping[str, str]


class Line(Protocol):
    """The way a request takes: at once over HTTP, or through a provider's batch files."""

    async def send(self, request: dict[str, Any], request_id: str) -> Reply:
        """The reply to a chat request. Raises Trouble."""


class HttpLine:
    """Requests sent at once by the OpenAI client, which retries nothing itself.

    Use as an async context manager. The client's typed front is passed by: it walks through every
    message of a request and builds the reply twice, at four times the cost of the call itself.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._seconds = endpoint.spec.request_seconds
        self._sdk = AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key.get_secret_value(),
            max_retries=0,
            # The whole is timed below; a timer for each read and write would cost more than these.
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
            http_client=httpx2.AsyncClient(
                transport=_Pools(endpoint.spec.most_in_flight, endpoint.spec.kind != "local")
            ),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._sdk.close()

    async def send(self, request: dict[str, Any], request_id: str) -> Reply:
        """See `Line.send`; `request_id` goes along as OpenAI's X-Client-Request-Id."""
        try:
            with anyio.fail_after(self._seconds):
                response = await self._sdk.post(
                    "/chat/completions",
                    body=request,
                    cast_to=httpx2.Response,
                    options={"headers": {"X-Client-Request-Id": request_id}},
                )
        except OpenAIError as error:
            raise trouble_of(error, self._endpoint) from None
        except TimeoutError:
            line = f"no whole reply within {self._seconds:g} s"
            raise Trouble(line, "lost") from None
        return self._read(response)

    def _read(self, response: httpx2.Response) -> Reply:
        sort = response.headers.get("content-type", "no type").partition(";")[0]
        return Reply(completion_of(response.content, sort), response.headers)


def completion_of(content: bytes | str, sort: str) -> Completion:
    """The completion in a body of this content type. Raises Trouble when it is none."""
    try:
        completion = Completion.model_validate_json(content)
    except ValidationError:
        raise Trouble(
            f"the response is no chat completion ({len(content):,} bytes, {sort}); is "
            "base_url right, or does a proxy answer?",
            "lost",
        ) from None
    if not completion.choices:
        raise Trouble("the response holds no answer", "lost")
    return completion


def trouble_of(error: OpenAIError, endpoint: Endpoint) -> Trouble:
    """What an error of the OpenAI client means."""
    if isinstance(error, APIStatusError):
        answer = error.response
        return refusal_of(answer.status_code, answer.content, answer.headers, endpoint)
    if isinstance(error, APIConnectionError):
        return _connection(error, endpoint)
    return Trouble(one_line(str(error), endpoint), "lost")


def refusal_of(
    status: int, content: bytes, headers: Mapping[str, str], endpoint: Endpoint
) -> Trouble:
    """What an answer with an error status means."""
    said, code = _error_of(content)
    line = one_line(f"HTTP {status}: {said}" if said else f"HTTP {status}", endpoint)
    if code in QUOTA_CODES:
        return Trouble(line, "final", "quota")
    if status in OVERLOADED_STATUS:
        return Trouble(line, "refused", retry_after=_retry_after(headers))
    if status in RETRIED_STATUS:
        return Trouble(line, "failed", retry_after=_retry_after(headers))
    codes: dict[int, TroubleCode] = {
        401: "refused_key",
        402: "quota",
        403: "refused_key",
        404: "unknown_model",
    }
    if code == "context_length_exceeded":
        return Trouble(line, "final", "context_overflow")
    if code == "model_not_found":
        return Trouble(line, "final", "unknown_model")
    return Trouble(line, "final", codes.get(status, "model_refused"))


def one_line(said: str, endpoint: Endpoint) -> str:
    """What a server said as one line for people, of bounded length, without the key."""
    return storable(endpoint.redact(" ".join(said.split()))[:300])


def _connection(error: APIConnectionError, endpoint: Endpoint) -> Trouble:
    below = error.__cause__
    reason = f" ({below})" if isinstance(below, httpx2.TransportError) and str(below) else ""
    unsent = isinstance(below, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
    line = one_line(f"{error}{reason}", endpoint)
    if isinstance(below, httpx2.UnsupportedProtocol):
        return Trouble(line, "final", "model_refused")
    return Trouble(line, "unsent" if unsent else "lost")


class _Pools(httpx2.AsyncBaseTransport):
    """Several small pools of connections, used in turn; a reply over the longest is cut off."""

    def __init__(self, most: int, trust_env: bool) -> None:
        number = -(-most // POOL_CONNECTIONS)
        limits = httpx2.Limits(
            max_connections=POOL_CONNECTIONS * 2, max_keepalive_connections=POOL_CONNECTIONS * 2
        )
        self._pools = [
            httpx2.AsyncHTTPTransport(limits=limits, trust_env=trust_env) for _ in range(number)
        ]
        self._turn = cycle(self._pools)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await next(self._turn).handle_async_request(request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Capped(response.stream)
        return response

    async def aclose(self) -> None:
        for pool in self._pools:
            await pool.aclose()


class _Capped(httpx2.AsyncByteStream):
    """A body that ends in an error once it is longer than any reply may be."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> Any:
        left = LONGEST_REPLY_BYTES
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise httpx2.ReadError(f"the reply is longer than {LONGEST_REPLY_BYTES:,} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def _error_of(body: bytes) -> tuple[str, str]:
    """Message and code of an error body; OpenAI and many others word it as {"error": {…}}."""
    try:
        content = json.loads(body)
    except ValueError:
        return "", ""
    error = content.get("error", content) if isinstance(content, dict) else content
    if not isinstance(error, dict):
        return (str(error) if isinstance(error, str) else ""), ""
    return str(error.get("message") or ""), str(error.get("code") or error.get("type") or "")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the server asks, from any of the three forms in use; None: it says none.

    `retry-after-ms` is OpenAI's; `retry-after` holds seconds or a date (RFC 9110, 10.2.3).
    """
    milliseconds, after = headers.get("retry-after-ms", ""), headers.get("retry-after", "")
    for words, unit in ((milliseconds, 0.001), (after, 1.0)):
        if words.replace(".", "", 1).isdigit():
            return float(words) * unit
    try:
        date = parsedate_to_datetime(after)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())
