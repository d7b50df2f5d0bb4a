"""A local model behind an OpenAI-compatible address on the loopback, while it is needed."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2
from pydantic import SecretStr

from llm_extract.errors import ModelError
from llm_extract.models.pull import cache_folder
from llm_extract.models.served import ServedModel
from llm_extract.models.spec import ModelSpec

START_SECONDS = 300.0
"""A model of a few GB on a slow disk is read within this time."""

STOP_SECONDS = 5.0
"""After its input closes the child ends at once; after this long it is killed."""

KEPT_STARTS = 6
"""Starts of prompts that are kept as the engine read them, some 30 MB for 1000 tokens each."""

Message = dict[str, str]


class _RefusedError(ModelError):
    """The server answered a request of ours with another status than 200."""


class LocalServer:
    """Context manager: the model of a local specification, served on 127.0.0.1 by a child process.

    `file` is the verified weights file, `port` 0 a free port. `base_url` and `api_key` are there
    once it is entered. The child ends with the context and also when this process dies. Raises
    ModelError when the model cannot be served.
    """

    def __init__(
        self, spec: ModelSpec, file: Path, *, port: int = 0, start_seconds: float = START_SECONDS
    ) -> None:
        self.spec = spec
        self.api_key = SecretStr(secrets.token_urlsafe(24))
        self._file = file
        self._port = port
        self._start_seconds = start_seconds
        self._url: str | None = None
        self._child: subprocess.Popen[str] | None = None
        self._client: httpx2.Client | None = None
        self._starts = cache_folder() / "starts"
        self._primed: str | None = None
        self._priming = threading.Lock()

    def __repr__(self) -> str:
        return f"LocalServer({self.spec.name!r}, {self._url or 'not started'})"

    @property
    def url(self) -> str:
        """The server's own address, without `/v1`."""
        if self._url is None:
            raise ModelError(f"the local model {self.spec.name!r} is not started")
        return self._url

    @property
    def base_url(self) -> str:
        """The address for OpenAI clients."""
        return f"{self.url}/v1"

    @property
    def running(self) -> bool:
        """Whether the child process lives."""
        return self._child is not None and self._child.poll() is None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the child; harmless when it is not running."""
        if self._client is not None:
            self._client.close()
        if self._child is not None:
            for stream in (self._child.stdin, self._child.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()
            try:
                self._child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        self._child = self._client = self._url = self._primed = None

    def count_tokens(self, text: str) -> int:
        """Tokens of the text alone, as the model's own tokenizer counts them."""
        reply = self._post("/tokenize", {"content": text})
        return len(reply["tokens"])

    def prime(self, messages: Sequence[Message]) -> None:
        """Read the start that all coming requests share once, for all slots and later runs.

        `messages` is what stands in front of the first word that differs: system text and worked
        examples, never a report, for what was read is kept in the cache folder. Without this every
        slot reads the same start for itself. Takes milliseconds when it was read before; to be
        called again whenever requests with another start have come between.
        """
        start = self._start_name(messages)
        with self._priming:
            if self._primed == start:
                return
            if not self._restored(start, range(self.spec.slots)):
                self._read_start(start, messages)
                self._restored(start, range(1, self.spec.slots))
            self._primed = start

    def _start_name(self, messages: Sequence[Message]) -> str:
        """File name for these messages, these weights and this version of the engine."""
        weights = self.spec.weights.sha256 if self.spec.weights else ""
        parts = [weights, metadata.version("xllamacpp"), list(messages)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]

    def _restored(self, start: str, slots: range) -> bool:
        """Whether the kept start could be put into all these slots."""
        kept = self._starts / start
        if not kept.exists():
            return False
        kept.touch()
        try:
            for slot in slots:
                self._post(f"/slots/{slot}?action=restore", {"filename": start})
        except _RefusedError:
            kept.unlink(missing_ok=True)
            return False
        return True

    def _read_start(self, start: str, messages: Sequence[Message]) -> None:
        """Let the first slot read the messages and keep what it read."""
        self._post(
            "/v1/chat/completions",
            {"messages": list(messages), "max_tokens": 1, "id_slot": 0, "cache_prompt": True},
        )
        unfinished = f"{start}.{os.getpid()}"
        self._post("/slots/0?action=save", {"filename": unfinished})
        os.replace(self._starts / unfinished, self._starts / start)
        kept = sorted(self._starts.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in kept[KEPT_STARTS:]:
            old.unlink(missing_ok=True)

    def _start(self) -> None:
        self._starts.mkdir(parents=True, exist_ok=True)
        served = ServedModel(
            path=str(self._file),
            name=self.spec.model,
            api_key=self.api_key.get_secret_value(),
            slots=self.spec.slots,
            context_size=self.spec.context_size,
            threads=self.spec.threads or os.cpu_count() or 1,
            port=self._port,
            slot_folder=f"{self._starts}{os.sep}",
        )
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints:
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "llm_extract.models.served"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
                encoding="utf-8",
            )
            self._url = _first_address(self._child, served.to_line(), self._start_seconds)
            if self._url is None:
                raise ModelError(self._why_not(complaints))
        key = self.api_key.get_secret_value()
        self._client = httpx2.Client(
            base_url=self._url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=600,
            trust_env=False,
        )
        self._await_health()

    def _await_health(self) -> None:
        assert self._client is not None
        end = time.monotonic() + self._start_seconds
        while time.monotonic() < end and self.running:
            with suppress(httpx2.TransportError):
                if self._client.get("/health", timeout=5).status_code == httpx2.codes.OK:
                    return
            time.sleep(0.05)
        raise ModelError(f"the local model {self.spec.name!r} was loaded but does not answer")

    def _why_not(self, complaints: Any) -> str:
        assert self._child is not None
        if self._child.poll() is None:
            reason = f"it was not ready after {self._start_seconds:g} s"
        else:
            complaints.seek(0)
            lines = complaints.read().strip().splitlines()
            reason = lines[-1] if lines else f"its process ended with code {self._child.returncode}"
        return (
            f"the local model {self.spec.name!r} cannot be served from {self._file}: {reason}; "
            "is the file whole, and is there enough free memory for it?"
        )

    def _post(self, path: str, request: dict[str, Any]) -> dict[str, Any]:
        if self._client is None:
            raise ModelError(f"the local model {self.spec.name!r} is not started")
        try:
            reply = self._client.post(path, json=request)
        except httpx2.TransportError as error:
            raise ModelError(
                f"the local model {self.spec.name!r} stopped answering ({type(error).__name__})"
            ) from error
        if reply.status_code != httpx2.codes.OK:
            place = path.partition("?")[0]
            raise _RefusedError(
                f"the local model {self.spec.name!r} refused {place}: HTTP {reply.status_code}"
            )
        content: dict[str, Any] = reply.json()
        return content


def serve_until_interrupted(
    spec: ModelSpec, file: Path, announce: Callable[[LocalServer], None], *, port: int = 0
) -> None:
    """Serve a local model until Ctrl-C; `announce` is called once with the running server.

    Raises ModelError when the model cannot be served or when its process ends by itself.
    """
    with LocalServer(spec, file, port=port) as server:
        announce(server)
        with suppress(KeyboardInterrupt):
            while server.running:
                time.sleep(0.5)
            raise ModelError(f"the local model {spec.name!r} stopped by itself")


def _first_address(child: subprocess.Popen[str], settings: str, seconds: float) -> str | None:
    """The address the child prints when it serves; None when it ends or is too slow."""
    assert child.stdin is not None
    assert child.stdout is not None
    stdout = child.stdout
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.append(stdout.readline()), daemon=True)
    try:
        child.stdin.write(settings + "\n")
        child.stdin.flush()
    except OSError:
        child.wait()
        return None
    reader.start()
    reader.join(seconds)
    if not lines or not lines[0]:
        if lines:
            child.wait()
        return None
    url: str = json.loads(lines[0])["url"]
    return url
