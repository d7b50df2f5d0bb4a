"""Reading that goes on at a position, and ids that are given once."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_extract.documents import ReadOptions, UnreadableReport, read_reports
from llm_extract.documents import document as document_module
from llm_extract.documents.scratch import packed, unpacked
from llm_extract.documents.unique import UniqueIds
from llm_extract.errors import DocumentError


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents, rows broken and whole, ids given twice and files that can't be read."""
    folder = tmp_path_factory.mktemp("mixed")
    rows = [
        *(json.dumps({"id": "a", "text": "Nine killed"}), "{broken", "", '{"text": "Ten killed"}'),
        *('{"id": "a", "text": "Two dead"}', '{"id": "x", "text": ""}', '{"id": "a", "text": ""}'),
        *('{"id": "d", "text": "One", "date": "05/12/2024"}', '["no object"]', '{"id": "a~2"}'),
    ]
    for name, content in {
        "a.txt": b"Nine people were killed.",
        "b.csv": b'id,text\na,"Nine, killed"\nc,Ten killed\nc,"torn\n',
        "deep/a.txt": b"Two people were killed.",
        "deep/b.json": b'[{"id": "q", "text": "Four killed"}, 7]',
        "empty.txt": b"",
        "empty.csv": b"",
        "no.columns.jsonl": b'{"n": 1}\n',
        "page.html": b"<html><body><p>Nine people were killed in Karsa.</p></body></html>",
        "picture.png": b"\x89PNG",
        "rows.jsonl": "\n".join(rows).encode(),
        "torn.jsonl.gz": b"\x1f\x8b\x08\x00torn",
        "torn.parquet": b"PAR1",
    }.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    os.symlink(folder / "gone.txt", folder / "link.txt")
    os.mkfifo(folder / "pipe.jsonl")
    return folder


def test_reading_goes_on_at_any_position_as_if_it_had_not_stopped(mixed: Path) -> None:
    inputs = [str(mixed / "deep"), str(mixed), str(mixed / "none.txt"), str(mixed / "*.txt")]
    whole = list(read_reports(inputs))
    codes = {item.code for item in whole if isinstance(item, UnreadableReport)}
    assert codes >= {"duplicate_id", "broken_line", "bad_date", "missing", "unsupported", "empty"}
    for skip in range(len(whole) + 2):
        assert list(read_reports(inputs, skip=skip)) == whole[skip:]


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {"text": st.sampled_from(["Nine killed", "", "Ten killed"])},
            optional={"id": st.sampled_from(["a", "b", "a~2", "rows:2"])},
        ),
        max_size=12,
    ),
    skip=st.integers(0, 13),
)
def test_rows_skipped_keep_their_ids(tmp_path_factory, rows, skip: int) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert list(read_reports([str(path)], skip=skip)) == list(read_reports([str(path)]))[skip:]


def test_skipped_documents_are_not_opened(reader, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.txt", "b.html", "c.pdf", "d.txt"):
        reader.write(name, "Nine killed")
    opened: list[str] = []
    read = document_module.read_capped

    def watched(path: Path, max_bytes: int) -> bytes:
        opened.append(path.name)
        return read(path, max_bytes)

    monkeypatch.setattr("llm_extract.documents.read.read_capped", watched)
    (found,) = read_reports([str(reader.folder)], skip=3)
    assert (found.id, opened) == ("d", ["d.txt"])


@given(ids=st.lists(st.sampled_from(["a", "a~2", "a~3", "a~2~2", "b", "\udc80", ""])))
def test_an_id_is_taken_once_and_the_first_use_keeps_it(ids: list[str]) -> None:
    with UniqueIds() as unique:
        taken = [unique.take(id) for id in ids]
    assert len(set(taken)) == len(ids)
    assert all(got == id or got.startswith(f"{id}~") for id, got in zip(ids, taken, strict=True))
    assert not ids or taken[0] == ids[0]


@given(names=st.lists(st.text(st.characters())))
def test_packed_names_sort_as_the_names_do_and_come_back(names: list[str]) -> None:
    values = sorted(map(packed, names))
    assert list(map(unpacked, values)) == sorted(names)


def test_a_full_disk_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"id": n, "text": "x"}) + "\n" for n in range(500)))

    def tiny(tables: str) -> sqlite3.Connection:
        base = sqlite3.connect("", isolation_level=None)
        base.executescript(tables)
        base.execute("PRAGMA max_page_count = 4")
        return base

    monkeypatch.setattr("llm_extract.documents.unique.open_scratch", tiny)
    with pytest.raises(DocumentError, match="TMPDIR") as refusal:
        list(read_reports([str(path)], ReadOptions()))
    assert refusal.value.code == "no_room"
