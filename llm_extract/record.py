"""The record: what code builds round a filled schema; pure values without model, store or reading.

Claims here carry ids beside indexes, counts carry their interval and their place in the text,
evidence carries offsets. All offsets count characters of the stored report text (NFC); `end` is
exclusive.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from llm_extract.schema import (
    Attribution,
    Claim,
    Count,
    FacilityClaim,
    FacilityEffect,
    FacilityKind,
    Group,
    Outcome,
    Period,
    Qualifier,
    Scope,
    Subgroup,
    Victims,
    Weapon,
)

Severity = Literal["error", "warning"]
"""`error` blocks acceptance, `warning` goes to review."""

FindingKind = Literal["extraction", "contradiction", "plausibility"]
"""The record differs from the text; the text contradicts itself; clear but unusual."""

Disposition = Literal["clean", "flagged", "failed"]

RecordBasis = Literal["printed", "counted", "derived"]
"""`derived` is code's own: computed from other counts of the same claim, printed nowhere."""


class Frozen(BaseModel):
    """Base of the envelope's models: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Evidence(Frozen):
    """A quote and where it stands; `start` and `end` are null when it stands nowhere."""

    quote: str
    start: int | None = Field(description="first character in the report text")
    end: int | None = Field(description="one past the last character")


class RecordCount(Frozen):
    """A count with the closed interval that its qualifier allows and its place in the text."""

    value: int | None
    upper: int | None
    qualifier: Qualifier
    basis: RecordBasis
    as_written: str
    low: int = Field(description="least number the words allow")
    high: int | None = Field(description="greatest number the words allow; null is unbounded")
    start: int | None = Field(description="first character of the number words; null: not located")
    end: int | None = Field(description="one past their last character")

    def stated(self) -> Count | None:
        """The count as a model would have filled it; None for one that code derived."""
        if self.basis == "derived":
            return None
        return Count(
            value=self.value,
            upper=self.upper,
            qualifier=self.qualifier,
            basis=self.basis,
            as_written=self.as_written,
        )


class RecordSubgroup(Frozen):
    """Part of a claim's total that belongs to a named group."""

    group: Group
    label: str | None
    count: RecordCount


class RecordClaim(Frozen):
    """A claim of `schema.Claim` with identity, intervals and offsets."""

    id: str = Field(description="c1, c2, … in text order; unique in the record")
    outcome: Outcome
    victims: Victims
    total: RecordCount | None
    children: RecordCount | None
    women: RecordCount | None
    men: RecordCount | None
    subgroups: list[RecordSubgroup]
    claimant: str | None
    perpetrators: list[str]
    attribution: Attribution | None
    weapons: list[Weapon]
    places: list[str]
    scope: Scope
    period: Period | None
    part_of: int | None = Field(description="index into claims")
    part_of_id: str | None = Field(description="id of that claim")
    evidence: list[Evidence]

    def slots(self) -> dict[str, RecordCount]:
        """The stated counts by slot name: `total`, `children`, `women`, `men`, `subgroups.GROUP`.

        A second subgroup of the same group is named `subgroups.GROUP.2`, and so on.
        """
        found: dict[str, RecordCount] = {}
        if self.total is not None:
            found["total"] = self.total
        if self.children is not None:
            found["children"] = self.children
        if self.women is not None:
            found["women"] = self.women
        if self.men is not None:
            found["men"] = self.men
        if not self.subgroups:
            return found
        seen: dict[str, int] = {}
        for part in self.subgroups:
            seen[part.group] = seen.get(part.group, 0) + 1
            nth = seen[part.group]
            found[f"subgroups.{part.group}" + (f".{nth}" if nth > 1 else "")] = part.count
        return found

    def stated(self) -> Claim:
        """The claim as a model would have filled it: what the report prints, nothing derived."""
        return Claim(
            outcome=self.outcome,
            victims=self.victims,
            total=_stated(self.total),
            children=_stated(self.children),
            women=_stated(self.women),
            men=_stated(self.men),
            subgroups=[
                Subgroup(group=part.group, label=part.label, count=count)
                for part in self.subgroups
                if (count := part.count.stated()) is not None
            ],
            claimant=self.claimant,
            perpetrators=self.perpetrators,
            attribution=self.attribution,
            weapons=self.weapons,
            places=self.places,
            scope=self.scope,
            period=self.period,
            part_of=self.part_of,
            evidence=_quotes(self.evidence),
        )


class RecordFacility(Frozen):
    """A facility claim of `schema.FacilityClaim` with identity, intervals and offsets."""

    id: str = Field(description="f1, f2, … in text order; unique in the record")
    kinds: list[FacilityKind]
    count: RecordCount | None
    effect: FacilityEffect
    part_of: int | None
    part_of_id: str | None
    claimant: str | None
    perpetrators: list[str]
    attribution: Attribution | None
    weapons: list[Weapon]
    places: list[str]
    scope: Scope
    period: Period | None
    evidence: list[Evidence]

    def stated(self) -> FacilityClaim:
        """The facility claim as a model would have filled it."""
        return FacilityClaim(
            kinds=self.kinds,
            count=_stated(self.count),
            effect=self.effect,
            part_of=self.part_of,
            claimant=self.claimant,
            perpetrators=self.perpetrators,
            attribution=self.attribution,
            weapons=self.weapons,
            places=self.places,
            scope=self.scope,
            period=self.period,
            evidence=_quotes(self.evidence),
        )


