"""How far two reviewers of the same case agree, who do not see each other's work.

Both begin with the same prediction, which draws them together: annotators who begin with the bare
text agree less.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from llm_extract.evals.agreement import Agreement, agreement
from llm_extract.evals.gold_reports import GoldReport
from llm_extract.evals.scores import Bound, Rate, clopper_pearson
from llm_extract.review.content import Content, content_of, stated
from llm_extract.review.second import agree
from llm_extract.schema import CasualtyReport
from llm_extract.store.queries import parsed
from llm_extract.store.review_tables import review_cases, review_decisions, review_versions
from llm_extract.store.tables import records

MOST_PAIRS = 200
"""Cases that are compared, the newest first: each is read and matched claim by claim."""


@dataclass(frozen=True, slots=True)
class TwoReviewers:
    """How the newest cases with two decisions compare: `equal` says the same but for ids.

    `claims` compares them claim by claim; a rejection is a report without claims.
    """

    equal: Bound
    claims: Agreement


def two_reviewers(connection: Connection) -> TwoReviewers:
    """The agreement of first and second reviewers."""
    pairs = [
        tuple(_content(connection, row) for row in pair)
        for pair in list(_pairs(connection))[-MOST_PAIRS:]
    ]
    equal = Rate(sum(agree(first, second) for first, second in pairs), len(pairs))
    compared = agreement([_labelled(first, second) for first, second in pairs])
    return TwoReviewers(clopper_pearson(equal), compared)


def _pairs(connection: Connection) -> Iterator[tuple[Any, Any]]:
    """Decisions of two reviewers on the same round of a case, in order of the second one."""
    query = (
        select(
            *(review_decisions.c[name] for name in ("pk", "case_pk", "stage", "verdict")),
            review_decisions.c.version_pk,
        )
        .where(
            review_decisions.c.stage.in_(("first", "second")),
            review_decisions.c.verdict != "deferred",
        )
        .order_by(review_decisions.c.pk)
    )
    firsts: dict[int, Any] = {}
    for row in connection.execute(query):
        if row.stage == "first":
            firsts[row.case_pk] = row
        elif row.case_pk in firsts:
            yield firsts.pop(row.case_pk), row


def _content(connection: Connection, row: Any) -> Content | None:
    """What was decided; None: rejected."""
    if row.verdict == "rejected":
        return None
    if row.version_pk is not None:
        query = select(review_versions.c.json).where(review_versions.c.pk == row.version_pk)
        return Content.model_validate_json(connection.execute(query).scalar_one())
    predicted = (
        select(records.c.json)
        .join(review_cases, review_cases.c.record_pk == records.c.pk)
        .where(review_cases.c.pk == row.case_pk)
    )
    return content_of(parsed(connection.execute(predicted).scalar_one()))


def _labelled(first: Content | None, second: Content | None) -> GoldReport:
    """Two decisions in the form in which annotators are compared."""
    return GoldReport(
        id="",
        published=None,
        language="",
        style="",
        traps=[],
        text="",
        gold=_claims(first),
        annotators={"a": _claims(first), "b": _claims(second)},
    )


def _claims(content: Content | None) -> CasualtyReport:
    return CasualtyReport(claims=[], facilities=[]) if content is None else stated(content)
