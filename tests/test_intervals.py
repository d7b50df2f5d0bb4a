"""What a printed number allows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.intervals import POLICY_VERSION, Interval, bounds, total
from llm_extract.schema import Qualifier


def count(
    value: int | None, qualifier: str = "exact", upper: int | None = None, words: str = "n"
) -> SimpleNamespace:
    return SimpleNamespace(value=value, upper=upper, qualifier=qualifier, as_written=words)


@pytest.mark.parametrize(
    ("value", "qualifier", "upper", "expected"),
    [
        (149, "exact", None, (149, 149)),
        (0, "exact", None, (0, 0)),
        (35, "at_least", None, (35, None)),
        (35, "more_than", None, (36, None)),
        (35, "at_most", None, (0, 35)),
        (35, "fewer_than", None, (0, 34)),
        (15, "range", 17, (15, 17)),
        (100, "about", None, (90, 110)),
        (25, "about", None, (22, 28)),
        (4, "about", None, (3, 5)),
        (15, "about", 20, (13, 22)),
    ],
)
def test_a_qualifier_sets_the_bounds(
    value: int, qualifier: str, upper: int | None, expected: tuple[int, int | None]
) -> None:
    assert bounds(count(value, qualifier, upper)) == expected


@pytest.mark.parametrize(
    ("words", "low"),
    [
        ("dozens", 24),
        ("scores", 40),
        ("hundreds", 200),
        ("several", 3),
        ("several hundred", 200),
        ("tens of thousands", 20_000),
        ("hundreds of thousands", 200_000),
        ("dozens or hundreds", 24),
        ("hundreds and hundreds", 200),
        ("a few", 2),
        ("عشرات", 20),
        ("عشرات الآلاف", 20_000),
        ("des centaines", 200),
        ("people", 1),
    ],
)
def test_vague_words_have_a_least_number_and_no_greatest(words: str, low: int) -> None:
    assert bounds(count(None, "vague", words=words)) == (low, None)


def test_the_policy_has_a_version() -> None:
    assert POLICY_VERSION == "1"


def test_a_count_without_sense_rules_nothing_out() -> None:
    assert bounds(count(None, "exact")) == (0, None)
    assert bounds(count(0, "fewer_than")) == (0, 0)
    assert bounds(count(17, "range", 15)) == (15, 17)


def test_sums_of_intervals_add_their_ends() -> None:
    assert total([Interval(1, 2), Interval(3, 5)]) == Interval(4, 7)
    assert total([Interval(1, 2), Interval(3, None)]) == Interval(4, None)
    assert total([]) == Interval(0, 0)


def test_comparison_asks_whether_any_choice_fits() -> None:
    assert Interval(5, 9).can_be_at_most(Interval(1, 5))
    assert not Interval(6, 9).can_be_at_most(Interval(1, 5))
    assert Interval(6, 9).can_be_at_most(Interval(1, None))


qualifiers = st.sampled_from(get_args(Qualifier))
numbers = st.integers(min_value=0, max_value=10**9)
counts = st.builds(
    count,
    st.none() | numbers,
    qualifiers,
    st.none() | numbers,
    st.text(max_size=20),
)


@given(counts)
def test_bounds_are_never_empty_and_never_negative(some: SimpleNamespace) -> None:
    low, high = bounds(some)
    assert low >= 0
    assert high is None or high >= low


@given(numbers, st.sampled_from(["exact", "at_least", "at_most", "about"]))
def test_the_printed_number_lies_within_its_bounds(value: int, qualifier: str) -> None:
    assert value in Interval(*bounds(count(value, qualifier)))


@given(st.lists(counts, max_size=5), st.data())
def test_any_choice_sums_into_the_summed_interval(
    some: list[SimpleNamespace], data: st.DataObject
) -> None:
    intervals = [Interval(*bounds(each)) for each in some]
    choice = [
        data.draw(st.integers(i.low, i.low + 9 if i.high is None else i.high)) for i in intervals
    ]
    assert sum(choice) in total(intervals)
