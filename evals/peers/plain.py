"""The plain peer: one instructor call a report into a schema, as a tutorial would write it.

It is the yardstick that our own reading has to beat with the same model; it uses nothing of it. The
peer of the gold set asks for claims; outside sets that label tolls only are asked for a flat toll.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import instructor
from instructor.core.exceptions import IncompleteOutputException, InstructorError
from openai import APIStatusError, AsyncOpenAI, OpenAIError
from openai.types.chat import ChatCompletion
from pydantic import BaseModel, Field, ValidationError

from llm_extract.documents import Report
from llm_extract.evals.peers.flat import FlatClaim, FlatFacility, casualty_report
from llm_extract.evals.peers.reading import NO_TOKENS, PeerReading
from llm_extract.models.endpoint import Endpoint
from llm_extract.record import Tokens
from llm_extract.schema import CasualtyReport, FacilityEffect, FacilityKind, Outcome

# instructor logs refused replies, and with them report text.
logging.getLogger("instructor").setLevel(logging.CRITICAL + 1)

TOLL_SYSTEM = """You extract casualty figures from news reports.
Return a JSON object with these fields:
- killed: total number of people killed
- children: number of children killed
- women: number of women killed
- men: number of men killed
- injured: total number of people injured
Use null for anything the report does not state."""

TOLL_TOKENS = 200
"""Five small numbers take about 40 tokens; a reply that runs on is cut and counts as failed."""

CLAIMS_SYSTEM = """You extract casualty figures from news and human rights reports.
Return a JSON object with two lists, in the order of the text: claims and facilities.

claims holds one entry for every figure of people that the report states, often many:
- quote: the words of the report that state the figure, copied exactly
- outcome: what happened to them: killed, injured, missing, detained, abducted, displaced, or
  casualties where killed and injured people share one number
- total: number of people
- children, women, men: how many of these people are children, women or men
- claimant: who states the figure, null when the report itself does
- perpetrators: who is held responsible
- places: where it happened
- period: when it happened, in the words of the report

facilities holds one entry for every building or site that was attacked, damaged or destroyed; it is
empty when there was none:
- quote: the words of the report, copied exactly
- kind: what it is, for example school, medical, residential
- number: how many
- effect: attacked, damaged or destroyed

