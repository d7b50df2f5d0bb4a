"""Each fault as a client meets it, and what it costs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import pytest
from model_server import Fault, Script, ServerThread
from model_server.faults import FAULTS

NO_TLS = False
"""Loading certificates takes longer than most of these tests."""
Start = Callable[..., ServerThread]
Chat = Callable[..., bytes]
SCHEMA = {
    "type": "object",
    "properties": {"claims": {"type": "array", "items": {"type": "string"}}},
    "required": ["claims"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "R", "schema": SCHEMA}}


def post(server: ServerThread, body: bytes, timeout: float = 5.0) -> httpx2.Response:
    return httpx2.post(
        f"{server.base_url}/chat/completions", content=body, timeout=timeout, verify=NO_TLS
    )


def charged(server: ServerThread, rows: int = 1) -> int:
    """Prompt tokens charged once all rows are closed."""
    deadline = time.monotonic() + 5
    while server.ledger().in_flight and time.monotonic() < deadline:
        time.sleep(0.005)
    assert server.ledger().requests == rows
    return server.ledger().charged.prompt


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("rate_limit", 429, "rate_limit_exceeded"),
        ("insufficient_quota", 429, "insufficient_quota"),
        ("invalid_api_key", 401, "invalid_api_key"),
        ("permission", 403, "model_not_found"),
        ("model_not_found", 404, "model_not_found"),
        ("context_length_exceeded", 400, "context_length_exceeded"),
        ("error_500", 500, None),
        ("error_503", 503, None),
        ("error_529", 529, None),
    ],
)
def test_an_error_has_the_body_openai_sends_and_costs_nothing(
    start: Start, chat: Chat, name: str, status: int, code: str | None
) -> None:
    server = start(faults=(Fault(name),))
    response = post(server, chat())
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert charged(server) == 0
    totals = server.ledger()
    assert totals.statuses == {str(status): 1} and totals.faults == {name: 1}


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("error_502", 502, "text/html; charset=utf-8"),
        ("login_page", 200, "text/html; charset=utf-8"),
        ("not_json", 200, "application/json"),
    ],
)
def test_what_stands_before_the_model_answers_in_its_own_words(
    start: Start, chat: Chat, name: str, status: int, kind: str
) -> None:
    server = start(faults=(Fault(name),))
    response = post(server, chat())
    assert (response.status_code, response.headers["content-type"]) == (status, kind)
    with pytest.raises(json.JSONDecodeError):
        response.json()
    assert charged(server) == 0


@pytest.mark.parametrize(
    ("name", "content", "finish", "completion"),
    [
        ("wrong_schema", '{"unexpected": [1, "two", null], "claims": "none"}', "stop", 13),
        ("truncated", '{"clai', "length", 50),
        ("whitespace", "{" + " \n" * 100, "length", 50),
        ("refusal", None, "stop", 12),
        ("content_filter", "{", "content_filter", 1),
        ("gzip", '{"claims":[]}', "stop", 4),
        ("slow", '{"claims":[]}', "stop", 4),
        ("drip", '{"claims":[]}', "stop", 4),
    ],
)
def test_a_bad_reply_of_the_model_is_charged(
    start: Start, chat: Chat, name: str, content: str | None, finish: str, completion: int
) -> None:
    server = start(faults=(Fault(name, pause=0.0005),))
    body = chat(response_format=FORMAT, max_tokens=50)
    response = post(server, body)
    (choice,) = response.json()["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == (content, finish)
    assert bool(choice["message"]["refusal"]) == (name == "refusal")
    assert (response.headers.get("content-encoding") == "gzip") == (name == "gzip")
    assert charged(server) == len(body) // 4
    totals = server.ledger()
    assert totals.charged.completion == completion
    assert response.json()["usage"]["completion_tokens"] == completion
    assert totals.charged_not_whole.prompt == 0


def test_choices_and_usage_may_be_missing(start: Start, chat: Chat) -> None:
    server = start(faults=(Fault("no_choices", marker="one"), Fault("no_usage", marker="two")))
    assert post(server, chat("one")).json()["choices"] == []
    assert "usage" not in post(server, chat("two")).json()
    assert charged(server, 2) > 0


def test_a_huge_body_is_valid_json_of_the_size_asked_for(start: Start, chat: Chat) -> None:
    server = start(faults=(Fault("huge_body", size=3_000_000),))
    response = post(server, chat())
    assert len(response.json()["choices"][0]["message"]["content"]) == 3_000_000
    charged(server)
    (row,) = server.requests()
    assert row.whole and row.tokens.completion == 750_000


# --- connections -------------------------------------------------------------------------------


def test_a_connection_closed_before_any_byte_costs_nothing(start: Start, chat: Chat) -> None:
    server = start(faults=(Fault("close_before_body"),))
    with pytest.raises(httpx2.RemoteProtocolError):
        post(server, chat())
    assert charged(server) == 0
    assert server.ledger().statuses == {"0": 1}


def test_a_reply_that_is_cut_counts_as_charged_and_not_as_whole(start: Start, chat: Chat) -> None:
    server = start(faults=(Fault("close_mid_body"),))
    with pytest.raises(httpx2.RemoteProtocolError):
        post(server, chat())
    assert charged(server) > 0
    totals = server.ledger()
    assert totals.charged_not_whole == totals.charged
    assert totals.statuses == {"200": 1}


def test_a_stall_lasts_until_the_client_leaves(start: Start, chat: Chat) -> None:
    server = start(faults=(Fault("stall"),))
    with pytest.raises(httpx2.ReadTimeout):
        post(server, chat(), timeout=0.1)
    assert charged(server) == 0


def test_endless_whitespace_ends_when_the_client_leaves(start: Start, chat: Chat) -> None:
    server = start(faults=(Fault("endless_whitespace"),))
    url = f"{server.base_url}/chat/completions"
    with httpx2.stream("POST", url, content=chat(), verify=NO_TLS) as response:
        taken = 0
        for part in response.iter_bytes():
            assert not part.strip()
            taken += len(part)
            if taken > 1_000_000:
                break
    assert charged(server) > 0
    (row,) = server.requests()
    assert row.status == 200 and not row.whole


@pytest.mark.parametrize("charges", [False, True])
def test_who_pays_for_an_answer_nobody_waits_for_is_scripted(
    start: Start, chat: Chat, charges: bool
) -> None:
    server = start(faults=(Fault("slow", pause=30.0),), charge_abandoned=charges)
    with pytest.raises(httpx2.ReadTimeout):
        post(server, chat(), timeout=0.1)
    assert (charged(server) > 0) == charges
    assert server.ledger().statuses == {"0": 1}


# --- when to come again ------------------------------------------------------------------------


def test_a_hint_is_seconds_a_date_or_milliseconds(start: Start, chat: Chat) -> None:
    hints: tuple[Any, ...] = ("none", "seconds", "date", "ms")
    server = start(
        faults=tuple(Fault("rate_limit", marker=f"{hint}.", hint=hint, after=2.5) for hint in hints)
    )
    none, seconds, date, ms = (post(server, chat(f"{hint}.")).headers for hint in hints)
    assert "retry-after" not in none and "retry-after-ms" not in none
    assert seconds["retry-after"] == "2.5"
    wait = parsedate_to_datetime(date["retry-after"]).timestamp() - time.time()
    assert 2 < wait <= 3.5
    assert ms["retry-after-ms"] == "2500" and "retry-after" not in ms


# --- which requests ----------------------------------------------------------------------------


def statuses(server: ServerThread, bodies: list[bytes]) -> list[int]:
    with httpx2.Client(verify=NO_TLS) as client:
        url = f"{server.base_url}/chat/completions"
        return [client.post(url, content=body).status_code for body in bodies]


def test_shares_add_up_and_do_not_depend_on_the_order(start: Start, chat: Chat) -> None:
    mixed = {"seed": 5, "faults": (Fault("error_500", 0.2), Fault("error_503", 0.3))}
    bodies = [chat(f"report {number}") for number in range(400)]
    one = dict(zip(bodies, statuses(start(**mixed), bodies), strict=True))
    other = dict(zip(bodies[::-1], statuses(start(**mixed), bodies[::-1]), strict=True))
    assert one == other
    counts = [list(one.values()).count(status) for status in (500, 503, 200)]
    assert [abs(n - wanted) < 35 for n, wanted in zip(counts, (80, 120, 200), strict=True)]
    assert dict(zip(bodies, statuses(start(**{**mixed, "seed": 6}), bodies), strict=True)) != one


def test_a_marker_poisons_one_report_alone(start: Start, chat: Chat) -> None:
    server = start(faults=(Fault("error_500", marker="poison"),))
    assert statuses(server, [chat("good"), chat("a poison"), chat("poison"), chat("good")]) == [
        200,
        500,
        500,
        200,
    ]


def test_a_storm_hits_a_window_of_numbers_or_of_time(start: Start, chat: Chat) -> None:
    server = start(faults=(Fault("error_503", numbers=(2, 4)),))
    assert statuses(server, [chat()] * 6) == [200, 200, 503, 503, 200, 200]
    server.set_script(Script(faults=(Fault("error_503", seconds=(0.0, 0.3)),)))
    assert statuses(server, [chat()]) == [503]
    time.sleep(0.31)
    assert statuses(server, [chat()]) == [200]


def test_a_fault_may_strike_a_number_of_times_in_all_or_each_body(start: Start, chat: Chat) -> None:
    server = start(faults=(Fault("error_500", times=2),))
    assert statuses(server, [chat("a"), chat("b"), chat("c")]) == [500, 500, 200]
    server.set_script(Script(faults=(Fault("error_500", times_each=1),)))
    assert statuses(server, [chat("a"), chat("b"), chat("a"), chat("b")]) == [500, 500, 200, 200]


def test_every_fault_is_tested_here() -> None:
    with open(__file__, encoding="utf-8") as file:
        tested = file.read()
    assert not [name for name in FAULTS if f'"{name}"' not in tested]
