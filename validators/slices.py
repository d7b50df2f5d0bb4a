"""Which people a claim is about, as values that two claims are compared by, and how they count.

Names are reduced as `same_name` reduces them. A claim whose every member belongs to a group ("14
children", "two aid workers") is a slice by that group.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from llm_extract.record import RecordClaim, RecordCount
from llm_extract.schema import Victims, Weapon
from llm_extract.validators.profiles import Profile, packaged_profiles
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.terms import Held, Name, Row, folded, same_name


@dataclass(frozen=True, slots=True)
class Slice:
    """The people of a claim apart from what happened to them, when, and who says so."""

    victims: Victims
    groups: frozenset[str]
    parties: frozenset[Name]
    weapons: frozenset[Weapon]
    places: frozenset[Name]


def slice_of(claim: RecordClaim) -> Slice:
    """The slice as the claim itself states it; what it inherits is not filled in."""
    return Slice(
        claim.victims,
        groups_of(claim),
        frozenset(map(same_name, claim.perpetrators)),
        frozenset(claim.weapons),
        frozenset(map(same_name, claim.places)),
    )


def groups_of(claim: RecordClaim) -> frozenset[str]:
    """The groups that all people of a claim belong to; of `other` the words of the report."""
    total = claim.total
    if total is None:
        return frozenset()
    parts = [("children", claim.children), ("women", claim.women), ("men", claim.men)]
    of_all = [name for name, count in parts if count is not None and _are_equal(count, total)]
    for part in claim.subgroups:
        if _are_equal(part.count, total):
            of_all.append(f"{part.group} {folded(part.label or '')}")
    return frozenset(of_all)


def _are_equal(one: RecordCount, other: RecordCount) -> bool:
    return (
        one.value == other.value
        and one.upper == other.upper
        and one.qualifier == other.qualifier
        and one.as_written == other.as_written
    )


def people_of(row: Row[RecordClaim]) -> Hashable:
    """The groups and places of a claim: what tells its people apart whoever harmed them."""
    return groups_of(row.held), frozenset(map(same_name, row.held.places))


def speech_of(row: Row[RecordClaim]) -> Hashable:
    """Who says it, of which days and how long a time."""
    return row.speaker, row.days, row.held.scope


def profile_of(given: RuleInput, held: Held) -> Profile:
    """How the claimant of a claim counts, as the profiles of the check say."""
    profiles = packaged_profiles() if given.profiles is None else given.profiles
    return profiles.of(held.claimant)


def may_be_same(one: Slice, other: Slice) -> bool:
    """Whether parties, weapons and victims of both may be the same: equal, or one doesn't say."""
    return (
        (one.parties == other.parties or not one.parties or not other.parties)
        and (one.weapons == other.weapons or not one.weapons or not other.weapons)
        and (one.victims == other.victims or "unspecified" in (one.victims, other.victims))
    )
