"""Placeholder until the adaptive pace is merged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio

from llm_extract.models.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class Limits:
    most_in_flight: int
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


def limits_of(spec: ModelSpec) -> Limits:
    """The limits that the catalogue sets for a model."""
    return Limits(spec.most_in_flight, spec.requests_per_minute, spec.tokens_per_minute)


class _Turn:
    def answered(self, tokens_used: int, limits: Mapping[str, str] | None = None) -> None: ...
    def refused(self, retry_after: float | None) -> None: ...
    def failed(self) -> None: ...


class Pace:
    def __init__(self, limits: Limits, *_: Any, **__: Any) -> None:
        self._slots = anyio.Semaphore(limits.most_in_flight)
        self.down_since: float | None = None

    @asynccontextmanager
    async def turn(self, tokens: int, party: str = "") -> AsyncIterator[_Turn]:
        async with self._slots:
            yield _Turn()
