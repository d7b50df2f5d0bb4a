"""Event notes keep their tolls of non-combatants; a row of another form is left out by its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from llm_extract.errors import RecordsError
from llm_extract.evals.outside import LeftOut, OutsideItem
from llm_extract.evals.outside.wad import read_wad
from llm_extract.evals.tolls import TollLabel
from tests.evals.outside.layouts import json_lines, the_item

NOTE = {
    "id": "note1",
    "text": "A ferry sank off Lower Quay; nine passengers drowned.",
    "labels": {"killed": 9, "injured": None, "date": "2031-05-04", "place": ["Lower Quay"]},
}


def test_a_note_keeps_its_id_text_day_and_labels(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "notes.jsonl", NOTE)
    item = the_item(list(read_wad(path)))
    assert (item.id, item.text, item.language) == ("note1", NOTE["text"], "en")
    assert item.published == date(2031, 5, 4)
    assert item.labels == {"killed": TollLabel(9, 9), "injured": None}
    assert item.non_combatants
    assert item.place == f"{path} line 1"


def test_a_zero_is_no_label(tmp_path: Path) -> None:
    zeros = NOTE | {"labels": {"killed": 0, "injured": 2}}
    item = the_item(list(read_wad(json_lines(tmp_path / "notes.jsonl", zeros))))
    assert item.labels == {"killed": None, "injured": TollLabel(2, 2)}


def test_a_note_without_a_label_is_passed_over(tmp_path: Path) -> None:
    zeros = NOTE | {"labels": {"killed": 0, "injured": None}}
    (entry,) = read_wad(json_lines(tmp_path / "notes.jsonl", zeros))
    assert isinstance(entry, LeftOut) and not entry.broken


def test_text_is_normalised_as_reports_are(tmp_path: Path) -> None:
    note = NOTE | {"text": "Cafe\u0301\u2028two\r\nlines"}
    item = the_item(list(read_wad(json_lines(tmp_path / "notes.jsonl", note))))
    assert item.text == "Caf\u00e9\u2028two\nlines"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"id": "x", "text": "y"}, "no labels"),
        ({"id": "x", "labels": {"killed": 1}}, "no text"),
        (NOTE | {"labels": None}, "no labels"),
        (NOTE | {"labels": {"killed": "many"}}, "killed holds 'many'"),
        (NOTE | {"labels": {"injured": -1}}, "injured holds '-1'"),
        (NOTE | {"labels": {"killed": {"min": 6, "max": 5}}}, "killed holds"),
        (NOTE | {"labels": {"killed": 1, "date": "4 May"}}, "date holds '4 May'"),
        (NOTE | {"id": None}, "no id"),
        ([1], "not a JSON object"),
    ],
)
def test_a_row_of_another_form_is_left_out_and_the_rest_goes_on(
    tmp_path: Path, row: object, why: str
) -> None:
    path = json_lines(tmp_path / "notes.jsonl", NOTE, row, NOTE | {"id": "note3"})
    first, fault, last = read_wad(path)
    assert isinstance(fault, LeftOut) and fault.broken
    assert fault.place == f"{path} line 2" and why in fault.why and "\n" not in fault.why
    assert isinstance(first, OutsideItem) and isinstance(last, OutsideItem)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match=r"nowhere\.jsonl"):
        list(read_wad(tmp_path / "nowhere.jsonl"))
