"""Records written out: a module a format; nothing here reads a report, a model or the store."""

from __future__ import annotations

from llm_extract.export.csv import to_csv
from llm_extract.export.files import UNWRITABLE, written_whole
from llm_extract.export.frame import to_frame
from llm_extract.export.jsonl import (
    RECORDS_NAME,
    GrowingRecords,
    read_records,
    to_jsonl,
    write_records,
)

__all__ = [
    "RECORDS_NAME",
    "UNWRITABLE",
    "GrowingRecords",
    "read_records",
    "to_csv",
    "to_frame",
    "to_jsonl",
    "write_records",
    "written_whole",
]
