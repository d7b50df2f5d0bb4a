"""Investigations are read in both languages, with fact box and ranges."""

from __future__ import annotations

from pathlib import Path

from llm_extract.evals.outside.syrian_archive import read_syrian_archive
from llm_extract.evals.tolls import TollLabel
from tests.evals.outside.layouts import json_lines, the_item

INCIDENT = {
    "id": "quay#ar",
    "lang": "ar",
    "title": "Quay",
    "header_text": "Reported killed: 4\n",
    "text": "The quay was hit at noon.",
    "labels": {"killed": 4, "injured": {"min": 5, "max": 6}, "date": "2031-05-05"},
}


def test_an_investigation_is_its_fact_box_and_its_body(tmp_path: Path) -> None:
    item = the_item(list(read_syrian_archive(json_lines(tmp_path / "i.jsonl", INCIDENT))))
    assert item.text == "Reported killed: 4\n\nThe quay was hit at noon."
    assert item.language == "ar" and not item.non_combatants
    assert item.labels == {"killed": TollLabel(4, 4), "injured": TollLabel(5, 6)}


def test_a_range_may_be_open(tmp_path: Path) -> None:
    labels = {"killed": None, "injured": {"min": 1, "max": None}}
    path = json_lines(tmp_path / "i.jsonl", INCIDENT | {"labels": labels})
    item = the_item(list(read_syrian_archive(path)))
    assert item.labels == {"killed": None, "injured": TollLabel(1, None)}
    assert item.published is None


def test_a_zero_is_a_printed_denial(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "i.jsonl", INCIDENT | {"labels": {"killed": 0}})
    assert the_item(list(read_syrian_archive(path))).labels["killed"] == TollLabel(0, 0)
