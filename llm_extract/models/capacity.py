"""What a server can take, learned from its refusals: requests in flight, requests a second.

A refusal does not say which limit it met. Refusals for too many requests in flight come only above
a number of them; refusals for too many a second come at any number. So for each refusal it is
counted how many requests were answered that were sent with more in flight than it. Either verdict
may be wrong: both limits are set just under what was reached, so that an error costs a few in a
hundred, and they are tried higher later, so that it does not last.

A limit once met is kept, and tried higher only after a long calm, since a try may cost a refusal
and a stop. (Halving at each refusal, as TCP does, would use three quarters of a server.)
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from llm_extract.models.allowance import Flow

JUST_UNDER = 0.98
"""Share of a measured rate that is used, so that drift does not meet the limit again at once."""
CONTRADICTING = 8
"""Answers above what a limit in flight would be, and two for each of its slots, disprove it: fewer
come about when answers under way make the server's count lower than ours."""
TELLING = 20
"""Answers that are enough to trust what none of them contradicts."""
NEAR = 0.95
"""Refusals from this share of the known limit in flight on are about that limit."""
STEP_BACK = 0.97
"""What a limit in flight is lowered to when it is refused before it was ever kept."""
MEASURED_WELL = 100
"""Requests after which a rate is known to one in a hundred, and measured anew."""
SHORTEST_MEASURE = 0.1
"""Seconds; in less, no rate can be measured."""
LONGEST_BURST = 0.05
"""Seconds for which a learned rate may be caught up: the lateness of timers."""


@dataclass(slots=True)
class Sent:
    """How a request was sent: when, as the how-manieth in flight, and of how many allowed.

    `paced` says that it had to wait for the learned rate, `after` how many were accepted before.
    """

    at: float
    level: int
    allowed: int
    paced: bool
    after: int


class Capacity:
    """The limits of one server as far as they are known."""

    def __init__(self, now: float) -> None:
        self._in_flight = _Learned(least_growth=0.5)
        self._per_second = _Learned(least_growth=0.0)
        self._flow: Flow | None = None
        self._doubted = False
        # Answers by level, for requests sent since the last overload.
        self._levels: Counter[int] = Counter()
        self._accepted = 0
        # A time, and what the server had accepted by then: the start, then times of refusals.
        self._measured_from = (now, 0)
        self._met = False

    def in_flight(self) -> float:
        """Requests that may be in flight, by what is known; infinite when nothing is."""
        return self._in_flight.value()

    def per_second(self) -> float | None:
        """The learned rate; None while no such limit was met."""
        return None if self._flow is None else self._flow.per_second

    def wait(self, now: float) -> float:
        """Seconds until the learned rate lets a request through."""
        return 0.0 if self._flow is None else self._flow.wait(1, now)

    def send(self, now: float, level: int, allowed: int, paced: bool) -> Sent:
        """One request is sent."""
        if self._flow is not None:
            self._flow.take(1)
        self._accepted += 1  # until it is refused
        return Sent(now, level, allowed, paced, self._accepted - 1)

    def answered(self, sent: Sent) -> None:
        """A request sent since the last overload was answered."""
        self._levels[sent.level] += 1
        if sent.level + 1 > self._in_flight.value():
            self._in_flight.calm += 1
        if sent.paced and self._flow is not None:
            self._per_second.calm += 1
            self._flow.set_rate(self._per_second.value())

    def refused(self, sent: Sent) -> None:
        """A request was refused."""
        if sent.at > self._measured_from[0]:
            self._accepted -= 1

    def overloaded(self, sent: Sent, stop: float, again: bool) -> None:
        """A refusal begins a stop of so many seconds; `again`: without an answer since the last.

        A server that refuses all and everything teaches nothing about its limits.
        """
        if not again:
            self._learn(sent, stop)
        if again or not self._met or sent.after - self._measured_from[1] >= MEASURED_WELL:
            self._measured_from = (sent.at, sent.after)
        self._met = True
        self._levels.clear()

    def _learn(self, sent: Sent, stop: float) -> None:
        # A server that counts by the minute accepts between two refusals just what its rate is.
        since, accepted = self._measured_from
        passed = sent.at - since
        measured = (sent.after - accepted + 1) / passed if passed > SHORTEST_MEASURE else 0.0
        lost = stop * measured
        if held := self._met_in_flight(sent):
            self._in_flight.learn(held, lost)
        elif measured > 0 and self._met:  # at the start a server may have much saved up
            self._learn_rate(JUST_UNDER * measured, sent, lost)

    def _met_in_flight(self, sent: Sent) -> int:
        """The most in flight that the server takes, if that is what it refused; else 0."""
        # The network changes the order of requests: the one refused need not be the last.
        held = min(sent.level, sent.allowed - 1)
        above = sum(count for level, count in self._levels.items() if level > held)
        known = self._in_flight.at
        if sent.paced:
            met = above == 0 and (sent.level > known or self._levels.total() >= TELLING)
        elif known < math.inf and held < NEAR * known - 1:
            met = False
        elif known < math.inf and held <= known and self._in_flight.calm < TELLING:
            # Refused where it was thought to be safe: a step too small, or another limit.
            met, self._doubted = not self._doubted, True
            held = min(held, int(STEP_BACK * known))
        else:
            met = above < max(CONTRADICTING, 2 * held)
            self._doubted = False
        return held if met else 0

    def _learn_rate(self, rate: float, sent: Sent, lost: float) -> None:
        learned = self._per_second
        if sent.paced and learned.calm >= learned.patience:
            # Long kept, and missed when tried higher: the measure is too low if the server does
            # not save up what is not used, so the known rate is moved up a part of the way.
            rate = max(rate, learned.at + (JUST_UNDER * learned.value() - learned.at) / 3)
        learned.learn(rate, lost)
        if self._flow is None:
            self._flow = Flow(rate, sent.at, 1, LONGEST_BURST)
        self._flow.set_rate(rate)


class _Learned:
    """One limit: kept for a calm of `patience` answers, then tried higher, ever faster.

    As with CUBIC in TCP: slow where a refusal is likely, fast where the server must have grown.
    """

    SHORTEST, LONGEST = 20, 400
    """Answers: for a limit not yet trusted, and for one that is (fewer than 1 in 400 refused)."""
    SHORTEST_WORTH, LONGEST_WORTH = 5, 100
    """The same in units of the answers that the stop after a refusal costs: 1 % in the end."""
    TRUST = 4
    """Times the patience grows when a limit is met again within SAME of where it was."""
    SAME = 0.15
    GROWTH = 0.02
    """Share by which the limit is passed at twice the patience; grows with the third power."""

    def __init__(self, least_growth: float) -> None:
        self._least_growth = least_growth
        self.at = math.inf
        self.calm = 0  # answers got at the limit since it was met
        self.patience = 0.0

    def value(self) -> float:
        """The limit to be used now."""
        if self.calm <= self.patience:
            return self.at
        over = self.calm / self.patience - 1
        return self.at + max(self.GROWTH * self.at, self._least_growth) * over**3

    def learn(self, at: float, lost: float) -> None:
        """The limit was met; the stop costs `lost` answers."""
        shortest = max(self.SHORTEST, self.SHORTEST_WORTH * lost)
        longest = max(self.LONGEST, self.LONGEST_WORTH * lost)
        trusted = self.TRUST * self.patience if abs(at - self.at) <= self.SAME * at else 0
        self.patience = min(longest, max(shortest, trusted))
        self.at, self.calm = at, 0
