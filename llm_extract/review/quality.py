"""The numbers of the dashboard: what review has shown about records and rules, and how it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, or_, select

from llm_extract.evals.scores import Bound, Rate, clopper_pearson
from llm_extract.review.pace import Pace, pace
from llm_extract.review.sampling import SampleReason
from llm_extract.review.states import DECIDED, State
from llm_extract.review.two_reviewers import TwoReviewers, two_reviewers
from llm_extract.review.waiting import Waiting, waiting
from llm_extract.store.engine import transaction
from llm_extract.store.review_tables import review_cases, review_decisions, review_rulings

KEPT_SECONDS = 30.0
"""How old the numbers may be, since all reviewers look at the same."""

DRAWN: SampleReason = "drawn"


@dataclass(frozen=True, slots=True)
class SilentErrors:
    """Of the clean records that were drawn and decided on, those that had a figure wrong.

    `undecided` were drawn and are not decided on yet. Nobody knows what the `unjudged` ones say:
    they were rejected for something else than what was read in them.
    """

    share: Bound
    undecided: int
    unjudged: int


@dataclass(frozen=True, slots=True)
class SilentErrorsOf:
    """The share of silent errors of one model with one prompt."""

    model: str
    prompt: str
    share: Bound


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """How often a rule was right: its findings led to a correction or to an error in the source
    itself, and were no false alarm. The `ignored`, of which nobody said anything, count as neither.
    """

    rule: str
    right: Bound
    fixed: int
    source: int
    false_alarms: int
    ignored: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """All that the dashboard shows; shares are undefined (None) where nothing was looked at."""

    made: datetime
    states: dict[State, int]
    silent: SilentErrors
    silent_by_prompt: tuple[SilentErrorsOf, ...]
    rules: tuple[RuleRecord, ...]
    waiting: Waiting
    pace: Pace
    two: TwoReviewers


class Quality:
    """The numbers of a store; they are made anew after some seconds."""

    def __init__(
        self, engine: Engine, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._lock = Lock()
        self._kept: Numbers | None = None

    def numbers(self) -> Numbers:
        """The numbers. Raises StoreError on trouble with the store."""
        with self._lock:
            now, kept = self._clock(), self._kept
            if kept is None or (now - kept.made).total_seconds() >= KEPT_SECONDS:
                with transaction(self._engine) as connection:
                    kept = self._kept = _numbers(connection, now)
            return kept


def _numbers(connection: Connection, now: datetime) -> Numbers:
    silent, by_prompt = _silent(connection)
    states = select(review_cases.c.state, func.count()).group_by(review_cases.c.state)
    return Numbers(
        made=now,
        states={row[0]: row[1] for row in connection.execute(states)},
        silent=silent,
        silent_by_prompt=by_prompt,
        rules=_rules(connection),
        waiting=waiting(connection, now),
        pace=pace(connection, now),
        two=two_reviewers(connection),
    )


def _final() -> Select[Any]:
    """The last final decision of each case; one that was reopened has had others before."""
    return (
        select(func.max(review_decisions.c.pk).label("pk"))
        .where(review_decisions.c.final)
        .group_by(review_decisions.c.case_pk)
    )


def _silent(connection: Connection) -> tuple[SilentErrors, tuple[SilentErrorsOf, ...]]:
    """Superseded records are left out: they say nothing of those that stand now, and their reports
    are drawn again."""
    cases, decision = review_cases.c, review_decisions.c
    is_drawn, is_decided = cases.sample_reason == DRAWN, cases.state.in_(DECIDED)
    is_judged = or_(decision.verdict != "rejected", decision.reason == "not_a_casualty_report")
    decided = (
        select(cases.model, cases.prompt, is_judged.label("judged"), decision.wrong, func.count())
        .join(review_decisions, decision.case_pk == cases.pk)
        .where(is_drawn, is_decided, decision.pk.in_(_final()))
        .group_by(cases.model, cases.prompt, is_judged, decision.wrong)
    )
    unjudged, parts = 0, dict[tuple[str, str], Rate]()
    for model, prompt, judged, wrong, count in connection.execute(decided):
        if judged:
            part = parts.get((model, prompt), Rate())
            parts[model, prompt] = part + Rate(count if wrong else 0, count)
        else:
            unjudged += count
    left = select(func.count()).where(is_drawn, ~is_decided, cases.state != "superseded")
    undecided = connection.execute(left).scalar_one()
    whole = clopper_pearson(sum(parts.values(), Rate()))
    by_prompt = [SilentErrorsOf(*key, clopper_pearson(parts[key])) for key in sorted(parts)]
    return SilentErrors(whole, undecided, unjudged), tuple(by_prompt)


def _rules(connection: Connection) -> tuple[RuleRecord, ...]:
    query = (
        select(review_rulings.c.rule, review_rulings.c.ruling, func.count())
        .where(review_rulings.c.decision_pk.in_(_final()))
        .group_by(review_rulings.c.rule, review_rulings.c.ruling)
    )
    told: dict[str, dict[str, int]] = {}
    for rule, ruling, count in connection.execute(query):
        told.setdefault(rule, {})[ruling] = count
    return tuple(_rule_record(rule, told[rule]) for rule in sorted(told))


def _rule_record(rule: str, told: dict[str, int]) -> RuleRecord:
    fixed, source, false = (told.get(name, 0) for name in ("fixed", "source", "false_alarm"))
    right = Rate(fixed + source, fixed + source + false)
    return RuleRecord(rule, clopper_pearson(right), fixed, source, false, told.get("ignored", 0))
