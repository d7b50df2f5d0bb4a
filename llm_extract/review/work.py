"""The work of reviewers: cases are taken, changed, decided; each step one transaction and one row
of the log, in the order of `states`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Engine, insert, select, update

from llm_extract.errors import ReviewError
from llm_extract.numbers import read_ledger
from llm_extract.numbers.mention import Ledger
from llm_extract.review.cases import Case, Decision, case_of, version_of
from llm_extract.review.content import Content, content_of, sha256_of
from llm_extract.review.differences import differences, is_wrong
from llm_extract.review.edits import Edit, apply_edit, describe
from llm_extract.review.judging import judge, open_errors, rulings
from llm_extract.review.log import Action, NewEntry, append
from llm_extract.review.second import agree, second_reason
from llm_extract.review.states import DECIDED, FOLLOWS, REASONS_OF, Reason, Role, State, at_least
from llm_extract.store.engine import transaction
from llm_extract.store.review_tables import (
    review_cases,
    review_decisions,
    review_rulings,
    review_versions,
)

LEASE = timedelta(minutes=15)
"""How long a reviewer who does nothing keeps a case; an open page renews it each minute."""

Choice = Literal["accept", "reject", "defer"]
"""What a reviewer says; that accepting means approved or corrected follows from the content."""

MOST_NOTE = 4000
"""Characters of a note."""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who acts, and what they may do."""

    name: str
    role: Role


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
            _refuse_ended(case)
            _refuse_unfit(case, who)
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
        """Keep a case that one has open; False when it is no longer one's own."""
        with transaction(self._engine) as connection:
            case = _locked(connection, pk)
            if case.holder != who.name or case.state != "in_review":
                return False
            self._hold(connection, case, who)
            return True

    def release(self, pk: int, who: Reviewer) -> None:
        """Give a case back; what was changed in it stays for whoever takes it next."""
        with transaction(self._engine) as connection:
            case = _locked(connection, pk)
            if case.holder == who.name and case.state == "in_review":
                self._step(connection, case, who, "release", _given_back(connection, case))

    def free(self, pk: int, who: Reviewer) -> None:
        """Take a case from whoever has it; for seniors."""
        _must_be(who, "senior", "free a case that another has open")
        with transaction(self._engine) as connection:
            case = _locked(connection, pk)
            if case.holder is not None and case.state == "in_review":
                self._step(connection, case, who, "free", _given_back(connection, case))

    def assign(self, pk: int, who: Reviewer, assignee: str | None) -> None:
        """Say who is to look at a case (None: anybody); analysts may name themselves alone."""
        if assignee not in (None, who.name):
            _must_be(who, "senior", "assign a case to somebody else")
        with transaction(self._engine) as connection:
            case = _locked(connection, pk)
            if case.assignee not in (None, who.name):
                _must_be(who, "senior", f"take a case from {case.assignee}, who is assigned to it")
            connection.execute(
                update(review_cases).where(review_cases.c.pk == pk).values(assignee=assignee)
            )
            before, after = {"assignee": case.assignee}, {"assignee": assignee}
            append(connection, [NewEntry(pk, who.name, "assign", before, after)])

    # --- what it says -------------------------------------------------------------------------

    def edit(self, pk: int, who: Reviewer, edit: Edit, version: int) -> Case:
        """Change the content by one edit. Codes: stale, held; raises ChangeError when it does not
        fit."""

        def changed(case: Case) -> Content:
            return apply_edit(case.content, edit, case.text, _ledger(case))

        return self._change(pk, who, version, changed, "edit", describe(edit))

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
                _refuse_open_errors(case)
            verdict = _verdict(case, choice)
            reason = _fit_reason(verdict, reason)
            if verdict == "deferred":
                end: dict[str, Any] = {"state": "deferred", "final": False}
            else:
                end = _end_of(case, who, None if verdict == "rejected" else case.content)
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
                _refuse_ended(case)
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
        _must_be(who, "senior", "open a decided case again")
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
            back = _current(connection, pk)
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
            now = _current(connection, pk)
            here = None if now is None else version_of(connection, now)
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
        current = _decided_version(connection, case)
        taken = connection.execute(
            select(review_cases.c.taken).where(review_cases.c.pk == case.pk)
        ).scalar_one()
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
                "seconds": 0 if taken is None else int((now - taken).total_seconds()),
                "final": row.final,
                "wrong": _was_wrong(row, prediction, case.content),
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
        _refuse_ended(case)
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
    verdict: Any
    reason: Reason
    note: str | None
    final: bool


_NOBODY: dict[str, Any] = {"holder": None, "held_until": None, "taken": None}


