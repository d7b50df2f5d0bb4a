"""Finds the records that a command is pointed at: a run's output folder or a file of records."""

from __future__ import annotations

from pathlib import Path

from llm_extract.errors import RecordsError
from llm_extract.export import RECORDS_NAME


def records_file(place: Path) -> Path:
    """The file of records of a folder, or the file itself.

    Raises:
        RecordsError: there is none.
    """
    if place.is_dir():
        if not (place / RECORDS_NAME).is_file():
            raise RecordsError(
                f"{place} holds no {RECORDS_NAME}; make one with: "
                f"llm-extract run REPORTS --out {place}"
            )
        return place / RECORDS_NAME
    if not place.exists():
        raise RecordsError(
            f"{place} does not exist; name a file of records or a run's --out folder"
        )
    return place
