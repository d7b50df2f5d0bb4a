"""Figures: which numbers of a report may count people or places, and what each of them may mean.

This is the reading that needs no model. For every count of the ledger it says which outcomes the words
round it allow (the likeliest first), which group it counts and which figure may contain it. Where one
choice is left nothing need be asked; where several are left a model chooses among them, and among them
only. Offsets are of the report text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from llm_extract.cues import Cue, CueTable, casualty_cues, cue_table
from llm_extract.documents.report import Report
from llm_extract.lexicon import Noun
from llm_extract.numbers.mention import Ledger, Mention
from llm_extract.numbers.nouns import counted_noun
from llm_extract.passages import Sentence, split_sentences
from llm_extract.schema import Outcome

SLOTS = ("children", "women", "men")

TOTAL_LABELS = frozenset({"people", "civilians", "occupation"})
"""Labels of nouns that count a whole; every other label of a person names a group of it."""

OPTION_MARGIN = 1.5
"""An outcome whose cost is within this many words of the best one stays an option."""
SETTLED_COST = 0.75
"""A cue as near as this leaves no doubt: it touches the number or its verb does."""
OUT_OF_REACH = 14.0
"""A cue that costs more than this many words does not govern a number."""
NEAR_COST = 2.0
"""A figure with a predicate as near as this has an outcome of its own, whatever contains it."""
COUNTED_REACH = 4.0
"""As `OUT_OF_REACH` for a person counted by a singular noun: most of those are no victims."""
RESCUED_REACH = 3
CLAUSE_COST = 5.0
MENTION_COST = 3.0
COORDINATED_COST = 0.5


@dataclass(frozen=True, slots=True)
class Option:
    """An outcome that a figure may have, the cue that speaks for it and how far off the cue is.

    `direct` says that no other figure stands between the two.
    """

    outcome: Outcome
    cue: Cue | None
    cost: float
    direct: bool = True


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of people or places with all that it may mean.

    `start` and `end` span the number with its noun. `group` is the noun's label (`people` where no
    known noun stands). `container` is the index of the figure that this one is a part of by the words
    between them; `part_hint` says that the words make it a part though no container is in sight.
    """

    index: int
    mention: Mention
    noun: Noun | None
    sentence: int
    start: int
    end: int
    group: str
    facility: bool
    options: tuple[Option, ...]
    container: int | None = None
    part_hint: bool = False
    superseded: bool = False
    combined: bool = False
    listed_with: int | None = None

    @property
    def outcome(self) -> Outcome | None:
        """The likeliest outcome."""
        return self.options[0].outcome if self.options else None

    @property
    def doubtful(self) -> bool:
        """Whether several outcomes are left, or a person is counted by a distant word only."""
        return len(self.options) > 1 or (
            self.mention.basis == "counted"
            and bool(self.options)
            and self.options[0].cost > SETTLED_COST
            and self.container is None
        )

    @property
    def whole(self) -> bool:
        """Whether it counts a whole (people, civilians, miners) and not a named group of one."""
        return self.group in TOTAL_LABELS or self.combined


@dataclass(slots=True)
class Reading:
    """A report read by code: its sentences, their cues and its figures in text order."""

    report: Report
    table: CueTable
    ledger: Ledger
    sentences: list[Sentence]
    cues: list[list[Cue]]
    figures: list[Figure]
    unread: list[Mention] = field(default_factory=list)

    def text(self, sentence: Sentence) -> str:
        """The words of a sentence."""
        return self.report.text[sentence.start : sentence.end]

    def in_sentence(self, index: int) -> Iterator[Figure]:
        """Figures of one sentence in order."""
        return (figure for figure in self.figures if figure.sentence == index)