def _locked(connection: Connection, pk: int) -> Case:
    """The case, which no other transaction can change until this one ends."""
    row = select(review_cases.c.pk).where(review_cases.c.pk == pk).with_for_update()
    connection.execute(row)
    return case_of(connection, pk)


def _current(connection: Connection, pk: int) -> int | None:
    query = select(review_cases.c.current).where(review_cases.c.pk == pk)
    found: int | None = connection.execute(query).scalar_one()
    return found


def _decided_version(connection: Connection, case: Case) -> int | None:
    """The version that holds the content; None: it is as predicted."""
    current = _current(connection, case.pk)
    if current is None and case.stage == "adjudication":
        return next((one.version_pk for one in case.round if one.content is not None), None)
    return current


def _ledger(case: Case) -> Ledger:
    return read_ledger(case.text, case.language)


def _given_back(connection: Connection, case: Case) -> dict[str, Any]:
    """What becomes of a case whose reviewer leaves: as it came, unless somebody worked on it."""
    untouched = case.stage == "first" and not case.round and _current(connection, case.pk) is None
    state = case.record.disposition if untouched and not case.decisions else "in_review"
    return {"state": state, **_NOBODY}


def _must_be(who: Reviewer, role: Role, what: str) -> None:
    if not at_least(who.role, role):
        raise ReviewError(f"only a {role} can {what}", code="role")


def _refuse_ended(case: Case) -> None:
    if case.state == "superseded":
        raise ReviewError(
            "a newer record of this report has come: work on that one; what was done here is kept",
            code="superseded",
        )
    if case.state in DECIDED:
        raise ReviewError(f"this case is {case.state}: a senior can open it again", code="decided")


def _refuse_unfit(case: Case, who: Reviewer) -> None:
    """Two reviewers are two people, and who settles their difference is a third one or gives in."""
    if case.stage == "second" and any(one.who == who.name for one in case.round):
        raise ReviewError(
            f"a second reviewer has to look at this case ({case.second_reason}), who is not you: "
            "leave it to a colleague",
            code="not_yours",
        )
    if case.stage == "adjudication" and not any(one.who == who.name for one in case.round):
        _must_be(who, "senior", "settle what two reviewers see differently")


def _refuse_open_errors(case: Case) -> None:
    judged = judge(case.record, case.content, case.text, _ledger(case))
    errors = open_errors(judged)
    if errors:
        rules = ", ".join(dict.fromkeys(each.finding.rule for each in errors))
        raise ReviewError(
            f"{len(errors)} errors are open ({rules}): correct the record, or say of each that the "
            "source says so or that it is a false alarm",
            code="open_errors",
        )


def _verdict(case: Case, choice: Choice) -> Any:
    if choice == "defer":
        return "deferred"
    if choice == "reject":
        return "rejected"
    changed = differences(content_of(case.record), case.content)
    return "corrected" if changed else "approved"


def _fit_reason(verdict: str, reason: Reason | None) -> Reason:
    fit = REASONS_OF[verdict]
    if verdict == "approved":
        return fit[0]
    if reason not in fit:
        raise ReviewError(f"say why it is {verdict}: {', '.join(fit)}", code="reason")
    return reason


def _end_of(case: Case, who: Reviewer, content: Content | None) -> dict[str, Any]:
    """Where a decision leads, and whether it is the final one; no state: that of its verdict."""
    if case.stage == "adjudication":
        _refuse_own_way(case, who, content)
        return {"final": True}
    if case.stage == "second":
        first = case.round[0]
        if agree(first.content, content):
            return {"final": True, "current": first.version_pk}
        return {"state": "in_review", "stage": "adjudication", "current": None, "final": False}
    reason = case.second_reason or second_reason(
        content_of(case.record), case.content, rejected=content is None
    )
    if reason is None:
        return {"final": True}
    return {
        "state": "in_review",
        "stage": "second",
        "second_reason": reason,
        "current": None,
        "final": False,
    }


def _refuse_own_way(case: Case, who: Reviewer, content: Content | None) -> None:
    """One of the two reviewers may end a disagreement only by saying what the other says."""
    mine = [one for one in case.round if one.who == who.name]
    others: list[Decision] = [one for one in case.round if one.who != who.name]
    if mine and not any(agree(one.content, content) for one in others):
        raise ReviewError(
            "you are one of the two who differ: say what the other says, or leave it to a senior",
            code="not_yours",
        )


def _was_wrong(row: _Decided, prediction: Content, content: Content) -> bool:
    """Whether a figure of the prediction was wrong, by this decision."""
    if row.verdict == "rejected":
        return row.reason == "not_a_casualty_report" and bool(prediction.claims)
    return row.verdict == "corrected" and is_wrong(prediction, content)


def _put_rulings(connection: Connection, decision: int, case: Case) -> None:
    found = rulings(case.record, case.content, case.text, _ledger(case))
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
