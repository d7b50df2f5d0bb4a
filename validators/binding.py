"""Rules G03 and G04: every number of the text feeds a slot, and only one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from llm_extract.cues import Cue, cue_table
from llm_extract.lexicon import Noun
from llm_extract.numbers.mention import Mention
from llm_extract.record import Finding, Operand
from llm_extract.validators.arithmetic import SEXES_AND_AGES
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import RuleInput, run_of
from llm_extract.validators.terms import AnyRow, Term, in_order, same_name, says
from llm_extract.validators.wording import (
    cut,
    found,
    listed,
    named,
    operand,
    slot_words,
)

NEIGHBOURHOOD = 60
"""Most characters of text shown round an unbound number: enough to know the place by."""

CARRY = 240
"""How far before a counted person a casualty word still governs it: two sentences of a report, as
parts often stand in the sentence after their toll ("The victims included 39 children")."""


def mentions_are_bound(given: RuleInput) -> Iterator[Finding]:
    """G03: a count of people or places in the text is bound to a slot, or listed as about neither.

    Left out are numbers of things, counted words ("a doctor") without a casualty word beside them,
    numbers that no casualty word governs, and numbers that the report corrects.
    """
    listed_spans = listed_mentions(given)
    for mention in _unbound(given):
        if (mention.start, mention.end) in listed_spans:
            continue
        if counts_casualties(given, mention) or _counts_facilities(given, mention):
            yield found(
                "G03",
                "warning",
                "extraction",
                f'"{cut(mention.text, 30)}" is in no claim: "{_neighbourhood(given, mention)}"',
                operands=[read_operand(mention)],
            )


def mentions_feed_one_slot(given: RuleInput) -> Iterator[Finding]:
    """G04: one mention feeds one slot of one outcome.

    It may feed the total and the one group of a slice ("14 children"), a claim and the casualties
    that contain it, and several slots where as many equal numbers stand in their quotes.
    """
    users: dict[int, list[Term]] = {}
    for term in given.terms:
        if term.source is not None and term.count.start is not None:
            users.setdefault(term.source.start, []).append(term)
    for start, users_of_one in users.items():
        if len(users_of_one) < 2:
            continue
        terms = sorted(users_of_one, key=lambda term: (*in_order(term.held), term.field))
        if _may_share(given, terms):
            continue
        mention = next(m for m in given.countable if m.start == start)
        slots = listed([f"{slot_words(t.field)} of {named(t.held)}" for t in terms])
        yield found(
            "G04",
            "error",
            "extraction",
            f'one number, "{cut(mention.text, 30)}", feeds {slots}',
            claims=[term.held for term in terms],
            fields=[term.field for term in terms],
            operands=[operand(term.held, term.field, term.count) for term in terms],
        )


def counts_casualties(given: RuleInput, mention: Mention) -> bool:
    """Whether a mention counts people whom a casualty word governs, and the count stands.

    A counted word needs the casualty word beside it, a number without a known noun needs one in its
    sentence or table, a number of persons one there or shortly before. A number that the report
    itself corrects ("earlier reported 12") doesn't stand.
    """
    noun = given.noun_of(mention)
    sentence = given.sentence_at(mention.start)
    if sentence is None or (noun is not None and not names_victims(given, noun)):
        return False
    cues = given.cues_governing(sentence)
    if mention.basis == "counted":
        is_governed = any(_stand_together(given.text, mention, cue) for cue in cues)
    else:
        is_governed = bool(cues) or (
            noun is not None and bool(given.cues_between(mention.start - CARRY, mention.start))
        )
    return is_governed and not _is_corrected(given, mention, sentence.start)


def names_victims(given: RuleInput, noun: Noun) -> bool:
    """Whether a noun counts people: a word for them, or for what befell each ("422 arrests")."""
    return noun.role == "person" or (noun.role == "thing" and bool(given.outcomes_of(noun)))


def listed_mentions(given: RuleInput) -> frozenset[tuple[int, int]]:
    """Spans that the record's provenance lists as not about people or places."""
    provenance = given.record.provenance
    spans: set[tuple[int, int]] = set()
    for entry in provenance.unread_mentions if provenance is not None else ():
        start, _, end = entry.partition(":")
        if start.isdecimal() and end.isdecimal():
            spans.add((int(start), int(end)))
    return frozenset(spans)


