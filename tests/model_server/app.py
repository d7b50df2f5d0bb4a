"""The routes: chat completions, models, files and batches, and the test's own under /scripted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import asdict

from model_server.batches import Batches
from model_server.chat import Chat
from model_server.http import Connection, Exchange, head
from model_server.ledger import Ledger
from model_server.script import Script

JSON_LINES = "application/jsonl"
LARGEST_PART = 1 << 20
BACKLOG = 4096
"""Connections that may wait to be accepted: more than any test opens at once."""


class App:
    """One server: its ledger lives as long as it does, its script can be changed at any time."""

    def __init__(self, script: Script) -> None:
        self.ledger = Ledger()
        self.stopped = asyncio.Event()
        self._connections: set[Connection] = set()
        self._chat = Chat(script, self.ledger)
        self._batches = Batches(self._chat, self.ledger)

    async def serve(self, port: int) -> tuple[asyncio.Server, str]:
        """Listen on the loopback; the server and its base URL for OpenAI clients."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Connection(self.handle, self._connections),
            "127.0.0.1",
            port,
            backlog=BACKLOG,
        )
        return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"

    def close(self) -> None:
        """End all connections at once."""
        for connection in list(self._connections):
            connection.abort()

    def handle(self, exchange: Exchange) -> None:
        """Route one request."""
        request = exchange.request
        match request.method, request.path:
            case "POST", "/v1/chat/completions":
                self._chat.handle(exchange)
            case "GET", "/v1/models":
                self._models(exchange)
            case _, path if path.startswith(("/v1/files", "/v1/batches")):
                self._batches.handle(exchange)
            case "GET", "/scripted/ledger":
                self._batches.advance()
                exchange.send(200, json.dumps(asdict(self.ledger.totals())).encode())
            case "GET", "/scripted/requests":
                self._batches.advance()
                _stream_lines(exchange, self.ledger.lines())
            case "POST", "/scripted/script":
                self._set_script(exchange)
            case "POST", "/scripted/stop":
                exchange.send(200, b"{}")
                self.stopped.set()
            case _:
                text = f"Invalid URL ({request.method} {request.path})"
                exchange.send(404, json.dumps({"error": {"message": text}}).encode())

    def _models(self, exchange: Exchange) -> None:
        refusal = self._chat.refusal(exchange.request.headers.get("authorization", ""))
        if refusal is not None:
            exchange.send(refusal.status, refusal.body)
            return
        models = [{"id": each, "object": "model"} for each in self._chat.script.models]
        exchange.send(200, json.dumps({"object": "list", "data": models}).encode())

    def _set_script(self, exchange: Exchange) -> None:
        try:
            self._chat = Chat(Script.from_json(exchange.request.body), self.ledger)
        except ValueError as wrong:
            exchange.send(400, json.dumps({"error": {"message": str(wrong)}}).encode())
            return
        self._batches.use(self._chat)
        exchange.send(200, b"{}")


def _stream_lines(exchange: Exchange, lines: Iterable[bytes]) -> None:
    async def pour(exchange: Exchange) -> None:
        await exchange.write(head(200, None, {}, JSON_LINES))
        part = bytearray()
        for line in lines:
            part += line
            if len(part) >= LARGEST_PART:
                await exchange.write(bytes(part))
                part.clear()
        await exchange.write(bytes(part))
        exchange.close()

    exchange.stream(pour)
