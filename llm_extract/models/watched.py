"""A line that is listened to: how each request went, without a word of it or of its reply."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llm_extract.models.transport import Completion, Line, Reply, Trouble, tokens_of
from llm_extract.record import Tokens

NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that has ended.

    `began` and `ended` are nanoseconds since the Unix epoch; `model` is the name that the server
    knows; `tokens` None: the server counted none. `trouble` is None for a whole reply, else the
    code of what went wrong, or its kind where the code says no more than that it failed (see
    `transport.Trouble`).
    """

    request_id: str
    model: str
    max_tokens: int
    began: int
    ended: int
    tokens: Tokens | None
    finish: str | None
    trouble: str | None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended - self.began) / NANO


Listener = Callable[[Exchange], None]


class WatchedLine:
    """Sends over another line and tells a listener of each request when it has ended.

    A request that is dropped half way (a cancellation) is told to nobody: how it went is not known.
    """

    def __init__(self, line: Line, listener: Listener) -> None:
        self._line = line
        self._listener = listener

    async def send(self, request: dict[str, Any], request_id: str) -> Reply:
        """See `Line.send`."""
        began, since = time.time_ns(), time.perf_counter_ns()
        try:
            reply = await self._line.send(request, request_id)
        except Trouble as trouble:
            self._tell(request, request_id, began, since, None, trouble)
            raise
        self._tell(request, request_id, began, since, reply.completion, None)
        return reply

    def _tell(
        self,
        request: dict[str, Any],
        request_id: str,
        began: int,
        since: int,
        completion: Completion | None,
        trouble: Trouble | None,
    ) -> None:
        self._listener(
            Exchange(
                request_id=request_id,
                model=request["model"],
                max_tokens=request["max_tokens"],
                began=began,
                ended=began + time.perf_counter_ns() - since,  # the clock may jump meanwhile
                tokens=tokens_of(completion) if completion is not None else None,
                finish=completion.choices[0].finish_reason if completion is not None else None,
                trouble=_sort(trouble) if trouble is not None else None,
            )
        )


def _sort(trouble: Trouble) -> str:
    return trouble.kind if trouble.code == "model_failed" else trouble.code
