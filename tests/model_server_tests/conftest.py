"""What the tests of the scripted server share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from model_server import Script, ServerThread

Start = Callable[..., ServerThread]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a server; keywords are those of Script."""
    with ExitStack() as stack:
        yield lambda **script: stack.enter_context(ServerThread(Script(**script)))


@pytest.fixture(scope="session")
def chat() -> Callable[..., bytes]:
    """Makes the body of a chat request."""

    def made(text: str = "hello", **fields: Any) -> bytes:
        messages = [{"role": "user", "content": text}]
        return json.dumps({"model": "scripted", "messages": messages, **fields}).encode()

    return made
