"""The tables of the page as cells of text: the leaderboard, and differences with their p values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from llm_extract.evals.comparison import ALPHA
from llm_extract.evals.html_report.texts import (
    interval,
    number,
    p_value,
    percent,
    plural,
    signed,
    signed_interval,
    silent_words,
)
from llm_extract.evals.leaderboard import HEADLINE, Row
from llm_extract.evals.measures import MEASURES, Measure
from llm_extract.evals.results import EvalResults, Reading, VariantReadings
from llm_extract.evals.review_curve import review_curve
from llm_extract.evals.statistics import Difference, Estimate, difference, estimate, holm

COLUMNS: dict[str, str] = {
    "figure_f1": "figure F1",
    "claim_f1": "claim F1",
    "exact": "reports exact",
    "silent": "silent error rate",
    "review": "flagged or failed",
    "review_area": "review area",
    "invented": "invented",
    "omitted": "omitted",
    "seconds": "seconds",
    "tokens": "tokens",
    "cost": "dollars",
}
"""The columns of the leaderboard with their heads."""

COMPARED = ("claim_f1", "exact", "silent")
"""The measures whose differences to the best variant are shown beside those of the board."""

_LESS_IS_BETTER = {"silent", "invented", "omitted", "seconds", "tokens", "cost"}
_NEITHER = {"review"}
"""Many flags are no merit and few are none: what counts is whom they hit."""


TOKENS = Measure(
    "tokens",
    "tokens a report",
    False,
    lambda reading: (reading.tokens.prompt + reading.tokens.completion, 1),
    is_share=False,
)
"""All tokens of a reading, for one column and one axis."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value with its interval below it; `best` where no other row's value is better."""

    name: str
    value: float | None
    shown: str
    below: str
    best: bool = False


@dataclass(frozen=True, slots=True)
class Apart:
    """One variant beside the best by one measure, `p` adjusted for the number of variants."""

    variant: str
    found: Difference
    p: float | None

    @property
    def real(self) -> bool:
        """Whether chance hardly explains it."""
        return self.p is not None and self.p < ALPHA

    @property
    def words(self) -> str:
        """The difference with its interval, in one line."""
        between = self.interval_words
        return self.value_words + (f" ({between})" if between else "")

    @property
    def value_words(self) -> str:
        """The difference alone."""
        return signed(self.found.difference)

    @property
    def interval_words(self) -> str:
        """Its interval, empty where there is none."""
        return signed_interval(self.found.low, self.found.high)

    @property
    def p_words(self) -> str:
        """The adjusted p."""
        return p_value(self.p)


def token_estimates(results: EvalResults, rows: Sequence[Row]) -> list[Estimate]:
    """All tokens a report, a row of the board each."""
    return [estimate(TOKENS, results.of(row.variant.name).readings) for row in rows]


def board_cells(rows: Sequence[Row], tokens: Sequence[Estimate]) -> list[list[Cell]]:
    """The cells of the leaderboard, a list a row, best values marked."""
    table = [
        [_cell(row, name, spent) for name in COLUMNS]
        for row, spent in zip(rows, tokens, strict=True)
    ]
    if len(table) < 2:
        return table
    for place, name in enumerate(COLUMNS):
        if name in _NEITHER:
            continue
        known = [value for row in table if (value := row[place].value) is not None]
        best = min(known, default=None) if name in _LESS_IS_BETTER else max(known, default=None)
        for row in table:
            if best is not None and row[place].value == best:
                row[place] = replace(row[place], best=True)
    return table


def differences(results: EvalResults, rows: Sequence[Row]) -> dict[str, list[Apart]]:
    """Every variant beside the first row, by measure; empty lists where there is one variant."""
    if not rows:
        return {}
    best, *others = (results.of(row.variant.name).readings for row in rows)
    names = [row.variant.name for row in rows[1:]]
    headline = [Apart(row.variant.name, row.behind, row.p) for row in rows if row.behind]
    further = {name: _apart(name, names, best, others) for name in COMPARED}
    return {HEADLINE: headline, **further}


def glance(results: EvalResults, rows: Sequence[Row]) -> list[str]:
    """What a reader should take away, in a few sentences."""
    if not rows:
        return ["This run has no variant: nothing was read."]
    best = rows[0]
    lead = best.estimates[HEADLINE]
    if lead.value is None:
        return ["Figure F1 is undefined: neither gold nor any reading holds a figure."]
    between = interval(lead.low, lead.high)
    of = f"{lead.reports} {plural(lead.reports, 'report')}"
    said = [
        f"{best.variant.name} has {'the highest ' if len(rows) > 1 else 'a '}figure F1"
        f"{',' if len(rows) > 1 else ' of'} {number(lead.value)}"
        + (f" (95 % interval {between})" if between else " (no interval can be drawn)")
        + f", over {of}."
    ]
    if len(rows) > 1:
        said.append(_beaten(rows))
    said.append(f"Silent errors of {best.variant.name}: {_inside(silent_words(best.silent))}")
    return said


def review_words(each: VariantReadings) -> str:
    """What a desk gains that reviews whatever is flagged or failed."""
    curve = review_curve(each.readings)
    if not curve:
        return "No report is wrong, so there is nothing for a review to find."
    last = max((p for p in curve if p.by_findings), key=lambda p: p.review_rate)
    if not last.review_rate:
        return "Nothing is flagged: a desk that looks for errors has to pick by chance."
    return (
        f"Reviewing all that is flagged or failed ({percent(last.review_rate)} of reports) finds "
        f"{percent(last.error_recall)} of the wrong ones."
    )


def _cell(row: Row, name: str, tokens: Estimate) -> Cell:
    if name == "silent":
        rate = row.silent.rate.value
        return Cell(name, rate, number(rate), interval(row.silent.low, row.silent.high))
    if name == "review_area":
        return Cell(name, row.review_area, number(row.review_area), "")
    found = tokens if name == TOKENS.name else row.estimates[name]
    return Cell(name, found.value, number(found.value, name), interval(found.low, found.high, name))


def _apart(
    name: str, names: Sequence[str], best: Sequence[Reading], others: Sequence[Sequence[Reading]]
) -> list[Apart]:
    found = [difference(MEASURES[name], best, each) for each in others]
    adjusted = holm([each.p for each in found])
    return [Apart(*each) for each in zip(names, found, adjusted, strict=True)]


def _beaten(rows: Sequence[Row]) -> str:
    real = [row.variant.name for row in rows[1:] if row.p is not None and row.p < ALPHA]
    others = len(rows) - 1
    if not real:
        return (
            f"Chance alone could explain its lead over {'each of ' if others > 1 else ''}the other "
            f"{f'{others} variants' if others > 1 else 'variant'} (adjusted p not below {ALPHA:g})."
        )
    return (
        f"Its lead over {_listed(real)} is more than chance explains "
        f"({len(real)} of {others}; adjusted p below {ALPHA:g})."
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1])] * (len(names) > 1) + [names[-1]])


def _inside(sentence: str) -> str:
    """A sentence as it stands after a colon."""
    return sentence[:1].lower() + sentence[1:]
