"""Arriving: what comes back from other tools, planned first and shown, then put into the cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, select

from llm_extract.errors import ChangeError, RecordsError, ReviewError
from llm_extract.review.cases import Case, Cases
from llm_extract.review.content import Content
from llm_extract.review.deciding import ledger_of, refuse_ended, refuse_unfit
from llm_extract.review.differences import Difference, differences
from llm_extract.review.exchange.marks import content_from
from llm_extract.review.exchange.tasks import Fault, Returned
from llm_extract.review.filters import Filters
from llm_extract.review.states import Reviewer
from llm_extract.review.work import Desk
from llm_extract.store.engine import transaction
from llm_extract.store.review_tables import review_cases

_TELLING = frozenset({"aside", "accepted", "quotes"})


@dataclass(frozen=True, slots=True)
class CaseChange:
    """What becomes of a case: its new content, each difference, and a note if there is one."""

    case: int
    version: int
    report_id: str
    content: Content
    differences: tuple[Difference, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change, what cannot, and how many rows or tasks say nothing new."""

    changes: tuple[CaseChange, ...]
    conflicts: tuple[Fault, ...]
    unchanged: int


def case_numbers(engine: Engine, filters: Filters) -> list[int]:
    """The cases that filters show, in the order they came. Raises StoreError on trouble."""
    with transaction(engine) as connection:
        conditions = filters.conditions(engine.dialect)
        query = select(review_cases.c.pk).where(*conditions).order_by(review_cases.c.pk)
        return list(connection.execute(query).scalars())


def open_case(cases: Cases, pk: int, version: int, who: Reviewer) -> Case:
    """The case that a row or task is about, if it can be changed by them as it was exported.

    Raises ReviewError (no_case, stale, held, decided, superseded, not_yours).
    """
    case = cases.get(pk)
    refuse_ended(case)
    if case.version != version:
        raise ReviewError(
            f"case {pk} was changed since it was exported: export it again", code="stale"
        )
    refuse_unfit(case, who)
    is_held = case.held_until is not None and case.held_until > datetime.now(UTC)
    if case.holder not in (None, who.name) and is_held:
        raise ReviewError(f"case {pk} is open with {case.holder}: import it later", code="held")
    return case


def plan_tasks(cases: Cases, tasks: Iterable[Returned | Fault], who: Reviewer) -> Plan:
    """What tasks that came back from an annotation tool would change."""
    changes: dict[int, CaseChange] = {}
    conflicts: list[Fault] = []
    unchanged = 0
    for task in tasks:
        if isinstance(task, Fault):
            conflicts.append(task)
            continue
        try:
            change = _change(cases, task, who)
        except (ReviewError, RecordsError, ChangeError) as error:
            conflicts.append(Fault(task.where, str(error)))
            continue
        if change is None:
            unchanged += 1
        elif change.case in changes:
            conflicts.append(
                Fault(task.where, f"case {change.case} is answered a second time: leave one")
            )
        else:
            changes[change.case] = change
    return Plan(tuple(changes.values()), tuple(conflicts), unchanged)


def _change(cases: Cases, task: Returned, who: Reviewer) -> CaseChange | None:
    """What a task says anew; None when it says what the case says, or nobody answered it."""
    if not task.answers:
        return None
    case = open_case(cases, task.case, task.version, who)
    if task.text != case.text:
        raise RecordsError(f"its text is not the one of case {case.pk}: export it again")
    ledger = ledger_of(case)
    new: list[Content] = []
    for answer in task.answers:
        content = content_from(answer, case.text, ledger)
        if all(differences(content, other) for other in (case.content, *new)):
            new.append(content)
    if len(new) > 1:
        raise RecordsError(
            f"{len(new)} people answered case {case.pk} differently: leave one answer"
        )
    if not new:
        return None
    found = tuple(differences(case.content, new[0]))
    return CaseChange(case.pk, case.version, case.report_id, new[0], found)


def apply_plan(desk: Desk, plan: Plan, who: Reviewer, why: str) -> tuple[int, list[Fault]]:
    """Put what was planned into the cases, each as one step that can be undone; not decided yet.

    Returns how many were changed, and what could not be since the plan was made.
    """
    done = 0
    faults: list[Fault] = []
    for change in plan.changes:
        try:
            _put(desk, change, who, why)
        except ReviewError as error:
            faults.append(Fault(f"case {change.case}", str(error)))
        else:
            done += 1
    return done, faults


def _put(desk: Desk, change: CaseChange, who: Reviewer, why: str) -> None:
    case = desk.take(change.case, who)
    was_theirs = case.version == change.version  # else taking was one step
    try:
        if not was_theirs and case.version != change.version + 1:
            raise ReviewError("it was changed meanwhile: export it again", code="stale")
        if change.differences:
            desk.replace(change.case, who, change.content, why, case.version)
    finally:
        if not was_theirs:
            desk.release(change.case, who)
    if change.note:
        desk.note(change.case, who, change.note)


def figures_first(found: Sequence[Difference]) -> list[Difference]:
    """The differences that people look at, figures before all else."""
    return sorted(
        (each for each in found if each.field not in _TELLING), key=lambda each: not each.figure
    )
