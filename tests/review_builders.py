"""Builders for tests of review: records that rules alone read, stores that hold them, reviewers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from store_builders import EXAMPLE, job_of, settlement

from llm_extract.documents.report import Report
from llm_extract.extraction.assembly import assemble
from llm_extract.extraction.circumstances import read_settings
from llm_extract.extraction.figures import read_figures
from llm_extract.extraction.grounding import ground
from llm_extract.numbers import read_ledger
from llm_extract.pipeline import head_of
from llm_extract.record import Record
from llm_extract.review.intake import take_in
from llm_extract.review.work import Reviewer
from llm_extract.store import Store
from llm_extract.validators.catalogue import disposition
from llm_extract.validators.culprits import examine

PUBLISHED = date(2026, 3, 6)

SUMS = (
    "The Arven Health Directorate said 14 people were killed in Halden on Tuesday, among them "
    "nine children and seven women. Another 71 people were wounded, 26 of them children."
)
"""Its parts are more than their total, so it is flagged with an error."""

PLAIN = "Shelling killed 12 civilians in Tal Orin on 3 March 2026, the Meridan Observatory said."
"""Nothing is found in it."""

LARGE = (
    "The Meridan Observatory documented 149 civilian deaths in Varenia in February 2026, among "
    "them 35 children and 16 women. Government forces killed 105 of them, including 33 children."
)

ARABIC = "قالت شبكة الرافد إن 13 مدنياً قُتلوا، بينهم سبعة أطفال وثماني نساء، في قصف على تل السنديان."

ANNA, BASIL, CLEO, DANA = (
    Reviewer("anna", "analyst"),
    Reviewer("basil", "analyst"),
    Reviewer("cleo", "senior"),
    Reviewer("dana", "admin"),
)


def report_of(name: str, text: str, language: str = "en", source: str | None = None) -> Report:
    """A report of a text of one's own."""
    return Report(
        id=name, text=text, source=source or f"{name}.txt", language=language, published=PUBLISHED
    )


def read_by_rule(report: Report) -> Record:
    """The record that rules make of a report, with its findings; no model is asked."""
    ledger = read_ledger(report.text, report.language)
    reading = read_figures(report, ledger)
    outcomes = {f.index: f.outcome for f in reading.figures if f.outcome is not None}
    claims, facilities = ground(
        assemble(reading, read_settings(reading), outcomes), report.text, ledger
    )
    assert EXAMPLE.provenance is not None
    provenance = EXAMPLE.provenance.model_copy(update={"attempts": [], "unread_mentions": []})
    record = Record(
        report=head_of(report),
        claims=claims,
        facilities=facilities,
        findings=[],
        disposition="clean",
        failure=None,
        provenance=provenance,
    )
    findings = examine(record, report.text, ledger)
    return record.model_copy(update={"findings": findings, "disposition": disposition(findings)})


def put(store: Store, reports: Sequence[Report], prompt_hash: str = "0f") -> list[Record]:
    """Reports that a job read, with their records."""
    job = job_of(store, *reports)
    work = store.work("settler")
    items = work.claim(job.id, len(reports))
    made = [read_by_rule(item.report) for item in items]
    settled = [
        settlement(item, record, prompt_hash=prompt_hash)
        for item, record in zip(items, made, strict=True)
    ]
    work.commit(settlements=settled)
    return made


def cases_in(store: Store, *texts: str) -> list[int]:
    """A case a text, by number."""
    put(store, [report_of(f"r{place}", text) for place, text in enumerate(texts, 1)])
    take_in(store.engine)
    return list(range(1, len(texts) + 1))


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 6, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, time: timedelta) -> None:
        """Let time pass."""
        self.now += time
