"""A server is checked before any work starts, and its key is never shown."""

from __future__ import annotations

import logging
import pickle
import socket
from collections.abc import Iterator

import anyio
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from llm_extract.errors import ModelError
from llm_extract.models.endpoint import (
    Endpoint,
    estimate_tokens,
    open_endpoint,
    open_endpoint_async,
    redact,
)
from llm_extract.models.spec import ModelSpec
from tests.scripted_server import ScriptedServer, reply

CANARY = "sk-canary-7f3a9c51e0d2"


def spec(url: str, *, key: str | None = None, model: str = "scripted") -> ModelSpec:
    return ModelSpec(
        name="desk",
        kind="endpoint",
        model=model,
        base_url=url,
        api_key_env=key,
        context_size=1000,
    )


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer([reply({"ok": True})], api_key=CANARY) as running:
        yield running


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DESK_KEY", CANARY)
    return "DESK_KEY"


def problem(wanted: ModelSpec) -> ModelError:
    with pytest.raises(ModelError) as caught, open_endpoint(wanted):
        pass
    assert CANARY not in str(caught.value)
    return caught.value


def test_an_open_endpoint_says_where_to_ask_and_for_what(server: ScriptedServer, key: str) -> None:
    with open_endpoint(spec(server.base_url + "/", key=key)) as endpoint:
        assert endpoint.base_url == server.base_url
        assert endpoint.model == "scripted"
        assert endpoint.api_key.get_secret_value() == CANARY
    assert [request.path for request in server.requests] == ["/v1/models"]


def test_async_callers_get_the_same(server: ScriptedServer, key: str) -> None:
    async def ask() -> str | None:
        async with open_endpoint_async(spec(server.base_url, key=key)) as endpoint:
            client = openai.AsyncOpenAI(
                base_url=endpoint.base_url,
                api_key=endpoint.api_key.get_secret_value(),
                max_retries=0,
            )
            completion = await client.chat.completions.create(
                model=endpoint.model, messages=[{"role": "user", "content": "?"}]
            )
            await client.close()
            return completion.choices[0].message.content

    assert anyio.run(ask) == '{"ok": true}'
    assert server.chats[0].prompt == "?"


def test_a_missing_key_names_its_variable(server: ScriptedServer) -> None:
    error = problem(spec(server.base_url, key="DESK_KEY_THAT_IS_NOT_SET"))
    assert "DESK_KEY_THAT_IS_NOT_SET is not set" in str(error)
    assert error.code == "missing_key"
    assert server.requests == []


