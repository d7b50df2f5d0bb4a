"""Laws of reading: text comes back as it was written, and no bytes at all break a run."""

from __future__ import annotations

import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from llm_extract.documents import Report, UnreadableReport, read_reports, report_from_text
from llm_extract.documents.text import is_blank

WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t"), min_size=1
)
ARABIC = [
    *("قتل", "مدني", "طفل", "امرأة", "رجل", "جريح", "قصف", "غارة", "مدينة"),
    *("قرية", "سوق", "مدرسة", "مشفى", "صباح", "مساء", "يوم", "الثلاثاء", "أمس"),
    *("شخص", "آخرون", "بينهم", "ثلاثة", "خمسة", "عشرون", "جرحى", "ضحايا", "منزل"),
    *("طريق", "حاجز", "قذيفة", "لغم", "انفجار", "شمال", "جنوب"),
]


def reads_like_arabic(words: list[str]) -> bool:
    """Four words, with some of the six letters that are two in five of any text."""
    letters = "".join(word for word in words if word.isalpha())
    common = sum(letter in "لمنهوي" for letter in letters)
    return sum(map(str.isalpha, words)) >= 4 and common > 0.15 * len(letters)


ARABIC_TEXTS = st.lists(
    st.sampled_from(ARABIC) | st.integers(0, 999).map(str), min_size=4, max_size=40
).filter(reads_like_arabic)
SUFFIXES = (".txt", ".md", ".html", ".docx", ".csv", ".tsv", ".jsonl", ".json", ".parquet", "")
SUFFIXES += (".jsonl.gz", ".csv.gz", ".xyz")


def read(name: str, raw: bytes) -> list[Report | UnreadableReport]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(raw)
        return list(read_reports([str(path)]))


@settings(max_examples=150, deadline=None)
@given(text=WORDS, codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_unicode_text_comes_back_in_nfc(text: str, codec: str) -> None:
    text = text.removeprefix("\ufeff")
    assume(not is_blank(text))
    (found,) = read("a.txt", text.encode(codec))
    assert isinstance(found, Report), found
    assert found.text == unicodedata.normalize("NFC", text)


@settings(max_examples=150, deadline=None)
@given(words=ARABIC_TEXTS)
@example(words="قتل طفل قصف مدرسة عشرون عشرون عشرون غارة".split())
def test_windows_arabic_text_comes_back(words: list[str]) -> None:
    text = " ".join(words)
    (found,) = read("a.txt", text.encode("cp1256"))
    assert isinstance(found, Report), found
    assert found.text == text


@settings(max_examples=200, deadline=None)
@given(raw=st.binary(max_size=300), suffix=st.sampled_from(SUFFIXES))
def test_no_bytes_raise_under_any_suffix(raw: bytes, suffix: str) -> None:
    found = read("a" + suffix, raw)
    assert len({item.id for item in found}) == len(found)
    assert all("\n" not in item.message for item in found if isinstance(item, UnreadableReport))


@pytest.mark.parametrize("raw", [b"\xff", b"%PDF-1.4\n1 0 obj\n<<", b"%PDF-" + b"\xfe" * 99])
def test_no_bytes_raise_as_pdf(raw: bytes) -> None:
    (found,) = read("a.pdf", raw)
    assert isinstance(found, UnreadableReport) and found.code == "broken_pdf"


@settings(max_examples=150, deadline=None)
@given(
    cells=st.lists(
        st.text(
            st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('",\n'), min_size=1
        ),
        min_size=1,
        max_size=5,
    )
)
def test_quoted_cells_come_back_from_csv(cells: list[str]) -> None:
    assume(not any(is_blank(cell) for cell in cells))
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    found = read("a.csv", ("text\n" + "\n".join(quoted) + "\n").encode())
    expected = [unicodedata.normalize("NFC", cell.removeprefix("\ufeff")) for cell in cells]
    assert [item.text for item in found if isinstance(item, Report)] == expected


@settings(max_examples=150, deadline=None)
@given(text=st.text(min_size=1))
def test_any_text_in_memory_becomes_a_report_that_can_be_stored(text: str) -> None:
    assume(not is_blank(text))
    report = report_from_text(text)
    assert report.text.encode("utf-8")
    assert report_from_text(report.text).text == report.text
