"""Intervals and paired differences, against hand-computed values and scipy's own."""

from __future__ import annotations

import numpy as np
import pytest
from evals.readings import reading
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from llm_extract.errors import RecordsError
from llm_extract.evals.measures import MEASURES
from llm_extract.evals.results import Reading
from llm_extract.evals.statistics import SEED, difference, estimate, holm

FIGURES = MEASURES["figure_f1"]
EXACT = MEASURES["exact"]


def run(*hits: int, of: int = 10) -> list[Reading]:
    """One reading a report with so many of its figures right."""
    return [reading(f"r{place}", figures=(hit, of, of)) for place, hit in enumerate(hits)]


def test_a_value_is_a_ratio_of_sums_and_no_mean_of_ratios() -> None:
    readings = [reading("a", figures=(1, 1, 1)), reading("b", figures=(0, 9, 9))]
    assert estimate(FIGURES, readings).value == pytest.approx(2 / 20)


def test_repeats_of_a_report_are_one_cluster() -> None:
    twice = [reading("a", repeat=1, figures=(5, 10, 10)), reading("a", repeat=2)]
    assert estimate(FIGURES, twice).reports == 1


@pytest.mark.parametrize("readings", [[], run(7), run(10, 10, 10)])
def test_no_interval_where_chance_shows_nothing(readings: list[Reading]) -> None:
    found = estimate(FIGURES, readings)
    assert (found.low, found.high) == (None, None)


def test_what_nobody_counted_is_undefined_and_not_zero() -> None:
    nothing = [reading(name, figures=(0, 0, 0)) for name in "abc"]
    assert estimate(FIGURES, nothing).value is None
    assert difference(FIGURES, nothing, nothing).p is None


def test_the_interval_is_that_of_scipy_over_equally_large_reports() -> None:
    hits = (3, 9, 8, 10, 2, 7, 9, 10, 6, 5)
    found = estimate(FIGURES, run(*hits))
    theirs = stats.bootstrap(
        (np.array(hits) / 10,), np.mean, method="percentile", n_resamples=9999, rng=SEED
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx(tuple(theirs), abs=0.01)


def test_a_difference_is_taken_report_by_report() -> None:
    before, after = run(2, 4, 6, 8, 5, 3), run(3, 5, 7, 9, 6, 4)
    found = difference(FIGURES, before, after)
    assert found.difference == pytest.approx(0.1)
    # Every report gains the same: no draw of reports shows another difference.
    assert (found.low, found.high) == (None, None)
    # All six went one way: of the 2^6 ways to change sides two are as far apart.
    assert found.p == pytest.approx(2 / 64)


def test_the_other_way_round_gives_the_same_p_and_the_opposite_interval() -> None:
    before, after = run(2, 4, 6, 8, 5, 3, 9), run(3, 5, 4, 9, 9, 4, 9)
    there, back = difference(FIGURES, before, after), difference(FIGURES, after, before)
    assert there.p == pytest.approx(back.p)
    assert there.difference == pytest.approx(-(back.difference or 0))
    assert there.low is not None and back.high is not None
    assert there.low == pytest.approx(-back.high, abs=0.02)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 10), min_size=2, max_size=12))
def test_a_run_does_not_differ_from_itself(hits: list[int]) -> None:
    found = difference(EXACT, run(*hits), run(*hits))
    assert found.difference == 0
    assert found.p == 1


def test_runs_over_other_reports_are_not_compared() -> None:
    with pytest.raises(RecordsError, match="only one of the two read r2"):
        difference(FIGURES, run(1, 2), run(1, 2, 3))


def test_several_p_values_are_adjusted_as_holm_does() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.4, None, 0.9]) == [0.8, None, 0.9]
    assert holm([]) == []
