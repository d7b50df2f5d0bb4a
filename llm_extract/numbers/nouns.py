"""Finds the noun that a number counts."""

from __future__ import annotations

import re
from typing import Final

from llm_extract.lexicon import Noun, noun_lexicon
from llm_extract.lexicon.nouns import ABBREVIATION, WORD
from llm_extract.numbers import tables
from llm_extract.numbers.mention import Mention
from llm_extract.numbers.reading import Page

_MAX_SKIPPED: Final = 6
"""Adjectives, nationalities and determiners that may stand between a number and its noun."""

_STOP: Final = frozenset(tables.table("clauses")["words"])
_GAP = re.compile(r"\+?[ \t\u00a0\u202f]*\n?[ \t\"“”'‘’«»(\u00a0-]*")
_OPEN_ENDED = re.compile(r"\s+or\s+(?:more|so|fewer|less)\b")
_ELIDED = re.compile(r"[dlDL]['’](?=\w)")
_AGED = re.compile(r"(?:\d{1,3}|[a-z]++(?:-[a-z]++)?)[ -](?:year|month|week|day)s?[ -]olds?[ ,]*")
_OF_WORDS: Final = ("of", "من")
_OF = re.compile(r"(?:of|من)\b")


def counted_noun(text: str, mention: Mention) -> Noun | None:
    """The head noun that `mention` counts, None when no known noun stands before a clause boundary.

    Adjectives, nationalities and "of the" are passed ("149 Syrian civilians", "two of the other
    women"). A compound is returned whole with the role and label of its last noun ("civilian
    deaths"). The noun of a counted mention ("a woman") lies inside the mention's own span.
    """
    if mention.basis == "counted" or mention.language == "ar":
        inside = _last_noun(text, mention)
        if inside is not None:
            return inside
    found = noun_after(text, mention.end, mention.language)
    if found is None and mention.language == "ar":
        found = _noun_before(text, mention)
    return found


def counts_people_or_places(page: Page, end: int) -> bool:
    """True when the words after a number that ends at `end` name people or facilities."""
    language = "ar" if _arabic_follows(page.text, end) else "en"
    noun = noun_after(page.low, end, language)
    return noun is not None and noun.role != "thing"


def noun_after(text: str, end: int, language: str) -> Noun | None:
    """The head noun counted by a number that ends at `end`."""
    lexicon = noun_lexicon(language)
    if not lexicon.entries:
        return None
    open_ended = _OPEN_ENDED.match(text, end)
    at, skipped = end if open_ended is None else open_ended.end(), 0
    if text[end : end + 1] == "-":
        member = lexicon.match(text, end + 1)
        if member is not None:
            return member
    while skipped <= _MAX_SKIPPED:
        gap = _GAP.match(text, at)
        at = gap.end() if gap is not None else at
        aged = _AGED.match(text, at)
        if aged is not None:
            at = aged.end()
        elided = _ELIDED.match(text, at)
        if elided is not None:
            at = elided.end()
        initials = ABBREVIATION.match(text, at) if text.startswith(".", at + 1) else None
        if initials is not None:
            at = initials.end()
            skipped += 1
            continue
        word = WORD.match(text, at)
        if word is None:
            return None
        noun = lexicon.beginning(text, word)
        if noun is not None:
            return _compound(text, noun, language)
        folded = word.group().casefold()
        if folded.startswith(_OF_WORDS) and _OF.match(folded) is not None:
            at = word.end()
            skipped += 1
            continue
        if folded in _STOP or (folded == "and" and skipped == 0) or folded == "or":
            return None
        at = word.end()
        skipped += 1
    return None


def _compound(text: str, first: Noun, language: str) -> Noun:
    """Extends a singular noun over the nouns right behind it: the last one is the head."""
    if language == "ar":
        return first
    lexicon = noun_lexicon(language)
    head = first
    while not head.plural and text[head.end : head.end + 1] in (" ", "-"):
        after = lexicon.match(text, head.end + 1)
        if after is None:
            break
        head = after
    if head is first:
        return first
    form = text[first.start : head.end].casefold()
    return Noun(first.start, head.end, form, head.role, head.label, head.number)


def _last_noun(text: str, mention: Mention) -> Noun | None:
    found = None
    for noun in noun_lexicon(mention.language).scan(text, mention.start, mention.end):
        found = noun
    return found


def _noun_before(text: str, mention: Mention) -> Noun | None:
    """The noun in front of an Arabic number that agrees with it like an adjective."""
    if mention.text[:1].isdigit() or not (mention.value in (1, 2) or mention.text.startswith("ال")):
        return None
    found = None
    for noun in noun_lexicon("ar").scan(text, max(0, mention.start - 40), mention.start):
        found = noun
    adjacent = found is not None and text[found.end : mention.start].strip() == ""
    return found if adjacent else None


def _arabic_follows(text: str, end: int) -> bool:
    if text[end : end + 24].isascii():
        return False
    word = WORD.search(text, end, end + 24)
    return word is not None and "\u0600" <= word.group()[0] <= "\u06ff"
