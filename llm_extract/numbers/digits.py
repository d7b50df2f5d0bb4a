"""Reads numbers written in digits of any script: separators, dates, times, identifiers."""

from __future__ import annotations

import re
from typing import Final

from llm_extract.numbers.grammar import Grammar
from llm_extract.numbers.mention import Kind
from llm_extract.numbers.nouns import counts_people_or_places
from llm_extract.numbers.reading import Page, Reading

_TIME = r"\d{1,2}[:٫]\d{2}(?![\d%])(?::\d{2})?(?:\s*(?:[ap]\.?m\b\.?))?"
_SPECIAL = re.compile(
    r"(?P<date>\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)|\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|\d{2})(?!\d))"
    rf"|(?P<measure>{_TIME}(?:\s*(?:[-–~]|to)\s*{_TIME})?|\d{{1,2}}(?:\.\d{{2}})?\s*[ap]\.?m\b\.?"
    r"|\d{1,3}(?:\.\d+)?\s?°)"
    r"|(?P<identifier>\d+(?:\.\d+){2,}|\d{1,3}\.\d{4,}|0\d{6,}|\d{10,}|\d{3}[-.]\d{3}[-.]\d{4}"
    r"|\d+(?:-\d+){2,})"
    r"|(?P<year>(?:19|20)\d\d\s?[-–/]\s?(?:(?:19|20)\d\d|\d\d)(?!\d)|(?:19|20)?\d0s\b)"
    r"|(?P<ordinal>\d+(?:st|nd|rd|th)\b)"
)
_SPECIAL_KINDS: Final[tuple[Kind, ...]] = ("date", "measure", "identifier", "year", "ordinal")
"""The group names of `_SPECIAL`."""
_PHONE = re.compile(r"\+\d{1,3}(?:[ ().-]{0,2}\d{2,4}){2,}")
_DIGITS = re.compile(
    r"(?P<grouped>\d{1,3}(?:(?P<mark>[,.٬،'’\u2009\u202f\u00a0])\d{3})(?:(?P=mark)\d{3}){0,4}(?!\d)"
    r"|\d{1,3}(?: 000){1,4}(?!\d))(?P<rest>[.٫]\d+)?"
    r"|(?P<whole>\d+)(?:[.٫](?P<fraction>\d+)|,(?P<comma>\d{1,2})(?=\s*(?:million|billion|thousand|%|km|مليون|٪)))?"
)
_SPACED = re.compile(r"\d{1,3}(?: \d{3}){1,4}(?!\d)")
"""Thousands parted by a plain space, as all languages but English and Arabic write them."""

_ALONE = re.compile(r"(\d{1,6})(?:[ \n]([a-z]+)\b|[,.]\s)")
"""A whole number and the word behind it; most take part in nothing longer."""

_SUFFIX = re.compile(r"(k|m|bn)?(?P<letters>[a-z]+)?(?![\w])")
_SCALE_WORD = re.compile(r"[\s\u00a0-]{0,2}([^\W\d_]+)")
_DAY = re.compile(r"\d+")
_SLASH = re.compile(r"\d{1,4}/\d{1,4}(?![\d/])")
_TOKEN_TAIL = re.compile(r"\w*(?:[-‑]\w+)*")
_GLUED = re.compile(r"[^\W\d_][\w]*(?:[-‑][\w]+)*[-‑]?$")
_LIST_NUMBER = re.compile(r"(?:^|\n)[ \t]*\(?$")
_LIST_AFTER = re.compile(r"(?:\\?\.|\)|\\\))(?:[ \t]+\S|[^\W\d_]{2})")
_MOST_DECIMALS: Final = 9
_LIST_ITEM: Final = 600
"""Characters looked back at for the list number before this one."""
_TIED_YEAR = re.compile(r"(?:mid|pre|post|early|late|since)[-‑]$")
_LOWERCASE_MONTHS: Final = frozenset({"may", "march", "mar", "sun"})
_MONTH_ALONE_BEFORE: Final = (
    "in ",
    "during ",
    "since ",
    "of ",
    "throughout ",
    "early ",
    "late ",
    "mid-",
)


