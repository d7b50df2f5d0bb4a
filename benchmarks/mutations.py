"""Measures how many single faults of a record the rules find, over drawn reports.

Run with `make mutation-report`, or `PYTHONPATH=tests python -m benchmarks.mutations`. Every type of
corruption is made `--cases` times on consistent reports drawn by seed, so a run can be repeated.
What slips through is grouped by a reason that code finds in the report. Ends with 1 when a
corruption that breaks a stated law is missed or less than `BAR` of all are found.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import Pool
from pathlib import Path

from properties.corruptions import CORRUPTIONS
from properties.laws import laws_broken
from properties.mutation import Case, cases
from properties.reasons import change_in_words, reason
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

CASES = 2000
"""Cases of each corruption that issue 3 asks for at least."""

BAR = 0.95
"""Share of all corruptions to be found; of those that break a stated law, all are to be."""

CASES_A_JOB = 50
SEEDS_A_JOB = 100_000
"""Room between the first seeds of two jobs: no job draws as many reports."""

WORKERS = 2
RESULTS = Path("results/mutations.json")
EXAMPLES_KEPT = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case, without its record."""

    corruption: str
    seed: int
    rules: tuple[str, ...]
    laws: tuple[str, ...]
    reason: str
    change: str


@dataclass(slots=True)
class Tally:
    """All cases of one corruption."""

    cases: int = 0
    caught: int = 0
    breaking: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    missed: list[Outcome] = field(default_factory=list)
    """Cases that break a stated law and were not found."""
    slips: dict[str, list[Outcome]] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        self.cases += 1
        self.breaking += bool(outcome.laws)
        self.rules.update(outcome.rules)
        if outcome.rules:
            self.caught += 1
            return
        self.slips.setdefault(outcome.reason, []).append(outcome)
        if outcome.laws:
            self.missed.append(outcome)


def job(plan: tuple[int, int]) -> list[Outcome]:
    """The cases of one job: its first seed and how many of each type it makes."""
    first, wanted = plan
    return [_outcome(case) for case in cases(range(first, first + SEEDS_A_JOB), wanted)]


def _outcome(case: Case) -> Outcome:
    slipped = not case.rules
    return Outcome(
        case.corruption,
        case.seed,
        case.rules,
        tuple(sorted(laws_broken(case.drawn, case.corrupted))),
        reason(case) if slipped else "",
        change_in_words(case) if slipped else "",
    )


def plans(wanted: int) -> list[tuple[int, int]]:
    """Jobs that together make as many cases of each type as are wanted."""
    sizes = [CASES_A_JOB] * (wanted // CASES_A_JOB)
    if wanted % CASES_A_JOB:
        sizes.append(wanted % CASES_A_JOB)
    return [(nth * SEEDS_A_JOB, size) for nth, size in enumerate(sizes)]


def measure(wanted: int, console: Console) -> dict[str, Tally]:
    """Makes and checks all cases on `WORKERS` processes."""
    tallies = {name: Tally() for name in CORRUPTIONS}
    jobs = plans(wanted)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
        console=console,
    )
    with Pool(WORKERS) as pool, bar:
        task = bar.add_task("corruptions", total=wanted * len(CORRUPTIONS))
        # In order, so that a run prints and writes the same as the one before.
        for outcomes in pool.imap(job, jobs):
            for outcome in outcomes:
                tallies[outcome.corruption].add(outcome)
            bar.advance(task, len(outcomes))
    return tallies


def show(tallies: dict[str, Tally], console: Console) -> None:
    """The table of types, then what slipped through with its reasons."""
    table = Table(title="corruptions found")
    for heading in ("corruption", "cases", "caught %", "break a law", "of these caught %"):
        table.add_column(heading, justify="left" if heading == "corruption" else "right")
    table.add_column("found by (cases)")
    for name, tally in tallies.items():
        by = ", ".join(f"{rule} {number}" for rule, number in tally.rules.most_common(6))
        table.add_row(
            name,
            str(tally.cases),
            _percent(tally.caught, tally.cases),
            str(tally.breaking),
            _percent(tally.breaking - len(tally.missed), tally.breaking),
            by,
        )
    console.print(table)
    for line in _slips(tallies):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _slips(tallies: dict[str, Tally]) -> Iterator[str]:
    for name, tally in tallies.items():
        if not tally.slips:
            continue
        yield f"{name}: {tally.cases - tally.caught} slip through"
        for why, slipped in sorted(tally.slips.items(), key=lambda pair: -len(pair[1])):
            yield f"  {len(slipped):4d}  {why}"
            yield f"        e.g. seed {slipped[0].seed}: {slipped[0].change}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"


def as_json(tallies: dict[str, Tally]) -> dict[str, object]:
    """What `results/mutations.json` holds."""
    return {
        name: {
            "cases": tally.cases,
            "caught": tally.caught,
            "breaking_a_law": tally.breaking,
            "breaking_a_law_missed": [
                {"seed": missed.seed, "laws": missed.laws, "change": missed.change}
                for missed in tally.missed
            ],
            "rules": dict(tally.rules.most_common()),
            "slips": {
                why: {
                    "cases": len(slipped),
                    "examples": [
                        {"seed": slip.seed, "change": slip.change}
                        for slip in slipped[:EXAMPLES_KEPT]
                    ],
                }
                for why, slipped in tally.slips.items()
            },
        }
        for name, tally in tallies.items()
    }


def main() -> int:
    """Prints the report; 1 when a bar is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=CASES, help="cases of each corruption")
    wanted = options.parse_args().cases
    console = Console()
    tallies = measure(wanted, console)
    show(tallies, console)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(as_json(tallies), indent=1) + "\n", encoding="utf-8")
    made = sum(tally.cases for tally in tallies.values())
    caught = sum(tally.caught for tally in tallies.values())
    missed = sum(len(tally.missed) for tally in tallies.values())
    if missed:
        print(f"{missed} corruptions break a stated law and were not found, see {RESULTS}")
    short = any(tally.cases < wanted for tally in tallies.values())
    if short:
        print("some corruptions found too few reports to apply to")
    # Cut, not rounded: 99.96 % is not all.
    print(f"caught {int(1000 * caught / made) / 10:.1f} % of {made} corruptions")
    return int(bool(missed) or short or caught < BAR * made)


if __name__ == "__main__":
    sys.exit(main())
