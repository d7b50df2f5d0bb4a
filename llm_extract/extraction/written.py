"""Claims that a model wrote become drafts: each number is bound to a mention of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from llm_extract.extraction.circumstances import Setting, circumstances
from llm_extract.extraction.drafts import Draft, group_victims
from llm_extract.extraction.names import find_words
from llm_extract.extraction.reading import SLOTS, Figure, Reading
from llm_extract.schema import Outcome


def drafts_of(
    reading: Reading,
    settings: Sequence[Setting],
    figures: Sequence[Figure],
    claims: Sequence[dict[str, Any]],
) -> list[Draft]:
    """Claims of a reply bound to ledger mentions; a claim none of whose numbers fits is dropped."""
    used: set[tuple[int, Outcome]] = set()
    drafts: list[Draft] = []
    made: list[Draft | None] = []
    for claim in claims:
        outcome: Outcome = claim["outcome"]
        slots = {
            name: figure
            for name in SLOTS
            if (figure := _figure_for(figures, claim[name], name, outcome, used)) is not None
        }
        total = _figure_for(figures, claim["total"], "total", outcome, used)
        first = total or next(iter(slots.values()), None)
        if first is None:
            made.append(None)
            continue
        around = circumstances(reading, settings, first, outcome)
        named = _standing(reading, claim["perpetrators"])
        said = _standing(reading, [claim["claimant"]] if claim["claimant"] else [])
        draft = Draft(
            outcome,
            first,
            total,
            replace(
                around,
                claimant=said[0] if said else around.claimant,
                perpetrators=tuple(named) or around.perpetrators,
                attribution=around.attribution or ("stated" if named else None),
                places=tuple(_standing(reading, claim["places"])) or around.places,
            ),
            victims=group_victims(first),
            slots=slots,
            sentences=sorted({f.sentence for f in [first, *slots.values()]}),
        )
        drafts.append(draft)
        made.append(draft)
    for claim, made_draft in zip(claims, made, strict=True):
        parent = claim.get("part_of")
        if made_draft is not None and parent is not None and parent < len(made):
            other = made[parent]
            if other is not None and not _is_within(other, made_draft):
                made_draft.parent = other
    return drafts


def _is_within(draft: Draft, whole: Draft) -> bool:
    """Whether a draft is another one or a part of it, over any number of steps."""
    above: Draft | None = draft
    while above is not None:
        if above is whole:
            return True
        above = above.parent
    return False


def _figure_for(
    figures: Sequence[Figure],
    value: int | None,
    slot: str,
    outcome: Outcome,
    used: set[tuple[int, Outcome]],
) -> Figure | None:
    """The figure with this value that fits the slot best; it feeds one slot of an outcome."""
    if value is None:
        return None
    candidates = [f for f in figures if f.mention.value == value and (f.index, outcome) not in used]
    if not candidates:
        return None
    best = min(
        candidates, key=lambda f: (f.group != slot if slot in SLOTS else not f.whole, f.index)
    )
    used.add((best.index, outcome))
    return best


def _standing(reading: Reading, names: Sequence[str]) -> list[str]:
    """Names as the report writes them; those that stand nowhere are left out."""
    text = reading.report.text
    spans = [find_words(text, name) for name in names]
    return [text[span[0] : span[1]] for span in spans if span is not None]
