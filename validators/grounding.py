"""Rules G01 and G02: the quotes and numbers of a record stand in the text."""

from __future__ import annotations

from collections.abc import Iterator

from llm_extract.record import Finding
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import (
    RuleInput,
    counts_of,
    stands_at,
)
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
    for held in given.held:
        for quote in held.evidence:
            if not stands_at(given.text, quote):
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
    for held in given.held:
        for field, count in counts_of(held):
            if count.basis != "derived" and not given.is_grounded(held, count):
                yield found(
                    "G02",
                    "error",
                    "extraction",
                    f"{slot_words(field)}: {spoken(count)} is not read in any quote of "
                    f"{named(held)}",
                    claims=[held],
                    fields=[field],
                    operands=[operand(held, field, count)],
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
