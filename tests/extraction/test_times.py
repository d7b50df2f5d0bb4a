"""Time words: which days they mean, seen from the day of publication (Thursday, 5 March 2026)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.extraction.times import TimeWords, read_day, time_words

PUBLISHED = date(2026, 3, 5)


def only(text: str, published: date | None = PUBLISHED) -> TimeWords:
    (found,) = time_words(text, 0, len(text), published)
    return found


def days(text: str, published: date | None = PUBLISHED) -> tuple[str, str]:
    found = only(text, published)
    return str(found.first), str(found.last)


@pytest.mark.parametrize(
    "words",
    [
        "3 March 2025",
        "3rd March 2025",
        "3 of March 2025",
        "March 3, 2025",
        "Mar. 3, 2025",
        "2025-03-03",
        "3/3/2025",
        "03.03.2025",
        "3 آذار 2025",
        "3 من آذار 2025",
        "3 آذار/مارس 2025",
        "3 آذار (مارس) 2025",
        "3 مارس عام 2025",
        "٣ آذار ٢٠٢٥",
    ],
)
def test_a_day_is_read_in_any_dress(words: str) -> None:
    found = only(f"{words}: nine people died")
    assert (found.words, found.first, found.last) == (words, date(2025, 3, 3), date(2025, 3, 3))
    assert not found.stretch


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("4 March", "2026-03-04"),
        ("6 March", "2026-03-06"),  # a day ahead: the other side of the date line
        ("7 March", "2025-03-07"),
        ("28 December", "2025-12-28"),
        ("28 كانون الأول", "2025-12-28"),
        ("on Thursday", "2026-03-05"),
        ("on Friday", "2026-02-27"),
        ("last Sunday", "2026-03-01"),
        ("يوم الثلاثاء", "2026-03-03"),
        ("yesterday", "2026-03-04"),
        ("أمس", "2026-03-04"),
        ("وأمس", "2026-03-04"),
        ("today", "2026-03-05"),
        ("اليوم", "2026-03-05"),
    ],
)
def test_what_is_left_out_comes_from_the_published_date(words: str, day: str) -> None:
    assert days(words) == (day, day)


def test_a_printed_year_is_kept_however_long_ago() -> None:
    assert days("3 March 1890") == ("1890-03-03", "1890-03-03")


def test_a_month_that_a_scan_misread_is_a_month() -> None:
    assert days("14 Septernber 2025") == ("2025-09-14", "2025-09-14")
    assert days("in Novernber 2025") == ("2025-11-01", "2025-11-30")


def test_the_american_order_is_taken_where_the_other_is_no_day() -> None:
    assert days("3/25/2025") == ("2025-03-25", "2025-03-25")
    assert days("5/3/2025") == ("2025-03-05", "2025-03-05")


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("between 3 and 9 January 2025", "2025-01-03", "2025-01-09"),
        ("between 3 January and 9", "2026-01-03", "2026-01-09"),
        ("between January 3 and 9, 2024", "2024-01-03", "2024-01-09"),
        ("from 3 to 9 January", "2026-01-03", "2026-01-09"),
        ("from 28 February to 4 March", "2026-02-28", "2026-03-04"),
        ("from December 28 to January 3", "2025-12-28", "2026-01-03"),
        ("from 28 December 2023 to 3 January 2024", "2023-12-28", "2024-01-03"),
        ("3–5 March 2024", "2024-03-03", "2024-03-05"),
        ("March 3–5, 2024", "2024-03-03", "2024-03-05"),
        ("3 and 4 March", "2026-03-03", "2026-03-04"),
        ("2026-02-01 to 2026-02-07", "2026-02-01", "2026-02-07"),
        ("بين 3 و9 كانون الثاني 2025", "2025-01-03", "2025-01-09"),
        ("من 3 إلى 9 كانون الثاني", "2026-01-03", "2026-01-09"),
        ("from January to March 2025", "2025-01-01", "2025-03-31"),
        ("January – March 2025", "2025-01-01", "2025-03-31"),
        ("between November and January", "2025-11-01", "2026-01-31"),
        ("from November 2024 to January 2026", "2024-11-01", "2026-01-31"),
    ],
)
def test_a_range_holds_its_ends(words: str, first: str, last: str) -> None:
    found = only(words)
    assert found.words == words
    assert (str(found.first), str(found.last), found.stretch) == (first, last, True)


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("in February", "2026-02-01", "2026-02-28"),
        ("in February 2024", "2024-02-01", "2024-02-29"),
        ("during December", "2025-12-01", "2025-12-31"),
        ("January 2026", "2026-01-01", "2026-01-31"),
        ("خلال شهر شباط", "2026-02-01", "2026-02-28"),
        ("في كانون الأول 2024", "2024-12-01", "2024-12-31"),
        ("في كانون الأول ٢٠٢٤", "2024-12-01", "2024-12-31"),
        ("the first quarter of 2025", "2025-01-01", "2025-03-31"),
        ("Q3 2024", "2024-07-01", "2024-09-30"),
        ("the last quarter of 2024", "2024-10-01", "2024-12-31"),
        ("the last quarter", "2025-10-01", "2025-12-31"),
        ("the fourth quarter", "2025-10-01", "2025-12-31"),
        ("the first half of 2025", "2025-01-01", "2025-06-30"),
        ("the second half of 2025", "2025-07-01", "2025-12-31"),
        ("in 2025", "2025-01-01", "2025-12-31"),
        ("خلال عام 2025", "2025-01-01", "2025-12-31"),
        ("the past 24 hours", "2026-03-04", "2026-03-05"),
        ("the past 48 hours", "2026-03-03", "2026-03-05"),
        ("الـ24 ساعة الماضية", "2026-03-04", "2026-03-05"),
        ("the last three days", "2026-03-02", "2026-03-05"),
        ("the past 24 days", "2026-02-09", "2026-03-05"),
        ("the past two weeks", "2026-02-19", "2026-03-05"),
        ("last month", "2026-02-01", "2026-02-28"),
        ("الشهر الماضي", "2026-02-01", "2026-02-28"),
        ("this month", "2026-03-01", "2026-03-05"),
        ("this year", "2026-01-01", "2026-03-05"),
        ("last year", "2025-01-01", "2025-12-31"),
        ("العام الماضي", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_stretch_of_time_has_a_first_and_a_last_day(words: str, first: str, last: str) -> None:
    assert days(words) == (first, last)
    assert only(words).stretch


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("since 7 October 2023", "2023-10-07"),
        ("Since the war began on 7 October 2023", "2023-10-07"),
        ("since October 2023", "2023-10-01"),
        ("since January", "2026-01-01"),
        ("since 2011", "2011-01-01"),
        ("منذ 7 أكتوبر 2023", "2023-10-07"),
        ("منذ عام 2011", "2011-01-01"),
        ("منذ عام ٢٠١١", "2011-01-01"),
    ],
)
def test_since_has_no_end(words: str, first: str) -> None:
    found = only(words)
    assert (str(found.first), found.last, found.open_ended) == (first, None, True)


@pytest.mark.parametrize(
    "words",
    [
        "killed 3 Marines",
        "in Mariupol",
        "in Mayadin",
        "in Augusta",
        "near 3 آبار",
        "الأحداث اليومية",
        "12 to 14 people",
        "of 2000 people",
        "in 2000 homes",
        "on 30 February",
        "2026-13-01",
        "112 March",
        "she may march on",
    ],
)
def test_what_only_looks_like_time_is_none(words: str) -> None:
    assert time_words(words, 0, len(words), PUBLISHED) == []


def test_a_number_behind_a_month_is_no_day_of_it() -> None:
    assert [t.words for t in time_words("In March, 12 people died", 3, 24, PUBLISHED)] == []
    assert days("in March, 12 people died") == ("2026-03-01", "2026-03-31")


@pytest.mark.parametrize(
    "words",
    ["4 March", "on Monday", "yesterday", "in February", "the past week", "the last quarter"],
)
def test_without_a_published_date_nothing_is_guessed(words: str) -> None:
    assert time_words(words, 0, len(words), None) == []


@pytest.mark.parametrize("words", ["3 March 2025", "2025-03-03", "3 آذار 2025"])
def test_a_full_date_needs_no_published_date(words: str) -> None:
    assert read_day(words, None) == date(2025, 3, 3)


def test_several_times_come_in_the_order_of_the_text() -> None:
    text = "On 4 March nine people died; three in February, and two on Sunday."
    assert [t.words for t in time_words(text, 0, len(text), PUBLISHED)] == [
        "4 March",
        "in February",
        "on Sunday",
    ]


def test_only_the_asked_stretch_is_read() -> None:
    text = "On 4 March nine people died. On 2 March none."
    (found,) = time_words(text, text.index("On 2"), len(text), PUBLISHED)
    assert text[found.start : found.end] == found.words == "2 March"


# Laws

PIECES = st.sampled_from(
    [
        *("3", "9", "31", "2026", "٢٠٢٤", "99999999999", "00", "0001", "March", "Feb", "May 3"),
        *(
            "January",
            "آذار",
            "كانون الثاني",
            "3 شباط",
            "from",
            "between",
            "to",
            "and",
            "since",
            "in",
        ),
        *("منذ", "من", "إلى", "و", "–", "/", "-", ".", ",", "the", "last", "past", "quarter", "Q1"),
        *("days", "weeks", "months", "hours", "year", "Monday", "الأحد", "of", "29", "February"),
        *("first half of 2025", "2025-02-30", "31/12/2025", "yesterday", "أمس", "24 ساعة"),
    ]
)
TEXTS = st.lists(PIECES, max_size=14).flatmap(
    lambda pieces: st.sampled_from([" ", "", "  "]).map(lambda gap: gap.join(pieces))
) | st.text(max_size=60)


@given(text=TEXTS, published=st.none() | st.dates())
def test_time_words_never_raise_and_lie_in_the_text_in_order(
    text: str, published: date | None
) -> None:
    reached = 0
    for found in time_words(text, 0, len(text), published):
        assert reached <= found.start < found.end <= len(text)
        assert text[found.start : found.end] == found.words
        reached = found.end
        assert found.first is not None
        if found.last is not None:
            assert found.first <= found.last
        assert found.open_ended == (found.last is None)
        assert found.stretch or found.first == found.last


@given(day=st.dates(date(1900, 1, 1), date(2099, 12, 31)), published=st.none() | st.dates())
def test_a_written_day_comes_back(day: date, published: date | None) -> None:
    for words in (f"{day}", f"{day.day} {day:%B} {day.year}", f"{day:%B} {day.day}, {day.year}"):
        assert read_day(words, published) == day


@given(day=st.dates(date(1990, 1, 1), date(2099, 12, 31)), ago=st.integers(0, 360))
def test_a_day_without_its_year_is_the_last_such_day(day: date, ago: int) -> None:
    published = date.fromordinal(day.toordinal() + ago)
    if (day.month, day.day) == (2, 29):
        return
    assert read_day(f"{day.day} {day:%B}", published) == day
