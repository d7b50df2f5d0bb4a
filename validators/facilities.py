"""Rule F01: a claim counts people, not places, attacks, munitions, vehicles or families."""

from __future__ import annotations

from collections.abc import Iterator

from llm_extract.lexicon import Noun
from llm_extract.numbers.mention import Mention
from llm_extract.record import Finding, RecordClaim
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.terms import Row, Term, says
from llm_extract.validators.wording import cut, found, named, operand, slot_words, spoken

NO_PEOPLE = frozenset(
    {"attack", "munition", "vehicle", "animal", "family", "rescue", "money", "measure", "time"}
)
"""Things of the lexicon that are never people; "cases" or "groups" may stand for them."""


def claims_count_people(given: RuleInput) -> Iterator[Finding]:
    """F01: the noun beside the number of a claim is no facility and no thing.

    A count without a place in the text is judged by all equal numbers of its quotes: it is a fault
    only if none of them can be people.
    """
    for row, term in _suspects(given):
        nouns = [given.noun_beside(mention) for mention in _sources(given, row, term)]
        others = [noun for noun in nouns if noun is not None and _is_no_person(noun)]
        if not others or len(others) < len(nouns):
            continue
        if any(row.held.outcome in given.outcomes_of(noun) for noun in others):
            continue
        yield found(
            "F01",
            "error",
            "extraction",
            f"{slot_words(term.field)}: {spoken(term.count)} of {named(row.held)} counts "
            f'"{cut(_first(others).form, 30)}" in the report, not people',
            claims=[row.held],
            fields=[term.field],
            operands=[operand(row.held, term.field, term.count)],
        )


def _suspects(given: RuleInput) -> list[tuple[Row[RecordClaim], Term]]:
    """Counts beside a noun of things, and those that were read nobody knows where."""
    suspects = [(row, term) for row, term, _, noun in given.beside_nouns if _is_no_person(noun)]
    for row in given.claims:
        for term in row.terms.values():
            if term.source is None:
                suspects.append((row, term))
    return suspects


def _is_no_person(noun: Noun) -> bool:
    return noun.role == "facility" or (noun.role == "thing" and noun.label in NO_PEOPLE)


def _sources(given: RuleInput, row: Row[RecordClaim], term: Term) -> list[Mention]:
    """The mentions that a count may have been read from."""
    count, there = term.count, term.there
    if count.basis == "derived" or count.value == 0:
        return []
    if there is not None:
        return [there] if there is term.source or says(there, count) else []
    return [mention for mention in given.quoted(row) if says(mention, count)]


def _first(nouns: list[Noun]) -> Noun:
    return min(nouns, key=lambda noun: noun.start)


RULES = (
    Rule(
        "F01",
        "numbers of facilities, attacks, rescues, munitions, vehicles and families are not in a "
        "Claim",
        "error",
        READING,
        'A number without a known noun; what happened to each of the people ("422 arrests" are '
        "422 detained); a count without a place in the text while one equal number of its quotes "
        "may be people.",
        claims_count_people,
    ),
)