def read_digits(page: Page, grammar: Grammar, at: int, floor: int) -> Reading:
    """The number whose first digit (or plus sign) is `at`; it never begins before `floor`."""
    low = page.low
    language = _language_at(low, at, grammar)
    if low[at] == "+":
        phone = _PHONE.match(low, at)
        if phone is not None:
            return Reading(at, phone.end(), None, language, "identifier")
        inner = read_digits(page, grammar, at + 1, at + 1)
        if inner.kind is None and (at == 0 or not low[at - 1].isalnum()):
            return inner._replace(qualifier="at_least")
        return inner
    tied = _glued_identifier(page, at, floor, language)
    if tied is not None:
        return tied
    alone = _ALONE.match(low, at)
    if alone is not None and alone[2] not in grammar.number_words:
        return _whole(low, at, alone.end(1), int(alone[1]), language)
    day = grammar.joined_days.match(low, at) or grammar.day_first.match(low, at)
    if day is not None and _is_day_first(page, grammar, day):
        return Reading(at, day.end(), None, language, "date")
    special = _SPECIAL.match(low, at)
    if special is not None:
        return _special(special, language)
    slash = _SLASH.match(low, at)
    if slash is not None and not counts_people_or_places(page, slash.end()):
        return Reading(at, slash.end(), None, language, _slash_kind(slash.group()))
    return _plain(page, grammar, at, language)


def read_month(page: Page, grammar: Grammar, at: int) -> Reading | None:
    """The date that begins with the month name at `at`, None when no day or year follows."""
    found = grammar.month_first.match(page.low, at)
    if found is None or not _is_month(page, grammar, found.start("month"), found.group("month")):
        return None
    day = found.group("day")
    if day is not None:
        alone = page.low[max(0, at - 11) : at].endswith(_MONTH_ALONE_BEFORE)
        if int(day) > 31 or (alone and counts_people_or_places(page, found.end("day"))):
            return None
    return Reading(at, found.end(), None, _language_at(page.low, at, grammar), "date")


def _plain(page: Page, grammar: Grammar, at: int, language: str) -> Reading:
    low = page.low
    spaced = _SPACED.match(low, at) if grammar.latin != "en" else None
    if spaced is not None:
        return Reading(at, spaced.end(), int(spaced.group().replace(" ", "")), language)
    found = _DIGITS.match(low, at)
    assert found is not None
    end = found.end()
    if found.group("grouped") is not None:
        digits = re.sub(r"\D", "", found.group("grouped"))
        value: int | None = int(digits)
        fraction = found.group("rest")
        if found.group("mark") == "." and digits != "0" and _decimal_follows(low, end, grammar):
            whole, _, part = found.group("grouped").partition(".")
            value, fraction = int(whole), part
            digits = whole
        if digits.startswith("0"):
            value = None
    else:
        digits = found.group("whole")
        value, fraction = int(digits), found.group("fraction") or found.group("comma")
    suffix = _SUFFIX.match(low, end)
    scale_word = _SCALE_WORD.match(low, end)
    if suffix is not None and suffix.group(1) == "k" and suffix.group("letters") is None:
        return Reading(at, end + 1, _scaled(digits, fraction, 1000), language)
    if scale_word is not None and scale_word.group(1) in grammar.scales and value is not None:
        scale = grammar.scales[scale_word.group(1)]
        return Reading(at, scale_word.end(), _scaled(str(value), fraction, scale), language)
    if low[end : end + 1].isalpha() and scale_word is not None:
        unit = low[end : scale_word.end()]
        if unit.isascii() and unit not in grammar.units:
            tail = _TOKEN_TAIL.match(low, end)
            return Reading(at, tail.end() if tail else end, None, language, "identifier")
    if fraction is not None:
        return Reading(at, end, None, language, _decimal_kind(low, end, grammar))
    return _whole(low, at, end, value, language)


