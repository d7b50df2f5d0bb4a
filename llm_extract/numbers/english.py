"""English: number words, vague words, articles before people, denials; tables in english.toml."""

from __future__ import annotations

import re
from typing import Final

from llm_extract.lexicon import noun_lexicon
from llm_extract.lexicon.nouns import WORD
from llm_extract.lexicon.words import any_word
from llm_extract.numbers import english_words as words
from llm_extract.numbers import tables
from llm_extract.numbers.english_lists import PAIRED, definite_places, read_bare, read_definite
from llm_extract.numbers.english_persons import (
    AGED,
    MAX_MODIFIERS,
    MODIFIER_STOP,
    SPEECH,
    counted_head,
)
from llm_extract.numbers.reading import LanguageRules, Page, Reading, Trigger

CODE: Final = "en"

_LEXICON = noun_lexicon(CODE)
_TABLE: Final = tables.table("english")

_UNIT = words.UNIT_ALTERNATION
_TEEN = words.TEEN_ALTERNATION
_TENS = words.TENS_ALTERNATION
_SCALE = "hundred|thousand|million|billion"
_BIG = "thousand|million|billion"
_SUB = words.BELOW_HUNDRED
_SIZES = (
    "large|small|great|huge|growing|high|unknown|unspecified|undetermined|undisclosed|similar"
    "|significant|considerable|limited|indeterminate"
)
_PARTS = "third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|half"
_GOES_ON = re.compile(
    r"'|[\s-]+(?:\d|{})".format(
        any_word(
            (),
            {*words.VALUES, *words.ORDINALS, *_SIZES.split("|"), *_PARTS.split("|")}
            | {"and", "couple", "dozen", "few", "handful", "in", "number", "out"},
            "",
        )
    )
)
"""What may follow an article or number word that is only the first of the words of a number."""

_LINK = r"[ \t\u00a0]*(?:[ \t\u00a0-]|\n(?=\w))[ \t\u00a0]*"
_GROUP = (
    rf"(?:(?:{_SUB}|a){_LINK}hundred(?:{_LINK}(?:and{_LINK})?{_SUB})?"
    rf"|{_SUB}|a(?={_LINK}(?:{_BIG})\b))"
)
_NUMBER = re.compile(
    rf"(?:{_GROUP}{_LINK}(?:{_BIG}){_LINK}(?:and{_LINK})?)*{_GROUP}(?:{_LINK}(?:{_BIG}))?\b(?!')"
)
_TOKEN = re.compile(r"[a-z]+")
_HALF = re.compile(rf"({_UNIT}|{_TEEN})\s+and\s+a\s+half(?:\s+({_BIG})\b)?")
_DOZEN = re.compile(rf"(?:(half\s+an?|an?\s+half|an?|{_SUB})[\s-]+)dozen\b(?!s)")
_HALF_OF = re.compile(r"half(?=\s+(?:of|the|a|an|are|were|his|her|its|their)\b)")
_HALF_SCALE = re.compile(rf"half\s+an?\s+({_SCALE})\b")
_FRACTION = re.compile(
    rf"(?:an?|{_UNIT})[\s-]+(?:{_PARTS})s?\b"
    rf"(?=\s+(?:of|the|are|were|was|is|to)\b|[.,;:)])"
)
_ONE_IN = re.compile(rf"one\s+(?:in|out\s+of)\s+(?:every\s+)?(?:{_SUB}|\d+)\b")
_ORDINAL_TAIL = re.compile(rf"[\s-]+(?:{words.ORDINAL_ALTERNATION})\b")

_NOT_ONE_AFTER = re.compile(
    r"\s+(?:another|by\s+one|can|could|should|must|may|might|would|cannot|point|side|thing|way|hand"
    r"|time|stop|piece|voice|example|exception)\b"
    r"|\s+of\s+(?:the|its|his|her|their|our|many|several)?\s*"
    r"(?:most|main|largest|biggest|few|key|many|world|[a-z]+est|ways|reasons)\b"
)
_NO_ONE_BEFORE = re.compile(r"(?:\b(?:no|that|this|each|every|any|which|such|the|at|in)\s+)$")
_PEOPLE_AFTER_BOTH = re.compile(
    r"\s+(?:of\s+(?:them|whom|the\s+\w+)|(?:were|was|had|have|died|killed|wounded|injured|shot|dead|arrested"
    r"|detained|abducted|missing)\b)"
)
_CASUALTY_AFTER = re.compile(
    r"(?:\s+\w+){0,4}?\s+(?:killed|hurt|injured|wounded|harmed|died|dead|missing|detained|arrested"
    r"|abducted|kidnapped|casualties|affected)\b"
)
_OF_THEM = re.compile(r"\s+of\s+(?:them|us|these|those)\b")
_VAGUE_COUNT = re.compile(
    r"(?:(?:an?\s+few|several|many|some|a\s+couple(?:\s+of)?)\s+(?:dozens?|hundreds?|thousands?|millions?|scores)\b"
    r"|(?:tens|dozens|scores|hundreds|thousands|millions)(?:\s+(?:of|and)\s+(?:tens|hundreds|thousands|millions))*\b"
    rf"|(?:an?\s+)?(?:(?:{_SIZES})\s+)*numbers?\s+of\b"
    r"|an?\s+(?:few|handful|couple)\s*(?:of\b)?|several|many|numerous|countless|multiple)\b"
)
_ANOTHER_ALONE = re.compile(r"[.,;]|\s+(?:was|in|on|at|who|seriously|critically|and|when)\b")
_HARMED_BEFORE = re.compile(
    r"\b(?:kill|wound|injur|arrest|detain|abduct|kidnapp|hurt)(?:ed|es?|ing|ring)?\s+$|\band\s+$"
)
_STOP_BEHIND_NO: Final = MODIFIER_STOP - {"more"}
_STOP_BEHIND_BOTH: Final = MODIFIER_STOP - {"the", "his", "her", "their"}


