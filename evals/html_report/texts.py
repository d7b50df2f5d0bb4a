"""What the page says in words: the definition of every measure, and numbers as a reader sees them.

An undefined value is a dash wherever a number would stand, never 0.
"""

from __future__ import annotations

from llm_extract.evals.matching import Figure
from llm_extract.evals.measures import ATTRIBUTES, COSTS
from llm_extract.evals.scores import Bound
from llm_extract.evals.statistics import Estimate

UNDEFINED = "–"

DEFINITIONS: dict[str, str] = {
    "figure_f1": (
        "Harmonic mean of precision and recall over figures. A figure is one slot (total, "
        "children, women or men) of a claim with its value; claims of a reading are paired with "
        "gold claims first. The headline."
    ),
    "claim_f1": (
        "The same over whole claims: outcome and the values of total, children, women and men "
        "must all be equal, silence included."
    ),
    "exact": (
        "Share of reports in which every claim, subgroup and facility is right and none is added."
    ),
    "silent": (
        "Share of reports that are wrong without failing and that no finding flags: what would "
        "pass a desk unseen. With its exact (Clopper-Pearson) bound, of the first repeat."
    ),
    "review": "Share of reports that go to a person: flagged by a finding, or failed.",
    "review_area": (
        "Area below the curve of wrong reports found against reports reviewed, taken in the order "
        "of their findings. 0.5 is chance; undefined where no report is wrong."
    ),
    "error_recall": "Share of the wrong reports that are flagged or failed.",
    "invented": (
        "Share of the printed counts of a reading whose number stands nowhere in its report."
    ),
    "omitted": (
        "Share of gold figures whose slot is empty in the reading, or whose claim has no "
        "counterpart."
    ),
    "facility_f1": "F1 over counts of places attacked, damaged or destroyed.",
    "subgroup_f1": "F1 over named subgroups of a total, such as medical workers.",
    "failed": "Share of reports that gave no record. A failed report counts as wrong.",
    "seconds": "Wall time a report, mean.",
    "calls": "Requests to the model a report, mean.",
    "reasks": "Requests repeated because a reply did not fit the schema, a report, mean.",
    "tokens": "Tokens to and from the model a report, mean, those served from a cache included.",
    "tokens_in": "Tokens sent to the model a report, mean.",
    "tokens_cached": "Of these, tokens served from the server's cache.",
    "tokens_out": "Tokens that the model wrote a report, mean.",
    "cost": "Dollars a report at the model's listed price, mean; undefined where none is known.",
    **{
        each.name: f"Share of right pairs of claims in which {each.name.replace('_', ' ')} agrees."
        for each in ATTRIBUTES
    },
}
"""By name of the measure (`evals.measures`), and the area of the review curve."""

STATES: dict[str, str] = {
    "right": "right",
    "over": "right, yet flagged",
    "caught": "wrong, flagged",
    "silent": "wrong, nothing flagged",
    "failed": "failed",
}
"""How one reading of one report ended, in the words of the page."""


def number(value: float | None, name: str = "") -> str:
    """A value as a reader sees it: shares with two digits, costs with what they need."""
    if value is None:
        return UNDEFINED
    if name in _COSTS:
        return _cost(value, name)
    return f"{value:.2f}"


def interval(low: float | None, high: float | None, name: str = "") -> str:
    """`0.79–0.91`, empty where there is none; nothing measured here is negative."""
    if low is None or high is None:
        return ""
    return f"{number(low, name)}–{number(high, name).removeprefix('$')}"


def signed(value: float | None) -> str:
    """A difference with its sign, a true minus included."""
    if value is None:
        return UNDEFINED
    return f"{value:+.2f}".replace("-", "−") if round(value, 2) else "0.00"


def signed_interval(low: float | None, high: float | None) -> str:
    """`−0.12 to +0.03`, empty where there is none."""
    return "" if low is None or high is None else f"{signed(low)} to {signed(high)}"


def p_value(p: float | None) -> str:
    """A p value with two digits, no smaller than the permutations can show."""
    if p is None:
        return UNDEFINED
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.01 else f"{p:.2f}"


def percent(share: float | None) -> str:
    """A share in whole percent."""
    return UNDEFINED if share is None else f"{100 * share:.0f} %"


def estimate_words(each: Estimate, name: str = "") -> str:
    """A value with its interval in brackets, for a tooltip or a sentence."""
    if each.value is None:
        return "undefined"
    between = interval(each.low, each.high, name)
    return number(each.value, name) + (f" ({between})" if between else " (no interval)")


def silent_words(silent: Bound) -> str:
    """What the silent error rate says about the next report, in one sentence."""
    hits, of = silent.rate.hits, silent.rate.of
    if not of or silent.low is None or silent.high is None:
        return "No report was read, so nothing can be said of silent errors."
    wrong = "none is" if not hits else f"{hits} {'is' if hits == 1 else 'are'}"
    return (
        f"Of {of} {plural(of, 'report')}, {wrong} wrong with nothing flagged "
        f"({percent(hits / of)}); with {percent(silent.confidence)} confidence the rate lies "
        f"between {percent(silent.low)} and {percent(silent.high)}."
    )


def figure_words(figure: Figure | None) -> str:
    """A figure of a claim: its value, its range, or that the words are vague."""
    if figure is None:
        return UNDEFINED
    if figure.value is None:
        return "vague" if figure.upper is None else f"up to {figure.upper:,}"
    return f"{figure.value:,}" + ("" if figure.upper is None else f"–{figure.upper:,}")


def plural(count: int, noun: str) -> str:
    """The noun, with an s unless there is one of it."""
    return noun if count == 1 else f"{noun}s"


_COSTS = {each.name for each in COSTS} | {"tokens"}


def _cost(value: float, name: str) -> str:
    if name == "cost":
        return f"${value:.2f}" if value >= 1 or value == 0 else f"${value:.2g}"
    if name.startswith("tokens"):
        return f"{value:,.0f}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}" if value < 1 else f"{value:.1f}"
