"""What a rule may look at: a record, its report's text, the ledger, and what follows from these.

Everything here is derived once for all rules of a check and never from anything else; offsets count
characters of the text, `end` excluded.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, cast

from llm_extract.cues import Cue, casualty_cues
from llm_extract.lexicon import Noun
from llm_extract.numbers.mention import Ledger, Mention
from llm_extract.numbers.nouns import counted_noun
from llm_extract.passages import Sentence, split_sentences
from llm_extract.record import Evidence, Record, RecordClaim, RecordCount
from llm_extract.schema import Outcome
from llm_extract.validators.terms import (
    AnyRow,
    H,
    Row,
    Spans,
    Term,
    counts_of,
    days_of,
    is_plain,
    may_be_read_from,
    quote_round,
    same_name,
    says,
    spans_of,
    words_of,
)
from llm_extract.validators.terms import Held as Held  # S01 takes both names from here
from llm_extract.validators.terms import folded as folded

if TYPE_CHECKING:
    from llm_extract.validators.profiles import Profiles

COUNT_KINDS = frozenset({"count", "vague"})
"""Kinds of mention that can count people or places; ages, dates, money and the like cannot."""

LONGEST_CUE = 24
"""How far before a noun the casualty words that end with it may begin: "arbitrary arrests"."""

NEW_ITEM = re.compile(r"\n[ \t]{2,}")
"""An indented line, which begins an item of its own and goes on from no number before."""

_OF_THE_TEXT = frozenset(
    {
        "countable",
        "_starts",
        "_at_start",
        "cues",
        "_cue_starts",
        "sentences",
        "_told",
        "_sentence_starts",
        "_nouns",
    }
)
"""Properties that look at text, ledger and language alone."""

_NO_OUTCOMES: frozenset[Outcome] = frozenset()


@dataclass(frozen=True)
class RuleInput:
    """The one argument of a rule."""

    record: Record
    text: str
    ledger: Ledger
    profiles: Profiles | None = None
    """How claimants count; None: the profiles of the package."""

    def with_record(self, record: Record) -> RuleInput:
        """The input of another record of the same report.

        What follows from the text is shared, and so are the rows of claims that both records have.
        """
        other = RuleInput(record, self.text, self.ledger, self.profiles)
        for name in _OF_THE_TEXT & vars(self).keys():
            vars(other)[name] = vars(self)[name]
        vars(other)["_known_rows"] = dict(self._rows_by_held)
        return other

    # --- what the record states -----------------------------------------------------------------

    @cached_property
    def held(self) -> tuple[Held, ...]:
        """Claims and facilities together, in the record's order."""
        return (*self.record.claims, *self.record.facilities)

    @cached_property
    def claims(self) -> tuple[Row[RecordClaim], ...]:
        """The claims of people, in the record's order."""
        return tuple(map(self._row, self.record.claims))

    @cached_property
    def rows(self) -> tuple[AnyRow, ...]:
        """Claims and facilities as `held` has them."""
        return (*self.claims, *map(self._row, self.record.facilities))

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Every count of the record, claim by claim."""
        return tuple(chain.from_iterable([row.terms.values() for row in self.rows]))

    @cached_property
    def divided(self) -> tuple[Row[RecordClaim], ...]:
        """The claims that state several numbers, such as a total and some part of it."""
        return tuple([row for row in self.claims if len(row.terms) > 1])

    @cached_property
    def unusual(self) -> tuple[Term, ...]:
        """The counts that are not plain (see `Term`): the few that most rules of one count ask."""
        return tuple([term for term in self.terms if not term.is_plain])

    @cached_property
    def beside_nouns(self) -> tuple[tuple[Row[RecordClaim], Term, Mention, Noun], ...]:
        """Counts of people, zeros apart, with the number that each was read from and its noun."""
        return tuple(
            [
                (row, term, term.source, noun)
                for row in self.claims
                for term in row.terms.values()
                if term.source is not None and term.count.value != 0
                if (noun := self.noun_beside(term.source)) is not None
            ]
        )

    def parent_of(self, child: Row[RecordClaim]) -> Row[RecordClaim] | None:
        """The claim that a claim is part of; None when there is none or the index leads nowhere."""
        link = child.held.part_of
        return self.claims[link] if link is not None and 0 <= link < len(self.claims) else None

    @cached_property
    def _known_rows(self) -> dict[int, AnyRow]:
        """Rows by the `id` of their claim, which they keep alive; each goes to one claim alone."""
        return {}

    @cached_property
    def _rows_by_held(self) -> Mapping[int, AnyRow]:
        return {id(row.held): row for row in self.rows}

    def row_of(self, held: Held) -> AnyRow:
        """The row of a claim of the record."""
        return self._rows_by_held[id(held)]

    def _row(self, held: H) -> Row[H]:
        known = self._known_rows.pop(id(held), None)
        if known is not None:
            return cast("Row[H]", known)
        spans = spans_of(held)
        terms: dict[str, Term] = {}
        for field, count in counts_of(held).items():
            terms[field] = self._term(held, spans, field, count)
        return Row(held, terms, spans, same_name(held.claimant or ""), days_of(held))

    def _term(self, held: Held, spans: Spans, field: str, count: RecordCount) -> Term:
        start, end = count.start, count.end
        if start is None or end is None:
            equal = [m for m in self._inside(spans) if may_be_read_from(m, count)]
            return Term(held, field, count, None, equal[0] if len(equal) == 1 else None)
        there = self._at_start.get(start)
        if there is None or start >= end:
            there = self.mention_at(start, end)
        if there is None:
            return Term(held, field, count, None, None)
        if is_plain(there, count) and quote_round(there, spans) is not None:
            return Term(held, field, count, there, there, True, True)
        return Term(held, field, count, there, there if may_be_read_from(there, count) else None)

    def quoted(self, row: AnyRow) -> tuple[Mention, ...]:
        """Countable mentions inside the located quotes of a claim, each once, in text order."""
        if row.mentions is None:
            row.mentions = tuple(self._inside(row.spans))
        return row.mentions

    def touched(self, row: AnyRow) -> Sequence[int]:
        """Indexes of the sentences that the located quotes of a claim touch, in text order."""
        if row.sentences is None:
            spans = row.spans
            if len(spans) == 1:
                row.sentences = self.sentences_between(*spans[0])
            else:
                found = {nth for span in spans for nth in self.sentences_between(*span)}
                row.sentences = sorted(found)
        return row.sentences

    def is_grounded(self, term: Term) -> bool:
        """Whether a count of the record truly stands in one of its claim's quotes."""
        if term.grounded is None:
            term.grounded = is_read(self, self.row_of(term.held), term)
        return term.grounded

    # --- what the text holds --------------------------------------------------------------------

    @cached_property
    def countable(self) -> tuple[Mention, ...]:
        """Mentions that can count people or places, in text order."""
        return tuple([m for m in self.ledger.mentions if m.kind in COUNT_KINDS])

    @cached_property
    def _starts(self) -> list[int]:
        return [m.start for m in self.countable]

    @cached_property
    def _at_start(self) -> dict[int, Mention]:
        return dict(zip(self._starts, self.countable, strict=True))

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

    def cues_between(self, start: int, end: int) -> tuple[Cue, ...]:
        """Casualty words that begin in the span."""
        first = bisect_left(self._cue_starts, start)
        return self.cues[first : bisect_left(self._cue_starts, end, first)]

    def sentence_at(self, position: int) -> Sentence | None:
        """The sentence that holds a character, or the one before a gap; None before the first."""
        nth = bisect_right(self._sentence_starts, position) - 1
        return self.sentences[nth] if nth >= 0 else None

    @cached_property
    def _told(self) -> Mapping[int, Set[Outcome]]:
        """The outcomes that a sentence tells, by the place of its start among all of them."""
        found: dict[int, set[Outcome]] = {}
        for cue in self.cues:
            nth = bisect_right(self._sentence_starts, cue.start)
            found.setdefault(nth, set()).add(cue.outcome)
        return found

    def told_at(self, position: int) -> Set[Outcome]:
        """The outcomes whose words the sentence that holds a character has."""
        return self._told.get(bisect_right(self._sentence_starts, position), _NO_OUTCOMES)

    def sentences_between(self, start: int, end: int) -> range:
        """Indexes of the sentences that share a character with the span."""
        starts = self._sentence_starts
        first = bisect_right(starts, start) - 1
        if first < 0:
            first = 0
        elif self.sentences[first].end <= start:
            first += 1
        return range(first, bisect_left(starts, end, first))

    def sentences_of(self, row: AnyRow) -> list[Sentence]:
        """The sentences that the located quotes of a claim touch, each once, in text order."""
        return [self.sentences[nth] for nth in self.touched(row)]

    def cues_governing(self, sentence: Sentence) -> tuple[Cue, ...]:
        """Casualty words of a sentence, of the heading above it and of its table's titles."""
        found = self.cues_between(sentence.start, sentence.end)
        if sentence.lead is not None:
            lead = self.sentences[sentence.lead]
            found += self.cues_between(lead.start, lead.end)
        if sentence.header:
            found += self.cues_between(sentence.header[0].start, sentence.header[-1].end)
        return found

    def noun_of(self, mention: Mention) -> Noun | None:
        """What a mention counts, if a known noun says so."""
        known, start = self._nouns, mention.start
        if start not in known:
            known[start] = counted_noun(self.text, mention)
        return known[start]

    def noun_beside(self, mention: Mention) -> Noun | None:
        """What a mention counts, unless that stands in the next item of a drawn list."""
        noun = self.noun_of(mention)
        if noun is None or noun.start <= mention.end + 1:
            return noun
        return None if NEW_ITEM.search(self.text, mention.end, noun.start) else noun

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

    def _inside(self, spans: Spans) -> Iterator[Mention]:
        done = -1
        for start, end in spans:
            for mention in self.mentions_between(start, end):
                if mention.start > done:
                    yield mention
                    done = mention.start


