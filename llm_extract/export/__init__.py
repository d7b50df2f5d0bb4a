"""Records written out: a module a format; nothing here reads a report, a model or the store."""

from __future__ import annotations

from llm_extract.export.csv import csv_parts, to_csv
from llm_extract.export.files import UNWRITABLE, bytes_written_whole, written_whole
from llm_extract.export.frame import to_frame
from llm_extract.export.jsonl import (
    RECORDS_NAME,
    GrowingRecords,
    jsonl_parts,
    read_records,
    to_jsonl,
    write_records,
)
from llm_extract.export.parquet import write_parquet

__all__ = [
    "RECORDS_NAME",
    "UNWRITABLE",
    "GrowingRecords",
    "bytes_written_whole",
    "csv_parts",
    "jsonl_parts",
    "read_records",
    "to_csv",
    "to_frame",
    "to_jsonl",
    "write_parquet",
    "write_records",
    "written_whole",
]