NO_QUOTE = "(no quote)"
"""Stands where a claim of foreign origin has no evidence: the schema wants one quote at least."""


def _stated(count: RecordCount | None) -> Count | None:
    return None if count is None else count.stated()


def _quotes(evidence: list[Evidence]) -> list[str]:
    return [each.quote for each in evidence] or [NO_QUOTE]


class Operand(Frozen):
    """One number that took part in a broken rule."""

    claim: str | None = Field(description="id of its claim; null for a number of the text itself")
    field: str | None = Field(description="slot name as in `RecordClaim.slots`, or count")
    low: int
    high: int | None
    as_written: str
    start: int | None
    end: int | None


class Change(Frozen):
    """One slot or link of a claim set anew; `before` and `after` are words of the report or ids.

    The field `claim` takes the claim itself out, as one with the claim `after`.
    """

    claim: str = Field(description="id of the claim or facility that changes")
    field: str = Field(description="slot name as in `RecordClaim.slots`, part_of, or claim")
    before: str | None = Field(description="the words or id that stand there; null: nothing")
    after: str | None = Field(description="the words or id that would; null: nothing")
    start: int | None = Field(description="first character of the number that is taken; null: none")
    end: int | None = Field(description="one past its last character")


class Suggestion(Frozen):
    """A smallest change after which every rule that it concerns closes; never applied by itself."""

    message: str = Field(description="the change in one sentence")
    changes: list[Change]


class Finding(Frozen):
    """What one rule has to say about a record, in one sentence an analyst understands."""

    rule: str = Field(description="G01 … X01, see the rule catalogue")
    severity: Severity
    kind: FindingKind
    claims: list[str] = Field(description="ids of the claims and facilities concerned")
    fields: list[str] = Field(description="slots or attributes concerned")
    operands: list[Operand]
    message: str
    suggestions: list[Suggestion] = Field(description="equally small ones; empty: none was found")
    culprit: str | None = Field(
        default=None,
        description="CLAIM.SLOT or CLAIM.part_of that alone is to blame; null where none is",
    )


class ReportHead(Frozen):
    """What is known of a report besides its text."""

    id: str
    title: str | None
    source: str = Field(description="file, row or 'stdin' that it was read from")
    sha256: str = Field(description="of the stored text, UTF-8, NFC; empty for an unread report")
    characters: int
    published: date | None
    language: str | None = Field(description="ISO 639-1 code")


class Tokens(Frozen):
    """Tokens as the server counts them, over all attempts of a report."""

    prompt: int
    cached: int = Field(description="of the prompt tokens, those served from the server's cache")
    completion: int
    reasoning: int = Field(
        default=0, description="of the completion tokens, those that the model thought with"
    )


class Attempt(Frozen):
    """One request to a model and what came back, also when it failed."""

    passage: str = Field(description="START:END of the passage in the report text")
    number: int = Field(description="1 for the first request of this passage")
    seconds: float
    tokens: Tokens
    reply: str | None = Field(description="the raw reply; null when none arrived")
    error: str | None
    request: str = Field(
        default="",
        description="X-Client-Request-Id that it was sent with; providers can look it up",
    )
    uncounted: bool = Field(
        default=False,
        description="the server may have charged for it without saying how many tokens: no whole "
        "reply came, or one without a count",
    )


class OtherReading(Frozen):
    """A reading of the same report that was not kept, with what the rules said of it."""

    strategy: str
    prompt: str = Field(description="NAME@VERSION")
    passages: list[str] = Field(
        default=[],
        description="START:END of what it read itself, the rest is as recorded; empty: everything",
    )
    claims: list[RecordClaim]
    facilities: list[RecordFacility]
    findings: list[Finding]


class Provenance(Frozen):
    """Where a record comes from: enough to make it again."""

    model: str
    prompt: str = Field(description="NAME@VERSION")
    prompt_hash: str
    strategy: str
    package_version: str
    schema_version: str
    seconds: float
    tokens: Tokens
    calls: int
    unread_mentions: list[str] = Field(
        description="START:END of count mentions that are listed as not about people or places"
    )
    attempts: list[Attempt]
    repair: str = Field(
        default="off", description="how findings were followed up: off, ask, second or both"
    )
    readings: list[OtherReading] = Field(
        default=[], description="readings of the same report that were not kept"
    )


class Failure(Frozen):
    """Why a report has no claims: what was wrong, where, and what to do, in one line."""

    code: str = Field(description="stable machine name, e.g. encrypted_pdf, model_unreachable")
    message: str


class Record(Frozen):
    """One report as data: claims, facilities, findings, disposition and provenance."""

    report: ReportHead
    claims: list[RecordClaim]
    facilities: list[RecordFacility]
    findings: list[Finding]
    disposition: Disposition
    failure: Failure | None
    provenance: Provenance | None = Field(description="null when no model was asked")
