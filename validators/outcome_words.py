"""Rule G08: what happened to the people of a claim is told by the words beside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, get_args

from llm_extract.cues import Cue, cue_table
from llm_extract.numbers.mention import Mention
from llm_extract.passages import Sentence
from llm_extract.record import Finding, RecordClaim
from llm_extract.schema import Outcome
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.terms import Row, Term, quote_round
from llm_extract.validators.wording import found, listed, named, operand, slot_words, spoken

OPPOSITES: Final[dict[Outcome, Outcome]] = {"killed": "injured", "injured": "killed"}
"""Outcomes that nobody has both of: those killed and those injured are counted apart."""

COVERED_BY: Final[dict[Outcome, frozenset[Outcome]]] = {
    **{outcome: frozenset({outcome}) for outcome in get_args(Outcome)},
    "casualties": frozenset({"casualties", "killed", "injured"}),
    "abducted": frozenset({"abducted", "detained", "missing"}),
    "detained": frozenset({"detained", "abducted", "missing"}),
    "missing": frozenset({"missing", "abducted", "detained"}),
}
"""Outcomes whose words may tell of each: the abducted are held, and missing at home."""

PASSIVE: Final = re.compile(r"\b(?:was|were|been|being|is|are|be|got|gets?)\s+(?:\w+ly\s+)?$")
"""English words before a cue that make who stands before it the victim."""

OWN: Final = re.compile(r"(?:\s+(?!and\b|or\b|but\b|while\b)[\w'’-]+){0,3}\s*$")
"""What may stand between a verb and the number that is its object: "killing at least some 35"."""


def outcomes_are_told(given: RuleInput) -> Iterator[Finding]:
    """G08: the outcome of a claim has a casualty word in its sentences, or right before them.

    Beside the number itself the opposite word alone is an error as well: "27 people were injured"
    are not killed, whatever else the sentence tells.
    """
    if not cue_table(given.record.report.language).sections:
        return
    for row in given.divided:
        yield from _parts_told_otherwise(given, row)
    for row in given.claims:
        told = [] if _is_plainly_told(given, row) else _told_instead(given, row)
        if told:
            claim = row.held
            words = listed([f'"{word}"' for word in told])
            counts = [] if claim.total is None else [operand(claim, "total", claim.total)]
            yield found(
                "G08",
                "error" if claim.outcome in OPPOSITES else "warning",
                "extraction",
                f"the people of {named(claim)} are given as {claim.outcome}, but the report tells "
                f"of them with {words}",
                claims=[claim],
                fields=["outcome"],
                operands=counts,
            )


def _parts_told_otherwise(given: RuleInput, row: Row[RecordClaim]) -> Iterator[Finding]:
    """Parts behind words of the opposite in another sentence: "the injured included six women"."""
    opposite = OPPOSITES.get(row.held.outcome)
    total = row.terms.get("total")
    if opposite is None or total is None or total.source is None:
        return
    told = given.sentence_at(total.source.start)
    for term in row.terms.values():
        part = None if term is total else term.source
        if part is None or opposite not in given.told_at(part.start):
            continue
        sentence = given.sentence_at(part.start)
        if sentence is None or sentence is told or sentence.cells or sentence.lead is not None:
            continue
        cues = given.cues_between(sentence.start, part.start)
        behind = given.mentions_between(part.end, sentence.end)
        beside = given.cues_between(part.end, behind[0].start if behind else sentence.end)
        if cues and all(cue.outcome == opposite for cue in (*cues, *beside)):
            words = listed([f'"{word}"' for word in _words(cues)])
            yield found(
                "G08",
                "error",
                "extraction",
                f"{slot_words(term.field)} of {named(row.held)}: the report tells of "
                f"{spoken(term.count)} with {words}",
                claims=[row.held],
                fields=[term.field],
                operands=[operand(row.held, term.field, term.count)],
            )


def _is_plainly_told(given: RuleInput, row: Row[RecordClaim]) -> bool:
    """Whether the sentence of a claim's number, which it quotes, tells its outcome, no opposite."""
    term, outcome = _counted(row), row.held.outcome
    source = None if term is None else term.source
    if source is None or quote_round(source, row.spans) is None:
        return False
    told = given.told_at(source.start)
    return OPPOSITES.get(outcome) not in told and not told.isdisjoint(COVERED_BY[outcome])


