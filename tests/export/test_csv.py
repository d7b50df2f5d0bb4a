import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.export import read_records, to_csv
from llm_extract.export.csv import FORMULA_STARTS, defused
from llm_extract.record import Record


@pytest.fixture
def record() -> Record:
    return next(iter(read_records(Path(__file__).with_name("example_records.jsonl"))))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_an_ordinary_reader_gets_the_cells_back(record: Record) -> None:
    first, second, *_ = rows(to_csv([record]))
    assert (first["total_value"], first["claimant"]) == ("62", "Lantern Watch group")
    assert (first["published"], second["part_of_id"]) == ("2025-03-10", "c1")


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_a_cell_that_looks_like_a_formula_is_defused(record: Record, start: str) -> None:
    trap = record.claims[0].model_copy(update={"claimant": f"{start}HYPERLINK(A1)"})
    row = rows(to_csv([record.model_copy(update={"claims": [trap]})]))[0]
    assert row["claimant"].startswith("'" + start)


def test_quotes_line_breaks_and_commas_stay_in_their_cell(record: Record) -> None:
    claim = record.claims[0].model_copy(update={"claimant": 'the "Lamp",\nand others'})
    row = rows(to_csv([record.model_copy(update={"claims": [claim]})]))[0]
    assert row["claimant"] == 'the "Lamp",\nand others'
    assert row["victims"] == "civilians"


@given(st.text())
def test_no_defused_cell_begins_like_a_formula_and_none_loses_a_character(cell: str) -> None:
    assert not defused(cell).lstrip(" ").startswith(FORMULA_STARTS)
    assert defused(cell).endswith(cell)
