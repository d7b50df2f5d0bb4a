"""Measures how often the truth is among the suggestions for a record with one fault.

Run with `python -m benchmarks.culprits [REPORTS]`. Reports are drawn whose right record is known,
and each is spoiled once by every corruption. Of the spoiled records in which a rule is broken it
prints, for each corruption and for those that break a rule of arithmetic: the share whose right
record a first suggestion gives back, the share where any does, the share that has any at all, how
many suggestions a finding has, and the milliseconds of the search. Where slots and links are right
and the fault lies elsewhere (a claim dropped, a quote altered), every suggestion is a wrong one.
Fails when a suggestion does not close what it is listed under, or opens something new.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import fmean

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from properties.consistent_reports import draw_report
from properties.corruptions import CORRUPTIONS

from llm_extract.changes import apply
from llm_extract.numbers import read_ledger
from llm_extract.numbers.mention import Ledger
from llm_extract.record import Finding, Record
from llm_extract.validators.catalogue import check
from llm_extract.validators.culprits import finding_key, with_suggestions

REPORTS = 400
Facts = dict[str, tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Case:
    """One spoiled record in which a rule is broken, and what was suggested."""

    corruption: str
    undoable: bool
    arithmetic: bool
    first: bool
    anywhere: bool
    listed: list[int]
    seconds: float
    false: int


def facts(record: Record) -> Facts:
    """What a record says of each claim: its counts without their places, and its link."""
    return {
        claim.id: (
            claim.part_of_id,
            *sorted(
                (name, count.value, count.upper, count.qualifier)
                for name, count in claim.slots().items()
            ),
        )
        for claim in record.claims
    }


def spoiled(reports: int) -> Iterator[tuple[str, Record, Record, str, Ledger]]:
    """Name of the corruption, right record, spoiled record, text and ledger."""
    for seed in range(reports):
        random = Random(seed)
        drawn = draw_report(random, claims=2 + seed % 8)
        ledger = read_ledger(drawn.text, "en")
        for name, corrupt in CORRUPTIONS.items():
            corrupted = corrupt(drawn.record, drawn.text, random)
            if corrupted is not None:
                yield name, drawn.record, corrupted, drawn.text, ledger


def can_be_undone(right: Record, wrong: Record) -> bool:
    """Whether slots and links alone are wrong, or a claim stands twice; no change makes a claim."""
    one, other = facts(right), facts(wrong)
    again = [id for id in other.keys() - one.keys() if other[id] in one.values()]
    return one != other and one.keys() == other.keys() - set(again)


def measured(name: str, right: Record, wrong: Record, text: str, ledger: Ledger) -> Case | None:
    """The case of a spoiled record; None when no rule is broken that was not broken before."""
    known = {finding_key(finding) for finding in check(right, text, ledger)}
    findings = check(wrong, text, ledger)
    if not any(finding_key(finding) not in known for finding in findings):
        return None
    started = time.perf_counter()
    told = with_suggestions(wrong, text, ledger, findings)
    seconds = time.perf_counter() - started
    truth = facts(right)
    ranks = [
        rank
        for finding in told
        for rank, suggestion in enumerate(finding.suggestions)
        if facts(apply(wrong, suggestion.changes, text, ledger)) == truth
    ]
    return Case(
        corruption=name,
        undoable=can_be_undone(right, wrong),
        arithmetic=any(f.rule[0] == "A" and finding_key(f) not in known for f in findings),
        first=0 in ranks,
        anywhere=bool(ranks),
        listed=[len(finding.suggestions) for finding in told if finding.suggestions],
        seconds=seconds,
        false=sum(not _holds(wrong, text, ledger, told, finding) for finding in told),
    )


def _holds(
    record: Record, text: str, ledger: Ledger, findings: Sequence[Finding], finding: Finding
) -> bool:
    """Whether each suggestion closes its finding and opens nothing."""
    for suggestion in finding.suggestions:
        merged = {c.claim: c.after for c in suggestion.changes if c.field == "claim"}
        before = {finding_key(each, merged) for each in findings}
        changed = apply(record, suggestion.changes, text, ledger)
        after = {finding_key(each) for each in check(changed, text, ledger)}
        if finding_key(finding) in after or not after <= before:
            return False
    return True


def _line(title: str, cases: Sequence[Case]) -> str:
    if not cases:
        return f"{title:<33} no case"
    listed = [number for case in cases for number in case.listed]
    share = 100 / len(cases)
    return (
        f"{title:<33} {len(cases):>6} {share * sum(c.first for c in cases):>7.1f} "
        f"{share * sum(c.anywhere for c in cases):>8.1f} "
        f"{share * sum(bool(c.listed) for c in cases):>9.1f} "
        f"{fmean(listed) if listed else 0:>11.2f} {1e3 * fmean(c.seconds for c in cases):>7.1f} "
        f"{1e3 * max(c.seconds for c in cases):>7.1f}"
    )


def main(reports: int) -> int:
    """Measure and print; 1 when a suggestion was false."""
    cases = [case for each in spoiled(reports) if (case := measured(*each)) is not None]
    print(
        f"{'corruption':<33} {'broken':>6} {'first %':>7} {'listed %':>8} {'any sug %':>9} "
        f"{'suggestions':>11} {'mean ms':>7} {'most ms':>7}"
    )
    for undoable, title in ((True, "a change can undo it"), (False, "no change can undo it")):
        some = [case for case in cases if case.undoable == undoable]
        for name in CORRUPTIONS:
            own = [case for case in some if case.corruption == name]
            if own:
                print(_line(name, own))
        print(_line(f"= {title}", some))
    arithmetic = [case for case in cases if case.undoable and case.arithmetic]
    print(_line("= … that breaks arithmetic", arithmetic))
    false = sum(case.false for case in cases)
    anywhere = 100 * fmean(case.anywhere for case in arithmetic)
    first = 100 * fmean(case.first for case in arithmetic)
    print(
        f"culprits: truth listed {anywhere:.1f} %, first {first:.1f} % of {len(arithmetic)} "
        f"records that break arithmetic; {false} false suggestions"
    )
    return 1 if false else 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else REPORTS))
