"""Outside sets become items of one form; a wrong file is refused with its line."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from llm_extract.errors import RecordsError
from llm_extract.evals.outside import read_syrian_archive, read_wad
from llm_extract.evals.tolls import TollLabel


def rows(path: Path, *rows: object) -> Path:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")
    return path


NOTE = {
    "id": "note1",
    "text": "A ferry sank off Lower Quay; nine passengers drowned.",
    "labels": {"killed": 9, "injured": None, "date": "2031-05-04", "place": ["Lower Quay"]},
}

INCIDENT = {
    "id": "quay#ar",
    "lang": "ar",
    "title": "Quay",
    "header_text": "Reported killed: 4\n",
    "text": "The quay was hit at noon.",
    "labels": {"killed": 4, "injured": {"min": 5, "max": 6}, "date": "2031-05-05"},
}


def test_a_note_keeps_its_id_text_day_and_labels(tmp_path: Path) -> None:
    (item,) = read_wad(rows(tmp_path / "notes.jsonl", NOTE))
    assert (item.id, item.text, item.language) == ("note1", NOTE["text"], "en")
    assert item.published == date(2031, 5, 4)
    assert item.labels == {"killed": TollLabel(9, 9), "injured": None}
    assert item.non_combatants


def test_a_zero_of_the_notes_is_no_label_and_that_of_the_archive_is_one(tmp_path: Path) -> None:
    zeros = {"labels": {"killed": 0, "injured": 2}}
    (note,) = read_wad(rows(tmp_path / "notes.jsonl", NOTE | zeros))
    assert note.labels == {"killed": None, "injured": TollLabel(2, 2)}
    (item,) = read_syrian_archive(rows(tmp_path / "incidents.jsonl", INCIDENT | zeros))
    assert item.labels["killed"] == TollLabel(0, 0)


def test_an_investigation_is_its_fact_box_and_its_body(tmp_path: Path) -> None:
    (item,) = read_syrian_archive(rows(tmp_path / "incidents.jsonl", INCIDENT))
    assert item.text == "Reported killed: 4\n\nThe quay was hit at noon."
    assert item.language == "ar" and not item.non_combatants
    assert item.labels["injured"] == TollLabel(5, 6)


def test_a_range_may_be_open(tmp_path: Path) -> None:
    open_label = INCIDENT | {"labels": {"killed": None, "injured": {"min": 1, "max": None}}}
    (item,) = read_syrian_archive(rows(tmp_path / "incidents.jsonl", open_label))
    assert item.labels == {"killed": None, "injured": TollLabel(1, None)}
    assert item.published is None


def test_text_is_normalised_as_reports_are(tmp_path: Path) -> None:
    (item,) = read_wad(rows(tmp_path / "notes.jsonl", NOTE | {"text": "Cafe\u0301\u2028two lines"}))
    assert item.text == "Caf\u00e9\u2028two lines"


@pytest.mark.parametrize(
    "row", [{"id": "x"}, NOTE | {"labels": None}, NOTE | {"labels": {"killed": "many"}}, [1]]
)
def test_a_row_of_another_form_is_refused_with_its_line(tmp_path: Path, row: object) -> None:
    with pytest.raises(RecordsError, match="line 2"):
        read_wad(rows(tmp_path / "notes.jsonl", NOTE, row))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match=r"nowhere\.jsonl"):
        read_wad(tmp_path / "nowhere.jsonl")
