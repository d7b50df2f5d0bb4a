import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.cli.console import visible


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\x00b\x9bc", "a\\x00b\\x9bc"),
        ("a\u202eb", "a\\u202eb"),
        ("two\nlines\there", "two lines here"),
        ("\udcff", "\\udcff"),
    ],
)
def test_what_would_steer_a_terminal_is_made_visible(words: str, shown: str) -> None:
    assert visible(words) == shown


@pytest.mark.parametrize("words", ["قُتل ثلاثة مدنيين", "می‌خواهم", "שלושה", "é ü 三人", "\u200fא"])
def test_text_of_any_script_stays_as_it_is(words: str) -> None:
    assert visible(words) == words


@given(st.text())
def test_nothing_that_is_shown_can_steer_a_terminal(words: str) -> None:
    shown = visible(words)
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in shown)
