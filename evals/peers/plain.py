"""The plain peer: one instructor call a report into a flat schema, as a tutorial would write it.

It is the yardstick that our own reading has to beat with the same model; it uses nothing of it.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import instructor
from instructor.core.exceptions import InstructorError
from openai import AsyncOpenAI, OpenAIError
from pydantic import BaseModel, Field

from llm_extract.models.endpoint import Endpoint

SYSTEM = """You extract casualty figures from news reports.
Return a JSON object with these fields:
- killed: total number of people killed
- children: number of children killed
- women: number of women killed
- men: number of men killed
- injured: total number of people injured
Use null for anything the report does not state."""

MAX_TOKENS = 200
"""Five small numbers take about 40 tokens; a reply that runs on is cut and counts as failed."""


class FlatToll(BaseModel):
    """The flat schema of the peer."""

    killed: int | None = Field(description="total number of people killed")
    children: int | None = Field(description="number of children killed")
    women: int | None = Field(description="number of women killed")
    men: int | None = Field(description="number of men killed")
    injured: int | None = Field(description="total number of people injured")


@dataclass(frozen=True, slots=True)
class PlainReading:
    """What the peer made of one report; `toll` is None and `error` set when the call failed."""

    id: str
    toll: FlatToll | None
    error: str | None
    seconds: float
    prompt_tokens: int
    completion_tokens: int


async def read_plainly(
    reports: Sequence[tuple[str, str]], endpoint: Endpoint
) -> AsyncIterator[PlainReading]:
    """The readings of (id, text) reports one after the other, so that seconds can be compared.

    A failed call gives a reading with its error.
    """
    key = endpoint.api_key.get_secret_value()
    async with AsyncOpenAI(base_url=endpoint.base_url, api_key=key, max_retries=0) as server:
        client = instructor.from_openai(server, mode=instructor.Mode.JSON_SCHEMA)
        for identity, text in reports:
            yield await _reading(client, identity, text, endpoint)


async def _reading(
    client: instructor.AsyncInstructor, identity: str, text: str, endpoint: Endpoint
) -> PlainReading:
    started = time.perf_counter()
    try:
        toll, completion = await client.create_with_completion(
            model=endpoint.model,
            response_model=FlatToll,
            messages=[
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": text},
            ],
            temperature=0,
            max_tokens=MAX_TOKENS,
            max_retries=0,
        )
    except (InstructorError, OpenAIError) as error:
        line = endpoint.redact(" ".join(str(error).split()))[:200]
        return PlainReading(identity, None, line, time.perf_counter() - started, 0, 0)
    usage = completion.usage
    return PlainReading(
        identity,
        FlatToll.model_validate(toll.model_dump()),
        None,
        time.perf_counter() - started,
        usage.prompt_tokens if usage else 0,
        usage.completion_tokens if usage else 0,
    )
