"""Every report of a run as the page shows it: gold beside the first reading of each variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from llm_extract.evals.gold_reports import GoldReport
from llm_extract.evals.html_report.breakdown import TalliesOf, slot_tallies
from llm_extract.evals.html_report.claim_diff import Diff, State, diff
from llm_extract.evals.html_report.spans import Piece, Span, pieces, places
from llm_extract.evals.html_report.texts import STATES
from llm_extract.evals.matching import as_report
from llm_extract.evals.results import EvalResults, Reading, VariantReadings, records_path
from llm_extract.export.jsonl import read_records
from llm_extract.extraction.grounding import ground
from llm_extract.numbers import read_ledger
from llm_extract.numbers.mention import Ledger
from llm_extract.record import Finding, Record, RecordClaim, RecordFacility
from llm_extract.schema import CasualtyReport

FIRST = 1
"""The repeat whose readings are shown."""

TINTS = 8
"""Colours of claims; the ninth claim has the first one's again, its id tells them apart."""

NOTHING = CasualtyReport(claims=[], facilities=[])

Entry = RecordClaim | RecordFacility


@dataclass(frozen=True, slots=True)
class Panel:
    """One report as one variant read it; `diff` is None where no claims were kept."""

    state: str
    words: str
    gold: list[Piece]
    found: list[Piece]
    diff: Diff | None
    findings: list[Finding]
    failure: str | None


@dataclass(frozen=True, slots=True)
class ReportView:
    """One report with a panel for each variant, in the order of the board."""

    id: str
    language: str
    style: str
    traps: list[str]
    claims: int
    search: str
    panels: list[Panel]

    @property
    def exact(self) -> int:
        """How many variants read it right."""
        return sum(panel.state in ("right", "over") for panel in self.panels)


@dataclass(frozen=True, slots=True)
class GroundedGold:
    """A gold report with its claims located in its text, once for all variants."""

    report: GoldReport
    entries: list[Entry]
    ledger: Ledger


def grounded(report: GoldReport) -> GroundedGold:
    """Locates the gold claims of a report as those of a reading are."""
    ledger = read_ledger(report.text, report.language)
    return GroundedGold(report, _grounded(report.gold, report.text, ledger), ledger)


def kept_records(folder: Path, variant: str, repeat: int) -> dict[str, Record]:
    """The records of one variant and repeat by report; empty where none were kept.

    Raises RecordsError when the file is there and cannot be read.
    """
    path = records_path(folder, variant, repeat)
    return {each.report.id: each for each in read_records(path)} if path.is_file() else {}


def tallies_of(
    folder: Path, results: EvalResults, each: VariantReadings, gold: Mapping[str, GoldReport]
) -> TalliesOf:
    """The figures of one variant by slot; a failed reading has found none of them."""
    found = {}
    for repeat in range(1, results.repeats + 1):
        records = kept_records(folder, each.variant.name, repeat)
        for reading in each.readings:
            if reading.repeat != repeat:
                continue
            claims = _claims(reading, records.get(reading.report))
            if claims is not None:
                ours = gold[reading.report].gold.claims
                found[reading.report, repeat] = slot_tallies(ours, claims.claims)
    return found


def report_views(
    folder: Path, variants: Sequence[VariantReadings], gold: Sequence[GroundedGold]
) -> list[ReportView]:
    """All reports in order of gold, with the first repeat of every variant."""
    records = [kept_records(folder, each.variant.name, FIRST) for each in variants]
    readings = [
        {reading.report: reading for reading in each.readings if reading.repeat == FIRST}
        for each in variants
    ]
    return [
        ReportView(
            each.report.id,
            each.report.language,
            each.report.style,
            each.report.traps,
            len(each.report.gold.claims),
            _search(each.report),
            [
                panel(each, read.get(each.report.id), kept.get(each.report.id))
                for read, kept in zip(readings, records, strict=True)
            ],
        )
        for each in gold
    ]


def panel(gold: GroundedGold, reading: Reading | None, record: Record | None) -> Panel:
    """One reading beside gold; without a reading the report was never given to the variant."""
    if reading is None:
        plain = pieces(gold.report.text, _spans(gold.entries, {}, {}))
        return Panel("failed", "not read", plain, [], None, [], "This variant did not read it.")
    claims = _claims(reading, record)
    state = state_of(reading)
    findings = [] if record is None else record.findings
    if claims is None:
        plain = pieces(gold.report.text, _spans(gold.entries, {}, {}))
        note = "Its record was not kept, so its claims cannot be shown."
        return Panel(state, STATES[state], plain, [], None, findings, note)
    beside = diff(gold.report.gold, claims)
    ours, theirs = beside.states()
    entries = [] if record is None else _entries(record, claims, gold)
    return Panel(
        state,
        STATES[state],
        pieces(gold.report.text, _spans(gold.entries, ours, {})),
        pieces(gold.report.text, _spans(entries, theirs, beside.partners())),
        beside,
        findings,
        reading.failure,
    )


def state_of(reading: Reading) -> str:
    """How a reading ended: a key of `STATES`."""
    if reading.score.failed:
        return "failed"
    if reading.score.silent:
        return "silent"
    if not reading.score.exact:
        return "caught"
    return "right" if reading.disposition == "clean" else "over"


def _search(report: GoldReport) -> str:
    """All words by which a reader may look for a report."""
    tags = [report.id, report.language, report.style, *report.traps]
    return " ".join([*tags, *(tag.replace("_", " ") for tag in tags), report.text])


def _claims(reading: Reading, record: Record | None) -> CasualtyReport | None:
    """What was read: nothing by a failed reading, None where the record was not kept."""
    if reading.score.failed:
        return NOTHING
    return None if record is None else as_report(record)


def _entries(record: Record, claims: CasualtyReport, gold: GroundedGold) -> list[Entry]:
    """The claims of a record with their places, which the record of a peer may not give."""
    kept: list[Entry] = [*record.claims, *record.facilities]
    if any(places(entry) for entry in kept):
        return kept
    return _grounded(claims, gold.report.text, gold.ledger)


def _grounded(claims: CasualtyReport, text: str, ledger: Ledger) -> list[Entry]:
    people, buildings = ground(claims, text, ledger)
    return [*people, *buildings]


def _spans(
    entries: Sequence[Entry], states: Mapping[str, State], partners: Mapping[str, str]
) -> list[Span]:
    """The spans of claims by id, coloured as the gold claim that they are paired with.

    Ids are numbered anew: those of the rows of `claim_diff`, whatever a foreign record calls them.
    """
    numbers = {"c": 0, "f": 0}
    spans = []
    for entry in entries:
        letter = "f" if isinstance(entry, RecordFacility) else "c"
        numbers[letter] += 1
        name = f"{letter}{numbers[letter]}"
        tint = _tint(partners.get(name, name))
        spans += [
            Span(start, end, name, tint, states.get(name, "right")) for start, end in places(entry)
        ]
    return spans


def _tint(gold_id: str) -> int:
    return int(gold_id[1:]) % TINTS
