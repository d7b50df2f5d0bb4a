"""An example of each rule: a report and rows that break it, read and checked like any other.

What the rule says of its example is not written down: it is found by running the rule.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from llm_extract.documents.columns import parse_date
from llm_extract.documents.report import Report
from llm_extract.documents.rows import PlacedRow
from llm_extract.handmade.entries import Entry, Problem, Typed, record_of
from llm_extract.handmade.rows import row_entries
from llm_extract.numbers import read_ledger
from llm_extract.record import Attempt, Finding, OtherReading, Provenance, Record, Tokens
from llm_extract.schema import SCHEMA_VERSION
from llm_extract.validators.catalogue import check, rule

Row = dict[str, str]
"""Fields of a typed row, as a table's columns are mapped to, with their cells."""

_NO_TOKENS = Tokens(prompt=0, cached=0, completion=0)


class Example(BaseModel):
    """A report of our own, the rows typed from it, and what else the rule looks at."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    text: str
    rows: list[Row] = []
    published: str | None = None
    other_rows: list[Row] = []
    """A second reading of the same text."""
    unanswered: str | None = None
    """What became of the question about the first passage."""


@dataclass(frozen=True, slots=True)
class Broken:
    """An example and what its rule says of it."""

    example: Example
    findings: tuple[Finding, ...]


@cache
def examples() -> dict[str, Example]:
    """The examples by the id of their rule."""
    text = files("llm_extract.handmade").joinpath("examples.toml").read_text(encoding="utf-8")
    return {id: Example.model_validate(table) for id, table in tomllib.loads(text).items()}


def broken(id: str) -> Broken:
    """The example of a rule and the findings of that rule about it; KeyError if there is none."""
    example = examples()[rule(id).id]
    record = _record(id, example)
    found = check(record, example.text, read_ledger(example.text, "en"))
    return Broken(example, tuple(finding for finding in found if finding.rule == id))


def _record(id: str, example: Example) -> Record:
    report = Report(
        id=id,
        text=example.text,
        source="example",
        published=parse_date(example.published) if example.published else None,
        language="en",
    )
    record = _read(example.rows, report)
    if not example.other_rows and example.unanswered is None:
        return record
    other = _read(example.other_rows, report)
    return record.model_copy(update={"provenance": _provenance(example, other)})


def _read(rows: Sequence[Row], report: Report) -> Record:
    """The record of rows about a report; an example that cannot be read is a mistake of ours."""
    columns = {field: field for row in rows for field in row}
    placed = [PlacedRow(n, f"row {n}", row) for n, row in enumerate(rows, start=1)]
    entry = Entry(report.id, (), Typed((), (), ()))
    for found in row_entries(placed, columns, report.id, "killed", "one_report"):
        if isinstance(found, Problem):
            raise ValueError(str(found))
        entry = found
    assert isinstance(entry.content, Typed)
    return record_of(entry, entry.content, report, read_ledger(report.text, "en"))


def _provenance(example: Example, other: Record) -> Provenance:
    asked = Attempt(
        passage=f"0:{len(example.text)}",
        number=1,
        seconds=0.0,
        tokens=_NO_TOKENS,
        reply=None,
        error=example.unanswered,
    )
    reading = OtherReading(
        strategy="sentence",
        prompt="sentence@1",
        claims=other.claims,
        facilities=other.facilities,
        findings=[],
    )
    return Provenance(
        model="example",
        prompt="mention@1",
        prompt_hash="",
        strategy="mention",
        package_version=version("llm-extract"),
        schema_version=SCHEMA_VERSION,
        seconds=0.0,
        tokens=_NO_TOKENS,
        calls=1,
        unread_mentions=[],
        attempts=[asked] if example.unanswered is not None else [],
        readings=[reading] if example.other_rows else [],
    )
