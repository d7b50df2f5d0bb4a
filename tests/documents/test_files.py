"""Files, folders, globs, the standard input and the ids of reports."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest

from llm_extract.documents import (
    ReadOptions,
    Report,
    UnreadableReport,
    read_reports,
    report_from_text,
)
from llm_extract.errors import DocumentError


def ids(found: list[Report | UnreadableReport]) -> list[str]:
    return [item.id for item in found]


def test_a_text_file_is_taken_as_it_is(reader) -> None:
    report = reader.report("note.txt", "Nine killed.\r\n\r\nThree of them children.\n")
    assert report.text == "Nine killed.\n\nThree of them children.\n"
    assert (report.id, report.language, report.title) == ("note", "en", None)
    assert report.source == str(reader.folder / "note.txt")


def test_markdown_is_taken_as_it_is(reader) -> None:
    assert reader.report("note.md", "# Toll\n- **9** killed").text == "# Toll\n- **9** killed"


def test_a_file_without_suffix_is_text(reader) -> None:
    assert reader.report("REPORT", "Nine killed").text == "Nine killed"


def test_the_published_date_of_the_run_dates_a_plain_text(reader) -> None:
    report = reader.report("note.txt", "Nine killed", published=date(2024, 12, 5))
    assert report.published == date(2024, 12, 5)


def test_a_folder_is_read_to_its_depth_in_order_without_hidden_files(reader) -> None:
    for name in ("b.txt", "a.txt", "deep/er/c.txt", ".hidden.txt", ".git/d.txt"):
        reader.write(name, "Nine killed")
    assert ids(reader.read()) == ["a", "b", "c"]


def test_a_glob_is_read_in_order(reader) -> None:
    for name in ("b.txt", "a.txt", "c.md", "deep/d.txt"):
        reader.write(name, "Nine killed")
    assert ids(reader.read(reader.folder / "*.txt")) == ["a", "b"]
    assert ids(reader.read(reader.folder / "**" / "*.txt")) == ["a", "b", "d"]


def test_a_file_whose_name_looks_like_a_glob_is_a_file(reader) -> None:
    assert reader.report("note[1].txt", "Nine killed").id == "note[1]"


def test_files_that_share_a_stem_are_told_apart_by_their_path(reader) -> None:
    for name in ("north/day.txt", "south/day.txt", "south/day.md", "south/other.txt"):
        reader.write(name, "Nine killed")
    assert ids(reader.read()) == ["north/day.txt", "south/day.md", "south/day.txt", "other"]


def test_a_file_named_twice_is_read_once_and_that_is_said(reader) -> None:
    path = reader.write("note.txt", "Nine killed")
    assert ids(reader.read(path, reader.folder)) == ["note"]
    assert reader.notices == [f"{path}: named twice, read once"]


def test_standard_input_is_one_text(reader) -> None:
    (report,) = reader.read("-", stdin=io.BytesIO(b"Nine killed in Karsa"))
    assert (report.id, report.source, report.text) == ("stdin", "stdin", "Nine killed in Karsa")


def test_standard_input_of_json_objects_is_read_as_rows_and_that_is_said(reader) -> None:
    rows = b'{"id": "x", "text": "Nine killed"}\n{"text": "Ten killed"}\n'
    assert ids(reader.read("-", stdin=io.BytesIO(rows))) == ["x", "stdin:2"]
    assert "read as jsonl" in reader.notices[0]


def test_standard_input_may_be_a_page_or_a_pdf(reader, make_pdf) -> None:
    page = b"<!DOCTYPE html><html><body><p>Nine people were killed in Karsa.</p></body></html>"
    (report,) = reader.read("-", stdin=io.BytesIO(page))
    assert report.text == "Nine people were killed in Karsa."
    (report,) = reader.read("-", stdin=io.BytesIO(make_pdf("Nine killed")))
    assert report.text == "Nine killed"


def test_reports_come_one_by_one(reader) -> None:
    reader.write("a.txt", "Nine killed")
    found = read_reports([str(reader.folder), str(reader.folder / "none.txt")])
    assert next(found).id == "a"


def test_options_may_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Nine killed")
    assert ids(list(read_reports([str(tmp_path)]))) == ["a"]
    assert ReadOptions().max_bytes == 20_000_000


def test_a_text_in_memory_is_named_by_its_words() -> None:
    one, same, other = (report_from_text(t) for t in ("Nine\r\nkilled", "Nine\nkilled", "Ten"))
    assert one.id == same.id != other.id
    assert one.id.startswith("text-") and one.text == "Nine\nkilled" and one.source == "text"


def test_a_text_in_memory_keeps_what_is_known_of_it() -> None:
    report = report_from_text("Nine killed", id="r", published=date(2024, 12, 5), title="Toll")
    assert (report.id, report.published, report.title) == ("r", date(2024, 12, 5), "Toll")


@pytest.mark.parametrize(("text", "code"), [("", "empty"), (" \n\u200b", "blank")])
def test_a_text_in_memory_must_hold_something(text: str, code: str) -> None:
    with pytest.raises(DocumentError) as refusal:
        report_from_text(text)
    assert refusal.value.code == code
