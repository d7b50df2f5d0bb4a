"""The one call to a model: a passage's messages in, a checked reply out, every request on record.

One retry owner a layer: the SDK retries nothing; a reply that does not pass its schema is asked for
again, in instructor's words; tenacity repeats what failed on the way. Both share one allowance, so
a passage costs at most `MOST_REQUESTS` requests, whatever happens.

Of instructor the handlers of each mode are used, which make requests, read replies and word what is
asked again. Its client, which does the same behind one function, walks through schema, messages and
sums of tokens for each call: three times the cost of all else that we do for a call.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from instructor.core import IncompleteOutputException
from instructor.mode import Mode
from instructor.v2.core.providers import Provider
from instructor.v2.core.registry import mode_registry
from pydantic import ValidationError
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception
from tenacity.wait import wait_exponential_jitter

from llm_extract.documents.text import storable
from llm_extract.errors import ModelError
from llm_extract.extraction.wire import Wire, without_keys
from llm_extract.models.endpoint import Endpoint, estimate_tokens, limits_of
from llm_extract.models.pace import FreeTurn, NoPace, Pace, Turn
from llm_extract.models.transport import Completion, HttpLine, Line, Reply, Trouble, tokens_of
from llm_extract.record import Attempt, Tokens

# instructor logs replies and what servers say, and with them report text and keys, as errors; they
# are kept as attempts instead, keys taken out.
logging.getLogger("instructor").setLevel(logging.CRITICAL + 1)

REASKS = 1
"""Times a reply that does not pass its schema is asked for again."""
TRANSPORT_TRIES = 4
"""Times a passage's request may fail on the way or at the server, less one, before it is given up;
its reasks draw on the same allowance."""
MOST_REQUESTS = TRANSPORT_TRIES + REASKS
"""Requests that one passage causes at most."""
FIRST_WAIT_SECONDS = 0.5
"""Wait after a first failure, which doubles with each; up to as much again is added by chance."""
LONGEST_WAIT_SECONDS = 30.0
"""Cap of the wait between two tries; a server that asks for more is heard by the pace."""

BY_REPORT_OR_KEY = frozenset({"refused_key", "unknown_model"})
"""Codes of refusals by the key or the model; gateways that look for words refuse one report so."""
KNOCK = "Answer with the word yes."
"""Asked of a server that is down until it answers: it is about no report, so that none uses up its
tries, and a report that is never answered is told from a server that answers nobody."""
KNOCK_TOKENS = 8
KNOCK_PASSAGE = "0:0"
ENVELOPE_TOKENS = 64
"""What a request may be charged beyond its messages and schema: names, roles, settings."""

Message = dict[str, str]
Answer = TypeVar("Answer", bound=Wire)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, Trouble):
        if error.kind == "refused" or error.code == "model_down":
            return 0.0  # the pace keeps the wait that is due, for all requests alike
        if error.retry_after is not None:
            return min(error.retry_after, LONGEST_WAIT_SECONDS)
    first = FIRST_WAIT_SECONDS
    return wait_exponential_jitter(multiplier=first, max=LONGEST_WAIT_SECONDS, jitter=first)(state)


_RETRYING = AsyncRetrying(
    wait=_wait,
    retry=retry_if_exception(lambda e: isinstance(e, Trouble) and e.kind != "final"),
    reraise=True,
)


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A request that is about to be sent; it uses `most` tokens at worst."""

    request_id: str
    passage: str
    number: int
    most: Tokens


class Book(Protocol):
    """Who is told of a request before it is sent, so that no spending goes unwritten."""

    def name(self, request: Mapping[str, Any]) -> str:
        """The id that the request will bear: unique, up to 64 ASCII letters, digits and dashes."""
        ...

    async def opened(self, call: OpenCall) -> None:
        """Write it down. Raises ModelError when it may not be sent: the budget is used up."""

    def knocked(self, attempt: Attempt) -> None:
        """What came of a request that was opened and is about no report."""


def next_request_id() -> str:
    """An id that no other request bears.

    Each is drawn: what is drawn once a process and then counted is the same in forked ones.
    """
    return uuid4().hex


class _NoBook:
    def name(self, request: Mapping[str, Any]) -> str:
        return next_request_id()

    async def opened(self, call: OpenCall) -> None:
        pass

    def knocked(self, attempt: Attempt) -> None:
        pass


NO_BOOK = _NoBook()


@dataclass(slots=True)
class Conversation:
    """All attempts of one report, in the order they were made.

    `party` is the job that asks, among which a server's time is shared evenly. `deferred` counts
    questions whose answer a provider's batch will bring later.
    """

    attempts: list[Attempt] = field(default_factory=list)
    party: str = ""
    book: Book = NO_BOOK
    deferred: int = 0

    def tokens(self) -> Tokens:
        """Tokens over all attempts."""
        return Tokens(
            prompt=sum(a.tokens.prompt for a in self.attempts),
            cached=sum(a.tokens.cached for a in self.attempts),
            completion=sum(a.tokens.completion for a in self.attempts),
            reasoning=sum(a.tokens.reasoning for a in self.attempts),
        )


