"""Filters of the queue: their query strings, and what they refuse."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.documents.text import storable
from llm_extract.errors import ReviewError
from llm_extract.review.filters import NAMES, ONE_OF, Filters

WRITTEN = st.text(max_size=40).map(lambda text: storable(text).strip())
DAYS = st.dates().map(lambda day: day.isoformat()) | st.just("")


@st.composite
def filters(draw: st.DrawFn) -> Filters:
    told = {name: draw(WRITTEN) for name in NAMES if name not in (*ONE_OF, "since", "until")}
    for name, words in ONE_OF.items():
        told[name] = draw(st.sampled_from(["", *sorted(words)]))
    return Filters(**told, since=draw(DAYS), until=draw(DAYS))


@given(filters())
def test_the_query_of_filters_gives_the_same_filters(asked: Filters) -> None:
    assert Filters.from_query(dict(parse_qsl(asked.query))) == asked


@pytest.mark.parametrize(
    "query", [{"state": "lost"}, {"severity": "grave"}, {"kind": "x"}, {"since": "next week"}]
)
def test_a_word_that_no_case_has_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(ReviewError) as refused:
        Filters.from_query(query)
    assert refused.value.code == "filter"


def test_names_that_are_no_filter_are_left_alone() -> None:
    assert Filters.from_query({"after": "12", "rule": "A02"}) == Filters(rule="A02")


def test_me_is_who_asks() -> None:
    assert Filters(assignee="me").of("anna") == Filters(assignee="anna")
    assert Filters(assignee="nobody").of("anna") == Filters(assignee="nobody")


def test_what_no_database_can_hold_is_not_asked_of_it() -> None:
    """PostgreSQL refuses a query with NUL in it."""
    assert Filters.from_query({"words": "a\0b", "claimant": "\0"}) == Filters(
        words="a\ufffdb", claimant="\ufffd"
    )