def test_a_refused_key_names_its_variable_only(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_KEY", "wrong-canary")
    error = problem(spec(server.base_url, key="DESK_KEY"))
    assert "refuses the key (HTTP 401); check the key in DESK_KEY" in str(error)
    assert "wrong-canary" not in str(error)


def test_a_server_that_wants_a_key_where_none_is_named(server: ScriptedServer) -> None:
    assert "api_key_env" in str(problem(spec(server.base_url)))


@pytest.mark.parametrize("pasted", ["geheim\nnis", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, pasted: str
) -> None:
    monkeypatch.setenv("DESK_KEY", pasted)
    error = problem(spec(server.base_url, key="DESK_KEY"))
    assert "DESK_KEY holds characters that no key has" in str(error)
    assert pasted not in str(error)


def test_an_unreachable_server_is_named_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        error = problem(spec(url))
    assert f"no server answers at {url}" in str(error)
    assert "start it or correct base_url" in str(error)
    assert error.code == "model_unreachable"


def test_an_unknown_model_name_is_answered_with_those_the_server_has() -> None:
    with ScriptedServer(models=["big", "small"]) as server:
        error = problem(spec(server.base_url, model="medium"))
    assert "has no model 'medium'; it has big, small" in str(error)


def test_the_latest_tag_of_ollama_is_understood() -> None:
    with (
        ScriptedServer(models=["reader:latest"]) as server,
        open_endpoint(spec(server.base_url, model="reader")) as endpoint,
    ):
        assert endpoint.model == "reader"


def test_a_server_without_a_list_of_models_is_taken_at_its_word() -> None:
    with ScriptedServer(models_status=404) as server, open_endpoint(spec(server.base_url)):
        pass


def test_a_server_that_is_not_ready_is_said_to_be_so() -> None:
    with ScriptedServer(models_status=503) as server:
        error = problem(spec(server.base_url))
    assert "/models answers HTTP 503; is base_url right and the server ready?" in str(error)


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[]", b'{"data": [{}]}'])
def test_something_that_speaks_no_openai_is_said_to_be_so(body: bytes) -> None:
    with ScriptedServer(models_body=body) as server:
        error = problem(spec(server.base_url))
    assert "does not speak the OpenAI protocol" in str(error)


def test_a_request_that_fits_passes_and_one_token_more_does_not(
    server: ScriptedServer, key: str
) -> None:
    with open_endpoint(spec(server.base_url, key=key)) as endpoint:
        endpoint.check_fits(800, 200)
        with pytest.raises(ModelError) as caught:
            endpoint.check_fits(801, 200)
    assert caught.value.code == "context_overflow"
    assert "needs 1001 tokens (801 of prompt, 200 for the reply)" in str(caught.value)
    assert "'desk' takes 1000" in str(caught.value)


def test_an_estimate_counts_digits_and_other_scripts_one_by_one() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("killed") == 2
    assert estimate_tokens("149") == 3
    assert estimate_tokens("قتل") == 3


@given(st.text(), st.text())
def test_the_estimate_of_a_text_is_at_least_that_of_its_parts_less_rounding(
    one: str, two: str
) -> None:
    assert estimate_tokens(one + two) >= estimate_tokens(one) + estimate_tokens(two) - 1
    assert estimate_tokens(one + two) >= max(estimate_tokens(one), estimate_tokens(two))


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {CANARY}.",
        "Incorrect API key provided: sk-canar*********e0d2. You can find your key",
        "Incorrect API key provided: sk-c...e0d2",
        f"Authorization: Bearer {CANARY}",
        f"{{'Authorization': 'bearer {CANARY}'}}",
    ],
)
def test_an_echoed_key_is_taken_out_of_a_text(text: str) -> None:
    clean = redact(text, SecretStr(CANARY))
    assert "[key]" in clean
    assert "canar" not in clean
    assert "e0d2" not in clean


def test_a_text_without_a_key_stays_as_it_is() -> None:
    text = "Rate limit reached for scripted: 3 of 3 requests... try again in 20 s"
    assert redact(text, SecretStr(CANARY)) == text
    assert redact(text, SecretStr("none")) == text


def test_the_key_shows_in_no_representation(server: ScriptedServer, key: str) -> None:
    with open_endpoint(spec(server.base_url, key=key)) as endpoint:
        shown = [repr(endpoint), str(endpoint), f"{endpoint}", repr(endpoint.spec)]
        shown += [endpoint.spec.model_dump_json(), repr(pickle.loads(pickle.dumps(endpoint.spec)))]
    assert not [text for text in shown if "canary" in text]


def test_the_key_reaches_no_log_and_no_error_text(
    server: ScriptedServer,
    key: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    server.api_key = "another"
    endpoint = Endpoint(
        server.base_url, SecretStr(CANARY), "scripted", spec(server.base_url, key=key)
    )
    client = openai.OpenAI(
        base_url=endpoint.base_url, api_key=endpoint.api_key.get_secret_value(), max_retries=0
    )
    with pytest.raises(openai.AuthenticationError) as caught:
        client.chat.completions.create(
            model=endpoint.model, messages=[{"role": "user", "content": "?"}]
        )
    assert CANARY in str(caught.value), "the server must echo the key for this test to mean much"
    assert "canary" not in endpoint.redact(str(caught.value))
    problem(endpoint.spec)
    ours = [record for record in caplog.records if record.name.startswith("llm_extract")]
    assert not [record for record in ours if CANARY in record.getMessage()]
    assert not [record for record in caplog.records if CANARY in record.getMessage()]
    assert CANARY not in "".join(capfd.readouterr())