def read_figures(report: Report, ledger: Ledger) -> Reading:
    """Reads all figures of a report; a mention that cannot be about people or places is `unread`."""
    table = cue_table(report.language)
    sentences = split_sentences(report.text)
    cues = [
        [
            replace(cue, start=cue.start + s.start, end=cue.end + s.start)
            for cue in casualty_cues(report.text[s.start : s.end], table.language)
        ]
        for s in sentences
    ]
    reading = Reading(report, table, ledger, sentences, cues, [])
    for sentence in sentences:
        _read_sentence(reading, sentence)
    return reading


def _read_sentence(reading: Reading, sentence: Sentence) -> None:
    candidates: list[tuple[Mention, Noun | None, int, int]] = []
    for mention in reading.ledger.within(sentence.start, sentence.end):
        if mention.kind not in ("count", "vague"):
            continue
        noun = _noun_of(reading, sentence, mention)
        if noun is not None and noun.role == "thing":
            reading.unread.append(mention)
            continue
        end = max(mention.end, noun.end) if noun is not None else mention.end
        start = mention.start if mention.qualifier_start is None else min(
            mention.start, mention.qualifier_start
        )
        candidates.append((mention, noun, start, end))
    spans = [(start, end) for _, _, start, end in candidates]
    for place, (mention, noun, start, end) in enumerate(candidates):
        facility = noun is not None and noun.role == "facility"
        if not facility and _rescued(reading, sentence, spans, place):
            reading.unread.append(mention)
            continue
        options: tuple[Option, ...] = ()
        if not facility:
            options = _options(
                reading, sentence, spans, place, noun, mention.basis == "counted"
            )
        figure = Figure(
            index=len(reading.figures),
            mention=mention,
            noun=noun,
            sentence=sentence.index,
            start=start,
            end=end,
            group=noun.label if noun is not None else "people",
            facility=facility,
            options=options,
            superseded=_superseded(reading, sentence, start, end),
            combined=_combined(reading, noun),
        )
        figure = _with_container(reading, sentence, _as_denial(figure))
        if not facility and not figure.options and not figure.part_hint:
            reading.unread.append(mention)
            continue
        reading.figures.append(figure)


_UNHARMED = re.compile(r"(?:hurt|harmed)$", re.IGNORECASE)


def _as_denial(figure: Figure) -> Figure:
    """"Nobody was hurt" denies casualties of any kind (record.md, decision on zero)."""
    if figure.mention.value != 0 or not figure.options:
        return figure
    cue = figure.options[0].cue
    if cue is None or not _UNHARMED.search(cue.form):
        return figure
    return replace(figure, options=(replace(figure.options[0], outcome="casualties"),))


def _noun_of(reading: Reading, sentence: Sentence, mention: Mention) -> Noun | None:
    """The noun that is counted; in "5 of them were children" it is the predicate."""
    text = reading.report.text
    after = text[mention.end : sentence.end]
    partitive = re.match(r"\s*", after)
    gap = partitive.end() if partitive else 0
    of_them = reading.table.pattern("context", "of_container").match(after, gap)
    if of_them is not None:
        predicate = _predicate_noun(reading, mention.end + of_them.end(), sentence.end)
        if predicate is not None:
            return predicate
    return counted_noun(text, mention)


_COPULA = re.compile(r"\s*(?:,\s*)?(?:(?:were|are|was|is|being|have been|who were|said to be)\s+)?")


def _predicate_noun(reading: Reading, start: int, end: int) -> Noun | None:
    from llm_extract.lexicon import noun_lexicon

    text = reading.report.text
    copula = _COPULA.match(text, start)
    at = copula.end() if copula else start
    return noun_lexicon(reading.table.language).match(text, at, end)


def _combined(reading: Reading, noun: Noun | None) -> bool:
    """Whether one number counts two groups ("12 women and children")."""
    if noun is None or noun.label not in SLOTS:
        return False
    after = reading.report.text[noun.end : noun.end + 20]
    return re.match(r"\s+(?:and|or|و\s?ال|و|et|y|та|и)\s*(?:children|women|girls|أطفال|نساء)\b", after) is not None


