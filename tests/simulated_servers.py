"""Servers of known capacity in virtual time, and jobs that ask them at a pace."""

from __future__ import annotations

import asyncio
import math
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from llm_extract.models.pace import Pace

REFUSED = -1.0
"""An answer of a simulated server: refused, without a time to wait."""
ANSWERED = 0.0
FAILED = -2.0
Server = Callable[[int], Awaitable[float]]
"""Takes a request of so many tokens; ANSWERED, FAILED, REFUSED, or refused with Retry-After."""


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Slots:
    """A server that takes `most` requests at a time, each about `latency` seconds long."""

    most: int
    latency: float
    rng: random.Random
    transit: float = 0.0
    busy: int = 0
    used: float = 0.0

    async def __call__(self, tokens: int) -> float:
        there, back = (self.latency * self.transit * self.rng.uniform(0.5, 1.5) for _ in "ab")
        await asyncio.sleep(there)
        if self.busy >= self.most:
            await asyncio.sleep(0.05 * self.latency + back)
            return REFUSED
        self.busy += 1
        work = self.latency * self.rng.uniform(0.5, 1.5)
        await asyncio.sleep(work)
        self.busy -= 1
        # On its way a request holds no slot of the server, but nobody could use it in that time.
        self.used += work + there + back
        await asyncio.sleep(back)
        return ANSWERED

    def capacity(self) -> float:
        return self.most

    def share_used(self, seconds: float) -> float:
        return self.used / (seconds * self.most)


@dataclass
class Bucket:
    """A server of so many requests a minute, of which `burst` may gather; by tokens if wanted."""

    per_minute: float
    burst: float
    latency: float
    rng: random.Random
    says_when: bool = False
    by_tokens: bool = False
    level: float = field(init=False)
    then: float = field(init=False, default=0.0)
    used: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.level = self.burst

    async def __call__(self, tokens: int) -> float:
        amount = tokens if self.by_tokens else 1
        rate = self.per_minute / 60
        self.level = min(self.burst, self.level + (now() - self.then) * rate)
        self.then = now()
        if self.level < amount:
            missing = (amount - self.level) / rate
            await asyncio.sleep(0.02)
            return math.ceil(missing) if self.says_when else REFUSED
        self.level -= amount
        self.used += amount
        await asyncio.sleep(self.latency * self.rng.uniform(0.5, 1.5))
        return ANSWERED

    def capacity(self) -> float:
        return self.per_minute / 60

    def share_used(self, seconds: float) -> float:
        return self.used / (self.burst + seconds * self.capacity())


@dataclass
class Course:
    """What was seen at the server: the time, and the sums of each request, as they ended."""

    ended: list[tuple[float, float]] = field(default_factory=list)
    refused: int = 0
    by_party: Counter[str] = field(default_factory=Counter)
    sent: list[tuple[float, int]] = field(default_factory=list)

    def share_refused(self) -> float:
        return self.refused / len(self.sent)


async def ask(
    pace: Pace, server: Server, course: Course, tokens: int, party: str, reserved: int
) -> None:
    """One request, repeated until it is answered."""
    while True:
        async with pace.turn(reserved, party) as turn:
            course.sent.append((now(), tokens))
            outcome = await server(tokens)
            if outcome == ANSWERED:
                turn.answered(tokens)
                course.by_party[party] += 1
                return
            if outcome == FAILED:
                turn.failed()
                continue
            course.refused += 1
            turn.refused(None if outcome == REFUSED else outcome)


async def work_off(
    pace: Pace,
    server: Server,
    workers: int,
    requests: int,
    tokens: Callable[[], int] = lambda: 100,
    on_end: Callable[[int], None] = lambda _: None,
) -> Course:
    """So many requests by so many workers; `on_end` gets how many are done."""
    course = Course()
    left = iter(range(requests))
    done = 0

    async def worker() -> None:
        nonlocal done
        for _ in left:
            wanted = tokens()
            await ask(pace, server, course, wanted, "job", wanted)
            done += 1
            on_end(done)

    await asyncio.gather(*(worker() for _ in range(workers)))
    return course