class Deferred(Exception):
    """A request whose reply will come with a provider's batch, in another pass."""


class Caller:
    """Asks one endpoint over a line, at a pace."""

    def __init__(self, endpoint: Endpoint, line: Line, pace: Pace | NoPace) -> None:
        self.endpoint = endpoint
        self.line = line
        self.pace = pace

    async def ask(
        self,
        messages: Sequence[Message],
        answer: type[Answer],
        conversation: Conversation,
        passage: tuple[int, int],
        longest: int,
        context: Mapping[str, Any] | None = None,
    ) -> Answer | None:
        """One passage asked; None when no reply passed the schema within the reasks.

        `passage` is the span of the report that is asked about, end excluded; `longest` is the
        longest reply in tokens, unless the model's entry allows less; validators of `answer` find
        `context` as pydantic's. Every request goes into `conversation`. Raises ModelError when the
        server cannot be reached or refuses.
        """
        spec = self.endpoint.spec
        longest = min(longest, spec.max_tokens or longest)
        schema = _schema_tokens(answer)
        asking = _Asking(self, conversation, f"{passage[0]}:{passage[1]}", schema)
        self.endpoint.check_fits(asking.prompt_tokens(messages), longest)
        request = {
            "model": self.endpoint.model,
            "messages": list(messages),
            "temperature": 0,
            "max_tokens": longest,
        }
        mode = Mode.JSON if spec.mode == "json" else Mode.JSON_SCHEMA
        by_mode = mode_registry.get_handlers(Provider.OPENAI, mode)
        _, request = by_mode.request_handler(response_model=answer, kwargs=request)
        if spec.mode == "strict":
            request["response_format"] = _strict_format(answer)
        for _ in range(1 + REASKS):
            try:
                reply = await asking.create(request)
            except Deferred:
                conversation.deferred += 1
                return None
            except _Withheld:
                return None
            except Trouble as trouble:
                if trouble.code == "content_filter":
                    return None  # the provider lets nobody read it, as one that filters the reply
                raise ModelError(
                    f"model {spec.name!r} at {self.endpoint.base_url} failed: {trouble}",
                    code=trouble.code,
                ) from None
            try:
                filled = by_mode.response_parser(
                    response=reply,
                    response_model=answer,
                    validation_context=dict(context or {}),
                    strict=True,
                )
            except IncompleteOutputException:
                asking.refused(ValueError(f"the reply was cut at {longest} tokens"))
                return None
            except ValidationError as error:
                asking.refused(error)
                request = by_mode.reask_handler(kwargs=request, response=reply, exception=error)
                continue
            assert isinstance(filled, answer)
            vars(filled).pop("_raw_response")  # instructor hangs it on what it hands out
            return filled
        return None


@asynccontextmanager
async def open_caller(endpoint: Endpoint, pace: Pace | None = None) -> AsyncIterator[Caller]:
    """A caller that sends at once over HTTP; without a pace one that has no other callers."""
    async with HttpLine(endpoint) as line:
        yield Caller(endpoint, line, pace or Pace(limits_of(endpoint.spec)))


class _Withheld(Exception):
    """The model or its provider answered that it will not answer: asking again ends the same."""


