"""The curve of found errors against reviewed reports, against hand-computed points."""

from __future__ import annotations

import pytest
from evals.readings import reading
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.evals.results import Reading
from llm_extract.evals.review_curve import Point, area, review_curve

ERROR, WARNING = ("A02", "error"), ("G03", "warning")


def read(wrong: bool, *rules: tuple[str, str], name: str = "a", **fields: str) -> Reading:
    return reading(name, figures=(9, 10, 10) if wrong else (10, 10, 10), rules=rules, **fields)


def test_the_gravest_findings_are_reviewed_first() -> None:
    readings = [
        read(False),
        read(True),
        read(True, WARNING),
        read(False, WARNING),
        read(True, ERROR, WARNING),
    ]
    assert review_curve(readings) == [
        Point(0.0, 0.0, True),
        Point(0.2, pytest.approx(1 / 3), True),
        Point(0.6, pytest.approx(2 / 3), True),
        Point(1.0, 1.0, False),
    ]
    assert area(review_curve(readings)) == pytest.approx(
        0.2 * (1 / 3) / 2 + 0.4 * (1 / 3 + 2 / 3) / 2 + 0.4 * (2 / 3 + 1) / 2
    )


def test_failed_reports_come_before_all_others() -> None:
    curve = review_curve([read(True, disposition="failed"), read(False, ERROR), read(False)])
    assert curve[1] == Point(pytest.approx(1 / 3), 1.0, True)


def test_findings_that_say_nothing_are_worth_a_desk_that_picks_by_chance() -> None:
    assert area(review_curve([read(True), read(False), read(True), read(False)])) == 0.5


def test_where_nothing_is_wrong_there_is_no_curve() -> None:
    assert review_curve([read(False), read(False, ERROR)]) == []
    assert area([]) is None


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_a_curve_rises_to_one_and_its_area_is_a_share(cases: list[tuple[bool, int, int]]) -> None:
    readings = [read(wrong, *[ERROR] * errors, *[WARNING] * rest) for wrong, errors, rest in cases]
    curve = review_curve(readings)
    assert bool(curve) == any(wrong for wrong, _, _ in cases)
    for measure in ("review_rate", "error_recall"):
        values = [getattr(point, measure) for point in curve]
        assert values == sorted(values)
        assert not values or (values[0], values[-1]) == (0, pytest.approx(1))
    assert not curve or 0 <= (area(curve) or 0) <= 1
