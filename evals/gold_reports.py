"""Reads gold reports: a JSON file each, with the text and the claims an annotator took from it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_extract.errors import RecordsError
from llm_extract.schema import CasualtyReport

Annotator = Literal["a", "b"]

SETS = Path(__file__).parent / "gold"
"""Where the gold sets lie in the source tree, a folder each."""

SET_NAMES = ("dev", "test")


class Decision(BaseModel):
    """One difference between the annotators and how it was settled."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    where: str = Field(description="the claim and field, in words or as claims[2].places")
    a: str = Field(description="what the first annotator had")
    b: str = Field(description="what the second annotator had")
    gold: str = Field(description="what stands in gold now: a, b, or something else")
    reason: str = Field(description="the rule of GUIDELINES.md, or the words of the report")


class GoldReport(BaseModel):
    """One report with its gold claims, and the labels of the two annotators that they come from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    published: date | None
    language: str = Field(description="ISO 639-1 code")
    style: str = Field(description="the kind of report, e.g. wire, situation_report")
    traps: list[str] = Field(description="what makes this report hard to read")
    text: str
    gold: CasualtyReport
    annotators: dict[Annotator, CasualtyReport] = Field(
        default={}, description="the labels of each as they were made, blind to the other"
    )
    adjudication: list[Decision] = Field(
        default=[], description="every difference of the two, with the reason of the decision"
    )


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


def set_folder(name: str) -> Path:
    """The folder of a gold set: one of the source tree by its name (dev, test), else a path.

    Raises RecordsError for the name of a set where there is no source tree: an installed package
    holds no gold reports.
    """
    if name not in SET_NAMES:
        return Path(name)
    folder = SETS / name
    if not folder.is_dir():
        raise RecordsError(
            f"the gold set {name!r} is part of the source tree and not of an installed package: "
            "work in a checkout, or name a folder of gold reports"
        )
    return folder


def set_sha256(reports: Sequence[GoldReport]) -> str:
    """A digest of texts and labels, in order of id: equal sets of reports have equal ones."""
    digest = hashlib.sha256()
    for report in sorted(reports, key=lambda each: each.id):
        for part in (report.id, report.text, report.gold.model_dump_json()):
            digest.update(part.encode())
            digest.update(b"\0")
    return digest.hexdigest()


def _first(error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return str(error)
    first = error.errors()[0]
    return f"{first['msg']} at {'.'.join(map(str, first['loc']))}"
