"""Drafts: claims in the making, and what figures become in the schema."""

from __future__ import annotations

from dataclasses import dataclass, field

from llm_extract.extraction.circumstances import Circumstances
from llm_extract.extraction.reading import Figure
from llm_extract.extraction.times import TimeWords
from llm_extract.schema import Count, Group, Outcome, Period, Victims

COMBATANTS = frozenset({"security_forces", "fighters"})
"""Groups whose slice makes the victims combatants (record.md, decision on combatants)."""


@dataclass(slots=True)
class Draft:
    """A claim in the making."""

    outcome: Outcome
    figure: Figure
    total: Figure | None
    circumstances: Circumstances
    victims: Victims = "unspecified"
    slots: dict[str, Figure] = field(default_factory=dict)
    subgroups: list[tuple[Group, str | None, Figure]] = field(default_factory=list)
    parent: Draft | None = None
    listed: bool = False
    fresh: bool = False
    announced: bool = False
    plural: bool = False
    anew: bool = False
    sentences: list[int] = field(default_factory=list)

    def figures(self) -> list[Figure]:
        """All figures of this claim, the total first."""
        own = [self.total] if self.total is not None else []
        return [*own, *self.slots.values(), *(f for _, _, f in self.subgroups)]


def group_victims(figure: Figure) -> Victims:
    """What the noun of a figure makes of its people."""
    if figure.group == "civilians" or (figure.noun and "civilian" in figure.noun.form):
        return "civilians"
    return "combatants" if figure.group in COMBATANTS else "unspecified"


def least(draft: Draft) -> int:
    """The least number of people a claim counts; the sum of its parts where no total is printed."""
    if draft.total is not None:
        return draft.total.mention.value or 0
    return sum(figure.mention.value or 0 for figure in draft.slots.values())


def count_of(figure: Figure) -> Count:
    """A count of the schema from a ledger mention."""
    mention = figure.mention
    return Count(
        value=mention.value,
        upper=mention.upper,
        qualifier=mention.qualifier,
        basis=mention.basis,
        as_written=mention.text,
    )


def period_of(time: TimeWords | None) -> Period | None:
    if time is None:
        return None
    return Period(start=time.first, end=time.last, as_written=time.words)
