"""The real default model, served: what the package relies on and no stand-in can show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import openai
import pytest

from llm_extract.models.catalogue import find_model
from llm_extract.models.endpoint import Endpoint, open_endpoint
from llm_extract.models.server import Message
from llm_extract.pipeline import DEFAULT_MODEL

pytestmark = pytest.mark.model

SYSTEM: Message = {"role": "system", "content": "You read short notes. " + "Read every word. " * 12}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with open_endpoint(find_model(DEFAULT_MODEL)) as opened:
        opened.prime([SYSTEM, {"role": "user", "content": "In "}])
        yield opened


@pytest.fixture(scope="module")
def client(endpoint: Endpoint) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=endpoint.base_url,
        api_key=endpoint.api_key.get_secret_value(),
        max_retries=0,
        http_client=httpx2.Client(trust_env=False, timeout=300),
    ) as opened:
        yield opened


def ask(client: openai.OpenAI, endpoint: Endpoint, note: str, schema: dict[str, Any]) -> Any:
    create: Any = client.chat.completions.create
    return create(
        model=endpoint.model,
        messages=[SYSTEM, {"role": "user", "content": note}],
        max_tokens=40,
        temperature=0,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": schema},
        },
    )


def answer(enumerated: list[int | None]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"killed": {"enum": enumerated}, "place": {"type": "string"}},
        "required": ["killed", "place"],
        "additionalProperties": False,
    }


def test_decoding_is_bound_to_the_numbers_that_the_schema_lists(
    client: openai.OpenAI, endpoint: Endpoint
) -> None:
    note = "In Ostra 7 people were killed."
    free = ask(client, endpoint, note, answer([7, None]))
    assert json.loads(free.choices[0].message.content)["killed"] == 7
    bound = ask(client, endpoint, note, answer([105, 33]))
    assert json.loads(bound.choices[0].message.content)["killed"] in {105, 33}


def test_every_slot_has_the_shared_start_after_priming(
    client: openai.OpenAI, endpoint: Endpoint
) -> None:
    notes = [f"In {place} nobody was hurt." for place in ("Ostra", "Karm", "Velin", "Dura")]
    with ThreadPoolExecutor(len(notes)) as pool:
        replies = list(pool.map(lambda n: ask(client, endpoint, n, answer([0, None])), notes))
    shared = endpoint.count_tokens(SYSTEM["content"])
    for reply in replies:
        assert reply.usage.prompt_tokens_details.cached_tokens >= shared


def test_a_request_over_the_context_is_refused_by_the_server_too(
    client: openai.OpenAI, endpoint: Endpoint
) -> None:
    with pytest.raises(openai.BadRequestError, match="exceeds the available context size"):
        ask(client, endpoint, "word " * endpoint.spec.context_size, answer([1]))
