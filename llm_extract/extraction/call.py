"""The one call to a model: a passage's messages in, a checked reply out, every attempt on record.

One retry owner a layer: the SDK retries nothing, instructor asks again when a reply does not pass
its schema (with the reason in words), tenacity repeats what failed in transport.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2
import instructor
from instructor.core import IncompleteOutputException, InstructorRetryException
from openai import AsyncOpenAI, OpenAIError
from openai.types.chat import ChatCompletion
from pydantic import ValidationError
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from llm_extract.documents.text import storable
from llm_extract.errors import ModelError
from llm_extract.extraction.wire import Wire, without_keys
from llm_extract.models.endpoint import Endpoint
from llm_extract.record import Attempt, Tokens

# instructor logs replies and what servers say, and with them report text and keys, as errors; they
# are kept as attempts instead, keys taken out.
logging.getLogger("instructor").setLevel(logging.CRITICAL + 1)

REASKS = 1
"""Times a reply that does not pass its schema is asked for again."""
TRANSPORT_TRIES = 4
"""Times one request is sent at most when the way to the server or the server fails."""
RETRIED_STATUS = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
LONGEST_WAIT_SECONDS = 30.0
Message = dict[str, str]
Answer = TypeVar("Answer", bound=Wire)


class _Refused(Exception):
    """A response worth another try."""

    def __init__(self, response: httpx2.Response) -> None:
        super().__init__(f"HTTP {response.status_code}")
        self.response = response


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _Refused):
        after = error.response.headers.get("retry-after", "")
        if after.replace(".", "", 1).isdigit():
            return min(float(after), LONGEST_WAIT_SECONDS)
    return wait_exponential_jitter(multiplier=0.5, max=LONGEST_WAIT_SECONDS)(state)


_RETRYING = AsyncRetrying(
    stop=stop_after_attempt(TRANSPORT_TRIES),
    wait=_wait,
    retry=retry_if_exception(
        lambda error: (
            isinstance(error, _Refused | httpx2.TransportError)
            and not isinstance(error, httpx2.UnsupportedProtocol)
        )
    ),
    reraise=True,
)


class _PatientTransport(httpx2.AsyncHTTPTransport):
    """Sends a request again when the server is busy or the connection fails."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            # A copy a call: the counts of a shared one are not safe between tasks.
            return await _RETRYING.copy()(self._once, request)
        except _Refused as refused:
            return refused.response

    async def _once(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        # Read here, so that a connection cut in the middle of the body is made again too.
        body = await response.aread()
        if response.status_code in RETRIED_STATUS and b"insufficient_quota" not in body:
            raise _Refused(response)
        return response


@dataclass(slots=True)
class Conversation:
    """All attempts of one report, in the order they were made."""

    attempts: list[Attempt] = field(default_factory=list)

    def tokens(self) -> Tokens:
        """Tokens over all attempts."""
        return Tokens(
            prompt=sum(a.tokens.prompt for a in self.attempts),
            cached=sum(a.tokens.cached for a in self.attempts),
            completion=sum(a.tokens.completion for a in self.attempts),
        )


class Caller:
    """An open connection to one endpoint; use as an async context manager."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._sdk = AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key.get_secret_value(),
            max_retries=0,
            timeout=httpx2.Timeout(600.0, connect=15.0),
            http_client=httpx2.AsyncClient(
                transport=_PatientTransport(trust_env=endpoint.spec.kind != "local")
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

    async def ask(
        self,
        messages: Sequence[Message],
        answer: type[Answer],
        conversation: Conversation,
        passage: tuple[int, int],
        longest: int,
    ) -> Answer | None:
        """One passage asked; None when no reply passed the schema within the reasks.

        `passage` is the span of the report that is asked about, end excluded; `longest` is the
        longest reply in tokens, unless the model's entry allows less. Every attempt goes into
        `conversation`. Raises ModelError when the server cannot be reached or refuses.
        """
        spec = self.endpoint.spec
        longest = min(longest, spec.max_tokens or longest)
        prompt_tokens = sum(self.endpoint.count_tokens(m["content"]) + 8 for m in messages)
        self.endpoint.check_fits(prompt_tokens, longest)
        log = _AttemptLog(conversation, f"{passage[0]}:{passage[1]}")
        mode = instructor.Mode.JSON if spec.mode == "json" else instructor.Mode.JSON_SCHEMA
        client = instructor.from_openai(self._sdk, mode=mode)
        client.on("completion:kwargs", log.sent)
        client.on("completion:response", log.arrived)
        client.on("parse:error", log.refused)
        options: dict[str, Any] = {}
        if spec.mode == "strict":
            options["extra_body"] = {"response_format": _strict_format(answer)}
        try:
            filled = await client.create(
                model=self.endpoint.model,
                response_model=answer,
                messages=[dict(m) for m in messages],  # type: ignore[misc]
                max_retries=REASKS,
                temperature=0,
                max_tokens=longest,
                **options,
            )
        except IncompleteOutputException:
            log.refused(ValueError(f"the reply was cut at {longest} tokens"))
            return None
        except InstructorRetryException as error:
            cause = error.__cause__
            if isinstance(cause, ValidationError | ValueError) and not isinstance(
                cause, OpenAIError
            ):
                return None
            line = storable(self.endpoint.redact(_said(cause))[:300])
            log.refused(ValueError(line))
            raise ModelError(
                f"model {spec.name!r} at {self.endpoint.base_url} failed: {line}",
                code="model_failed",
            ) from None
        # instructor hands out a hidden subclass that carries the raw response.
        return answer.model_validate(filled.model_dump())


def _said(cause: BaseException | None) -> str:
    """What went wrong with a request, in one line; a lost connection with its reason."""
    if not isinstance(cause, OpenAIError):
        return "the response holds no answer"
    below = cause.__cause__
    reason = f" ({below})" if isinstance(below, httpx2.TransportError) and str(below) else ""
    return " ".join(f"{cause}{reason}".split())


def _strict_format(answer: type[Wire]) -> dict[str, Any]:
    """Hosted strict output refuses lengths of strings; the reply is checked for them anyway."""
    schema = without_keys(answer.model_json_schema(), frozenset({"minLength", "maxLength"}))
    return {
        "type": "json_schema",
        "json_schema": {"name": answer.__name__, "schema": schema, "strict": True},
    }


class _AttemptLog:
    """Turns instructor's hooks into attempts: one a request, also when its reply was refused."""

    def __init__(self, conversation: Conversation, passage: str) -> None:
        self._conversation = conversation
        self._passage = passage
        self._number = 0
        self._started = time.perf_counter()
        self._open = False

    def sent(self, *_: object, **__: object) -> None:
        self._number += 1
        self._started = time.perf_counter()
        self._open = True

    def arrived(self, response: ChatCompletion) -> None:
        usage = response.usage
        details = usage.prompt_tokens_details if usage else None
        tokens = Tokens(
            prompt=usage.prompt_tokens if usage else 0,
            cached=(details.cached_tokens or 0) if details else 0,
            completion=usage.completion_tokens if usage else 0,
        )
        reply = response.choices[0].message.content if response.choices else None
        self._add(tokens, None if reply is None else storable(reply), None)

    def refused(self, error: Exception, *_: object, **__: object) -> None:
        line = storable(" ".join(str(error).split())[:500])
        attempts = self._conversation.attempts
        if not self._open and attempts:
            attempts[-1] = attempts[-1].model_copy(update={"error": line})
        else:
            self._add(Tokens(prompt=0, cached=0, completion=0), None, line)

    def _add(self, tokens: Tokens, reply: str | None, error: str | None) -> None:
        self._open = False
        self._conversation.attempts.append(
            Attempt(
                passage=self._passage,
                number=self._number,
                seconds=time.perf_counter() - self._started,
                tokens=tokens,
                reply=reply,
                error=error,
            )
        )
