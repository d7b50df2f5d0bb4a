"""How fast one model's server is asked: slots, rate, cool-down and health, shared by all jobs.

What a server can take is unknown and changes. It shows only in refusals, so each refusal is asked
which limit it met: too many requests at once, or too many a second. The limit met is remembered and
kept just under; it is tried again only after a long calm, because every try may cost a refusal and
its cool-down. (Halving at each refusal, as TCP does, would hold a server at three quarters.)

One `Pace` serves one model in one asyncio event loop; it has no task of its own and no threads.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

FIRST_SLOTS = 4
"""Requests in flight to begin with; they double every round trip until the first refusal."""
SHORTEST_COOL_DOWN = 0.5
"""Seconds, jittered down to half, for which a refusal without a time stops all sending."""
LONGEST_COOL_DOWN = 60.0
"""Seconds; limits are counted by the minute, so a longer stop could only waste capacity."""
DOWN_AFTER = 5
"""Failures and overloads in a row, without one answer, that make a server count as down."""
FIRST_PROBE = 1.0
"""Seconds between the first two probes of a server that is down; doubles to the longest."""
JUST_UNDER = 0.98
"""Share of a learned rate that is used, so that drift alone does not meet the limit again."""
CONTRADICTING = 8
"""Answers at the level of a refusal, or above it, that rule out a limit of requests in flight."""
TELLING = 20
"""Answers below the level of a refusal, with none at it, that point to a limit in flight."""
MEASURED_WELL = 100
"""Requests after which a measured rate is exact to one in a hundred and a new measure starts."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the user knows of a server; never passed, in no window of 60 s.

    A single request of more than `tokens_per_minute` still goes out, alone in its minute.
    """

    most_in_flight: int
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """How a server is asked right now.

    `limit` is how many requests may be in flight, `rate` the learned requests a minute (None:
    no such limit met), `refused_share` that of refusals among all answers and refusals so far,
    `cooling_seconds` what is left of the present stop.
    """

    in_flight: int
    waiting: int
    limit: int
    rate: float | None
    refused_share: float
    cooling_seconds: float


class Pace:
    """Hands out turns to send one request each; see the module.

    `clock` must run with the time of the event loop. A turn that finds nothing in its way costs
    no switch to another task.
    """

    def __init__(
        self,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self._clock = clock
        self._rng = rng or random.Random()
        self._most = limits.most_in_flight
        now = clock()
        requests, tokens = limits.requests_per_minute, limits.tokens_per_minute
        self._requests = _Minute(requests, 1, now) if requests is not None else None
        self._tokens = _Minute(tokens, 0, now) if tokens is not None else None

        self._parties: OrderedDict[str, OrderedDict[Turn, asyncio.Future[None]]] = OrderedDict()
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None

        self._in_flight = 0
        self._open = FIRST_SLOTS  # slots opened since the start or the last overload
        self._reopen = False
        self._ceiling = _Learned()  # requests in flight
        self._rate = _Learned()  # requests a second
        self._bucket: _Bucket | None = None  # keeps the learned rate
        self._levels: Counter[int] = Counter()  # answers by level, of turns since the overload
        self._measure_from = now
        self._accepted = 0  # requests sent since then and not refused

        self._held_at = -math.inf  # when the last stop began
        self._held_until = -math.inf
        self._overloads_in_row = 0
        self._bad_in_row = 0
        self._bad_since = now
        self._probe: Turn | None = None
        self._answers = 0
        self._refusals = 0

    def turn(self, tokens: int, party: str = "") -> Turn:
        """A turn for one request of up to `tokens` tokens, prompt and reply together.

        To be entered with `async with`, which waits until the request may be sent. Waiting parties
        (jobs) take turns one after the other, each in the order in which it asked.
        """
        return Turn(self, tokens, party)

    @property
    def down_since(self) -> float | None:
        """Time of the clock since when only failures and refusals came; None while it is up."""
        return self._bad_since if self._bad_in_row >= DOWN_AFTER else None

    def seen(self) -> Seen:
        """The present state, for people and metrics."""
        return Seen(
            in_flight=self._in_flight,
            waiting=self._waiting,
            limit=self._slots(),
            rate=None if self._bucket is None else self._bucket.per_second * 60,
            refused_share=self._refusals / max(1, self._refusals + self._answers),
            cooling_seconds=max(0.0, self._held_until - self._clock()),
        )

    # Giving turns.

    def _slots(self) -> int:
        if self._bad_in_row >= DOWN_AFTER:
            return 1
        return max(1, int(min(self._most, self._open, self._ceiling.value())))

    def _wait(self, turn: Turn, now: float) -> float:
        """Seconds until the turn may be given; infinite when another turn has to end first."""
        if self._bad_in_row >= DOWN_AFTER:
            # Requests that hang since before the trouble must not keep the probe back.
            if self._probe is not None or self._in_flight >= self._most:
                return math.inf
        elif self._in_flight >= (self._most if self._reopen else self._slots()):
            return math.inf
        wait = self._held_until - now
        if self._bucket is not None:
            wait = max(wait, self._bucket.wait(1, now))
        if self._requests is not None:
            wait = max(wait, self._requests.wait(1, now))
        if self._tokens is not None:
            wait = max(wait, self._tokens.wait(turn.tokens, now))
        return wait

    def _give(self, turn: Turn, now: float) -> None:
        self._in_flight += 1
        if self._reopen:
            # After a stop the slots still in use count as open, the others open with answers:
            # a full load sent at once would be refused as a whole by a server short of rate.
            self._open, self._reopen = self._in_flight, False
        if self._bad_in_row >= DOWN_AFTER:
            self._probe = turn
        if self._bucket is not None:
            self._bucket.level -= 1
            turn.paced = self._bucket.level < 1
        if self._requests is not None:
            self._requests.take(1, now)
        if self._tokens is not None:
            turn.spent = self._tokens.take(turn.tokens, now)
        self._accepted += 1
        turn.sent = now
        turn.level = self._in_flight
        turn.full = self._in_flight >= self._slots()

    def _enqueue(self, turn: Turn) -> asyncio.Future[None]:
        given = asyncio.get_running_loop().create_future()
        self._parties.setdefault(turn.party, OrderedDict())[turn] = given
        self._waiting += 1
        self._pump()
        return given

    def _withdraw(self, turn: Turn) -> None:
        queue = self._parties.get(turn.party)
        if queue is None or queue.pop(turn, None) is None:
            return  # its turn came between the cancellation and now, and was passed over
        self._waiting -= 1
        if not queue:
            del self._parties[turn.party]
        self._pump()

    def _pump(self) -> None:
        """Gives all turns that may be given now, and sees that it is called when the next may."""
        now = self._clock()
        while self._parties:
            party, queue = next(iter(self._parties.items()))
            turn = next(iter(queue))
            wait = self._wait(turn, now)
            if wait > 0:
                self._wake_in(wait)
                return
            given = queue.pop(turn)
            self._waiting -= 1
            if queue:
                self._parties.move_to_end(party)
            else:
                del self._parties[party]
            if not given.done():
                self._give(turn, now)
                given.set_result(None)

    def _wake_in(self, wait: float) -> None:
        if wait == math.inf:
            return
        loop = asyncio.get_running_loop()
        wait = max(wait, 0.001)  # not less than a timer can tell, or it would spin
        if self._timer is not None:
            if self._timer.when() <= loop.time() + wait:
                return
            self._timer.cancel()
        self._timer = loop.call_later(wait, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._pump()

    # Learning from outcomes.

    def _free(self, turn: Turn, tokens_used: int | None) -> None:
        """The end of a turn; what it did not use goes back, unless that is unknown (None)."""
        self._in_flight -= 1
        if turn is self._probe:
            self._probe = None
        if self._tokens is not None and turn.spent is not None and tokens_used is not None:
            self._tokens.give_back(turn.spent, turn.tokens - tokens_used)

    def _answered(self, turn: Turn) -> None:
        self._answers += 1
        self._bad_in_row = 0
        if turn.full:
            self._open = min(self._open, self._slots()) + 1
        if turn.sent <= self._held_at:
            return
        self._overloads_in_row = 0
        self._levels[turn.level] += 1
        if turn.level + 1 > self._ceiling.value():
            self._ceiling.calm += 1
        if turn.paced and self._bucket is not None:
            self._rate.calm += 1
            self._bucket.set_rate(self._rate.value())

    def _bad(self, now: float) -> None:
        if self._bad_in_row == 0:
            self._bad_since = now
        self._bad_in_row += 1
        if (over := self._bad_in_row - DOWN_AFTER) >= 0:
            probes = min(over, 16)  # the cap is long reached; keeps the power small
            self._hold(now, min(LONGEST_COOL_DOWN, FIRST_PROBE * 2**probes))

    def _failed(self, turn: Turn, now: float) -> None:
        if turn.sent > self._held_at:
            self._bad(now)

    def _refused(self, turn: Turn, retry_after: float | None, now: float) -> None:
        self._refusals += 1
        if turn.sent > self._measure_from:
            self._accepted -= 1
        asked = min(retry_after or 0.0, LONGEST_COOL_DOWN)
        if turn.sent <= self._held_at:
            # Sent before the stop: one overload, however many requests it met.
            self._held_until = max(self._held_until, now + asked)
            return
        doubled = SHORTEST_COOL_DOWN * 2 ** min(self._overloads_in_row, 16)
        stop = max(asked, min(doubled, LONGEST_COOL_DOWN) * self._rng.uniform(0.5, 1.0))
        if self._overloads_in_row == 0:
            self._learn(turn, now, stop)
        if self._overloads_in_row > 0 or self._accepted >= MEASURED_WELL:
            self._measure_from, self._accepted = now, 0
        self._overloads_in_row += 1
        self._levels.clear()
        self._reopen = True
        self._hold(now, stop)
        self._bad(now)

    def _hold(self, now: float, seconds: float) -> None:
        self._held_at = now
        self._held_until = max(self._held_until, now + seconds)

    def _learn(self, turn: Turn, now: float, stop: float) -> None:
        """Finds which limit a refusal met, and remembers it."""
        # Between two refusals a server that counts by the minute accepts what its rate is.
        measured = self._accepted / max(now - self._measure_from, 0.001)
        lost = stop * measured
        above = sum(n for level, n in self._levels.items() if level >= turn.level)
        below = self._levels.total() - above
        if turn.full and not turn.paced:
            in_flight = above < CONTRADICTING
        else:
            in_flight = above == 0 and below >= TELLING
        if in_flight and turn.level > 1:
            self._ceiling.learn(turn.level - 1, lost)
            return
        rate = JUST_UNDER * measured
        if self._rate.calm >= self._rate.patience:
            # It was kept for long and missed when tried higher: the truth lies between, and the
            # measure is too low where a server does not save up what was not used.
            rate = max(rate, (self._rate.at + JUST_UNDER * self._rate.value()) / 2)
        if rate > 0:
            self._rate.learn(rate, lost)
            if self._bucket is None:
                self._bucket = _Bucket(rate, now)
            self._bucket.set_rate(rate)


class Turn:
    """One request's turn; report its outcome once, inside the `async with` (the first counts).

    A turn that ends without a report, by an exception or a cancellation, counts as nothing; its
    tokens stay counted, as the server may have used them.
    """

    __slots__ = ("_pace", "_state", "full", "level", "paced", "party", "sent", "spent", "tokens")

    def __init__(self, pace: Pace, tokens: int, party: str) -> None:
        self._pace = pace
        self.tokens = tokens
        self.party = party
        self.sent = math.nan
        self.level = 0  # requests in flight when it was sent, itself included; 0: not yet sent
        self.full = False  # it took the last slot
        self.paced = False  # it took what the learned rate allowed
        self.spent: _Bin | None = None
        self._state = False

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
            if self.level:  # given and cancelled in the same moment
                self._end(None)
                pace._pump()
            else:
                pace._withdraw(self)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._end(None):
            self._pace._pump()

    def answered(self, tokens_used: int) -> None:
        """The server did its work; unused tokens go back, and ones used beyond are counted."""
        if self._end(tokens_used):
            self._pace._answered(self)
            self._pace._pump()

    def refused(self, retry_after: float | None = None) -> None:
        """The server has no room (429, 503, 529); it asked to wait `retry_after` seconds."""
        if self._end(0):
            self._pace._refused(self, retry_after, self._pace._clock())
            self._pace._pump()

    def failed(self) -> None:
        """The way to the server or the server failed: lost connection, time-out, 5xx."""
        if self._end(None):
            self._pace._failed(self, self._pace._clock())
            self._pace._pump()

    def _end(self, tokens_used: int | None) -> bool:
        if self._state:
            return False
        self._state = True
        self._pace._free(self, tokens_used)
        return True


class NoPace:
    """Turns that wait for nothing, where the way of a request has a pace of its own."""

    def turn(self, tokens: int, party: str = "") -> FreeTurn:
        """A turn at once."""
        return FreeTurn()


class FreeTurn:
    """A turn of which nobody learns anything."""

    __slots__ = ()

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


class _Learned:
    """A limit as refusals taught it: kept for a calm of `patience` answers, then tried ever higher.

    The growth is that of CUBIC: hardly any near the limit, where a refusal is likely, and fast
    once the limit is left behind, when the server must have grown.
    """

    SHORTEST, LONGEST = 50, 400  # answers; at the longest, under 1 in 400 is a refusal
    WORTH = 50  # times what a refusal costs in answers not got, so that trying costs 2 %
    GROWTH = 0.1  # at twice the patience

    def __init__(self) -> None:
        self.at = math.inf
        self.calm = 0  # answers got at the limit since it was learned
        self.patience: float = self.SHORTEST
        self._confirmed: float = self.SHORTEST

    def value(self) -> float:
        over = self.calm / self.patience - 1
        return self.at if over <= 0 else self.at * (1 + self.GROWTH * over**3)

    def learn(self, at: float, lost: float) -> None:
        """Takes the limit over; met again at the same place it is trusted twice as long."""
        same = abs(at - self.at) <= max(0.05 * at, 1e-9)
        self._confirmed = min(self.LONGEST, 2 * self._confirmed) if same else self.SHORTEST
        self.at, self.calm = at, 0
        self.patience = max(self._confirmed, self.WORTH * lost)


class _Bucket:
    """Lets amounts through at a rate, with what gathered in a short time at once."""

    BURST_SECONDS = 0.05  # bridges the lateness of timers

    def __init__(self, per_second: float, now: float, burst: float = 1.0) -> None:
        self.per_second = per_second
        self._least_burst = self._burst = burst
        self.level = 0.0
        self._then = now

    def set_rate(self, per_second: float) -> None:
        self.per_second = per_second
        self._burst = max(self._least_burst, per_second * self.BURST_SECONDS)

    def wait(self, amount: float, now: float) -> float:
        """Seconds until the amount may pass; one above the burst passes at the burst, on credit."""
        self.level = min(self._burst, self.level + (now - self._then) * self.per_second)
        self._then = now
        missing = min(amount, self._burst) - self.level
        return missing / self.per_second if missing > 1e-9 else 0.0


@dataclass(slots=True)
class _Bin:
    """What was spent in one short stretch of time."""

    ends: float
    amount: float = 0.0
    gone: bool = False


class _Minute:
    """A hard limit a minute: evenly paced, and what the last 60 s spent is never above it."""

    SECONDS = 60.0
    BIN = 0.1  # seconds; spent amounts are kept by bins and held until the end of theirs
    BURST_SECONDS = 1.0

    def __init__(self, limit: float, least_burst: float, now: float) -> None:
        self._limit = limit
        self._spent = 0.0
        self._bins: deque[_Bin] = deque()
        burst = max(least_burst, limit / self.SECONDS * self.BURST_SECONDS)
        self._even = _Bucket(limit / self.SECONDS, now, burst)

    def wait(self, amount: float, now: float) -> float:
        """Seconds until asking again is worth while, 0 when the amount may be spent."""
        bins = self._bins
        while bins and bins[0].ends + self.SECONDS <= now:
            old = bins.popleft()
            old.gone = True
            self._spent -= old.amount
        if not bins:
            self._spent = 0.0  # sheds what rounding left
        elif self._spent + amount > self._limit:
            return bins[0].ends + self.SECONDS - now
        return self._even.wait(amount, now)

    def take(self, amount: float, now: float) -> _Bin:
        self._even.level -= amount
        self._spent += amount
        if not self._bins or self._bins[-1].ends <= now:
            self._bins.append(_Bin(now + self.BIN))
        self._bins[-1].amount += amount
        return self._bins[-1]

    def give_back(self, spent: _Bin, amount: float) -> None:
        self._even.level += amount
        if not spent.gone:
            spent.amount -= amount
            self._spent -= amount
