"""Time words of a report as periods; the published date fills in what they leave out.

Weekdays and dates without a year mean the last such day before publication. Ends are included.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import dateparser


@dataclass(frozen=True, slots=True)
class TimeWords:
    """A stretch of time named by the text; `end` offset excluded, `last` day included.

    `stretch` tells a period ("in March", "from … to …") from a day; `open_ended` is "since …".
    """

    start: int
    end: int
    words: str
    first: date | None
    last: date | None
    stretch: bool
    open_ended: bool = False


_MONTHS_EN = (
    r"(?:January|February|March|April|May|June|July|August|October|(?:Septe|Nove|Dece)(?:m|rn)ber|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b"
)
"""Whole words: "in Mar" is no month in "in Mariupol"; scanners read "m" as "rn"."""
_MONTHS_AR = {
    "كانون الثاني": 1,
    "يناير": 1,
    "شباط": 2,
    "فبراير": 2,
    "آذار": 3,
    "مارس": 3,
    "نيسان": 4,
    "إبريل": 4,
    "أبريل": 4,
    "أيار": 5,
    "مايو": 5,
    "حزيران": 6,
    "يونيو": 6,
    "تموز": 7,
    "يوليو": 7,
    "آب": 8,
    "أغسطس": 8,
    "أيلول": 9,
    "سبتمبر": 9,
    "تشرين الأول": 10,
    "أكتوبر": 10,
    "تشرين الثاني": 11,
    "نوفمبر": 11,
    "كانون الأول": 12,
    "ديسمبر": 12,
}
_MONTHS_ARABIC = rf"(?:{'|'.join(sorted(_MONTHS_AR, key=len, reverse=True))})(?!\w)"
_WEEKDAYS_EN = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_WEEKDAYS_AR = {
    "الإثنين": 0,
    "الاثنين": 0,
    "الثلاثاء": 1,
    "الأربعاء": 2,
    "الخميس": 3,
    "الجمعة": 4,
    "السبت": 5,
    "الأحد": 6,
}
_DAY = r"(?<!\d)\d{1,2}(?!\d)(?:st|nd|rd|th)?"
_FULL = (
    rf"(?:(?<!\d)\d{{4}}-\d{{2}}-\d{{2}}(?!\d)|(?<!\d)\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{4}}(?!\d)|"
    rf"{_DAY}(?:\s+of)?\s+(?:{_MONTHS_EN})\.?(?:,?\s+\d{{4}})?|"
    rf"(?:{_MONTHS_EN})\.?\s+{_DAY}(?:,?\s+\d{{4}})?|"
    rf"(?<!\d)\d{{1,2}}\s+(?:من\s+)?(?:{_MONTHS_ARABIC})(?:\s*[/(]\s*(?:{_MONTHS_ARABIC})\)?)?"
    r"(?:\s+(?:عام\s+)?\d{4})?)"
)
_MONTH = (
    rf"(?:(?:{_MONTHS_EN})(?:\s+(?:of\s+)?\d{{4}})?|(?:شهر\s+)?(?:{_MONTHS_ARABIC})"
    rf"(?:\s*[/(]\s*(?:{_MONTHS_ARABIC})\)?)?(?:\s+(?:من\s+)?(?:عام\s+)?\d{{4}})?)"
)
_YEAR = r"(?:19|20|١٩|٢٠|۱۹|۲۰)\d{2}(?!\d)"
_FOUR_DIGITS = r"\d{4}(?!\d)"
_NUMBER = (
    r"(?:\d{1,4}|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty)"
)
_NUMBER_WORDS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twelve": 12,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
}
_QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4}

_Span = tuple[date | None, date | None, bool, bool]


def time_words(text: str, start: int, end: int, published: date | None) -> list[TimeWords]:
    """Time words between two offsets, longest reading first where two overlap, in text order."""
    found: list[TimeWords] = []
    for pattern, read, needed in _patterns():
        if needed.search(text, start, end) is None:
            continue
        for match in pattern.finditer(text, start, end):
            if any(match.start() < t.end and match.end() > t.start for t in found):
                continue
            span = read(match, published)
            if span is not None:
                first, last, stretch, open_ended = span
                found.append(
                    TimeWords(*match.span(), match.group(), first, last, stretch, open_ended)
                )
    return sorted(found, key=lambda t: t.start)


def read_day(words: str, published: date | None) -> date | None:
    """One calendar day from its words; a missing year is the last one not after publication."""
    words = words.strip().replace("rnber", "mber")
    iso = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", words)
    numeric = re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", words)
    if iso or numeric:
        parts = [int(g) for g in (iso or numeric).groups()]  # type: ignore[union-attr]
        year, month, day = parts if iso else reversed(parts)
        return _date(year, month, day) or (None if iso else _date(year, day, month))
    arabic = re.match(rf"(\d{{1,2}})\s+(?:من\s+)?({_MONTHS_ARABIC})", words)
    if arabic:
        year_words = re.search(_FOUR_DIGITS, words)
        day, month = int(arabic.group(1)), _MONTHS_AR[arabic.group(2)]
        if year_words:
            return _date(int(year_words.group()), month, day)
        return _latest(lambda year: _date(year, month, day), published)
    base = published or date(2000, 1, 1)
    parsed = _parse_english(
        re.sub(r"(?<=\d)(?:st|nd|rd|th)|\bof\b|\.", " ", words), base.isoformat()
    )
    if parsed is None or re.search(_FOUR_DIGITS, words):
        return parsed
    if published is None:
        return None
    return _latest(lambda year: _date(year, parsed.month, parsed.day), published)


@lru_cache(maxsize=4096)
def _parse_english(words: str, base: str) -> date | None:
    from datetime import datetime

    parsed = dateparser.parse(
        words, languages=["en"], settings={"RELATIVE_BASE": datetime.fromisoformat(base)}
    )
    return parsed.date() if parsed else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _before(day: date, days: int) -> date:
    """The day so many days before; the first of the calendar where it does not reach as far."""
    return date.fromordinal(max(1, day.toordinal() - days))


def _latest(at: Callable[[int], date | None], published: date | None) -> date | None:
    """The last yearly return of a day that is not more than a day after publication."""
    if published is None:
        return None
    this_year = at(published.year)
    if this_year is not None and this_year.toordinal() <= published.toordinal() + 1:
        return this_year
    return at(published.year - 1)


def _month_span(words: str, published: date | None) -> tuple[date, date] | None:
    year_words = re.search(_YEAR, words)
    arabic = re.search(_MONTHS_ARABIC, words)
    english = re.search(_MONTHS_EN, words)
    if arabic:
        month = _MONTHS_AR[arabic.group()]
    elif english:
        month = list(calendar.month_abbr).index(english.group()[:3])
    else:
        return None
    if year_words:
        first = _date(int(year_words.group()), month, 1)
    else:
        first = _latest(lambda year: _date(year, month, 1), published)
    if first is None:
        return None
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _range(first_words: str, last_words: str, published: date | None) -> _Span | None:
    month = rf"(?:{_MONTHS_EN}|{_MONTHS_ARABIC})"
    year = re.search(rf",?\s+({_FOUR_DIGITS})$", last_words)
    if re.fullmatch(_DAY, last_words[: year.start()] if year else last_words):
        named = re.search(month, first_words)
        if named is None:
            return None
        last_words = re.sub(_DAY, rf"\g<0> {named.group()}", last_words, count=1)
    last = read_day(last_words, published)
    if last is None:
        return None
    if re.fullmatch(_DAY, first_words):
        first = _date(last.year, last.month, int(re.sub(r"\D", "", first_words)))
    elif re.search(_YEAR, first_words):
        first = read_day(first_words, published)
    else:
        first = read_day(f"{first_words} {last.year}", published)
        if first is not None and first > last:
            first = _date(first.year - 1, first.month, first.day)
    return (first, last, True, False) if first is not None and first <= last else None


def _month_range(match: re.Match[str], published: date | None) -> _Span | None:
    last = _month_span(match.group("last"), published)
    if last is None:
        return None
    words = match.group("first")
    years = [""] if re.search(_YEAR, words) else [f" {last[0].year}", f" {last[0].year - 1}"]
    for year in years:
        first = _month_span(words + year, published)
        if first and first[0] <= last[1]:
            return first[0], last[1], True, False
    return None


def _since(match: re.Match[str], published: date | None) -> _Span | None:
    words = match.group("day")
    if re.fullmatch(_YEAR, words):
        return date(int(words), 1, 1), None, True, True
    span = _month_span(words, published) if re.fullmatch(_MONTH, words) else None
    day = span[0] if span else read_day(words, published)
    return (day, None, True, True) if day is not None else None


def _weekday(match: re.Match[str], published: date | None) -> _Span | None:
    if published is None:
        return None
    name = match.group("weekday")
    wanted = _WEEKDAYS_AR[name] if name in _WEEKDAYS_AR else list(calendar.day_name).index(name)
    day = _before(published, (published.weekday() - wanted) % 7)
    return day, day, False, False


def _whole_day(match: re.Match[str], published: date | None) -> _Span | None:
    day = read_day(match.group("day"), published)
    return (day, day, False, False) if day is not None else None


def _whole_month(match: re.Match[str], published: date | None) -> _Span | None:
    span = _month_span(match.group("month"), published)
    return (*span, True, False) if span else None


def _whole_year(match: re.Match[str], published: date | None) -> _Span | None:
    year = int(match.group("year"))
    return date(year, 1, 1), date(year, 12, 31), True, False


def _quarter(match: re.Match[str], published: date | None) -> _Span | None:
    name = (match.group("nth") or "").casefold()
    year = match.group("qyear")
    if year is not None:
        quarter = _QUARTERS.get(name) or int(match.group("digit"))
        return *_quarter_span(int(year), quarter), True, False
    if published is None:
        return None
    this = (published.month + 2) // 3
    if name == "last":
        quarter, before = this - 1 or 4, this == 1
    else:
        quarter = _QUARTERS.get(name) or int(match.group("digit"))
        before = quarter > this
    of_year = published.year - before
    return (*_quarter_span(of_year, quarter), True, False) if of_year else None


def _quarter_span(year: int, quarter: int) -> tuple[date, date]:
    last_month = 3 * quarter
    last_day = calendar.monthrange(year, last_month)[1]
    return date(year, last_month - 2, 1), date(year, last_month, last_day)


def _half(match: re.Match[str], published: date | None) -> _Span | None:
    year = int(match.group("hyear"))
    if match.group("half").casefold() == "first":
        return date(year, 1, 1), date(year, 6, 30), True, False
    return date(year, 7, 1), date(year, 12, 31), True, False


def _relative(match: re.Match[str], published: date | None) -> _Span | None:
    if published is None:
        return None
    words = match.group().casefold()
    if re.search(r"yesterday|أمس", words):
        day = _before(published, 1)
        return day, day, False, False
    if re.search(r"today|اليوم", words):
        return published, published, False, False
    count_words = re.search(_NUMBER, words)
    count = 1
    if count_words:
        count = _NUMBER_WORDS.get(count_words.group()) or int(count_words.group())
    unit = re.search(r"hours|ساعة|day|week|month|year|أيام|أسبوع|شهر", words)
    name = unit.group() if unit else ""
    if name in ("hours", "ساعة"):
        return _before(published, -(-count // 24)), published, True, False
    if name in ("day", "أيام"):
        return _before(published, count), published, True, False
    if name in ("week", "أسبوع"):
        return _before(published, 7 * count), published, True, False
    first_of_month = published.replace(day=1)
    if name in ("month", "شهر"):
        if words.startswith("this"):
            return first_of_month, published, True, False
        if count > 1:
            return _before(published, 30 * count), published, True, False
        last = _before(first_of_month, 1)
        return last.replace(day=1), last, True, False
    if words.startswith("this"):
        return published.replace(month=1, day=1), published, True, False
    year = max(1, published.year - 1)
    return date(year, 1, 1), date(year, 12, 31), True, False


@lru_cache(maxsize=1)
def _patterns() -> tuple[
    tuple[re.Pattern[str], Callable[[re.Match[str], date | None], _Span | None], re.Pattern[str]],
    ...,
]:
    """Patterns, who reads what they find, and what stands in all of it: a cheap look ahead."""
    digit, month = r"\d", f"{_MONTHS_EN}|{_MONTHS_ARABIC}"
    weekdays = f"{_WEEKDAYS_EN}|{'|'.join(_WEEKDAYS_AR)}"
    to = r"\s*(?:to|and|until|till|through|–|-|—|حتى|إلى|وحتى|ولغاية|و)\s*(?:the\s+|يوم\s+)?"
    build = [
        (
            rf"(?:[Ss]ince|منذ)\s+(?:the\s+|early\s+|late\s+|mid-?\s*|عام\s+|بداية\s+|مطلع\s+)*"
            rf"(?:[a-z’']+\s+(?:[a-z’'A-Z]+\s+){{0,5}}?(?:in|on|of)\s+)?(?P<day>{_FULL}|{_MONTH}|{_YEAR})",
            _since,
            "ince|منذ",
        ),
        (
            rf"(?:(?:from|between|بين|من)\s+(?:يوم\s+)?)?(?P<first>{_FULL}|{_DAY}){to}(?P<last>{_FULL})"
            rf"|(?:from|between)\s+(?P<first2>{_FULL}){to}(?P<last2>{_DAY}\b(?:,?\s+{_YEAR})?)"
            rf"|(?P<first3>(?:{_MONTHS_EN})\.?\s+{_DAY})[–—-](?P<last3>{_DAY}\b(?:,?\s+{_YEAR})?)",
            _either_range,
            digit,
        ),
        (
            rf"(?:(?:from|between|بين|من)\s+)?(?P<first>{_MONTH}){to}(?P<last>{_MONTH})(?!\s*\d{{1,2}}\b)",
            _month_range,
            month,
        ),
        (rf"(?P<day>{_FULL})", _whole_day, digit),
        (
            rf"(?:the\s+)?(?:(?P<nth>first|second|third|fourth|last)\s+quarter|Q(?P<digit>[1-4]))"
            rf"(?:\s+(?:of\s+)?(?P<qyear>{_YEAR}))?",
            _quarter,
            "quarter|Q[1-4]",
        ),
        (
            rf"(?:the\s+)?(?P<half>first|second)\s+(?:half|six months)\s+of\s+(?P<hyear>{_YEAR})",
            _half,
            "half|six months",
        ),
        (
            r"(?:(?:in|during|throughout|for|of|over)\s+(?:the month of\s+|all of\s+)?|"
            r"(?:في|خلال)\s+)"
            rf"(?P<month>{_MONTH})(?!\s*\d{{1,2}}(?:st|nd|rd|th)?\b(?!\d))",
            _whole_month,
            month,
        ),
        (rf"(?P<month>(?:{_MONTHS_EN})\s+{_YEAR})", _whole_month, month),
        (
            r"(?:in|during|throughout|for|of|over|عام|في عام|خلال عام|سنة)\s+(?:the year\s+)?"
            rf"(?P<year>{_YEAR})\b"
            rf"(?!\s+(?:people|persons|civilians|men|women|children|others|families|homes|villages))",
            _whole_year,
            digit,
        ),
        (
            rf"\b(?:(?:the\s+)?(?:past|last|previous|preceding)\s+(?:{_NUMBER}\s+)?"
            r"(?:hours|days|weeks|months|week|month|year)|this\s+(?:week|month|year)|"
            r"yesterday|today)\b",
            _relative,
            "ast|previous|preceding|this|yesterday|today",
        ),
        (
            r"(?:(?<!\w)|(?<=\bو)|(?<=\bبال))(?:(?:الـ?)?(?:24|48) ساعة(?: الماضية)?|"
            r"(?:الشهر|الأسبوع|العام) (?:الماضي|الفائت)|أمس|اليوم)(?!\w)",
            _relative,
            "[24] ساعة|ال|أ",
        ),
        (rf"(?:on\s+)?(?:last\s+)?(?P<weekday>{weekdays})\b", _weekday, weekdays),
    ]
    return tuple((re.compile(p), read, re.compile(needed)) for p, read, needed in build)


def _either_range(match: re.Match[str], published: date | None) -> _Span | None:
    for nth in ("", "2", "3"):
        if match.group(f"first{nth}") is not None:
            return _range(match.group(f"first{nth}"), match.group(f"last{nth}"), published)
    return None
