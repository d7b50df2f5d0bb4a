"""Where the counts of a record come from: the number of the text that a slot was read from."""

from __future__ import annotations

import re
from typing import Final

from llm_extract.lexicon import Noun
from llm_extract.numbers.mention import Mention
from llm_extract.passages import Sentence
from llm_extract.record import RecordCount
from llm_extract.validators.rule_input import Held, RuleInput, folded, says

NEW_ITEM: Final = re.compile(r"\n[ \t]{2,}")
"""An indented line, which begins an item of its own and goes on from no number before."""


def source_of(given: RuleInput, held: Held, count: RecordCount) -> Mention | None:
    """The one number of the text that a count was read from; None where that is not certain.

    It is the number at the count's place, or the only equal one of its claim's quotes. A count that
    code derived, or that adds up people named one by one, has none.
    """
    if count.basis == "derived":
        return None
    if count.start is not None and count.end is not None:
        there = given.mention_at(count.start, count.end)
        return there if there is not None and _is_said(there, count) else None
    equal = [mention for mention in given.quoted(held) if _is_said(mention, count)]
    return equal[0] if len(equal) == 1 else None


def _is_said(mention: Mention, count: RecordCount) -> bool:
    """Whether a mention gives a count's number, and where people are counted, in its words."""
    if count.basis == "counted" and folded(mention.text) != folded(count.as_written):
        return False
    return says(mention, count)


def noun_beside(given: RuleInput, mention: Mention) -> Noun | None:
    """What a mention counts, unless that stands in the next item of a list drawn with spaces."""
    noun = given.noun_of(mention)
    if noun is None or noun.start <= mention.end:
        return noun
    return None if NEW_ITEM.search(given.text, mention.end, noun.start) else noun


def sentences_of(given: RuleInput, held: Held) -> list[Sentence]:
    """The sentences that the located quotes of a claim touch, each once, in text order."""
    touched: set[int] = set()
    for quote in held.evidence:
        if quote.start is not None and quote.end is not None:
            touched.update(given.sentences_between(quote.start, quote.end))
    return [given.sentences[nth] for nth in sorted(touched)]
