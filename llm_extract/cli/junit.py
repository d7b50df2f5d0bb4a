"""Checked entries as JUnit XML, the form in which CI systems show tests; written as they come.

A testsuite is an entry, a testcase a rule that found something; an entry without findings has one
testcase that passed. What was not read is the testsuite `input`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from io import TextIOBase
from itertools import groupby
from types import TracebackType
from typing import Self, TextIO, cast
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from llm_extract.cli.console import visible
from llm_extract.handmade import Checked, Problem
from llm_extract.record import Finding, Severity

_NOT_XML = re.compile("[\ufffe\uffff]")


class JUnitFile:
    """Context manager: writes testsuites to `file`; severities in `failing` are failures."""

    def __init__(self, file: TextIO, failing: Iterable[Severity]) -> None:
        # Only its type is narrower than what it takes: any stream of text.
        self._xml = XMLGenerator(cast(TextIOBase, file), "utf-8", short_empty_elements=True)
        self._failing = frozenset(failing)

    def __enter__(self) -> Self:
        self._xml.startDocument()
        self._open("testsuites", name="llm-extract check")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close("testsuites")
        self._xml.endDocument()

    def checked(self, checked: Checked) -> None:
        """The testsuite of one entry."""
        by_rule = [
            (rule, list(found)) for rule, found in groupby(checked.findings, lambda f: f.rule)
        ]
        failed = sum(self._fails(found) for _, found in by_rule)
        name = checked.entry.id
        cases = by_rule or [("all rules", [])]
        self._suite(name, len(cases), failures=failed)
        for rule, found in cases:
            self._open("testcase", name=rule, classname=name)
            self._findings(found)
            self._close("testcase")
        self._close("testsuite")

    def unread(self, problems: Sequence[Problem]) -> None:
        """The testsuite of what was not read; none where all was."""
        if not problems:
            return
        self._suite("input", len(problems), errors=len(problems))
        for problem in problems:
            self._open("testcase", name=problem.place, classname="input")
            self._text("error", problem.message, message=problem.message, type="unread")
            self._close("testcase")
        self._close("testsuite")

    def _fails(self, found: Sequence[Finding]) -> bool:
        return any(finding.severity in self._failing for finding in found)

    def _findings(self, found: Sequence[Finding]) -> None:
        if not found:
            return
        lines = "\n".join(line for finding in found for line in _lines(finding))
        if not self._fails(found):
            self._text("system-out", lines)
            return
        worst = next(f for f in found if f.severity in self._failing)
        self._text("failure", lines, message=worst.message, type=worst.severity)

    def _suite(self, name: str, tests: int, *, failures: int = 0, errors: int = 0) -> None:
        counts = {"tests": tests, "failures": failures, "errors": errors, "skipped": 0}
        self._open("testsuite", name=name, **{key: str(n) for key, n in counts.items()})

    def _open(self, tag: str, **attributes: str) -> None:
        clean = {key: _clean(words) for key, words in attributes.items()}
        self._xml.startElement(tag, AttributesImpl(clean))

    def _text(self, tag: str, lines: str, **attributes: str) -> None:
        self._open(tag, **attributes)
        self._xml.characters("\n".join(map(_clean, lines.split("\n"))))
        self._close(tag)

    def _close(self, tag: str) -> None:
        self._xml.endElement(tag)
        self._xml.ignorableWhitespace("\n")


def _lines(finding: Finding) -> Iterable[str]:
    where = ", ".join(finding.claims)
    yield f"{finding.severity} {finding.rule} {where}: {finding.message}"
    for suggestion in finding.suggestions:
        yield f"  -> {suggestion.message}"


def _clean(words: str) -> str:
    """The words without characters that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", visible(words))