_NOT = re.compile(r"\b(?:not|nicht|pas|no)\s+(?:the\s+)?$", re.IGNORECASE)


def _superseded(reading: Reading, sentence: Sentence, start: int, end: int) -> bool:
    """Whether the words beside a number say that it was replaced ("up from 12")."""
    pattern = reading.table.pattern("context", "corrected")
    text = reading.report.text
    before = text[max(sentence.start, start - 60) : start]
    if _NOT.search(before):
        return True
    last = None
    for last in pattern.finditer(before):
        pass
    if last is None:
        return False
    between = before[last.end() :]
    return len(re.findall(r"\w+", between)) <= 6 and not re.search(r";|\bto\b", between)


# --- outcomes ---------------------------------------------------------------------------------


def _options(
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
    start, end = spans[place]
    reach = COUNTED_REACH if counted else OUT_OF_REACH
    best: dict[Outcome, Option] = {}
    for cue in reading.cues[sentence.index]:
        cost = _cost(reading, sentence, cue, spans, place, noun)
        known = best.get(cue.outcome)
        if cost <= reach and (known is None or cost < known.cost):
            best[cue.outcome] = Option(cue.outcome, cue, cost, _direct(cue, spans, place))
    if not best:
        return _lead_options(reading, sentence)
    ordered = sorted(best.values(), key=lambda option: option.cost)
    if ordered[0].cost <= SETTLED_COST:
        return (ordered[0],)
    limit = ordered[0].cost + OPTION_MARGIN
    return tuple(option for option in ordered if option.cost <= limit)


def _rescued(
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
            if left <= c.start and c.end <= right
        ),
        default=RESCUED_REACH + 1,
    )
    for match in pattern.finditer(text, left, right):
        gap = text[end : match.start()] if match.start() >= end else text[match.end() : start]
        words = len(re.findall(r"\w+", gap))
        if words <= RESCUED_REACH and words < own and not re.search(r"[;.]", gap):
            return True
    return False


def _direct(cue: Cue, spans: Sequence[tuple[int, int]], place: int) -> bool:
    start, end = spans[place]
    low, high = (end, cue.start) if cue.start >= end else (cue.end, start)
    return not any(low <= s and e <= high for s, e in spans)


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
        return 0.0 if "head" in cue.roles else 0.5
    if cue.start >= end:
        gap = text[end : cue.start]
        if "head" in cue.roles and not gap.strip(" -"):
            return 0.0
        if "subject" not in cue.roles or _active(reading, sentence, cue, spans):
            return float("inf")
        between = [s for s in spans[place + 1 :] if s[1] <= cue.start]
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
    for nth, (before, after) in enumerate(zip(stops, stops[1:], strict=False)):
        gap = text[before[1] : after[0]]
        if nth != nearest and _LIST_LINK.fullmatch(gap):
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
    """Whether a verb that may be passive has its object behind it, so that what is before it acts."""
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


def _row_options(
    reading: Reading, sentence: Sentence, span: tuple[int, int]
) -> tuple[Option, ...]:
    """The outcome that the column title of a table cell names, else that of the table's heading."""
    title = column_title(sentence, span[0])
    if title is None:
        return ()
    cues = casualty_cues(title, reading.table.language)
    if cues:
        return tuple(Option(cue.outcome, cue, 0.0) for cue in cues[:1])
    return _lead_options(reading, sentence)


def column_title(sentence: Sentence, offset: int) -> str | None:
    """The title of the column that a table cell stands in; None outside a table."""
    for nth, cell in enumerate(sentence.cells):
        if cell.start <= offset < cell.end:
            titles = sentence.header
            # A first column without a title of its own shifts the titles by one.
            shift = len(sentence.cells) - len(titles)
            return titles[nth - shift].text if 0 <= nth - shift < len(titles) else None
    return None


# --- containers -------------------------------------------------------------------------------

_LIST_LINK = re.compile(
    r"[\s,;]*(?:(?:and|as well as|plus|و|et|y|та|и)\b)?[\s,]*(?:(?:also|another|the|at least|about|his|her|their)\s+)*",
    re.IGNORECASE,
)


