"""One request to a model's server and its whole reply; what can go wrong on the way, by kind.

Nothing is sent twice here: a `Trouble` says whether another try may help and whether the request
may have been charged, and the caller decides.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import cycle
from types import TracebackType
from typing import Annotated, Any, Literal, Protocol, Self

import anyio
import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, OpenAIError
from pydantic import (
    BaseModel,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from llm_extract.documents.text import storable
from llm_extract.models.endpoint import Endpoint
from llm_extract.record import Tokens

RETRIED_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Answers that say nothing about the request itself: another try may be answered."""
OVERLOADED_STATUS = frozenset({429, 503, 529})
"""Answers that ask for fewer requests (529: "site is overloaded", as some providers send it)."""

LONGEST_REPLY_BYTES = 8_000_000
"""A reply over this is cut off: 8,192 tokens of text with all that surrounds it are under 1 MB."""
DECODED = frozenset({"gzip", "x-gzip", "deflate"})
"""Encodings of a body that are undone, though none is asked for: some proxies pack all the same."""
GZIP_OR_ZLIB = zlib.MAX_WBITS + 32
"""Window for zlib that takes both kinds of head."""
MOST_TOKENS = 2**31 - 1
"""A server that counts more, or less than none, counts nonsense: the store's columns end here."""
LONGEST_LINE = 300
"""Characters of a server's words that are kept."""
SHORTEST_ECHO = 24
"""Characters in a row of a server's words that stand in the request too and so are no words of its
own: shorter ones are names of models and settings."""
CONNECT_SECONDS = 15.0
POOL_CONNECTIONS = 8
"""Connections of one pool. A pool looks through all of them, twice for each request, so several
small ones take a fraction of the processor time of a large one (measured at 64 and 300)."""

Kind = Literal["refused", "failed", "unsent", "lost", "final"]
"""`refused`: asked for fewer requests; `failed`: the server broke, uncharged; `unsent`: it was
never reached; `lost`: sent, but no whole reply came, so it may have been charged; `final`: the
request, the key or the account is at fault, another try would end the same."""

TroubleCode = Literal[
    "quota",
    "refused_key",
    "unknown_model",
    "context_overflow",
    "content_filter",
    "model_refused",
    "model_busy",
    "model_failed",
    "model_down",
]
"""The last three may pass: the server refused for want of room, failed, or answered nobody."""

QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
"""Codes of OpenAI's errors for an account that has nothing left; sent with status 429."""
FINAL_CODES: Mapping[str, TroubleCode] = {
    "context_length_exceeded": "context_overflow",
    "exceed_context_size_error": "context_overflow",  # llama.cpp
    "content_filter": "content_filter",  # Azure: the prompt itself was filtered
    "content_policy_violation": "content_filter",
    "model_not_found": "unknown_model",
}
FINAL_STATUS: Mapping[int, TroubleCode] = {
    401: "refused_key",
    402: "quota",
    403: "refused_key",
    404: "unknown_model",
}


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
        self.kind: Kind = kind
        self.code: TroubleCode = code
        self.retry_after = retry_after


class _Message(BaseModel):
    role: str = "assistant"
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


Count = Annotated[int, Field(ge=0, le=MOST_TOKENS)]


class _PromptDetails(BaseModel):
    cached_tokens: Count | None = None


class _CompletionDetails(BaseModel):
    reasoning_tokens: Count | None = None


class Usage(BaseModel):
    """Tokens as the server counts them; reasoning is part of the completion."""

    prompt_tokens: Count
    completion_tokens: Count
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


class Completion(BaseModel):
    """What is read of a chat completion; anything else in it is passed over."""

    choices: list[_Choice]
    usage: Usage | None = None

    @field_validator("usage", mode="wrap")
    @classmethod
    def _or_none(cls, value: Any, usage: ValidatorFunctionWrapHandler) -> Any:
        """A count that makes no sense is none: the answer beside it is good all the same."""
        try:
            return usage(value)
        except ValidationError:
            return None


