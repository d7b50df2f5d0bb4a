"""Every set has an adapter; ids are distinct over files, and files are read as far as asked."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from llm_extract.errors import RecordsError
from llm_extract.evals.measure import Set
from llm_extract.evals.outside import ABOUT, LeftOut, OutsideItem, OutsideSet, only_items, read_set
from tests.evals.outside.layouts import json_lines


def note(name: str) -> dict[str, object]:
    return {"id": name, "text": "Nine passengers drowned.", "labels": {"killed": 9}}


def test_every_set_is_described_and_can_be_measured() -> None:
    assert set(ABOUT) == set(OutsideSet)
    assert {which.value for which in Set} == {which.value for which in OutsideSet} | {"gold"}


@pytest.mark.parametrize("which", OutsideSet)
def test_every_set_has_an_adapter_that_names_a_missing_file(
    which: OutsideSet, tmp_path: Path
) -> None:
    with pytest.raises(RecordsError, match="nowhere"):
        list(read_set(which, [tmp_path / "nowhere"]))


def test_files_follow_one_another(tmp_path: Path) -> None:
    files = [json_lines(tmp_path / f"{name}.jsonl", note(name)) for name in "ba"]
    assert [item.id for item in only_items(read_set(OutsideSet.wad, files))] == ["b", "a"]


def test_a_second_report_of_one_id_is_left_out(tmp_path: Path) -> None:
    first = json_lines(tmp_path / "1.jsonl", note("a"))
    second = json_lines(tmp_path / "2.jsonl", note("b"), note("a"))
    *items, again = read_set(OutsideSet.wad, [first, second])
    assert all(isinstance(item, OutsideItem) for item in items)
    assert isinstance(again, LeftOut) and again.broken
    assert again.place == f"{second} line 2" and f"that of {first} line 1" in again.why


def test_a_file_is_not_opened_before_it_is_needed(tmp_path: Path) -> None:
    files = [json_lines(tmp_path / "1.jsonl", note("a")), tmp_path / "nowhere.jsonl"]
    (item,) = itertools.islice(only_items(read_set(OutsideSet.wad, files)), 1)
    assert item.id == "a"


def test_only_a_table_takes_a_mapping(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="--map is for the set table"):
        read_set(OutsideSet.gtd, [tmp_path / "x.xlsx"], {"killed": "dead"})