def _with_container(reading: Reading, sentence: Sentence, figure: Figure) -> Figure:
    """Finds the figure that the words make this one a part of."""
    if figure.superseded:
        return figure
    text = reading.report.text
    earlier = [f for f in reading.figures if f.sentence == figure.sentence and not f.superseded]
    after = text[figure.end : sentence.end]
    partitive = _partitive(reading, sentence, figure)
    if partitive is not None:
        return partitive
    if _AMONG_THEM.match(after):
        return _as_part(reading, figure, _target(reading, figure, earlier))
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
    if not figure.facility and _carries(reading, sentence, figure, earlier):
        previous = _previous_whole(reading, sentence, figure)
        if previous is not None and not _breaks_away(figure, previous):
            return _as_part(reading, figure, previous)
        return replace(figure, part_hint=True) if previous is None else figure
    return figure


_AMONG_THEM = re.compile(r"[\s,]*(?:among (?:them|whom)|بينهم|منهم|من بينهم)\b", re.IGNORECASE)
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
    earlier = [f for f in reading.figures if f.sentence == figure.sentence and not f.superseded]
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
    cues = [
        c
        for c in reading.cues[sentence.index]
        if c.start >= match.end() - 1 and len(re.findall(r"\w+", text[match.end() : c.start])) <= 7
    ]
    pronoun = match.group("of").strip().casefold() in ("them", "whom", "which")
    holder_cue = None
    if cues and not pronoun and not re.search(r"\b(?:was|were|had|have)\b", text[match.end() : cues[0].start]):
        holder_cue = cues.pop(0)
    own = cues[0] if cues else None
    if holder_cue is None and own is None and not pronoun and earlier == []:
        return None
    target = _holder(reading, sentence, figure, holder_cue.outcome if holder_cue else None)
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


def _marker(reading: Reading, between: str, figure: Figure) -> re.Match[str] | None:
    """The words between two figures that make the second a part of the first."""
    pattern = reading.table.pattern("context", "including")
    found = None
    for found in pattern.finditer(between):
        pass
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
    return any(
        f.container is not None and f.end <= offset and not text[f.end : offset].strip(" ,")
        for f in earlier
    ) and _AMONG_THEM.match(text, offset) is not None


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
    return _LIST_LINK.fullmatch(link) is not None


def _breaks_away(figure: Figure, container: Figure) -> bool:
    """Whether a figure has a near predicate of its own that the container cannot hold."""
    if not figure.options or not container.options:
        return False
    own = figure.options[0]
    if can_contain(container.options[0].outcome, own.outcome):
        return False
    return own.direct and own.cost <= NEAR_COST


def can_contain(parent: Outcome, part: Outcome) -> bool:
    """Whether people of one outcome may be part of people of another (rule A06)."""
    return (
        parent == part
        or (parent == "casualties" and part in ("killed", "injured"))
        or (part == "killed" and parent in ("detained", "missing", "injured", "abducted"))
    )


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


def _target(reading: Reading, figure: Figure, earlier: Sequence[Figure]) -> Figure | None:
    """The nearest whole before a part of the same sentence."""
    return next((f for f in reversed(earlier) if f.whole and f.facility == figure.facility), None)


def _previous_whole(reading: Reading, sentence: Sentence, figure: Figure) -> Figure | None:
    """The whole that the sentences before speak of, of the outcome this sentence names if any."""
    named = {o.outcome for o in figure.options if o.direct and o.cost <= NEAR_COST}
    for other in reversed(reading.figures):
        if other.superseded or other.facility != figure.facility or not other.whole:
            continue
        if sentence.index - other.sentence > 2 and other.sentence != sentence.lead:
            return None
        if other.sentence == sentence.index:
            continue
        if named and other.outcome is not None and not any(
            can_contain(other.outcome, outcome) for outcome in named
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
