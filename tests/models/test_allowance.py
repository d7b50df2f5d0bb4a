"""An even flow, and a hard limit a minute wherever the minute begins."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llm_extract.models.allowance import MINUTE, Flow, Minute


def test_a_flow_lets_through_its_rate_and_a_burst_that_gathered() -> None:
    flow = Flow(2.0, 0.0, burst=3, burst_seconds=0.0)
    assert flow.wait(1, 100.0) == 0
    flow.take(3)
    assert flow.wait(1, 100.0) == 0.5
    assert flow.wait(1, 100.5) == 0


def test_a_flow_lets_more_than_its_burst_through_on_credit() -> None:
    flow = Flow(2.0, 0.0, burst=3, burst_seconds=0.0)
    assert flow.wait(10, 2.0) == 0
    flow.take(10)
    assert flow.wait(1, 2.0) == 4.0


def test_a_minute_is_spent_evenly() -> None:
    minute = Minute(600, 1, 0.0)
    assert minute.wait(10, 1.0) == 0
    minute.spend(10, 1.0)
    assert minute.wait(1, 1.0) == 0.1


def test_what_is_given_back_may_be_spent_again_in_the_same_minute() -> None:
    minute = Minute(600, 1, 0.0)
    spent = minute.spend(600, 1.0)
    minute.give_back(spent, 600)
    assert minute.wait(1, 2.0) == 0


def test_what_is_given_back_after_its_minute_is_not_spent_twice() -> None:
    minute = Minute(600, 1, 0.0)
    spent = minute.spend(600, 1.0)
    assert minute.wait(600, 70.0) == 0
    minute.spend(600, 70.0)
    minute.give_back(spent, 600)
    assert minute.wait(10, 100.0) > 0


@given(
    st.floats(5, 500),
    st.lists(st.tuples(st.floats(0, 20), st.floats(0.1, 5), st.floats(0, 1)), max_size=80),
)
def test_no_minute_is_ever_above_its_limit(
    limit: float, wishes: list[tuple[float, float, float]]
) -> None:
    minute = Minute(limit, 1, 0.0)
    now = 0.0
    used: list[tuple[float, float]] = []
    for later, amount, part in wishes:
        now += later
        while (wait := minute.wait(amount, now)) > 0:
            now += wait
        spent = minute.spend(amount, now)
        minute.give_back(spent, amount * (1 - part))
        used.append((now, amount * part))
    for end, _ in used:
        assert sum(amount for at, amount in used if end - MINUTE < at <= end) <= limit + 1e-6
