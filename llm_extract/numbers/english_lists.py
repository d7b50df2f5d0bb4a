"""English: persons that a list names without a number ("a man, his wife and their driver")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from llm_extract.lexicon import Noun, noun_lexicon
from llm_extract.lexicon.nouns import ABBREVIATION, WORD
from llm_extract.numbers import english_words as words
from llm_extract.numbers import tables
from llm_extract.numbers.english_persons import AGED, MODIFIER_STOP, SPEECH, counted_head
from llm_extract.numbers.reading import Page, Reading

_LEXICON = noun_lexicon("en")
_TABLE: Final = tables.table("english")
_NO_PERSON: Final = frozenset(_TABLE["no_person"])
_KIN: Final = frozenset(_TABLE["kin"])
_PAIRS: Final[dict[str, list[str]]] = _TABLE["pairs"]
_HIM: Final = frozenset(_TABLE["him"])
_LISTED: Final = _KIN.union(_TABLE["attendants"])

PAIRED: Final = "|".join(
    sorted({*_LISTED, *(w for pair in _PAIRS.values() for w in pair)}, key=len, reverse=True)
)
"""Alternation of the nouns that `read_bare` can count."""

_BEFORE: Final = 96
"""Characters looked back at for the list that a person continues."""

_LINK = re.compile(r"and(?<=\band)\b|with(?<=\bwith)\b|well(?<=\bwell)\b|,\s+(?:his|her|their)\b")
_LINK_NEAR: Final = 10
"""Characters looked back at for the word that joins a person to the list before."""

_TOGETHER = re.compile(r"\b(?:along\s+with|together\s+with|as\s+well\s+as)\s+$")
_AND = re.compile(r",?\s+and\s+$")
_COMMA = re.compile(r",\s+$")
_ASIDE = re.compile(r"(?:,?\s*\([^()]{0,24}\)|,\s*(?:aged\s+)?\d{1,3},?|,)$")
_CALENDAR = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August"
    r"|September|October|November|December"
)
_DETERMINED = re.compile(
    rf"(?:^|\s)(?:an?|another|his|her|their|\d{{1,4}}|{words.BELOW_HUNDRED})(?:\s+[\w'’-]+){{1,4}}$"
)
_CAPITALS = r"[A-Z][\w'’.-]*[\w](?:\s+[A-Z][\w'’-]+){0,3}"
_AFTER_NOUN = (
    rf"(?:\s+(?:of|in|from|at)\s+(?:the\s+)?[\w'’-]+(?:\s+[A-Z][\w'’-]+)*)?(?:,?\s+{_CAPITALS})?"
    r"(?:,\s*(?:aged\s+)?\d{1,3}\b|\s*\(\d{1,3}\))?"
)
_NUMBER = rf"\d{{1,4}}|{words.BELOW_HUNDRED}|several|some|many"
_LINKED = r",?\s+and|,?\s+along\s+with|,?\s+together\s+with|,?\s+as\s+well\s+as"
_GOES_ON = re.compile(
    rf"{_AFTER_NOUN}(?:(?:{_LINKED})\s+(?:(?:an?|another|his|her|their|{_NUMBER})\s+)"
    rf"|,\s+(?:(?:his|her|their|{_NUMBER})\s+))"
)
_GOES_ON_BARE = re.compile(rf"{_AFTER_NOUN}(?:(?:{_LINKED})\s+|,\s+(?=[\w-]+(?:,|\s+and)\s))")
_ITEM = rf"his|her|their|{_NUMBER}"
_NEXT_ITEM = (
    re.compile(rf",\s+(?:{_ITEM})\s"),
    *(
        re.compile(rf"{joined}\s+(?:an?|another|{_ITEM})\s")
        for joined in ("and", "with", r"well\s+as")
    ),
)
"""Find the links of `_GOES_ON`: one pattern each, as fixed first letters are found quickly."""

_AND_THE = re.compile(r"and\s+(the)\s")
_THE = re.compile(r"the\s")
_NEXT_PERSON: Final = 4
"""Words that may stand before the person noun of the next item of a list."""

_BARE_LIST = re.compile(
    r"^(?:.*\s)?(?P<determiner>his|her|their|an?)\s+(?P<items>[\w'’-]+(?:[\s,]+[\w'’-]+){0,10}?)"
    r"(?P<link>,?\s+and\s+|,\s+)(?:\S+-old\s+)?$",
    re.DOTALL,
)
_ITEM_SPLIT = re.compile(r",\s*(?:and\s+)?|\s+and\s+")
_BARE_END = re.compile(
    r"\s*(?:$|[,.;:)!?]|\s(?:and|or|were|was|are|died|have|has|had|who|in|at|on|when|by|after|from"
    r"|near|during|as|while|inside|outside|with|dead|killed|injured|wounded|missing)\b)"
)
_LIST_AFTER = re.compile(r",|,?\s+and\s")


def definite_places(low: str) -> Iterator[tuple[int, str]]:
    """Where "the" may stand in a list: behind "and", or in front of a next item of its sentence."""
    for found in _AND_THE.finditer(low):
        yield found.start(1), "the"
    begin = 0
    for item in sorted(found.start() for link in _NEXT_ITEM for found in link.finditer(low)):
        begin = _sentence_start(low, begin, item)
        for the in _THE.finditer(low, begin, item):
            yield the.start(), "the"
        begin = item


def _sentence_start(low: str, begin: int, end: int) -> int:
    """Where the last sentence of a span starts; `begin` also behind initials ("the U.S. envoy")."""
    stop = low.rfind(". ", begin, end)
    return begin if stop < 0 or low[stop - 2] == "." else stop


def read_definite(page: Page, match: re.Match[str]) -> Reading | None:
    """ "His wife", "the mayor" in a list with another person; else None."""
    start, own = match.start(), match.group() != "the"
    if not _is_linked(page.low, max(0, start - _LINK_NEAR), match.end() + _BEFORE):
        return None
    noun, end = _person_behind(page, start, match.end())
    if noun is None:
        return None
    goes_on = _goes_on(page, noun.end, bare=own and noun.form in _KIN)
    if not goes_on and not _follows(page, start, own=own):
        return None
    return Reading(start, end, 1, "en", "count", "exact", "counted")


def read_bare(page: Page, match: re.Match[str]) -> Reading | None:
    """ "Driver" in "his wife, mother-in-law and driver", "son" in "a mother and son"; else None."""
    low, start = page.low, match.start()
    noun = _LEXICON.match(low, start)
    if noun is None or noun.end != match.end() or _BARE_END.match(low, noun.end) is None:
        return None
    before = _BARE_LIST.search(low[max(0, start - _BEFORE) : start])
    if before is None:
        return None
    items = _ITEM_SPLIT.split(before.group("items"))
    heads = [_last_person(item, 0, len(item)) for item in items]
    first = heads[0]
    if first is None or None in heads:
        return None
    if "and" not in before.group("link") and _LIST_AFTER.match(low, noun.end) is None:
        return None
    if before.group("determiner") in ("a", "an"):
        listed = len(items) == 1 and noun.form in _PAIRS.get(first.form, ())
    else:
        listed = first.form in _KIN and noun.form in _LISTED
    return Reading(start, noun.end, 1, "en", "count", "exact", "counted") if listed else None


def _is_linked(low: str, start: int, end: int) -> bool:
    """Whether a joining word stands in a span; most spans have not even its letters."""
    near = low[start:end]
    if " and " in near:
        return True
    may_be = "and" in near or "wi" in near or "we" in near or "," in near
    return may_be and _LINK.search(low, start, end) is not None


def _person_behind(page: Page, start: int, end: int) -> tuple[Noun | None, int]:
    """The singular person behind a determiner, and where the words that count it end."""
    aged = AGED.match(page.low, end)
    noun = counted_head(page, (end if aged is None else aged.end()) + 1)
    if noun is None or not _is_person(noun) or SPEECH.match(page.low, noun.end):
        return None, end
    # The age is a mention of its own, so that the person's span is the determiner alone.
    return noun, noun.end if aged is None else end


def _is_person(noun: Noun) -> bool:
    return noun.role == "person" and noun.form not in _NO_PERSON


def _follows(page: Page, start: int, *, own: bool) -> bool:
    """True when the words before `start` are a person and "and", so that a list goes on here."""
    begin = max(0, start - _BEFORE)
    low, text = page.low[begin:start], page.text[begin:start]
    if own and _TOGETHER.search(low):
        return True
    link = _AND.search(low)
    if link is None:
        return False
    head = text[: link.start()]
    bare = _ASIDE.sub("", head).rstrip()
    return _ends_in_person(bare) and (own or _DETERMINED.search(bare.lower()) is not None)


def _ends_in_person(words_before: str) -> bool:
    last = words_before.rsplit(None, 1)[-1] if words_before else ""
    if last.lower() in _HIM or last.endswith(("-old", "-olds")):
        return True
    if last[:1].isupper() and _CALENDAR.match(last) is None:
        return True
    return _last_person(words_before.lower(), 0, len(words_before)) is not None


def _last_person(low: str, start: int, end: int) -> Noun | None:
    """The person noun of one to three words that ends exactly at `end`."""
    at = end
    for _ in range(3):
        at = max(low.rfind(" ", start, at), low.rfind("\n", start, at))
        noun = _LEXICON.match(low, max(at + 1, start), end)
        if noun is not None and noun.end == end and _is_person(noun):
            return noun
        if at < 0:
            return None
    return None


def _goes_on(page: Page, end: int, *, bare: bool) -> bool:
    """True when the list goes on behind a person with another one that is no speaker."""
    link = _GOES_ON.match(page.text, end)
    if link is None and bare:
        link = _GOES_ON_BARE.match(page.text, end)
        return link is not None and _names_person(page, link.end(), listed_only=True)
    return link is not None and _names_person(page, link.end(), listed_only=False)


def _names_person(page: Page, start: int, *, listed_only: bool) -> bool:
    low, at = page.low, start
    aged = AGED.match(low, start - 1)
    if aged is not None:
        at = aged.end() + 1
    for _ in range(_NEXT_PERSON):
        word = ABBREVIATION.match(low, at) or WORD.match(low, at)
        if word is None or word.group() in MODIFIER_STOP:
            return False
        noun = _LEXICON.match(low, at)
        if noun is not None and _is_person(noun):
            known = not listed_only or noun.form in _LISTED
            return known and SPEECH.match(low, noun.end) is None
        if listed_only:
            return False
        at = (word.end() if noun is None else noun.end) + 1
    return False
