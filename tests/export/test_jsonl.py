import json
from pathlib import Path

import pytest

from llm_extract.errors import RecordsError
from llm_extract.export import GrowingRecords, read_records, to_jsonl, write_records
from llm_extract.record import Record

EXAMPLE = Path(__file__).with_name("example_records.jsonl")


@pytest.fixture
def records() -> list[Record]:
    return list(read_records(EXAMPLE))


def test_records_come_back_as_they_were_written(tmp_path: Path, records: list[Record]) -> None:
    path = tmp_path / "new" / "records.jsonl"
    write_records(path, records)
    assert list(read_records(path)) == records
    assert [file.name for file in path.parent.iterdir()] == ["records.jsonl"]


def test_a_line_has_exactly_the_keys_of_the_record(tmp_path: Path, records: list[Record]) -> None:
    path = tmp_path / "records.jsonl"
    write_records(path, records)
    first = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    assert list(first) == [
        "report",
        "claims",
        "facilities",
        "findings",
        "disposition",
        "failure",
        "provenance",
    ]
    assert first == records[0].model_dump(mode="json")


def test_an_error_while_writing_leaves_the_old_file(tmp_path: Path, records: list[Record]) -> None:
    path = tmp_path / "records.jsonl"
    write_records(path, records[:1])

    def broken() -> list[Record]:
        raise RuntimeError("the third report breaks")

    with pytest.raises(RuntimeError):
        write_records(path, (record for part in (lambda: records, broken) for record in part()))
    assert list(read_records(path)) == records[:1]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_growing_file_can_be_read_after_every_record(
    tmp_path: Path, records: list[Record]
) -> None:
    path = tmp_path / "records.jsonl"
    with GrowingRecords(path) as growing:
        for number, record in enumerate(records, start=1):
            growing.append(record)
            assert list(read_records(path)) == records[:number]


def test_a_growing_file_without_a_record_leaves_the_old_one(
    tmp_path: Path, records: list[Record]
) -> None:
    path = tmp_path / "records.jsonl"
    write_records(path, records)
    with GrowingRecords(path):
        pass
    assert list(read_records(path)) == records


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"claims": []}\n', "line 1 is not a record"),
        (b"not json\n", "line 1 is not a record"),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_a_file_that_holds_no_records_is_named_with_its_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "other.jsonl"
    path.write_bytes(content)
    with pytest.raises(RecordsError, match=said):
        list(read_records(path))


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match=r"absent\.jsonl cannot be read"):
        list(read_records(tmp_path / "absent.jsonl"))


def test_a_place_that_cannot_be_written_is_a_clear_error(
    tmp_path: Path, records: list[Record]
) -> None:
    (tmp_path / "file").write_text("in the way")
    for attempt in (write_records, lambda path, _: GrowingRecords(path).append(records[0])):
        with pytest.raises(RecordsError, match="cannot be written"):
            attempt(tmp_path / "file" / "records.jsonl", records)


def test_exported_rows_are_json_objects_with_the_columns_of_the_table(
    records: list[Record],
) -> None:
    lines = [json.loads(line) for line in to_jsonl(records).splitlines()]
    assert [line["row"] for line in lines].count("claim") == 3
    assert lines[0]["total_value"] == 62 and lines[0]["period_start"] == "2025-03-03"
