"""What a rule may look at: a record, its report's text, the ledger, and what follows from these.

Everything here is derived once for all rules of a check and never from anything else; offsets count
characters of the text, `end` excluded.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from llm_extract.cues import Cue, casualty_cues
from llm_extract.lexicon import Noun
from llm_extract.numbers.mention import Ledger, Mention
from llm_extract.numbers.nouns import counted_noun
from llm_extract.passages import Sentence, split_sentences
from llm_extract.record import Evidence, Record, RecordClaim, RecordCount, RecordFacility
from llm_extract.schema import Outcome

if TYPE_CHECKING:
    from llm_extract.validators.profiles import Profiles

Held = RecordClaim | RecordFacility
"""Whatever holds counts and quotes: a claim of people or of facilities."""

COUNT_KINDS = frozenset({"count", "vague"})
"""Kinds of mention that can count people or places; ages, dates, money and the like cannot."""

LONGEST_CUE = 24
"""How far before a noun the casualty words that end with it may begin: "arbitrary arrests"."""

_MARKED = re.compile(r"[^\w]+")
_ARTICLES = frozenset({"the", "a", "an"})


_OF_THE_TEXT = frozenset(
    {"countable", "_starts", "cues", "_cue_starts", "sentences", "_sentence_starts", "_nouns"}
)
"""Properties that look at text, ledger and language alone."""


@dataclass(frozen=True)
class RuleInput:
    """The one argument of a rule."""

    record: Record
    text: str
    ledger: Ledger
    profiles: Profiles | None = None
    """How claimants count; None: the profiles of the package."""

    def with_record(self, record: Record) -> RuleInput:
        """The input of another record of the same report; what follows from the text is shared."""
        other = RuleInput(record, self.text, self.ledger, self.profiles)
        for name in _OF_THE_TEXT & vars(self).keys():
            vars(other)[name] = vars(self)[name]
        return other

    @cached_property
    def held(self) -> tuple[Held, ...]:
        """Claims and facilities together, in the record's order."""
        return (*self.record.claims, *self.record.facilities)

    @cached_property
    def countable(self) -> tuple[Mention, ...]:
        """Mentions that can count people or places, in text order."""
        return tuple(m for m in self.ledger.mentions if m.kind in COUNT_KINDS)

    @cached_property
    def _starts(self) -> list[int]:
        return [m.start for m in self.countable]

    @cached_property
    def _quoted(self) -> dict[int, tuple[Mention, ...]]:
        return {id(held): tuple(self._inside_quotes(held)) for held in self.held}

    @cached_property
    def _grounded(self) -> dict[tuple[int, int], bool]:
        return {
            (id(held), id(count)): is_read(self, held, count)
            for held in self.held
            for _, count in counts_of(held)
        }

    @cached_property
    def cues(self) -> tuple[Cue, ...]:
        """Words of the text that tell of casualties, in text order."""
        found = casualty_cues(self.text, self.record.report.language)
        return tuple(sorted(found, key=lambda cue: (cue.start, cue.end)))

    @cached_property
    def _cue_starts(self) -> list[int]:
        return [cue.start for cue in self.cues]

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """Sentences, bullets, headings and table rows of the text, in order."""
        return tuple(split_sentences(self.text))

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [sentence.start for sentence in self.sentences]

    def mentions_between(self, start: int, end: int) -> tuple[Mention, ...]:
        """Countable mentions that lie wholly in the span."""
        first = bisect_left(self._starts, start)
        last = bisect_left(self._starts, end, first)
        found = self.countable[first:last]
        if not found or found[-1].end <= end:  # mentions never overlap: only the last can stick out
            return found
        return found[:-1]

    def mention_at(self, start: int, end: int) -> Mention | None:
        """The first countable mention that overlaps the span; None when none does."""
        first = max(0, bisect_right(self._starts, start) - 1)
        for mention in self.countable[first : first + 2]:
            if mention.start < end and mention.end > start:
                return mention
        return None

    def quoted(self, held: Held) -> tuple[Mention, ...]:
        """Countable mentions inside the located quotes of a claim, each once, in text order."""
        return self._quoted[id(held)]

    def is_grounded(self, held: Held, count: RecordCount) -> bool:
        """Whether a count of the record truly stands in one of its claim's quotes."""
        return self._grounded[id(held), id(count)]

    def cues_between(self, start: int, end: int) -> tuple[Cue, ...]:
        """Casualty words that begin in the span."""
        first = bisect_left(self._cue_starts, start)
        return self.cues[first : bisect_left(self._cue_starts, end, first)]

    def sentence_at(self, position: int) -> Sentence | None:
        """The sentence that holds a character, or the one before a gap; None before the first."""
        nth = bisect_right(self._sentence_starts, position) - 1
        return self.sentences[nth] if nth >= 0 else None

    def sentences_between(self, start: int, end: int) -> range:
        """Indexes of the sentences that share a character with the span."""
        first = max(0, bisect_right(self._sentence_starts, start) - 1)
        if first < len(self.sentences) and self.sentences[first].end <= start:
            first += 1
        return range(first, bisect_left(self._sentence_starts, end))

    def cues_governing(self, sentence: Sentence) -> tuple[Cue, ...]:
        """Casualty words of a sentence, of the heading above it and of its table's titles."""
        spans = [(sentence.start, sentence.end)]
        if sentence.lead is not None:
            lead = self.sentences[sentence.lead]
            spans.append((lead.start, lead.end))
        if sentence.header:
            spans.append((sentence.header[0].start, sentence.header[-1].end))
        return tuple(cue for span in spans for cue in self.cues_between(*span))

    def noun_of(self, mention: Mention) -> Noun | None:
        """What a mention counts, if a known noun says so."""
        known = self._nouns
        if mention.start not in known:
            known[mention.start] = counted_noun(self.text, mention)
        return known[mention.start]

    def outcomes_of(self, noun: Noun) -> frozenset[Outcome]:
        """The outcomes that a noun tells by itself: "422 arrests" are 422 detained."""
        return frozenset(
            cue.outcome
            for cue in self.cues_between(noun.start - LONGEST_CUE, noun.end)
            if "head" in cue.roles and cue.end > noun.start
        )

    @cached_property
    def _nouns(self) -> dict[int, Noun | None]:
        return {}

    def _inside_quotes(self, held: Held) -> Iterator[Mention]:
        spans = sorted(
            (quote.start, quote.end)
            for quote in held.evidence
            if quote.start is not None and quote.end is not None
        )
        done = -1
        for start, end in spans:
            for mention in self.mentions_between(start, end):
                if mention.start > done:
                    yield mention
                    done = mention.start