def tokens_of(completion: Completion) -> Tokens | None:
    """Tokens as the server counted them; None where it counted none."""
    usage = completion.usage
    if usage is None:
        return None
    within, made = usage.prompt_tokens_details, usage.completion_tokens_details
    return Tokens(
        prompt=usage.prompt_tokens,
        cached=(within.cached_tokens or 0) if within else 0,
        completion=usage.completion_tokens,
        reasoning=(made.reasoning_tokens or 0) if made else 0,
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply: the completion and what the headers say of the server's limits."""

    completion: Completion
    headers: Mapping[str, str]


class Line(Protocol):
    """The way a request takes: at once over HTTP, or through a provider's batch files."""

    async def send(self, request: dict[str, Any], request_id: str) -> Reply:
        """The reply to a chat request. Raises Trouble."""
        ...


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
                    # Not packed: a packed body would have to be unpacked to see how long it is.
                    options={
                        "headers": {
                            "X-Client-Request-Id": request_id,
                            "Accept-Encoding": "identity",
                        }
                    },
                )
        except OpenAIError as error:
            raise trouble_of(error, self._endpoint, request) from None
        except TimeoutError:
            line = f"no whole reply within {self._seconds:g} s"
            raise Trouble(line, "lost") from None
        return self._read(response)

    def _read(self, response: httpx2.Response) -> Reply:
        sort = response.headers.get("content-type", "no type").partition(";")[0]
        return Reply(completion_of(response.content, sort), response.headers)


def completion_of(content: bytes, sort: str) -> Completion:
    """The completion in a body of this content type. Raises Trouble when it is none."""
    try:
        completion = _completion(content)
    except (ValueError, RecursionError):
        raise Trouble(
            f"the response is no chat completion ({len(content):,} bytes, {sort}); is "
            "base_url right, or does a proxy answer?",
            "lost",
        ) from None
    if not completion.choices:
        raise Trouble("the response holds no answer", "lost")
    return completion


def trouble_of(
    error: OpenAIError, endpoint: Endpoint, request: Mapping[str, Any] | None = None
) -> Trouble:
    """What an error of the OpenAI client means, for a chat request if there is one."""
    if isinstance(error, APIStatusError):
        answer = error.response
        return refusal_of(answer.status_code, answer.content, answer.headers, endpoint, request)
    if isinstance(error, APIConnectionError):
        return _connection(error, endpoint)
    return Trouble(one_line(str(error), endpoint), "lost")


def refusal_of(
    status: int,
    content: bytes,
    headers: Mapping[str, str],
    endpoint: Endpoint,
    request: Mapping[str, Any] | None = None,
) -> Trouble:
    """What an answer with an error status means; words of the request are cut from its own."""
    said, codes = _error_of(content)
    if request is not None:
        said = without_echo(said, request)
    line = one_line(f"HTTP {status}: {said}" if said else f"HTTP {status}", endpoint)
    if codes & QUOTA_CODES:
        return Trouble(line, "final", "quota")
    if status in OVERLOADED_STATUS:
        return Trouble(line, "refused", "model_busy", _retry_after(headers))
    if status in RETRIED_STATUS:
        return Trouble(line, "failed", retry_after=_retry_after(headers))
    said_codes: list[TroubleCode] = [
        FINAL_CODES[code] for code in sorted(codes) if code in FINAL_CODES
    ]
    known: TroubleCode = FINAL_STATUS.get(status, "model_refused")
    return Trouble(line, "final", said_codes[0] if said_codes else known)


def without_echo(said: str, request: Mapping[str, Any]) -> str:
    """A server's words up to where they repeat the request: that is report text."""
    said = " ".join(said.split())[:LONGEST_LINE]
    sent = " ".join(str(message["content"]) for message in request.get("messages", ()))
    sent = " ".join(sent.split())
    for start in range(len(said) - SHORTEST_ECHO + 1):
        if said[start : start + SHORTEST_ECHO] in sent:
            return f"{said[:start]}[…]"
    return said


def one_line(said: str, endpoint: Endpoint) -> str:
    """What a server said as one line for people, of bounded length, without the key."""
    return storable(endpoint.redact(" ".join(said.split()))[:LONGEST_LINE])


