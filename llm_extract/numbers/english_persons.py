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

_ALSO_ADJECTIVES: Final = frozenset(_TABLE["also_adjectives"])


def counted_head(page: Page, start: int, end: int | None = None) -> Noun | None:
    """The singular person or facility noun behind an article, past its adjectives."""
    low = page.low
    stop = len(low) if end is None else end
    at, found, steps = start, None, 0
    while steps < MAX_MODIFIERS:
        word = WORD.match(low, at, stop)
        if word is None:
            break
        initials = ABBREVIATION.match(low, at, stop) if low.startswith(".", at + 1) else None
        if (initials or word).group() in MODIFIER_STOP:
            break
        noun = _LEXICON.beginning(low, word, stop)
        word = initials or word
        if noun is None:
            names = word.group()
            if found is not None and not _goes_on(found, names):
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
        steps += 1
        if low[at : at + 1] not in (" ", "-", "\u00a0", "\n"):
            break
        at += 1
    return found if found is not None and found.role != "thing" else None


def _goes_on(found: Noun, after: str) -> bool:
    """True when an unknown word behind a noun may still lead to the head of the compound."""
    if found.label in ("place", "group"):
        return not after.endswith(("ed", "ing"))
    adjective = found.form in _ALSO_ADJECTIVES and not after.endswith(("ed", "ing", "ly"))
    return adjective or after.endswith("'s")
