"""Parents: which total certainly contains which slice, by sums that close, by party, by place."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from llm_extract.extraction.drafts import Draft, least
from llm_extract.extraction.reading import can_contain
from llm_extract.extraction.times import TimeWords


def infer_parents(drafts: Sequence[Draft]) -> None:
    """Finds totals that certainly contain slices: sums that close, parties or places of a total."""
    for total in drafts:
        if total.outcome == "casualties":
            _adopt_killed_and_injured(total, drafts)
        _adopt_closing_run(total, drafts)
        if total.listed or total.announced:
            _adopt_rows_above(total, drafts)
    for draft in drafts:
        if draft.parent is not None or draft.total is None or not draft.total.mention.value:
            continue
        candidates = [
            other
            for other in drafts
            if other is not draft and _certainly_contains(other, draft) and not _below(other, draft)
        ]
        candidates.sort(key=least)
        for other in candidates:
            siblings = [d for d in drafts if d.parent is other and d.outcome == draft.outcome]
            used = sum(least(d) for d in siblings if _along(d, draft))
            if used + least(draft) <= least(other):
                draft.parent = other
                break


def _adopt_closing_run(total: Draft, drafts: Sequence[Draft]) -> None:
    """Claims that follow a total and add up to it exactly are its parts (record.md, `part_of`)."""
    size = least(total)
    if total.total is None or size < 2:
        return
    following: list[Draft] = []
    for draft in drafts:
        if draft.figure.mention.start <= total.figure.mention.start:
            continue
        if draft.parent is not None and draft.parent is not total:
            continue
        if draft.outcome != total.outcome or least(draft) == 0 or _below(total, draft):
            continue
        if draft.circumstances.claimant != total.circumstances.claimant:
            break
        following.append(draft)
    for first in range(len(following)):
        for last in range(first + 2, len(following) + 1):
            run = following[first:last]
            if sum(least(d) for d in run) == size:
                for part in run:
                    part.parent = total
                return


def _adopt_killed_and_injured(total: Draft, drafts: Sequence[Draft]) -> None:
    """Killed and injured that add up to the casualties before them are their parts (rule A07)."""
    after = [
        d
        for d in drafts
        if d.parent is None
        and d.outcome in ("killed", "injured")
        and d.figure.mention.start > total.figure.mention.start
        and d.circumstances.claimant == total.circumstances.claimant
    ]
    for killed, injured in itertools.pairwise(after):
        outcomes = {killed.outcome, injured.outcome}
        if len(outcomes) == 2 and least(killed) + least(injured) == least(total) > 0:
            killed.parent = injured.parent = total
            return


def _adopt_rows_above(total: Draft, drafts: Sequence[Draft]) -> None:
    """Rows or bullets that stand over a line with their sum are its parts."""
    run: list[Draft] = []
    above = [d for d in drafts if d.figure.mention.start < total.figure.mention.start and d.listed]
    for draft in reversed(above):
        if draft.outcome != total.outcome or draft.parent is not None:
            continue
        run.append(draft)
        added = sum(least(d) for d in run)
        if added == least(total) and len(run) >= 2:
            for part in run:
                part.parent = total
        if added >= least(total):
            return


def _below(draft: Draft, ancestor: Draft) -> bool:
    while draft.parent is not None:
        draft = draft.parent
        if draft is ancestor:
            return True
    return False


def _along(one: Draft, other: Draft) -> bool:
    """Whether two parts slice their total along one dimension."""
    a, b = one.circumstances, other.circumstances
    return bool(a.perpetrators) == bool(b.perpetrators)


def _certainly_contains(total: Draft, part: Draft) -> bool:
    if total.total is None or not can_contain(total.outcome, part.outcome):
        return False
    if total.outcome != part.outcome or least(total) <= least(part):
        return False
    if total.victims == "civilians" and part.victims == "combatants":
        return False
    a, b = total.circumstances, part.circumstances
    if a.claimant != b.claimant or a.scope != b.scope or not _same_time(a.time, b.time):
        return False
    if total.figure.mention.start > part.figure.mention.start and not total.announced:
        return False
    by_party = (
        bool(b.perpetrators)
        and set(b.perpetrators) != set(a.perpetrators)
        and (not a.perpetrators or set(b.perpetrators) < set(a.perpetrators))
    )
    listed = part.listed and not total.listed
    by_place = bool(b.places) and not set(b.places) & set(a.places)
    spread = total.plural and not part.anew and bool(total.sentences) and total.sentences[0] <= 1
    by_place = by_place and (listed or spread or a.scope != "incident")
    return by_party or by_place


def _same_time(one: TimeWords | None, other: TimeWords | None) -> bool:
    if one is None or other is None:
        return True
    if one.first is None or other.first is None:
        return one.first == other.first
    last_one, last_other = one.last, other.last
    if last_one is None or last_other is None:
        return one.first <= other.first
    return one.first <= other.first and other.last is not None and last_other <= last_one
