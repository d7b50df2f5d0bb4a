"""The language of a text."""

from __future__ import annotations

import pytest

from llm_extract.documents.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Nine people were killed near the bridge, three of them children.", "en"),
        ("9 killed in the market on Tuesday", "en"),
        ("قتل تسعة أشخاص", "ar"),
        ("شهداء", "ar"),
        ("SOC: مقتل 9 مدنيين في القصف", "ar"),
        ("در این حمله نه نفر کشته و پنج نفر زخمی شدند", "fa"),
        ("Neuf personnes ont été tuées, dont trois enfants", "fr"),
        ("Nueve personas murieron y tres resultaron heridas", "es"),
        ("Девять человек погибли и трое ранены", "ru"),
        ("Загинули дев'ятеро людей, троє поранені", "uk"),
        ("Saldırıda dokuz kişi öldü, üç çocuk yaralandı", "tr"),
    ],
)
def test_reports_are_told_apart_by_language(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize("text", ["", "   ", "149", "9/27 – 14:05", "٩"])
def test_a_text_without_letters_has_no_language(text: str) -> None:
    assert detect_language(text) is None


def test_a_single_word_of_latin_script_is_not_guessed() -> None:
    assert detect_language("Two") is None


def test_lone_surrogates_and_long_texts_do_no_harm() -> None:
    assert detect_language("\ud800 Nine people were killed. " * 10_000) == "en"


def test_a_paragraph_in_another_script_does_not_change_the_language_of_the_rest() -> None:
    english = (
        "Shells struck the market of Belkesh on Tuesday and killed 14 civilians, the council said. "
        "At least 23 people were wounded, and the road to Vasna was closed."
    )
    for other in (
        "Число погибших уточняется, сообщили городские власти во вторник вечером. ",
        "ما زال عدد القتلى غير معروف، بحسب مجلس المدينة مساء الثلاثاء. ",
    ):
        assert detect_language(english) == "en"
        assert detect_language(f"{other}\n\n{english}") == "en"
        assert detect_language(other * 3 + english[:60]) != "en"
