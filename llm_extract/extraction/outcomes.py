"""Outcomes: what the words round a number say has happened to the people it counts.

Every cue of a sentence is measured by its distance in words; grammar rules some out, the nearest
ones stay as options.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from llm_extract.cues import Cue, casualty_cues
from llm_extract.extraction.reading import LIST_LINK, SETTLED_COST, TOTAL_LABELS, Option, Reading
from llm_extract.lexicon import Noun, noun_lexicon
from llm_extract.passages import Cell, Sentence
from llm_extract.schema import Outcome

OPTION_MARGIN = 1.5
"""An outcome whose cost is within this many words of the best one stays an option."""
OUT_OF_REACH = 14.0
"""A cue that costs more than this many words does not govern a number."""
STOCK: frozenset[Outcome] = frozenset({"detained", "abducted", "displaced", "missing"})
STOCK_COST = 4.0
"""A noun that tells a state ("57 inmates") gives way to a verb that tells what happened to them."""
COUNTED_REACH = 4.0
"""As `OUT_OF_REACH` for a person counted by a singular noun: most of those are no victims."""
RESCUED_REACH = 3
CLAUSE_COST = 5.0
MENTION_COST = 3.0
COORDINATED_COST = 0.5


def outcome_options(
    reading: Reading,
    sentence: Sentence,
    spans: Sequence[tuple[int, int]],
    place: int,
    noun: Noun | None,
    counted: bool,
) -> tuple[Option, ...]:
    """The outcomes that the cues of a sentence allow for one number, the nearest cue first."""
    if sentence.kind == "row":
        return _row_options(reading, sentence, spans[place])
    reach = COUNTED_REACH if counted else OUT_OF_REACH
    best: dict[Outcome, Option] = {}
    for cue in reading.cues[sentence.index]:
        cost = _cost(reading, sentence, cue, spans, place, noun)
        known = best.get(cue.outcome)
        if cost <= reach and (known is None or cost < known.cost):
            best[cue.outcome] = Option(cue.outcome, cue, cost, _direct(cue, spans, place))
    if not best:
        return _lead_options(reading, sentence) or _list_options(
            reading, sentence, spans[place], noun
        )
    ordered = sorted(best.values(), key=lambda option: option.cost)
    if ordered[0].cost <= SETTLED_COST:
        return (ordered[0],)
    limit = ordered[0].cost + OPTION_MARGIN
    return tuple(option for option in ordered if option.cost <= limit)


def got_away(
    reading: Reading, sentence: Sentence, spans: Sequence[tuple[int, int]], place: int
) -> bool:
    """Whether the words that touch a number say that its people got away ("12 were rescued")."""
    text = reading.report.text
    start, end = spans[place]
    pattern = reading.table.pattern("context", "rescued")
    left = max([sentence.start, *(e for _, e in spans[:place])])
    right = min([sentence.end, *(s for s, _ in spans[place + 1 :])])
    own = min(
        (
            len(re.findall(r"\w+", text[end : c.start] if c.start >= end else text[c.end : start]))
            for c in reading.cues[sentence.index]
            if left <= c.start and c.end <= right and not (c.start < end and c.end > start)
        ),
        default=RESCUED_REACH + 1,
    )
    for match in pattern.finditer(text, left, right):
        gap = text[end : match.start()] if match.start() >= end else text[match.end() : start]
        words = len(re.findall(r"\w+", gap))
        # A verb behind the number is its own; one before may have another object.
        nearer = words <= own if match.start() >= end else words < own
        if words <= RESCUED_REACH and nearer and not re.search(r"[;.]", gap):
            return True
    return False


_ARMED = re.compile(r"\b(?:armed|masked|hooded)\s+(?:\w+\s+)?$", re.IGNORECASE)
_NUMBERING = re.compile(r"\bnumbering\s+(?:at least\s+|about\s+|some\s+)?$", re.IGNORECASE)
_GROUP_REACH = 30
"""How far before "numbering" the people may begin whose number it gives, in characters."""


def attacked(
    reading: Reading, sentence: Sentence, span: tuple[int, int], noun: Noun | None
) -> bool:
    """Whether armed people are counted for what they did ("two gunmen opened fire")."""
    text = reading.report.text
    before = text[max(sentence.start, span[0] - _GROUP_REACH) : span[0]]
    numbering = _NUMBERING.search(before)
    if numbering is not None:
        named = noun_lexicon(reading.table.language).scan(before, 0, numbering.start())
        return any(each.label == "fighters" for each in named)
    if noun is None or noun.start < span[0]:
        return False
    armed = noun.label == "fighters" or _ARMED.search(text[span[0] : noun.start]) is not None
    doing = reading.table.pattern("context", "acting").match(text, span[1] + 1, sentence.end)
    return doing is not None and (armed or "wielding" in doing[0])


def _direct(cue: Cue, spans: Sequence[tuple[int, int]], place: int) -> bool:
    start, end = spans[place]
    low, high = (end, cue.start) if cue.start >= end else (cue.end, start)
    return not any(low <= s < high for s, _ in spans if s != start)


def _cost(
    reading: Reading,
    sentence: Sentence,
    cue: Cue,
    spans: Sequence[tuple[int, int]],
    place: int,
    noun: Noun | None,
) -> float:
    """How far a cue is from governing a number, in words; infinite where grammar forbids it."""
    text = reading.report.text
    start, end = spans[place]
    if cue.start < end and cue.end > start:
        if cue.outcome in STOCK:
            return STOCK_COST
        return 0.0 if "head" in cue.roles else 0.5
    if cue.start >= end:
        gap = text[end : cue.start]
        acting = _active(reading, sentence, cue, spans)
        if "head" in cue.roles and not gap.strip(" -") and not acting:
            return 0.0
        if "subject" not in cue.roles or acting:
            return float("inf")
        between = [s for s in spans[place + 1 :] if s[0] < cue.start]
        stops = [(start, end), *between, (cue.start, cue.start)]
        return _distance(reading, stops, nearest=len(stops) - 2)
    gap = text[cue.end : start]
    if "object" not in cue.roles:
        return float("inf")
    between = [s for s in spans[:place] if s[0] >= cue.end]
    stops = [(cue.end, cue.end), *between, (start, end)]
    passive = 6.0 if _passive(text, sentence, cue) and not re.match(r"\s*:", gap) else 0.0
    return _distance(reading, stops, nearest=0) + passive + 0.25


_FREE_WORDS = frozenset(
    "were was are is been be have has had being a an the of at least more than about some to and "
    "including also all them people reportedly confirmed still as for in".split()
)


def _distance(reading: Reading, stops: Sequence[tuple[int, int]], nearest: int) -> float:
    """Words between a cue and a number; numbers between them cost unless they are one list with it.

    `stops` are the cue, the numbers between and the number in text order; `nearest` is the gap that
    touches the cue, whose words count in full.
    """
    text = reading.report.text
    cost = 0.0
    for nth, (before, after) in enumerate(pairwise(stops)):
        gap = text[before[1] : after[0]]
        if nth != nearest and LIST_LINK.fullmatch(gap):
            cost += COORDINATED_COST
            continue
        if nth != nearest:
            included = reading.table.pattern("context", "including").search(gap)
            cost += COORDINATED_COST if included else MENTION_COST
        words = re.findall(r"\w+", gap)
        cost += sum(0.1 if word.casefold() in _FREE_WORDS else 1.0 for word in words)
        cost += CLAUSE_COST * len(re.findall(r";|—| – |\. ", gap))
        clauses = reading.table.pattern("context", "clause")
        cost += CLAUSE_COST * sum(1 for _ in clauses.finditer(gap))
    return cost


_BE = re.compile(
    r"\b(?:was|were|is|are|been|being|be|got|left|found|reported|feared|believed|confirmed|remain|"
    r"go(?:ne|ing)?|missing|declared|presumed)\s+(?:\w+ly\s+|also\s+|all\s+)?$",
    re.IGNORECASE,
)
_AFTER_PASSIVE = re.compile(
    r"\s*(?:$|[.,;:)]|(?:in|by|on|at|during|when|after|and|or|since|near|as|while|from|over|between|"
    r"across|inside|outside|there|this|last|yesterday|today|overnight|early|late|so|within|along|"
    r"through|throughout|along|following|around|before|under|due|because|with|was|were|had|have)\b)",
    re.IGNORECASE,
)
_ACTIVE_FORM = re.compile(r"(?:.*ing|kills|killed|wounded|injured|.*ed|shot dead)$", re.IGNORECASE)


def _passive(text: str, sentence: Sentence, cue: Cue) -> bool:
    return _BE.search(text[max(sentence.start, cue.start - 30) : cue.start]) is not None


def _active(
    reading: Reading, sentence: Sentence, cue: Cue, spans: Sequence[tuple[int, int]]
) -> bool:
    """Whether a verb that may be passive has its object behind it, so what is before it acts."""
    if "object" not in cue.roles or reading.table.language == "ar":
        return False
    text = reading.report.text
    if _passive(text, sentence, cue):
        return False
    after = text[cue.end : sentence.end]
    nearby = text[cue.end : min(sentence.end, cue.end + 40)]
    number = min((s[0] for s in spans if s[0] >= cue.end), default=None)
    if number is not None and len(re.findall(r"\w+", text[cue.end : number])) <= 2:
        return not re.match(r"\s*[,;(]", nearby) and not re.match(
            r"\s+(?:in|by|on|and|when|after|near|during|at (?!least|most))\b", nearby
        )
    return _AFTER_PASSIVE.match(after) is None


def _lead_options(reading: Reading, sentence: Sentence) -> tuple[Option, ...]:
    """The outcome of the heading or lead-in that a bullet or fact line stands under."""
    if sentence.lead is None:
        return ()
    outcomes: dict[Outcome, Cue] = {}
    for cue in reading.cues[sentence.lead]:
        outcomes.setdefault(cue.outcome, cue)
    return tuple(Option(outcome, cue, 3.0) for outcome, cue in outcomes.items())


_ELLIPSIS = re.compile(r"\b(?:for|with)\s+(?:at least\s+|about\s+|some\s+)?$", re.IGNORECASE)
LIST_REACH = 2
"""Paragraphs between a toll in prose and the list that splits it up."""


def _list_options(
    reading: Reading, sentence: Sentence, span: tuple[int, int], noun: Noun | None
) -> tuple[Option, ...]:
    """The outcome of the toll that a list or an elliptic "…, the army for 17" splits up."""
    text = reading.report.text
    elliptic = noun is None and _ELLIPSIS.search(text[max(sentence.start, span[0] - 20) : span[0]])
    listed = sentence.kind in ("bullet", "fact") and noun is not None and noun.role == "person"
    for figure in reversed(reading.figures):
        if sentence.paragraph - reading.sentences[figure.sentence].paragraph > LIST_REACH:
            break
        if elliptic and figure.sentence != sentence.index:
            break
        if (elliptic or listed) and figure.whole and figure.options and not figure.superseded:
            return (Option(figure.options[0].outcome, None, 0.5),)
    return ()


def _row_options(reading: Reading, sentence: Sentence, span: tuple[int, int]) -> tuple[Option, ...]:
    """The outcome that the column title of a table cell names, or that of a column to its left.

    "Killed | of whom children": the second column counts killed too. Without any, that of the
    table's heading.
    """
    text = reading.report.text
    for title in titles_leftwards(sentence, span[0]):
        cues = casualty_cues(title.text, reading.table.language)
        if cues:
            return (Option(cues[0].outcome, cues[0], 0.0),)
        nouns = noun_lexicon(reading.table.language).scan(text, title.start, title.end)
        if all(noun.label in TOTAL_LABELS for noun in nouns):
            break
    return _lead_options(reading, sentence)


def column_title(sentence: Sentence, offset: int) -> Cell | None:
    """The title of the column that a table cell stands in; None outside a table."""
    return next(titles_leftwards(sentence, offset), None)


def titles_leftwards(sentence: Sentence, offset: int) -> Iterator[Cell]:
    """The title over a table cell, then those of the columns to its left."""
    for nth, cell in enumerate(sentence.cells):
        if cell.start <= offset < cell.end:
            # A first column without a title of its own shifts the titles by one.
            last = nth - (len(sentence.cells) - len(sentence.header))
            yield from reversed(sentence.header[max(0, min(1, last)) : last + 1])
