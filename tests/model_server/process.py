"""Starting the server beside the code that asks it: in a child process, or in a thread."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from model_server.app import App
from model_server.ledger import Served, Totals
from model_server.script import Script

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30.0
STOP_SECONDS = 5.0
CONTROL_SECONDS = 60.0
"""How long an answer to a control request may take: a ledger of 300,000 rows is 100 MB of JSON."""


class Remote:
    """A running server, seen from outside."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        """The address for OpenAI clients."""

    def ledger(self) -> Totals:
        """The totals as of now."""
        return Totals.from_value(json.loads(self._asked("GET", "/scripted/ledger")))

    def requests(self) -> Iterator[Served]:
        """Every request to chat completions, in the order of arrival."""
        for line in self._asked("GET", "/scripted/requests").splitlines():
            yield Served.from_json(line)

    def set_script(self, script: Script) -> None:
        """Change the behaviour from the next request on; ledger, files and batches stay.

        Raises ValueError when the server does not take the script.
        """
        self._asked("POST", "/scripted/script", script.to_json())

    def _asked(self, method: str, path: str, body: str | None = None) -> bytes:
        address = urlsplit(self.base_url).netloc
        connection = http.client.HTTPConnection(address, timeout=CONTROL_SECONDS)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(json.loads(answer)["error"]["message"])
        return answer


class ServerProcess(Remote):
    """Context manager: a server in a child process, which ends with this process at the latest."""

    def __init__(self, script: Script | None = None) -> None:
        super().__init__("")
        self._script = script or Script()
        self._child: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        assert self._child is not None, "the server is not running"
        return self._child.pid

    def __enter__(self) -> Self:
        environment = {**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "model_server", "--script", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            # Ctrl-C is for the tests; the server ends when they close the pipe.
            start_new_session=True,
        )
        assert self._child.stdin is not None and self._child.stdout is not None
        try:
            # The pipe stays open: its end tells the child that this process is gone.
            self._child.stdin.write(self._script.to_json() + "\n")
            self._child.stdin.flush()
            self.base_url = self._child.stdout.readline().strip()
        except OSError:
            self.base_url = ""
        if not self.base_url:
            self.__exit__(None, None, None)
            raise RuntimeError("the model server did not start; it says why on standard error")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()


class ServerThread(Remote):
    """Context manager: a server in a thread of this process, for short tests."""

    def __init__(self, script: Script | None = None) -> None:
        super().__init__("")
        self._script = script or Script()
        self._ready = threading.Event()
        self._app: App | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._error: ValueError | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(START_SECONDS)
        if self._error is not None:
            raise self._error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._loop is not None and self._app is not None
        self._loop.call_soon_threadsafe(self._app.stopped.set)
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        try:
            app = App(self._script)
        except ValueError as wrong:
            self._error = wrong
            self._ready.set()
            return
        self._loop, self._app = asyncio.get_running_loop(), app
        server, self.base_url = await app.serve(0)
        self._ready.set()
        await app.stopped.wait()
        server.close()
        app.close()
        # One turn of the loop for the connections to hear of their end.
        await asyncio.sleep(0)