Two sources that give different numbers are two claims. Write numbers as digits. Do not add numbers
up and do not guess. Use null, not 0, or an empty list for anything the report does not state: most
figures name no children, women or men."""

CLAIMS_TOKENS = 2048
"""A claim takes some 100 tokens, so that this is a long reply of 20; one that runs on is cut."""

Schema = TypeVar("Schema", bound=BaseModel)


class FlatToll(BaseModel):
    """The flat schema for sets that label a toll only."""

    killed: int | None = Field(description="total number of people killed")
    children: int | None = Field(description="number of children killed")
    women: int | None = Field(description="number of women killed")
    men: int | None = Field(description="number of men killed")
    injured: int | None = Field(description="total number of people injured")


class StatedClaim(BaseModel):
    """One figure of people; the quote comes first, so that the numbers are read from it."""

    quote: str = Field(description="the words of the report that state the figure")
    outcome: Outcome = Field(description="what happened to the people")
    total: int | None = Field(description="number of people")
    children: int | None = Field(description="how many of them are children")
    women: int | None = Field(description="how many of them are women")
    men: int | None = Field(description="how many of them are men")
    claimant: str | None = Field(description="who states the figure, null for the report itself")
    perpetrators: list[str] = Field(description="who is held responsible")
    places: list[str] = Field(description="where it happened")
    period: str | None = Field(description="when it happened, in the words of the report")


class StatedFacility(BaseModel):
    """One figure of places."""

    quote: str = Field(description="the words of the report that say so")
    kind: FacilityKind = Field(description="what kind of place it is")
    number: int | None = Field(description="how many")
    effect: FacilityEffect = Field(description="what happened to the place")


class StatedFigures(BaseModel):
    """The nested schema of the peer."""

    claims: list[StatedClaim]
    facilities: list[StatedFacility]

    def as_report(self) -> CasualtyReport:
        """The figures in the form that gold is written in."""
        return casualty_report(
            (
                FlatClaim(
                    **claim.model_dump(exclude={"perpetrators", "places"}),
                    perpetrators=tuple(claim.perpetrators),
                    places=tuple(claim.places),
                )
                for claim in self.claims
            ),
            (FlatFacility(**place.model_dump()) for place in self.facilities),
        )


@dataclass(frozen=True, slots=True)
class PlainReading:
    """The toll of one report; `toll` is None and `error` set when the call failed."""

    id: str
    toll: FlatToll | None
    error: str | None
    seconds: float
    prompt_tokens: int
    completion_tokens: int


class PlainPeer:
    """One instructor call a report into the nested schema."""

    name = "plain"
    needs_model = True

    def ready(self) -> None:
        """Nothing can be missing: instructor is one of our own dependencies."""

    async def read(
        self, reports: Sequence[Report], endpoint: Endpoint | None
    ) -> AsyncIterator[PeerReading]:
        """One reading a report, as `Peer.read` says."""
        if endpoint is None:
            raise ValueError("the plain peer needs a model")
        question = _Question(CLAIMS_SYSTEM, StatedFigures, CLAIMS_TOKENS)
        async with _connected(endpoint) as server:
            for report in reports:
                answer = await _asked(server, endpoint, question, report.text)
                yield PeerReading(
                    id=report.id,
                    report=answer.value.as_report() if answer.value else None,
                    error=answer.error,
                    seconds=answer.seconds,
                    calls=1,
                    tokens=answer.tokens,
                )


async def read_plainly(
    reports: Sequence[tuple[str, str]], endpoint: Endpoint
) -> AsyncIterator[PlainReading]:
    """The tolls of (id, text) reports one after the other, so that seconds can be compared.

    A failed call gives a reading with its error.
    """
    question = _Question(TOLL_SYSTEM, FlatToll, TOLL_TOKENS)
    async with _connected(endpoint) as server:
        for identity, text in reports:
            answer = await _asked(server, endpoint, question, text)
            yield PlainReading(
                id=identity,
                toll=answer.value,
                error=answer.error,
                seconds=answer.seconds,
                prompt_tokens=answer.tokens.prompt,
                completion_tokens=answer.tokens.completion,
            )


@dataclass(frozen=True, slots=True)
class _Question(Generic[Schema]):
    """What every report of a run is asked."""

    system: str
    schema: type[Schema]
    longest: int


@dataclass(frozen=True, slots=True)
class _Answer(Generic[Schema]):
    value: Schema | None
    error: str | None
    seconds: float
    tokens: Tokens


@asynccontextmanager
async def _connected(endpoint: Endpoint) -> AsyncIterator[AsyncOpenAI]:
    key = endpoint.api_key.get_secret_value()
    async with AsyncOpenAI(base_url=endpoint.base_url, api_key=key, max_retries=0) as server:
        yield server


async def _asked(
    server: AsyncOpenAI, endpoint: Endpoint, question: _Question[Schema], text: str
) -> _Answer[Schema]:
    """One call, never a second: what fails has failed."""
    started = time.perf_counter()
    spent = NO_TOKENS

    def arrived(completion: ChatCompletion) -> None:
        nonlocal spent
        spent = _tokens(completion)

    # A client a call: its hook sees the tokens of a refused reply too.
    client = instructor.from_openai(server, mode=instructor.Mode.JSON_SCHEMA)
    client.on("completion:response", arrived)
    try:
        filled: Any = await client.create(
            model=endpoint.model,
            response_model=question.schema,
            messages=[
                {"role": "system", "content": question.system},
                {"role": "user", "content": text},
            ],
            temperature=0,
            max_tokens=question.longest,
            max_retries=0,
        )
        # instructor hands out a hidden subclass that carries the raw response.
        value, error = question.schema.model_validate(filled.model_dump()), None
    except (InstructorError, OpenAIError) as failure:
        value, error = None, endpoint.redact(_said(failure))
    return _Answer(value, error, time.perf_counter() - started, spent)


def _tokens(completion: ChatCompletion) -> Tokens:
    usage = completion.usage
    details = usage.prompt_tokens_details if usage else None
    return Tokens(
        prompt=usage.prompt_tokens if usage else 0,
        cached=(details.cached_tokens or 0) if details else 0,
        completion=usage.completion_tokens if usage else 0,
    )


def _said(failure: Exception) -> str:
    """Why a call failed, in one line.

    Never in the words of the exception: those quote the reply, and so the report, and some servers
    quote the request.
    """
    if isinstance(failure, IncompleteOutputException):
        return "the reply was cut at its greatest length"
    cause = failure.__cause__ if isinstance(failure, InstructorError) else failure
    if isinstance(cause, ValidationError):
        first = cause.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "its start"
        return f"the reply does not fit the schema: {first['type']} at {where}"
    if isinstance(cause, APIStatusError):
        return f"HTTP {cause.status_code} {cause.type or cause.code or ''}".rstrip()[:100]
    return f"no reply: {type(cause or failure).__name__}"
