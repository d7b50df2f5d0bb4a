"""Checked entries as JUnit XML: a testsuite an entry, a testcase a rule that found something.

An entry without findings has one testcase that passed. What was not read is the testsuite `input`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TextIO

from llm_extract.cli.junit import JUnitXml
from llm_extract.handmade import Checked, Problem
from llm_extract.record import Finding, Severity


class JUnitFile(JUnitXml):
    """Writes checked entries to `file`; severities in `failing` are failures."""

    def __init__(self, file: TextIO, failing: Iterable[Severity]) -> None:
        super().__init__(file, "llm-extract check")
        self._failing = frozenset(failing)

    def checked(self, checked: Checked) -> None:
        """The testsuite of one entry."""
        by_rule = [
            (rule, list(found)) for rule, found in groupby(checked.findings, lambda f: f.rule)
        ]
        failed = sum(self._fails(found) for _, found in by_rule)
        name = checked.entry.id
        cases = by_rule or [("all rules", [])]
        self.suite(name, len(cases), failures=failed)
        for rule, found in cases:
            self.open("testcase", name=rule, classname=name)
            self._findings(found)
            self.close("testcase")
        self.close("testsuite")

    def unread(self, problems: Sequence[Problem]) -> None:
        """The testsuite of what was not read; none where all was."""
        if not problems:
            return
        self.suite("input", len(problems), errors=len(problems))
        for problem in problems:
            self.open("testcase", name=problem.place, classname="input")
            self.text("error", problem.message, message=problem.message, type="unread")
            self.close("testcase")
        self.close("testsuite")

    def _fails(self, found: Sequence[Finding]) -> bool:
        return any(finding.severity in self._failing for finding in found)

    def _findings(self, found: Sequence[Finding]) -> None:
        if not found:
            return
        lines = "\n".join(line for finding in found for line in _lines(finding))
        if not self._fails(found):
            self.text("system-out", lines)
            return
        worst = next(f for f in found if f.severity in self._failing)
        self.text("failure", lines, message=worst.message, type=worst.severity)


def _lines(finding: Finding) -> Iterable[str]:
    where = ", ".join(finding.claims)
    yield f"{finding.severity} {finding.rule} {where}: {finding.message}"
    for suggestion in finding.suggestions:
        yield f"  -> {suggestion.message}"
