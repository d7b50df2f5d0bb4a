"""What the screen of a case shows, worked out from the case; templates only lay it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from llm_extract.changes import PLAIN_SLOTS
from llm_extract.numbers import read_ledger
from llm_extract.record import RecordClaim, RecordCount
from llm_extract.review.cases import Case, Decision
from llm_extract.review.content import Content, Item, content_of, counts_in
from llm_extract.review.deciding import verdict_of_changes
from llm_extract.review.differences import Difference, differences
from llm_extract.review.judging import Judged
from llm_extract.review.marking import Mark, Segment, marks_of, segments
from llm_extract.review.states import DECIDED, Reviewer
from llm_extract.review.sums import SumLine, number_words, sums_of

HUES = 8
"""Colours of claims; the ninth has that of the first, and its id beside it like all of them."""


@dataclass(frozen=True, slots=True)
class SlotView:
    """A slot of a claim: its name, its number in short, and where it stands in the text."""

    name: str
    label: str
    words: str
    count: RecordCount


@dataclass(frozen=True, slots=True)
class Node:
    """A claim or facility in the tree, `depth` steps below the claim that contains all of it."""

    item: Item
    depth: int
    hue: int
    slots: tuple[SlotView, ...]
    sums: tuple[SumLine, ...]
    findings: tuple[int, ...]

    @property
    def is_claim(self) -> bool:
        """Whether it counts people."""
        return isinstance(self.item, RecordClaim)


@dataclass(frozen=True, slots=True)
class CaseView:
    """One screen."""

    case: Case
    reviewer: Reviewer
    judged: list[Judged]
    segments: list[Segment]
    nodes: list[Node]
    unbound: list[Mark]
    aside: list[Mark]
    changes: list[Difference]
    sides: tuple[tuple[Decision, list[Difference]], ...] = ()
    newer: int | None = None
    before: list[Difference] = field(default_factory=list)
    before_state: str = ""

    @property
    def mine(self) -> bool:
        """Whether the reviewer has the case open and may change it."""
        return self.case.state == "in_review" and self.case.holder == self.reviewer.name

    @property
    def held(self) -> bool:
        """Whether somebody else has it open now."""
        case = self.case
        return (
            case.state == "in_review"
            and case.holder not in (None, self.reviewer.name)
            and case.held_until is not None
            and case.held_until > datetime.now(UTC)
        )

    @property
    def decided(self) -> bool:
        """Whether nobody works on it any more."""
        return self.case.state in DECIDED

    @property
    def verdict(self) -> str:
        """What accepting it as it is would mean."""
        return verdict_of_changes(self.changes)

    @property
    def loose(self) -> list[int]:
        """Findings about no claim that is shown."""
        shown = {index for node in self.nodes for index in node.findings}
        return [index for index in range(len(self.judged)) if index not in shown]

    @property
    def open_errors(self) -> int:
        """Errors that stand in the way of accepting."""
        return sum(j.finding.severity == "error" and j.standing is None for j in self.judged)

    @property
    def hues(self) -> dict[str, int]:
        """The colour of each claim."""
        return {node.item.id: node.hue for node in self.nodes}

    @property
    def blind(self) -> bool:
        """Whether what the first reviewer did is kept from this one."""
        return is_blind(self.case, self.reviewer)


def is_blind(case: Case, reviewer: Reviewer) -> bool:
    """Whether a second opinion is still to come, and this reviewer has not given one."""
    return (
        case.stage == "second"
        and case.state == "in_review"
        and all(one.who != reviewer.name for one in case.round)
    )


def view_of(
    case: Case,
    judged: list[Judged],
    reviewer: Reviewer,
    superseded: Case | None,
    newer: int | None,
) -> CaseView:
    """The screen of a case and its findings for a reviewer; `superseded` is the case that this one
    took the place of, `newer` the number of the one that took its place."""
    ledger = read_ledger(case.text, case.language)
    marks = marks_of(ledger, case.content)
    before: list[Difference] = []
    if superseded is not None and superseded.state == "superseded" and superseded.decisions:
        before = differences(superseded.content, case.content)
    return CaseView(
        case=case,
        reviewer=reviewer,
        judged=judged,
        segments=segments(case.text, marks, case.content),
        nodes=_nodes(case.content, judged),
        unbound=[mark for mark in marks if mark.kind == "unbound"],
        aside=[mark for mark in marks if mark.kind == "aside"],
        changes=differences(content_of(case.record), case.content),
        sides=_sides(case) if case.stage == "adjudication" else (),
        newer=newer,
        before=before,
        before_state=superseded.decisions[-1].verdict if before and superseded else "",
    )


def _sides(case: Case) -> tuple[tuple[Decision, list[Difference]], ...]:
    """What each of two reviewers decided, with what they changed of the prediction."""
    predicted = content_of(case.record)
    return tuple(
        (one, [] if one.content is None else differences(predicted, one.content))
        for one in case.round
    )


def _nodes(content: Content, judged: Sequence[Judged]) -> list[Node]:
    """Claims, then facilities: each part below its whole, in text order."""
    about: dict[str, list[int]] = {}
    for index, each in enumerate(judged):
        home = _home(each, content)
        if home is not None:
            about.setdefault(home, []).append(index)
    found: list[Node] = []
    kinds: tuple[Sequence[Item], ...] = (content.claims, content.facilities)
    for items in kinds:
        for item, depth in _tree(items):
            found.append(_node(item, depth, len(found), content, about))
    return found


def _tree(items: Sequence[Item]) -> list[tuple[Item, int]]:
    """The items with their depth, parts below their whole; those in a ring stand at the top."""
    ids = {item.id for item in items}
    below: dict[str | None, list[Item]] = {}
    for item in items:
        whole = item.part_of_id if item.part_of_id in ids else None
        below.setdefault(whole, []).append(item)
    found: list[tuple[Item, int]] = []

    def grow(whole: str | None, depth: int) -> None:
        for item in below.pop(whole, ()):
            found.append((item, depth))
            grow(item.id, depth + 1)

    grow(None, 0)
    while below:  # parts of each other, which a rule reports
        grow(next(iter(below)), 0)
    return found


def _home(judged: Judged, content: Content) -> str | None:
    """The claim beside which a finding is told: the first of those it is about."""
    ids = [item.id for item in content.items]
    return next((id for id in judged.finding.claims if id in ids), None)


def _node(
    item: Item,
    depth: int,
    place: int,
    content: Content,
    about: dict[str, list[int]],
) -> Node:
    sums = sums_of(item, content) if isinstance(item, RecordClaim) else []
    labels = _labels(item) if isinstance(item, RecordClaim) else {}
    slots = [
        SlotView(name, labels.get(name, name), number_words(count), count)
        for name, count in counts_in(item).items()
    ]
    return Node(item, depth, place % HUES, tuple(slots), tuple(sums), tuple(about.get(item.id, ())))


def _labels(claim: RecordClaim) -> dict[str, str]:
    names = [name for name in claim.slots() if name not in PLAIN_SLOTS]
    parts = zip(names, claim.subgroups, strict=True)
    return {name: part.label or part.group.replace("_", " ") for name, part in parts}
