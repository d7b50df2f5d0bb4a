"""Files of tasks: lists and lines are read object by object, and faults name their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_extract.errors import RecordsError
from llm_extract.review.exchange.tasks import Fault, Object, Returned, json_line, returned


def read(where: str, found: Object) -> Returned:
    if "text" not in found:
        raise RecordsError("has no text")
    return Returned(where, 1, 0, str(found["text"]), ())


def test_a_line_separator_in_a_text_ends_no_line(tmp_path: Path) -> None:
    text = "one\u2028two\x85three\r\nfour"
    file = tmp_path / "tasks.jsonl"
    file.write_text(json_line({"text": text}) + "\n" + json_line({"text": "b"}), encoding="utf-8")
    found = list(returned(file, read))
    assert found == [Returned("line 1", 1, 0, text, ()), Returned("line 3", 1, 0, "b", ())]


def test_a_list_and_lines_say_the_same_and_what_is_wrong_names_its_place(tmp_path: Path) -> None:
    file = tmp_path / "tasks.json"
    file.write_text('[{"text": "a"}, {}, 7]')
    assert list(returned(file, read)) == [
        Returned("item 1", 1, 0, "a", ()),
        Fault("item 2", "has no text"),
        Fault("item 3", "is no JSON object"),
    ]


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"[1"])
def test_a_file_that_cannot_be_read_at_all_is_one_line(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "x").write_bytes(raw)
    for file in (tmp_path / "x", tmp_path / "missing"):
        with pytest.raises(RecordsError) as error:
            list(returned(file, read))
        assert "\n" not in str(error.value)