class FiguresAlone(RuleInput):
    """The input of rules about figures without a text: each count is taken as it is given."""

    def is_grounded(self, term: Term) -> bool:
        """Always: there is nothing that the count could differ from."""
        return True


def stands_at(text: str, quote: Evidence) -> bool:
    """Whether a quote is located and reads the same there, runs of white space apart."""
    if quote.start is None or quote.end is None or not 0 <= quote.start < quote.end <= len(text):
        return False
    there = text[quote.start : quote.end]
    return there == quote.quote or folded(there) == folded(quote.quote)


def is_read(given: RuleInput, row: AnyRow, term: Term) -> bool:
    """Whether the ledger reads a count inside a quote of its claim.

    A located count is judged by the mention at its place, any other by all mentions of the quotes.
    People listed one by one are a run of mentions that sum to the value, or words of the quotes
    that are no fewer than the people. A zero is read where its denying words stand. A derived
    count is as well grounded as the printed counts of its claim.
    """
    count, there = term.count, term.there
    if count.basis == "derived":
        printed = [other for other in row.terms.values() if other.count.basis != "derived"]
        return bool(printed) and all(is_read(given, row, other) for other in printed)
    if there is not None and there.basis == count.basis == "printed":
        return quote_round(there, row.spans) is not None and says(there, count)
    mentions = given.quoted(row)
    if any(says(mention, count) for mention in mentions):
        return True
    if count.value == 0:
        return _is_denied(mentions, row.held, count.as_written)
    return count.basis == "counted" and (
        _run_of(mentions, count.value) != () or _lists(row.held, count)
    )


def run_of(given: RuleInput, row: AnyRow, count: RecordCount) -> tuple[Mention, ...]:
    """The neighbouring mentions of the quotes that sum to a counted count; empty when none do."""
    return _run_of(given.quoted(row), count.value) if count.basis == "counted" else ()


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


def _lists(held: Held, count: RecordCount) -> bool:
    words = words_of(count.as_written)
    return (count.value or 0) <= len(words) and _stands_in_quotes(held, count.as_written)


def _is_denied(mentions: Sequence[Mention], held: Held, words: str) -> bool:
    """Whether denying words stand in a quote, and not as "no fewer than 5" does."""
    denial = re.compile(rf"(?<!\w){re.escape(folded(words))}(?!\w)", re.IGNORECASE)
    qualifiers = [
        (m.qualifier_start, m.qualifier_end)
        for m in mentions
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