BESIDE = 24
"""Most characters between a counted word and its casualty word: "a woman was badly hurt"."""

BREAKS = frozenset(".,;:!?()\"'،؛؟«»“”\n|\t")
"""Marks that part a counted word from a casualty word."""


DEFINITE = frozenset({"the", "these", "those", "all", "both"})
"""Words before a number that was given before."""

CORRECTS = 40
"""Most characters between words of correction and the number they take back, about six words."""

PASSIVE = frozenset({"was", "were", "been", "being", "is", "are", "be", "got", "fatally"})
"""English words that make one who stands before "killed" its victim, and one after it another."""


def _stand_together(text: str, mention: Mention, cue: Cue) -> bool:
    """Whether a counted word is the victim of the casualty word beside it."""
    if cue.start < mention.end and cue.end > mention.start:
        return True
    comes_first = mention.end <= cue.start
    gap = text[mention.end : cue.start] if comes_first else text[cue.end : mention.start]
    if len(gap) > BESIDE or not BREAKS.isdisjoint(gap):
        return False
    has_verb = not PASSIVE.isdisjoint(gap.casefold().split())
    may_be_agent = mention.language == "en" and "object" in cue.roles
    return has_verb or not may_be_agent if comes_first else not has_verb


def _is_corrected(given: RuleInput, mention: Mention, sentence_start: int) -> bool:
    """Whether the first number after words of correction is this one."""
    table = cue_table(given.record.report.language)
    corrections = table.pattern("context", "corrected")
    first = max(sentence_start, mention.start - 2 * CORRECTS)
    for correction in corrections.finditer(given.text, first, mention.start):
        gap = given.text[correction.end() : mention.start]
        if (
            len(gap) <= CORRECTS
            and ";" not in gap
            and not given.mentions_between(correction.end(), mention.start)
        ):
            return True
    return False


def _counts_facilities(given: RuleInput, mention: Mention) -> bool:
    if mention.basis == "counted":
        return False
    noun = given.noun_of(mention)
    return noun is not None and noun.role == "facility"


def _unbound(given: RuleInput) -> list[Mention]:
    """Countable mentions that feed no slot: at its place, by its value, or as one it counts."""
    placed = _placed(given)
    left = [mention for mention in given.countable if mention.start not in placed]
    if not left:
        return left
    starts = [mention.start for mention in left]
    bound: set[int] = set()
    for row in given.rows:
        for start, end in row.spans:
            first = bisect_left(starts, start)
            for mention in left[first : bisect_left(starts, end, first)]:
                if mention.end <= end and _is_fed(given, row, mention):
                    bound.add(mention.start)
    return [mention for mention in left if mention.start not in bound]


def _placed(given: RuleInput) -> set[int]:
    """Starts of the mentions at the places of counts, and of those that a count adds up."""
    placed = {t.source.start for t in given.terms if t.is_plain and t.source is not None}
    for term in given.unusual:
        count = term.count
        if count.start is not None and count.end is not None:
            placed.update(m.start for m in given.mentions_between(count.start, count.end))
        if count.basis == "counted":
            placed.update(m.start for m in run_of(given, given.row_of(term.held), count))
    return placed


def _is_fed(given: RuleInput, row: AnyRow, mention: Mention) -> bool:
    """Whether a mention of a claim's quotes is a counted word or gives one of its counts again."""
    if mention.basis == "counted":
        return True
    for term in row.terms.values():
        if term.count.value is None:
            if says(mention, term.count):
                return True
        elif _repeats(given, term, mention):
            return True
    return False


