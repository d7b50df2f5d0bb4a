"""How urgently a record should be looked at: one number from what is found in it; pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10

AN_ERROR, MOST_ERRORS = 100, 5
"""An error blocks acceptance: one of them outweighs any toll. From five on a record is misread as a
whole, and more of them say nothing new."""

A_WARNING, MOST_WARNINGS = 20, 5
"""Five warnings are as urgent as an error."""

BLAME = 40
"""A finding about perpetrators: who is accused weighs as much as how many died."""

TENFOLD = 30
"""Each factor of ten in the number of killed, since a wrong large figure is the one that is quoted;
9,999 killed and no finding come just below two errors."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What the risk of a record is told by; `blame`: a finding is about perpetrators."""

    errors: int
    warnings: int
    killed: int
    blame: bool


def risk_of(signs: Signs) -> int:
    """The risk, 0 and up; the higher, the sooner a record is shown."""
    return round(
        AN_ERROR * min(signs.errors, MOST_ERRORS)
        + A_WARNING * min(signs.warnings, MOST_WARNINGS)
        + BLAME * signs.blame
        + TENFOLD * log10(1 + max(signs.killed, 0))
    )