class FiguresAlone(RuleInput):
    """The input of rules about figures without a text: each count is taken as it is given."""

    def is_grounded(self, held: Held, count: RecordCount) -> bool:
        """Always: there is nothing that the count could differ from."""
        return True


def in_order(held: Held) -> tuple[int, str]:
    """Sorts by id as people count them, c2 before c10, however a record lists its claims."""
    return len(held.id), held.id


def counts_of(held: Held) -> list[tuple[str, RecordCount]]:
    """The stated counts with their slot names; a facility's only slot is `count`."""
    if isinstance(held, RecordFacility):
        return [] if held.count is None else [("count", held.count)]
    return list(held.slots().items())


def stands_at(text: str, quote: Evidence) -> bool:
    """Whether a quote is located and reads the same there, runs of white space apart."""
    if quote.start is None or quote.end is None or not 0 <= quote.start < quote.end <= len(text):
        return False
    there = text[quote.start : quote.end]
    return there == quote.quote or folded(there) == folded(quote.quote)


def folded(words: str) -> str:
    """The words with every run of white space as one space, none at the ends."""
    return " ".join(words.split())


@lru_cache(maxsize=4096)
def same_name(words: str) -> tuple[str, ...]:
    """A name reduced to its words for comparison: no case, no marks, no English article before."""
    found = tuple(word for word in _MARKED.split(words.casefold()) if word)
    return found[1:] if len(found) > 1 and found[0] in _ARTICLES else found


def is_read(given: RuleInput, held: Held, count: RecordCount) -> bool:
    """Whether the ledger reads a count inside a quote of its claim.

    A located count is judged by the mention at its place, any other by all mentions of the quotes.
    People listed one by one are a run of mentions that sum to the value, or words of the quotes
    that are no fewer than the people. A zero is read where its denying words stand. A derived
    count is as well grounded as the printed counts of its claim.
    """
    mentions = given.quoted(held)
    if count.basis == "derived":
        printed = [other for _, other in counts_of(held) if other.basis != "derived"]
        return bool(printed) and all(is_read(given, held, other) for other in printed)
    if count.start is not None and count.end is not None:
        there = given.mention_at(count.start, count.end)
        if there is not None and there.basis == count.basis == "printed":
            return there in mentions and says(there, count)
    if any(says(mention, count) for mention in mentions):
        return True
    if count.value == 0:
        return _is_denied(given, held, count.as_written)
    return count.basis == "counted" and (
        _run_of(mentions, count.value) != () or _lists(given, held, count)
    )


def run_of(given: RuleInput, held: Held, count: RecordCount) -> tuple[Mention, ...]:
    """The neighbouring mentions of the quotes that sum to a counted count; empty when none do."""
    return _run_of(given.quoted(held), count.value) if count.basis == "counted" else ()


def says(mention: Mention, count: RecordCount) -> bool:
    """Whether a mention gives the same number, or the same vague words, as a count."""
    if count.value is None:
        words = folded(mention.text).casefold()
        written = folded(count.as_written).casefold()
        return mention.value is None and bool(words) and (words in written or written in words)
    return mention.value == count.value and mention.upper == count.upper


def _run_of(mentions: tuple[Mention, ...], value: int | None) -> tuple[Mention, ...]:
    if value is None or value < 1:
        return ()
    first = 0
    sum_of_run = 0
    for last, mention in enumerate(mentions):
        if mention.value is None:
            first, sum_of_run = last + 1, 0
            continue
        sum_of_run += mention.value
        while sum_of_run > value:
            sum_of_run -= mentions[first].value or 0
            first += 1
        if sum_of_run == value:
            return mentions[first : last + 1]
    return ()


def _lists(given: RuleInput, held: Held, count: RecordCount) -> bool:
    words = [word for word in _MARKED.split(count.as_written) if word]
    return (count.value or 0) <= len(words) and _stands_in_quotes(held, count.as_written)


def _is_denied(given: RuleInput, held: Held, words: str) -> bool:
    """Whether denying words stand in a quote, and not as "no fewer than 5" does."""
    denial = re.compile(rf"(?<!\w){re.escape(folded(words))}(?!\w)", re.IGNORECASE)
    qualifiers = [
        (m.qualifier_start, m.qualifier_end)
        for m in given.quoted(held)
        if m.qualifier_start is not None and m.qualifier_end is not None
    ]
    return any(
        not any(start <= quote.start + found.start() < end for start, end in qualifiers)
        for quote in held.evidence
        if quote.start is not None and folded(words)
        for found in denial.finditer(quote.quote)
    )


def _stands_in_quotes(held: Held, words: str) -> bool:
    wanted = folded(words).casefold()
    return any(wanted in folded(quote.quote).casefold() for quote in held.evidence)
