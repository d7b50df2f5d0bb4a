"""An eval run as JUnit XML: a testsuite a variant, a testcase a report, and one of the gates.

A report fails as a test when it was not read, or when it is wrong and nothing flags it: what is
flagged goes to people and is no surprise to anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from llm_extract.cli.junit import JUnitXml
from llm_extract.evals.comparison import Verdict
from llm_extract.evals.results import EvalResults, Reading, VariantReadings
from llm_extract.export.files import written_whole


def write_junit(path: Path, results: EvalResults, verdicts: Sequence[Verdict]) -> None:
    """Writes the run and its gates. Raises RecordsError when the file cannot be written."""
    with written_whole(path) as file, JUnitXml(file, "llm-extract eval") as xml:
        for each in results.variants:
            _variant(xml, each)
        if verdicts:
            _gates(xml, verdicts)


def _variant(xml: JUnitXml, each: VariantReadings) -> None:
    readings = each.readings
    xml.suite(
        each.variant.name,
        len(readings),
        failures=sum(reading.score.silent for reading in readings),
        errors=sum(reading.score.failed for reading in readings),
    )
    for reading in readings:
        name = reading.report if reading.repeat == 1 else f"{reading.report} ({reading.repeat})"
        xml.open("testcase", name=name, classname=each.variant.name, time=f"{reading.seconds:.3f}")
        if reading.score.failed:
            why = reading.failure or "failed"
            xml.text("error", why, message=why, type="failed")
        elif reading.score.silent:
            xml.text("failure", _words(reading), message="wrong and not flagged", type="silent")
        else:
            xml.text("system-out", _words(reading))
        xml.close("testcase")
    xml.close("testsuite")


def _gates(xml: JUnitXml, verdicts: Sequence[Verdict]) -> None:
    xml.suite("gates", len(verdicts), failures=sum(not verdict.holds for verdict in verdicts))
    for verdict in verdicts:
        xml.open("testcase", name=verdict.asked, classname=verdict.variant)
        if verdict.holds:
            xml.text("system-out", verdict.found)
        else:
            xml.text("failure", verdict.found, message=verdict.found, type="gate")
        xml.close("testcase")
    xml.close("testsuite")


def _words(reading: Reading) -> str:
    claims, figures = reading.score.claims, reading.score.figures
    rules = ", ".join(sorted({finding.rule for finding in reading.findings})) or "none"
    return (
        f"claims: {claims.hits} right of {claims.gold} gold and {claims.predicted} read\n"
        f"figures: {figures.hits} right of {figures.gold} gold and {figures.predicted} read\n"
        f"findings: {rules}"
    )
