"""Readings made by hand, for tests of what is done with many of them."""

from __future__ import annotations

from typing import Any

from llm_extract.evals.results import Found, Reading
from llm_extract.evals.scores import Rate, ReportScore, Tally
from llm_extract.record import Tokens


def reading(
    report: str,
    *,
    repeat: int = 1,
    figures: tuple[int, int, int] = (10, 10, 10),
    rules: tuple[tuple[str, Any], ...] = (),
    disposition: Any = None,
    **fields: Any,
) -> Reading:
    """A reading whose figures have so many hits, gold and predicted items; exact if all are."""
    exact = figures[0] == figures[1] == figures[2]
    state = disposition or ("flagged" if rules else "clean")
    score = ReportScore(
        claims=Tally(*figures),
        figures=Tally(*figures),
        subgroups=Tally(),
        facilities=Tally(),
        invented=Rate(0, figures[2]),
        omitted=Rate(figures[1] - figures[0], figures[1]),
        attributes={},
        exact=exact and state != "failed",
        failed=state == "failed",
        silent=not exact and state == "clean",
    )
    known: dict[str, Any] = {
        "failure": None,
        "seconds": 1.0,
        "calls": 1,
        "reasks": 0,
        "tokens": Tokens(prompt=100, cached=40, completion=20),
        "cost": None,
    }
    return Reading(
        report=report,
        repeat=repeat,
        disposition=state,
        findings=[Found(rule=rule, severity=severity) for rule, severity in rules],
        score=score,
        **{**known, **fields},
    )
