"""What a typed cell means as a count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.handmade.figures import NOT_STATED, count_of
from llm_extract.intervals import bounds


@pytest.mark.parametrize(
    ("cell", "value", "upper", "qualifier"),
    [
        ("34", 34, None, "exact"),
        (" 1,234 ", 1234, None, "exact"),
        ("1 234", 1234, None, "exact"),
        ("12.0", 12, None, "exact"),
        ("٣٤", 34, None, "exact"),
        ("0", 0, None, "exact"),
        ("≥15", 15, None, "at_least"),
        (">= 15", 15, None, "at_least"),
        ("15+", 15, None, "at_least"),
        (">15", 15, None, "more_than"),
        ("≤15", 15, None, "at_most"),
        ("<15", 15, None, "fewer_than"),
        ("~30", 30, None, "about"),
        ("15-17", 15, 17, "range"),
        ("15 – 17", 15, 17, "range"),
        ("15 to 17", 15, 17, "range"),
        ("at least 15", 15, None, "at_least"),
        ("more than 1200", 1200, None, "more_than"),
        ("eight", 8, None, "exact"),
        ("dozens", None, None, "vague"),
    ],
)
def test_a_cell_is_read_as_people_type_it(
    cell: str, value: int | None, upper: int | None, qualifier: str
) -> None:
    count = count_of(cell)
    assert count is not None
    assert (count.value, count.upper, count.qualifier) == (value, upper, qualifier)
    assert count.as_written == cell.strip()


@pytest.mark.parametrize("cell", sorted(NOT_STATED))
def test_an_empty_cell_states_nothing(cell: str) -> None:
    assert count_of(cell) is None
    assert count_of(cell.upper()) is None


@pytest.mark.parametrize(
    "cell",
    [
        *("none", "x", "34?", "34 (est.)", "-3", "1.234", "12.5", "1,23", "1,2345", "≥15-17"),
        *("≥15+", "34 35", "34/35", "34 of 40", "nobody knows", "2026-03-05", "15%"),
    ],
)
def test_what_could_be_two_things_is_refused_with_advice(cell: str) -> None:
    with pytest.raises(ValueError, match=r"write a number such as 34, ≥34, ~30 or 15-17"):
        count_of(cell)


@given(st.integers(0, 10**9), st.sampled_from(["{}", "{:,}", "≥{}", "{}+", "~{}", "<{}", ">{}"]))
def test_a_printed_number_is_never_read_as_another(number: int, form: str) -> None:
    count = count_of(form.format(number))
    assert count is not None and count.value == number
    low, high = bounds(count)
    assert high is None or low <= high


@given(st.text(max_size=12))
def test_any_cell_is_a_count_or_nothing_or_refused(cell: str) -> None:
    try:
        count = count_of(cell)
    except ValueError:
        return
    assert count is None or count.as_written == cell.strip()
