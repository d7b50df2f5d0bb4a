"""ACLED rows become items of their note and fatalities; 0 is no label."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from llm_extract.errors import RecordsError
from llm_extract.evals.outside import LeftOut
from llm_extract.evals.outside.acled import read_acled
from llm_extract.evals.tolls import TollLabel
from tests.evals.outside.layouts import ACLED, Row, csv_table, the_fault, the_item, xlsx_table

EVENT: Row = {
    "event_id_cnty": "QUA101",
    "event_date": "04 May 2031",
    "time_precision": 1,
    "event_type": "Battles",
    "notes": "On 4 May 2031, gunmen fired on a ferry off Lower Quay. 9 passengers died.",
    "fatalities": 9,
    "tags": "NA",
}


@pytest.mark.parametrize("day", ["04 May 2031", "4 May 2031", "2031-05-04", "4-May-2031"])
def test_an_event_keeps_id_note_day_and_fatalities(tmp_path: Path, day: str) -> None:
    path = csv_table(tmp_path / "acled.csv", ACLED, {**EVENT, "event_date": day})
    item = the_item(list(read_acled(path)))
    assert (item.id, item.text, item.language) == ("QUA101", EVENT["notes"], "en")
    assert item.published == date(2031, 5, 4)
    assert item.labels == {"killed": TollLabel(9, 9), "injured": None}
    assert not item.non_combatants


def test_a_spreadsheet_keeps_its_days_as_days(tmp_path: Path) -> None:
    row = {**EVENT, "event_date": datetime(2031, 5, 4), "fatalities": 9.0}
    item = the_item(list(read_acled(xlsx_table(tmp_path / "acled.xlsx", ACLED, row))))
    assert item.published == date(2031, 5, 4) and item.labels["killed"] == TollLabel(9, 9)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_told_from_the_header(tmp_path: Path, delimiter: str) -> None:
    path = csv_table(tmp_path / "acled.csv", ACLED, EVENT, delimiter=delimiter)
    assert the_item(list(read_acled(path))).id == "QUA101"


def test_an_event_without_fatalities_is_passed_over(tmp_path: Path) -> None:
    (entry,) = read_acled(csv_table(tmp_path / "acled.csv", ACLED, {**EVENT, "fatalities": 0}))
    assert isinstance(entry, LeftOut) and not entry.broken


@pytest.mark.parametrize(
    ("column", "cell"),
    [("fatalities", "several"), ("fatalities", -1), ("fatalities", 2.5), ("event_date", "5/4/31")],
)
def test_a_bad_cell_is_named_with_row_and_column(tmp_path: Path, column: str, cell: object) -> None:
    path = csv_table(tmp_path / "acled.csv", ACLED, {**EVENT, column: cell})
    fault = the_fault(list(read_acled(path)))
    assert fault.place == f"{path} line 2"
    assert f"{column} holds '{cell}'; write" in fault.why


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = csv_table(tmp_path / "acled.csv", [c for c in ACLED if c != "notes"], EVENT)
    with pytest.raises(RecordsError, match="no column notes, so it is no ACLED table"):
        list(read_acled(path))
