"""Records as comma-separated values that a spreadsheet can open without running any of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from llm_extract.export.frame import frames
from llm_extract.record import Record

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet read a cell as a formula (OWASP, "CSV Injection")."""


def to_csv(records: Iterable[Record]) -> str:
    """The table of `to_frame` as UTF-8 CSV with a header line.

    A text cell that begins with one of `FORMULA_STARTS` gets an apostrophe before it, as report
    text is never a formula; numbers and dates are left alone.
    """
    return "".join(csv_parts(records))


def csv_parts(records: Iterable[Record]) -> Iterator[str]:
    """The text of `to_csv` in parts, each made when it is asked for."""
    texts = pl.col(pl.String).map_elements(defused, return_dtype=pl.String)
    for number, frame in enumerate(frames(records)):
        yield frame.with_columns(texts).write_csv(include_header=number == 0)


def defused(cell: str) -> str:
    """The cell, with an apostrophe before it when a spreadsheet could take it for a formula."""
    return "'" + cell if cell.lstrip(" \u00a0").startswith(FORMULA_STARTS) else cell
