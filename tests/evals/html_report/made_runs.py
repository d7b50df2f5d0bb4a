"""Eval runs made by hand, with gold and the records of their readings, for tests of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from silent import SILENT

from llm_extract.evals.gold_reports import GoldReport
from llm_extract.evals.results import (
    EvalResults,
    Found,
    Labelled,
    Reading,
    Variant,
    VariantReadings,
    records_path,
)
from llm_extract.evals.scores import score_report
from llm_extract.export.jsonl import write_records
from llm_extract.extraction.grounding import ground
from llm_extract.numbers import read_ledger
from llm_extract.record import Failure, Finding, Record, ReportHead, Tokens
from llm_extract.schema import CasualtyReport, Claim

Reader = Callable[[GoldReport], CasualtyReport | None]
"""What a variant reads in a report; None is a failure."""

FLAG = "so say the rules"


def count(number: int, words: str | None = None) -> dict[str, Any]:
    return {
        "value": number,
        "upper": None,
        "qualifier": "exact",
        "basis": "printed",
        "as_written": words or str(number),
    }


def claim(quote: str, **fields: Any) -> Claim:
    """A claim with this quote; numbers become printed counts."""
    slots = {
        name: count(value) if isinstance(value, int) else value for name, value in fields.items()
    }
    return Claim.model_validate(SILENT | {"evidence": [quote]} | slots)


def gold_report(name: str, text: str, *claims: Claim, **fields: Any) -> GoldReport:
    known: dict[str, Any] = {"language": "en", "style": "wire", "traps": []}
    return GoldReport(
        id=name,
        published=None,
        text=text,
        gold=CasualtyReport(claims=list(claims), facilities=[]),
        **(known | fields),
    )


def perfectly(report: GoldReport) -> CasualtyReport:
    return report.gold


def failing(report: GoldReport) -> None:
    return None


def one_too_many(report: GoldReport) -> CasualtyReport:
    """Every total of gold and one more."""
    return CasualtyReport(
        claims=[
            each.model_copy(
                update={
                    "total": each.total.model_copy(update={"value": (each.total.value or 0) + 1})
                }
            )
            if each.total
            else each
            for each in report.gold.claims
        ],
        facilities=[],
    )


def made_run(
    folder: Path,
    gold: Sequence[GoldReport],
    readers: Mapping[str, Reader],
    *,
    flagged: Sequence[str] = (),
    repeats: int = 1,
    peers: Sequence[str] = (),
    cost: float | None = None,
) -> EvalResults:
    """The results of variants by name, their records written beside them.

    Readings of the reports in `flagged` get a finding; peers get none, and no place of a count.
    """
    return EvalResults(
        created=datetime(2026, 3, 5, 9, 30, tzinfo=UTC),
        package_version="0.1.0",
        machine="two cores",
        set_name="made by hand",
        set_sha256="ab" * 32,
        reports=[
            Labelled(
                id=report.id,
                language=report.language,
                style=report.style,
                traps=report.traps,
                claims=len(report.gold.claims),
            )
            for report in gold
        ],
        repeats=repeats,
        variants=[
            _variant(folder, name, reader, gold, flagged, repeats, name in peers, cost)
            for name, reader in readers.items()
        ],
    )


def _variant(
    folder: Path,
    name: str,
    reader: Reader,
    gold: Sequence[GoldReport],
    flagged: Sequence[str],
    repeats: int,
    peer: bool,
    cost: float | None,
) -> VariantReadings:
    readings = []
    for repeat in range(1, repeats + 1):
        records = [_record(report, reader(report), report.id in flagged, peer) for report in gold]
        write_records(records_path(folder, name, repeat), records)
        readings += [
            _reading(report, record, reader(report), repeat, cost)
            for report, record in zip(gold, records, strict=True)
        ]
    variant = Variant(
        name=name,
        kind="peer" if peer else "spine",
        model="small",
        prompt=None,
        prompt_hash=None,
        strategy=None,
    )
    return VariantReadings(variant=variant, readings=readings)


def _record(report: GoldReport, found: CasualtyReport | None, flagged: bool, peer: bool) -> Record:
    claims, facilities = ground(
        found or CasualtyReport(claims=[], facilities=[]),
        "" if peer else report.text,
        read_ledger(report.text, report.language),
    )
    findings = [] if peer or not flagged else [_finding()]
    return Record(
        report=ReportHead(
            id=report.id,
            title=None,
            source="made",
            sha256="",
            characters=len(report.text),
            published=None,
            language=report.language,
        ),
        claims=claims,
        facilities=facilities,
        findings=findings,
        disposition="failed" if found is None else "flagged" if findings else "clean",
        failure=Failure(code="cut", message="the reply was cut") if found is None else None,
        provenance=None,
    )


def _finding() -> Finding:
    return Finding(
        rule="A02",
        severity="error",
        kind="contradiction",
        claims=["c1"],
        fields=["total"],
        operands=[],
        message=FLAG,
        suggestions=[],
    )


def _reading(
    report: GoldReport,
    record: Record,
    found: CasualtyReport | None,
    repeat: int,
    cost: float | None,
) -> Reading:
    return Reading(
        report=report.id,
        repeat=repeat,
        disposition=record.disposition,
        failure=None if record.failure is None else record.failure.message,
        findings=[Found(rule=each.rule, severity=each.severity) for each in record.findings],
        score=score_report(report.gold, found, disposition=record.disposition),
        seconds=1.0 + len(report.text) / 100,
        calls=1,
        reasks=0,
        tokens=Tokens(prompt=100, cached=0, completion=10),
        cost=cost,
    )


HARBOUR = gold_report(
    "harbour",
    "Fire at the harbour: 12 people were killed, among them 5 children, the Harbour Board said.",
    claim("12 people were killed, among them 5 children", total=12, children=5),
    traps=["nested_parts", "repeated_figure"],
)
QUAY = gold_report(
    "quay",
    "On the lower quay 40 people were injured and 3 were killed.",
    claim("40 people were injured", outcome="injured", total=40),
    claim("3 were killed", total=3),
    traps=["repeated_figure"],
    style="situation_report",
)
ARABIC = gold_report(
    "arabic",
    "قتل 64 مدنياً في المدينة.",
    claim("قتل 64 مدنياً", total=64, claimant="مرصد المدينة"),
    language="ar",
    traps=["arabic"],
)
SILENT_REPORT = gold_report("silence", "The ferry sailed on time and nobody was asked.")
GOLD = [HARBOUR, QUAY, ARABIC, SILENT_REPORT]
