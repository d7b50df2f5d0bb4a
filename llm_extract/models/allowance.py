"""How much may be sent and when: an even flow, and a hard limit a minute.

Times are seconds of one monotonic clock, passed in by the caller; amounts are requests or tokens.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

MINUTE = 60.0
TOO_LITTLE = 1e-9
"""Amounts below it are what rounding left."""


class Flow:
    """Lets amounts through at a rate; a little that was not used may follow at once.

    `burst` is the least that may gather, or what `burst_seconds` bring; it is there at the start.
    """

    def __init__(self, per_second: float, now: float, burst: float, burst_seconds: float) -> None:
        self._least_burst, self._burst_seconds = burst, burst_seconds
        self._then = now
        self.set_rate(per_second)
        self._level = self._burst

    def set_rate(self, per_second: float) -> None:
        """From now on, `per_second`."""
        self.per_second = per_second
        self._burst = max(self._least_burst, per_second * self._burst_seconds)

    def wait(self, amount: float, now: float) -> float:
        """Seconds until the amount may pass; what is above the burst passes then, on credit."""
        self._level = min(self._burst, self._level + (now - self._then) * self.per_second)
        self._then = now
        missing = min(amount, self._burst) - self._level
        return missing / self.per_second if missing > TOO_LITTLE else 0.0

    def take(self, amount: float) -> None:
        """Takes the amount; a negative one goes back."""
        self._level -= amount


@dataclass(slots=True)
class Spent:
    """What was spent in one short stretch of time; `gone` once that is over a minute ago."""

    ends: float
    amount: float = 0.0
    gone: bool = False


class Minute:
    """A hard limit a minute: what was spent in 60 s is never above it, wherever they begin.

    A token bucket alone could not promise that: tokens that come back from answers of an earlier
    minute would be spent beside those of the present one.
    """

    STRETCH = 0.1
    """Seconds; amounts are kept by stretches and counted until a minute after the end of theirs."""
    BURST_SECONDS = 1.0
    """A server may count by the second, so a minute's worth is not sent at once."""

    def __init__(self, limit: float, least_burst: float, now: float) -> None:
        self._limit = limit
        self._sum = 0.0
        self._stretches: deque[Spent] = deque()
        self._even = Flow(limit / MINUTE, now, least_burst, self.BURST_SECONDS)

    def wait(self, amount: float, now: float) -> float:
        """Seconds until asking again is worth while; 0 when the amount may be spent.

        An amount above the limit may be spent when nothing else was for a minute.
        """
        stretches = self._stretches
        while stretches and stretches[0].ends + MINUTE <= now:
            old = stretches.popleft()
            old.gone = True
            self._sum -= old.amount
        if not stretches:
            self._sum = 0.0
        elif self._sum + amount > self._limit + TOO_LITTLE:
            return stretches[0].ends + MINUTE - now
        return self._even.wait(amount, now)

    def spend(self, amount: float, now: float) -> Spent:
        """Counts the amount; the answer says where, for `give_back`."""
        self._even.take(amount)
        self._sum += amount
        if not self._stretches or self._stretches[-1].ends <= now:
            self._stretches.append(Spent(now + self.STRETCH))
        self._stretches[-1].amount += amount
        return self._stretches[-1]

    def give_back(self, spent: Spent, amount: float) -> None:
        """Counts so much less as spent then (or more, when the amount is negative)."""
        self._even.take(-amount)
        if not spent.gone:
            spent.amount -= amount
            self._sum -= amount
