"""A report while it is drawn: figures and claims, and how they become a record with its text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from types import SimpleNamespace
from typing import Any, Literal, get_args

from llm_extract.intervals import bounds
from llm_extract.record import (
    Evidence,
    Record,
    RecordClaim,
    RecordCount,
    RecordFacility,
    RecordSubgroup,
    ReportHead,
)
from llm_extract.schema import FacilityKind, Group, Outcome, Period

HARD_WRAPPED = 0.15
"""Share of reports whose lines are broken by hand, as in mail and text files."""

COLUMNS = 80

GROUPS: tuple[Group, ...] = get_args(Group)


@dataclass(eq=False, slots=True)
class Figure:
    """A number as it is printed once; `start` and `end` (excluded) are known when it is composed.

    `before` and `after` are the words of its qualifier and stand outside the span.
    """

    number: str
    value: int | None
    upper: int | None = None
    qualifier: str = "exact"
    basis: Literal["printed", "counted"] = "printed"
    before: str = ""
    after: str = ""
    counts: Literal["people", "places"] = "people"
    group: str = ""
    """The group that the noun beside it names, "" when it names none."""
    start: int = -1
    end: int = -1

    @property
    def least(self) -> int:
        """The least number the words allow."""
        return self.bounds[0]

    @property
    def bounds(self) -> tuple[int, int | None]:
        """The closed interval of the words; None has no end."""
        return bounds(self._printed())

    @property
    def is_one(self) -> bool:
        """Whether its verb is singular."""
        return self.value == 1 and self.upper is None

    def count(self, text: str) -> RecordCount:
        """The count of a record that was read without a fault."""
        low, high = self.bounds
        return RecordCount(
            value=self.value,
            upper=self.upper,
            qualifier=self.qualifier,  # type: ignore[arg-type]
            basis=self.basis,
            as_written=text[self.start : self.end],
            low=low,
            high=high,
            start=self.start,
            end=self.end,
        )

    def _printed(self) -> Any:
        return SimpleNamespace(
            value=self.value,
            upper=self.upper,
            qualifier=self.qualifier,
            as_written=self.number,
        )


Piece = str | Figure
Pieces = list[Piece]


@dataclass(eq=False)
class ClaimDraft:
    """A claim while its sentences are written; slots are `total`, `children`, … or a group."""

    outcome: Outcome
    slots: dict[str, Figure] = field(default_factory=dict)
    victims: str = "unspecified"
    claimant: str | None = None
    perpetrators: list[str] = field(default_factory=list)
    attribution: str | None = None
    weapons: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    scope: str = "incident"
    period: Period | None = None
    parent: ClaimDraft | None = None
    repeats: list[Figure] = field(default_factory=list)
    """Figures that print a number of this claim once more, in a headline."""

    def figures(self) -> Iterator[Figure]:
        yield from self.slots.values()
        yield from self.repeats

    @property
    def total(self) -> Figure:
        return self.slots["total"]


@dataclass(eq=False)
class FacilityDraft:
    """A facility claim while its sentence is written."""

    kind: FacilityKind
    effect: str
    count: Figure
    claimant: str | None
    weapons: list[str]
    places: list[str]

    def figures(self) -> Iterator[Figure]:
        yield self.count


@dataclass(frozen=True)
class Drawn:
    """A consistent report: what a faultless reading of the text gives, and the printed figures."""

    record: Record
    text: str
    figures: tuple[Figure, ...]
    """Every printed number of people and places with its place, in text order."""


@dataclass(eq=False)
class Manuscript:
    """Sentences in order, each as pieces, with the white space or bullet before it."""

    sentences: list[Pieces] = field(default_factory=list)
    joints: list[str] = field(default_factory=list)
    claims: list[ClaimDraft] = field(default_factory=list)
    facilities: list[FacilityDraft] = field(default_factory=list)

    def say(self, *pieces: Piece, joint: str = " ") -> None:
        """Adds a sentence; one behind a list begins a paragraph."""
        if joint == " " and self.joints and self.joints[-1].endswith("- "):
            joint = "\n\n"
        self.sentences.append(list(pieces))
        self.joints.append(joint if self.sentences[:-1] else joint.lstrip())

    def compose(self, random: Random, published: date, title: str | None) -> Drawn:
        """Writes the text, finds every span and builds the record."""
        text, spans, home = self._written()
        if random.random() < HARD_WRAPPED:
            text = _wrapped(text)
        claims = sorted(self.claims, key=lambda claim: min(f.start for f in claim.slots.values()))
        facilities = sorted(self.facilities, key=lambda held: held.count.start)
        index = {id(claim): nth for nth, claim in enumerate(claims)}
        figures = [f for held in (*claims, *facilities) for f in held.figures()]
        distinct = {id(figure): figure for figure in figures}.values()

        def evidence(held: ClaimDraft | FacilityDraft) -> list[Evidence]:
            at = sorted({home[id(figure)] for figure in held.figures()})
            return [_quote(random, text, *spans[nth], held.figures()) for nth in at]

        return Drawn(
            record=Record(
                report=ReportHead(
                    id="r1",
                    title=title,
                    source="drawn",
                    sha256="",
                    characters=len(text),
                    published=published,
                    language="en",
                ),
                claims=[_claim(c, nth, index, text, evidence(c)) for nth, c in enumerate(claims)],
                facilities=[
                    _facility(f, nth, text, evidence(f)) for nth, f in enumerate(facilities)
                ],
                findings=[],
                disposition="clean",
                failure=None,
                provenance=None,
            ),
            text=text,
            figures=tuple(sorted(distinct, key=lambda figure: figure.start)),
        )

    def _written(self) -> tuple[str, list[tuple[int, int]], dict[int, int]]:
        """The text, the span of each sentence, and the sentence of each figure by its identity."""
        parts: list[str] = []
        spans: list[tuple[int, int]] = []
        home: dict[int, int] = {}
        at = 0
        for nth, (joint, pieces) in enumerate(zip(self.joints, self.sentences, strict=True)):
            parts.append(joint)
            at += len(joint)
            begin = at
            words = ""
            for piece in pieces:
                if isinstance(piece, str):
                    words += piece
                    continue
                words += piece.before
                piece.start = begin + len(words)
                words += piece.number
                piece.end = begin + len(words)
                words += piece.after
                home[id(piece)] = nth
            words = words[0].upper() + words[1:]
            parts.append(words)
            at += len(words)
            spans.append((begin, at))
        return "".join(parts), spans, home


def _wrapped(text: str) -> str:
    """The text with line breaks in place of spaces; every offset stays, list items stay whole."""
    lines: list[str] = []
    for line in text.split("\n"):
        begin = 0
        while not line.startswith("- ") and len(line) - begin > COLUMNS:
            space = line.rfind(" ", begin, begin + COLUMNS)
            lines.append(line[begin:space])
            begin = space + 1
        lines.append(line[begin:])
    return "\n".join(lines)


def _quote(random: Random, text: str, start: int, end: int, figures: Iterable[Figure]) -> Evidence:
    """A sentence as a quote; now and then it ends before its full stop or after the figures."""
    inside = [f.end for f in figures if start <= f.start < end]
    chance = random.random()
    if chance < 0.15 and text[end - 1] == ".":
        end -= 1
    elif chance < 0.25:
        comma = text.find(",", max(inside), end)
        end = comma if comma > 0 else end
    return Evidence(quote=text[start:end], start=start, end=end)


def _claim(
    draft: ClaimDraft, nth: int, index: dict[int, int], text: str, evidence: list[Evidence]
) -> RecordClaim:
    counts = {name: figure.count(text) for name, figure in draft.slots.items()}
    parent = index[id(draft.parent)] if draft.parent is not None else None
    return RecordClaim(
        id=f"c{nth + 1}",
        outcome=draft.outcome,
        victims=draft.victims,  # type: ignore[arg-type]
        total=counts.get("total"),
        children=counts.get("children"),
        women=counts.get("women"),
        men=counts.get("men"),
        subgroups=[
            RecordSubgroup(group=group, label=None, count=counts[group])
            for group in GROUPS
            if group in counts
        ],
        claimant=draft.claimant,
        perpetrators=draft.perpetrators,
        attribution=draft.attribution,  # type: ignore[arg-type]
        weapons=draft.weapons,  # type: ignore[arg-type]
        places=draft.places,
        scope=draft.scope,  # type: ignore[arg-type]
        period=draft.period,
        part_of=parent,
        part_of_id=None if parent is None else f"c{parent + 1}",
        evidence=evidence,
    )


def _facility(
    draft: FacilityDraft, nth: int, text: str, evidence: list[Evidence]
) -> RecordFacility:
    return RecordFacility(
        id=f"f{nth + 1}",
        kinds=[draft.kind],
        count=draft.count.count(text),
        effect=draft.effect,  # type: ignore[arg-type]
        part_of=None,
        part_of_id=None,
        claimant=draft.claimant,
        perpetrators=[],
        attribution=None,
        weapons=draft.weapons,  # type: ignore[arg-type]
        places=draft.places,
        scope="incident",
        period=None,
        evidence=evidence,
    )


def joined(items: Sequence[Pieces], last: str = " and ") -> Pieces:
    """Lists pieces as a sentence does: "a, b and c"."""
    words: Pieces = []
    for nth, item in enumerate(items):
        if nth:
            words.append(last if nth == len(items) - 1 else ", ")
        words += item
    return words
