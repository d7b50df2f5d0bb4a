"""A report as code reads it: sentences, cues and figures with all that each of them may mean.

Values only; how they come about is told in `figures`, `outcomes` and `containers`. Offsets are of
the report text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from llm_extract.cues import Cue, CueTable
from llm_extract.documents.report import Report
from llm_extract.lexicon import Noun
from llm_extract.numbers.mention import Ledger, Mention
from llm_extract.passages import Sentence
from llm_extract.schema import Outcome

LIST_LINK = re.compile(
    r"[\s,،;؛]*(?:(?:and|as well as|along with|together with|plus|و|et|y|та|и)\b)?[\s,،]*"
    r"(?:و(?=\d)?)?(?:(?:also|another|the|at least|about|his|her|their)\s+)*",
    re.IGNORECASE,
)
"""What stands between two figures of one list."""

WERE = re.compile(r"\s+(?:were|are|was|is)\s+(?:an?\s+)?", re.IGNORECASE)
"""The verb between a number and the group it is said to be of."""

SLOTS = ("children", "women", "men")

TOTAL_LABELS = frozenset({"people", "civilians", "occupation"})
"""Labels of nouns that count a whole; every other label of a person names a group of it."""

SETTLED_COST = 0.75
"""A cue as near as this leaves no doubt: it touches the number or its verb does."""


@dataclass(frozen=True, slots=True)
class Option:
    """An outcome that a figure may have, the cue that speaks for it and how far off the cue is.

    `direct` says that no other figure stands between the two.
    """

    outcome: Outcome
    cue: Cue | None
    cost: float
    direct: bool = True


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of people or places with all that it may mean.

    `start` and `end` span the number with its noun. `group` is the noun's label (`people` where no
    known noun stands). `container` is the index of the figure that this one is a part of by the
    words between them; `part_hint` says that the words make it a part though no container is in
    sight.
    """

    index: int
    mention: Mention
    noun: Noun | None
    sentence: int
    start: int
    end: int
    group: str
    facility: bool
    options: tuple[Option, ...]
    container: int | None = None
    part_hint: bool = False
    superseded: bool = False
    combined: bool = False

    @property
    def outcome(self) -> Outcome | None:
        """The likeliest outcome."""
        return self.options[0].outcome if self.options else None

    @property
    def doubtful(self) -> bool:
        """Whether several outcomes are left, or a person is counted by a distant word only."""
        return len(self.options) > 1 or (
            self.mention.basis == "counted"
            and bool(self.options)
            and self.options[0].cost > SETTLED_COST
            and self.container is None
        )

    @property
    def whole(self) -> bool:
        """Whether it counts a whole (people, civilians, miners) and not a named group of one."""
        return self.group in TOTAL_LABELS or self.combined


@dataclass(slots=True)
class Reading:
    """A report read by code: its sentences, their cues and its figures in text order.

    `unread` are counts that are not about people or places. `references` gives for a sentence that
    opens with "Of the 149 …" the figure it points to.
    """

    report: Report
    table: CueTable
    ledger: Ledger
    sentences: list[Sentence]
    cues: list[list[Cue]]
    figures: list[Figure]
    unread: list[Mention] = field(default_factory=list)
    references: dict[int, Figure] = field(default_factory=dict)

    def text(self, sentence: Sentence) -> str:
        """The words of a sentence."""
        return self.report.text[sentence.start : sentence.end]

    def in_sentence(self, index: int) -> Iterator[Figure]:
        """Figures of one sentence in order."""
        return (figure for figure in self.figures if figure.sentence == index)


def can_contain(parent: Outcome, part: Outcome) -> bool:
    """Whether people of one outcome may be part of people of another (rule A06)."""
    return (
        parent == part
        or (parent == "casualties" and part in ("killed", "injured"))
        or (part == "killed" and parent in ("detained", "missing", "injured", "abducted"))
    )
