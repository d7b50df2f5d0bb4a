"""Figures: which numbers of a report may count people or places, and what each of them may mean.

This is the reading that needs no model. For every count of the ledger it says which outcomes the
words round it allow (the likeliest first), which group it counts and which figure may contain it.
Where one choice is left nothing need be asked; where several are left a model chooses among them,
and among them only.
"""

from __future__ import annotations

import re
from dataclasses import replace

from llm_extract.cues import casualty_cues, cue_table
from llm_extract.documents.report import Report
from llm_extract.extraction.containers import AMONG_THEM, with_container
from llm_extract.extraction.outcomes import attacked, column_title, got_away, outcome_options
from llm_extract.extraction.reading import (
    LIST_LINK,
    SLOTS,
    TOTAL_LABELS,
    WERE,
    Figure,
    Option,
    Reading,
)
from llm_extract.lexicon import Noun, noun_lexicon
from llm_extract.numbers.mention import Ledger, Mention
from llm_extract.numbers.nouns import counted_noun
from llm_extract.passages import Sentence, split_sentences


def read_figures(report: Report, ledger: Ledger) -> Reading:
    """Reads all figures of a report; a mention that can't be of people or places is `unread`."""
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
    covered = sentence.start
    for mention in reading.ledger.within(sentence.start, sentence.end):
        if mention.kind not in ("count", "vague"):
            continue
        if (
            _is_a_reference(reading, sentence, mention)
            or _is_an_age(reading, sentence, mention, bool(candidates))
            or mention.start < covered
        ):
            reading.unread.append(mention)
            continue
        noun = _noun_of(reading, sentence, mention)
        if noun is not None and noun.role == "thing":
            reading.unread.append(mention)
            continue
        end = mention.end
        if noun is not None and sentence.start <= noun.start and noun.start >= mention.start:
            end = max(end, noun.end)
        start = (
            mention.start
            if mention.qualifier_start is None
            else min(mention.start, mention.qualifier_start)
        )
        candidates.append((mention, noun, start, end))
        # "one of them a child" is one mention: its noun holds the second number.
        covered = max(covered, end)
    spans = [(start, end) for _, _, start, end in candidates]
    for place, (mention, noun, start, end) in enumerate(candidates):
        facility = noun is not None and noun.role == "facility"
        if not facility and (
            got_away(reading, sentence, spans, place)
            or attacked(reading, sentence, (start, end), noun)
        ):
            reading.unread.append(mention)
            continue
        options: tuple[Option, ...] = ()
        if not facility:
            options = outcome_options(
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
        figure = with_container(reading, sentence, _as_denial(figure))
        if not facility and not figure.options and not figure.part_hint:
            # Printed people beside a casualty word that the reading cannot place are no "not about
            # people": they are left for G03 to report.
            if mention.basis == "counted" or not reading.cues[sentence.index]:
                reading.unread.append(mention)
            continue
        reading.figures.append(_as_listed(reading, figure))
        _pull_in_neighbours(reading, sentence, figure)


def _as_listed(reading: Reading, figure: Figure) -> Figure:
    """A single person in a list with a number has the outcome of that number, beyond doubt."""
    if not figure.doubtful or not reading.figures:
        return figure
    before = reading.figures[-1]
    if before.sentence != figure.sentence or before.doubtful or not before.options:
        return figure
    if not LIST_LINK.fullmatch(reading.report.text, before.end, figure.start):
        return figure
    return replace(figure, options=tuple(replace(o, cost=0.5) for o in before.options))


_BRACKETED = re.compile(r"[A-ZÀ-Þ][\w’'-]+\s*\($")
_NAMING = re.compile(r"\b(?:including|among (?:them|whom)|identified as|named)\b[^:;]*$")
OLDEST = 99


def _is_an_age(reading: Reading, sentence: Sentence, mention: Mention, figured: bool) -> bool:
    """Whether a number in brackets behind a name is an age: "Omar (17)" where no toll goes before.

    Behind a toll it splits it up by place ("31 people: Aleppo (12) …").
    """
    text = reading.report.text
    if mention.value is None or mention.value > OLDEST:
        return False
    before = text[max(sentence.start, mention.start - 30) : mention.start]
    if figured and not _NAMING.search(text, sentence.start, mention.start):
        return False
    return text[mention.end : mention.end + 1] == ")" and _BRACKETED.search(before) is not None


_REFERRED = re.compile(
    r"\b(?:of|among|amongst|out of)\s+(?:all\s+)?(?:the|these|those|its|their|that)?\s*$|"
    r"\b(?:these|those)\s*$",
    re.IGNORECASE,
)
_NO_VICTIMS = re.compile(
    r"\b(?:(?:population|strength)\s+(?:of|is|was)\s+(?:about\s+|some\s+)?|"
    r"(?:mother|father|parent|grandmother|grandfather)\s+of\s+|out\s+of\s+(?:a\s+total\s+of\s+)?|"
    r"(?:carrying|transporting)\s+(?:at\s+least\s+|about\s+|some\s+)?)$",
    re.IGNORECASE,
)


def _is_a_reference(reading: Reading, sentence: Sentence, mention: Mention) -> bool:
    """Whether a number only points to one read before ("of the 149") or counts a population or the
    children of a victim.

    What it points to is kept, for the parts that the sentence goes on to name.
    """
    before = reading.report.text[max(sentence.start, mention.start - 40) : mention.start]
    if _NO_VICTIMS.search(before):
        return True
    following = reading.report.text[mention.end : mention.end + 4]
    if mention.kind == "vague" and following.startswith(" as "):
        return True
    if mention.value is None or not _REFERRED.search(before):
        return False
    known = [f for f in reading.figures if f.mention.value == mention.value and not f.superseded]
    if not known:
        return False
    opening = reading.report.text[sentence.start : mention.start]
    if len(re.findall(r"\w+", opening)) <= 3:
        reading.references[sentence.index] = known[-1]
    return True


def _pull_in_neighbours(reading: Reading, sentence: Sentence, figure: Figure) -> None:
    """In "four children and three women among them" the first is a part as the last is."""
    text = reading.report.text
    if figure.container is None or not AMONG_THEM.match(text, figure.end, sentence.end):
        return
    holder = reading.figures[figure.container]
    after = figure
    for earlier in reversed(reading.figures[: figure.index]):
        if earlier.sentence != figure.sentence or earlier.whole or earlier.container is not None:
            return
        if not LIST_LINK.fullmatch(text, earlier.end, after.start):
            return
        reading.figures[earlier.index] = replace(
            earlier, container=holder.index, options=figure.options
        )
        after = earlier


_UNHARMED = re.compile(r"(?:hurt|harmed)$", re.IGNORECASE)


def _as_denial(figure: Figure) -> Figure:
    """ "Nobody was hurt" denies casualties of any kind (record.md, decision on zero)."""
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
    noun = counted_noun(text, mention)
    if noun is not None and noun.start >= sentence.end:
        noun = None
    if noun is None or noun.start < mention.start:
        predicate = _group_said_of(reading, sentence, mention)
        if predicate is not None:
            return predicate
    if noun is None or noun.label == "people":
        named = _column_noun(reading, sentence, mention) or _topic_noun(reading, sentence)
        return named or noun
    return noun


def _group_said_of(reading: Reading, sentence: Sentence, mention: Mention) -> Noun | None:
    """The group in "24 were children": a number without a noun that a verb says one of."""
    text = reading.report.text
    verb = WERE.match(text, mention.end, sentence.end)
    if verb is None:
        return None
    noun = noun_lexicon(reading.table.language).match(text, verb.end(), sentence.end)
    if noun is None or noun.role != "person" or noun.label in TOTAL_LABELS:
        return None
    return noun


def _column_noun(reading: Reading, sentence: Sentence, mention: Mention) -> Noun | None:
    """The group that the column title of a table cell names ("of whom children")."""
    title = column_title(sentence, mention.start)
    if title is None:
        return None
    nouns = noun_lexicon(reading.table.language).scan(reading.report.text, title.start, title.end)
    return next((n for n in nouns if n.label not in ("people", "occupation")), None)


def _topic_noun(reading: Reading, sentence: Sentence) -> Noun | None:
    """The group that a sentence is about ("Children, with 53 killed …", "Women made up …")."""
    text = reading.report.text
    noun = noun_lexicon(reading.table.language).match(text, sentence.start, sentence.end)
    if noun is None or not noun.plural or noun.label not in SLOTS:
        return None
    return noun if _TOPIC.match(text, noun.end, sentence.end) else None


_TOPIC = re.compile(r"(?:,\s+(?:with|of whom)|\s+(?:made up|accounted for|numbered|comprised))\b")

_COPULA = re.compile(r"\s*(?:,\s*)?(?:(?:were|are|was|is|being|have been|who were|said to be)\s+)?")


def _predicate_noun(reading: Reading, start: int, end: int) -> Noun | None:
    text = reading.report.text
    copula = _COPULA.match(text, start)
    at = copula.end() if copula else start
    return noun_lexicon(reading.table.language).match(text, at, end)


def _combined(reading: Reading, noun: Noun | None) -> bool:
    """Whether one number counts two groups ("12 women and children")."""
    if noun is None or noun.label not in SLOTS:
        return False
    after = reading.report.text[noun.end : noun.end + 20]
    return (
        re.match(r"\s+(?:and|or|و\s?ال|و|et|y|та|и)\s*(?:children|women|girls|أطفال|نساء)\b", after)
        is not None
    )


_NOT = re.compile(r"\b(?:not|nicht|pas|no)\s+(?:the\s+)?$", re.IGNORECASE)


def _superseded(reading: Reading, sentence: Sentence, start: int, end: int) -> bool:
    """Whether the words beside a number say that it was replaced ("up from 12")."""
    pattern = reading.table.pattern("context", "corrected")
    text = reading.report.text
    before = text[max(sentence.start, start - 60) : start]
    if _NOT.search(before):
        return True
    last = [None, *pattern.finditer(before)][-1]
    if last is None:
        return False
    between = before[last.end() :]
    return len(re.findall(r"\w+", between)) <= 6 and not re.search(r";|\bto\b", between)
