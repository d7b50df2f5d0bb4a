"""What rules alone read in an English text, in forms that tests compare at a glance."""

from __future__ import annotations

from datetime import date

from llm_extract.documents.report import Report
from llm_extract.extraction.assembly import assemble
from llm_extract.extraction.circumstances import read_settings
from llm_extract.extraction.figures import read_figures
from llm_extract.numbers import read_ledger
from llm_extract.schema import CasualtyReport, Claim, Count


def read(text: str) -> CasualtyReport:
    """What rules alone make of a text; a number that may mean two things must not be in it."""
    report = Report(id="e", text=text, source="test", language="en", published=date(2026, 3, 6))
    reading = read_figures(report, read_ledger(text, "en"))
    assert not [f.mention.text for f in reading.figures if len(f.options) > 1], "ambiguous"
    outcomes = {f.index: f.outcome for f in reading.figures if f.outcome is not None}
    return assemble(reading, read_settings(reading), outcomes)


def value(count: Count | None) -> int | None:
    return count.value if count is not None else None


def tolls(text: str) -> list[tuple[str, int | None]]:
    """Outcome and total of every claim."""
    return [(claim.outcome, value(claim.total)) for claim in read(text).claims]


def parts(claim: Claim) -> dict[str, int | None]:
    """The stated counts of a claim by name, without those the report is silent about."""
    slots = {name: getattr(claim, name) for name in ("total", "children", "women", "men")}
    groups = {part.group: part.count for part in claim.subgroups}
    return {name: value(count) for name, count in (slots | groups).items() if count is not None}


def tree(text: str) -> list[tuple[str, int | None, int | None]]:
    """Outcome, total and index of the containing claim."""
    return [(c.outcome, value(c.total), c.part_of) for c in read(text).claims]
