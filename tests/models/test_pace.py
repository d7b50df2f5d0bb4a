"""How fast a server is asked, against simulated servers in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_servers import (
    FAILED,
    REFUSED,
    Bucket,
    Course,
    Server,
    Slots,
    ask,
    now,
    work_off,
)
from virtual_time import in_virtual_time

from llm_extract.models.pace import DOWN_AFTER, Limits, Pace, Turn


def shares(server: Slots | Bucket, requests: int, seed: int) -> tuple[float, float, float]:
    """Shares of the capacity used over the whole run and after its warm-up, and of refusals."""

    async def main() -> tuple[float, float, float]:
        marks: list[tuple[float, float, float]] = []

        def on_end(done: int) -> None:
            # The last ones do not fill the server any more, whoever sends them.
            if done in (requests // 5, requests * 98 // 100):
                marks.append((now(), server.share_used(now()), server.used))

        pace = Pace(Limits(1000), now, random.Random(seed))
        course = await work_off(pace, server, 400, requests, on_end=on_end)
        (warm, _, used_warm), (end, whole, used) = marks
        in_a_second = (used - used_warm) / (end - warm)
        return whole, in_a_second / server.capacity(), course.share_refused()

    return in_virtual_time(main)


@pytest.mark.parametrize(
    ("most", "latency", "transit", "requests"),
    [(4, 1.0, 0.0, 3000), (4, 10.0, 0.02, 3000), (20, 2.0, 0.02, 6000), (100, 2.0, 0.0, 16000)],
)
def test_a_server_of_so_many_slots_is_kept_busy_with_hardly_a_refusal(
    most: int, latency: float, transit: float, requests: int
) -> None:
    server = Slots(most, latency, random.Random(1), transit)
    whole, warm, refused = shares(server, requests, seed=1)
    assert whole >= 0.95
    assert warm >= 0.95
    assert refused <= 0.01


@pytest.mark.parametrize("says_when", [False, True])
@pytest.mark.parametrize(
    ("per_minute", "burst", "latency", "requests"),
    [
        (60, 6, 0.02, 3000),
        (60, 60, 1.0, 3000),
        (600, 60, 0.02, 4000),
        (600, 10, 1.0, 4000),
        (6000, 600, 0.15, 10000),
        (6000, 100, 0.02, 10000),
    ],
)
def test_a_server_of_so_many_requests_a_minute_is_kept_busy_with_hardly_a_refusal(
    per_minute: float, burst: float, latency: float, requests: int, says_when: bool
) -> None:
    server = Bucket(per_minute, burst, latency, random.Random(7), says_when)
    whole, warm, refused = shares(server, requests, seed=7)
    assert whole >= 0.95
    assert warm >= 0.95
    assert refused <= 0.01


def test_an_unknown_limit_of_tokens_a_minute_is_kept_by_the_rate_of_requests() -> None:
    rng = random.Random(3)
    server = Bucket(300_000, 30_000, 1.0, rng, by_tokens=True)

    async def main() -> tuple[float, float]:
        pace = Pace(Limits(1000), now, rng)
        course = await work_off(pace, server, 100, 4000, lambda: rng.randint(500, 1500))
        return server.share_used(now()), course.share_refused()

    used, refused = in_virtual_time(main)
    assert used >= 0.95
    assert refused <= 0.01


@pytest.mark.parametrize(("before", "after"), [(20, 40), (60, 20)])
def test_a_server_that_gets_more_or_fewer_slots_is_soon_kept_busy_again(
    before: int, after: int
) -> None:
    async def main() -> tuple[float, float]:
        server = Slots(before, 1.0, random.Random(5))
        pace = Pace(Limits(300), now, random.Random(5))
        await work_off(pace, server, 300, 2500)
        server.most = after
        await work_off(pace, server, 300, 8000)
        used, start = server.used, now()
        course = await work_off(pace, server, 300, 3000)
        return (server.used - used) / ((now() - start) * after), course.share_refused()

    used, refused = in_virtual_time(main)
    assert used >= 0.92
    assert refused <= 0.01


@pytest.mark.parametrize(("before", "after"), [(600, 1200), (1200, 300)])
def test_a_server_that_takes_more_or_fewer_a_minute_is_soon_kept_busy_again(
    before: float, after: float
) -> None:
    async def main() -> tuple[float, float]:
        server = Bucket(before, before / 10, 0.1, random.Random(5))
        pace = Pace(Limits(300), now, random.Random(5))
        await work_off(pace, server, 50, 2000)
        server.per_minute = after
        await work_off(pace, server, 50, 6000)
        used, start = server.used, now()
        course = await work_off(pace, server, 50, 3000)
        return (server.used - used) / ((now() - start) * after / 60), course.share_refused()

    used, refused = in_virtual_time(main)
    assert used >= 0.95
    assert refused <= 0.01


@pytest.mark.parametrize("trouble", [FAILED, REFUSED])
def test_an_outage_is_probed_seldom_and_its_end_is_seen_within_a_minute(trouble: float) -> None:
    async def main() -> None:
        server = Slots(20, 1.0, random.Random(5))
        out = False

        async def flaky(tokens: int) -> float:
            if out:
                await asyncio.sleep(0.1)
                return trouble
            return await server(tokens)

        pace = Pace(Limits(300), now, random.Random(5))
        course = Course()
        workers = [asyncio.ensure_future(_forever(pace, flaky, course, "job")) for _ in range(100)]
        await asyncio.sleep(120)
        assert pace.down_since is None
        began, sent, out = now(), len(course.sent), True
        await asyncio.sleep(600)
        assert pace.down_since == pytest.approx(began, abs=3)
        assert len(course.sent) - sent <= 60
        out, answered = False, course.by_party["job"]
        await asyncio.sleep(65)
        assert pace.down_since is None
        assert course.by_party["job"] > answered
        before, start = server.used, now()
        await asyncio.sleep(60)
        assert (server.used - before) / (20 * (now() - start)) >= 0.9
        for worker in workers:
            worker.cancel()

    in_virtual_time(main)


async def _forever(pace: Pace, server: Server, course: Course, party: str) -> None:
    while True:
        await ask(pace, server, course, 100, party, 100)


def most_in_a_minute(sent: Sequence[tuple[float, float]]) -> float:
    """The largest sum of amounts in any 60 s."""
    most = total = 0.0
    first = 0
    for at, amount in sent:
        total += amount
        while sent[first][0] <= at - 60:
            total -= sent[first][1]
            first += 1
        most = max(most, total)
    return most


def test_the_users_limits_are_used_up_but_never_passed_in_any_minute() -> None:
    rng = random.Random(2)

    async def main() -> tuple[Course, float]:
        server = Slots(1000, 5.0, rng)
        course = Course()
        pace = Pace(Limits(300, requests_per_minute=600, tokens_per_minute=400_000), now)

        async def worker() -> None:
            for _ in range(20):
                # Of what is reserved a part is used, and which part changes with time.
                tokens = rng.randint(100, 300) if now() < 180 else 1000
                await ask(pace, server, course, tokens, "job", 1000)

        await asyncio.gather(*(worker() for _ in range(200)))
        return course, now()

    course, seconds = in_virtual_time(main)
    assert most_in_a_minute([(at, 1) for at, _ in course.sent]) <= 600
    tokens_a_minute = most_in_a_minute(course.sent)
    assert 0.95 * 400_000 <= tokens_a_minute <= 400_000
    by_requests = [at for at, _ in course.sent if 60 <= at < 180]
    assert len(by_requests) >= 0.95 * 1200
    assert seconds < 700


def test_a_request_above_the_tokens_of_a_minute_goes_out_alone() -> None:
    async def main() -> list[float]:
        pace = Pace(Limits(10, tokens_per_minute=1000), now)
        times = []
        for tokens in (5000, 5000, 10):
            async with pace.turn(tokens) as turn:
                times.append(now())
                turn.answered(tokens)
        return times

    first, second, third = in_virtual_time(main)
    assert second - first >= 60
    assert third - second >= 60


def test_two_jobs_get_equal_shares_whatever_they_ask_for() -> None:
    async def main() -> Counter[str]:
        server = Slots(10, 1.0, random.Random(4))
        pace = Pace(Limits(10), now)
        course = Course()
        workers = [
            asyncio.ensure_future(_forever(pace, server, course, party))
            for party, many in (("large", 290), ("small", 20))
            for _ in range(many)
        ]
        await asyncio.sleep(200)
        for worker in workers:
            worker.cancel()
        return course.by_party

    answered = in_virtual_time(main)
    assert answered["large"] == pytest.approx(answered["small"], rel=0.05)


def test_one_waiting_job_is_not_starved_by_three_hundred_turns_of_another() -> None:
    async def main() -> list[str]:
        pace = Pace(Limits(1), now)
        order: list[str] = []

        async def once(party: str) -> None:
            async with pace.turn(1, party) as turn:
                await asyncio.sleep(1)
                turn.answered(1)
            order.append(party)

        many = [asyncio.ensure_future(once("many")) for _ in range(300)]
        await asyncio.sleep(0.5)
        await asyncio.gather(once("one"), *many)
        return order

    assert in_virtual_time(main).index("one") == 2


def test_turns_of_one_job_are_given_in_the_order_asked_for() -> None:
    async def main() -> list[int]:
        pace = Pace(Limits(3), now)
        order: list[int] = []

        async def once(number: int) -> None:
            async with pace.turn(1, "job") as turn:
                order.append(number)
                await asyncio.sleep(1)
                turn.answered(1)

        await asyncio.gather(*(once(number) for number in range(20)))
        return order

    assert in_virtual_time(main) == list(range(20))


@pytest.mark.parametrize(("said", "least", "most"), [(20.0, 20, 20.1), (9000.0, 60, 60.1)])
def test_a_refusal_stops_all_sending_for_the_time_said_but_for_a_minute_at_most(
    said: float, least: float, most: float
) -> None:
    async def main() -> float:
        pace = Pace(Limits(10), now)
        async with pace.turn(1) as turn:
            turn.refused(said)
        assert pace.seen().cooling_seconds == pytest.approx(min(said, 60))
        async with pace.turn(1, "another job"):
            return now()

    assert least <= in_virtual_time(main) <= most


def test_refusals_in_a_row_without_a_time_double_the_stop() -> None:
    async def main() -> list[float]:
        pace = Pace(Limits(10), now, random.Random(1))
        stops = []
        for _ in range(4):
            async with pace.turn(1) as turn:
                turn.refused()
            stops.append(pace.seen().cooling_seconds)
        return stops

    stops = in_virtual_time(main)
    assert all(0.25 * 2**times <= stop <= 0.5 * 2**times for times, stop in enumerate(stops))


def test_refusals_of_requests_under_way_are_one_overload() -> None:
    async def main() -> None:
        pace = Pace(Limits(10), now)
        turns = [pace.turn(1) for _ in range(4)]
        for turn in turns:
            await turn.__aenter__()
        for turn in turns:
            turn.refused()
        assert pace.seen().cooling_seconds <= 0.5
        assert pace.down_since is None

    in_virtual_time(main)


def test_a_server_is_down_after_some_failures_in_a_row_and_up_with_the_first_answer() -> None:
    async def main() -> None:
        pace = Pace(Limits(10), now)
        for number in range(DOWN_AFTER):
            assert pace.down_since is None
            await asyncio.sleep(1)
            async with pace.turn(1) as turn:
                turn.failed()
            assert (pace.down_since is None) == (number + 1 < DOWN_AFTER)
        assert pace.down_since == 1.0
        async with pace.turn(1) as turn:
            assert pace.seen().limit == 1
            turn.answered(1)
        assert pace.down_since is None

    in_virtual_time(main)


def test_a_request_that_hangs_does_not_keep_the_probe_of_a_down_server_back() -> None:
    async def main() -> None:
        pace = Pace(Limits(10), now)
        hanging = pace.turn(1)
        await hanging.__aenter__()
        for _ in range(DOWN_AFTER):
            async with pace.turn(1) as turn:
                turn.failed()
        async with pace.turn(1) as probe:
            probe.answered(1)
        assert pace.down_since is None

    in_virtual_time(main)


def test_a_turn_without_a_report_frees_its_slot_and_counts_as_nothing() -> None:
    async def main() -> None:
        pace = Pace(Limits(1), now)
        with pytest.raises(LookupError):
            async with pace.turn(1):
                raise LookupError
        async with pace.turn(1):
            assert pace.seen().in_flight == 1
        assert pace.seen().in_flight == 0
        assert pace.seen().refused_share == 0
        assert now() == 0

    in_virtual_time(main)


def test_a_turn_given_and_cancelled_in_the_same_moment_frees_its_slot() -> None:
    async def main() -> None:
        pace = Pace(Limits(1), now)

        async def once() -> None:
            async with pace.turn(1):
                raise AssertionError("cancelled before")

        first = pace.turn(1)
        await first.__aenter__()
        waiting = asyncio.ensure_future(once())
        await asyncio.sleep(1)
        first.answered(1)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        assert pace.seen().in_flight == 0

    in_virtual_time(main)


def test_a_cancelled_wait_lets_those_behind_it_go_first() -> None:
    async def main() -> float:
        pace = Pace(Limits(2, tokens_per_minute=600), now)
        async with pace.turn(10):
            large = asyncio.ensure_future(pace.turn(595).__aenter__())
            await asyncio.sleep(5)
            small = asyncio.ensure_future(pace.turn(10).__aenter__())
            await asyncio.sleep(0)
            large.cancel()
            await small
            assert pace.seen().waiting == 0
        return now()

    assert in_virtual_time(main) == 5


def test_the_first_report_of_a_turn_counts() -> None:
    async def main() -> None:
        pace = Pace(Limits(1), now)
        async with pace.turn(1) as turn:
            turn.answered(1)
            turn.refused(30)
        assert pace.seen().cooling_seconds == 0
        assert pace.seen().in_flight == 0

    in_virtual_time(main)


def test_the_snapshot_says_how_the_server_is_asked() -> None:
    async def main() -> None:
        pace = Pace(Limits(2), now, random.Random(1))
        turns = [pace.turn(1) for _ in range(3)]
        waiting = [asyncio.ensure_future(turn.__aenter__()) for turn in turns]
        await asyncio.sleep(1)
        seen = pace.seen()
        assert (seen.in_flight, seen.waiting, seen.limit, seen.rate) == (2, 1, 2, None)
        turns[0].answered(1)
        turns[1].refused(10)
        assert pace.seen().refused_share == 0.5
        assert pace.seen().cooling_seconds == 10
        await asyncio.gather(*waiting)

    in_virtual_time(main)


Step = tuple[str, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "cancel", "answered", "refused", "failed", "leave", "wait"]),
        st.integers(0, 30),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(STEPS, st.integers(1, 6), st.sampled_from([None, 1, 30]), st.sampled_from([None, 5, 400]))
def test_no_order_of_events_loses_a_slot_or_passes_a_limit(
    steps: list[Step], most: int, requests: int | None, tokens: int | None
) -> None:
    async def main() -> None:
        pace = Pace(Limits(most, requests, tokens), now, random.Random(0))
        sent: list[tuple[float, int]] = []
        tasks: list[asyncio.Task[None]] = []
        running: dict[asyncio.Task[None], tuple[Turn, asyncio.Event]] = {}

        async def one(amount: int) -> None:
            async with pace.turn(amount, f"job {amount % 3}") as turn:
                sent.append((now(), amount))
                leave = asyncio.Event()
                task = asyncio.current_task()
                assert task is not None
                running[task] = turn, leave
                try:
                    await leave.wait()
                finally:
                    del running[task]

        async def step(what: str, number: int) -> None:
            if what == "ask":
                tasks.append(asyncio.ensure_future(one(number)))
            elif what == "wait":
                await asyncio.sleep(number)
            elif what == "cancel" and tasks:
                # At once after a turn ended, so that it may just have been given to this task.
                if running:
                    next(iter(running.values()))[0].answered(1)
                tasks.pop(number % len(tasks)).cancel()
            elif running:
                turn, leave = list(running.values())[number % len(running)]
                if what == "answered":
                    turn.answered(number % 7)
                elif what == "refused":
                    turn.refused(float(number) if number % 2 else None)
                elif what == "failed":
                    turn.failed()
                leave.set()

        for what, number in steps:
            await step(what, number)
            await asyncio.sleep(0)
            assert 0 <= pace.seen().in_flight <= most
        # Whatever came before, those who wait get their turns, and then nothing is held.
        while any(not task.done() for task in tasks):
            for turn, leave in list(running.values()):
                turn.answered(0)
                leave.set()
            await asyncio.sleep(30)
        seen = pace.seen()
        assert (seen.in_flight, seen.waiting) == (0, 0)
        if requests is not None:
            assert most_in_a_minute([(at, 1) for at, _ in sent]) <= requests

    in_virtual_time(main)
