"""Containers: which figure the words between two numbers make a part of which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from llm_extract.cues import casualty_cues
from llm_extract.extraction.reading import LIST_LINK, WERE, Figure, Option, Reading, can_contain
from llm_extract.passages import Sentence
from llm_extract.schema import Outcome

NEAR_COST = 2.0
"""A figure with a predicate as near as this has an outcome of its own, whatever contains it."""


def with_container(reading: Reading, sentence: Sentence, figure: Figure) -> Figure:
    """Finds the figure that the words make this one a part of."""
    if figure.superseded:
        return figure
    text = reading.report.text
    earlier = [f for f in reading.figures if f.sentence == figure.sentence and not f.superseded]
    after = text[figure.end : sentence.end]
    partitive = _partitive(reading, sentence, figure)
    if partitive is not None:
        return partitive
    listed = _AMONG_THE.match(after)
    if listed is not None and not figure.facility:
        named: list[Outcome] = [
            c.outcome
            for c in reading.cues[sentence.index]
            if c.end > figure.end + listed.start("whom") and c.start < figure.end + listed.end()
        ]
        holder = _holder(reading, sentence, figure, named[0] if named else None)
        if holder is not None:
            return _as_part(reading, replace(figure, options=()), holder)
    if AMONG_THEM.match(after) or _of_them(reading, sentence, figure):
        target = _target(reading, figure, earlier) or _previous_whole(reading, sentence, figure)
        return _as_part(reading, figure, target)
    if sentence.kind == "row":
        return _under_its_column(reading, sentence, figure, earlier)
    apposed = _apposed(reading, figure, earlier)
    if apposed is not None:
        return _as_part(reading, figure, apposed)
    for holder in reversed(earlier):
        if holder.facility != figure.facility:
            continue
        between = text[holder.end : figure.start]
        marker = _marker(reading, between, figure)
        if marker is not None and _closes_a_part(reading, earlier, holder.end + marker.start()):
            marker = None
        if marker is None:
            if _list_between(reading, holder, figure) and holder.container is not None:
                top = reading.figures[holder.container]
                if not figure.facility and _breaks_away(figure, top):
                    return figure
                if figure.whole and not _place_or_party(after, reading):
                    return figure
                return _as_part(reading, figure, top)
            continue
        top = holder
        if holder.container is not None and not holder.whole:
            top = reading.figures[holder.container]
        if not figure.facility and _breaks_away(figure, top):
            return figure
        return _as_part(reading, figure, top)
    if _said_of_a_group(text, figure) and not figure.whole:
        return _as_part(
            reading,
            replace(figure, options=()),
            _target(reading, figure, earlier) or _previous_whole(reading, sentence, figure),
        )
    reference = reading.references.get(sentence.index)
    if (
        reference is not None
        and reference.facility == figure.facility
        and (figure.facility or not _breaks_away(figure, reference))
    ):
        return _as_part(reading, figure, reference)
    if not figure.facility and _carries(reading, sentence, figure, earlier):
        previous = _previous_whole(reading, sentence, figure)
        if previous is not None and not _breaks_away(figure, previous):
            return _as_part(reading, figure, previous)
        return replace(figure, part_hint=True) if previous is None else figure
    return figure


AMONG_THEM = re.compile(r"[\s,]*(?:were |was |are )?among (?:them|whom)\b", re.IGNORECASE)
_AMONG_THE = re.compile(
    r"(?:[^.;,:]{0,60}\s(?:were|was|are|is)|\s+figure)\s+(?:also\s+)?among (?:the|those) "
    r"(?P<whom>dead|killed|victims|wounded|injured|fatalities|casualties|detained|detainees|missing)\b",
    re.IGNORECASE,
)
_PARTITIVE = re.compile(
    r"\s+(?:(?:more|others?|further)\s+)?(?:of|among)\s+(?:all\s+)?(?P<of>them\b|whom\b|which\b|"
    r"(?:the|those|these|that)\s+)",
    re.IGNORECASE,
)


def _partitive(reading: Reading, sentence: Sentence, figure: Figure) -> Figure | None:
    """A part by "of": in "three of the wounded died" the wounded hold it and it has died."""
    text = reading.report.text
    match = _PARTITIVE.match(text, figure.mention.end, sentence.end)
    if match is None:
        return None
    if re.match(r"(?:latter|former)\b", text[match.end() : match.end() + 8]):
        return replace(figure, options=(), facility=False)
    reference = next(
        (
            m
            for m in reading.ledger.within(match.end(), min(sentence.end, match.end() + 12))
            if m.kind == "count"
        ),
        None,
    )
    if reference is not None:
        known = [f for f in reading.figures if f.mention.value == reference.value]
        if known:
            return _as_part(reading, figure, known[-1])
    if figure.facility:
        wholes = [f for f in reading.figures if f.facility and f.sentence == sentence.index]
        return _as_part(reading, figure, wholes[-1]) if wholes else None
    pronoun = match.group("of").strip().casefold() in ("them", "whom", "which")
    cues = [
        c
        for c in reading.cues[sentence.index]
        if c.start >= match.end() - 1 and len(re.findall(r"\w+", text[match.end() : c.start])) <= 7
    ]
    holder_cue = None
    if cues and not pronoun and len(text[match.end() : cues[0].start].split()) <= 1:
        holder_cue = cues.pop(0)
    if holder_cue is None and not pronoun:
        return None
    own = cues[0] if cues and "subject" in cues[0].roles else None
    if own is not None and re.search(r"[;:]|\band\b", text[match.end() : own.start]):
        own = None
    target = _holder(reading, sentence, figure, holder_cue.outcome if holder_cue else None)
    if pronoun and _other_people_between(reading, sentence, figure, target):
        return replace(figure, options=())
    if own is not None and _between_figures(reading, sentence, match.end(), own.start):
        own = None
    if own is None:
        if target is None and holder_cue is not None:
            return replace(
                figure, options=(Option(holder_cue.outcome, holder_cue, 0.5),), part_hint=True
            )
        return _as_part(reading, replace(figure, options=()), target)
    settled = replace(figure, options=(Option(own.outcome, own, 0.0),))
    if target is None or target.outcome is None or not can_contain(target.outcome, own.outcome):
        wider = _holder(reading, sentence, figure, own.outcome)
        return replace(settled, container=wider.index) if wider is not None else settled
    return replace(settled, container=target.index)


def _other_people_between(
    reading: Reading, sentence: Sentence, figure: Figure, target: Figure | None
) -> bool:
    """Whether "of them" leans on a number of this sentence that counts no victims."""
    since = (
        target.end if target is not None and target.sentence == sentence.index else sentence.start
    )
    held = {f.mention.start for f in reading.figures if f.sentence == sentence.index}
    return any(
        m.kind == "count" and m.basis == "printed" and m.start not in held
        for m in reading.ledger.within(since, figure.start)
        if m in reading.unread and (m.value or 0) >= (figure.mention.value or 0)
    )


def _between_figures(reading: Reading, sentence: Sentence, start: int, end: int) -> bool:
    return any(m.kind == "count" for m in reading.ledger.within(start, end))


def _holder(
    reading: Reading, sentence: Sentence, figure: Figure, outcome: Outcome | None
) -> Figure | None:
    """The nearest earlier whole that can hold a part: of this outcome where one is named."""
    value = figure.mention.value
    for other in reversed(reading.figures):
        if other.superseded or other.facility or not other.whole or other.outcome is None:
            continue
        if sentence.paragraph - reading.sentences[other.sentence].paragraph > 2:
            return None
        if outcome is not None and other.outcome != outcome:
            continue
        size = other.mention.upper or other.mention.value
        if value is not None and size is not None and value > size:
            continue
        return other
    return None


def _apposed(reading: Reading, figure: Figure, earlier: Sequence[Figure]) -> Figure | None:
    """The whole that a list behind a comma spells out ("five people, four nuns and a driver").

    The first of the list must be smaller than the whole and stand right behind it; the rest of it
    follows by the list itself. Both need a predicate only after the list.
    """
    if not earlier or figure.facility:
        return None
    text = reading.report.text
    before = earlier[-1]
    if before.container is not None and LIST_LINK.fullmatch(text, before.end, figure.start):
        whole = reading.figures[before.container]
        gap = text[whole.end : before.start]
        return (
            whole if re.fullmatch(r"\s*,\s*", gap) and whole.sentence == figure.sentence else None
        )
    if not re.fullmatch(r"\s*,\s*", text[before.end : figure.start]) or not before.whole:
        return None
    sentence = reading.sentences[figure.sentence]
    following = [
        m.value or 0 for m in reading.ledger.within(figure.start, sentence.end) if m.kind == "count"
    ]
    whole_size = before.mention.value or 0
    sums = [sum(following[: n + 1]) for n in range(1, len(following))]
    return before if whole_size in sums else None


def _said_of_a_group(text: str, figure: Figure) -> bool:
    """Whether a verb stands between a number and its group ("28 were women")."""
    if figure.noun is None or figure.noun.start <= figure.mention.end:
        return False
    return WERE.fullmatch(text, figure.mention.end, figure.noun.start) is not None


def _under_its_column(
    reading: Reading, sentence: Sentence, figure: Figure, earlier: Sequence[Figure]
) -> Figure:
    """In a table row a group is part of the whole to its left with the same outcome."""
    if figure.whole or not figure.options:
        return figure
    for holder in reversed(earlier):
        if holder.whole and holder.outcome == figure.outcome:
            return replace(figure, container=holder.index)
    return figure


def _marker(reading: Reading, between: str, figure: Figure) -> re.Match[str] | None:
    """The words between two figures that make the second a part of the first."""
    pattern = reading.table.pattern("context", "including")
    found = [None, *pattern.finditer(between)][-1]
    if found is not None:
        rest = between[found.end() :]
        return found if _still_listing(reading, rest) else None
    bracket = re.match(r"[^()]{0,25}[(:—–]\s*(?:[^()]*,\s*)?$", between)
    if bracket is not None and (not figure.whole or "(" in between):
        return bracket
    return None


def _closes_a_part(reading: Reading, earlier: Sequence[Figure], offset: int) -> bool:
    """Whether "among them" stands behind the part it belongs to ("34 women among them, and …")."""
    text = reading.report.text
    return (
        any(
            f.container is not None and f.end <= offset and not text[f.end : offset].strip(" ,")
            for f in earlier
        )
        and AMONG_THEM.match(text, offset) is not None
    )


def _still_listing(reading: Reading, words: str) -> bool:
    """Whether a list opened by "including" still goes on after these words."""
    if re.search(r"[;:.]\s|\)", words):
        return False
    if reading.table.pattern("context", "clause").search(words):
        return False
    outcomes = casualty_cues(words, reading.table.language)
    return not any("head" not in cue.roles or "object" in cue.roles for cue in outcomes)


def _list_between(reading: Reading, before: Figure, after: Figure) -> bool:
    link = reading.report.text[before.end : after.start]
    return LIST_LINK.fullmatch(link) is not None


def _breaks_away(figure: Figure, container: Figure) -> bool:
    """Whether a figure has a near predicate of its own that the container cannot hold."""
    if not figure.options or not container.options:
        return False
    own = figure.options[0]
    if can_contain(container.options[0].outcome, own.outcome):
        return False
    return own.direct and own.cost <= NEAR_COST


def _as_part(reading: Reading, figure: Figure, container: Figure | None) -> Figure:
    if container is None:
        return replace(figure, part_hint=True)
    options = figure.options
    if not figure.facility and container.options:
        own = options[0] if options else None
        inherited = container.options[0]
        if own is None or own.cost > 1.0 or not can_contain(inherited.outcome, own.outcome):
            options = tuple(replace(o, cost=0.5) for o in container.options)
    return replace(figure, container=container.index, options=options)


def _of_them(reading: Reading, sentence: Sentence, figure: Figure) -> bool:
    """A part by a word like "of them" behind the number, in languages other than English."""
    if reading.table.language == "en":
        return False
    text = reading.report.text
    gap = re.match(r"\s*", text[figure.mention.end : sentence.end])
    at = figure.mention.end + (gap.end() if gap else 0)
    pattern = reading.table.pattern("context", "of_container")
    return pattern.match(text, at, sentence.end) is not None


def _target(reading: Reading, figure: Figure, earlier: Sequence[Figure]) -> Figure | None:
    """The nearest whole before a part of the same sentence."""
    return next((f for f in reversed(earlier) if f.whole and f.facility == figure.facility), None)


def _previous_whole(reading: Reading, sentence: Sentence, figure: Figure) -> Figure | None:
    """The whole that the sentences before speak of, of the outcome this sentence names if any."""
    named: set[Outcome] = {o.outcome for o in figure.options if o.direct and o.cost <= NEAR_COST}
    for other in reversed(reading.figures):
        if other.superseded or other.facility != figure.facility or not other.whole:
            continue
        if sentence.index - other.sentence > 2 and other.sentence != sentence.lead:
            return None
        if other.sentence == sentence.index:
            continue
        if (
            named
            and other.outcome is not None
            and not any(can_contain(other.outcome, outcome) for outcome in named)
        ):
            continue
        low, high = other.mention.value, figure.mention.value
        if low is not None and high is not None and high > (other.mention.upper or low):
            continue
        return other
    return None


def _carries(
    reading: Reading, sentence: Sentence, figure: Figure, earlier: Sequence[Figure]
) -> bool:
    """Whether the sentence opens by leaning on the toll of the one before."""
    opening = reading.report.text[sentence.start : sentence.start + 80]
    lead = re.match(r"[\s\-*•]*(?:(?:a total|some|and|but|also),?\s+)?", opening)
    pattern = reading.table.pattern("context", "carries")
    if pattern.match(opening, lead.end() if lead else 0) is None:
        return False
    return all(f.container is not None or f.part_hint for f in earlier)


def _place_or_party(after: str, reading: Reading) -> bool:
    return re.match(r"\s*(?:\w+\s+){0,3}?(?:in|at|by|from|near|في|على يد)\b", after) is not None
