"""The fingerprint of inputs: what makes another one, and what does not."""

from __future__ import annotations

import io
import os
import re
from datetime import date
from pathlib import Path

import pytest

from llm_extract.documents import ReadOptions, input_fingerprint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("north/a.txt", "south/a.txt", "south/b.csv"):
        path = tmp_path / "given" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text\nNine killed")
        os.utime(path, ns=(1, 1_000_000_001))
    return tmp_path / "given"


def mark(*inputs: object, **settings: object) -> str:
    return input_fingerprint([str(given) for given in inputs], ReadOptions(**settings))  # type: ignore[arg-type]


def test_the_same_files_and_options_have_one_fingerprint(folder: Path) -> None:
    assert mark(folder) == mark(folder, on_notice=print, stdin=io.BytesIO())
    assert re.fullmatch("[0-9a-f]{64}", mark(folder))


def test_the_way_to_the_folder_is_no_part_of_it(folder: Path, monkeypatch) -> None:
    whole = mark(folder)
    monkeypatch.chdir(folder.parent)
    assert mark("given") == mark("./given/") == whole
    folder.rename(folder.parent / "moved")
    assert mark("moved") == whole


def test_a_new_a_lost_a_renamed_and_a_moved_file_make_another(folder: Path) -> None:
    marks = [mark(folder)]
    for change in (
        lambda: (folder / "north" / "new.txt").touch(),
        lambda: (folder / "north" / "new.txt").rename(folder / "north" / "other.txt"),
        lambda: (folder / "north" / "other.txt").rename(folder / "south" / "other.txt"),
        lambda: (folder / "south" / "a.txt").unlink(),
    ):
        change()
        marks.append(mark(folder))
    assert len(set(marks)) == len(marks)


def test_another_size_or_time_makes_another(folder: Path) -> None:
    path = folder / "south" / "b.csv"
    marks = [mark(folder)]
    os.utime(path, ns=(1, 1_000_000_002))
    marks.append(mark(folder))
    path.write_text("text\nNine killed, ten hurt")
    os.utime(path, ns=(1, 1_000_000_002))
    marks.append(mark(folder))
    assert len(set(marks)) == 3


def test_the_order_of_the_inputs_counts_as_it_decides_positions(folder: Path) -> None:
    north, south = folder / "north", folder / "south"
    assert mark(north, south) != mark(south, north)


@pytest.mark.parametrize(
    "settings",
    [
        {"published": date(2024, 12, 5)},
        {"text_column": "text"},
        {"id_column": ""},
        {"date_column": "day"},
        {"title_column": "title"},
        {"max_bytes": 10},
    ],
)
def test_an_option_that_decides_what_is_read_makes_another(folder: Path, settings) -> None:
    assert mark(folder, **settings) != mark(folder)


def test_the_standard_input_never_has_the_same_twice() -> None:
    assert mark("-") != mark("-")


def test_what_is_not_there_counts_as_such_and_nothing_is_said(folder: Path) -> None:
    notices: list[str] = []
    twice = mark(folder, folder, on_notice=notices.append)
    assert (twice, notices) == (mark(folder), [])
    assert mark(folder, folder / "none.txt") != mark(folder)
    (folder / "link.txt").symlink_to(folder / "gone.txt")
    assert mark(folder) == mark(folder) != twice
