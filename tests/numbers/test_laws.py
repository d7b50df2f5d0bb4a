"""Laws of the ledger: what is written in any form is read back; no text breaks it."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llm_extract.numbers import read_ledger
from llm_extract.numbers.english_lists import definite_places, read_definite
from llm_extract.numbers.folding import fold

UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SCALES = ((1_000_000, "million"), (1_000, "thousand"))


def spelled(number: int, *, british: bool = True) -> str:
    """A number below a thousand million in English words."""
    for size, name in SCALES:
        if number >= size:
            high, low = divmod(number, size)
            rest = f"{' and' if british and 0 < low < 100 else ''} {spelled(low, british=british)}"
            return f"{spelled(high, british=british)} {name}{rest if low else ''}"
    if number >= 100:
        high, low = divmod(number, 100)
        link = " and " if british else " "
        return f"{UNITS[high]} hundred{link + spelled(low) if low else ''}"
    if number < 20:
        return UNITS[number]
    high, low = divmod(number, 10)
    return TENS[high - 2] + (f"-{UNITS[low]}" if low else "")


ARABIC = ["صفر", "واحد", "اثنان", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة", "ثمانية", "تسعة"]
ARABIC_TENS = ["عشرون", "ثلاثون", "أربعون", "خمسون", "ستون", "سبعون", "ثمانون", "تسعون"]
ARABIC_HUNDREDS = [
    "مئة",
    "مئتان",
    "ثلاثمئة",
    "أربعمئة",
    "خمسمئة",
    "ستمئة",
    "سبعمئة",
    "ثمانمئة",
    "تسعمئة",
]


def spelled_arabic(number: int) -> str:
    """A number from 3 to 999,999 in Arabic words, nominative, counting a masculine noun."""
    thousands, below = divmod(number, 1000)
    parts = []
    if thousands == 1:
        parts.append("ألف")
    elif thousands == 2:
        parts.append("ألفان")
    elif thousands:
        scale = "آلاف" if thousands < 11 else "ألف"
        parts.append(f"{arabic_below_thousand(thousands)} {scale}")
    if below:
        parts.append(arabic_below_thousand(below))
    return " و".join(parts)


def arabic_below_thousand(number: int) -> str:
    hundreds, below = divmod(number, 100)
    parts = [ARABIC_HUNDREDS[hundreds - 1]] if hundreds else []
    if below == 10:
        parts.append("عشرة")
    elif below in (11, 12):
        parts.append("أحد عشر" if below == 11 else "اثنا عشر")
    elif 12 < below < 20:
        parts.append(f"{ARABIC[below - 10]} عشر")
    elif below:
        tens, unit = divmod(below, 10)
        parts.extend([ARABIC[unit]] if unit else [])
        parts.extend([ARABIC_TENS[tens - 2]] if tens else [])
    return " و".join(parts)


def digits(number: int, separator: str, zero: str) -> str:
    """A number in the digits that begin with `zero`, thousands parted by `separator`."""
    text = f"{number:,}".replace(",", separator)
    return text.translate({ord("0") + n: ord(zero) + n for n in range(10)})


FRAMES = (
    ("Reports say ", " villagers were killed."),
    ("Killed: ", "\n"),
    ("(", " dead)"),
    ("", " people died"),
)
ARABIC_FRAMES = (
    ("قتل ", " مدنياً في البلدة"),
    ("مقتل ", " من المدنيين، وفق البيان"),
    ("وأصيب ", " شخصاً"),
)
counts = st.integers(0, 999_999_999)


@given(
    counts,
    st.sampled_from(["", ",", "\u202f", "\u00a0", "\u2009"]),
    st.sampled_from("0٠۰"),
    st.sampled_from(FRAMES),
)
@example(2019, "", "0", FRAMES[0])
@example(2019, ",", "0", FRAMES[1])
def test_digits_are_read_back(
    number: int, separator: str, zero: str, frame: tuple[str, str]
) -> None:
    if separator == "" and number in range(1900, 2101):
        number += 1000
    written = digits(number, separator, zero)
    assert_read_back(written, number, frame)


@given(counts, st.booleans(), st.sampled_from(FRAMES))
@example(123, True, FRAMES[0])
def test_english_words_are_read_back(number: int, british: bool, frame: tuple[str, str]) -> None:
    if number != 1:
        assert_read_back(spelled(number, british=british), number, frame)


@given(st.integers(3, 999_999), st.sampled_from(ARABIC_FRAMES))
@example(3_250, ARABIC_FRAMES[0])
def test_arabic_words_are_read_back(number: int, frame: tuple[str, str]) -> None:
    assert_read_back(spelled_arabic(number), number, frame)


@given(
    st.integers(3, 99),
    st.integers(1, 50),
    st.sampled_from(["-", "–", " to "]),
    st.sampled_from(FRAMES),
)
def test_a_range_is_one_mention(low: int, width: int, link: str, frame: tuple[str, str]) -> None:
    written = f"{low}{link}{low + width}"
    text = frame[0] + written + frame[1]
    found = [(m.text, m.value, m.upper) for m in read_ledger(text).mentions]
    assert found == [(written, low, low + width)]


@given(st.text())
@example("İstanbul’da 5 kişi, ٢٠ و ١٢")
@example("a a an no one half 1/2 +5 ++ 1,,2 ٫5 0x1f")
@example("9" * 5000)
@example("1" + ",111" * 2000)
@example("1." + "5" * 5000 + " million")
@settings(max_examples=300)
def test_any_text_is_read_without_error_and_spans_hold(text: str) -> None:
    assert_sound(text)


NUMBERISH = st.sampled_from(
    [
        "a",
        "an",
        "one",
        "two",
        "twenty",
        "hundred",
        "thousand",
        "and",
        "or",
        "to",
        "half",
        "dozen",
        "of",
        "the",
        "no",
        "none",
        "between",
        "12",
        "3,000",
        "2019",
        "+5",
        "-",
        "–",
        ".",
        ",",
        "(",
        ")",
        "[",
        "]",
        "%",
        "$",
        "km",
        "year-old",
        "March",
        "May",
        "14",
        "civilians",
        "woman",
        "people",
        "killed",
        "و",
        "ال",
        "مئة",
        "ثلاثة",
        "آلاف",
        "وخمسة",
        "طفلين",
        "بين",
        "من",
        "إلى",
        "لا",
        "قتلى",
        "واحد",
        "طفل",
        "١٢",
        "\n",
        "#",
        "T-72",
        ":",
        "/",
        "~",
        "'",
        "’",
        "1.5",
        "million",
        "k",
    ]
)


@given(st.lists(NUMBERISH, max_size=14), st.sampled_from(["", " "]))
@settings(max_examples=400)
def test_any_order_of_number_words_is_read_without_error(words: list[str], space: str) -> None:
    assert_sound(space.join(words))


@pytest.mark.parametrize("language", ["fr", "es", "de", "pt", "it", "nl", "uk", "ru"])
@given(text=st.text(alphabet="unedostrqc пятьдваісто 0123'-"))
@settings(max_examples=60)
def test_other_languages_are_read_without_error(language: str, text: str) -> None:
    assert_sound(text, language)


@given(
    counts,
    st.lists(st.sampled_from(["the", "river", "was", "green", "near", "old", "hills"]), max_size=6),
)
def test_plain_words_around_do_not_change_a_reading(number: int, plain: list[str]) -> None:
    written = digits(number, ",", "0")
    around = " ".join(plain)
    text = f"{around}. They counted {written} villagers. {around}"
    (mention,) = read_ledger(text).mentions
    assert (mention.text, mention.value, mention.kind) == (written, number, "count")


LISTED = st.sampled_from(
    [
        *("the", "his", "a", "5", "two", "mayor", "U.S. envoy", "5-year-old", "wife", "driver"),
        *(
            "and",
            ", ",
            ". ",
            "as well as",
            "along with",
            "of",
            "Homs",
            "Ali Al-Ali",
            "(30)",
            "said",
        ),
    ]
)


@given(st.lists(LISTED, max_size=14))
@example(["the", "U.S. envoy", ",", "his", "driver"])
@example(["a", "driver", "and", "the", "mayor"])
@example(["the", "mayor", "of", "Homs", "Ali Al-Ali", "(30)", "as well as", "two", "driver"])
@settings(max_examples=300)
def test_each_the_that_counts_stands_where_it_is_looked_for(words: list[str]) -> None:
    page = fold(" ".join(words).replace(" ,", ",").replace(" .", ".")).page
    places = {start for start, _ in definite_places(page.low)}
    for found in re.finditer(r"\bthe(?=\s)", page.low):
        assert read_definite(page, found) is None or found.start() in places


@given(st.text())
@example("K\u0130\ud800ß ١٢ lO5")
def test_a_page_is_as_long_as_its_twins(text: str) -> None:
    page = fold(text).page
    assert len(page.text) == len(page.low) == len(page.shadow)


def assert_read_back(written: str, number: int, frame: tuple[str, str]) -> None:
    text = frame[0] + written + frame[1]
    mentions = read_ledger(text).mentions
    start = len(frame[0])
    assert [(m.start, m.end, m.value, m.kind) for m in mentions] == [
        (start, start + len(written), number, "count")
    ]


def assert_sound(text: str, language: str | None = None) -> None:
    end = 0
    for mention in read_ledger(text, language).mentions:
        assert mention.start >= end
        assert mention.end > mention.start
        assert text[mention.start : mention.end] == mention.text
        assert mention.value is None or mention.value >= 0
        assert mention.upper is None or (
            mention.value is not None and mention.upper > mention.value
        )
        end = mention.end
