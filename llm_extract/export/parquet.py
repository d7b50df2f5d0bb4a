"""Records as a Parquet file, a part of the table a row group."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from llm_extract.export.frame import frames
from llm_extract.record import Record


def write_parquet(records: Iterable[Record], file: BinaryIO) -> None:
    """Write the table of `to_frame`; memory holds one part of it at a time."""
    import pyarrow.parquet as parquet  # type: ignore[import-untyped]  # slow to load

    parts = (frame.to_arrow() for frame in frames(records))
    first = next(parts)
    with parquet.ParquetWriter(file, first.schema) as writer:
        writer.write_table(first)
        for part in parts:
            writer.write_table(part)
