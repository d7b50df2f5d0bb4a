"""How inputs are read: the settings of `read_reports`, checked by nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

MAX_BYTES = 20_000_000
"""Default cap on one document: a novel has about one million, a report seldom a tenth of that."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Settings of one run over many inputs.

    `published` dates the reports that have no date of their own; a document's own date wins.
    `text_column`, `id_column`, `date_column`, `title_column` name the columns of row files (csv,
    tsv, jsonl, json, parquet); None guesses them by name and says so, "" means there is none.
    `max_bytes` caps one document, or one row of a row file, in bytes.
    `stdin` is read for the input "-"; None is the standard input of the process.
    `on_notice` gets one line of text for everything that was guessed or left out; None drops them.
    """

    published: date | None = None
    text_column: str | None = None
    id_column: str | None = None
    date_column: str | None = None
    title_column: str | None = None
    max_bytes: int = MAX_BYTES
    stdin: BinaryIO | None = None
    on_notice: Callable[[str], None] | None = None

    def notice(self, line: str) -> None:
        """Hand `line` to whoever listens."""
        if self.on_notice is not None:
            self.on_notice(line)
