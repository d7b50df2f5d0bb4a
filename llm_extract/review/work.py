"""The work of reviewers: cases are taken, changed, decided; each step one transaction and one row
of the log, in the order of `states`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Engine, insert, select, update

from llm_extract.errors import ReviewError
from llm_extract.review.cases import Case, case_of, check_number, version_of
from llm_extract.review.content import Content, content_of, sha256_of
from llm_extract.review.deciding import (
    Choice,
    end_of,
    fit_reason,
    ledger_of,
    must_be,
    refuse_ended,
    refuse_open_errors,
    refuse_unfit,
    verdict_of,
    was_wrong,
)
from llm_extract.review.differences import differences
from llm_extract.review.edits import Edit, apply_edit, describe
from llm_extract.review.judging import rulings
from llm_extract.review.log import Action, NewEntry, append
from llm_extract.review.states import DECIDED, FOLLOWS, Reason, State, Verdict
from llm_extract.review.states import Reviewer as Reviewer  # the desk's callers say who they are
from llm_extract.store.engine import transaction
from llm_extract.store.review_tables import (
    review_cases,
    review_decisions,
    review_rulings,
    review_versions,
)

LEASE = timedelta(minutes=15)
"""How long a reviewer who does nothing keeps a case; an open page renews it each minute."""

MOST_NOTE = 4000
"""Characters of a note."""


class Desk:
    """Where cases are worked on. Every method raises ReviewError when its step is not possible now,
    with the reason and what to do, and StoreError on trouble with the store."""

    def __init__(
        self,
        engine: Engine,
        lease: timedelta = LEASE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._lease = lease
        self._clock = clock

    # --- who has it ---------------------------------------------------------------------------

    def take(self, pk: int, who: Reviewer) -> Case:
        """Open a case for work; nobody else can until it is given back or its lease runs out.

        Codes: held, not_yours (this stage needs somebody else), decided, superseded.
        """
        with transaction(self._engine) as connection:
            case = _locked(connection, pk)
            self._refuse_held(case, who)
            refuse_ended(case)
            refuse_unfit(case, who)
            if case.holder == who.name and case.state == "in_review":
                self._hold(connection, case, who)
                return case_of(connection, pk)
            now = self._clock()
            values = {
                "state": "in_review",
                "holder": who.name,
                "held_until": now + self._lease,
                "taken": now,
            }
            return self._step(connection, case, who, "take", values)

    def renew(self, pk: int, who: Reviewer) -> bool:
        """Keep a case that one has open; False when it is no longer one's own.

        Every open page asks for it again and again, so the case itself is not read.
        """
        check_number(pk)
        kept = (
            update(review_cases)
            .where(
                review_cases.c.pk == pk,
                review_cases.c.holder == who.name,
                review_cases.c.state == "in_review",
            )
            .values(held_until=self._clock() + self._lease)
        )
        with transaction(self._engine) as connection:
            return connection.execute(kept).rowcount == 1

    def release(self, pk: int, who: Reviewer) -> None:
        """Give a case back; what was changed in it stays for whoever takes it next."""
        with transaction(self._engine) as connection:
            case = _locked(connection, pk)
            if case.holder == who.name and case.state == "in_review":
                self._step(connection, case, who, "release", _given_back(case))

    def free(self, pk: int, who: Reviewer) -> None:
        """Take a case from whoever has it; for seniors."""
        must_be(who, "senior", "free a case that another has open")
        with transaction(self._engine) as connection:
            case = _locked(connection, pk)
            if case.holder is not None and case.state == "in_review":
                self._step(connection, case, who, "free", _given_back(case))

    def assign(self, pk: int, who: Reviewer, assignee: str | None) -> None:
        """Say who is to look at a case (None: anybody); analysts may name themselves alone."""
        if assignee not in (None, who.name):
            must_be(who, "senior", "assign a case to somebody else")
        with transaction(self._engine) as connection:
            case = _locked(connection, pk)
            if case.assignee not in (None, who.name):
                must_be(who, "senior", f"take a case from {case.assignee}, who is assigned to it")
            connection.execute(
                update(review_cases).where(review_cases.c.pk == pk).values(assignee=assignee)
            )
            before, after = {"assignee": case.assignee}, {"assignee": assignee}
            append(connection, [NewEntry(pk, who.name, "assign", before, after)])

    # --- what it says -------------------------------------------------------------------------

    def edit(self, pk: int, who: Reviewer, edit: Edit, version: int) -> Case:
        """Change the content by one edit. Codes: stale, held; raises ChangeError when it does not
        fit."""
        return self.edit_all(pk, who, [edit], version)

    def edit_all(self, pk: int, who: Reviewer, edits: Sequence[Edit], version: int) -> Case:
        """Change the content by several edits, all of them or none, as one step; see `edit`."""

        def changed(case: Case) -> Content:
            content, ledger = case.content, ledger_of(case)
            for edit in edits:
                content = apply_edit(content, edit, case.text, ledger)
            return content

        return self._change(pk, who, version, changed, "edit", "; ".join(map(describe, edits)))

    def replace(self, pk: int, who: Reviewer, content: Content, why: str, version: int) -> Case:
        """Put a whole content in the place of the present one, as one step that can be undone."""
        return self._change(pk, who, version, lambda _case: content, "import", why)

    def undo(self, pk: int, who: Reviewer, version: int) -> Case:
        """Go back one step; itself a new version, so that nothing is lost."""
        return self._travel(pk, who, version, "undo")

    def redo(self, pk: int, who: Reviewer, version: int) -> Case:
        """Do again what was undone last."""
        return self._travel(pk, who, version, "redo")

    def note(self, pk: int, who: Reviewer, words: str) -> None:
        """Write a note into the history of a case."""
        words = words.strip()
        if not words or len(words) > MOST_NOTE:
            raise ReviewError(f"a note has 1 to {MOST_NOTE:,} characters: shorten it", code="note")
        with transaction(self._engine) as connection:
            _locked(connection, pk)
            append(connection, [NewEntry(pk, who.name, "note", note=words)])

    # --- what is decided ----------------------------------------------------------------------

    def decide(
        self,
        pk: int,
        who: Reviewer,
        choice: Choice,
        reason: Reason | None,
        note: str | None,
        version: int,
    ) -> Case:
        """End one's work on a case.

        It becomes approved, corrected or rejected at once, where one reviewer will do or a second
        one says the same; else it goes on to the second one, and to a senior where they differ.
        Codes: stale, held, open_errors, reason, not_yours.
        """
        with transaction(self._engine) as connection:
            case = _locked(connection, pk)
            self._must_hold(connection, case, who, version)
            if choice == "accept":
                refuse_open_errors(case)
            verdict = verdict_of(case, choice)
            reason = fit_reason(verdict, reason)
            if verdict == "deferred":
                end: dict[str, Any] = {"state": "deferred", "final": False}
            else:
                end = end_of(case, who, None if verdict == "rejected" else case.content)
            row = _Decided(who, verdict, reason, note or None, bool(end.pop("final")))
            state = end.setdefault("state", verdict)
            end.setdefault("stage", case.stage)
            return self._put_decision(connection, case, row, state, end)

    def ask_second(self, pk: int, who: Reviewer, why: str) -> Case:
        """Ask for a second reviewer whatever the record says, such as for a gold label.

        A decided case is opened again for it, its decision being that of the first.
        """
        with transaction(self._engine) as connection:
            case = _locked(connection, pk)
            self._refuse_held(case, who)
            if case.state == "superseded":
                refuse_ended(case)
            values: dict[str, Any] = {"second_reason": why}
            if case.state in DECIDED:
                if len(case.round) > 1:
                    raise ReviewError("two reviewers have agreed on it already", code="decided")
                values |= {
                    "state": "in_review",
                    "stage": "second",
                    "waiting": True,
                    "current": None,
                    **_NOBODY,
                }
            return self._step(connection, case, who, "second", values, note=why)

    def reopen(self, pk: int, who: Reviewer, why: str) -> Case:
        """Open a decided case anew, from what was decided; for seniors."""
        must_be(who, "senior", "open a decided case again")
        with transaction(self._engine) as connection:
            case = _locked(connection, pk)
            if case.state not in DECIDED:
                raise ReviewError("only a decided case can be opened again", code="not_decided")
            since = max(one.pk for one in case.decisions)
            values = {
                "state": "in_review",
                "stage": "first",
                "waiting": True,
                "since": since,
                **_NOBODY,
            }
            return self._step(connection, case, who, "reopen", values, note=why)

    # --- steps --------------------------------------------------------------------------------

    def _change(
        self,
        pk: int,
        who: Reviewer,
        version: int,
        changed: Callable[[Case], Content],
        action: Action,
        words: str,
    ) -> Case:
        with transaction(self._engine) as connection:
            case = _locked(connection, pk)
            self._must_hold(connection, case, who, version)
            content = changed(case)
            if content == case.content:
                return case
            made: dict[str, str] = {}
            back = case.current
            if back is None:
                back = self._put_version(connection, case, who, case.content, made)
            new = self._put_version(connection, case, who, content, made, back=back)
            after = {"versions": made, "changes": _told(case.content, content)}
            return self._step(
                connection, case, who, action, {"current": new}, more=after, note=words
            )

    def _travel(
        self, pk: int, who: Reviewer, version: int, action: Literal["undo", "redo"]
    ) -> Case:
        with transaction(self._engine) as connection:
            case = _locked(connection, pk)
            self._must_hold(connection, case, who, version)
            here = None if case.current is None else version_of(connection, case.current)
            goal = None if here is None else (here.back if action == "undo" else here.forth)
            if here is None or goal is None:
                raise ReviewError(f"there is nothing to {action}", code="nothing")
            there = version_of(connection, goal)
            content = Content.model_validate_json(there.json)
            made: dict[str, str] = {}
            back, forth = (there.back, here.pk) if action == "undo" else (here.pk, there.forth)
            new = self._put_version(connection, case, who, content, made, back=back, forth=forth)
            after = {"versions": made, "changes": _told(case.content, content)}
            return self._step(connection, case, who, action, {"current": new}, more=after)

    def _put_version(
        self,
        connection: Connection,
        case: Case,
        who: Reviewer,
        content: Content,
        made: dict[str, str],
        *,
        back: int | None = None,
        forth: int | None = None,
    ) -> int:
        json = content.model_dump_json()
        pk: int = connection.execute(
            insert(review_versions).returning(review_versions.c.pk),
            {
                "case_pk": case.pk,
                "stage": case.stage,
                "who": who.name,
                "made": self._clock(),
                "json": json,
                "sha256": sha256_of(json),
                "back": back,
                "forth": forth,
            },
        ).scalar_one()
        made[str(pk)] = sha256_of(json)
        return pk

    def _put_decision(
        self, connection: Connection, case: Case, row: _Decided, state: State, end: dict[str, Any]
    ) -> Case:
        json = case.content.model_dump_json()
        current = _decided_version(case)
        now = self._clock()
        prediction = content_of(case.record)
        pk: int = connection.execute(
            insert(review_decisions).returning(review_decisions.c.pk),
            {
                "case_pk": case.pk,
                "stage": case.stage,
                "who": row.who.name,
                "verdict": row.verdict,
                "version_pk": current,
                "sha256": sha256_of(json),
                "reason": row.reason,
                "note": row.note,
                "made": now,
                "seconds": 0 if case.taken is None else int((now - case.taken).total_seconds()),
                "final": row.final,
                "wrong": was_wrong(row.verdict, row.reason, prediction, case.content),
            },
        ).scalar_one()
        if row.final and row.verdict in ("approved", "corrected"):
            _put_rulings(connection, pk, case)
        told = {
            "decision": pk,
            "verdict": row.verdict,
            "sha256": sha256_of(json),
            "changes": _told(prediction, case.content) if row.verdict == "corrected" else [],
        }
        if row.final:
            end.setdefault("current", current)
        values = {**end, **_NOBODY, "waiting": state not in DECIDED}
        return self._step(
            connection, case, row.who, "decide", values, more=told, reason=row.reason, note=row.note
        )

    def _step(
        self,
        connection: Connection,
        case: Case,
        who: Reviewer,
        action: Action,
        values: dict[str, Any],
        *,
        more: dict[str, Any] | None = None,
        reason: str | None = None,
        note: str | None = None,
    ) -> Case:
        """The case with these values, its next version, and the row of the log that says so."""
        state = values.get("state", case.state)
        stage = values.get("stage", case.stage)
        if state != case.state and state not in FOLLOWS[case.state]:
            raise ReviewError(f"a case that is {case.state} cannot be {state} next", code="state")
        connection.execute(
            update(review_cases)
            .where(review_cases.c.pk == case.pk)
            .values(**values, version=case.version + 1, changed=self._clock())
        )
        before = {"state": case.state, "stage": case.stage}
        after = {"state": state, "stage": stage, **(more or {})}
        append(connection, [NewEntry(case.pk, who.name, action, before, after, reason, note)])
        return case_of(connection, case.pk)

    # --- locks --------------------------------------------------------------------------------

    def _hold(self, connection: Connection, case: Case, who: Reviewer) -> None:
        connection.execute(
            update(review_cases)
            .where(review_cases.c.pk == case.pk)
            .values(holder=who.name, held_until=self._clock() + self._lease)
        )

    def _refuse_held(self, case: Case, who: Reviewer) -> None:
        if (
            case.state == "in_review"
            and case.holder not in (None, who.name)
            and case.held_until is not None
            and case.held_until > self._clock()
        ):
            raise ReviewError(
                f"{case.holder} has this case open until {case.held_until:%H:%M} UTC: take another "
                "one, or ask a senior to free it",
                code="held",
            )

    def _must_hold(self, connection: Connection, case: Case, who: Reviewer, version: int) -> None:
        """Refuses work of one who has not taken the case, or has an older state of it in view.

        One whose lease ran out goes on where nobody else came meanwhile.
        """
        self._refuse_held(case, who)
        refuse_ended(case)
        if case.holder != who.name or case.state != "in_review":
            raise ReviewError("take this case first: somebody may have freed it", code="held")
        if case.version != version:
            raise ReviewError(
                "this case was changed in another window since you loaded it: what you see below "
                "is its present state; make your change again",
                code="stale",
            )
        self._hold(connection, case, who)


@dataclass(frozen=True, slots=True)
class _Decided:
    who: Reviewer
    verdict: Verdict
    reason: Reason
    note: str | None
    final: bool


_NOBODY: dict[str, Any] = {"holder": None, "held_until": None, "taken": None}


def _locked(connection: Connection, pk: int) -> Case:
    """The case, which no other transaction can change until this one ends."""
    check_number(pk)
    row = select(review_cases.c.pk).where(review_cases.c.pk == pk).with_for_update()
    connection.execute(row)
    return case_of(connection, pk)


def _decided_version(case: Case) -> int | None:
    """The version that holds the content, also where it is the first reviewer's that a senior has
    not touched; None: it is as predicted."""
    if case.current is None and case.stage == "adjudication":
        return next((one.version_pk for one in case.round if one.content is not None), None)
    return case.current


def _given_back(case: Case) -> dict[str, Any]:
    """What becomes of a case whose reviewer leaves: as it came, unless somebody worked on it."""
    untouched = case.stage == "first" and not case.round and case.current is None
    state = case.record.disposition if untouched and not case.decisions else "in_review"
    return {"state": state, **_NOBODY}


def _put_rulings(connection: Connection, decision: int, case: Case) -> None:
    found = rulings(case.record, case.content, case.text, ledger_of(case))
    if found:
        connection.execute(
            insert(review_rulings),
            [
                {"decision_pk": decision, "position": place, "rule": rule, "ruling": ruling}
                for place, (rule, ruling) in enumerate(found)
            ],
        )


def _told(before: Content, after: Content) -> list[dict[str, Any]]:
    return [difference.model_dump() for difference in differences(before, after)]
