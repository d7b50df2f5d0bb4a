"""An asyncio event loop whose time jumps to the next timer: minutes pass in milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


class _JumpingSelector:
    """Never waits: where the loop would sleep until a timer, the loop's time is moved there."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = self._real.select(0)
        if not events:
            if timeout is None:
                raise RuntimeError("all tasks wait and no timer is set: this would hang for ever")
            self.now += timeout
        return events

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Use `loop.time` as the clock of what is tested."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)  # type: ignore[arg-type]

    def time(self) -> float:
        return self._jumping.now


def in_virtual_time(main: Callable[[], Awaitable[Result]]) -> Result:
    """What `main` gives back, run in a loop of its own."""

    async def run() -> Result:
        return await main()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(run())
