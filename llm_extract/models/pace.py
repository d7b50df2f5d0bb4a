"""How fast one model's server is asked: turns to send a request, shared by all jobs of a process.

A turn is given when the server is not cooling down after a refusal, when the user's limits and the
server's learned ones (`capacity`) allow it, and in fair order. A server from which only failures
come is left alone but for a probe now and then.

One `Pace` serves one model in one asyncio event loop; it has no task of its own and no threads.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from llm_extract.models.allowance import Minute, Spent
from llm_extract.models.capacity import Capacity, Sent

FIRST_SLOTS = 4
"""Requests in flight to begin with; every answer opens one more until the first refusal."""
FASTEST_DOUBLING = 0.5
"""Seconds in which the open slots may double: a server that answers in milliseconds would else be
sent hundreds of requests too many before its first refusal is back."""
SHORTEST_COOL_DOWN = 0.5
"""Seconds, jittered down to half, for which a refusal stops all sending; doubles in a row."""
LONGEST_COOL_DOWN = 60.0
"""Seconds; limits are counted by the minute, so that a longer stop would only waste capacity."""
DOWN_AFTER = 4
"""Failures and overloads in a row, without one answer, that make a server count as down: no more
than a request is tried, so that none is given up before it is known that nobody is answered."""
FIRST_PROBE = 1.0
"""Seconds before the first probe of a server that is down; doubles up to LONGEST_COOL_DOWN."""
MOST_DOUBLINGS = 20
"""Keeps powers of two in bounds, long after they matter."""
SHORTEST_TIMER = 0.001
"""Seconds; a timer for less might come back too early and spin."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the user knows of a server; not passed in any 60 s.

    `most_in_flight` is at least 1. A single request of more than `tokens_per_minute` still goes
    out, when nothing else did for a minute.
    """

    most_in_flight: int
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """How a server is asked right now.

    `limit` is how many requests may be in flight, `rate` the learned requests a minute (None: no
    such limit was met), `refused_share` that of refusals in all answers and refusals so far,
    `cooling_seconds` what is left of the present stop.
    """

    in_flight: int
    waiting: int
    limit: int
    rate: float | None
    refused_share: float
    cooling_seconds: float


class Pace:
    """Gives turns to send one request each.

    `clock` runs with the time of the event loop. A turn that nothing holds up is given at once,
    without a switch to another task.
    """

    def __init__(
        self,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        now = clock()
        self._clock = clock
        self._rng = rng or random.Random()
        self._most = limits.most_in_flight
        requests, tokens = limits.requests_per_minute, limits.tokens_per_minute
        self._requests = None if requests is None else Minute(requests, 1, now)
        self._tokens = None if tokens is None else Minute(tokens, 0, now)
        self._capacity = Capacity(now)

        self._parties: OrderedDict[str, OrderedDict[Turn, asyncio.Future[None]]] = OrderedDict()
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None

        self._in_flight = 0
        self._open: float = FIRST_SLOTS
        self._opened = (FIRST_SLOTS, now)  # slots to begin with, and since when
        self._reopens = False
        self._stopped_at = -math.inf
        self._stopped_until = -math.inf
        self._overloads_in_row = 0
        self._bad_in_row = 0
        self._bad_since = now
        self._probe: Turn | None = None
        self._answers = 0
        self._refusals = 0

    def turn(self, tokens: int, party: str = "") -> Turn:
        """A turn for one request of up to `tokens` tokens, prompt and reply together.

        To be entered with `async with`, which waits until the request may be sent. Waiting parties
        (jobs) get turns one after the other, each in the order in which it asked.
        """
        return Turn(self, tokens, party)

    @property
    def down_since(self) -> float | None:
        """Time of the clock since when only failures and refusals came; None while it is up."""
        return self._bad_since if self._is_down() else None

    def seen(self) -> Seen:
        """The present state, for people and metrics."""
        per_second = self._capacity.per_second()
        return Seen(
            in_flight=self._in_flight,
            waiting=self._waiting,
            limit=self._slots(),
            rate=None if per_second is None else per_second * 60,
            refused_share=self._refusals / max(1, self._refusals + self._answers),
            cooling_seconds=max(0.0, self._stopped_until - self._clock()),
        )

    # Giving turns.

    def _is_down(self) -> bool:
        return self._bad_in_row >= DOWN_AFTER

    def _slots(self) -> int:
        if self._is_down():
            return 1
        return max(1, int(min(self._most, self._open, self._capacity.in_flight())))

    def _wait(self, turn: Turn, now: float) -> float:
        """Seconds until the turn may be given; infinite when another turn has to end first."""
        if self._is_down():
            # What hangs since before the trouble must not keep the probe back.
            if self._probe is not None or self._in_flight >= self._most:
                return math.inf
        elif self._in_flight >= (self._most if self._reopens else self._slots()):
            return math.inf
        wait = max(0.0, self._stopped_until - now)
        paced = self._capacity.wait(now)
        if paced > wait:
            turn.paced, wait = True, paced
        if self._requests is not None:
            wait = max(wait, self._requests.wait(1, now))
        if self._tokens is not None:
            wait = max(wait, self._tokens.wait(turn.tokens, now))
        return wait

    def _give(self, turn: Turn, now: float) -> None:
        self._in_flight += 1
        if self._reopens:
            # After a stop, the slots still in use are open and each answer opens one more: all at
            # once, sent to a server that is short of rate, would nearly all be refused.
            self._open, self._opened, self._reopens = self._in_flight, (self._in_flight, now), False
        if self._is_down():
            self._probe = turn
        if self._requests is not None:
            self._requests.spend(1, now)
        if self._tokens is not None:
            turn.spent = self._tokens.spend(turn.tokens, now)
        turn.sent = self._capacity.send(now, self._in_flight, self._slots(), turn.paced)

    def _enqueue(self, turn: Turn) -> asyncio.Future[None]:
        given = asyncio.get_running_loop().create_future()
        self._parties.setdefault(turn.party, OrderedDict())[turn] = given
        self._waiting += 1
        self._pump()
        return given

    def _withdraw(self, turn: Turn) -> None:
        queue = self._parties.get(turn.party)
        if queue is not None and turn in queue:
            self._dequeue(queue, turn)
        self._pump()

    def _dequeue(self, queue: OrderedDict[Turn, asyncio.Future[None]], turn: Turn) -> None:
        del queue[turn]
        self._waiting -= 1
        if not queue:
            del self._parties[turn.party]

    def _pump(self) -> None:
        """Gives all turns that may be given now; a timer calls it when the next may."""
        now = self._clock()
        while self._parties:
            party, queue = next(iter(self._parties.items()))
            turn, given = next(iter(queue.items()))
            if not given.done():  # else cancelled, and about to be withdrawn
                wait = self._wait(turn, now)
                if wait > 0:
                    self._pump_in(wait)
                    return
                self._give(turn, now)
                given.set_result(None)
                self._parties.move_to_end(party)
            self._dequeue(queue, turn)

    def _pump_in(self, wait: float) -> None:
        if wait == math.inf:
            return
        loop = asyncio.get_running_loop()
        at = loop.time() + max(wait, SHORTEST_TIMER)
        if self._timer is not None:
            if self._timer.when() <= at:
                return
            self._timer.cancel()
        self._timer = loop.call_at(at, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._pump()

    # Outcomes; called by turns.

    def _end(self, turn: Turn, tokens_used: int | None) -> None:
        self._in_flight -= 1
        if turn is self._probe:
            self._probe = None
        if self._tokens is not None and turn.spent is not None and tokens_used is not None:
            self._tokens.give_back(turn.spent, turn.tokens - tokens_used)

    def _answered(self, sent: Sent) -> None:
        self._answers += 1
        self._bad_in_row = 0
        if sent.level >= sent.allowed:  # with slots to spare there is no need for more
            first, since = self._opened
            doublings = min(MOST_DOUBLINGS, (self._clock() - since) / FASTEST_DOUBLING)
            self._open = min(min(self._open, self._slots()) + 1, first * 2**doublings)
        if sent.at > self._stopped_at:
            self._overloads_in_row = 0
            self._capacity.answered(sent)

    def _refused(self, sent: Sent, retry_after: float) -> None:
        now = self._clock()
        self._refusals += 1
        self._capacity.refused(sent)
        asked = min(retry_after, LONGEST_COOL_DOWN)
        if sent.at <= self._stopped_at:
            # Sent before the stop: one overload, however many requests it met.
            self._stopped_until = max(self._stopped_until, now + asked)
            return
        again = self._overloads_in_row > 0
        own = min(LONGEST_COOL_DOWN, _doubled(SHORTEST_COOL_DOWN, self._overloads_in_row))
        stop = max(asked, own * self._rng.uniform(0.5, 1.0))
        self._capacity.overloaded(sent, stop, again)
        # A learned rate fills the slots evenly by itself.
        self._reopens = again or self._capacity.per_second() is None
        self._overloads_in_row += 1
        self._stop(now, stop)
        self._bad(now)

    def _failed(self, sent: Sent) -> None:
        if sent.at > self._stopped_at:
            self._bad(self._clock())

    def _bad(self, now: float) -> None:
        if self._bad_in_row == 0:
            self._bad_since = now
        self._bad_in_row += 1
        if self._is_down():
            probes = self._bad_in_row - DOWN_AFTER
            self._stop(now, min(LONGEST_COOL_DOWN, _doubled(FIRST_PROBE, probes)))

    def _stop(self, now: float, seconds: float) -> None:
        self._stopped_at = now
        self._stopped_until = max(self._stopped_until, now + seconds)


def _doubled(seconds: float, times: int) -> float:
    return seconds * 2.0 ** min(times, MOST_DOUBLINGS)


class Turn:
    """One request's turn; its outcome is reported once, inside the `async with`.

    Only the first report counts. A turn that ends without one, by an exception or a cancellation,
    counts as nothing but keeps its tokens, which the server may have used.
    """

    __slots__ = ("_ended", "_pace", "paced", "party", "sent", "spent", "tokens")

    def __init__(self, pace: Pace, tokens: int, party: str) -> None:
        self.tokens = tokens
        self.party = party
        self.paced = False
        self.sent: Sent | None = None
        self.spent: Spent | None = None
        self._pace = pace
        self._ended = False

    async def __aenter__(self) -> Self:
        pace = self._pace
        now = pace._clock()
        if not pace._parties and pace._wait(self, now) <= 0:
            pace._give(self, now)
            return self
        given = pace._enqueue(self)
        try:
            await given
        except asyncio.CancelledError:
            if self.sent is None:
                pace._withdraw(self)
            else:  # given and cancelled in the same moment
                self._end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    @property
    def probes(self) -> bool:
        """Whether it is the only one given to a server that is down, to see if it answers again."""
        return self._pace._probe is self

    def answered(self, tokens_used: int) -> None:
        """The server did its work; tokens not used go back, tokens used beyond are counted."""
        self._end(self._pace._answered, tokens_used)

    def refused(self, retry_after: float | None = None) -> None:
        """The server has no room (429, 503, 529) and asked to wait `retry_after` seconds."""
        self._end(lambda sent: self._pace._refused(sent, retry_after or 0.0), 0)

    def failed(self) -> None:
        """The server or the way to it failed: connection lost, time-out, another 5xx."""
        self._end(self._pace._failed)

    def _end(
        self, learn: Callable[[Sent], None] | None = None, tokens_used: int | None = None
    ) -> None:
        if self._ended or self.sent is None:
            return
        self._ended = True
        self._pace._end(self, tokens_used)
        if learn is not None:
            learn(self.sent)
        if self._pace._parties:
            self._pace._pump()


class NoPace:
    """Turns that wait for nothing, where the way of a request has a pace of its own."""

    def turn(self, tokens: int, party: str = "") -> FreeTurn:
        """A turn at once."""
        return FreeTurn()


class FreeTurn:
    """A turn of which nobody learns anything."""

    __slots__ = ()

    probes = False
    """See `Turn.probes`."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def answered(self, tokens_used: int) -> None:
        """See `Turn.answered`."""

    def refused(self, retry_after: float | None = None) -> None:
        """See `Turn.refused`."""

    def failed(self) -> None:
        """See `Turn.failed`."""
