"""A scripted OpenAI-compatible server on the loopback, so that tests need no model.

    with ScriptedServer([reply({"claims": []})]) as server:
        client = AsyncOpenAI(base_url=server.base_url, api_key="k", max_retries=0)

Replies are taken in order, the last one again and again; a callable makes each from its request.
`server.requests` holds what was asked.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answers to one chat request.

    With status 200 `content` is the text of the model's message, with any other the body itself.
    `close_after` cuts the connection after that many bytes of the body, `raw` replaces the body.
    """

    content: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    close_after: int | None = None
    finish_reason: str = "stop"
    prompt_tokens: int = 100
    cached_tokens: int = 0
    completion_tokens: int = 20
    raw: bytes | None = None

    def body(self, model: str) -> bytes:
        """The bytes that go over the wire."""
        if self.raw is not None:
            return self.raw
        if self.status != 200:
            return self.content.encode()
        message = {"role": "assistant", "content": self.content}
        completion = {
            "id": "scripted",
            "object": "chat.completion",
            "created": 0,
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": self.finish_reason}],
            "usage": {
                "prompt_tokens": self.prompt_tokens,
                "completion_tokens": self.completion_tokens,
                "total_tokens": self.prompt_tokens + self.completion_tokens,
                "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
            },
        }
        return json.dumps(completion).encode()


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent; header names are in lower case, `body` is {} for a GET."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def prompt(self) -> str:
        """The texts of all messages, one after the other."""
        return "\n".join(str(message["content"]) for message in self.body.get("messages", []))


Script = Sequence["Reply | str"] | Callable[[Request], "Reply | str"]


def reply(content: object, **settings: Any) -> Reply:
    """A reply whose message is this JSON value."""
    return Reply(json.dumps(content, ensure_ascii=False), **settings)


def failure(status: int, message: str, **headers: str) -> Reply:
    """An error as OpenAI words it; header names with `_` for `-`, as in retry_after="1"."""
    body = json.dumps({"error": {"message": message, "type": "scripted", "code": None}})
    return Reply(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


class ScriptedServer:
    """Context manager. `models` are the names it lists, `api_key` the one it wants (None: any).

    `models_status` and `models_body` replace the status and the body of that list.
    """

    def __init__(
        self,
        replies: Script = (),
        *,
        models: Sequence[str] = ("scripted",),
        api_key: str | None = None,
        models_status: int = 200,
        models_body: bytes | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self.models = tuple(models)
        self.api_key = api_key
        self.models_status = models_status
        self.models_body = models_body
        self._replies = replies
        self._next = 0
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def base_url(self) -> str:
        """The address for OpenAI clients."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    @property
    def chats(self) -> list[Request]:
        """The requests to /v1/chat/completions in the order of their arrival."""
        return [request for request in self.requests if request.path.endswith("/chat/completions")]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, request: Request) -> Reply:
        """The next reply of the script for this request."""
        if callable(self._replies):
            made = self._replies(request)
        else:
            with self._lock:
                index = min(self._next, len(self._replies) - 1)
                self._next += 1
            if index < 0:
                return failure(500, "the script of the test has no reply")
            made = self._replies[index]
        return Reply(made) if isinstance(made, str) else made

    def record(self, request: Request) -> None:
        """Keep what a client sent."""
        with self._lock:
            self.requests.append(request)


def _handler(server: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else a body waits 40 ms for the client to have its headers

        def do_GET(self) -> None:
            request = self._request({})
            if not self._may_enter(request):
                return
            if not request.path.endswith("/models"):
                self._send(failure(404, f"no {request.path} here"), "")
                return
            entries = [{"id": name, "object": "model"} for name in server.models]
            listing = json.dumps({"object": "list", "data": entries}).encode()
            body = listing if server.models_body is None else server.models_body
            self._send(Reply(raw=body, status=server.models_status), "")

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            request = self._request(json.loads(self.rfile.read(length) or b"{}"))
            if not self._may_enter(request):
                return
            if not request.path.endswith("/chat/completions"):
                self._send(failure(404, f"no {request.path} here"), "")
                return
            made = server.answer(request)
            time.sleep(made.delay_seconds)
            self._send(made, str(request.body.get("model", "")))

        def _request(self, body: dict[str, Any]) -> Request:
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.path, headers, body)
            server.record(request)
            return request

        def _may_enter(self, request: Request) -> bool:
            sent = request.headers.get("authorization", "").removeprefix("Bearer ")
            if server.api_key is None or sent == server.api_key:
                return True
            self._send(failure(401, f"Incorrect API key provided: {sent}."), "")
            return False

        def _send(self, made: Reply, model: str) -> None:
            body = made.body(model)
            try:
                self.send_response(made.status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                for name, value in made.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body[: made.close_after])
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            if made.close_after is not None:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a test's output is for the test."""

    return Handler
