"""Writes a file in one step: readers see the old one or the whole new one, never a half."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from llm_extract.errors import RecordsError


@contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """A UTF-8 file to write to; it takes the place of `path` when the block ends without an error.

    Raises:
        RecordsError: the folder or the file cannot be written.
    """
    half = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with half.open("w", encoding="utf-8", newline="\n") as file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                half.unlink()
                raise
        half.replace(path)
    except OSError as error:
        raise RecordsError(f"{path} cannot be written: {error.strerror or error}") from error
