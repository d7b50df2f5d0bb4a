"""G06: claimant, perpetrators and places stand in the report."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.validators.names import stands_in

TEXT = "The Sarel Observatory said the Orel\nFront killed 12 people near Tel Sahrin. Delta ended."


def test_names_of_the_text_are_silent(desk: Any) -> None:
    at = desk(TEXT)
    claim = at.claim(
        total="12",
        claimant="Sarel Observatory",
        perpetrators=["the Orel Front"],
        places=["tel sahrin"],
    )
    assert at.read("G06", claim) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("claimant", "Red Crescent"),
        ("perpetrators", ["Orel Front", "Valley Brigades"]),
        ("places", ["Kandor"]),
        ("claimant", "Delta Observatory"),
    ],
)
def test_a_name_that_the_text_lacks_is_an_error(desk: Any, field: str, value: Any) -> None:
    at = desk(TEXT)
    [finding] = at.read("G06", at.claim(total="12", **{field: value}))
    assert (finding.severity, finding.fields) == ("error", [field])
    assert "does not stand in the report" in finding.message


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Во вторник армия Каррании обстреляла Велмск.", "Каррания"),
        ("قصفت القوات الحكومية بلدة تل سهرين.", "قوات حكومية"),
        ("أعلن مرصد سنجان وللدفاع المدني رأي آخر.", "الدفاع المدني"),
        ("Shells fell on Velm-on-Sea.", "velm on sea"),
        ("The people's guards fired.", "People’s Guard"),
    ],
)
def test_inflected_and_definite_forms_are_the_name(text: str, name: str) -> None:
    assert stands_in(text, name)


def test_words_of_a_name_strewn_over_sentences_are_not_the_name() -> None:
    assert not stands_in("The Valley was calm. Two Brigades left. Orel slept.", "Orel Brigades")


def test_a_name_of_marks_alone_stands_nowhere() -> None:
    assert not stands_in("A dash - here.", "…")


@given(st.text(), st.text(min_size=1), st.text())
def test_a_name_stands_where_it_is_written(before: str, name: str, after: str) -> None:
    assert stands_in(before + name + after, name) or not name.strip()
