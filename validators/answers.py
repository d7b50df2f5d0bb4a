"""Rule C02: every passage that a model was asked about has an answer that passed its schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from llm_extract.record import Attempt, Finding
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.wording import cut, found

WORDS_SHOWN = 60


def passages_are_answered(given: RuleInput) -> Iterator[Finding]:
    """C02: the last attempt of each request was accepted; a passage may have had several requests.

    A reply that is cut or refused leaves questions open: what was asked is then read by rule alone,
    and a person should look.
    """
    provenance = given.record.provenance
    last: dict[tuple[str, int], Attempt] = {}
    requests: Counter[str] = Counter()
    for attempt in provenance.attempts if provenance is not None else ():
        requests[attempt.passage] += attempt.number == 1
        last[attempt.passage, requests[attempt.passage]] = attempt
    unanswered = dict.fromkeys(p for (p, _), attempt in last.items() if attempt.error is not None)
    for passage in unanswered:
        start = passage.partition(":")[0]
        words = given.text[int(start) :][:WORDS_SHOWN] if start.isdecimal() else passage
        yield found(
            "C02",
            "warning",
            "extraction",
            f"the model gave no usable answer about the passage that begins {cut(words)!r}",
        )


RULES = (
    Rule(
        "C02",
        "every passage that a model was asked about has an answer that passed its schema",
        "warning",
        READING,
        "Records that no model was asked for.",
        passages_are_answered,
    ),
)