def _counted(row: Row[RecordClaim]) -> Term | None:
    """The total of a claim, or what it states first."""
    return row.terms.get("total") or next(iter(row.terms.values()), None)


def _told_instead(given: RuleInput, row: Row[RecordClaim]) -> list[str]:
    """Words that tell another outcome where the claim's own has none; empty where it has."""
    term, outcome = _counted(row), row.held.outcome
    if term is not None and outcome in OPPOSITES and given.record.report.language == "en":
        beside = _beside(given, term)
        if beside and all(cue.outcome == OPPOSITES[outcome] for cue in beside):
            return _words(beside)
        if _tells(beside, outcome):
            return []
        own = _of_its_sentence(given, term)
        if own and all(cue.outcome == OPPOSITES[outcome] for cue in own):
            return _words(own)
    sentences = given.sentences_of(row)
    inside = [cue for sentence in sentences for cue in given.cues_governing(sentence)]
    near = [*inside, *_before(given, sentences)]
    if not inside or _tells(near, outcome):
        return []
    return _words(inside)


def _of_its_sentence(given: RuleInput, term: Term) -> list[Cue]:
    """The casualty words of a total's own sentence; none where it leans on a sentence before."""
    mention = term.source if term.field == "total" else None
    sentence = None if mention is None else given.sentence_at(mention.start)
    if sentence is None or sentence.cells or sentence.lead is not None:
        return []
    return list(given.cues_between(sentence.start, sentence.end))


def _words(cues: Iterable[Cue]) -> list[str]:
    return list(dict.fromkeys(" ".join(cue.form.split()) for cue in cues))[:3]


def _tells(cues: Iterable[Cue], outcome: Outcome) -> bool:
    covered = COVERED_BY[outcome]
    return any(cue.outcome in covered for cue in cues)


def _before(given: RuleInput, sentences: Iterable[Sentence]) -> Iterator[Cue]:
    """Casualty words of the sentences right before the given ones."""
    for sentence in sentences:
        first = given.sentences[max(0, sentence.index - BEFORE)]
        yield from given.cues_between(first.start, sentence.start)


BEFORE: Final = 2
"""Sentences before a quote whose casualty words may still govern it: parts after their toll."""


def _beside(given: RuleInput, term: Term) -> list[Cue]:
    """The casualty words of a number itself: between it and the numbers beside it."""
    mention = None if term.count.value == 0 else term.source
    sentence = None if mention is None else given.sentence_at(mention.start)
    if mention is None or sentence is None or sentence.cells:
        return []
    before, after = sentence.start, sentence.end
    for other in given.mentions_between(sentence.start, sentence.end):
        if other.end <= mention.start:
            before = other.end
        elif other.start >= mention.end:
            after = other.start
            break
    leading = [
        cue
        for cue in given.cues_between(before, mention.start)
        if cue.end <= mention.start and _is_object(given, cue, _first(mention))
    ]
    following = [
        cue
        for cue in given.cues_between(mention.end, after)
        if after == sentence.end or not _is_object(given, cue, after)
    ]
    return [*leading, *following]


def _is_object(given: RuleInput, cue: Cue, number: int) -> bool:
    """Whether a casualty word is the verb of the number behind it: "killing at least 35"."""
    text = given.text
    return (
        "object" in cue.roles
        and OWN.fullmatch(text, cue.end, number) is not None
        and PASSIVE.search(text, max(0, cue.start - 24), cue.start) is None
    )


def _first(mention: Mention) -> int:
    """Where a number begins, its qualifier included."""
    if mention.qualifier_start is not None and mention.qualifier_start < mention.start:
        return mention.qualifier_start
    return mention.start


RULES = (
    Rule(
        "G08",
        "the outcome of a claim is told by a casualty word of its sentences or of those before",
        "error",
        READING,
        "Killed and injured within casualties; people held, abducted and missing share words; "
        "quotes without any casualty word; languages without a table of casualty words.",
        outcomes_are_told,
    ),
)
