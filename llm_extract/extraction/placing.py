"""Placing: each settled figure goes into the claim it is part of, or makes a claim of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from llm_extract.extraction.circumstances import Setting, circumstances
from llm_extract.extraction.drafts import Draft, group_victims
from llm_extract.extraction.reading import LIST_LINK, SLOTS, Figure, Reading, can_contain
from llm_extract.schema import Group, Outcome


def place(
    reading: Reading,
    settings: Sequence[Setting],
    figure: Figure,
    outcome: Outcome,
    drafts: list[Draft],
    holder: dict[int, Draft],
) -> None:
    """Puts one figure into the claim it is part of, or makes a claim of it."""
    container = holder.get(figure.container) if figure.container is not None else None
    if container is not None and container.outcome == outcome and _fill(reading, container, figure):
        holder[figure.index] = container
        return
    if _join_listed(reading, figure, outcome, drafts):
        holder[figure.index] = drafts[-1]
        return
    sibling = _sibling(reading, figure, outcome, drafts, holder)
    if sibling is not None:
        holder[figure.index] = sibling
        return
    around = circumstances(reading, settings, figure, outcome)
    draft = Draft(outcome, figure, figure, around, victims=group_victims(figure))
    draft.sentences.append(figure.sentence)
    before = reading.report.text[max(0, figure.start - 20) : figure.start]
    draft.fresh = _FRESH.search(before) is not None
    words = reading.text(reading.sentences[figure.sentence])
    draft.plural = _MANY_ATTACKS.search(words) is not None
    draft.anew = _ANOTHER_EVENT.search(words) is not None
    draft.announced = (
        _TOTAL_WORDS.search(reading.text(reading.sentences[figure.sentence])) is not None
    )
    draft.listed = reading.sentences[figure.sentence].kind in ("bullet", "row", "fact")
    if not figure.whole:
        _fill(reading, draft, figure)
    if container is not None and can_contain(container.outcome, outcome):
        draft.parent = container
    drafts.append(draft)
    holder[figure.index] = draft


_FRESH = re.compile(r"\b(?:remaining|other|another|further|additional|new)\s+$", re.IGNORECASE)
"""Words that tell a number from an equal one before it."""


_MANY_ATTACKS = re.compile(
    r"\b(?:attacks|strikes|air ?strikes|raids|clashes|fighting|bombardments?|shelling|offensive|"
    r"violence|incidents|assaults|bombings|ambushes|massacres)\b",
    re.IGNORECASE,
)
"""Words of a first sentence whose toll sums up several places."""
_ANOTHER_EVENT = re.compile(
    r"\b(?:another|separate(?:ly)?|elsewhere|also|later|earlier|previous(?:ly)?|meanwhile|additional)\b",
    re.IGNORECASE,
)
_TOTAL_WORDS = re.compile(
    r"\b(?:in total|total|altogether|overall|in all|all told)\b|إجمالي|المجموع", re.IGNORECASE
)
"""Words that announce a sum of what stands above."""
LONGEST_LIST_LINK = 80
"""Characters between two people that one sentence lists one by one."""


def _fill(reading: Reading, draft: Draft, figure: Figure) -> bool:
    """Puts a part into a free slot of a claim; False when it must be a claim of its own."""
    if figure.combined:
        return False
    if figure.group in SLOTS:
        if figure.group in draft.slots:
            return False
        draft.slots[figure.group] = figure
    elif figure.whole:
        single = figure.mention.basis == "counted"
        if (figure.group == "people" and not single) or _own_slice(reading, figure):
            return False
        group: Group = "civilians" if figure.group == "civilians" else "other"
        label = figure.noun.form if group == "other" and figure.noun else None
        draft.subgroups.append((group, label, figure))
    else:
        draft.subgroups.append((figure.group, None, figure))  # type: ignore[arg-type]
    if figure.sentence not in draft.sentences:
        draft.sentences.append(figure.sentence)
    return True


def _own_slice(reading: Reading, figure: Figure) -> bool:
    """Whether the words after a part give it a place or party of its own ("12 men in Sarun")."""
    sentence = reading.sentences[figure.sentence]
    after = reading.report.text[figure.end : sentence.end]
    if reading.table.language == "ar":
        return re.match(r"\s+(?:في|على يد|\w+وا)\b", after) is not None
    return re.match(r"\s+(?:in|at|by|near)\s", after) is not None


def _join_listed(
    reading: Reading, figure: Figure, outcome: Outcome, drafts: Sequence[Draft]
) -> bool:
    """Takes a figure into a list of people that begins with single ones ("a medic and two aides").

    Such a list has one counted total (record.md, list without a printed total).
    """
    if not drafts or figure.group in SLOTS or figure.mention.value is None:
        return False
    last = drafts[-1]
    total = last.total
    if total is None or last.outcome != outcome:
        return False
    if total.mention.basis != "counted" and total.mention.value != 1:
        return False
    if _FRESH.search(reading.report.text[max(0, figure.start - 20) : figure.start]) or (
        figure.noun is not None and figure.noun.label in ("people", "civilians")
    ):
        return False
    if last.figure.sentence != figure.sentence or last.figure.group in SLOTS:
        return False
    link = reading.report.text[total.end : figure.start]
    single = figure.mention.basis == "counted" and len(link) <= LONGEST_LIST_LINK
    if not single and not LIST_LINK.fullmatch(link):
        return False
    if group_victims(figure) != last.victims:
        last.victims = "unspecified"
    span = reading.report.text[total.start : figure.end]
    mention = total.mention._replace(
        end=figure.end,
        text=span,
        value=(total.mention.value or 0) + figure.mention.value,
        basis="counted",
    )
    last.total = replace(total, mention=mention, end=figure.end)
    if not figure.whole:
        last.subgroups.append((figure.group, None, figure))  # type: ignore[arg-type]
    return True


def _sibling(
    reading: Reading,
    figure: Figure,
    outcome: Outcome,
    drafts: Sequence[Draft],
    holder: dict[int, Draft],
) -> Draft | None:
    """The claim of a list of groups without a total that this figure goes on with."""
    if figure.group not in SLOTS or figure.combined or not drafts:
        return None
    last = drafts[-1]
    ends = [f for f in last.figures() if f.sentence == figure.sentence]
    if last.outcome != outcome or not ends or figure.group in last.slots:
        return None
    if last.figure.whole or last.figure.group not in SLOTS:
        return None
    link = reading.report.text[max(f.end for f in ends) : figure.start]
    if not LIST_LINK.fullmatch(link):
        return None
    last.total = None
    last.slots[figure.group] = figure
    return last
