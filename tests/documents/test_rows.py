"""Row files: jsonl, json, csv, tsv and parquet."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice

import pyarrow
import pyarrow.parquet
import pytest

from llm_extract.documents import ReadOptions, Report, UnreadableReport, read_reports
from llm_extract.documents.columns import parse_date


def lines(*rows: object) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def reports(found: list[Report | UnreadableReport]) -> list[Report]:
    assert all(isinstance(item, Report) for item in found), found
    return [item for item in found if isinstance(item, Report)]


def codes(found: list[Report | UnreadableReport]) -> list[str]:
    return [item.code if isinstance(item, UnreadableReport) else "read" for item in found]


def test_id_text_and_date_of_a_jsonl_row_are_taken_as_they_are(reader) -> None:
    row = {"id": "n-7", "text": "Nine killed", "date": "2024-12-05", "title": "Toll", "lang": "so"}
    report = reader.report("rows.jsonl", lines(row))
    assert (report.id, report.text, report.title) == ("n-7", "Nine killed", "Toll")
    assert (report.published, report.language) == (date(2024, 12, 5), "so")
    assert report.source == f"{reader.folder / 'rows.jsonl'} line 1"


def test_a_row_without_id_is_named_by_file_and_line(reader) -> None:
    path = reader.write("rows.jsonl", "\n" + lines({"text": "Nine killed"}, {"text": "Ten killed"}))
    assert [r.id for r in reader.read(path)] == ["rows:2", "rows:3"]


def test_a_number_may_be_an_id(reader) -> None:
    assert reader.report("rows.jsonl", lines({"id": 42, "text": "Nine killed"})).id == "42"


def test_an_unknown_language_code_is_replaced_by_the_detected_one(reader) -> None:
    row = {"text": "Nine people were killed on Tuesday", "language": "English"}
    assert reader.report("rows.jsonl", lines(row)).language == "en"


def test_a_rows_own_date_wins_over_that_of_the_run(reader) -> None:
    rows = lines({"text": "Nine killed", "date": "2024-12-05T23:10:00Z"}, {"text": "Ten killed"})
    found = reports(reader.read(reader.write("r.jsonl", rows), published=date(2020, 1, 1)))
    assert [r.published for r in found] == [date(2024, 12, 5), date(2020, 1, 1)]


def test_published_goes_before_date(reader) -> None:
    row = {"text": "Nine killed", "date": "2024-12-01", "published": "2024-12-05"}
    assert reader.report("rows.jsonl", lines(row)).published == date(2024, 12, 5)


def test_columns_are_guessed_by_name_and_that_is_said(reader) -> None:
    path = reader.write("rows.csv", "ref,day,Body\nk1,2024-12-05,Nine killed\n")
    (report,) = reports(reader.read(path))
    assert (report.id, report.text, report.published) == ("k1", "Nine killed", date(2024, 12, 5))
    assert reader.notices == [
        f"{path}: text from column 'Body', id from column 'ref', date from column 'day'"
    ]


def test_the_longest_column_is_the_text_when_no_name_tells(reader) -> None:
    long = "Nine people were killed when shells fell on the market of the lower town at noon."
    report = reader.report("rows.csv", f"a,b\nshort,{long}\n")
    assert report.text == long and "text from column 'b'" in reader.notices[0]


def test_options_name_columns_and_an_empty_name_means_none(reader) -> None:
    path = reader.write("rows.csv", "text,other,id\nno,Nine killed,7\n")
    (report,) = reports(reader.read(path, text_column="other", id_column=""))
    assert (report.id, report.text) == ("rows:1", "Nine killed")


def test_quoted_cells_hold_delimiters_quotes_and_lines(reader) -> None:
    path = reader.write("rows.csv", 'id,text\r\n1,"Nine, or ""ten"",\r\nkilled"\r\n2,Six\r\n')
    assert [r.text for r in reports(reader.read(path))] == ['Nine, or "ten",\nkilled', "Six"]


def test_a_stray_quote_does_not_swallow_the_rows_below(reader) -> None:
    path = reader.write("rows.csv", 'id,text\n1,a 5" shell\n2,Six killed\n3,"Two, killed"\n')
    found = reports(reader.read(path))
    assert [(r.id, r.text) for r in found] == [
        ("1", 'a 5" shell'),
        ("2", "Six killed"),
        ("3", "Two, killed"),
    ]
    assert [r.source[-6:] for r in found] == ["line 2", "line 3", "line 4"]


def test_a_stray_quote_in_the_header_does_not_swallow_the_rows_below(reader) -> None:
    path = reader.write("rows.csv", 'id,text,size 5"\n1,Six killed,1\n2,Two,5"\n3,Four,\n')
    assert [(r.id, r.text) for r in reports(reader.read(path))] == [
        ("1", "Six killed"),
        ("2", "Two"),
        ("3", "Four"),
    ]


def test_lines_that_end_in_a_carriage_return_alone_are_rows(reader) -> None:
    path = reader.write("rows.csv", "id,text\r1,Six killed\r2,Two killed\r")
    assert [r.text for r in reports(reader.read(path))] == ["Six killed", "Two killed"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_read_from_the_header(reader, delimiter: str) -> None:
    rows = f"id{delimiter}text\n1{delimiter}Nine killed\n"
    assert reader.report("rows.csv", rows).text == "Nine killed"


def test_tsv_is_parted_by_tabs_only(reader) -> None:
    assert reader.report("rows.tsv", "id\ttext\n1\tNine; or ten, killed\n").id == "1"


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "cp1256"])
def test_csv_in_other_encodings_is_read(reader, codec: str) -> None:
    text = "قتل تسعة مدنيين بينهم ثلاثة أطفال في قصف على السوق"
    report = reader.report("rows.csv", f"id,text\n1,{text}\n".encode(codec))
    assert (report.text, report.language) == (text, "ar")


@pytest.mark.parametrize("name", ["rows.jsonl.gz", "rows.csv.gz"])
def test_packed_rows_are_read(reader, name: str) -> None:
    rows = lines({"text": "Nine killed"}) if "jsonl" in name else "text\nNine killed\n"
    assert reader.report(name, gzip.compress(rows.encode())).id == "rows:1"


def test_json_holds_a_list_or_one_object(reader) -> None:
    rows = [{"id": "a", "text": "Nine killed"}, {"id": "b", "text": "Ten killed"}]
    many = reader.write("many.json", json.dumps(rows, indent=1))
    single = reader.write("single.json", json.dumps({"id": "c", "text": "Six"}))
    assert [r.id for r in reports(reader.read(many, single))] == ["a", "b", "c"]


def test_parquet_is_read_with_its_types(reader) -> None:
    table = pyarrow.table(
        {
            "id": [1, 2, 3],
            "text": ["Nine killed", "Ten killed", None],
            "date": [datetime(2024, 12, 5, 10), None, None],
        }
    )
    path = reader.folder / "rows.parquet"
    pyarrow.parquet.write_table(table, path)
    found = reader.read(path)
    assert [(r.id, r.text, r.published) for r in found[:2]] == [
        ("1", "Nine killed", date(2024, 12, 5)),
        ("2", "Ten killed", None),
    ]
    assert codes(found) == ["read", "read", "empty"]


@pytest.mark.parametrize(
    "words",
    [
        "2024-12-05",
        "2024-12-05T10:00:00+03:00",
        "20241205",
        "2024/12/05",
        "5 December 2024",
        "Thu, 05 Dec 2024 10:00:00 GMT",
    ],
)
def test_plain_dates_are_read(words: str) -> None:
    assert parse_date(words) == date(2024, 12, 5)


@pytest.mark.parametrize("words", ["05/12/2024", "12/05/24", "Tuesday", "2024", "2024-13-01"])
def test_a_date_that_can_be_read_two_ways_or_none_is_refused(words: str) -> None:
    with pytest.raises(ValueError):
        parse_date(words)


class Endless(io.RawIOBase):
    """A stream that never ends; who reads it whole never comes back."""

    def __init__(self, rows: Iterator[bytes]) -> None:
        self.rows = rows

    def read(self, size: int = -1) -> bytes:
        assert size > 0
        return next(self.rows)[:size]


def test_rows_are_streamed_and_never_held() -> None:
    row = b'{"text": "Nine killed. ' + b"x" * 90_000 + b'"}\n'
    stream = Endless(iter(lambda: row, None))
    tracemalloc.start()
    found = read_reports(["-"], ReadOptions(stdin=stream))  # type: ignore[arg-type]
    assert [r.id for r in islice(found, 90)][-1] == "stdin:90"
    assert tracemalloc.get_traced_memory()[1] < 6_000_000
    tracemalloc.stop()
