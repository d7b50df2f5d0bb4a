"""How much the server takes at once and a minute, and how long an answer needs."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping

from model_server.faults import Asked, Outcome, rate_limited
from model_server.http import NO_HEADERS
from model_server.ledger import Tokens
from model_server.script import Capacity, draw

SECONDS_PER_MINUTE = 60.0


class Bucket:
    """Fills at `per_minute`, holds `burst_seconds` of that at most, and is full at the start."""

    def __init__(self, per_minute: float, burst_seconds: float) -> None:
        self._rate = per_minute / SECONDS_PER_MINUTE
        self.size = self._rate * burst_seconds
        self._level = self.size
        self._filled = time.monotonic()

    def level(self) -> float:
        """What is in it now."""
        now = time.monotonic()
        self._level = min(self.size, self._level + (now - self._filled) * self._rate)
        self._filled = now
        return self._level

    def wait(self, amount: float) -> float:
        """Seconds until it holds the amount (or is full, if that is less); 0 when it does."""
        return max(0.0, min(amount, self.size) - self.level()) / self._rate

    def take(self, amount: float) -> None:
        """Take out; an amount over its size leaves it in debt."""
        self._level = self.level() - amount

    def seconds_to_full(self) -> float:
        """Seconds until it is full."""
        return (self.size - self.level()) / self._rate


class Gate:
    """Lets requests in, refuses them or keeps them waiting in order."""

    def __init__(self, capacity: Capacity, seed: int) -> None:
        self._capacity = capacity
        self._seed = seed
        self._working = 0
        self._waiting: deque[Callable[[], bool]] = deque()
        minute = capacity.requests_per_minute
        self._requests = None if minute is None else Bucket(minute, capacity.burst_seconds)
        minute = capacity.tokens_per_minute
        self._tokens = None if minute is None else Bucket(minute, capacity.burst_seconds)

    def enter(self, asked: Asked, tokens: Tokens, start: Callable[[], bool]) -> Outcome | None:
        """Take a request: the refusal, or None when `start` is or will be called.

        `start` says whether it begins (its client may have left); `leave` must follow then.
        """
        cost = tokens.prompt + tokens.completion
        for bucket, amount, what in (
            (self._requests, 1, "requests"),
            (self._tokens, cost, "tokens"),
        ):
            if bucket is not None and (wait := bucket.wait(amount)) > 0:
                return rate_limited(asked.model, self._capacity.hint, round(wait, 3), what)
        slots = self._capacity.slots
        full = slots is not None and self._working >= slots
        if full and not self._capacity.queue:
            return rate_limited(asked.model, self._capacity.hint, self._capacity.after)
        if self._requests is not None:
            self._requests.take(1)
        if self._tokens is not None:
            self._tokens.take(cost)
        if full:
            self._waiting.append(start)
        elif start():
            self._working += 1
        return None

    def leave(self) -> None:
        """Free the place of a request that began; the next one in line begins."""
        self._working -= 1
        while self._waiting:
            if self._waiting.popleft()():
                self._working += 1
                return

    def seconds(self, asked: Asked, tokens: Tokens) -> float:
        """How long the model works on the request."""
        capacity = self._capacity
        seconds = capacity.latency + capacity.per_token * tokens.completion
        if capacity.jitter and seconds:
            drawn = draw(self._seed, "latency", asked.digest, asked.number)
            seconds *= 1 + capacity.jitter * (2 * drawn - 1)
        return seconds

    def headers(self) -> Mapping[str, str]:
        """What OpenAI tells of its limits with every answer."""
        if self._requests is None and self._tokens is None:
            return NO_HEADERS
        told = {}
        for bucket, what in ((self._requests, "requests"), (self._tokens, "tokens")):
            if bucket is not None:
                told[f"x-ratelimit-limit-{what}"] = str(int(bucket.size))
                told[f"x-ratelimit-remaining-{what}"] = str(max(0, int(bucket.level())))
                told[f"x-ratelimit-reset-{what}"] = f"{bucket.seconds_to_full():.3f}s"
        return told
