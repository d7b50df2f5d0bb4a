"""Intake: records that jobs have settled become cases; newer ones supersede those before them.

Nothing of a job is changed, so it may run meanwhile. Records that failed are no cases: there is
nothing in them to review, and `llm-extract job retry` is for them.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, insert, or_, select, text, tuple_, update

from llm_extract.review.content import sha256_of
from llm_extract.review.log import NewEntry, append
from llm_extract.review.risk import Signs, risk_of
from llm_extract.review.sampling import RATE, SampleReason, sample_reason
from llm_extract.review.search import add_words
from llm_extract.review.states import DECIDED
from llm_extract.store.engine import transaction
from llm_extract.store.queries import AnyRow
from llm_extract.store.review_tables import review_cases, review_terms
from llm_extract.store.tables import records, reports, run_items, runs

BY_CODE = "llm-extract"
"""Who stands in the log for what nobody decided."""

INTAKE_LOCK = 0x6C6C6D5F696E7400
"""Number of PostgreSQL's advisory lock that one program takes records in under ("llm_int")."""

MOST_TERM = 200
"""Characters of a claimant or place that the queue is filtered by."""

_PAGE_ROWS = 250
"""Records taken in by one transaction: some tenths of a second."""

_NOBODY: dict[str, Any] = {"holder": None, "held_until": None, "taken": None}


def news(engine: Engine) -> tuple[int, int]:
    """What changes whenever a job settles something; cheap to ask for."""
    settled = runs.c.clean + runs.c.flagged + runs.c.failed
    with transaction(engine) as connection:
        row = connection.execute(select(func.count(), func.sum(settled))).one()
    return int(row[0]), int(row[1] or 0)


