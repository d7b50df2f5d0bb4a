"""What carries over: circumstances a claim leaves to its container or to what goes before it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace

from llm_extract.extraction.circumstances import Circumstances
from llm_extract.extraction.drafts import Draft
from llm_extract.extraction.reading import Reading
from llm_extract.extraction.times import TimeWords, time_words
from llm_extract.passages import Sentence


def carry_over(reading: Reading, drafts: Sequence[Draft]) -> None:
    """Lets claims take period, place, parties and victims from what contains or precedes them."""
    dateline = _dateline(reading)
    previous: Draft | None = None
    frames: dict[str | None, Circumstances] = {}
    for draft in drafts:
        own = draft.circumstances
        if own.time is None and own.scope in ("incident", "period") and draft.parent is None:
            frame = frames.get(own.claimant)
            if frame is not None:
                own = replace(own, time=frame.time, scope=frame.scope)
            elif dateline is not None and dateline.stretch:
                own = replace(own, time=dateline, scope="period")
            draft.circumstances = own
        draft.circumstances = _inherited(reading, draft, previous)
        if draft.circumstances.time is None and draft.circumstances.scope == "incident":
            draft.circumstances = replace(draft.circumstances, time=dateline)
        if own.time is not None and own.scope == "period":
            frames.setdefault(draft.circumstances.claimant, draft.circumstances)
        if draft.parent is not None and draft.victims == "unspecified" and draft.figure.whole:
            draft.victims = draft.parent.victims
        previous = draft


def spread_the_only_blame(drafts: Sequence[Draft]) -> None:
    """One event with one party blamed: the attribution covers all its figures (record.md).

    An accusation covers the figures of its source only.
    """
    blamed = {d.circumstances.perpetrators for d in drafts if d.circumstances.perpetrators}
    if len(blamed) != 1 or any(d.circumstances.scope != "incident" for d in drafts):
        return
    giver = next(d.circumstances for d in drafts if d.circumstances.perpetrators)
    for draft in drafts:
        own = draft.circumstances
        if own.perpetrators or own.claimant in giver.perpetrators:
            continue
        if giver.attribution == "alleged" and own.claimant != giver.claimant:
            continue
        draft.circumstances = replace(
            own, perpetrators=giver.perpetrators, attribution=giver.attribution
        )


_DATE_LABEL = re.compile(
    r"[\W_]*(?:the\s+)?(?:date|التاريخ|تاريخ|fecha|дата)\b[^:]*:", re.IGNORECASE
)
DATELINE_CHARACTERS = 60
DATELINE_SENTENCES = 4


def _head_of(reading: Reading) -> list[Sentence]:
    """The first sentences of a report, and its fact box where it opens with one."""
    box = itertools.takewhile(lambda s: s.kind in ("fact", "heading"), reading.sentences)
    return max(list(box), reading.sentences[:DATELINE_SENTENCES], key=len)


def _dateline(reading: Reading) -> TimeWords | None:
    """The day or period in the head of a report: in a short line of the first few, without figures.

    A period goes before a day, which may be that of publication.
    """
    found: list[TimeWords] = []
    for sentence in _head_of(reading):
        if any(f.sentence == sentence.index for f in reading.figures):
            continue
        if sentence.kind == "fact" and not _DATE_LABEL.match(reading.text(sentence)):
            continue
        short = sentence.end - sentence.start <= DATELINE_CHARACTERS
        found += [
            t
            for t in time_words(
                reading.report.text, sentence.start, sentence.end, reading.report.published
            )
            if re.search(r"\d", t.words) and not t.open_ended and (t.stretch or short)
        ]
    return min(found, key=lambda t: (not t.stretch, t.start), default=None)


def _inherited(reading: Reading, draft: Draft, previous: Draft | None) -> Circumstances:
    """Circumstances with what the claim leaves to its container or its predecessor."""
    own = draft.circumstances
    giver = draft.parent or previous
    if giver is None:
        return own
    given = giver.circumstances
    leans = draft.parent is not None or (
        own.claimant == given.claimant
        and (draft.figure.sentence == giver.figure.sentence or _near(reading, giver, draft))
    )
    if not leans:
        return own
    time, scope = own.time, own.scope
    passing = draft.parent is not None or giver.parent is None
    if time is None and scope in ("incident", given.scope) and passing:
        time, scope = given.time, given.scope
    same_sentence = draft.figure.sentence == giver.figure.sentence
    leaning = draft.parent is not None or same_sentence or draft.figure.sentence in giver.sentences
    places = own.places
    if not places and draft.announced and draft.parent is None:
        places = ()
    elif (not places and len(given.places) == 1 and (leaning or scope == given.scope)) or (
        not places and leaning and draft.outcome != giver.outcome
    ):
        places = given.places
    perpetrators, attribution = own.perpetrators, own.attribution
    if not perpetrators and leaning and draft.outcome != giver.outcome:
        perpetrators, attribution = given.perpetrators, given.attribution
    if not perpetrators and draft.parent is not None and len(given.perpetrators) == 1:
        perpetrators, attribution = given.perpetrators, given.attribution
    return Circumstances(
        claimant=own.claimant if own.claimant is not None else given.claimant,
        perpetrators=perpetrators,
        attribution=attribution,
        weapons=own.weapons or (given.weapons if leaning else ()),
        places=places,
        scope=scope,
        time=time,
    )


def _near(reading: Reading, giver: Draft, draft: Draft) -> bool:
    here = reading.sentences[draft.figure.sentence].paragraph
    return here - reading.sentences[giver.sentences[-1]].paragraph <= 1
