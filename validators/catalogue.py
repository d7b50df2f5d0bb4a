"""The rule catalogue: every rule in order, the check that runs them, and the disposition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from llm_extract.numbers.mention import Ledger
from llm_extract.record import Finding, Record
from llm_extract.validators import (
    agreement,
    answers,
    arithmetic,
    binding,
    claimants,
    containment,
    coverage,
    facilities,
    grounding,
    injection,
    names,
    numbers,
    outcome_words,
    outcomes,
    parties,
    qualifiers,
    ratios,
    repetition,
    scopes,
    slots,
    times,
)
from llm_extract.validators.profiles import Profiles
from llm_extract.validators.rule import Rule
from llm_extract.validators.rule_input import FiguresAlone, RuleInput

FAMILIES = (
    agreement,
    answers,
    arithmetic,
    binding,
    claimants,
    containment,
    coverage,
    facilities,
    grounding,
    injection,
    names,
    numbers,
    outcome_words,
    outcomes,
    parties,
    qualifiers,
    ratios,
    repetition,
    scopes,
    slots,
    times,
)
"""Modules that declare rules, each in a tuple `RULES` of its own."""

ORDER = "GNATPRFCSX"
"""Families by the letter of their ids, as they are read: from the quote to the whole record."""

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (rule for family in FAMILIES for rule in family.RULES),
        key=lambda rule: (ORDER.index(rule.id[0]), rule.id),
    )
)
"""All rules in catalogue order."""

WITHOUT_TEXT = frozenset("N01 A01 A02 A03 A04 A05 A06 A07 A09 A10 T01 R01 R02 R03".split())
"""Rules that numbers and dates alone can break; all others look into the report's text."""

_PLACE = {rule.id: place for place, rule in enumerate(RULES)}


def rule(id: str) -> Rule:
    """The rule of an id; KeyError when the catalogue has none."""
    return RULES[_PLACE[id]]


def check(
    record: Record, text: str, ledger: Ledger, profiles: Profiles | None = None
) -> list[Finding]:
    """Everything the rules have to say about a record, in catalogue order.

    `text` is the report's stored text and `ledger` its numbers; `profiles` tell how claimants
    count, None being those of the package. Findings that the record already carries are not looked
    at, so a second check gives the same list; the order of the claims changes nothing. Never raises
    on a record of the schema.
    """
    return check_input(RuleInput(record, text, ledger, profiles))


def check_input(given: RuleInput) -> list[Finding]:
    """`check` for one who has the rules' input already."""
    findings = [finding for each in RULES for finding in each.check(given)]
    return sorted(findings, key=_order)


def check_without_text(record: Record, profiles: Profiles | None = None) -> list[Finding]:
    """What the rules of `WITHOUT_TEXT` say about figures whose report is not at hand.

    No count is called unread, since nobody looked: what does not add up is a contradiction of the
    figures with one another. Same order and laws as `check`.
    """
    given = FiguresAlone(record, "", Ledger("", ()), profiles)
    rules = (each for each in RULES if each.id in WITHOUT_TEXT)
    return sorted((finding for each in rules for finding in each.check(given)), key=_order)


def disposition(findings: Iterable[Finding]) -> Literal["clean", "flagged"]:
    """Flagged when there is any finding: an error blocks acceptance, a warning goes to review."""
    return "flagged" if any(True for _ in findings) else "clean"


def _order(finding: Finding) -> tuple[object, ...]:
    ids = [(len(claim), claim) for claim in finding.claims]
    places = [-1 if o.start is None else o.start for o in finding.operands]
    return _PLACE[finding.rule], ids, places, finding.fields, finding.message
