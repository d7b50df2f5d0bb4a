"""A short report with its claims, and edits of them as forms, for tests of review."""

from __future__ import annotations

from typing import Any

from silent import SILENT

from llm_extract.extraction.grounding import ground
from llm_extract.numbers import read_ledger
from llm_extract.record import RecordClaim
from llm_extract.review.content import Content
from llm_extract.review.edits import apply_edit, parse_edit
from llm_extract.schema import CasualtyReport, Claim, Count, FacilityClaim

TEXT = (
    "In Norham 40 people were killed on 3 March 2026, including 12 children, seven women and 120 "
    "goats. Militia Q killed nine of them. Two schools were hit and 1,200 people fled. "
    "Some twoscore fishermen are missing, and dozens were hurt."
)
LEDGER = read_ledger(TEXT, "en")
FIRST = TEXT[: TEXT.index(" Militia Q")]
SECOND = "Militia Q killed nine of them."
THIRD = "Two schools were hit and 1,200 people fled."


def count(value: int, words: str) -> Count:
    """A printed number."""
    return Count(value=value, upper=None, qualifier="exact", basis="printed", as_written=words)


def claim(quotes: list[str], **fields: Any) -> Claim:
    """A claim that is silent about all but these fields."""
    return Claim(**{**SILENT, "evidence": quotes, **fields})


def content(*claims: Claim, facilities: tuple[FacilityClaim, ...] = ()) -> Content:
    """The content of claims whose quotes stand in the text."""
    report = CasualtyReport(claims=list(claims), facilities=list(facilities))
    found, places = ground(report, TEXT, LEDGER)
    return Content(claims=found, facilities=places, aside=[])


def base_content() -> Content:
    """A claim of killed, a part of it by another quote, and two schools."""
    schools = FacilityClaim(
        kinds=["school"],
        count=count(2, "Two"),
        effect="attacked",
        part_of=None,
        claimant=None,
        perpetrators=[],
        attribution=None,
        weapons=[],
        places=[],
        scope="incident",
        period=None,
        evidence=[THIRD],
    )
    return content(
        claim([FIRST], total=count(40, "40"), children=count(12, "12"), women=count(7, "seven")),
        claim([SECOND], total=count(9, "nine"), part_of=0),
        facilities=(schools,),
    )


def edit(before: Content, **fields: object) -> Content:
    """The content after the edit of a form."""
    form = parse_edit({name: str(value) for name, value in fields.items()})
    return apply_edit(before, form, TEXT, LEDGER)


def at(words: str) -> dict[str, int]:
    """Where words stand in the text."""
    start = TEXT.index(words)
    return {"start": start, "end": start + len(words)}


def first(before: Content) -> RecordClaim:
    """The first claim."""
    return before.claims[0]


def figures(one: RecordClaim) -> dict[str, int | None]:
    """The numbers of a claim by slot."""
    return {slot: count.value for slot, count in one.slots().items()}
