"""Where the counts of a record come from: the number of the text that a slot was read from."""

from __future__ import annotations

import re
from typing import Final

from llm_extract.lexicon import Noun
from llm_extract.numbers.mention import Mention
from llm_extract.passages import Sentence
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.terms import AnyRow

NEW_ITEM: Final = re.compile(r"\n[ \t]{2,}")
"""An indented line, which begins an item of its own and goes on from no number before."""


def noun_beside(given: RuleInput, mention: Mention) -> Noun | None:
    """What a mention counts, unless that stands in the next item of a list drawn with spaces."""
    noun = given.noun_of(mention)
    if noun is None or noun.start <= mention.end + 1:
        return noun
    return None if NEW_ITEM.search(given.text, mention.end, noun.start) else noun


def sentences_of(given: RuleInput, row: AnyRow) -> list[Sentence]:
    """The sentences that the located quotes of a claim touch, each once, in text order."""
    return [given.sentences[nth] for nth in given.touched(row)]
