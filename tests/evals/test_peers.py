"""Peers read every report, say what it cost and keep their failures; the plain one asks once."""

from __future__ import annotations

import asyncio
import json

import pytest
from evals.peer_runs import KEY, endpoint_of, read_all, report
from scripted_server import Reply, ScriptedServer, failure, reply

from llm_extract.evals.peers.peer import PEERS, PeerReading
from llm_extract.evals.peers.plain import (
    CLAIMS_SYSTEM,
    FlatToll,
    PlainReading,
    StatedClaim,
    StatedFacility,
    read_plainly,
)
from llm_extract.record import NO_QUOTE, Tokens

TOLL = {"killed": 9, "children": 2, "women": None, "men": None, "injured": None}


def readings(server: ScriptedServer, *reports: tuple[str, str]) -> list[PlainReading]:
    endpoint = endpoint_of(server)

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


CLAIM = {
    "outcome": "killed",
    "total": 9,
    "children": 2,
    "women": None,
    "men": None,
    "claimant": "Harbour Office",
    "perpetrators": ["coast guard", "unknown"],
    "places": ["Ilmar Bay"],
    "period": "on Tuesday",
    "quote": "Nine drowned, two of them children",
}
EMPTY = {**CLAIM, "total": None, "children": None}
FACILITY = {"kind": "transport", "number": 1, "effect": "destroyed", "quote": "the ferry"}
FIGURES = {"claims": [CLAIM, EMPTY], "facilities": [FACILITY]}
TEXT = "Nine drowned, two of them children, the Harbour Office said."


def plain(server: ScriptedServer, *texts: str) -> list[PeerReading]:
    reports = [report(str(place), text) for place, text in enumerate(texts)]
    return read_all(PEERS["plain"], reports, endpoint_of(server))


def test_the_names_of_the_peers_are_their_keys() -> None:
    assert [(name, peer.name, peer.needs_model) for name, peer in PEERS.items()] == [
        ("plain", "plain", True),
        ("langextract", "langextract", True),
        ("regex", "regex", False),
    ]


@pytest.mark.parametrize("name", ["plain", "langextract"])
def test_a_peer_with_a_model_asks_for_one(name: str) -> None:
    with pytest.raises(ValueError, match="needs a model"):
        read_all(PEERS[name], [report("a", TEXT)], None)


def test_the_plain_peer_turns_its_reply_into_claims() -> None:
    with ScriptedServer([reply(FIGURES, prompt_tokens=300, cached_tokens=40)]) as server:
        (reading,) = plain(server, TEXT)
    assert (reading.error, reading.calls) == (None, 1) and reading.seconds > 0
    assert reading.tokens == Tokens(prompt=300, cached=40, completion=20)
    assert reading.report is not None
    (claim,) = reading.report.claims
    assert claim.outcome == "killed" and claim.women is claim.men is None
    assert claim.total is not None and claim.children is not None
    assert (claim.total.value, claim.total.as_written, claim.children.value) == (9, "9", 2)
    assert (claim.claimant, claim.places) == ("Harbour Office", ["Ilmar Bay"])
    assert (claim.perpetrators, claim.attribution) == (["coast guard"], "stated")
    assert claim.period is not None and claim.period.as_written == "on Tuesday"
    assert claim.evidence == ["Nine drowned, two of them children"]
    (place,) = reading.report.facilities
    assert (place.kinds, place.effect) == (["transport"], "destroyed")
    assert place.count is not None and place.count.value == 1


def test_the_plain_peer_asks_once_for_its_schema_with_the_report_unchanged() -> None:
    text = "{{ 7 * 7 }} drowned {% if x %}"
    with ScriptedServer([reply(FIGURES)]) as server:
        plain(server, text)
    (request,) = server.chats
    assert request.body["response_format"]["type"] == "json_schema"
    assert request.body["temperature"] == 0
    assert [m["content"] for m in request.body["messages"]] == [CLAIMS_SYSTEM, text]


@pytest.mark.parametrize("schema", [StatedClaim, StatedFacility])
def test_the_plain_prompt_names_every_field(schema: type[StatedClaim | StatedFacility]) -> None:
    assert all(name in CLAIMS_SYSTEM for name in schema.model_fields)


@pytest.mark.parametrize(
    ("bad", "error", "tokens"),
    [
        (failure(500, f"{TEXT} with {KEY}"), "HTTP 500 scripted", 0),
        (failure(401, f"{KEY} is wrong"), "HTTP 401 scripted", 0),
        (Reply('{"claims": [', finish_reason="length"), "the reply was cut", 20),
        (Reply(TEXT), "the reply does not fit the schema", 20),
        (reply({"claims": [{**CLAIM, "total": TEXT}]}), "int_type at claims.0.total", 20),
        (reply(FIGURES, close_after=30), "no reply: APIConnectionError", 0),
        (Reply(raw=b'{"choices": []}'), "no reply", 0),
        (Reply(raw=TEXT.encode()), "no reply", 0),
    ],
)
def test_a_failed_plain_call_says_why_without_text_or_key_and_stops_no_other(
    bad: Reply, error: str, tokens: int, caplog: pytest.LogCaptureFixture
) -> None:
    with ScriptedServer([bad, reply(FIGURES)]) as server:
        first, second = plain(server, TEXT, TEXT)
    assert first.report is None and first.error is not None
    assert error in first.error and "\n" not in first.error
    assert first.tokens.completion == tokens
    assert TEXT not in first.error + caplog.text and KEY not in first.error + caplog.text
    assert second.report is not None and second.error is None
    assert len(server.chats) == 2


@pytest.mark.parametrize(
    ("changes", "period", "evidence"),
    [
        ({"period": "2026-03-02"}, "2026-03-02", CLAIM["quote"]),
        ({"period": " not specified "}, None, CLAIM["quote"]),
        ({"period": None, "quote": " "}, None, NO_QUOTE),
    ],
)
def test_only_a_printed_date_is_a_day_and_words_for_nothing_are_nothing(
    changes: dict[str, object], period: str | None, evidence: str
) -> None:
    stated = {"claims": [{**CLAIM, "claimant": "Unknown", **changes}], "facilities": []}
    with ScriptedServer([reply(stated)]) as server:
        (reading,) = plain(server, TEXT)
    assert reading.report is not None
    (claim,) = reading.report.claims
    assert claim.claimant is None and claim.evidence == [evidence]
    assert (claim.period and claim.period.as_written) == period
    assert (claim.period and claim.period.start and claim.period.start.isoformat()) == period


def test_text_that_cannot_be_sent_is_a_failed_reading() -> None:
    with ScriptedServer([reply(FIGURES)]) as server:
        first, second = plain(server, "\ud800", TEXT)
    assert first.report is None and first.error == "no reply: UnicodeEncodeError"
    assert second.report is not None


def test_a_negative_number_is_no_number() -> None:
    stated = {"claims": [{**CLAIM, "total": -1}], "facilities": []}
    with ScriptedServer([reply(stated)]) as server:
        (reading,) = plain(server, TEXT)
    assert reading.report is not None and reading.report.claims[0].total is None
