"""How findings speak: claims, counts and operands in the words of an analyst, never in code names.

Words of the report enter a message folded and cut, as plain text; whoever shows it escapes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from llm_extract.record import (
    Finding,
    FindingKind,
    Operand,
    RecordCount,
    RecordFacility,
    Severity,
)
from llm_extract.validators.terms import Held, folded

LONGEST_NAME: Final = 60
"""Characters of a claimant or phrase that a message shows: one line of a terminal holds two."""

QUALIFIER_WORDS: Final = {
    "at_least": "at least ",
    "more_than": "more than ",
    "at_most": "at most ",
    "fewer_than": "fewer than ",
    "about": "about ",
}


def found(
    rule: str,
    severity: Severity,
    kind: FindingKind,
    message: str,
    *,
    claims: Sequence[Held] = (),
    fields: Sequence[str] = (),
    operands: Sequence[Operand] = (),
) -> Finding:
    """A finding about the given claims and facilities, each named once, in the order given."""
    return Finding(
        rule=rule,
        severity=severity,
        kind=kind,
        claims=list(dict.fromkeys(held.id for held in claims)),
        fields=list(dict.fromkeys(fields)),
        operands=list(operands),
        message=message,
        suggestions=[],
    )


def operand(held: Held, field: str, count: RecordCount) -> Operand:
    """A count of a claim as an operand of a finding."""
    return Operand(
        claim=held.id,
        field=field,
        low=count.low,
        high=count.high,
        as_written=count.as_written,
        start=count.start,
        end=count.end,
    )


def cut(words: str, longest: int = LONGEST_NAME) -> str:
    """Words of the report on one line, at most `longest` characters."""
    line = folded(words)
    if not line.isprintable():
        line = "".join(c if c.isprintable() else " " for c in line)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def named(held: Held) -> str:
    """A claim in words: "killed according to the Red Cross (c2)"."""
    what = f"facilities {held.effect}" if isinstance(held, RecordFacility) else held.outcome
    whose = f" according to {cut(held.claimant)}" if held.claimant else ""
    return f"{what}{whose} ({held.id})"


def slot_words(field: str) -> str:
    """A slot name in words: "subgroups.medical_workers.2" is "medical workers"."""
    name = field.removeprefix("subgroups.").partition(".")[0]
    return name.replace("_", " ")


def spoken(count: RecordCount) -> str:
    """A count as one says it: "at least 35", "15 to 17", "dozens"."""
    if count.value is None:
        return cut(count.as_written, 30)
    number = str(count.value) if count.upper is None else f"{count.value} to {count.upper}"
    return QUALIFIER_WORDS.get(count.qualifier, "") + number


def listed(words: Sequence[str]) -> str:
    """Words joined as in a sentence: "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
