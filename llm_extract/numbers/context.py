"""Decides from the words beside a number what kind it is and which word qualifies it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from llm_extract.numbers.english_words import BELOW_HUNDRED
from llm_extract.numbers.grammar import Grammar
from llm_extract.numbers.mention import Kind
from llm_extract.numbers.nouns import counts_people_or_places
from llm_extract.numbers.reading import Page, Reading
from llm_extract.schema import Qualifier

_BEFORE: Final = 48
"""Characters looked back at: the longest qualifier phrase with its fillers fits."""

_YEARS: Final = range(1900, 2101)
_YEAR_DIGITS: Final = 4
_OLDEST: Final = 110
"""No age is this high."""


_NEXT = re.compile(r"[\s\u00a0\u202f]{0,2}-?\s?([^\W\d_]+(?:'[a-z]+)?|[%٪°$€£])")
_AGE_AFTER = re.compile(
    r"[\s-]*(?:(?:years?|months?|weeks?|days?)[\s-]*(?:olds?\b|of\s+age\b)|y/?o\b|yrs?[\s-]+old\b)"
    r"|\s*(?:عاما|سنة|سنوات|اعوام)\s*(?:من\s+العمر|من\s+عمر|[)،])"
)
_AGE = rf"(?:\d{{1,3}}|{BELOW_HUNDRED})"
_AGE_BEFORE = re.compile(
    r"(?:\bage[sd]?(?:\s+(?:of|between|from|under|over))?|\b(?:older|younger)\s+than|\bturned"
    r"|\bage\s+group|[يت]بلغ(?:ون)?\s+من\s+العمر|بعمر|عمره|عمرها|\bسن|\bسن\s+ال|البالغة?(?:\s+من\s+العمر)?"
    r"|اعمارهم\s+بين|عمر)\s*:?\s*\(?$"
)
_AGE_ENDS: Final = frozenset(
    word[-2:] for word in "age aged ages of between from under over than turned group".split()
)
"""Last letters of the English words that `_AGE_BEFORE` ends with."""

_AGE_LISTED = re.compile(
    rf"\bage[sd]\s+{_AGE}(?:(?:,\s*|\s+to\s+){_AGE})*(?:,|,?\s+(?:and|or|to))\s*$"
)
_ARABIC_PERCENT = re.compile(r"\s*في\s+الم(?:ئ|ائ)ة\b")
_YEARS_AFTER = re.compile(r"[\s-]*(?:years?|months?)\b(?!\s+(?:in|of|later|after|ago))")
_NAMED_AGE_BEFORE = re.compile(
    r"(?:[A-Z][\w'’-]+|\b(?:man|woman|boy|girl|child|son|daughter|baby)),\s$"
    r"|\b(?:man|woman|boy|girl|child|son|daughter|baby)\s\($"
)
_NAMED_AGE_AFTER = re.compile(r"\s?(?:,(?!\d)|\)|;|\.(?!\d)|\sand\s)")
_HARMED_AFTER = re.compile(
    r"\s+(?:were|killed|dead|died|wounded|injured|hurt|others|more|missing|arrested|detained)\b"
)
_SIGNS_BEFORE: Final = frozenset('[#"$€£¥₺₽')
_CURRENCY = re.compile(r"[$€£¥₺₽]\s?$")
_CLOCK_BEFORE = frozenset({"at"})
_UNDER_AGES = frozenset({5, 10, 12, 13, 14, 15, 16, 17, 18, 21})
_QUALIFIER_SIGNS: Final[dict[str, Qualifier]] = {
    "~": "about",
    "≈": "about",
    ">": "more_than",
    "<": "fewer_than",
    "≥": "at_least",
    "≤": "at_most",
}
_TOKEN = re.compile(r"\S+")
_PERSON_OF = re.compile(
    r"\b(?:boy|girl|child|man|woman|baby|infant|toddler|youth|teenager|son|daughter)"
    r"\s+of\s+$"
)
"""Whose age may follow "of"; a mother or father of three is one of three children."""


class Qualified(NamedTuple):
    """A qualifier and the characters it stands on; both offsets None when no word stands there."""

    qualifier: Qualifier
    start: int | None
    end: int | None


EXACT: Final = Qualified("exact", None, None)


def kind_of(page: Page, grammar: Grammar, reading: Reading) -> Kind:
    """The kind of a number that its own form left open."""
    low, start = page.low, reading.start
    tail = low[max(0, start - _BEFORE) : start]
    previous = _last_word(tail)
    if not low[start].isdigit():
        told = _kind_of_words(page, grammar, reading, tail, previous)
        return told or ("vague" if reading.value is None else "count")
    return (
        _kind_of_signs(low, tail, reading.end)
        or ("age" if _is_named_age(page, reading, tail) else None)
        or _kind_of_words(page, grammar, reading, tail, previous)
        or _kind_of_label(page, grammar, reading, previous)
        or _kind_of_whole(page, grammar, reading, previous)
    )


def _kind_of_signs(low: str, tail: str, end: int) -> Kind | None:
    if _SIGNS_BEFORE.isdisjoint(tail[-3:]):
        return None
    if tail[-1] == "[" and low[end : end + 1] in ("]", ","):
        return "identifier"
    if tail[-1] == "#" or tail.endswith('="'):
        return "identifier"
    return "money" if _CURRENCY.search(tail) else None


def _kind_of_words(
    page: Page, grammar: Grammar, reading: Reading, tail: str, previous: str
) -> Kind | None:
    """The kind that the words around a number tell, which an age does before any unit."""
    low, end = page.low, reading.end
    behind = grammar.telling.match(low, end)
    if behind is not None and _AGE_AFTER.match(low, end):
        return "age"
    if _is_age_by_words_before(page, reading, tail, previous):
        return "age"
    if behind is None:
        return None
    if _ARABIC_PERCENT.match(low, end):
        return "percent"
    unit = _unit_after(page, grammar, end)
    between = reading.upper is not None and "between" in tail[-9:]
    return "age" if unit and between and _YEARS_AFTER.match(low, end) else unit


def _is_age_by_words_before(page: Page, reading: Reading, tail: str, previous: str) -> bool:
    if _may_end_in_age(tail, previous) and _AGE_BEFORE.search(tail):
        return True
    if previous == "of" and (reading.value or 0) <= _OLDEST and _PERSON_OF.search(tail):
        return not counts_people_or_places(page, reading.end)
    listed = "age" in tail and _AGE_LISTED.search(tail) is not None
    if listed or (previous == "under" and reading.value in _UNDER_AGES):
        return not counts_people_or_places(page, reading.end)
    return False


def _may_end_in_age(tail: str, previous: str) -> bool:
    """Whether a match of `_AGE_BEFORE` may end a tail: a quick look before the slow one."""
    if previous and tail.isascii() and previous[-2:] not in _AGE_ENDS:
        return False
    return "age" in tail or "than" in tail or "turned" in tail or not tail.isascii()


def _kind_of_label(page: Page, grammar: Grammar, reading: Reading, label: str) -> Kind | None:
    kind = grammar.labels.get(label)
    if kind is None or (label in grammar.named_labels and not _named_before(page, reading.start)):
        return None
    end = reading.end
    counts = _HARMED_AFTER.match(page.low, end) or counts_people_or_places(page, end)
    return None if counts else kind


def _kind_of_whole(page: Page, grammar: Grammar, reading: Reading, previous: str) -> Kind:
    """The kind of digits that nothing beside them tells: a year, a time of day or a count."""
    start, end, value, upper = reading.start, reading.end, reading.value, reading.upper
    if value is None or (upper is None and end - start != _YEAR_DIGITS):
        return "count"
    kind: Kind = "year" if value in _YEARS and (upper is None or upper in _YEARS) else "count"
    if upper is None and previous in _CLOCK_BEFORE and value < 2400 and value % 100 < 60:
        kind = "measure"
    if kind != "count" and previous not in grammar.year_words:
        return "count" if counts_people_or_places(page, end) else kind
    return kind


def qualifier_of(page: Page, grammar: Grammar, start: int, end: int) -> Qualified:
    """The qualifier of the number at these characters, from the words before it, else after it."""
    low = page.low
    sign = _QUALIFIER_SIGNS.get(low[start - 1 : start]) if start else None
    if sign is not None:
        return Qualified(sign, start - 1, start)
    begin = max(0, start - _BEFORE)
    found = _before(low, begin, start, grammar)
    if found is None:
        trailing = grammar.trailing.match(low, end)
        return EXACT if trailing is None else _behind(trailing, grammar)
    if found.qualifier == "about" and found.start is not None:
        outer = _before(low, begin, found.start, grammar)
        if outer is not None and outer.qualifier != "about":
            return outer
    return found


def _behind(trailing: re.Match[str], grammar: Grammar) -> Qualified:
    group = trailing.lastgroup or "sign"
    if group == "sign":
        return Qualified("at_least", *trailing.span("sign"))
    if group == "joined":
        return Qualified(
            "about" if trailing.group("joined") == "odd" else "at_least", *trailing.span("joined")
        )
    phrase = " ".join(trailing.group("phrase").split())
    return Qualified(grammar.trailers[phrase], *trailing.span("phrase"))


def _before(low: str, begin: int, stop: int, grammar: Grammar) -> Qualified | None:
    words = low[begin:stop].split()
    dropped = 0
    while words and dropped < 4:
        last = words[-1]
        phrases = grammar.qualifier_tails.get(last.lstrip("([\"“‘'«"))
        if phrases is not None:
            for parts, qualifier in phrases:
                size = len(parts)
                first = words[-size].lstrip("([\"“‘'«،") if size <= len(words) else ""
                if first == parts[0] and tuple(words[len(words) - size + 1 :]) == parts[1:]:
                    return _located(low, begin, stop, len(words) - size, len(words) - 1, qualifier)
        if last not in grammar.fillers:
            return None
        words.pop()
        dropped += 1
    return None


def _located(
    low: str, begin: int, stop: int, first: int, last: int, qualifier: Qualifier
) -> Qualified:
    tokens = list(_TOKEN.finditer(low, begin, stop))
    opening = tokens[first].group()
    start = tokens[first].start() + len(opening) - len(opening.lstrip("([\"“‘'«،"))
    return Qualified(qualifier, start, tokens[last].end())


def _unit_after(page: Page, grammar: Grammar, end: int) -> Kind | None:
    at = end
    for _ in range(3):
        word = _NEXT.match(page.low, at)
        if word is None:
            return None
        token = word.group(1)
        if token in "%٪":
            return "percent"
        if token == "°":
            return "measure"
        if token in "$€£":
            return "money"
        kind = grammar.units.get(token)
        if kind is not None:
            return kind
        if token not in grammar.unit_gaps:
            return None
        at = word.end()
    return None


def _named_before(page: Page, start: int) -> bool:
    return _last_word(page.text[max(0, start - _BEFORE) : start])[:1].isupper()


def _is_named_age(page: Page, reading: Reading, tail: str) -> bool:
    """ "Ahmad Ali, 45," and "a woman (30)"."""
    value = reading.value
    if value is None or value >= _OLDEST or not tail.endswith((", ", " (")):
        return False
    start = reading.start
    return (
        _NAMED_AGE_AFTER.match(page.low, reading.end) is not None
        and _NAMED_AGE_BEFORE.search(page.text, max(0, start - 24), start) is not None
    )


def _last_word(tail: str) -> str:
    words = tail.rstrip(" \u00a0\n(:").rsplit(None, 1)
    return words[-1].strip(".,;:()[]\"'“”-") if words else ""
