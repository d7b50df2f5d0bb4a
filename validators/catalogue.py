"""The rule catalogue: every rule in order, the check that runs them, and the disposition."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from llm_extract.numbers.mention import Ledger
from llm_extract.record import Finding, Record, Severity
from llm_extract.validators import (
    answers,
    arithmetic,
    containment,
    coverage,
    facilities,
    grounding,
    numbers,
    repetition,
)
from llm_extract.validators.rule_input import RuleInput

READING = "extraction: the record differs from the text"
SUMS = (
    "extraction where a number of the sum is not read in its claim's quotes, contradiction where "
    "all are printed there"
)
OPEN_BOUND = (
    'An open bound ("at least 35") leaves nothing to check: the printed numbers are compared, and '
    "what does not fit is a warning."
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it states, how much a breach weighs, what kind it is and what it excepts.

    `severity` is the gravest that its findings have. `check` is a pure function of the record, the
    text and the ledger; it never raises.
    """

    id: str
    statement: str
    severity: Severity
    kind: str
    exceptions: str
    check: Callable[[RuleInput], Iterable[Finding]]


RULES: tuple[Rule, ...] = (
    Rule(
        "G01",
        "every evidence quote stands verbatim in the report (white space folded)",
        "error",
        READING,
        "None.",
        grounding.quotes_stand,
    ),
    Rule(
        "G02",
        "every printed count is read, by the ledger, inside one of its claim's quotes",
        "error",
        READING,
        "Derived counts are code's own. People listed one by one may be a run of numbers that sum "
        "to the count, or words of a quote that are no fewer than the people. A zero stands where "
        "its denying words do.",
        grounding.counts_are_read,
    ),
    Rule(
        "G03",
        "every count of the ledger is bound to a claim or facility, or listed as not about people "
        "or places",
        "warning",
        READING,
        "Numbers of things; numbers that no casualty word governs or that the report corrects "
        '("earlier reported 12"); a counted word ("a doctor") inside a quote, without a casualty '
        "word beside it or as the one who acts.",
        grounding.mentions_are_bound,
    ),
    Rule(
        "G04",
        "one mention feeds one slot (of one outcome)",
        "error",
        READING,
        'A slice of one group ("14 children") feeds its total and its group; a claim and the '
        "casualties that contain it may share a number; so may slots whose quotes hold as many "
        "equal numbers.",
        grounding.mentions_feed_one_slot,
    ),
    Rule(
        "N01",
        "low <= high; range has upper > value; vague has no value",
        "error",
        READING,
        "The bounds of about and vague are a versioned policy and are not recomputed.",
        numbers.counts_make_sense,
    ),
    Rule(
        "A01",
        "each part <= total (children, women, men, each subgroup)",
        "error",
        SUMS,
        OPEN_BOUND,
        arithmetic.parts_within_total,
    ),
    Rule(
        "A02",
        "children + women + men <= total",
        "error",
        SUMS,
        f"{OPEN_BOUND} A claimant may count girls as children and as women: where girls are "
        "stated and counting them once closes the sum, a warning.",
        arithmetic.sexes_and_ages_within_total,
    ),
    Rule(
        "A03",
        "parts printed as complete (men, women and children all given after a total) sum to the "
        "total",
        "warning",
        SUMS,
        "A total that code derived; a sum above the total is A02's.",
        arithmetic.complete_parts_reach_total,
    ),
    Rule(
        "A04",
        "boys + girls <= children; infants <= children",
        "error",
        SUMS,
        OPEN_BOUND,
        arithmetic.minors_within_children,
    ),
    Rule(
        "A05",
        "claims part_of the same claim along one dimension (party, place, weapon, day) sum to <= "
        "the parent, for total and for each of children, women, men",
        "error",
        SUMS,
        f"{OPEN_BOUND} Siblings that share a party, place, weapon or day (joint attacks) are not "
        "summed with one another; nor are those that inherit the parent's.",
        containment.siblings_within_parent,
    ),
    Rule(
        "A06",
        "a part_of child has the parent's claimant, an outcome the parent's can contain, and lies "
        "inside its period; no part_of circle",
        "error",
        READING,
        "A part that states no claimant or date inherits it, and a parent in the report's own "
        "voice may have a named part. Places are not compared: names don't tell whether a town "
        "lies in a region.",
        containment.parts_fit_their_parents,
    ),
    Rule(
        "R02",
        "no exact duplicate claim",
        "error",
        READING,
        "Equal slices of two different claims, which inherit what tells them apart.",
        repetition.no_exact_duplicates,
    ),
    Rule(
        "F01",
        "numbers of facilities, attacks, rescues, munitions, vehicles and families are not in a "
        "Claim",
        "error",
        READING,
        "A number without a known noun; a count without a place in the text while one equal "
        "number of its quotes may be people.",
        facilities.claims_count_people,
    ),
    Rule(
        "C01",
        "casualty words with a count and no claim (silent omission); a claim where the report has "
        "no casualty word",
        "error",
        READING,
        "A sentence that only repeats numbers of a claim, or whose numbers are corrected by the "
        "report or listed as not about people; languages without a table of casualty words.",
        coverage.casualties_are_claimed,
    ),
    Rule(
        "C02",
        "every passage that a model was asked about has an answer that passed its schema",
        "warning",
        READING,
        "Records that no model was asked for.",
        answers.passages_are_answered,
    ),
)
"""All rules in catalogue order."""

_PLACE = {rule.id: place for place, rule in enumerate(RULES)}


def rule(id: str) -> Rule:
    """The rule of an id; KeyError when the catalogue has none."""
    return RULES[_PLACE[id]]


def check(record: Record, text: str, ledger: Ledger) -> list[Finding]:
    """Everything the rules have to say about a record, in catalogue order.

    `text` is the report's stored text and `ledger` its numbers. Findings that the record already
    carries are not looked at, so a second check gives the same list; the order of the claims
    changes nothing. Never raises on a record of the schema.
    """
    given = RuleInput(record, text, ledger)
    findings = [finding for each in RULES for finding in each.check(given)]
    return sorted(findings, key=_order)


def disposition(findings: Iterable[Finding]) -> Literal["clean", "flagged"]:
    """Flagged when there is any finding: an error blocks acceptance, a warning goes to review."""
    return "flagged" if any(True for _ in findings) else "clean"


def _order(finding: Finding) -> tuple[object, ...]:
    ids = [(len(claim), claim) for claim in finding.claims]
    places = [-1 if o.start is None else o.start for o in finding.operands]
    return _PLACE[finding.rule], ids, places, finding.fields, finding.message
