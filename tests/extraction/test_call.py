"""One call to a model: what is sent, asked again or given up, and what stays on record."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

import anyio
import pytest
from pydantic import Field, SecretStr, field_validator
from scripted_server import Reply, Script, ScriptedServer, failure, reply
from tenacity.wait import wait_none

from llm_extract.errors import ModelError
from llm_extract.extraction import call
from llm_extract.extraction.call import (
    MOST_REQUESTS,
    REASKS,
    TRANSPORT_TRIES,
    Conversation,
    open_caller,
)
from llm_extract.extraction.wire import Wire
from llm_extract.models import pace
from llm_extract.models.endpoint import Endpoint
from llm_extract.models.spec import Mode, ModelSpec

CANARY = "sk-canary-5b1e77d09c42"
PASSAGE = (40, 95)
GOOD = {"killed": 12, "place": "Belkesh"}
BAD = {"killed": 13, "place": "Belkesh"}


class Toll(Wire):
    killed: Literal[12, 30] | None
    place: str = Field(max_length=40)

    @field_validator("place")
    @classmethod
    def stands(cls, place: str) -> str:
        if place != "Belkesh":
            raise ValueError(f"{place!r} does not stand in the passage")
        return place


class Desk:
    """A scripted server, one question to it and what that left on record."""

    def __init__(self, server: ScriptedServer, mode: Mode = "json_schema") -> None:
        self.server = server
        self.conversation = Conversation()
        self.spec = ModelSpec(
            name="desk",
            kind="endpoint",
            model="scripted",
            base_url=server.base_url,
            mode=mode,
            context_size=2000,
        )
        self.endpoint = Endpoint(server.base_url, SecretStr(CANARY), "scripted", self.spec)

    def ask(self, text: str = "Shells killed 12 in Belkesh.", longest: int = 50) -> Toll | None:
        async def work() -> Toll | None:
            async with open_caller(self.endpoint) as caller:
                messages = [{"role": "user", "content": text}]
                return await caller.ask(messages, Toll, self.conversation, PASSAGE, longest)

        return anyio.run(work)

    @property
    def errors(self) -> list[str | None]:
        return [attempt.error for attempt in self.conversation.attempts]


@pytest.fixture
def desk() -> Iterator[Callable[..., Desk]]:
    opened: list[ScriptedServer] = []

    def start(script: Script, mode: Mode = "json_schema") -> Desk:
        server = ScriptedServer(script, api_key=CANARY)
        opened.append(server)
        return Desk(server.__enter__(), mode)

    yield start
    for server in opened:
        server.__exit__(None, None, None)


Start = Callable[..., Desk]


def busy(status: int = 503) -> Reply:
    return failure(status, "come back later", retry_after="0")


# --- what is sent ------------------------------------------------------------------------------


def test_a_good_reply_is_one_request_and_one_attempt(desk: Start) -> None:
    asked = desk([reply(GOOD)])
    assert asked.ask() == Toll(killed=12, place="Belkesh")
    (attempt,) = asked.conversation.attempts
    assert (attempt.passage, attempt.number, attempt.error) == ("40:95", 1, None)
    assert json.loads(attempt.reply or "") == GOOD
    assert len(asked.server.chats) == 1


def test_an_answer_is_a_plain_value_of_its_model(desk: Start) -> None:
    assert type(desk([reply(GOOD)]).ask()) is Toll


def test_the_schema_goes_with_the_request(desk: Start) -> None:
    asked = desk([reply(GOOD)])
    asked.ask()
    sent = asked.server.chats[0].body
    assert sent["response_format"]["type"] == "json_schema"
    assert sent["response_format"]["json_schema"]["schema"] == Toll.model_json_schema()
    assert (sent["temperature"], sent["max_tokens"]) == (0, 50)


def test_strict_mode_asks_for_strict_output(desk: Start) -> None:
    asked = desk([reply(GOOD)], "strict")
    assert asked.ask() == Toll(killed=12, place="Belkesh")
    sent = asked.server.chats[0].body["response_format"]["json_schema"]
    assert sent["strict"] is True
    assert sent["schema"]["additionalProperties"] is False
    assert sent["schema"]["properties"]["place"] == {"type": "string"}


def test_json_mode_puts_the_schema_into_words(desk: Start) -> None:
    asked = desk([reply(GOOD)], "json")
    assert asked.ask() == Toll(killed=12, place="Belkesh")
    sent = asked.server.chats[0]
    assert sent.body["response_format"] == {"type": "json_object"}
    assert '"killed"' in sent.prompt


@pytest.mark.parametrize("mode", ["json_schema", "strict", "json"])
def test_report_text_is_never_a_template(desk: Start, mode: Mode) -> None:
    text = "Shells killed 12 {{ 7 * 7 }} {% raw %} in Belkesh {# gone #} {0} %s ${HOME}"
    asked = desk([reply(GOOD)], mode)
    asked.ask(text)
    assert text in asked.server.chats[0].prompt


# --- what is asked again -----------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["json_schema", "strict", "json"])
def test_a_reply_that_breaks_the_schema_is_asked_again_with_the_finding_in_words(
    desk: Start, mode: Mode
) -> None:
    asked = desk([reply({**GOOD, "place": "Vasna"}), reply(GOOD)], mode)
    assert asked.ask() == Toll(killed=12, place="Belkesh")
    second = asked.server.chats[1].body["messages"]
    assert "'Vasna' does not stand in the passage" in str(second[-1]["content"])
    first, last = asked.conversation.attempts
    assert "'Vasna' does not stand in the passage" in (first.error or "")
    assert (first.number, last.number, last.error) == (1, 2, None)


def test_a_number_outside_the_schema_never_comes_through(desk: Start) -> None:
    asked = desk([reply(BAD)])
    assert asked.ask() is None
    assert len(asked.server.chats) == 1 + REASKS
    assert all(asked.errors)


@pytest.mark.parametrize("content", ["", "no JSON at all", "[1]", "null", '{"killed": 12'])
def test_what_is_no_json_object_is_asked_again(desk: Start, content: str) -> None:
    asked = desk([Reply(content), reply(GOOD)])
    assert asked.ask() == Toll(killed=12, place="Belkesh")
    assert len(asked.server.chats) == 2


def test_a_reply_that_was_cut_is_given_up_at_once_and_says_so(desk: Start) -> None:
    asked = desk([Reply('{"killed": 1', finish_reason="length")])
    assert asked.ask() is None
    assert len(asked.server.chats) == 1
    assert asked.errors == ["the reply was cut at 50 tokens"]
    assert asked.conversation.attempts[0].reply == '{"killed": 1'


def test_a_response_without_an_answer_is_one_clear_line(desk: Start) -> None:
    empty = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": []}
    asked = desk([Reply(raw=json.dumps(empty).encode())])
    with pytest.raises(ModelError, match=r"model 'desk' at http.* failed: .*no answer") as caught:
        asked.ask()
    assert "\n" not in str(caught.value)


def test_letters_that_no_store_can_hold_are_replaced_in_what_stays_on_record(desk: Start) -> None:
    asked = desk([Reply("no JSON \x00 at all"), reply(GOOD)])
    asked.ask()
    first = asked.conversation.attempts[0]
    assert first.reply == "no JSON \ufffd at all"
    assert json.loads(first.model_dump_json())["error"] == first.error
    assert first.error is not None and "\x00" not in first.error


# --- transport ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_a_busy_server_is_asked_again(desk: Start, status: int) -> None:
    asked = desk([busy(status), reply(GOOD)])
    assert asked.ask() == Toll(killed=12, place="Belkesh")
    assert len(asked.server.chats) == 2
    first, second = asked.conversation.attempts
    assert str(status) in (first.error or "") and second.error is None
    assert not first.uncounted


def test_the_wait_that_a_server_asks_for_is_kept(desk: Start) -> None:
    asked = desk([failure(429, "slow down", retry_after="0.4"), reply(GOOD)])
    started = time.perf_counter()
    assert asked.ask() is not None
    assert time.perf_counter() - started >= 0.4


def test_a_connection_cut_in_the_middle_of_a_reply_is_made_again(desk: Start) -> None:
    asked = desk([reply(GOOD, close_after=20), reply(GOOD)])
    assert asked.ask() == Toll(killed=12, place="Belkesh")
    assert len(asked.server.chats) == 2
    assert [a.uncounted for a in asked.conversation.attempts] == [True, False]


def test_a_server_that_has_gone_is_said_with_the_reason(
    desk: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call, "_RETRYING", call._RETRYING.copy(wait=wait_none()))
    asked = desk([reply(GOOD, close_after=0)])
    with pytest.raises(ModelError, match=r"Connection error\. \(.*(peer|disconnect)") as caught:
        asked.ask()
    assert "\n" not in str(caught.value)
    assert len(asked.server.chats) == TRANSPORT_TRIES


def test_a_server_that_stays_broken_is_given_up_in_one_clear_line(desk: Start) -> None:
    asked = desk([busy(500)])
    with pytest.raises(ModelError, match=r"model 'desk' at http.* failed: .*500") as caught:
        asked.ask()
    assert caught.value.code == "model_failed"
    assert "\n" not in str(caught.value)
    assert len(asked.server.chats) == TRANSPORT_TRIES
    assert ["500" in (error or "") for error in asked.errors] == [True] * TRANSPORT_TRIES


@pytest.mark.parametrize("status", [400, 422])
def test_a_refusal_is_final(desk: Start, status: int) -> None:
    asked = desk([failure(status, "not like this")])
    with pytest.raises(ModelError, match="not like this"):
        asked.ask()
    assert len(asked.server.chats) == 1


@pytest.mark.parametrize(
    ("status", "code"), [(401, "refused_key"), (403, "refused_key"), (404, "unknown_model")]
)
def test_whether_a_key_is_refused_or_a_report_is_seen_by_a_question_about_nothing(
    desk: Start, status: int, code: str
) -> None:
    for script, expected in (
        ([failure(status, "not you")], code),
        ([failure(status, "not this"), reply(GOOD)], "model_refused"),
    ):
        asked = desk(script)
        with pytest.raises(ModelError, match="not") as caught:
            asked.ask()
        assert caught.value.code == expected
        report, knock = asked.server.chats
        assert ("Belkesh" in report.prompt, "Belkesh" in knock.prompt) == (True, False)
        assert len(asked.conversation.attempts) == 1


def test_a_server_that_is_down_is_asked_about_nothing_and_uses_up_no_tries(
    desk: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "FIRST_PROBE", 0.01)
    monkeypatch.setattr(call, "FIRST_WAIT_SECONDS", 0.01)
    asked = desk([busy(500)] * (TRANSPORT_TRIES + 1) + [reply(GOOD)])

    async def twice() -> None:
        async with open_caller(asked.endpoint) as caller:
            messages = [{"role": "user", "content": "Shells killed 12 in Belkesh."}]
            with pytest.raises(ModelError):
                await caller.ask(messages, Toll, asked.conversation, PASSAGE, 50)
            await caller.ask(messages, Toll, asked.conversation, PASSAGE, 50)

    anyio.run(twice)
    about = ["Belkesh" in request.prompt for request in asked.server.chats]
    assert about == [True] * TRANSPORT_TRIES + [False] * 2 + [True]


def test_a_passage_that_a_provider_filters_is_one_without_an_answer(desk: Start) -> None:
    body = {"error": {"message": "The prompt was filtered", "code": "content_filter"}}
    asked = desk([Reply(json.dumps(body), 400)])
    assert asked.ask() is None
    assert asked.errors == ["HTTP 400: The prompt was filtered"]


def test_an_exhausted_quota_is_not_waited_for(desk: Start) -> None:
    body = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}
    asked = desk([Reply(json.dumps(body), 429)])
    with pytest.raises(ModelError, match="exceeded your quota"):
        asked.ask()
    assert len(asked.server.chats) == 1


def test_the_worst_case_is_bounded_and_retries_are_not_multiplied(desk: Start) -> None:
    asked = desk([busy()] * (TRANSPORT_TRIES - 1) + [reply(BAD)] + [busy()] * 20)
    with pytest.raises(ModelError, match="503"):
        asked.ask()
    assert len(asked.server.chats) == MOST_REQUESTS == TRANSPORT_TRIES + REASKS


def test_each_request_bears_an_id_of_its_own_that_is_kept(desk: Start) -> None:
    asked = desk([busy(), reply(BAD), reply(GOOD)])
    asked.ask()
    sent = [request.headers["x-client-request-id"] for request in asked.server.chats]
    assert sent == [attempt.request for attempt in asked.conversation.attempts]
    assert len(set(sent)) == 3


def test_a_refusal_of_the_model_is_not_asked_again(desk: Start) -> None:
    body: dict[str, Any] = json.loads(reply(GOOD).body("scripted"))
    body["choices"][0]["message"] = {"role": "assistant", "content": None, "refusal": "I can't."}
    asked = desk([Reply(raw=json.dumps(body).encode())])
    assert asked.ask() is None
    assert asked.errors == ["the model refused: I can't."]
    assert len(asked.server.chats) == 1


def test_a_request_over_the_context_is_refused_before_it_is_sent(desk: Start) -> None:
    asked = desk([reply(GOOD)])
    with pytest.raises(ModelError, match=r"needs \d+ tokens .* takes 2000") as caught:
        asked.ask("Shells killed 12 in Belkesh. " * 300)
    assert caught.value.code == "context_overflow"
    assert not asked.server.requests


# --- the books ---------------------------------------------------------------------------------


def test_tokens_are_counted_for_each_attempt_and_summed_once(desk: Start) -> None:
    spent = {"prompt_tokens": 300, "cached_tokens": 250, "completion_tokens": 9}
    asked = desk([reply(BAD, **spent), reply(GOOD, **{**spent, "prompt_tokens": 340})])
    asked.ask()
    each = [
        (a.tokens.prompt, a.tokens.cached, a.tokens.completion) for a in asked.conversation.attempts
    ]
    assert each == [(300, 250, 9), (340, 250, 9)]
    total = asked.conversation.tokens()
    assert (total.prompt, total.cached, total.completion) == (640, 500, 18)


def test_a_server_that_counts_no_tokens_is_no_trouble(desk: Start) -> None:
    body: dict[str, Any] = json.loads(reply(GOOD).body("scripted"))
    del body["usage"]
    asked = desk([Reply(raw=json.dumps(body).encode())])
    assert asked.ask() is not None
    assert asked.conversation.tokens().prompt == 0
    assert asked.conversation.attempts[0].uncounted


@pytest.mark.parametrize(
    "script",
    [
        [reply(GOOD)],
        [reply(BAD)],
        [busy(500)],
        [failure(400, f"the key {CANARY} may not do that")],
        [failure(401, f"Incorrect API key provided: {CANARY[:7]}****{CANARY[-4:]}.")],
    ],
    ids=["good", "bad", "broken", "echo", "masked"],
)
def test_the_key_is_nowhere_but_in_the_request(
    desk: Start, script: list[Reply], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asked = desk(script)
    said = ""
    try:
        asked.ask()
    except ModelError as error:
        said = f"{error} {error!r} {error.__cause__!r}"
    assert asked.server.chats[0].headers["authorization"] == f"Bearer {CANARY}"
    kept = " ".join(attempt.model_dump_json() for attempt in asked.conversation.attempts)
    for place in (said, kept, caplog.text, repr(asked.endpoint)):
        assert CANARY not in place
        assert CANARY[-4:] not in place


def test_nothing_of_a_report_is_logged(desk: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    asked = desk([reply(BAD), busy(500)])
    with pytest.raises(ModelError):
        asked.ask("Shells killed 12 in Belkesh.")
    assert "Belkesh" not in caplog.text