class _Asking:
    """One passage while it is asked: its requests, numbered, and what is left of its allowance."""

    def __init__(
        self, caller: Caller, conversation: Conversation, passage: str, schema_tokens: int
    ) -> None:
        self._schema_tokens = schema_tokens
        self._caller = caller
        self._conversation = conversation
        self._passage = passage
        self._number = 0
        self._failures = 0

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the messages, with those that chat templates put round each."""
        count = self._caller.endpoint.count_tokens
        return sum(count(m["content"]) + 8 for m in messages)

    async def create(self, request: dict[str, Any]) -> Completion:
        """Send until a whole reply is there. Raises Trouble, _Withheld, Deferred, ModelError."""
        try:
            return await self._once(request)
        except Trouble as trouble:
            failed: list[Trouble] = [trouble]

        async def again() -> Completion:
            # The first failure is handed on: tenacity is asked only where there is one.
            if failed:
                raise failed.pop()
            return await self._once(request)

        # A copy a call: the counts of a shared one are not safe between tasks.
        retrying = _RETRYING.copy(stop=lambda _: self._failures >= TRANSPORT_TRIES)
        return await retrying(again)

    async def _once(self, request: dict[str, Any]) -> Completion:
        most = self._most(request)
        while True:
            async with self._turn(most) as turn:
                if turn.probes:
                    await self._knock(turn)
                    continue
                self._number += 1
                call = await self._open(request, self._passage, self._number, most)
                started = time.perf_counter()
                try:
                    reply = await self._caller.line.send(request, call.request_id)
                except Trouble as trouble:
                    self._attempts.append(_attempt(call, started, trouble=trouble))
                    self._failures += 1
                    _report(turn, trouble)
                    failed = trouble
                else:
                    attempt = _attempt(call, started, reply)
                    self._attempts.append(attempt)
                    turn.answered(_used(attempt, most))
                    break
            if failed.code in BY_REPORT_OR_KEY and await self._is_let_in():
                raise Trouble(str(failed), "final", "model_refused")
            raise failed
        choice = reply.completion.choices[0]
        refusal = choice.message.refusal
        if refusal or choice.finish_reason == "content_filter":
            why = " ".join((refusal or "its provider filtered the reply").split())[:200]
            self.refused(ValueError(f"the model refused: {why}"))
            raise _Withheld(why)
        return reply.completion

    def _most(self, request: Mapping[str, Any]) -> Tokens:
        """What a request uses at worst: some servers charge the schema as part of the prompt."""
        schema = self._schema_tokens if "response_format" in request else 0
        prompt = self.prompt_tokens(request["messages"]) + schema + ENVELOPE_TOKENS
        return Tokens(prompt=prompt, cached=0, completion=request["max_tokens"])

    def _turn(self, most: Tokens) -> Turn | FreeTurn:
        return self._caller.pace.turn(most.prompt + most.completion, self._conversation.party)

    @property
    def _attempts(self) -> list[Attempt]:
        return self._conversation.attempts

    async def _open(
        self, request: Mapping[str, Any], passage: str, number: int, most: Tokens
    ) -> OpenCall:
        book = self._conversation.book
        call = OpenCall(book.name(request), passage, number, most)
        await book.opened(call)
        return call

    async def _is_let_in(self) -> bool:
        """Whether key and model are good for a question about nothing; else all are refused."""
        async with self._turn(self._most(self._knocking)) as turn:
            try:
                await self._knock(turn)
            except Trouble:
                return False
        return True

    @property
    def _knocking(self) -> dict[str, Any]:
        return {
            "model": self._caller.endpoint.model,
            "messages": [{"role": "user", "content": KNOCK}],
            "temperature": 0,
            "max_tokens": KNOCK_TOKENS,
        }

    async def _knock(self, turn: Turn | FreeTurn) -> None:
        """Ask about nothing. Raises Trouble when that is not answered either."""
        request = self._knocking
        most = self._most(request)
        call = await self._open(request, KNOCK_PASSAGE, 0, most)
        started = time.perf_counter()
        try:
            reply = await self._caller.line.send(request, call.request_id)
        except Trouble as trouble:
            self._conversation.book.knocked(_attempt(call, started, trouble=trouble))
            if trouble.code == "model_refused":
                turn.answered(0)  # it does not like the question, so it is there
                return
            _report(turn, trouble)
            if trouble.kind == "final":
                raise
            self._failures += 1
            raise Trouble(str(trouble), trouble.kind, "model_down") from None
        attempt = _attempt(call, started, reply)
        self._conversation.book.knocked(attempt)
        turn.answered(_used(attempt, most))

    def refused(self, error: Exception, *_: object, **__: object) -> None:
        """The last reply did not pass, and why."""
        attempts = self._conversation.attempts
        line = storable(" ".join(str(error).split())[:500])
        attempts[-1] = attempts[-1].model_copy(update={"error": line})


def _report(turn: Turn | FreeTurn, trouble: Trouble) -> None:
    """Tell the pace what a request met; one that is at fault itself says nothing of the server."""
    if trouble.kind == "refused":
        turn.refused(trouble.retry_after)
    elif trouble.kind != "final":
        turn.failed()


def _attempt(
    call: OpenCall, started: float, reply: Reply | None = None, trouble: Trouble | None = None
) -> Attempt:
    """A request and what came of it: a reply or trouble."""
    tokens = tokens_of(reply.completion) if reply is not None else None
    content = reply.completion.choices[0].message.content if reply is not None else None
    return Attempt(
        passage=call.passage,
        number=call.number,
        seconds=time.perf_counter() - started,
        tokens=tokens or NO_TOKENS,
        reply=None if content is None else storable(content),
        error=None if trouble is None else storable(str(trouble)),
        request=call.request_id,
        uncounted=trouble.kind == "lost" if trouble is not None else tokens is None,
    )


def _used(attempt: Attempt, most: Tokens) -> int:
    """Tokens that count against limits a minute; the prompt where the server counted none."""
    if attempt.uncounted:
        return most.prompt
    return attempt.tokens.prompt + attempt.tokens.completion


NO_TOKENS = Tokens(prompt=0, cached=0, completion=0)


@lru_cache(maxsize=256)
def _schema_tokens(answer: type[Wire]) -> int:
    return estimate_tokens(json.dumps(answer.model_json_schema()))


@lru_cache(maxsize=256)
def _strict_format(answer: type[Wire]) -> dict[str, Any]:
    """Hosted strict output refuses lengths of strings; the reply is checked for them anyway."""
    schema = without_keys(answer.model_json_schema(), frozenset({"minLength", "maxLength"}))
    return {
        "type": "json_schema",
        "json_schema": {"name": answer.__name__, "schema": schema, "strict": True},
    }
