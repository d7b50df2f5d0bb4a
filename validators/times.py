"""Rules T01 and T02: periods that can be, and dates that agree with themselves."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from llm_extract.record import Finding
from llm_extract.schema import Period
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.terms import Held
from llm_extract.validators.wording import cut, found, listed, named

ONE_DAY: Final = timedelta(days=1)
"""A report may be dated a day before what it tells, by the time zone of whoever dates it."""

WEEKDAYS: Final[dict[str, tuple[str, ...]]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "ar": ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"),
}
"""From Monday on, as `date.weekday` counts."""

MONTHS: Final[dict[str, dict[str, int]]] = {
    language: {name: nth for nth, names in enumerate(rows, 1) for name in names.split("/")}
    for language, rows in {
        "en": (
            "january/jan february/feb march/mar april/apr may june/jun july/jul august/aug "
            "september/sept/sep october/oct november/nov december/dec"
        ).split(),
        "ar": (
            "كانون الثاني/يناير",
            "شباط/فبراير",
            "آذار/مارس",
            "نيسان/أبريل",
            "أيار/مايو",
            "حزيران/يونيو",
            "تموز/يوليو",
            "آب/أغسطس",
            "أيلول/سبتمبر",
            "تشرين الأول/أكتوبر",
            "تشرين الثاني/نوفمبر",
            "كانون الأول/ديسمبر",
        ),
    }.items()
}

REACH: Final = 60
"""Characters after a weekday in which its date stands: "Wednesday, the 3rd of September 2025"."""

_NUMERIC = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})")
_YEAR = r"(?:,?\s+(?P<year>(?:19|20)\d\d)\b)?"


def _dated(language: str) -> re.Pattern[str]:
    """What follows a weekday where its date follows."""
    months = "|".join(sorted(MONTHS[language], key=len, reverse=True))
    day = r"(?P<day{}>\d{{1,2}})(?:st|nd|rd|th)?"
    if language == "ar":
        return re.compile(rf"\s*[،(]?\s*{day.format('')}\s+(?P<month>{months})\b{_YEAR}")
    return re.compile(
        rf",?\s+(?:the\s+)?(?:{day.format('')}\s+(?:of\s+)?(?P<month>{months})\b\.?"
        rf"|(?P<first>{months})\b\.?\s+{day.format('_behind')}(?!\d)){_YEAR}",
        re.IGNORECASE,
    )


_DATED: Final = {language: _dated(language) for language in WEEKDAYS}


def periods_can_be(given: RuleInput) -> Iterator[Finding]:
    """T01: a period begins before it ends, and ends no later than a day after publication.

    The month, quarter or year in which a report appears may be named as a whole.
    """
    published = given.record.report.published
    for held in given.held:
        why = None if held.period is None else _fault(held.period, published)
        if why is not None:
            yield found(
                "T01",
                "error",
                "extraction",
                f"the period of {named(held)} {why}",
                claims=[held],
                fields=["period"],
            )


def _fault(period: Period, published: date | None) -> str | None:
    start, end = period.start, period.end
    if start is not None and end is not None and start > end:
        return f"begins on {start} and ends before that, on {end}"
    last = end if end is not None else start
    if published is None or last is None or (last - published) <= ONE_DAY:
        return None
    if start is not None and start <= published and _is_whole(start, last):
        return None
    begins = "ends" if end is not None else "begins"
    return f"{begins} on {last}, after the report was published on {published}"


def _is_whole(start: date, end: date) -> bool:
    """Whether the days are whole months of one year."""
    return start.day == 1 and end.day == monthrange(end.year, end.month)[1]


def dates_agree(given: RuleInput) -> Iterator[Finding]:
    """T02: a weekday is that of its date, and the order of day and month is plain.

    A date without a year may be of the year of publication or the one before. The order is plain
    where another numeric date of the text has a day above 12, or one order is after publication.
    """
    language = given.record.report.language or "en"
    if language in WEEKDAYS:
        yield from _wrong_weekdays(given, language)
    unclear = _unclear_order(given)
    if unclear:
        start, end = unclear[0]
        names = listed([f'"{given.text[a:b]}"' for a, b in unclear[:3]])
        yield found(
            "T02",
            "warning",
            "plausibility",
            f"{names} may be day and month or month and day, and no other date tells",
            claims=_quoting(given, start, end),
        )


def _wrong_weekdays(given: RuleInput, language: str) -> Iterator[Finding]:
    text = given.text
    for nth, name in enumerate(WEEKDAYS[language]):
        at = text.find(name)
        while at >= 0:
            follows = _DATED[language].match(text, at + len(name), at + len(name) + REACH)
            days = _days(follows, language, given.record.report.published) if follows else []
            if follows is not None and days and all(day.weekday() != nth for day in days):
                said = cut(text[at : follows.end()])
                right = WEEKDAYS["en"][days[0].weekday()]
                yield found(
                    "T02",
                    "warning",
                    "contradiction",
                    f'"{said}" is no such day: {days[0]} was a {right}',
                    claims=_quoting(given, at, follows.end()),
                )
            at = text.find(name, at + 1)


def _days(follows: re.Match[str], language: str, published: date | None) -> list[date]:
    """The days that a written date may be; the years of publication where it names none."""
    groups = follows.groupdict()
    month = MONTHS[language][(groups["month"] or groups["first"]).casefold()]
    day = int(groups["day"] or groups["day_behind"])
    if groups["year"] is not None:
        years = [int(groups["year"])]
    else:
        years = [] if published is None else [published.year, published.year - 1]
    return [d for year in years if (d := _date(year, month, day)) is not None]


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _unclear_order(given: RuleInput) -> list[tuple[int, int]]:
    """Spans of numeric dates that are two different days, where nothing tells which."""
    published = given.record.report.published
    unclear: list[tuple[int, int]] = []
    for mention in given.ledger.mentions:
        written = _NUMERIC.fullmatch(mention.text) if mention.kind == "date" else None
        if written is None:
            continue
        one, other, year = int(written[1]), int(written[3]), int(written[4])
        readings = {d for m, n in ((one, other), (other, one)) if (d := _date(year, m, n))}
        possible = {d for d in readings if published is None or d - ONE_DAY <= published}
        if one != other and (len(possible) == 1 or len(readings) == 1):
            return []
        if len(possible) > 1:
            unclear.append((mention.start, mention.end))
    return unclear


def _quoting(given: RuleInput, start: int, end: int) -> list[Held]:
    """Claims that quote a stretch of the text."""
    return [
        held
        for held in given.held
        if any(
            quote.start is not None
            and quote.end is not None
            and quote.start <= start
            and end <= quote.end
            for quote in held.evidence
        )
    ]


RULES = (
    Rule(
        "T01",
        "period start <= end, end <= published + 1 day",
        "error",
        READING,
        "The month, quarter or year in which the report appears, named as a whole; a report "
        "without a date of publication.",
        periods_can_be,
    ),
    Rule(
        "T02",
        "weekday, month and date agree; day/month order not ambiguous",
        "warning",
        "contradiction: a weekday is not that of its date; plausibility: the order is open",
        "A date without a year fits the year of publication or the one before; an order that "
        "another date of the text or the day of publication decides; weekdays of languages without "
        "a table.",
        dates_agree,
    ),
)
