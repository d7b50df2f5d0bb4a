"""Stopping the work of a program from outside: softly first, at once when asked again."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio

from llm_extract.errors import own_error

INTERRUPTED = "interrupted"
"""Reason of a job that a person or the system has stopped."""


class Stopper:
    """Stops all work of a program: softly the first time, at once the second."""

    def __init__(self) -> None:
        self._soft: list[Callable[[str], None]] = []
        self._scope: anyio.CancelScope | None = None
        self.reason: str | None = None

    def stop(self, reason: str) -> None:
        """Begin nothing new, finish what is under way; when asked again, drop that too."""
        if self.reason is not None and self._scope is not None:
            self._scope.cancel()
        self.reason = reason
        for soft in self._soft:
            soft(reason)

    def watch(self, soft: Callable[[str], None], scope: anyio.CancelScope) -> None:
        """Whom to tell, and what to cancel."""
        self._soft.append(soft)
        self._scope = scope
        if self.reason is not None:
            soft(self.reason)


@asynccontextmanager
async def stopped_by_signals(
    stopper: Stopper, on_signal: Callable[[bool], None]
) -> AsyncIterator[None]:
    """Ctrl-C and SIGTERM stop the work while the context lasts.

    `on_signal` is told of each, with whether it drops what is under way.
    """

    async def listen() -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for _ in signals:
                on_signal(stopper.reason is not None)
                stopper.stop(INTERRUPTED)

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(listen)
            yield
            group.cancel_scope.cancel()
    except BaseExceptionGroup as errors:
        raise own_error(errors) or errors from None
