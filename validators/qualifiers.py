"""Rule G05: a count is as exact as the words beside its number in the report."""

from __future__ import annotations

from collections.abc import Iterator

from llm_extract.numbers.mention import Mention
from llm_extract.record import Finding
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.terms import Term, says
from llm_extract.validators.wording import cut, found, named, operand, slot_words, spoken


def qualifiers_agree(given: RuleInput) -> Iterator[Finding]:
    """G05: the qualifier of a count is the one that the ledger reads beside its number.

    A number that stands in the claim's quotes several times, in different sentences, may be
    qualified in any of them.
    """
    for term in given.unusual:
        source, count = term.source, term.count
        if source is not None and (source.qualifier, source.upper) == (
            count.qualifier,
            count.upper,
        ):
            continue
        if count.basis == "derived" or count.value == 0:
            continue
        printed = _differently_printed(given, term)
        if printed is not None:
            yield found(
                "G05",
                "warning",
                "extraction",
                f"{slot_words(term.field)} of {named(term.held)} is given as {spoken(count)}, but "
                f'the report says "{_in_words(given, printed)}"',
                claims=[term.held],
                fields=[term.field],
                operands=[operand(term.held, term.field, count)],
            )


def _differently_printed(given: RuleInput, term: Term) -> Mention | None:
    """The number that a count was read from, where its qualifier or range is another one."""
    count, there, source = term.count, term.there, term.source
    if there is not None and there.value == count.value and there.upper != count.upper:
        return there
    if source is None or source.qualifier == count.qualifier:
        return None
    return None if _is_so_elsewhere(given, term, source) else source


def _is_so_elsewhere(given: RuleInput, term: Term, here: Mention) -> bool:
    """Whether another sentence of the quotes gives the same number with the count's qualifier.

    A number that another slot was read from is not the same one.
    """
    count = term.count
    sentence = given.sentence_at(here.start)
    taken = {other.count.start for other in given.terms if other.count is not count}
    return any(
        mention.qualifier == count.qualifier
        and mention.start not in taken
        and says(mention, count)
        and given.sentence_at(mention.start) != sentence
        for mention in given.quoted(given.row_of(term.held))
    )


def _in_words(given: RuleInput, mention: Mention) -> str:
    start, end = mention.start, mention.end
    if mention.qualifier_start is not None and mention.qualifier_end is not None:
        start, end = min(start, mention.qualifier_start), max(end, mention.qualifier_end)
    return cut(given.text[start:end], 40)


RULES = (
    Rule(
        "G05",
        "the qualifier agrees with the words beside the number",
        "warning",
        READING,
        "A number that its quotes give again in another sentence may be qualified there; zeros; a "
        "count of which it is not certain where it was read.",
        qualifiers_agree,
    ),
)