def _whole(low: str, at: int, end: int, value: int | None, language: str) -> Reading:
    kind: Kind | None = "identifier" if _is_list_number(low, at, end) else None
    return Reading(at, end, value, language, kind)


def _decimal_kind(low: str, end: int, grammar: Grammar) -> Kind | None:
    return None if _decimal_follows(low, end, grammar) else "measure"


def _decimal_follows(low: str, end: int, grammar: Grammar) -> bool:
    word = _SCALE_WORD.match(low, end)
    return low[end : end + 1] == "%" or (
        word is not None and (word.group(1) in grammar.units or word.group(1) in grammar.scales)
    )


def _scaled(digits: str, fraction: str | None, scale: int) -> int | None:
    part = re.sub(r"\D", "", fraction or "")
    if len(part) > _MOST_DECIMALS:
        return None
    number = int(digits + part) * scale
    divisor = 10 ** len(part)
    return number // divisor if number % divisor == 0 else None


def _special(found: re.Match[str], language: str) -> Reading:
    text = found.group()
    value = int(re.sub(r"\D", "", text)) if found.group("ordinal") is not None else None
    kind: Kind = next(kind for kind in _SPECIAL_KINDS if found.group(kind) is not None)
    if kind == "year" and len(text) == 3:
        kind = "age"
    return Reading(found.start(), found.end(), value, language, kind)


def _slash_kind(text: str) -> Kind:
    first, second = (int(part) for part in text.split("/"))
    if min(first, second) in range(1, 13) and max(first, second) <= 31:
        return "date"
    return "identifier"


def _glued_identifier(page: Page, at: int, floor: int, language: str) -> Reading | None:
    """A token such as T-72 or COVID-19: letters stand right before the digits."""
    low = page.low
    if at == 0 or not (low[at - 1].isalpha() or low[at - 1] in "-‑_"):
        return None
    begin = max(floor, at - 24)
    head = _GLUED.search(page.text[begin:at])
    if head is None:
        return None
    if _TIED_YEAR.search(low[begin:at]):
        return None
    prefix = head.group()
    if not prefix.isascii() or (
        prefix.islower() and len(prefix.rstrip("-‑")) > 3 and not prefix.startswith("covid")
    ):
        return None
    start = begin + head.start()
    tail = _TOKEN_TAIL.match(low, at)
    return Reading(start, tail.end() if tail else at + 1, None, language, "identifier")


def _is_list_number(low: str, at: int, end: int) -> bool:
    if end - at > 2 or not _LIST_AFTER.match(low, end):
        return False
    line_start = low.rfind("\n", 0, at) + 1
    if low[line_start:at].strip(" \t(") != "":
        return False
    above = low[max(0, line_start - _LIST_ITEM) : line_start]
    if above.strip() == "" or above.endswith("\n\n") or above.rstrip()[-1] in ".:;!?)":
        return True
    number = int(low[at:end])
    return number == 1 or re.search(rf"(?:^|\n)[ \t(]*{number - 1}\\?[.)][ \t]", above) is not None


def _is_day_first(page: Page, grammar: Grammar, found: re.Match[str]) -> bool:
    day = _DAY.match(found.group())
    if day is None or not 1 <= int(day.group()) <= 31:
        return False
    if "month" not in found.re.groupindex:
        return True
    return _is_month(page, grammar, found.start("month"), found.group("month"))


def _is_month(page: Page, grammar: Grammar, start: int, month: str) -> bool:
    if grammar.latin != "en" or month.rstrip(".") not in _LOWERCASE_MONTHS:
        return True
    return page.text[start].isupper()


def _language_at(low: str, at: int, grammar: Grammar) -> str:
    if "\u0600" <= low[at] <= "\u06ff":
        return "ar"
    if not grammar.reads_arabic:
        return grammar.latin
    for char in low[at : at + 24] + low[max(0, at - 24) : at][::-1]:
        if char.isalpha():
            return "ar" if "\u0600" <= char <= "\u06ff" else grammar.latin
    return grammar.latin
