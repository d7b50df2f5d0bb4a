"""Bad input: one unreadable report with a code and one clear line each, and the others follow."""

from __future__ import annotations

import builtins
import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import docx
import pyarrow
import pyarrow.parquet
import pytest

from llm_extract.documents import Report, UnreadableReport
from llm_extract.documents.read import MAX_ID_BYTES


@pytest.mark.parametrize(
    ("name", "content", "code", "advice"),
    [
        ("a.txt", b"", "empty", "leave it out"),
        ("a.txt", b" \n\t\r\n", "blank", "leave it out"),
        ("a.txt", "\u200b\ufeff \u200f".encode(), "blank", "leave it out"),
        ("a.txt", bytes(range(256)) * 4, "binary", "convert"),
        ("a.txt", b"\x01\x02 nine \x03\x04", "binary", "convert"),
        ("a.txt", b"%PDF-1.7 ...", "binary", "proper name"),
        ("a.txt", b"\x89PNG\r\n\x1a\n", "binary", "PNG"),
        ("a.txt", b"\xef\xbb\xbfNine \xff killed", "undecodable", "UTF-8"),
        ("a.doc", b"Nine killed", "unsupported", "save it as"),
        ("a.pdf", b"", "empty", "leave it out"),
        ("a.pdf", b"%PDF-1.4\ngarbage", "broken_pdf", "again"),
        ("a.pdf", b"no pdf at all", "broken_pdf", "again"),
        ("a.docx", b"PK\x03\x04 cut off", "broken_docx", "again"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "encrypted_docx", "open docx"),
        ("a.html", b"<html><body><nav>Home</nav></body></html>", "no_main_text", "as txt"),
        ("a.json", b"{", "broken_json", "repair"),
        ("a.json", b"[]", "empty", "fill"),
        ("a.jsonl", b"\n\n", "empty", "fill"),
        ("a.jsonl", b"", "empty", "fill"),
        ("a.csv", b"id,text\n", "empty", "fill"),
        ("a.csv", b"x,y\n1,2\n", "no_column", "name one of: x, y"),
        ("a.parquet", b"PAR1 cut off", "broken_parquet", "write it again"),
        ("a.jsonl.gz", b"\x1f\x8b cut off", "broken_gzip", "pack it again"),
        (
            "a.jsonl.gz",
            gzip.compress(b'{"text": "Nine killed"}', mtime=0)[:-9],
            "broken_gzip",
            "again",
        ),
    ],
)
def test_a_broken_file_is_refused_in_one_line(
    reader, name: str, content: bytes, code: str, advice: str
) -> None:
    refusal = reader.refusal(name, content)
    assert refusal.code == code
    assert advice in refusal.message
    assert refusal.id == "a"


def test_a_locked_pdf_is_refused(reader, make_pdf) -> None:
    refusal = reader.refusal("a.pdf", make_pdf("Nine killed", password="secret"))
    assert refusal.code == "encrypted_pdf" and "unlocked" in refusal.message


def test_a_pdf_locked_against_changes_only_is_read(reader, make_pdf) -> None:
    assert reader.report("a.pdf", make_pdf("Nine killed", password="")).text == "Nine killed"


def test_a_scan_is_refused_with_the_way_out(reader, make_pdf) -> None:
    refusal = reader.refusal("a.pdf", make_pdf("", ""))
    assert refusal.code == "no_text_layer" and "OCR" in refusal.message


def test_a_zip_bomb_is_refused_before_it_is_unpacked(reader) -> None:
    kept = io.BytesIO()
    docx.Document().save(kept)
    with zipfile.ZipFile(kept, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/bomb.xml", b"\0" * 12_000_000)
    refusal = reader.refusal("a.docx", kept.getvalue())
    assert refusal.code == "zip_bomb"


def test_a_docx_without_words_is_blank(reader) -> None:
    kept = io.BytesIO()
    docx.Document().save(kept)
    assert reader.refusal("a.docx", kept.getvalue()).code == "empty"


@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.pdf", "a.docx", "a.json"])
def test_a_document_above_the_cap_is_refused(reader, name: str) -> None:
    refusal = reader.refusal(name, b"Nine killed", max_bytes=10)
    assert refusal.code == "too_large" and "10 bytes" in refusal.message


def test_standard_input_above_the_cap_is_refused(reader) -> None:
    (refusal,) = reader.read("-", stdin=io.BytesIO(b"Nine killed"), max_bytes=10)
    assert refusal.code == "too_large"


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("a.jsonl", '{"text": "One"}\n{"text": "' + "x" * 99 + '"}\n{"text": "Three"}\n'),
        ("a.csv", 'id,text\n1,One\n2,"' + "x" * 50 + "\n" + "x" * 50 + '"\n3,Three\n'),
        ("a.csv", 'id,text\n1,One\n2,"' + "x" * 99 + "\n" + "x" * 99 + '"\n3,Three\n'),
    ],
)
def test_the_cap_holds_for_each_row_alone(reader, name: str, rows: str) -> None:
    one, big, three = reader.read(reader.write(name, rows), max_bytes=60)
    assert isinstance(one, Report) and isinstance(three, Report) and three.text == "Three"
    assert isinstance(big, UnreadableReport) and big.code == "too_large"


