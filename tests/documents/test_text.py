"""Encodings and the form in which text is stored."""

from __future__ import annotations

import unicodedata

import pytest

from llm_extract.documents.text import choose_decoding, is_blank, shown, stored_text
from llm_extract.errors import DocumentError

ARABIC = "قتل خمسة مدنيين بينهم طفلان في قصف على السوق صباح الثلاثاء"


def decoded(raw: bytes) -> str:
    return raw.decode(choose_decoding(raw, whole=True).codec)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le"])
def test_unicode_with_and_without_a_mark_is_read(codec: str) -> None:
    assert decoded(ARABIC.encode(codec)) == ARABIC


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (ARABIC, "cp1256"),
        ("مقتل 5 مدنيين، بينهم طفلان.", "cp1256"),
        (ARABIC, "iso8859_6"),
        ("The “town” – José’s family counts 7 dead", "cp1252"),
        ("Neuf morts à l’aube, dont deux élèves", "cp1252"),
        ("Cuatro niños murieron según la policía", "cp1252"),
        ("Pięć osób zginęło w ataku na łódź, źle", "cp1250"),
        ("Погибли девять человек, среди них двое детей", "cp1251"),
        ("Погибли девять человек, среди них двое детей", "koi8-r"),
        ("Saldırıda beş kişi öldü, üç çocuk yaralandı", "cp1254"),
        ("Επτά νεκροί στην επίθεση", "cp1253"),
    ],
)
def test_code_pages_are_told_by_their_looks_and_called_a_guess(text: str, codec: str) -> None:
    raw = text.encode(codec)
    assert decoded(raw) == text
    assert choose_decoding(raw, whole=True).guessed


def test_a_declared_charset_goes_before_the_looks() -> None:
    raw = "Při útoku zahynulo pět lidí".encode("cp1250")
    assert choose_decoding(raw, whole=True, declared="cp1250").codec == "cp1250"


def test_a_character_cut_at_the_end_of_a_sample_is_no_fault() -> None:
    raw = ARABIC.encode()[:-1]
    assert choose_decoding(raw, whole=False).codec == "utf-8"


def test_bytes_that_break_their_own_mark_are_undecodable() -> None:
    with pytest.raises(DocumentError) as refusal:
        choose_decoding(b"\xef\xbb\xbfFive \xff dead", whole=True)
    assert refusal.value.code == "undecodable"


def test_utf8_that_was_torn_is_refused_and_not_read_as_a_code_page() -> None:
    for raw in (ARABIC.encode()[:-1], ARABIC.encode() + b"\xff" + ARABIC.encode()):
        with pytest.raises(DocumentError, match="break its UTF-8") as refusal:
            choose_decoding(raw, whole=True)
        assert refusal.value.code == "undecodable"


def test_a_stray_byte_never_swallows_the_letter_behind_it() -> None:
    with pytest.raises(DocumentError) as refusal:
        choose_decoding(b"Nine were kil\x81ed in Karsa", whole=True)
    assert refusal.value.code == "undecodable"


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("九名平民在星期二的空袭中丧生", "gb18030"),
        ("火曜日の空爆で民間人が死亡した", "shift_jis"),
    ],
)
def test_east_asian_text_is_read(text: str, codec: str) -> None:
    assert decoded(text.encode(codec)) == text


def test_line_ends_become_one_and_text_becomes_nfc() -> None:
    assert stored_text("a\r\nb\rcafe\u0301") == "a\nb\ncaf\u00e9"


def test_nul_and_lone_surrogates_leave_a_mark_so_that_digits_never_join() -> None:
    assert stored_text("1\x002 \ud800 3") == "1\ufffd2 \ufffd 3"


def test_characters_that_hide_text_are_kept_for_a_later_rule() -> None:
    assert stored_text("1\u200b2\u202e\u2066\x08") == "1\u200b2\u202e\u2066\x08"


def test_stored_text_is_stable() -> None:
    once = stored_text("\ufeffe\x00\u0301\r\n")
    assert stored_text(once) == once and unicodedata.is_normalized("NFC", once)


def test_blank_is_what_no_eye_sees() -> None:
    assert is_blank(" \n\t\u200b\ufeff\u00a0") and not is_blank("\u200b.")


def test_shown_never_breaks_a_line_or_a_terminal() -> None:
    assert shown("a\nb\x1b[31m\ud800") == "a\\nb\\x1b[31m\\ud800"
    assert len(shown("x" * 500)) == 121
