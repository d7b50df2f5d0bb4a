"""Any table is read by named columns; toll cells are as people type them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.documents.rows import PlacedRow
from llm_extract.errors import RecordsError
from llm_extract.evals.outside import LeftOut
from llm_extract.evals.outside.item import RowError
from llm_extract.evals.outside.table import FIELDS, _item, read_mapping, read_table
from llm_extract.evals.tolls import TollLabel, agrees
from tests.evals.outside.layouts import csv_table, the_fault, the_item, xlsx_table

COLUMNS = ("Nr", "Report", "Tongue", "Day", "Dead", "Hurt")
ROW = {
    "Nr": 7,
    "Report": "Nine passengers drowned off Lower Quay.",
    "Tongue": "en",
    "Day": "2031-05-04",
    "Dead": "9",
    "Hurt": "15-17",
}
MAPPING = read_mapping(
    ["id=Nr", "text=Report", "language=Tongue", "date=Day", "killed=Dead", "injured=Hurt"]
)


def own(**cells: object) -> PlacedRow:
    return PlacedRow(3, "line 4", {"text": "Nine passengers drowned off the quay.", **cells})


def label(**cells: object) -> TollLabel | None:
    item = _item(own(**cells), found={name: name for name in ("text", *cells)}, name="t.csv")
    return None if item is None else item.labels["killed"]


def test_mapped_columns_are_read_in_any_case(tmp_path: Path) -> None:
    item = the_item(list(read_table(csv_table(tmp_path / "t.tsv", COLUMNS, ROW), MAPPING)))
    assert (item.id, item.text, item.language) == ("7", ROW["Report"], "en")
    assert item.published == date(2031, 5, 4)
    assert item.labels == {"killed": TollLabel(9, 9), "injured": TollLabel(15, 17)}


def test_a_spreadsheet_reads_the_same(tmp_path: Path) -> None:
    row = {**ROW, "Nr": 7.0, "Dead": 9, "Day": date(2031, 5, 4)}
    item = the_item(list(read_table(xlsx_table(tmp_path / "t.xlsx", COLUMNS, row), MAPPING)))
    assert (item.id, item.published) == ("7", date(2031, 5, 4))
    assert item.labels["killed"] == TollLabel(9, 9)


def test_columns_with_a_fields_own_name_need_no_mapping(tmp_path: Path) -> None:
    row = {"Text": "قُتل تسعة من الركاب قرب الرصيف.", "KILLED": "9"}
    path = csv_table(tmp_path / "t.csv", ["Text", "KILLED"], row)
    item = the_item(list(read_table(path, {})))
    assert (item.id, item.language) == ("t.csv:1", "ar")
    assert item.labels == {"killed": TollLabel(9, 9), "injured": None}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("0", TollLabel(0, 0)),
        ("1,200", TollLabel(1200, 1200)),
        ("≥15", TollLabel(15, None)),
        ("more than 20", TollLabel(20, None)),
        ("<6", TollLabel(0, 6)),
        ("~30", TollLabel(30, 30)),
        ("eight", TollLabel(8, 8)),
    ],
)
def test_toll_cells_are_read_as_people_type_them(cell: str, expected: TollLabel) -> None:
    assert label(killed=cell) == expected


@pytest.mark.parametrize("cell", ["", "-", "n/a", "unknown"])
def test_a_cell_that_states_nothing_is_no_label(cell: str) -> None:
    assert label(killed=cell) is None


@pytest.mark.parametrize("cell", ["many people", "1.234", "17-15", "dozens", "12 + 3"])
def test_a_cell_that_is_no_number_is_refused(tmp_path: Path, cell: str) -> None:
    path = csv_table(tmp_path / "t.csv", COLUMNS, {**ROW, "Dead": cell})
    fault = the_fault(list(read_table(path, MAPPING)))
    assert fault.place == f"{path} line 2" and f"killed holds '{cell}'; write" in fault.why


def test_two_columns_make_a_range_with_open_ends() -> None:
    assert label(killed_low="7", killed_high="12") == TollLabel(7, 12)
    assert label(killed_low="7", killed_high="") == TollLabel(7, None)
    assert label(killed_low="", killed_high="12") == TollLabel(0, 12)


@pytest.mark.parametrize(
    "cells",
    [
        {"killed": "6", "killed_low": "7", "killed_high": "12"},
        {"killed": "13", "killed_low": "7", "killed_high": "12"},
        {"killed": "≥8", "killed_low": "7", "killed_high": "12"},
        {"killed_low": "12", "killed_high": "7"},
    ],
)
def test_a_range_that_contradicts_itself_is_refused(cells: dict[str, object]) -> None:
    with pytest.raises(RowError, match="killed"):
        label(**cells)


@given(st.integers(0, 50), st.none() | st.integers(0, 50), st.none() | st.integers(0, 50))
def test_a_label_always_holds_the_toll_cell(best: int, low: int | None, high: int | None) -> None:
    try:
        found = label(killed=best, killed_low=low, killed_high=high)
    except RowError:
        assert (low or 0) > best or (high is not None and high < best)
        return
    assert found is not None and agrees(best, found)


@given(st.integers(0, 10**7), st.sampled_from(["{}", "{:,}", " {} ", "{}.0"]))
def test_every_way_to_type_a_number_reads_back(number: int, form: str) -> None:
    assert label(killed=form.format(number)) == TollLabel(number, number)


def test_a_row_without_a_toll_is_passed_over(tmp_path: Path) -> None:
    row = {**ROW, "Dead": "", "Hurt": ""}
    (entry,) = read_table(csv_table(tmp_path / "t.csv", COLUMNS, row), MAPPING)
    assert isinstance(entry, LeftOut) and not entry.broken


@pytest.mark.parametrize(
    ("mapping", "line"),
    [
        (["killed=Dead"], "no column is the text; name it with --map text=COLUMN"),
        (["text=Report"], "no column is the toll; name it with --map killed=COLUMN"),
        (["text=Report", "killed=Deaths"], "no column deaths"),
    ],
)
def test_a_column_that_is_not_there_is_said(tmp_path: Path, mapping: list[str], line: str) -> None:
    path = csv_table(tmp_path / "t.csv", COLUMNS, ROW)
    with pytest.raises(RecordsError, match=line):
        list(read_table(path, read_mapping(mapping)))


@pytest.mark.parametrize("pair", ["killed", "dead=Dead", "=Dead"])
def test_a_mapping_of_another_form_is_refused(pair: str) -> None:
    with pytest.raises(RecordsError, match="write FIELD=COLUMN") as caught:
        read_mapping([pair])
    assert all(field in str(caught.value) for field in FIELDS)