def take_in(
    engine: Engine,
    rate: float = RATE,
    on_progress: Callable[[int], None] | None = None,
) -> int:
    """Make cases of all settled records that are none yet; how many there were.

    `rate` is the share of clean records that are drawn for review. `on_progress` is told how many
    are done. Raises StoreError on trouble with the store; what was taken in by then stays.
    """
    done = 0
    place = (-1, -1)
    while True:
        with transaction(engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({INTAKE_LOCK})"))
            rows = connection.execute(_new_items(place)).all()
            if not rows:
                _bring_back(connection)
                return done
            _Page(connection, rate).take(rows)
        place = (rows[-1].run_id, rows[-1].position)
        done += len(rows)
        if on_progress is not None:
            on_progress(done)


def folded(term: str) -> str:
    """A name as it is searched and grouped: no case, no look-alike forms, no double spaces."""
    return " ".join(unicodedata.normalize("NFKC", term).casefold().split())[:MOST_TERM]


def _new_items(after: tuple[int, int]) -> Any:
    known = and_(
        review_cases.c.report_pk == run_items.c.report_pk,
        review_cases.c.record_pk == run_items.c.record_pk,
    )
    return (
        select(
            run_items.c.run_id,
            run_items.c.position,
            run_items.c.report_id,
            run_items.c.report_pk,
            run_items.c.record_pk,
            reports.c.sha256,
            reports.c.source,
            reports.c.published,
            reports.c.language,
            reports.c.title,
            reports.c.text,
            records.c.model,
            records.c.disposition,
            records.c.json,
        )
        .join(records, records.c.pk == run_items.c.record_pk)
        .join(reports, reports.c.pk == run_items.c.report_pk)
        .join(review_cases, known, isouter=True)
        .where(
            review_cases.c.pk.is_(None),
            records.c.disposition != "failed",
            tuple_(run_items.c.run_id, run_items.c.position) > after,
        )
        .order_by(run_items.c.run_id, run_items.c.position)
        .limit(_PAGE_ROWS)
    )


@dataclass(slots=True)
class _Current:
    """The case of a report that is not superseded."""

    pk: int
    run_id: int
    state: str
    stage: str
    new: dict[str, Any] | None = None


@dataclass(slots=True)
class _Page:
    """One transaction's work."""

    connection: Connection
    rate: float
    cases: list[dict[str, Any]] = field(default_factory=list)
    terms: list[dict[str, Any]] = field(default_factory=list)
    words: dict[int, str] = field(default_factory=dict)
    entries: list[NewEntry] = field(default_factory=list)
    seen: dict[tuple[str, str], int] = field(default_factory=dict)
    current: dict[tuple[str, ...], _Current] = field(default_factory=dict)
    pairs: set[tuple[int, int]] = field(default_factory=set)

    def take(self, rows: Sequence[AnyRow]) -> None:
        """Make cases of these items."""
        told = [json.loads(row.json) for row in rows]
        self._look_up(rows, told)
        highest = self.connection.execute(select(func.max(review_cases.c.pk))).scalar_one()
        pk = highest or 0
        for row, record in zip(rows, told, strict=True):
            if (row.report_pk, row.record_pk) not in self.pairs:
                pk += 1
                self.pairs.add((row.report_pk, row.record_pk))
                self._open(pk, row, record)
        if self.cases:
            self.connection.execute(insert(review_cases), self.cases)
        if self.terms:
            self.connection.execute(insert(review_terms), self.terms)
        add_words(self.connection, self.words)
        append(self.connection, self.entries)

    def _open(self, pk: int, row: AnyRow, record: dict[str, Any]) -> None:
        case = _case(pk, row, record)
        keys = [(row.report_id, "source", row.source), (row.report_id, "text", row.sha256)]
        case |= self._sampled(row, record)
        case["waiting"] = row.disposition == "flagged" or case["sampled"]
        new = _Current(pk, row.run_id, row.disposition, "first", case)
        said = {"state": row.disposition, "stage": "first", "record": sha256_of(row.json)}
        before = {"state": "extracted", "stage": "first"}
        self.entries.append(NewEntry(pk, BY_CODE, "open", before, said))
        older = next((self.current[key] for key in keys if key in self.current), None)
        if older is not None and older.run_id > row.run_id:
            case |= _superseded(row.disposition)
            self._log_superseded(new, older.pk)
        else:
            if older is not None:
                self._supersede(older, new)
            self.current |= dict.fromkeys(keys, new)
        self.cases.append(case)
        self._note_terms(pk, record)
        self.words[pk] = " ".join([row.report_id, row.title or "", row.source, row.text])

    def _supersede(self, older: _Current, new: _Current) -> None:
        assert new.new is not None
        new.new["previous"] = older.pk
        if older.new is not None:
            older.new |= _superseded(older.state)
        else:
            self.connection.execute(
                update(review_cases)
                .where(review_cases.c.pk == older.pk)
                .values(**_superseded(older.state), version=review_cases.c.version + 1)
            )
        self._log_superseded(older, new.pk)

    def _log_superseded(self, older: _Current, by: int) -> None:
        before = {"state": older.state, "stage": older.stage}
        after = {"state": "superseded", "stage": older.stage, "by": by}
        self.entries.append(NewEntry(older.pk, BY_CODE, "supersede", before, after))

    def _sampled(self, row: AnyRow, record: dict[str, Any]) -> dict[str, Any]:
        kinds: dict[SampleReason, list[str]] = {
            "new_claimant": sorted({folded(name) for name in _claimants(record)}),
            "new_model": [row.model],
            "new_prompt": [_prompt(record)],
        }
        counts: dict[SampleReason, int] = {}
        for kind, names in kinds.items():
            if names:
                counts[kind] = min(self.seen.get((kind, name), 0) for name in names)
            for name in names:
                self.seen[kind, name] = self.seen.get((kind, name), 0) + 1
        reason = None
        if row.disposition == "clean":
            reason = sample_reason(row.sha256, self.rate, counts)
        return {"sampled": reason is not None, "sample_reason": reason}

    def _note_terms(self, pk: int, record: dict[str, Any]) -> None:
        found = {
            "rule": [finding["rule"] for finding in record["findings"]],
            "kind": [finding["kind"] for finding in record["findings"]],
            "claimant": _claimants(record),
            "place": [name for item in _items(record) for name in item["places"]],
        }
        for kind, terms in found.items():
            shown = {folded(term): term for term in reversed(terms) if folded(term)}
            self.terms += [
                {"case_pk": pk, "kind": kind, "folded": key, "term": term[:MOST_TERM]}
                for key, term in shown.items()
            ]

    def _look_up(self, rows: Sequence[AnyRow], told: Iterable[dict[str, Any]]) -> None:
        """What is known before of reports, claimants, models and prompts of the page."""
        ids = {row.report_id for row in rows}
        query = (
            select(
                review_cases.c.pk,
                review_cases.c.run_id,
                review_cases.c.report_id,
                review_cases.c.sha256,
                review_cases.c.state,
                review_cases.c.stage,
                reports.c.source,
            )
            .join(reports, reports.c.pk == review_cases.c.report_pk)
            .where(review_cases.c.report_id.in_(ids), review_cases.c.state != "superseded")
            .with_for_update(of=review_cases)
        )
        for row in self.connection.execute(query):
            found = _Current(row.pk, row.run_id, row.state, row.stage)
            self.current[row.report_id, "source", row.source] = found
            self.current[row.report_id, "text", row.sha256] = found
        told = list(told)
        self._count(
            "new_claimant",
            review_terms.c.folded,
            {folded(name) for record in told for name in _claimants(record)},
            review_terms.c.kind == "claimant",
        )
        self._count("new_model", review_cases.c.model, {row.model for row in rows})
        self._count("new_prompt", review_cases.c.prompt, {_prompt(record) for record in told})

    def _count(self, kind: str, column: Any, names: set[str], *where: Any) -> None:
        query = select(column, func.count()).where(column.in_(names), *where).group_by(column)
        for name, count in self.connection.execute(query):
            self.seen[kind, name] = count


def _superseded(state: str) -> dict[str, Any]:
    return {"state": "superseded", "kept_state": state, "waiting": False, **_NOBODY}


def _case(pk: int, row: AnyRow, record: dict[str, Any]) -> dict[str, Any]:
    """The columns of a new case that follow from its record."""
    findings = record["findings"]
    errors = sum(finding["severity"] == "error" for finding in findings)
    killed = _killed(record)
    signs = Signs(
        errors=errors,
        warnings=len(findings) - errors,
        killed=killed or 0,
        blame=any("perpetrators" in finding["fields"] for finding in findings),
    )
    now = datetime.now(UTC)
    return {
        "pk": pk,
        "report_pk": row.report_pk,
        "record_pk": row.record_pk,
        "run_id": row.run_id,
        "report_id": row.report_id,
        "sha256": row.sha256,
        "state": row.disposition,
        "kept_state": None,
        "stage": "first",
        "risk": risk_of(signs),
        "severity": "error" if errors else "warning" if findings else "",
        "errors": signs.errors,
        "warnings": signs.warnings,
        "killed": killed,
        "model": row.model,
        "prompt": _prompt(record),
        "language": row.language or "",
        "published": row.published,
        "opened": now,
        "changed": now,
        "previous": None,
        **_NOBODY,
    }


def _items(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [*record["claims"], *record["facilities"]]


def _claimants(record: dict[str, Any]) -> list[str]:
    return [item["claimant"] for item in _items(record) if item["claimant"]]


def _prompt(record: dict[str, Any]) -> str:
    return str((record["provenance"] or {}).get("prompt", ""))


def _killed(record: dict[str, Any]) -> int | None:
    """The largest number of killed that a claim states; None when none does."""
    counts = [
        count
        for claim in record["claims"]
        if claim["outcome"] == "killed"
        for count in (claim["total"], claim["children"], claim["women"], claim["men"])
        if count is not None
    ]
    most = [max(count["value"] or 0, count["upper"] or 0, count["low"]) for count in counts]
    return max(most, default=None)


# --- records that come again ------------------------------------------------------------------


def _bring_back(connection: Connection) -> None:
    """Make superseded cases current whose very record a later job brought again."""
    old, now = review_cases.alias("old"), review_cases.alias("now")
    again = (
        select(func.max(run_items.c.run_id))
        .where(run_items.c.report_pk == old.c.report_pk, run_items.c.record_pk == old.c.record_pk)
        .scalar_subquery()
    )
    query = (
        select(
            old.c.pk,
            old.c.kept_state,
            old.c.stage,
            old.c.sampled,
            again.label("run_id"),
            now.c.pk.label("now_pk"),
            now.c.state.label("now_state"),
            now.c.stage.label("now_stage"),
        )
        .join(now, or_(now.c.report_pk == old.c.report_pk, now.c.previous == old.c.pk))
        .where(old.c.state == "superseded", now.c.state != "superseded", again > now.c.run_id)
        .order_by(again)
    )
    entries: list[NewEntry] = []
    for row in connection.execute(query).all():
        _set(connection, row.now_pk, _superseded(row.now_state))
        waiting = row.kept_state not in DECIDED and (row.kept_state != "clean" or row.sampled)
        back = {"state": row.kept_state, "kept_state": None, "waiting": waiting}
        _set(connection, row.pk, {**back, "run_id": row.run_id, "previous": row.now_pk})
        _set(connection, row.now_pk, {"previous": None})
        entries += [
            NewEntry(
                row.now_pk,
                BY_CODE,
                "supersede",
                {"state": row.now_state, "stage": row.now_stage},
                {"state": "superseded", "stage": row.now_stage, "by": row.pk},
            ),
            NewEntry(
                row.pk,
                BY_CODE,
                "resume",
                {"state": "superseded", "stage": row.stage},
                {"state": row.kept_state, "stage": row.stage},
            ),
        ]
    append(connection, entries)


def _set(connection: Connection, pk: int, values: dict[str, Any]) -> None:
    connection.execute(
        update(review_cases)
        .where(review_cases.c.pk == pk)
        .values(**values, version=review_cases.c.version + 1)
    )
