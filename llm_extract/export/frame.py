"""Records as one flat table, a row a claim or facility, with the same columns every time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, get_args

import polars as pl

from llm_extract.record import Finding, Record, RecordClaim, RecordCount, RecordFacility
from llm_extract.schema import Group

PART_RECORDS = 250
"""Records of which one part of a table is made: some MB, however many records there are."""

LIST_MARK = "; "
"""Stands between perpetrators, places, weapons, kinds, labels and findings in one cell."""

QUOTE_MARK = " | "
"""Stands between the quotes of one cell, which may themselves hold a semicolon."""

SLOTS = (
    "total",
    "children",
    "women",
    "men",
    *(f"subgroups_{group}" for group in get_args(Group)),
    "count",
)
"""Slots in column order; `count` numbers places, so it never stands in a column of people."""

_COUNT_COLUMNS: dict[str, Any] = {
    "value": pl.Int64,
    "low": pl.Int64,
    "high": pl.Int64,
    "qualifier": pl.String,
    "basis": pl.String,
}

SCHEMA: dict[str, Any] = {
    "report_id": pl.String,
    "title": pl.String,
    "source": pl.String,
    "published": pl.Date,
    "language": pl.String,
    "disposition": pl.String,
    "failure": pl.String,
    "row": pl.String,
    "id": pl.String,
    "part_of_id": pl.String,
    "outcome": pl.String,
    "victims": pl.String,
    "facility_kinds": pl.String,
    "facility_effect": pl.String,
    **{f"{slot}_{part}": kind for slot in SLOTS for part, kind in _COUNT_COLUMNS.items()},
    "subgroups_labels": pl.String,
    "further_subgroups": pl.String,
    "claimant": pl.String,
    "perpetrators": pl.String,
    "attribution": pl.String,
    "weapons": pl.String,
    "places": pl.String,
    "scope": pl.String,
    "period_start": pl.Date,
    "period_end": pl.Date,
    "period_as_written": pl.String,
    "evidence": pl.String,
    "findings": pl.String,
    "report_findings": pl.String,
}
"""Every column and its type."""


def to_frame(records: Iterable[Record]) -> pl.DataFrame:
    """The records as a table with the columns of `SCHEMA`.

    `row` is `claim`, `facility`, or `report` for the one row of a report that has neither, so that
    no report is lost on the way (a failed one has its reason in `failure`). People stand in the
    columns of total, children, women, men and subgroups; places in those of `count`. For each of
    these slots `value` is the printed number, `low` and `high` bound what its qualifier allows (no
    `high`: no bound), and an empty `value` with a `low` is a vague number. A second subgroup of the
    same group is written out in `further_subgroups`. `findings` are those that name the row's
    claim, `report_findings` those that name none.
    """
    return pl.DataFrame([row for record in records for row in _rows(record)], schema=SCHEMA)


def frames(records: Iterable[Record]) -> Iterator[pl.DataFrame]:
    """The table of `to_frame` in parts of `PART_RECORDS` records; without records an empty one."""
    left = iter(records)
    part = list(islice(left, PART_RECORDS))
    yield to_frame(part)
    while part := list(islice(left, PART_RECORDS)):
        yield to_frame(part)


def _rows(record: Record) -> Iterable[dict[str, Any]]:
    head = {
        "report_id": record.report.id,
        "title": record.report.title,
        "source": record.report.source,
        "published": record.report.published,
        "language": record.report.language,
        "disposition": record.disposition,
        "failure": record.failure.message if record.failure else None,
        "report_findings": _joined(_line(found) for found in record.findings if not found.claims),
    }
    if not record.claims and not record.facilities:
        yield {**head, "row": "report"}
    for claim in record.claims:
        yield {**head, "row": "claim", **_shared(claim, record), **_people(claim)}
    for facility in record.facilities:
        yield {
            **head,
            "row": "facility",
            **_shared(facility, record),
            "facility_kinds": _joined(facility.kinds),
            "facility_effect": facility.effect,
            **(_count("count", facility.count) if facility.count else {}),
        }


def _shared(item: RecordClaim | RecordFacility, record: Record) -> dict[str, Any]:
    period = item.period
    return {
        "id": item.id,
        "part_of_id": item.part_of_id,
        "claimant": item.claimant,
        "perpetrators": _joined(item.perpetrators),
        "attribution": item.attribution,
        "weapons": _joined(item.weapons),
        "places": _joined(item.places),
        "scope": item.scope,
        "period_start": period.start if period else None,
        "period_end": period.end if period else None,
        "period_as_written": period.as_written if period else None,
        "evidence": QUOTE_MARK.join(evidence.quote for evidence in item.evidence),
        "findings": _joined(_line(found) for found in record.findings if item.id in found.claims),
    }


def _people(claim: RecordClaim) -> dict[str, Any]:
    cells: dict[str, Any] = {
        "outcome": claim.outcome,
        "victims": claim.victims,
        "subgroups_labels": _joined(part.label for part in claim.subgroups if part.label),
    }
    further = []
    for name, count in claim.slots().items():
        slot = name.replace(".", "_")
        if slot in SLOTS:
            cells |= _count(slot, count)
        else:
            further.append(f"{name.removeprefix('subgroups.')}: {count.as_written}")
    return {**cells, "further_subgroups": _joined(further)}


def _count(slot: str, count: RecordCount) -> dict[str, Any]:
    return {f"{slot}_{part}": getattr(count, part) for part in _COUNT_COLUMNS}


def _line(finding: Finding) -> str:
    return f"{finding.rule} {finding.severity}: {finding.message}"


def _joined(words: Iterable[str]) -> str | None:
    return LIST_MARK.join(words) or None
