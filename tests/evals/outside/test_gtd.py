"""GTD rows become items whose labels hold the toll with and without attackers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.documents.rows import PlacedRow
from llm_extract.errors import RecordsError
from llm_extract.evals.outside import LeftOut
from llm_extract.evals.outside.gtd import _item, read_gtd
from llm_extract.evals.outside.item import RowError
from llm_extract.evals.tolls import TollLabel, agrees
from tests.evals.outside.layouts import GTD, Row, csv_table, the_fault, the_item, xlsx_table

EVENT: Row = {
    "eventid": 203105040001,
    "iyear": 2031,
    "imonth": 5,
    "iday": 4,
    "summary": "05/04/2031: An assailant blew himself up at Lower Quay; twelve others died.",
    "gname": "Tide Front",
    "nkill": 13,
    "nkillter": 1,
    "nwound": 30,
    "nwoundte": 0,
}


def label_of(**cells: object) -> TollLabel | None:
    item = _item(PlacedRow(1, "row 2", {**EVENT, "nwound": 1, "nwoundte": 0, **cells}))
    assert item is not None
    return item.labels["killed"]


@pytest.mark.parametrize("write", [csv_table, xlsx_table])
def test_an_event_is_read_from_csv_and_xlsx(tmp_path: Path, write: Callable[..., Path]) -> None:
    name = "gtd.xlsx" if write is xlsx_table else "gtd.csv"
    item = the_item(list(read_gtd(write(tmp_path / name, GTD, EVENT))))
    assert item.id == "203105040001"
    assert item.published == date(2031, 5, 4)
    assert item.text == EVENT["summary"] and item.language == "en"
    assert item.labels == {"killed": TollLabel(12, 13), "injured": TollLabel(30, 30)}


def test_columns_are_known_in_any_case(tmp_path: Path) -> None:
    row = {name.upper(): cell for name, cell in EVENT.items()}
    path = csv_table(tmp_path / "gtd.csv", [name.upper() for name in GTD], row)
    assert the_item(list(read_gtd(path))).labels["killed"] == TollLabel(12, 13)


@pytest.mark.parametrize("unknown", [{"imonth": 0, "iday": 0}, {"iday": 0}, {"iday": ""}])
def test_an_unknown_day_is_no_day(tmp_path: Path, unknown: Row) -> None:
    path = csv_table(tmp_path / "gtd.csv", GTD, {**EVENT, **unknown})
    assert the_item(list(read_gtd(path))).published is None


def test_a_day_that_is_none_is_said(tmp_path: Path) -> None:
    path = csv_table(tmp_path / "gtd.csv", GTD, {**EVENT, "imonth": 2, "iday": 30})
    assert "2031, 2 and 30" in the_fault(list(read_gtd(path))).why


def test_where_only_attackers_died_all_are_counted() -> None:
    assert label_of(nkill=2, nkillter=2) == TollLabel(2, 2)


def test_unknown_attackers_are_taken_for_none() -> None:
    assert label_of(nkill=13, nkillter="") == label_of(nkill=13, nkillter=-99) == TollLabel(13, 13)


@pytest.mark.parametrize("cell", [0, "0", "", None, -9, -99, 1.5, "2.33", "NA"])
def test_zeros_unknowns_and_shares_of_a_total_are_no_label(cell: object) -> None:
    assert label_of(nkill=cell, nkillter="") is None


def test_more_attackers_than_dead_are_refused() -> None:
    with pytest.raises(RowError, match="nkillter holds 5, more than the 3 of nkill"):
        label_of(nkill=3, nkillter=5)


def test_an_event_without_a_note_is_passed_over(tmp_path: Path) -> None:
    (entry,) = read_gtd(csv_table(tmp_path / "gtd.csv", GTD, {**EVENT, "summary": ""}))
    assert isinstance(entry, LeftOut) and not entry.broken


def test_a_missing_column_is_said_in_one_line(tmp_path: Path) -> None:
    columns = [name for name in GTD if name != "nkillter"]
    path = csv_table(tmp_path / "gtd.csv", columns, EVENT)
    with pytest.raises(RecordsError, match=r"gtd\.csv: no column nkillter, .*GTD") as caught:
        list(read_gtd(path))
    assert "\n" not in str(caught.value)


@given(st.integers(1, 5000), st.integers(0, 5000))
def test_a_label_holds_the_toll_with_attackers_and_without(everyone: int, attackers: int) -> None:
    if attackers > everyone:
        with pytest.raises(RowError):
            label_of(nkill=everyone, nkillter=attackers)
        return
    label = label_of(nkill=everyone, nkillter=attackers)
    assert label is not None and agrees(everyone, label)
    assert agrees(everyone - attackers or everyone, label) and not agrees(everyone + 1, label)
