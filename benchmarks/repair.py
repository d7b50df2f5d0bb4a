"""Prints what following up findings buys: records of a run without repair beside runs with it.

Run with `python -m benchmarks.repair LABELS OFF OTHER…`: LABELS is a file of event notes with
labelled tolls or a folder of gold reports; the others are `records.jsonl` of runs over the same
reports. What repair put right stands beside what it made wrong; seconds are those of the calls that
it made, so that the first reading's do not count.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from llm_extract.evals.gold_reports import read_gold
from llm_extract.evals.matching import as_report, match_claims
from llm_extract.evals.outside import OUTCOMES, OutsideItem, OutsideSet, only_items, read_set
from llm_extract.evals.tolls import agrees, document_toll
from llm_extract.export.jsonl import read_records
from llm_extract.record import Record

Records = Mapping[str, Record]
Item = tuple[str, object]
"""Something that can be right: a report with the index of its gold claim, or a toll's outcome."""


def read_notes(file: Path) -> list[OutsideItem]:
    """The event notes of a file."""
    return list(only_items(read_set(OutsideSet.wad, [file])))


def right_claims(folder: Path, records: Records) -> tuple[set[Item], int]:
    """The gold claims that are read rightly, and how many claims of the records are wrong."""
    right: set[Item] = set()
    claims = 0
    for report in read_gold(folder):
        found = as_report(records[report.id]).claims if report.id in records else []
        pairs = match_claims(report.gold.claims, found)
        right |= {(report.id, pair.gold) for pair in pairs if pair.right}
        claims += len(found)
    return right, claims - len(right)


def right_tolls(file: Path, records: Records) -> tuple[set[Item], int]:
    """The labelled tolls that agree, and how many do not."""
    right: set[Item] = set()
    labelled = 0
    for item in read_notes(file):
        claims = as_report(records[item.id]).claims if item.id in records else []
        for outcome in OUTCOMES:
            label = item.labels.get(outcome)
            if label is None:
                continue
            labelled += 1
            toll = document_toll(
                claims, outcome, non_combatants=item.non_combatants, text=item.text
            )
            if agrees(toll, label):
                right.add((item.id, outcome))
    return right, labelled - len(right)


def follow_up(before: Record, after: Record) -> list[float]:
    """The seconds of each call that the first reading did not make."""
    if before.provenance is None or after.provenance is None:
        return []
    return [a.seconds for a in after.provenance.attempts[len(before.provenance.attempts) :]]


def row(name: str, records: Records, off: Records, right: set[Item], base: set[Item]) -> list[str]:
    """What one run did, beside the one without repair."""
    calls = [s for id, record in records.items() if id in off for s in follow_up(off[id], record)]
    findings = [finding for record in records.values() for finding in record.findings]
    return [
        name,
        f"{sum(record.disposition == 'flagged' for record in records.values())}",
        f"{sum(finding.severity == 'error' for finding in findings)}",
        f"{len(right)}",
        f"{len(right - base)}",
        f"{len(base - right)}",
        f"{len(calls)}",
        f"{sum(calls):.0f}",
    ]


def main(labels: Path, *runs: Path) -> int:
    """Prints a row a run, the first of which is the one without repair."""
    table = Table(
        "run", "flagged", "errors", "right", "put right", "made wrong", "wrong", "calls", "s"
    )
    judged = right_claims if labels.is_dir() else right_tolls
    wanted = {report.id for report in (read_gold if labels.is_dir() else read_notes)(labels)}
    stored = [
        {record.report.id: record for record in read_records(run) if record.report.id in wanted}
        for run in runs
    ]
    base, _ = judged(labels, stored[0])
    for run, records in zip(runs, stored, strict=True):
        right, wrong = judged(labels, records)
        cells = row(run.parent.name, records, stored[0], right, base)
        table.add_row(*cells[:6], f"{wrong}", *cells[6:])
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
