"""Rules G01 and G02: the quotes and numbers of a record stand in the text."""

from __future__ import annotations

from collections.abc import Iterator

from llm_extract.record import Finding
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import RuleInput, stands_at
from llm_extract.validators.wording import (
    cut,
    found,
    named,
    operand,
    slot_words,
    spoken,
)


def quotes_stand(given: RuleInput) -> Iterator[Finding]:
    """G01: every quote is located and reads the same there, white space folded."""
    text = given.text
    for held in given.held:
        for quote in held.evidence:
            if not stands_at(text, quote):
                yield found(
                    "G01",
                    "error",
                    "extraction",
                    f'quote of {named(held)} does not stand in the report: "{cut(quote.quote)}"',
                    claims=[held],
                    fields=["evidence"],
                )


def counts_are_read(given: RuleInput) -> Iterator[Finding]:
    """G02: the ledger reads every count, unless code derived it, inside a quote of its claim."""
    for term in given.unusual:
        if term.count.basis == "derived" or given.is_grounded(term):
            continue
        yield found(
            "G02",
            "error",
            "extraction",
            f"{slot_words(term.field)}: {spoken(term.count)} is not read in any quote of "
            f"{named(term.held)}",
            claims=[term.held],
            fields=[term.field],
            operands=[operand(term.held, term.field, term.count)],
        )


RULES = (
    Rule(
        "G01",
        "every evidence quote stands verbatim in the report (white space folded)",
        "error",
        READING,
        "None.",
        quotes_stand,
    ),
    Rule(
        "G02",
        "every printed count is read, by the ledger, inside one of its claim's quotes",
        "error",
        READING,
        "Derived counts are code's own. People listed one by one may be a run of numbers that sum "
        "to the count, or words of a quote that are no fewer than the people. A zero stands where "
        "its denying words do.",
        counts_are_read,
    ),
)
