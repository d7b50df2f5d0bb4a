"""The rules of deciding: who may work on a case, what may be decided, where it leads; no store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from llm_extract.errors import ReviewError
from llm_extract.numbers import read_ledger
from llm_extract.numbers.mention import Ledger
from llm_extract.review.cases import Case, Decision
from llm_extract.review.content import Content, content_of
from llm_extract.review.differences import Difference, differences, is_wrong
from llm_extract.review.judging import judge, open_errors
from llm_extract.review.second import agree, second_reason
from llm_extract.review.states import DECIDED, REASONS_OF, Reason, Reviewer, Role, Verdict, at_least

Choice = Literal["accept", "reject", "defer"]
"""What a reviewer says; that accepting means approved or corrected follows from the content."""


def ledger_of(case: Case) -> Ledger:
    """The numbers of the report of a case."""
    return read_ledger(case.text, case.language)


def must_be(who: Reviewer, role: Role, what: str) -> None:
    """Raises ReviewError (role) unless somebody has at least that role."""
    if not at_least(who.role, role):
        raise ReviewError(f"only a {role} can {what}", code="role")


def refuse_ended(case: Case) -> None:
    """Raises ReviewError (superseded, decided) for a case that nobody works on any more."""
    if case.state == "superseded":
        raise ReviewError(
            "a newer record of this report has come: work on that one; what was done here is kept",
            code="superseded",
        )
    if case.state in DECIDED:
        raise ReviewError(f"this case is {case.state}: a senior can open it again", code="decided")


def refuse_unfit(case: Case, who: Reviewer) -> None:
    """Raises ReviewError (not_yours, role) for one whose turn it is not.

    Two reviewers are two people, and who settles their difference is a third one or gives in.
    """
    if case.stage == "second" and any(one.who == who.name for one in case.round):
        raise ReviewError(
            f"a second reviewer has to look at this case ({case.second_reason}), who is not you: "
            "leave it to a colleague",
            code="not_yours",
        )
    if case.stage == "adjudication" and not any(one.who == who.name for one in case.round):
        must_be(who, "senior", "settle what two reviewers see differently")


def refuse_open_errors(case: Case) -> None:
    """Raises ReviewError (open_errors) while an error is neither gone nor said to stand."""
    judged = judge(case.record, case.content, case.text, ledger_of(case))
    errors = open_errors(judged)
    if errors:
        rules = ", ".join(dict.fromkeys(each.finding.rule for each in errors))
        plural = "s" if len(errors) > 1 else ""
        raise ReviewError(
            f"{len(errors)} open error{plural} ({rules}): correct the record, or say of each that "
            "the source says so or that it is a false alarm",
            code="open_errors",
        )


def verdict_of(case: Case, choice: Choice) -> Verdict:
    """The verdict that a choice means for the content as it is."""
    if choice == "defer":
        return "deferred"
    if choice == "reject":
        return "rejected"
    return verdict_of_changes(differences(content_of(case.record), case.content))


def verdict_of_changes(changes: Sequence[Difference]) -> Verdict:
    """Approved or corrected, by what was changed of the prediction.

    Claims and facilities as predicted are approved, whatever was said of findings and of numbers
    that are not about people.
    """
    changed = {each.field for each in changes}
    return "corrected" if changed - {"aside", "accepted"} else "approved"


def fit_reason(verdict: Verdict, reason: Reason | None) -> Reason:
    """The reason if it fits the verdict, which says it for what is approved.

    Raises ReviewError (reason).
    """
    fit = REASONS_OF[verdict]
    if verdict == "approved":
        return fit[0]
    if reason not in fit:
        raise ReviewError(f"say why it is {verdict}: {', '.join(fit)}", code="reason")
    return reason


def end_of(case: Case, who: Reviewer, content: Content | None) -> dict[str, Any]:
    """Where a decision leads: new values of the case, and whether it is `final`.

    `content` is None for a rejection. Without a state among them it is that of the verdict. Raises
    ReviewError (not_yours).
    """
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


def was_wrong(verdict: Verdict, reason: Reason, prediction: Content, content: Content) -> bool:
    """Whether a figure of the prediction was wrong, by this decision."""
    if verdict == "rejected":
        return reason == "not_a_casualty_report" and bool(prediction.claims)
    return verdict == "corrected" and is_wrong(prediction, content)
