"""What the rules find in corrupted records: findings that the good record does not have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from properties.consistent_reports import draw_report
from properties.corruptions import CORRUPTIONS
from properties.drafts import Drawn

from llm_extract.numbers import read_ledger
from llm_extract.record import Finding, Record
from llm_extract.validators.catalogue import check

Trace = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One corruption of one report, and the rules that found it."""

    corruption: str
    seed: int
    drawn: Drawn
    corrupted: Record
    rules: tuple[str, ...]


def trace(finding: Finding) -> Trace:
    """What makes a finding the same one as another: all but its words and numbers."""
    places = tuple((o.claim, o.field, o.start) for o in finding.operands if o.claim is None)
    return (
        finding.rule,
        finding.severity,
        tuple(sorted(finding.claims)),
        tuple(sorted(finding.fields)),
        places,
    )


def new_rules(before: Iterable[Finding], after: Iterable[Finding]) -> tuple[str, ...]:
    """The rules of the findings that were not there before, each once, in order."""
    known = {trace(finding) for finding in before}
    return tuple(sorted({f.rule for f in after if trace(f) not in known}))


def cases(seeds: Iterable[int], wanted: int) -> Iterator[Case]:
    """Corruptions of drawn reports, one of each type a report, until each type has its number.

    The seed decides the report and its corruptions; reports have one to eight claims.
    """
    made: Counter[str] = Counter()
    for seed in seeds:
        if all(made[name] >= wanted for name in CORRUPTIONS):
            return
        random = Random(seed)
        drawn = draw_report(random, claims=1 + seed % 8)
        ledger = read_ledger(drawn.text, "en")
        before = check(drawn.record, drawn.text, ledger)
        for name, corrupt in CORRUPTIONS.items():
            corrupted = corrupt(drawn.record, drawn.text, random) if made[name] < wanted else None
            if corrupted is None:
                continue
            made[name] += 1
            after = check(corrupted, drawn.text, ledger)
            yield Case(name, seed, drawn, corrupted, new_rules(before, after))
