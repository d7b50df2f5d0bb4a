"""Rule N01: counts that make sense in themselves."""

from __future__ import annotations

from collections.abc import Iterator

from llm_extract.intervals import bounds
from llm_extract.record import Finding, RecordCount
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import RuleInput, counts_of
from llm_extract.validators.wording import cut, found, named, operand, slot_words

POLICY_QUALIFIERS = frozenset({"about", "vague"})
"""Their bounds are a policy that a later version may change; all others follow from the number."""


def counts_make_sense(given: RuleInput) -> Iterator[Finding]:
    """N01: low <= high and as the qualifier says; a range has upper > value; vague has no value."""
    for held in given.held:
        for field, count in counts_of(held):
            for why in _faults(count):
                yield found(
                    "N01",
                    "error",
                    "extraction",
                    f'{slot_words(field)} "{cut(count.as_written, 30)}" of {named(held)} {why}',
                    claims=[held],
                    fields=[field],
                    operands=[operand(held, field, count)],
                )


def _faults(count: RecordCount) -> Iterator[str]:
    if count.qualifier == "vague" and count.value is not None:
        yield f"is vague and yet has the value {count.value}"
    if count.qualifier != "vague" and count.value is None:
        yield f"has no value though its qualifier is {count.qualifier.replace('_', ' ')}"
    if count.qualifier == "range" and count.upper is None:
        yield "is a range without an upper number"
    if count.upper is not None and count.value is not None and count.upper <= count.value:
        yield f"is a range whose upper number {count.upper} is not above {count.value}"
    if count.qualifier == "fewer_than" and count.value == 0:
        yield "is fewer than nobody"
    if count.high is not None and count.low > count.high:
        yield f"allows no number: {count.low} is more than {count.high}"
    elif (
        count.basis != "derived"
        and count.qualifier not in POLICY_QUALIFIERS
        and (count.low, count.high) != (implied := bounds(count))
    ):
        yield f"has the bounds {_span(count.low, count.high)} instead of {_span(*implied)}"


def _span(low: int, high: int | None) -> str:
    return f"{low} and up" if high is None else f"{low} to {high}"


RULES = (
    Rule(
        "N01",
        "low <= high; range has upper > value; vague has no value",
        "error",
        READING,
        "The bounds of about and vague are a versioned policy and are not recomputed.",
        counts_make_sense,
    ),
)