def test_a_missing_file_and_a_glob_without_match_are_said(reader) -> None:
    gone, none = reader.read(reader.folder / "gone.txt", reader.folder / "*.html")
    assert [gone.code, none.code] == ["missing", "missing"]
    assert "does not exist" in gone.message and "matches no file" in none.message


def test_an_empty_folder_is_said(reader) -> None:
    (refusal,) = reader.read()
    assert refusal.code == "missing" and "holds no files" in refusal.message


def test_a_name_that_no_system_takes_is_said(reader) -> None:
    (refusal,) = reader.read("a\0b")
    assert refusal.code == "missing" and "\\x00" in refusal.message


def test_a_file_that_may_not_be_read_is_said(reader, monkeypatch: pytest.MonkeyPatch) -> None:
    path = reader.write("closed.txt", "Nine killed")
    reader.write("open.txt", "Ten killed")
    opened = builtins.open

    def refuse(file, *args, **settings):
        if Path(file) == path:
            raise PermissionError(13, "Permission denied", str(file))
        return opened(file, *args, **settings)

    monkeypatch.setattr(builtins, "open", refuse)
    closed, other = reader.read()
    assert (closed.code, other.text) == ("no_permission", "Ten killed")


def test_a_folder_that_may_not_be_listed_is_said(reader, monkeypatch: pytest.MonkeyPatch) -> None:
    reader.write("closed/a.txt", "Nine killed")
    reader.write("open.txt", "Ten killed")
    scan = os.scandir

    def refuse(folder):
        if str(folder).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(folder))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    found = {item.id: item for item in reader.read()}
    assert found["closed"].code == "no_permission" and found["open"].text == "Ten killed"


def test_a_disk_error_is_said(reader, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args, **settings):
        raise OSError(5, "Input/output error")

    path = reader.write("a.txt", "Nine killed")
    monkeypatch.setattr(builtins, "open", refuse)
    (refusal,) = reader.read(path)
    assert refusal.code == "io_error" and "Input/output error" in refusal.message


def test_a_pipe_in_a_folder_does_not_hang_the_run(reader) -> None:
    os.mkfifo(reader.folder / "a.txt")
    (refusal,) = reader.read()
    assert refusal.code == "unsupported"


def test_a_link_to_nowhere_is_said(reader) -> None:
    (reader.folder / "a.txt").symlink_to(reader.folder / "gone.txt")
    (refusal,) = reader.read()
    assert refusal.code == "missing"


def test_the_first_of_two_reports_with_one_id_stays(reader) -> None:
    rows = "".join(json.dumps({"id": "x", "text": t}) + "\n" for t in ("Nine", "Ten", "Six"))
    first, second, third = reader.read(reader.write("rows.jsonl", rows))
    assert (first.id, first.text) == ("x", "Nine")
    assert [second.code, third.code] == ["duplicate_id"] * 2
    assert [second.id, third.id] == ["x~2", "x~3"]
    assert "line 2" in second.message and "'x'" in second.message


def test_an_endless_id_is_cut_and_stays_its_own(reader) -> None:
    ids = ["ذ" * 5_000, "ذ" * 5_001, "short"]
    rows = "".join(json.dumps({"id": id, "text": "Nine killed"}) + "\n" for id in ids)
    found = reader.read(reader.write("rows.jsonl", rows))
    assert all(isinstance(item, Report) for item in found)
    assert all(len(item.id.encode()) <= MAX_ID_BYTES for item in found)
    assert [item.id[:5] for item in found] == ["ذذذذذ", "ذذذذذ", "short"]
    assert len({item.id for item in found}) == 3


def test_many_rows_of_one_id_cost_no_more_than_others(reader) -> None:
    rows = "id,text\n" + "x,Nine\n" * 5_000
    found = reader.read(reader.write("rows.csv", rows))
    assert (len({item.id for item in found}), found[-1].id) == (5_000, "x~5000")


def test_ids_are_unique_over_all_files_of_a_run(reader) -> None:
    reader.write("a.txt", "Nine killed")
    rows = reader.write("b.jsonl", '{"id": "a", "text": "Ten killed"}\n')
    found = reader.read(reader.folder / "a.txt", rows)
    assert [getattr(item, "code", "read") for item in found] == ["read", "duplicate_id"]


