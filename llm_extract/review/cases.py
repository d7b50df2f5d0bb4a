"""Cases as they are read: one record of one report, what people made of it, and its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import cast

from sqlalchemy import Connection, Engine, select

from llm_extract.errors import ReviewError
from llm_extract.record import Record
from llm_extract.review.content import Content, content_of
from llm_extract.review.log import Entry, entry_of
from llm_extract.review.states import Reason, Stage, State, Verdict
from llm_extract.store.engine import transaction
from llm_extract.store.queries import AnyRow, parsed, with_head
from llm_extract.store.review_tables import (
    review_cases,
    review_decisions,
    review_log,
    review_versions,
)
from llm_extract.store.tables import records, reports

MOST_NUMBER = 2**31 - 1
"""The largest number of a row that PostgreSQL keeps."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one reviewer decided; `content` is None for a rejection or a deferral."""

    pk: int
    stage: Stage
    who: str
    verdict: Verdict
    reason: Reason
    note: str | None
    made: datetime
    final: bool
    version_pk: int | None
    content: Content | None


@dataclass(frozen=True, slots=True)
class Case:
    """A record on its way to a trusted one.

    `record` is the prediction and never changes; `content` is what stands now: the prediction or
    what its reviewer has made of it in this stage, and after a final decision what was decided;
    `current` is the version that holds it, None where it is the prediction.
    """

    pk: int
    report_id: str
    title: str | None
    source: str
    text: str
    published: str
    language: str | None
    state: State
    stage: Stage
    version: int
    assignee: str | None
    holder: str | None
    held_until: datetime | None
    second_reason: str | None
    risk: int
    sample_reason: str | None
    previous: int | None
    since: int
    current: int | None
    taken: datetime | None
    record: Record
    content: Content
    can_undo: bool
    can_redo: bool
    decisions: tuple[Decision, ...]

    @property
    def round(self) -> tuple[Decision, ...]:
        """The decisions about what it is now, oldest first: none from before it was opened again,
        no deferrals."""
        return round_of(self.decisions, self.since)


def round_of(decisions: Sequence[Decision], since: int) -> tuple[Decision, ...]:
    """See `Case.round`."""
    return tuple(one for one in decisions if one.pk > since and one.verdict != "deferred")


class Cases:
    """The cases of a store. Methods raise StoreError on trouble with it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, pk: int) -> Case:
        """A case. Raises ReviewError (no_case) when there is none of that number."""
        with transaction(self._engine) as connection:
            return case_of(connection, pk)

    def history(self, pk: int) -> list[Entry]:
        """What was done to a case, oldest first."""
        query = select(review_log).where(review_log.c.case_pk == pk).order_by(review_log.c.number)
        with transaction(self._engine) as connection:
            return [entry_of(row) for row in connection.execute(query)]

    def current_of(self, report_id: str) -> int | None:
        """The newest case of a report that is not superseded; None when there is none."""
        query = (
            select(review_cases.c.pk)
            .where(review_cases.c.report_id == report_id, review_cases.c.state != "superseded")
            .order_by(review_cases.c.pk.desc())
            .limit(1)
        )
        with transaction(self._engine) as connection:
            return connection.execute(query).scalar_one_or_none()

    def successor_of(self, pk: int) -> int | None:
        """The case that superseded another; None when it is current."""
        query = select(review_cases.c.pk).where(review_cases.c.previous == pk)
        with transaction(self._engine) as connection:
            return connection.execute(query.order_by(review_cases.c.pk.desc())).scalars().first()


def case_of(connection: Connection, pk: int) -> Case:
    """The case of a number, with all that is known of it. Raises ReviewError (no_case)."""
    check_number(pk)
    query = (
        select(
            *review_cases.c,
            reports.c.title,
            reports.c.source,
            reports.c.text,
            reports.c.language.label("report_language"),
            records.c.json,
        )
        .join(reports, reports.c.pk == review_cases.c.report_pk)
        .join(records, records.c.pk == review_cases.c.record_pk)
        .where(review_cases.c.pk == pk)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise _no_case(pk)
    record = with_head(_predicted(row.json), row.report_id, row.source, row.title)
    decisions = decisions_of(connection, pk, record)
    current = None if row.current is None else version_of(connection, row.current)
    content = start_of(row.stage, record, round_of(decisions, row.since))
    return Case(
        pk=row.pk,
        report_id=row.report_id,
        title=row.title,
        source=row.source,
        text=row.text,
        published=row.published,
        language=row.report_language,
        state=cast(State, row.state),
        stage=cast(Stage, row.stage),
        version=row.version,
        assignee=row.assignee,
        holder=row.holder,
        held_until=row.held_until,
        second_reason=row.second_reason,
        risk=row.risk,
        sample_reason=row.sample_reason,
        previous=row.previous,
        since=row.since,
        current=row.current,
        taken=row.taken,
        record=record,
        content=content if current is None else _content(current.json),
        can_undo=current is not None and current.back is not None,
        can_redo=current is not None and current.forth is not None,
        decisions=decisions,
    )


def check_number(pk: int) -> None:
    """Raises ReviewError (no_case) for one that databases cannot hold, and so no case has."""
    if not 0 < pk <= MOST_NUMBER:
        raise _no_case(pk)


def _no_case(pk: int) -> ReviewError:
    return ReviewError(f"there is no case {pk}: go back to the queue", code="no_case")


def start_of(stage: str, record: Record, decided: Sequence[Decision]) -> Content:
    """What a stage begins with: the prediction, since a second reviewer does not see the first
    one's work; to adjudicate, what was decided before, by the first who did not reject."""
    content = None
    if stage == "adjudication":
        content = next((one.content for one in decided if one.content is not None), None)
    return content or content_of(record)


def version_of(connection: Connection, pk: int) -> AnyRow:
    """A row of versions."""
    return connection.execute(select(review_versions).where(review_versions.c.pk == pk)).one()


def decisions_of(connection: Connection, pk: int, record: Record) -> tuple[Decision, ...]:
    """The decisions about a case, oldest first."""
    query = (
        select(*review_decisions.c, review_versions.c.json)
        .join(review_versions, review_versions.c.pk == review_decisions.c.version_pk, isouter=True)
        .where(review_decisions.c.case_pk == pk)
        .order_by(review_decisions.c.pk)
    )
    return tuple(
        Decision(
            pk=row.pk,
            stage=cast(Stage, row.stage),
            who=row.who,
            verdict=cast(Verdict, row.verdict),
            reason=cast(Reason, row.reason),
            note=row.note,
            made=row.made,
            final=row.final,
            version_pk=row.version_pk,
            content=_decided(row, record),
        )
        for row in connection.execute(query)
    )


def _decided(row: AnyRow, record: Record) -> Content | None:
    if row.verdict in ("rejected", "deferred"):
        return None
    return content_of(record) if row.json is None else _content(row.json)


@lru_cache(maxsize=256)
def _predicted(json: str) -> Record:
    """The record of a row; each step on a case reads it twice, and it never changes."""
    return parsed(json)


@lru_cache(maxsize=256)
def _content(json: str) -> Content:
    """The content of a version, which never changes either."""
    return Content.model_validate_json(json)
