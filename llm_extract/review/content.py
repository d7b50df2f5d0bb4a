"""Content: the part of a record that people review and change; immutable values, no store.

What the model predicted and what people made of it are contents of the same form, so they can be
compared, hashed and put back into a record, whose findings are then those of the changed content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from llm_extract.record import (
    Frozen,
    Provenance,
    Record,
    RecordClaim,
    RecordCount,
    RecordFacility,
    ReportHead,
    Tokens,
)
from llm_extract.schema import SCHEMA_VERSION, CasualtyReport

Standing = Literal["source_says_so", "false_alarm"]
"""Why a finding may stand: the report itself is at odds as printed, or the rule is mistaken."""


Item = RecordClaim | RecordFacility
"""What a content is made of."""


class Accepted(Frozen):
    """A finding that a reviewer lets stand, by what makes it the same finding after other edits."""

    key: str = Field(description="review.judging.key_of the finding")
    rule: str
    standing: Standing


class Content(Frozen):
    """Claims and facilities with all that a reviewer may say about the report's numbers."""

    claims: list[RecordClaim]
    facilities: list[RecordFacility]
    aside: list[str] = Field(description="START:END of numbers that are not about people or places")
    accepted: list[Accepted] = Field(default=[], description="findings that may stand")

    @property
    def items(self) -> list[Item]:
        """All claims, then all facilities."""
        return [*self.claims, *self.facilities]


def counts_in(item: Item) -> dict[str, RecordCount]:
    """The numbers of a claim or facility by slot name; a facility's only slot is `count`."""
    if isinstance(item, RecordClaim):
        return item.slots()
    return {} if item.count is None else {"count": item.count}


def above(items: Sequence[Item], id: str) -> list[str]:
    """Ids of the wholes that an item is part of, the nearest first; one that is part of itself
    comes last in its own list."""
    parents = {item.id: item.part_of_id for item in items}
    found: list[str] = []
    parent = parents.get(id)
    while parent is not None and parent not in found:
        found.append(parent)
        parent = parents.get(parent)
    return found


def content_of(record: Record) -> Content:
    """What a record says, as a reviewer finds it."""
    provenance = record.provenance
    return Content(
        claims=record.claims,
        facilities=record.facilities,
        aside=list(provenance.unread_mentions) if provenance is not None else [],
    )


def with_content(record: Record, content: Content) -> Record:
    """The record with another content; its findings and disposition are left as they are."""
    provenance = record.provenance or _BY_HAND
    return record.model_copy(
        update={
            "claims": content.claims,
            "facilities": content.facilities,
            "provenance": provenance.model_copy(update={"unread_mentions": content.aside}),
        }
    )


def bare_record(content: Content) -> Record:
    """A record of nothing but this content, for steps that look at claims alone."""
    head = ReportHead(
        id="", title=None, source="", sha256="", characters=0, published=None, language=None
    )
    return Record(
        report=head,
        claims=content.claims,
        facilities=content.facilities,
        findings=[],
        disposition="clean",
        failure=None,
        provenance=None,
    )


def stated(content: Content) -> CasualtyReport:
    """The content as a model would have filled it: what the report prints, nothing derived."""
    return CasualtyReport(
        claims=[claim.stated() for claim in content.claims],
        facilities=[facility.stated() for facility in content.facilities],
    )


def sha256_of(json: str) -> str:
    """The digest of a content's JSON, by which versions and decisions name it."""
    return hashlib.sha256(json.encode()).hexdigest()


_BY_HAND = Provenance(
    model="",
    prompt="",
    prompt_hash="",
    strategy="",
    package_version="",
    schema_version=SCHEMA_VERSION,
    seconds=0.0,
    tokens=Tokens(prompt=0, cached=0, completion=0),
    calls=0,
    unread_mentions=[],
    attempts=[],
)
"""The provenance of a record that no model made, so that numbers can be set aside in it."""
