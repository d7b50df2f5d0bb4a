"""When one reviewer is not enough, and when two agree; pure."""

from __future__ import annotations

from llm_extract.record import RecordClaim, RecordCount
from llm_extract.review.content import Content
from llm_extract.review.differences import differences, same

MANY_KILLED = 20
"""A toll of killed from which on two reviewers must agree; the project's own bar."""


def second_reason(prediction: Content, final: Content, rejected: bool) -> str | None:
    """Why a second reviewer has to look, in words; None when one will do.

    `final` is what the first one decided on. A rejected record counts by what was predicted, since
    a rejection takes its dead out of sight.
    """
    reasons = []
    shown = (prediction,) if rejected else (prediction, final)
    if any(_killed(claim) >= MANY_KILLED for each in shown for claim in each.claims):
        reasons.append(f"killed of {MANY_KILLED} or more")
    if not rejected:
        changed = {difference.field for difference in differences(prediction, final)}
        if "perpetrators" in changed:
            reasons.append("perpetrators changed")
        if _zeros(final) > _zeros(prediction):
            reasons.append("a figure set to zero")
    return "; ".join(reasons) or None


def agree(first: Content | None, second: Content | None) -> bool:
    """Whether two reviewers say the same; None is a rejection."""
    if first is None or second is None:
        return first is second
    return same(first, second)


def _killed(claim: RecordClaim) -> int:
    """The largest number of killed that a claim states; 0 when it is about something else."""
    if claim.outcome not in ("killed", "casualties"):
        return 0
    return max((_most(count) for count in claim.slots().values()), default=0)


def _most(count: RecordCount) -> int:
    return max(count.value or 0, count.upper or 0, count.low)


def _zeros(content: Content) -> int:
    return sum(_most(count) == 0 for claim in content.claims for count in claim.slots().values())
