"""What comes out of a file of records: a record, typed claims that still want a text, or a problem.

Typed claims become a record by `record_of`: with a report they are located in it like those of a
model; without one they keep their numbers and stand nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from llm_extract.documents.report import Report
from llm_extract.extraction.grounding import ground
from llm_extract.numbers.mention import Ledger
from llm_extract.record import (
    Record,
    RecordClaim,
    RecordFacility,
    ReportHead,
)
from llm_extract.schema import (
    CasualtyReport,
    Claim,
    FacilityClaim,
)

Item = TypeVar("Item", RecordClaim, RecordFacility)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read: where, and what to do about it, in one line."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Typed:
    """Claims without offsets, of people and of places; `ids` has an id for each claim, then place.

    `unquoted` holds the indexes of claims that name no quote: the whole report is theirs.
    """

    claims: tuple[Claim, ...]
    facilities: tuple[FacilityClaim, ...]
    ids: tuple[str, ...]
    unquoted: frozenset[int] = frozenset()
    published: date | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One report's claims as a file gives them; `names` may name the report, best first."""

    place: str
    names: tuple[str, ...]
    content: Record | Typed

    @property
    def id(self) -> str:
        """What the entry is called in lists: its record's report id, its first name, its place."""
        if isinstance(self.content, Record):
            return self.content.report.id
        return self.names[0] if self.names else self.place


def record_of(entry: Entry, typed: Typed, report: Report | None, ledger: Ledger) -> Record:
    """The record of typed claims, located in their report where there is one.

    `ledger` holds the numbers of that report's text. Findings and disposition are empty and clean:
    nothing has been checked yet.
    """
    text = "" if report is None else report.text
    claims = typed.claims
    if report is not None:
        claims = tuple(
            claim.model_copy(update={"evidence": [text]}) if index in typed.unquoted else claim
            for index, claim in enumerate(typed.claims)
        )
    filled = CasualtyReport(claims=list(claims), facilities=list(typed.facilities))
    located, places = ground(filled, text, ledger)
    ids = typed.ids
    claim_ids, place_ids = ids[: len(located)], ids[len(located) :]
    return Record(
        report=_head(entry, typed, report),
        claims=[
            _renamed(claim, id, claim_ids) for claim, id in zip(located, claim_ids, strict=True)
        ],
        facilities=[
            _renamed(each, id, place_ids) for each, id in zip(places, place_ids, strict=True)
        ],
        findings=[],
        disposition="clean",
        failure=None,
        provenance=None,
    )


def typed_from(record: Record) -> Typed:
    """The claims of a record without their offsets and without what code derived.

    Raises `pydantic.ValidationError` (a ValueError) where a claim is none that the schema allows.
    """
    claims = tuple(claim.stated() for claim in record.claims)
    held: tuple[RecordClaim | RecordFacility, ...] = (*record.claims, *record.facilities)
    return Typed(
        claims=claims,
        facilities=tuple(facility.stated() for facility in record.facilities),
        ids=tuple(each.id for each in held),
        unquoted=frozenset(n for n, claim in enumerate(record.claims) if not claim.evidence),
        published=record.report.published,
        language=record.report.language,
    )


def _head(entry: Entry, typed: Typed, report: Report | None) -> ReportHead:
    return ReportHead(
        id=entry.id,
        title=None if report is None else report.title,
        source=entry.place,
        sha256="" if report is None else report.sha256,
        characters=0 if report is None else len(report.text),
        published=typed.published or (None if report is None else report.published),
        language=typed.language or (None if report is None else report.language),
    )


def _renamed(held: Item, id: str, ids: Sequence[str]) -> Item:
    whole = held.part_of
    return held.model_copy(update={"id": id, "part_of_id": None if whole is None else ids[whole]})
