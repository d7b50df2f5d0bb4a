"""The rules on one entry after the other, with the entry's report where it is at hand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from llm_extract.documents.report import Report
from llm_extract.documents.text import shown
from llm_extract.handmade.entries import Entry, Problem, Typed, record_of, typed_from
from llm_extract.handmade.shelf import Ambiguous, Shelf
from llm_extract.numbers import read_ledger
from llm_extract.numbers.mention import Ledger
from llm_extract.record import Finding, Record
from llm_extract.validators.catalogue import RULES, WITHOUT_TEXT, check_without_text
from llm_extract.validators.culprits import examine
from llm_extract.validators.profiles import Profiles

NOTHING = Ledger("", ())


@dataclass(frozen=True, slots=True)
class Checked:
    """What the rules say about one entry.

    `with_text` tells whether its report was at hand; `problems` what of it could not be done.
    """

    entry: Entry
    record: Record | None
    with_text: bool
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks entries by some of the rules.

    `rules` are ids of the catalogue. `shelf` holds the reports, None where none were given; then
    only rules that need no text are asked.
    """

    rules: Collection[str]
    shelf: Shelf | None = None
    profiles: Profiles | None = None

    @property
    def rules_without_text(self) -> list[str]:
        """The rules that are asked about figures whose report is not at hand, in order."""
        return [rule.id for rule in RULES if rule.id in self.rules and rule.id in WITHOUT_TEXT]

    @property
    def rules_of_the_text(self) -> list[str]:
        """The rules that only a record with its report is asked, in order."""
        return [rule.id for rule in RULES if rule.id in self.rules and rule.id not in WITHOUT_TEXT]

    def check(self, entry: Entry) -> Checked:
        """The findings of these rules about an entry; suggestions are those of all rules."""
        failure = entry.content.failure if isinstance(entry.content, Record) else None
        if failure is not None:
            problem = Problem(
                entry.place, f"report {shown(entry.id)!r} was not read: {shown(failure.message)}"
            )
            return Checked(entry, None, False, (), (problem,))
        report, problems = self._report_of(entry)
        try:
            record, moved = _placed(entry, report)
        except ValueError as error:
            problems.append(Problem(entry.place, f"its claims cannot be located: {_line(error)}"))
            report = None
            record, moved = _placed(entry, None)
        problems += moved
        if report is None:
            findings = check_without_text(record, self.profiles)
        else:
            ledger = read_ledger(report.text, record.report.language)
            findings = examine(record, report.text, ledger, self.profiles)
        kept = tuple(finding for finding in findings if finding.rule in self.rules)
        return Checked(entry, record, report is not None, kept, tuple(problems))

    def _report_of(self, entry: Entry) -> tuple[Report | None, list[Problem]]:
        if self.shelf is None:
            return None, []
        try:
            report = self.shelf.find(entry.names)
        except Ambiguous as error:
            sources = " and ".join(shown(str(source), 60) for source in error.args)
            why = f"{sources} both fit; name the report by its path"
        else:
            if report is not None:
                return report, []
            why = (
                "name it in a report column"
                if not entry.names
                else "add it to --reports or mend its name"
            )
        problem = Problem(
            entry.place,
            f"the report of {shown(entry.id)!r} is not there, so only figures were checked; {why}",
        )
        return None, [problem]


def _placed(entry: Entry, report: Report | None) -> tuple[Record, list[Problem]]:
    """The entry's record with offsets into the report; those of another text are not trusted."""
    if isinstance(entry.content, Typed):
        ledger = NOTHING if report is None else read_ledger(report.text, _language(entry, report))
        return record_of(entry, entry.content, report, ledger), []
    record = entry.content
    if report is None or record.report.sha256 == report.sha256:
        return record, []
    typed = typed_from(record)
    located = record_of(entry, typed, report, read_ledger(report.text, _language(entry, report)))
    if not record.report.sha256:
        return located, []
    problem = Problem(
        entry.place,
        f"{shown(report.source)} is not the text that record {shown(entry.id)!r} was made of; "
        "its quotes were located anew",
    )
    return located, [problem]


def _language(entry: Entry, report: Report) -> str | None:
    content = entry.content
    known = content.language if isinstance(content, Typed) else content.report.language
    return known or report.language


def _line(error: ValueError) -> str:
    return shown(" ".join(str(error).split()))