def _repeats(given: RuleInput, term: Term, mention: Mention) -> bool:
    """Whether a mention gives a count's number once more, in another sentence and of people alike.

    "Two died in Velm and two in Kandor" are four people: only "the two" would be the same.
    """
    count, own = term.count, term.there
    if count.value != mention.value or count.upper != mention.upper:
        return False
    if own is None or own == mention or not says(own, count):
        return True
    nouns = (given.noun_of(mention), given.noun_of(own))
    if term.field != "total" and nouns[0] and nouns[1] and nouns[0].label != nouns[1].label:
        return False
    here, there = given.sentence_at(mention.start), given.sentence_at(own.start)
    before = given.text[max(0, mention.start - 12) : mention.start].casefold().split()
    return here != there or (bool(before) and before[-1] in DEFINITE)


def _may_share(given: RuleInput, terms: list[Term]) -> bool:
    if _is_slice(given, terms) or _are_nested(given, terms):
        return True
    count = terms[0].count
    rows = [given.row_of(term.held) for term in terms]
    equal = {m.start for row in rows for m in given.quoted(row) if says(m, count)}
    return len(equal) >= len(terms)


def _is_slice(given: RuleInput, terms: list[Term]) -> bool:
    """Whether the terms are the total of one claim and one group of it, however much named.

    "Seven villagers" are no slice of children, unless the sentence says so of all of them.
    """
    fields = [term.field for term in terms]
    if any(term.held is not terms[0].held for term in terms) or "total" not in fields:
        return False
    sexes_and_ages = sum(field in SEXES_AND_AGES for field in fields)
    return sexes_and_ages == 0 or (sexes_and_ages == 1 and not _is_a_crowd(given, terms[0]))


def _is_a_crowd(given: RuleInput, term: Term) -> bool:
    mention = term.there
    noun = given.noun_of(mention) if mention is not None else None
    if noun is None or (noun.role, noun.label) != ("person", "people"):
        return False
    sentence = None if term.count.start is None else given.sentence_at(term.count.start)
    if sentence is None:
        return False
    return "all" not in same_name(given.text[sentence.start : sentence.end])


def _are_nested(given: RuleInput, terms: list[Term]) -> bool:
    """Whether the terms are one slot of a claim and of the casualties that it is part of."""
    if len(terms) != 2 or terms[0].field != terms[1].field:
        return False
    own = [id(term.held) for term in terms]
    rows = [row for row in given.claims if id(row.held) in own]
    return any(
        (parent := given.parent_of(row)) is not None
        and parent.held.outcome == "casualties"
        and parent.held is not row.held
        and id(parent.held) in own
        for row in rows
    )


def _neighbourhood(given: RuleInput, mention: Mention) -> str:
    """The whole words round a mention, as many as there is room for."""
    text = given.text
    room = max(0, NEIGHBOURHOOD - (mention.end - mention.start)) // 2
    start, end = max(0, mention.start - room), min(len(text), mention.end + room)
    if start > 0 and not text[start - 1].isspace():
        start = next((i for i in range(start, mention.start) if text[i].isspace()), mention.start)
    if end < len(text) and not text[end].isspace():
        end = next((i for i in range(end, mention.end, -1) if text[i - 1].isspace()), mention.end)
    return cut(text[start:end], NEIGHBOURHOOD)


def read_operand(mention: Mention) -> Operand:
    low = mention.value if mention.value is not None else 0
    return Operand(
        claim=None,
        field=None,
        low=low,
        high=mention.upper if mention.upper is not None else mention.value,
        as_written=mention.text,
        start=mention.start,
        end=mention.end,
    )


RULES = (
    Rule(
        "G03",
        "every count of the ledger is bound to a claim or facility, or listed as not about people "
        "or places",
        "warning",
        READING,
        "Numbers of things; numbers that no casualty word governs or that the report corrects "
        '("earlier reported 12"); a counted word ("a doctor") inside a quote, without a casualty '
        "word beside it or as the one who acts.",
        mentions_are_bound,
    ),
    Rule(
        "G04",
        "one mention feeds one slot (of one outcome)",
        "error",
        READING,
        'A slice of one group ("14 children") feeds its total and its group; a claim and the '
        "casualties that contain it may share a number; so may slots whose quotes hold as many "
        "equal numbers.",
        mentions_feed_one_slot,
    ),
)
