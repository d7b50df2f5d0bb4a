"""What an eval run found, as it is kept in `results.json`: every variant, every reading, its score.

Scores stand here a report, never as averages: whoever reads the file can weigh, resample and pair
them anew. Records of the readings lie beside it, one file a variant and repeat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_extract.errors import RecordsError
from llm_extract.evals.scores import ReportScore
from llm_extract.export.files import written_whole
from llm_extract.record import Disposition, Severity, Tokens

RESULTS_NAME = "results.json"

FORMAT: Literal[1] = 1
"""Version of `results.json`; a reader refuses any other."""


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Variant(_Kept):
    """One way to read reports: a cell of the grid, or a peer."""

    name: str = Field(description="Short and unique in a run: what tables and plots call it.")
    kind: Literal["spine", "peer"]
    model: str | None = Field(description="Name in the catalogue; null for a peer without one.")
    prompt: str | None = Field(description="NAME@VERSION, of the report's strategy if several.")
    prompt_hash: str | None
    strategy: str | None
    repair: str | None = None


class Found(_Kept):
    """One finding of a reading: which rule spoke and how gravely."""

    rule: str
    severity: Severity


class Reading(_Kept):
    """One report as one variant read it, in one repeat (from 1)."""

    report: str
    repeat: int
    disposition: Disposition
    failure: str | None = Field(description="Why it failed; null where it did not.")
    findings: list[Found]
    score: ReportScore
    seconds: float
    calls: int
    reasks: int
    tokens: Tokens
    cost: float | None = Field(description="Dollars; null where no price is known.")


class Labelled(_Kept):
    """What is known of a report of the set before anybody reads it."""

    id: str
    language: str
    style: str
    traps: list[str]
    claims: int = Field(description="Gold claims.")


class VariantReadings(_Kept):
    """All readings of one variant, in order of report and repeat."""

    variant: Variant
    readings: list[Reading]


class EvalResults(_Kept):
    """A whole run."""

    format: Literal[1] = FORMAT
    created: datetime
    package_version: str
    machine: str
    set_name: str
    set_sha256: str = Field(description="Of the gold reports' texts and labels, in order of id.")
    reports: list[Labelled]
    repeats: int
    variants: list[VariantReadings]

    def of(self, name: str) -> VariantReadings:
        """The readings of the variant with this name. Raises RecordsError when there is none."""
        for each in self.variants:
            if each.variant.name == name:
                return each
        known = ", ".join(each.variant.name for each in self.variants)
        raise RecordsError(f"this run has no variant {name!r}; it has {known}")


def records_path(folder: Path, variant: str, repeat: int) -> Path:
    """Where the records of one variant and repeat lie beside the results."""
    words = re.sub(r"[^A-Za-z0-9.@+]+", "-", variant).strip("-")
    return folder / "records" / f"{words}.{repeat}.jsonl"


def write_results(folder: Path, results: EvalResults) -> Path:
    """Writes `results.json` in a folder, whole or not at all, and returns its path."""
    path = folder / RESULTS_NAME
    with written_whole(path) as file:
        file.write(results.model_dump_json(indent=1))
        file.write("\n")
    return path


def read_results(path: Path) -> EvalResults:
    """The results in a file, or in the `results.json` of a folder.

    Raises RecordsError when there are none, or when another version of this program wrote them in
    another form.
    """
    file = path / RESULTS_NAME if path.is_dir() else path
    try:
        return EvalResults.model_validate_json(file.read_bytes())
    except OSError as error:
        raise RecordsError(f"no results of an eval run in {path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise RecordsError(
            f"{file} holds no results of this version: {first['msg']} at {where}"
        ) from None


def by_report(readings: Iterable[Reading]) -> dict[str, list[Reading]]:
    """Readings by report: the repeats of one report are one cluster."""
    found: dict[str, list[Reading]] = {}
    for reading in readings:
        found.setdefault(reading.report, []).append(reading)
    return found