def _read_word(page: Page, match: re.Match[str]) -> Reading | None:
    low, (start, end) = page.low, match.span()
    if _GOES_ON.match(low, end):
        return _read_words(page, start)
    if match.group() == "one" and not _is_count_one(page, start, end):
        return None
    return Reading(start, end, words.VALUES[match.group()], CODE)


def _read_words(page: Page, start: int) -> Reading | None:
    """The number of several words that may begin with an article or number word at `start`."""
    low = page.low
    fraction = _FRACTION.match(low, start) or _ONE_IN.match(low, start)
    if fraction is not None:
        return Reading(start, fraction.end(), None, CODE, "percent")
    dozen = _DOZEN.match(low, start)
    if dozen is not None:
        return Reading(start, dozen.end(), _dozens(dozen.group(1)), CODE)
    half = _HALF.match(low, start)
    if half is not None:
        whole = words.VALUES[half.group(1)]
        if half.group(2) is None:
            return Reading(start, half.end(), None, CODE, "measure")
        scale = words.VALUES[half.group(2)]
        return Reading(start, half.end(), whole * scale + scale // 2, CODE)
    number = _NUMBER.match(low, start)
    if number is None:
        return None
    end = number.end()
    ordinal = _ORDINAL_TAIL.match(low, end)
    if ordinal is not None and not number.group().endswith(tuple(words.UNITS)):
        rank = words.ORDINALS[low[ordinal.start() : ordinal.end()].strip(" \t\n-")]
        return Reading(start, ordinal.end(), value_of(number.group()) + rank, CODE, "ordinal")
    if number.group() == "one" and not _is_count_one(page, start, end):
        return None
    return Reading(start, end, value_of(number.group()), CODE)


def value_of(number: str) -> int:
    """The value of lowercase English number words ("a hundred and twenty-three")."""
    total = group = 0
    for token in _TOKEN.findall(number):
        if token == "and":
            continue
        if token == "hundred":
            group = (group or 1) * 100
        elif token in words.SCALES:
            total += (group or 1) * words.SCALES[token]
            group = 0
        else:
            group += 1 if token == "a" else words.VALUES[token]
    return total + group


def _dozens(count: str) -> int:
    if "half" in count:
        return 6
    return 12 * (1 if count in ("a", "an") else value_of(count))


def _is_count_one(page: Page, start: int, end: int) -> bool:
    low = page.low
    if _NOT_ONE_AFTER.match(low, end):
        return False
    if _NO_ONE_BEFORE.search(low[max(0, start - 8) : start]):
        noun = counted_head(page, end + 1)
        return noun is not None and not low[max(0, start - 3) : start].endswith("no ")
    return True


def _read_scale(page: Page, match: re.Match[str]) -> Reading | None:
    half = _HALF_SCALE.match(page.low, match.start())
    if half is not None:
        return Reading(match.start(), half.end(), words.VALUES[half.group(1)] // 2, CODE)
    dozen = _DOZEN.match(page.low, match.start())
    if dozen is not None:
        return Reading(match.start(), dozen.end(), 6, CODE)
    half_of = _HALF_OF.match(page.low, match.start())
    return half_of and Reading(match.start(), half_of.end(), None, CODE, "percent")


def _read_article(page: Page, match: re.Match[str]) -> Reading | None:
    low, (start, end) = page.low, match.span()
    if match.group() == "another":
        if _ANOTHER_ALONE.match(low, end):  # a pronoun
            harmed = _HARMED_BEFORE.search(low[max(0, start - 16) : start])
            if harmed is not None:
                return Reading(start, end, 1, CODE, "count", "exact", "counted")
    elif _GOES_ON.match(low, end):
        if AGED.match(low, end):
            # The age is a mention of its own, so that the person's span is the article alone.
            return Reading(start, end, 1, CODE, "count", "exact", "counted")
        reading = _read_vague(page, match) or _read_words(page, start)
        if reading is not None:
            return reading
    if low[end : end + 1] not in (" ", "\n", "\u00a0"):
        return None
    noun = counted_head(page, end + 1)
    if noun is None or SPEECH.match(low, noun.end):
        return None
    if noun.form in ("couple", "pair"):
        return Reading(start, noun.end, 2, CODE, "count", "exact")
    return Reading(start, noun.end, 1, CODE, "count", "exact", "counted")


def _read_vague(page: Page, match: re.Match[str]) -> Reading | None:
    low, start = page.low, match.start()
    vague = _VAGUE_COUNT.match(low, start)
    if vague is None:
        return None
    if vague.group() == "many" and low[max(0, start - 4) : start] in (" as ", "how ", "\nas "):
        return None
    end = start + len(vague.group().rstrip())
    return Reading(start, end, None, CODE, None, "vague")


def _read_denial(page: Page, match: re.Match[str]) -> Reading | None:
    low, start, end = page.low, match.start(), match.end()
    words_denying = " ".join(match.group().split())
    if words_denying == "not a soul":
        return Reading(start, end, 0, CODE, "count", "exact")
    if words_denying.startswith("not ") and _OF_THEM.match(low, end) is not None:
        return Reading(start, end, 0, CODE, "count", "exact")
    if words_denying in ("nobody", "no one", "none"):
        heard = _CASUALTY_AFTER.match(low, end) is not None or (
            words_denying == "none" and low[max(0, start - 2) : start] == ": "
        )
        return Reading(start, end, 0, CODE, "count", "exact") if heard else None
    at = end + 1
    for _ in range(MAX_MODIFIERS):
        word = WORD.match(low, at)
        if word is None or word.group() in _STOP_BEHIND_NO:
            return None
        noun = _LEXICON.beginning(low, word)
        if noun is not None and noun.role != "thing":
            return Reading(start, end, 0, CODE, "count", "exact")
        at = (noun.end if noun is not None else word.end()) + 1
    return None


def _read_both(page: Page, match: re.Match[str]) -> Reading | None:
    low, start, end = page.low, match.start(), match.end()
    if match.group() in ("twin", "twins"):
        noun = _LEXICON.match(low, end + 1)
        people = match.group() == "twins" or (noun is not None and noun.role == "person")
        return Reading(start, end, 2, CODE, "count", "exact") if people else None
    if _PEOPLE_AFTER_BOTH.match(low, end):
        return Reading(start, end, 2, CODE, "count", "exact")
    at = end + 1
    for _ in range(3):
        word = WORD.match(low, at)
        if word is None or word.group() in _STOP_BEHIND_BOTH:
            return None
        noun = _LEXICON.beginning(low, word)
        if noun is not None:
            counts = (
                noun.role != "thing" and noun.plural and low[noun.end : noun.end + 5] != " and "
            )
            return Reading(start, end, 2, CODE, "count", "exact") if counts else None
        at = word.end() + 1
    return None


def _read_ordinal(page: Page, match: re.Match[str]) -> Reading | None:
    return Reading(match.start(), match.end(), words.ORDINALS[match.group()], CODE, "ordinal")


_TRIGGERS: Final = (
    Trigger(
        "en_vague",
        r"(?:several|many|numerous|countless|multiple|dozens|scores|tens|some"
        r"|hundreds|thousands|millions|(?:large|small|great|huge|unknown)\s+numbers?)\b",
        _read_vague,
    ),
    Trigger("en_article", r"(?:an?|another)\b", _read_article),
    Trigger("en_word", rf"(?:{_TENS}|{_TEEN}|{_UNIT})\b", _read_word),
    Trigger("en_half", r"half\b", _read_scale),
    Trigger("en_ordinal", rf"(?:{words.ORDINAL_ALTERNATION})\b", _read_ordinal),
    Trigger(
        "en_denial",
        r"(?:no\s+one|nobody|none|not\s+(?:a\s+single(?:\s+one)?|one|a\s+soul)|no|without)\b",
        _read_denial,
    ),
    Trigger("en_own", r"(?:his|her|their)(?=\s)", read_definite),
    Trigger("en_definite", r"the(?=\s)", read_definite, definite_places),
    Trigger("en_bare", rf"(?:(?<=and\s)|(?<=,\s)|(?<=old\s))(?:{PAIRED})\b", read_bare),
    Trigger("en_both", r"(?:both|twins?)\b", _read_both),
)

RULES: Final[LanguageRules] = tables.language_rules(CODE, _TABLE, _TRIGGERS)
