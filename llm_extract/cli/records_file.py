"""Finds a file of records; loads no store, so that `check` starts at once."""

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
                f"{place} holds no {RECORDS_NAME} and no store; make one with: "
                f"llm-extract run REPORTS --out {place}"
            )
        return place / RECORDS_NAME
    if not place.exists():
        raise RecordsError(
            f"{place} does not exist; name a file of records, a run's --out folder or a store"
        )
    return place