def test_a_broken_line_is_named_and_the_others_are_read(reader) -> None:
    path = reader.write("rows.jsonl", '{"text": "One"}\n{"text": \n[1]\n{"text": "Four"}\n')
    one, broken, listed, four = reader.read(path)
    assert (one.text, four.text) == ("One", "Four")
    assert (broken.code, broken.id) == ("broken_line", "rows:2")
    assert "line 2: not valid JSON" in broken.message
    assert listed.code == "broken_line" and "not a JSON object" in listed.message


def test_a_row_without_text_column_is_named_and_the_others_are_read(reader) -> None:
    path = reader.write("rows.jsonl", '{"text": "One"}\n{"id": 2}\n{"id": 3, "text": 7}\n')
    _, missing, number = reader.read(path)
    assert [missing.code, number.code] == ["no_text_column"] * 2
    assert missing.id == "2" and "holds no text but int" in number.message


def test_a_row_with_an_empty_text_is_named(reader) -> None:
    path = reader.write("rows.csv", "id,text\n1,One\n2,\n3, \n")
    assert [getattr(r, "code", "read") for r in reader.read(path)] == ["read", "empty", "blank"]


def test_a_bad_date_is_named_and_the_others_are_read(reader) -> None:
    path = reader.write("rows.csv", "id,text,date\n1,One,05/12/2024\n2,Two,2024-12-05\n")
    bad, good = reader.read(path)
    assert bad.code == "bad_date" and "05/12/2024" in bad.message and isinstance(good, Report)


def test_a_row_with_too_many_cells_is_named(reader) -> None:
    path = reader.write("rows.csv", "id,text\n1,Nine, or ten, killed\n2,Two\n")
    broken, good = reader.read(path)
    assert broken.code == "broken_row" and "4 cells under 2 columns" in broken.message
    assert good.text == "Two"


def test_a_quote_that_is_never_closed_is_named(reader) -> None:
    path = reader.write("rows.csv", 'id,text\n1,One\n2,"Two\n3,Three\n')
    one, broken = reader.read(path)
    assert one.text == "One" and broken.code == "broken_row" and "line 3" in broken.message


def test_a_parquet_file_that_breaks_half_way_is_named(reader) -> None:
    path = reader.folder / "rows.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"text": ["Nine killed in Karsa"] * 3}), path)
    raw = bytearray(path.read_bytes())
    raw[8:40] = b"\xff" * 32
    assert reader.refusal("rows.parquet", bytes(raw)).code == "broken_parquet"


def test_an_option_that_names_no_column_is_said(reader) -> None:
    refusal = reader.refusal("rows.csv", "id,text\n1,One\n", text_column="body")
    assert refusal.code == "no_column" and "the columns are: id, text" in refusal.message


def test_bytes_that_break_the_encoding_cost_one_row_only(reader) -> None:
    rows = b"id,text\n1,One\n" + b"3,plain words\n" * 20_000 + b"2,Neuf tu\xe9s\nlast,End\n"
    found = reader.read(reader.write("rows.csv", rows))
    assert [found[-2].code, found[-1].text] == ["undecodable", "End"]


def test_a_torn_row_of_a_utf8_file_costs_that_row_only(reader) -> None:
    rows = "{}\n".format('{"text": "قتل تسعة مدنيين"}').encode()
    torn = reader.read(reader.write("rows.jsonl", rows + rows.replace(b"\xd8", b"\xff", 1) + rows))
    assert [getattr(item, "code", "read") for item in torn] == ["read", "undecodable", "read"]


def test_lone_surrogates_and_line_breaks_in_cells_do_no_harm(reader) -> None:
    row = '{"id": "a\\ud800\\nb", "text": "Nine \\udfff killed", "title": "T\\ud800"}\n'
    report = reader.report("rows.jsonl", row)
    assert (report.id, report.text, report.title) == ("a\ufffd b", "Nine \ufffd killed", "T\ufffd")
    assert report.sha256


def test_a_file_name_that_is_no_text_does_no_harm(reader) -> None:
    raw = os.fsencode(reader.folder) + b"/n\xff\n.txt"
    with open(raw, "wb") as stream:
        stream.write(b"Nine killed")
    (report,) = reader.read()
    assert report.id.encode("utf-8") and report.source.encode("utf-8")


def test_nothing_stops_the_others(reader, make_pdf) -> None:
    reader.write("a.pdf", make_pdf("Nine killed", password="secret"))
    reader.write("b.txt", b"")
    reader.write("c.docx", b"broken")
    reader.write("d.txt", "Ten killed")
    reader.write("e.jsonl", "{\n")
    assert [getattr(item, "code", "read") for item in reader.read()] == [
        "encrypted_pdf",
        "empty",
        "broken_docx",
        "read",
        "broken_line",
    ]
