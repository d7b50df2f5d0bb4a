"""The scripted server as such: what it answers, what it charges, how it starts and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import anyio
import httpx2
import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_server import Fault, Script, ServerProcess, ServerThread, Tokens, Usage
from model_server.answers import smallest

from llm_extract.documents import report_from_text
from llm_extract.models.catalogue import USER_FILES_VARIABLE
from llm_extract.pipeline import Pipeline, Settings
from llm_extract.record import Record

REPORT = (
    "The mayor Anton Brell was killed when a mine went off near Vasna on Monday. At least 15 "
    "people were injured in the blast, the fire service said. The Northern Front claimed "
    "responsibility."
)

NO_TLS = False
"""Loading certificates takes longer than most of these tests."""
Start = Callable[..., ServerThread]
Chat = Callable[..., bytes]


def post(server: ServerThread | ServerProcess, body: bytes, **headers: str) -> httpx2.Response:
    url = f"{server.base_url}/chat/completions"
    return httpx2.post(url, content=body, headers=headers, timeout=10.0, verify=NO_TLS)


# --- answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["json_schema", "strict", "json"])
@pytest.mark.parametrize("strategy", ["document", "sentence", "mention"])
def test_every_reply_passes_the_schema_our_program_asked_for(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strategy: str, mode: str
) -> None:
    server = start()
    keys = f'kind = "endpoint"\nbase_url = "{server.base_url}"\nmodel = "scripted"\n'
    catalogue = tmp_path / "models.toml"
    catalogue.write_text(f'[models.desk]\n{keys}mode = "{mode}"\ncontext_size = 32000\n')
    monkeypatch.setenv(USER_FILES_VARIABLE, str(catalogue))

    async def work() -> Record:
        async with Pipeline(Settings(model="desk", strategy=strategy)) as pipeline:  # type: ignore[arg-type]
            return await pipeline.process(report_from_text(REPORT))

    record = anyio.run(work)
    assert record.disposition != "failed" and record.provenance is not None
    attempts = record.provenance.attempts
    assert attempts and not [each.error for each in attempts if each.error]
    charged = server.ledger().charged
    told = record.provenance.tokens
    assert (charged.prompt, charged.completion) == (told.prompt, told.completion)


@given(
    st.recursive(
        st.sampled_from(
            [
                {"type": "string", "minLength": 3},
                {"type": "integer", "minimum": 4},
                {"type": "number", "maximum": -2},
                {"type": "integer", "exclusiveMinimum": -3, "exclusiveMaximum": 0},
                {"type": ["boolean", "null"]},
                {"enum": [7, 9]},
                {"const": "fixed"},
                {"$ref": "#/$defs/leaf"},
            ]
        ),
        lambda inner: st.one_of(
            st.builds(
                lambda part, n: {"type": "array", "items": part, "minItems": n},
                inner,
                st.integers(0, 2),
            ),
            st.builds(lambda one, two: {"anyOf": [one, two]}, inner, inner),
            st.builds(
                lambda one, two: {
                    "type": "object",
                    "properties": {"a": one, "b": two},
                    "required": ["a", "b"],
                    "additionalProperties": False,
                },
                inner,
                inner,
            ),
        ),
        max_leaves=6,
    )
)
def test_the_smallest_instance_of_a_schema_is_valid(schema: dict[str, Any]) -> None:
    schema = {**schema, "$defs": {"leaf": {"type": "string", "maxLength": 2}}}
    jsonschema.validate(smallest(schema), schema)


def test_a_fixed_reply_and_an_empty_one_are_sent_as_scripted(start: Start, chat: Chat) -> None:
    fixed, empty = start(answer="echo", content='{"a": 1}'), start(answer="empty")
    assert post(fixed, chat()).json()["choices"][0]["message"]["content"] == '{"a": 1}'
    assert post(empty, chat()).json()["choices"][0]["message"]["content"] == ""


def test_a_model_a_key_and_a_path_it_does_not_know_are_refused(start: Start, chat: Chat) -> None:
    server = start(api_key="sk-right-one")
    assert post(server, chat()).status_code == 401
    good = {"authorization": "Bearer sk-right-one"}
    refused = post(server, chat().replace(b"scripted", b"other"), **good)
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "model_not_found")
    assert post(server, b"[not json", **good).status_code == 400
    assert post(server, chat(), **good).status_code == 200
    assert httpx2.get(f"{server.base_url}/nothing", verify=NO_TLS).status_code == 404
    assert (
        httpx2.get(f"{server.base_url}/models", headers=good, verify=NO_TLS).json()["data"][0]["id"]
        == "scripted"
    )
    assert server.ledger().statuses == {"200": 1, "400": 1, "401": 1, "404": 1}


# --- ledger ------------------------------------------------------------------------------------


def test_the_ledger_charges_what_the_reply_tells(start: Start, chat: Chat) -> None:
    server = start(usage=Usage(cached_share=0.5, reasoning=30), answer="echo", content="x" * 41)
    body = chat("a report")
    usage = post(server, body, **{"x-client-request-id": "mine"}).json()["usage"]
    prompt = len(body) // 4
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (prompt, 11 + 30)
    assert usage["prompt_tokens_details"] == {"cached_tokens": prompt // 2}
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 30}
    charged = Tokens(prompt, prompt // 2, 41, 30)
    (row,) = server.requests()
    assert (row.request_id, row.sha256) == ("mine", sha256(body).hexdigest())
    assert (row.status, row.tokens, row.charged, row.whole) == (200, charged, True, True)
    assert row.finished is not None and row.arrived <= row.finished <= time.time()
    totals = server.ledger()
    assert totals.charged == charged and totals.charged_not_whole == Tokens()
    assert (totals.requests, totals.charged_requests, totals.in_flight) == (1, 1, 0)


def test_totals_are_the_sums_of_the_rows(start: Start, chat: Chat) -> None:
    server = start()
    with httpx2.Client(verify=NO_TLS) as client:
        for number in range(60):
            name = "scripted" if number % 3 else "unknown"
            body = chat("word " * number).replace(b"scripted", name.encode())
            client.post(f"{server.base_url}/chat/completions", content=body)
    rows, totals = list(server.requests()), server.ledger()
    assert [row.number for row in rows] == list(range(60))
    assert totals.statuses == {"200": 40, "404": 20}
    assert totals.charged.prompt == sum(row.tokens.prompt for row in rows) > 0
    assert totals.charged.completion == sum(row.tokens.completion for row in rows) == 40
    assert not any(row.tokens.prompt for row in rows if row.status == 404)


def test_the_behaviour_changes_while_it_runs_and_the_ledger_stays(start: Start, chat: Chat) -> None:
    server = start(answer="empty")
    post(server, chat())
    server.set_script(Script(answer="echo", content="new"))
    assert post(server, chat()).json()["choices"][0]["message"]["content"] == "new"
    assert server.ledger().requests == 2
    root = server.base_url.removesuffix("/v1")
    refused = httpx2.post(f"{root}/scripted/script", content=b'{"colour": "red"}', verify=NO_TLS)
    assert refused.status_code == 400 and "colour" in refused.text
    with pytest.raises(ValueError, match="no fault rain"):
        server.set_script(Script(faults=(Fault("rain"),)))


@settings(max_examples=30)
@given(st.builds(Script, faults=st.lists(st.builds(Fault), max_size=2).map(tuple)))
def test_a_script_goes_through_json_unchanged(script: Script) -> None:
    assert Script.from_json(script.to_json()) == script


@pytest.mark.parametrize("text", ["[]", '{"seed": "x"}', '{"answer": "no"}', '{"colour": "red"}'])
def test_a_script_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Script.from_json(text)


# --- the process -------------------------------------------------------------------------------


def test_the_server_outlives_a_client_that_is_killed(chat: Chat) -> None:
    with ServerProcess() as server:
        assert server.pid != os.getpid()
        script = (
            "import sys, http.client\n"
            "c = http.client.HTTPConnection(sys.argv[1])\n"
            "c.request('POST', '/v1/chat/completions', sys.argv[2]); c.getresponse().read()\n"
            "print('ready', flush=True); sys.stdin.read()\n"
        )
        address = server.base_url.removeprefix("http://").removesuffix("/v1")
        client = subprocess.Popen(
            [sys.executable, "-c", script, address, chat().decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with client:
            assert client.stdout is not None and client.stdout.readline() == b"ready\n"
            client.send_signal(signal.SIGKILL)
        assert post(server, chat()).status_code == 200
        assert server.ledger().requests == 2


def test_the_server_ends_with_its_owner() -> None:
    server = ServerProcess().__enter__()
    assert server._child is not None and server._child.stdin is not None
    server._child.stdin.close()
    assert server._child.wait(5) == 0
    server.__exit__(None, None, None)


def test_the_server_is_started_from_a_shell_and_stopped_by_a_request(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(Script(answer="echo", content="from a file").to_json())
    command = [sys.executable, "-m", "model_server", "--port", "0", "--script", str(script)]
    package = Path(__file__).resolve().parent.parent
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(package)}
    ) as child:
        assert child.stdout is not None
        base_url = child.stdout.readline().strip()
        listed = httpx2.get(f"{base_url}/models", verify=NO_TLS).json()["data"]
        assert [each["id"] for each in listed] == ["scripted"]
        httpx2.post(f"{base_url.removesuffix('/v1')}/scripted/stop", verify=NO_TLS)
        assert child.wait(5) == 0


def test_a_script_that_cannot_be_is_told_at_the_start(capfd: pytest.CaptureFixture[str]) -> None:
    script = Script(faults=(Fault("no_such_fault"),))
    with pytest.raises(ValueError, match="no_such_fault"), ServerThread(script):
        pass
    with pytest.raises(RuntimeError, match="did not start"), ServerProcess(script):
        pass
    assert "no_such_fault" in capfd.readouterr().err
