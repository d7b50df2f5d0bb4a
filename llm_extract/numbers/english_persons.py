"""English: the person or place that the words behind an article or possessive name."""

from __future__ import annotations

import re
from typing import Final

from llm_extract.lexicon import Noun, noun_lexicon
from llm_extract.lexicon.nouns import ABBREVIATION, WORD
from llm_extract.numbers import english_words as words
from llm_extract.numbers import tables
from llm_extract.numbers.reading import Page

_LEXICON = noun_lexicon("en")
_TABLE: Final = tables.table("english")

AGED = re.compile(
    rf"\s+(?:\d{{1,3}}|{words.BELOW_HUNDRED})[\s-]+(?:year|month|week|day)s?[\s-]+old\b(?!\s+(?:conflict|war|feud|dispute"
    r"|law|ceasefire|truce|building|house|mosque|church|school|siege|campaign|agreement))"
)
SPEECH = re.compile(
    r"\s+(?:(?:has|have|had|also|who|later|then)\s+)*(?:said(?!\s+to\b)|says|told|added|reported|confirmed"
    r"|stated|explained|noted|announced|recalled|claimed|described|declared)\b"
)
MODIFIER_STOP: Final = frozenset(_TABLE["modifier_stop"])
MAX_MODIFIERS = 5
_BETWEEN_WORDS: Final = frozenset(" -\u00a0\n")

_ALSO_ADJECTIVES: Final = frozenset(_TABLE["also_adjectives"])


def counted_head(page: Page, start: int) -> Noun | None:
    """The singular person or facility noun behind an article, past its adjectives."""
    low = page.low
    at, found = start, None
    for _ in range(MAX_MODIFIERS):
        word = WORD.match(low, at)
        if word is None:
            break
        noun = _LEXICON.beginning(low, word)
        if low.startswith(".", at + 1):
            word = ABBREVIATION.match(low, at) or word
        modifier = word.group()
        if modifier in MODIFIER_STOP:
            break
        if noun is None:
            if found is not None and not _goes_on(found, modifier):
                break
            at = word.end()
        elif noun.number == "plural" and noun.form in _ALSO_ADJECTIVES:
            at = noun.end
        elif noun.number == "plural":
            if found is None:
                return None
            break
        else:
            found = noun
            at = noun.end
        if low[at : at + 1] not in _BETWEEN_WORDS:
            break
        at += 1
    return found if found is not None and found.role != "thing" else None


def _goes_on(found: Noun, after: str) -> bool:
    """True when an unknown word behind a noun may still lead to the head of the compound."""
    if found.label in ("place", "group"):
        return not after.endswith(("ed", "ing"))
    adjective = found.form in _ALSO_ADJECTIVES and not after.endswith(("ed", "ing", "ly"))
    return adjective or after.endswith("'s")
