"""What a rule is: its id and statement, how much a breach weighs, its exceptions, its check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from llm_extract.record import Finding, Severity
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
