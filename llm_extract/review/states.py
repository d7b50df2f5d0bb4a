"""The words of review: states, stages, verdicts, reasons and roles, and which may follow which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

State = Literal[
    "extracted",
    "flagged",
    "clean",
    "in_review",
    "approved",
    "corrected",
    "rejected",
    "deferred",
    "superseded",
]
"""`extracted` is a record that is no case yet. A case in review stays there until the last reviewer
that it needs has decided."""

Stage = Literal["first", "second", "adjudication"]
"""Whose turn it is: the first reviewer's, that of a second one who does not see the first one's
work, or that of a senior who sees both."""

Verdict = Literal["approved", "corrected", "rejected", "deferred"]
"""`approved`: as predicted; `corrected`: as changed; code tells the two apart, not the reviewer."""

Reason = Literal[
    "as_printed",
    "wrong_number",
    "wrong_slot",
    "wrong_person_group",
    "missed_claim",
    "invented_claim",
    "wrong_attribute",
    "wrong_link",
    "not_a_casualty_report",
    "unreadable",
    "duplicate",
    "needs_source",
    "needs_expert",
    "other",
]
"""Why a decision was made, one code each, for the report of what goes wrong."""

REASONS_OF: dict[str, tuple[Reason, ...]] = {
    "approved": ("as_printed",),
    "corrected": (
        "wrong_number",
        "wrong_slot",
        "wrong_person_group",
        "missed_claim",
        "invented_claim",
        "wrong_attribute",
        "wrong_link",
        "other",
    ),
    "rejected": ("not_a_casualty_report", "unreadable", "duplicate", "other"),
    "deferred": ("needs_source", "needs_expert", "other"),
}
"""Reasons that fit a verdict."""

Role = Literal["analyst", "senior", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may: seniors adjudicate, assign and free locks of others, admins
manage accounts."""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who acts, and what they may do."""

    name: str
    role: Role


DECIDED: frozenset[State] = frozenset({"approved", "corrected", "rejected"})

FOLLOWS: dict[State, frozenset[State]] = {
    "extracted": frozenset({"flagged", "clean"}),
    "flagged": frozenset({"in_review", "superseded"}),
    "clean": frozenset({"in_review", "superseded"}),
    "in_review": frozenset(
        {"flagged", "clean", "approved", "corrected", "rejected", "deferred", "superseded"}
    ),
    "deferred": frozenset({"in_review", "superseded"}),
    "approved": frozenset({"in_review", "superseded"}),
    "corrected": frozenset({"in_review", "superseded"}),
    "rejected": frozenset({"in_review", "superseded"}),
    "superseded": frozenset(
        {"flagged", "clean", "in_review", "approved", "corrected", "rejected", "deferred"}
    ),
}
"""The states that may follow each. A case that is given back is flagged or clean again; a decided
one may be reopened by a senior; a superseded one is current again when its very record is."""


def at_least(role: Role, wanted: Role) -> bool:
    """Whether a role may do what `wanted` may."""
    return ROLES.index(role) >= ROLES.index(wanted)
