"""Number and day cells are read as spreadsheets keep them, or refused with their column."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.evals.outside.cells import day, number, people, words
from llm_extract.evals.outside.item import RowError


@given(st.integers(0, 10**9))
def test_a_whole_number_reads_the_same_in_every_form(toll: int) -> None:
    for cell in (toll, float(toll), str(toll), f" {toll} ", f"{toll}.0"):
        assert people({"n": cell}, "n") == toll


@given(st.one_of(st.text(), st.floats(), st.booleans(), st.integers(), st.dates(), st.none()))
def test_any_cell_is_a_number_of_people_or_none_or_refused_in_one_line(cell: object) -> None:
    try:
        found = people({"n": cell}, "n")
    except RowError as error:
        assert str(error).startswith("n holds ") and "\n" not in str(error)
    else:
        assert found is None or (isinstance(found, int) and found >= 0)


@pytest.mark.parametrize("cell", [True, "1_000", "inf", "nan1", "1e999", float("inf"), "١٢ dead"])
def test_what_only_python_takes_for_a_number_is_refused(cell: object) -> None:
    with pytest.raises(RowError, match="n holds"):
        number({"n": cell}, "n")


@pytest.mark.parametrize("cell", [None, "", " ", "NA", "nan", float("nan"), "-"])
def test_an_empty_cell_states_nothing(cell: object) -> None:
    assert number({"n": cell}, "n") is None and day({"n": cell}, "n") is None


@given(st.dates())
def test_a_day_reads_back_from_iso(when: date) -> None:
    assert day({"d": when.isoformat()}, "d") == when
    assert day({"d": f"{when.isoformat()} 00:00:00.000"}, "d") == when


@pytest.mark.parametrize("cell", ["05/12/2031", "spring", 45000])
def test_a_day_that_can_be_read_in_two_ways_is_refused(cell: object) -> None:
    with pytest.raises(RowError, match="write the day as 2024-12-05"):
        day({"d": cell}, "d")


def test_an_id_kept_as_a_float_keeps_no_fraction() -> None:
    assert words({"id": 203105040001.0}, "id") == "203105040001"
