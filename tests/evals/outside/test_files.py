"""Tables are opened in the encodings and forms that publishers use, and read row by row."""

from __future__ import annotations

import csv
import itertools
import tracemalloc
import zipfile
from pathlib import Path

import openpyxl
import pytest

from llm_extract.documents.rows import BrokenRow, PlacedRow
from llm_extract.errors import RecordsError
from llm_extract.evals.outside.files import MAX_CELL, encoding_of, open_table, require_columns
from tests.evals.outside.layouts import csv_table, xlsx_table

ROWS = [{"id": "1", "note": "Café am Kai – “neun”"}, {"id": "2", "note": "a,\nb"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_the_encoding_is_told_from_the_bytes(tmp_path: Path, encoding: str) -> None:
    path = csv_table(tmp_path / "t.csv", ["id", "note"], *ROWS, encoding=encoding)
    table = open_table(path)
    assert table.columns == ("id", "note")
    assert [row.cells for row in table.rows if isinstance(row, PlacedRow)] == ROWS


def test_a_letter_far_down_decides_the_encoding_too(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,note\n" + b"1,quay\n" * 200_000 + "2,Café\n".encode("cp1252"))
    assert encoding_of(path) == "cp1252"


def test_one_broken_byte_costs_one_row_only(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    good = "1,قرب الرصيف\n".encode()
    path.write_bytes(b"id,note\n" + good + b"2,qu\xffay\n" + good)
    _, broken, last = open_table(path).rows
    assert isinstance(broken, BrokenRow) and broken.place == "line 3"
    assert isinstance(last, PlacedRow) and last.cells["note"] == "قرب الرصيف"


def test_a_row_is_placed_at_its_first_line(tmp_path: Path) -> None:
    path = csv_table(tmp_path / "t.csv", ["id", "note"], ROWS[1], ROWS[0])
    assert [row.place for row in open_table(path).rows] == ["line 2", "line 4"]


def test_too_many_cells_are_said_and_missing_ones_are_empty(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,note\n1,quay,9\n2\n3,quay,\n")
    broken, short, padded = open_table(path).rows
    assert isinstance(broken, BrokenRow) and "3 cells under 2 columns" in broken.message
    assert isinstance(short, PlacedRow) and short.cells == {"id": "2"}
    assert isinstance(padded, PlacedRow)


def test_a_cell_beyond_any_report_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    csv.field_size_limit(1000)
    path = tmp_path / "t.csv"
    path.write_text("id,note\n1," + "x" * (MAX_CELL + 1) + "\n2,quay\n")
    broken, last = open_table(path).rows
    assert isinstance(broken, BrokenRow) and isinstance(last, PlacedRow)


def test_a_missing_column_shows_what_is_there(tmp_path: Path) -> None:
    table = open_table(csv_table(tmp_path / "t.csv", [f"c{n}" for n in range(15)]))
    with pytest.raises(RecordsError, match=r"no column a, b, .*c0, c1, .* and 3 more"):
        require_columns(table, ["a", "c1", "b"], "quay")


def test_a_needed_column_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    table = open_table(csv_table(tmp_path / "t.csv", ["id", "ID ", "note", "note2"]))
    require_columns(table, ["note"], "quay")
    with pytest.raises(RecordsError, match="two columns are named 'id'"):
        require_columns(table, ["id"], "quay")


@pytest.mark.parametrize("name", ["t.xlsx", "t.csv"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "t.csv":
        path.write_text("\n\n")
    else:
        openpyxl.Workbook().save(path)
    with pytest.raises(RecordsError, match="is empty"):
        open_table(path)


def test_a_spreadsheet_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_text("id,note\n")
    with pytest.raises(RecordsError, match=r"t\.xlsx is no readable xlsx file"):
        open_table(path)


@pytest.mark.parametrize("name", ["t.xlsx", "t.csv"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecordsError, match=f"{name} cannot be read"):
        open_table(tmp_path / name)


def test_a_spreadsheet_with_a_wrong_declared_size_is_read_whole(tmp_path: Path) -> None:
    made = xlsx_table(tmp_path / "made.xlsx", ["id", "note"], *ROWS)
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("sheet1.xml"):
                data = data.replace(b"<sheetData>", b'<dimension ref="A1"/><sheetData>')
            target.writestr(name, data)
    assert len(list(open_table(path).rows)) == 2


@pytest.mark.slow
def test_a_big_spreadsheet_is_read_in_bounded_memory_and_no_further_than_asked(
    tmp_path: Path,
) -> None:
    row = {"id": "1", "note": "a note of some length about a ferry", "nkill": 3, "nwound": 4}
    path = xlsx_table(tmp_path / "t.xlsx", list(row), *itertools.repeat(row, 100_000))
    tracemalloc.start()
    try:
        count = sum(1 for _ in open_table(path).rows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    print(f"{count} rows, peak {peak / 1e6:.1f} MB")
    assert count == 100_000 and peak < 20e6
