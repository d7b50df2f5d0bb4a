"""The audit: whether the log is whole, and whether the store says what the log says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from llm_extract.review.content import sha256_of
from llm_extract.review.log import FIRST, Entry, entry_of, fault_of, rows_of
from llm_extract.review.states import DECIDED
from llm_extract.store.engine import transaction
from llm_extract.store.review_tables import (
    review_cases,
    review_decisions,
    review_log,
    review_versions,
)
from llm_extract.store.tables import records

MOST_PROBLEMS = 20
"""Problems that are told; a log that was written anew has one for each row."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What an audit found: how many rows, the hash of the last one, and a line a problem."""

    rows: int
    head: str
    problems: tuple[str, ...]


@dataclass(slots=True)
class _Told:
    """What the log says of the rest of the store."""

    states: dict[int, tuple[str, str]]
    versions: dict[int, str]
    decisions: dict[int, tuple[str, str, str]]
    decided: dict[int, set[str]]
    predictions: dict[int, str]


def verify(
    engine: Engine,
    on_progress: Callable[[int, int], None] | None = None,
    expected: str | None = None,
) -> Verification:
    """Check each row of the log, and states, versions and decisions against what the log tells.

    `on_progress` is told rows done and rows in all; `expected` is the hash of an earlier audit,
    which must stand in the log. Raises StoreError on trouble with the store.
    """
    with transaction(engine) as connection:
        total = connection.execute(select(func.count()).select_from(review_log)).scalar_one()
    told = _Told({}, {}, {}, {}, {})
    problems: list[str] = []
    number, previous = 0, FIRST
    found = expected in (None, FIRST)
    for row in rows_of(engine):
        number += 1
        fault = fault_of(row, number, previous) or _heard(told, row)
        if fault is not None:
            problems.append(fault)
        number, previous = row.number, row.hash
        found = found or row.hash == expected
        if on_progress is not None and number % 1000 == 0:
            on_progress(number, total)
        if len(problems) >= MOST_PROBLEMS:
            found = True  # or not: it may stand in the rest
            break
    else:
        with transaction(engine) as connection:
            for problem in _departures(connection, told):
                problems.append(problem)
                if len(problems) >= MOST_PROBLEMS:
                    break
    if not found:
        problems.append(
            "the hash that was expected is none of this log: it was cut off or rewritten"
        )
    return Verification(number, previous, tuple(problems))


def _heard(told: _Told, row: Any) -> str | None:
    """Note what a row tells; why it cannot be read, in one line, since no row of ours is such."""
    try:
        _listen(told, entry_of(row))
    except (ValueError, TypeError, KeyError, AttributeError):
        return f"row {row.number} is none that this program writes: it was put in"
    return None


def _listen(told: _Told, entry: Entry) -> None:
    if entry.case_pk is None or not isinstance(entry.after, dict):
        return
    after = entry.after
    if "state" in after:
        told.states[entry.case_pk] = (after["state"], after["stage"])
    if entry.action == "open":
        told.predictions[entry.case_pk] = after["record"]
    for pk, sha256 in after.get("versions", {}).items():
        told.versions[int(pk)] = sha256
    if "decision" in after:
        told.decisions[after["decision"]] = (entry.who, after["verdict"], after["sha256"])
        told.decided.setdefault(entry.case_pk, set()).add(after["sha256"])


def _departures(connection: Connection, told: _Told) -> Iterator[str]:
    """Where the store differs from its log, a line each."""
    names = ("pk", "state", "stage", "current")
    cases = select(*(review_cases.c[name] for name in names), records.c.json).join(
        records, records.c.pk == review_cases.c.record_pk
    )
    for case in connection.execute(cases):
        said = told.states.get(case.pk)
        if said != (case.state, case.stage):
            yield f"case {case.pk} is {case.state} ({case.stage}), the log says {_state(said)}"
        elif not _is_on(told, case.pk, case.state, case.current):
            yield f"case {case.pk} does not hold what was decided on"
        if told.predictions.get(case.pk) != sha256_of(case.json):
            yield f"the prediction of case {case.pk} was changed after it became a case"
    for version in connection.execute(select(review_versions)):
        if told.versions.get(version.pk) != version.sha256:
            yield f"version {version.pk} of case {version.case_pk} is not the one of the log"
        elif sha256_of(version.json) != version.sha256:
            yield f"version {version.pk} of case {version.case_pk} was changed after it was made"
    found: set[int] = set()
    for one in connection.execute(select(review_decisions)):
        found.add(one.pk)
        if told.decisions.get(one.pk) != (one.who, one.verdict, one.sha256):
            yield f"decision {one.pk} of case {one.case_pk} is not the one of the log"
        elif not _is_on(told, one.case_pk, one.verdict, one.version_pk, one.sha256):
            yield f"decision {one.pk} of case {one.case_pk} is not on the version of the log"
    for gone in sorted(told.decisions.keys() - found):
        yield f"decision {gone} stands in the log and no longer in the store"


def _is_on(
    told: _Told, case: int, state: str, version: int | None, sha256: str | None = None
) -> bool:
    """Whether what is decided is on a content that was decided on: on this one, where one is said.

    Without a version it is on the prediction, which nothing corrected can be.
    """
    if state not in DECIDED and sha256 is None:
        return True
    if version is None:
        return state != "corrected"
    decided = told.decided.get(case, set()) if sha256 is None else {sha256}
    return told.versions.get(version) in decided


def _state(said: tuple[str, str] | None) -> str:
    return "nothing of it" if said is None else f"{said[0]} ({said[1]})"
