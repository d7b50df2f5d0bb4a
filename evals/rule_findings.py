"""What the rules say of gold reports: records of the gold itself, in which nothing is misread.

A finding there is a contradiction of the report's own or a false alarm of the rule; only G03 also
finds numbers that are in no claim for good reason, since gold does not list what is not of people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from llm_extract.documents.report import Report
from llm_extract.evals.gold_reports import GoldReport
from llm_extract.extraction.grounding import ground
from llm_extract.numbers import read_ledger
from llm_extract.record import Finding, Record, ReportHead
from llm_extract.validators.catalogue import RULES, check, disposition


def gold_record(report: GoldReport) -> Record:
    """The record that a faultless reading of a gold report would be, with its findings."""
    ledger = read_ledger(report.text, report.language)
    claims, facilities = ground(report.gold, report.text, ledger)
    head = ReportHead(
        id=report.id,
        title=None,
        source="gold",
        sha256=Report(report.id, report.text, "gold").sha256,
        characters=len(report.text),
        published=report.published,
        language=report.language,
    )
    record = Record(
        report=head,
        claims=claims,
        facilities=facilities,
        findings=[],
        disposition="clean",
        failure=None,
        provenance=None,
    )
    findings = check(record, report.text, ledger)
    return record.model_copy(update={"findings": findings, "disposition": disposition(findings)})


def findings_on_gold(reports: Iterable[GoldReport]) -> dict[str, list[Finding]]:
    """The findings on each report's gold, by report id."""
    return {report.id: gold_record(report).findings for report in reports}


def rule_counts(found: Mapping[str, Sequence[Finding]]) -> dict[str, dict[str, int]]:
    """Every rule of the catalogue with its errors, warnings and the reports that have any."""
    all_found = [(id, finding) for id, findings in found.items() for finding in findings]
    graver = Counter((f.rule, f.severity) for _, f in all_found)
    touched = Counter(rule for rule, _ in {(f.rule, id) for id, f in all_found})
    return {
        rule.id: {
            "errors": graver[rule.id, "error"],
            "warnings": graver[rule.id, "warning"],
            "reports": touched[rule.id],
        }
        for rule in RULES
    }


def rules_table(found: Mapping[str, Sequence[Finding]]) -> Table:
    """A row a rule, and one for all."""
    counts = rule_counts(found)
    table = Table("rule", "errors", "warnings", "reports", title=f"rules on {len(found)} golds")
    for id, count in counts.items():
        table.add_row(id, *(str(count[name] or "") for name in ("errors", "warnings", "reports")))
    table.add_section()
    sums = [sum(count[name] for count in counts.values()) for name in ("errors", "warnings")]
    flagged = sum(bool(findings) for findings in found.values())
    table.add_row("all", *map(str, sums), str(flagged))
    return table


def findings_table(found: Mapping[str, Sequence[Finding]]) -> Table:
    """A row a finding, its words as plain text."""
    table = Table("report", "rule", "severity", "finding", title="findings on gold")
    for id, findings in found.items():
        for finding in findings:
            table.add_row(Text(id), finding.rule, finding.severity, Text(finding.message))
    return table
