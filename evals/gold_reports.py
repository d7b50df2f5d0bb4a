"""Reads gold reports: a JSON file each, with the text and the claims an annotator took from it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_extract.errors import RecordsError
from llm_extract.schema import CasualtyReport


class GoldReport(BaseModel):
    """One report with its gold claims."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    published: date | None
    language: str = Field(description="ISO 639-1 code")
    style: str = Field(description="the kind of report, e.g. wire, situation_report")
    traps: list[str] = Field(description="what makes this report hard to read")
    text: str
    gold: CasualtyReport


def read_gold(folder: Path) -> list[GoldReport]:
    """The gold reports of a folder, by file name.

    Raises RecordsError when the folder holds none, or with all files that aren't gold reports.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise RecordsError(f"{folder} holds no gold reports (*.json)")
    reports: list[GoldReport] = []
    faults: list[str] = []
    for path in paths:
        try:
            reports.append(GoldReport.model_validate_json(path.read_bytes()))
        except (OSError, ValidationError) as error:
            faults.append(f"{path.name}: {_first(error)}")
    if faults:
        raise RecordsError(f"{folder} holds files that are no gold reports: " + "; ".join(faults))
    return reports


def _first(error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return str(error)
    first = error.errors()[0]
    return f"{first['msg']} at {'.'.join(map(str, first['loc']))}"
