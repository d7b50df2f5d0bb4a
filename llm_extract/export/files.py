"""Writes a file in one step: readers see the old one or the whole new one, never a half."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO

from llm_extract.errors import RecordsError

UNWRITABLE = "unwritable"
"""Code of the RecordsError for a place that cannot be written."""


@contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """A UTF-8 file to write to; else as `bytes_written_whole`.

    Raises:
        RecordsError: the folder or the file cannot be written; its code is `UNWRITABLE`.
    """
    with bytes_written_whole(path) as raw:
        file = TextIOWrapper(raw, encoding="utf-8", newline="\n")
        yield file
        file.flush()
        file.detach()  # it would close what is still to be synced


@contextmanager
def bytes_written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write to; it takes the place of `path` when the block ends without an error.

    A link is followed. What is there and is no ordinary file (a pipe, a device) is written to
    directly, as it must not be replaced.

    Raises:
        RecordsError: the folder or the file cannot be written; its code is `UNWRITABLE`.
    """
    target = path.resolve()
    replaced = target.is_file() or not target.exists()
    written = target.with_name(f".{target.name}.{os.getpid()}.tmp") if replaced else target
    with writing(path):
        target.parent.mkdir(parents=True, exist_ok=True)
        with written.open("wb") as file:
            try:
                yield file
                file.flush()
                if replaced:
                    os.fsync(file.fileno())
            except BaseException:
                if replaced:
                    written.unlink()
                raise
        if replaced:
            written.replace(target)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns an OSError inside the block into a RecordsError that names `path`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise RecordsError(f"{path} cannot be written: {reason}", code=UNWRITABLE) from error
