"""Which limit a refusal met, and how long a limit is kept."""

from __future__ import annotations

import math

from llm_extract.models.capacity import Capacity


def answer(capacity: Capacity, level: int, times: int, start: float = 0.0) -> float:
    """That many answers at the level, ten a second; the time after them."""
    for number in range(times):
        capacity.answered(capacity.send(start + number / 10, level, level, paced=False))
    return start + times / 10


def refuse(capacity: Capacity, level: int, at: float, *, again: bool = False) -> None:
    sent = capacity.send(at, level, level, paced=False)
    capacity.refused(sent)
    capacity.overloaded(sent, 0.0, again)


def test_a_first_refusal_above_all_that_was_answered_is_a_limit_of_requests_in_flight() -> None:
    capacity = Capacity(0.0)
    refuse(capacity, 8, answer(capacity, 7, 30))
    assert capacity.in_flight() == 7
    assert capacity.per_second() is None


def test_refusals_at_a_level_that_was_answered_are_a_limit_of_requests_a_second() -> None:
    capacity = Capacity(0.0)
    refuse(capacity, 2, answer(capacity, 2, 30))
    refuse(capacity, 2, answer(capacity, 2, 50, start=3.1))
    rate = capacity.per_second()
    assert rate is not None
    assert 9.5 <= rate <= 10
    assert capacity.in_flight() == math.inf


def test_refusals_without_an_answer_between_them_teach_nothing() -> None:
    capacity = Capacity(0.0)
    refuse(capacity, 8, answer(capacity, 7, 30))
    for number in range(10):
        refuse(capacity, 1, 10.0 + number, again=True)
    assert capacity.in_flight() == 7
    assert capacity.per_second() is None


def test_a_limit_is_kept_for_a_while_and_then_tried_one_higher() -> None:
    capacity = Capacity(0.0)
    refuse(capacity, 8, answer(capacity, 7, 30))
    answer(capacity, 7, 15, start=10)
    assert int(capacity.in_flight()) == 7
    answer(capacity, 7, 60, start=20)
    assert int(capacity.in_flight()) > 7


def test_a_limit_met_again_is_kept_longer() -> None:
    capacity = Capacity(0.0)
    refuse(capacity, 8, answer(capacity, 7, 30))
    refuse(capacity, 8, answer(capacity, 7, 60, start=10))
    answer(capacity, 7, 60, start=20)
    assert int(capacity.in_flight()) == 7


def test_a_limit_is_not_tried_higher_by_answers_that_did_not_need_it() -> None:
    capacity = Capacity(0.0)
    refuse(capacity, 8, answer(capacity, 7, 30))
    answer(capacity, 3, 5000, start=10)
    assert capacity.in_flight() == 7
