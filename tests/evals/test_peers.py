"""The plain peer asks once a report, with the report as it stands, and keeps its failures."""

from __future__ import annotations

import asyncio
import json

import pytest
from pydantic import SecretStr

from llm_extract.evals.peers.plain import FlatToll, PlainReading, read_plainly
from llm_extract.models.endpoint import Endpoint
from llm_extract.models.spec import ModelSpec
from tests.scripted_server import Reply, ScriptedServer, failure, reply

TOLL = {"killed": 9, "children": 2, "women": None, "men": None, "injured": None}
KEY = "key-of-this-test"


def readings(server: ScriptedServer, *reports: tuple[str, str]) -> list[PlainReading]:
    spec = ModelSpec(
        name="scripted",
        kind="endpoint",
        model="scripted",
        base_url=server.base_url,
        context_size=4096,
    )
    endpoint = Endpoint(server.base_url, SecretStr(KEY), "scripted", spec)

    async def collect() -> list[PlainReading]:
        return [reading async for reading in read_plainly(reports, endpoint)]

    return asyncio.run(collect())


def test_the_reply_becomes_a_flat_toll_with_its_cost() -> None:
    with ScriptedServer([reply(TOLL, prompt_tokens=120, completion_tokens=30)]) as server:
        (reading,) = readings(server, ("a", "Nine drowned, two of them children."))
    assert reading.toll == FlatToll(**TOLL) and reading.error is None
    assert (reading.prompt_tokens, reading.completion_tokens) == (120, 30)
    assert reading.seconds > 0


def test_the_server_is_asked_for_the_schema_and_gets_the_report_unchanged() -> None:
    text = "{{ 7 * 7 }} drowned {% if x %}"
    with ScriptedServer([reply(TOLL)]) as server:
        readings(server, ("a", text))
    (request,) = server.chats
    assert request.body["response_format"]["type"] == "json_schema"
    assert request.body["messages"][-1]["content"] == text


@pytest.mark.parametrize(
    "bad", [Reply("no JSON at all"), reply({"killed": 3}), failure(500, f"no {KEY} today")]
)
def test_a_failed_report_is_kept_asked_once_and_stops_no_other(bad: Reply) -> None:
    with ScriptedServer([bad, reply(TOLL)]) as server:
        first, second = readings(server, ("a", "one"), ("b", "two"))
    assert first.toll is None and first.error and KEY not in first.error
    assert second.toll == FlatToll(**TOLL)
    assert len(server.chats) == 2


def test_the_prompt_names_every_field_of_the_schema() -> None:
    with ScriptedServer([reply(TOLL)]) as server:
        readings(server, ("a", "one"))
    asked = json.dumps(server.chats[0].body["messages"])
    assert all(f"- {name}:" in asked for name in FlatToll.model_fields)
