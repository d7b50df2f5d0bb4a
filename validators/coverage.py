"""Rule C01: every sentence that counts casualties has a claim, and claims need casualty words."""

from __future__ import annotations

from collections.abc import Iterator

from llm_extract.cues import cue_table
from llm_extract.numbers.mention import Mention
from llm_extract.passages import Sentence
from llm_extract.record import Finding
from llm_extract.validators.binding import counts_casualties, listed_mentions, read_operand
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.terms import in_order
from llm_extract.validators.wording import cut, found, listed


def casualties_are_claimed(given: RuleInput) -> Iterator[Finding]:
    """C01: no sentence counts casualties outside all claims, and no claim lacks a casualty word.

    A sentence that only repeats numbers of a claim (a headline), or whose numbers are corrected or
    listed as not about people, is no omission. A report in a language without casualty words is not
    judged.
    """
    yield from _omissions(given)
    if given.record.claims and not _tells_of_casualties(given):
        claims = sorted(given.record.claims, key=in_order)
        ids = listed([claim.id for claim in claims[:MOST_NAMED]])
        yield found(
            "C01",
            "error",
            "extraction",
            f"the report has no word of casualties, and yet the record claims some ({ids})",
            claims=claims,
        )


MOST_NAMED = 5
"""Claims that one message names; the finding itself lists all."""


def _tells_of_casualties(given: RuleInput) -> bool:
    """Whether the text has a casualty word; taken as given where no table of its language is."""
    language = given.record.report.language
    table = cue_table(language)
    has_table = language in (None, table.language) and bool(table.sections)
    return not has_table or bool(given.cues) or table.any_outcome.search(given.text) is not None


def _omissions(given: RuleInput) -> Iterator[Finding]:
    claimed = {
        (term.count.value, term.count.upper) for row in given.claims for term in row.terms.values()
    }
    left = [m for m in given.countable if m.value is None or (m.value, m.upper) not in claimed]
    if not left:
        return
    unread = listed_mentions(given)
    by_sentence: dict[int, tuple[Sentence, list[Mention]]] = {}
    for mention in left:
        sentence = given.sentence_at(mention.start)
        if (
            sentence is not None
            and (mention.start, mention.end) not in unread
            and given.cues_governing(sentence)
            and counts_casualties(given, mention)
        ):
            by_sentence.setdefault(sentence.index, (sentence, []))[1].append(mention)
    quoted = {nth for row in given.rows for nth in given.touched(row)} if by_sentence else ()
    for sentence, mentions in by_sentence.values():
        if sentence.index in quoted:
            continue
        numbers = listed([f'"{cut(m.text, 30)}"' for m in mentions[:MOST_NAMED]])
        yield found(
            "C01",
            "error",
            "extraction",
            f"casualties are counted ({numbers}) but no claim quotes the sentence: "
            f'"{cut(sentence.text(given.text))}"',
            operands=[read_operand(mention) for mention in mentions],
        )


RULES = (
    Rule(
        "C01",
        "casualty words with a count and no claim (silent omission); a claim where the report has "
        "no casualty word",
        "error",
        READING,
        "A sentence that only repeats numbers of a claim, or whose numbers are corrected by the "
        "report or listed as not about people; languages without a table of casualty words.",
        casualties_are_claimed,
    ),
)