def _connection(error: APIConnectionError, endpoint: Endpoint) -> Trouble:
    below = error.__cause__
    reason = f" ({below})" if isinstance(below, httpx2.RequestError) and str(below) else ""
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
        # One for all: each would read the system's certificates anew, at 17 ms and some MB.
        secure = httpx2.create_ssl_context(trust_env=trust_env)
        self._pools = [
            httpx2.AsyncHTTPTransport(verify=secure, limits=limits, trust_env=trust_env)
            for _ in range(number)
        ]
        self._turn = cycle(self._pools)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await next(self._turn).handle_async_request(request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        # Unpacked here and not by the client, which would unpack a few bytes to gigabytes.
        packed = response.headers.pop("content-encoding", "identity").strip().lower()
        response.stream = _Capped(response.stream, packed)
        return response

    async def aclose(self) -> None:
        for pool in self._pools:
            await pool.aclose()


class _Capped(httpx2.AsyncByteStream):
    """A body, unpacked, that ends in an error once it is longer than any reply may be."""

    def __init__(self, stream: httpx2.AsyncByteStream, packed: str) -> None:
        self._stream = stream
        self._packed = packed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._packed == "identity":
            parts = aiter(self._stream)
        elif self._packed in DECODED:
            parts = self._unpacked()
        else:
            raise httpx2.DecodingError(f"the reply is packed as {self._packed[:20]!r}, unasked")
        left = LONGEST_REPLY_BYTES
        async for part in parts:
            left -= len(part)
            if left < 0:
                raise _too_long()
            yield part

    async def _unpacked(self) -> AsyncIterator[bytes]:
        unpacker, left = zlib.decompressobj(GZIP_OR_ZLIB), LONGEST_REPLY_BYTES
        try:
            async for part in self._stream:
                left -= len(part)
                if left < 0:  # parts that unpack to nothing, without end
                    raise _too_long()
                yield unpacker.decompress(part, LONGEST_REPLY_BYTES + 1)
        except zlib.error:
            raise httpx2.DecodingError(f"the reply is not the {self._packed} it says") from None
        if not unpacker.eof:
            raise httpx2.DecodingError(f"the reply's {self._packed} ends too early")

    async def aclose(self) -> None:
        await self._stream.aclose()


def _completion(content: bytes) -> Completion:
    """Raises ValueError or RecursionError for what is no chat completion."""
    try:
        return Completion.model_validate_json(content)
    except ValidationError:
        # Half a surrogate pair, which a model may write at its limit, is no reason to pay twice.
        whole = storable(json.dumps(json.loads(content), ensure_ascii=False))
        return Completion.model_validate_json(whole)


def _too_long() -> httpx2.ReadError:
    return httpx2.ReadError(f"the reply is longer than {LONGEST_REPLY_BYTES:,} bytes")


def _error_of(body: bytes) -> tuple[str, frozenset[str]]:
    """Message and codes of an error body, in the shapes in use; empty for any other body.

    OpenAI and many others send {"error": {…}}, Google that in a list, FastAPI {"detail": …}.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return "", frozenset()
    if isinstance(content, list):
        content = content[0] if content else ""
    error = content.get("error", content) if isinstance(content, dict) else content
    if not isinstance(error, dict):
        return (error if isinstance(error, str) else ""), frozenset()
    said = error.get("message") or error.get("detail") or ""
    codes = (error.get(name) for name in ("code", "type"))
    return str(said), frozenset(code for code in codes if isinstance(code, str))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the server asks, from any of the three forms in use; None: it says none.

    `retry-after-ms` is OpenAI's; `retry-after` holds seconds or a date (RFC 9110, 10.2.3).
    """
    milliseconds, after = headers.get("retry-after-ms", ""), headers.get("retry-after", "")
    for words, unit in ((milliseconds, 0.001), (after, 1.0)):
        if re.fullmatch(r"[0-9]{1,12}(\.[0-9]*)?", words.strip()):
            return float(words) * unit
    try:
        date = parsedate_to_datetime(after)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())
