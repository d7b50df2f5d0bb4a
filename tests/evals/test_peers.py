"""The plain peer asks once a report, with the report as it stands, and keeps its failures."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from llm_extract.evals.peers.plain import FlatToll, PlainReading, read_plainly

TOLL = {"killed": 9, "children": 2, "women": None, "men": None, "injured": None}


class Scripted(ThreadingHTTPServer):
    """An OpenAI-compatible server on loopback: gives its replies in turn, keeps what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.replies: list[str | int] = []
        self.asked: list[dict[str, object]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Answer(BaseHTTPRequestHandler):
    """One chat completion with the next scripted reply, or the scripted status."""

    server: Scripted

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.asked.append(json.loads(self.rfile.read(length)))
        reply = self.server.replies.pop(0)
        status = reply if isinstance(reply, int) else 200
        message = {"role": "assistant", "content": reply}
        body = json.dumps(
            {
                "id": "x",
                "object": "chat.completion",
                "created": 0,
                "model": "small",
                "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                "usage": {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150},
            }
        ).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as scripted:
        threading.Thread(target=scripted.serve_forever, daemon=True).start()
        yield scripted
        scripted.shutdown()


def readings(server: Scripted, *reports: tuple[str, str]) -> list[PlainReading]:
    async def collect() -> list[PlainReading]:
        found = read_plainly(reports, base_url=server.url, model="small", api_key="k")
        return [reading async for reading in found]

    return asyncio.run(collect())


def test_the_reply_becomes_a_flat_toll_with_its_cost(server: Scripted) -> None:
    server.replies = [json.dumps(TOLL)]
    (reading,) = readings(server, ("a", "Nine drowned, two of them children."))
    assert reading.toll == FlatToll(**TOLL) and reading.error is None
    assert (reading.prompt_tokens, reading.completion_tokens) == (120, 30)
    assert reading.seconds > 0


def test_the_server_is_asked_for_the_schema_and_gets_the_report_unchanged(server: Scripted) -> None:
    server.replies = [json.dumps(TOLL)]
    text = "{{ 7 * 7 }} drowned {% if x %}"
    readings(server, ("a", text))
    (request,) = server.asked
    assert request["response_format"]["type"] == "json_schema"  # type: ignore[index]
    assert request["messages"][-1]["content"] == text  # type: ignore[index]


@pytest.mark.parametrize("reply", ["no JSON at all", json.dumps({"killed": 3}), 500])
def test_a_failed_report_is_kept_asked_once_and_stops_no_other(
    server: Scripted, reply: str | int
) -> None:
    server.replies = [reply, json.dumps(TOLL)]
    first, second = readings(server, ("a", "one"), ("b", "two"))
    assert first.toll is None and first.error
    assert second.toll == FlatToll(**TOLL)
    assert len(server.asked) == 2
