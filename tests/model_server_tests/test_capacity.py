"""What the server takes at once and a minute, and how fast it is."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio
import httpx2
import pytest
from model_server import Capacity, ServerThread

NO_TLS = False
"""Loading certificates takes longer than most of these tests."""
Start = Callable[..., ServerThread]
Chat = Callable[..., bytes]
LATENCY = 0.1


def together(server: ServerThread, bodies: list[bytes]) -> tuple[list[httpx2.Response], float]:
    """The responses to requests sent at the same time, in the order of sending, and seconds."""
    responses: dict[int, httpx2.Response] = {}

    async def work() -> None:
        async with httpx2.AsyncClient(verify=NO_TLS) as client, anyio.create_task_group() as group:

            async def one(number: int, body: bytes) -> None:
                url = f"{server.base_url}/chat/completions"
                responses[number] = await client.post(url, content=body)

            for number, body in enumerate(bodies):
                group.start_soon(one, number, body)

    started = time.perf_counter()
    anyio.run(work)
    return [responses[number] for number in range(len(bodies))], time.perf_counter() - started


def test_more_than_the_slots_get_429_with_the_hint(start: Start, chat: Chat) -> None:
    server = start(capacity=Capacity(slots=2, latency=LATENCY, hint="seconds", after=3))
    responses, _ = together(server, [chat()] * 5)
    assert sorted(response.status_code for response in responses) == [200, 200, 429, 429, 429]
    refused = next(each for each in responses if each.status_code == 429)
    assert refused.headers["retry-after"] == "3"
    assert server.ledger().charged_requests == 2
    again, _ = together(server, [chat()] * 2)
    assert [response.status_code for response in again] == [200, 200]


def test_a_queue_keeps_all_and_works_on_its_slots(start: Start, chat: Chat) -> None:
    server = start(capacity=Capacity(slots=2, queue=True, latency=LATENCY))
    responses, seconds = together(server, [chat()] * 6)
    assert [response.status_code for response in responses] == [200] * 6
    assert 3 * LATENCY <= seconds < 6 * LATENCY
    assert server.ledger().max_in_flight == 6


def test_a_slot_is_free_again_when_a_client_leaves(start: Start, chat: Chat) -> None:
    server = start(capacity=Capacity(slots=1, latency=0.3))
    url = f"{server.base_url}/chat/completions"
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.post(url, content=chat(), timeout=0.05, verify=NO_TLS)
    while server.ledger().in_flight:
        time.sleep(0.005)
    assert httpx2.post(url, content=chat(), verify=NO_TLS).status_code == 200


def test_a_minute_has_its_requests_and_they_come_back(start: Start, chat: Chat) -> None:
    server = start(capacity=Capacity(requests_per_minute=600, burst_seconds=0.5))
    responses, _ = together(server, [chat()] * 8)
    codes = [response.status_code for response in responses]
    assert 5 <= codes.count(200) < 8 and set(codes) == {200, 429}
    refused = next(each for each in responses if each.status_code == 429)
    assert 0 < float(refused.headers["retry-after"]) <= 0.1
    assert refused.headers["x-ratelimit-limit-requests"] == "5"
    time.sleep(float(refused.headers["retry-after"]) + 0.1)
    again, _ = together(server, [chat()])
    assert again[0].status_code == 200


def test_a_minute_has_its_tokens(start: Start, chat: Chat) -> None:
    body = chat("word " * 80)
    cost = len(body) // 4 + 1
    server = start(capacity=Capacity(tokens_per_minute=3.5 * cost, burst_seconds=60, hint="ms"))
    responses, _ = together(server, [body] * 5)
    assert [response.status_code for response in responses].count(200) == 3
    refused = next(each for each in responses if each.status_code == 429)
    # Half a request is left and a minute fills 3.5.
    assert 8000 < int(refused.headers["retry-after-ms"]) < 60_000 * 0.6 / 3.5
    assert refused.json()["error"]["type"] == "tokens"


def test_a_long_reply_takes_longer_within_the_jitter(start: Start, chat: Chat) -> None:
    server = start(
        answer="echo",
        content="word" * 100,
        capacity=Capacity(latency=0.02, per_token=0.001, jitter=0.5),
    )
    seconds = [together(server, [chat(str(number))])[1] for number in range(4)]
    assert all(0.06 <= each < 0.5 for each in seconds)
