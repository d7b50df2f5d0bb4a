"""Marks: a content is taken apart and put together again, and what does not fit is one line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from review.exchange.contents import LEDGER, TEXT, contents

from llm_extract.errors import RecordsError
from llm_extract.review.content import Content
from llm_extract.review.differences import differences
from llm_extract.review.exchange.marks import Head, Mark, Marked, Number, content_from, marked

AT = TEXT.index("14")


def said(*marks: Mark, heads: list[Head] | None = None) -> Marked:
    return Marked(heads=heads or [Head(id="c1", outcome="killed")], marks=list(marks))


@settings(max_examples=25, deadline=None)
@given(contents())
def test_what_is_taken_apart_and_put_together_is_the_same(content: Content) -> None:
    again = content_from(marked(content, TEXT, LEDGER), TEXT, LEDGER)
    assert differences(content, again) == []
    assert again.accepted == content.accepted and again.aside == content.aside


def test_a_mark_on_a_number_that_is_read_needs_no_value() -> None:
    content = content_from(said(Mark(item="c1", slot="total", start=AT, end=AT + 2)), TEXT, LEDGER)
    total = content.claims[0].total
    assert total is not None and (total.value, total.as_written) == (14, "14")


def test_words_that_nobody_reads_get_the_value_that_is_given() -> None:
    start = TEXT.index("Tuesday")
    number = Number(value=2, qualifier="at_least", basis="counted")
    mark = Mark(item="c1", slot="total", start=start, end=start + 7, number=number)
    total = content_from(said(mark), TEXT, LEDGER).claims[0].total
    assert total is not None and (total.value, total.low, total.high) == (2, 2, None)


TWO = [Head(id="c1", outcome="killed", part_of="c2"), Head(id="c2", outcome="killed")]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (said(Mark(item="c1", slot="total", start=AT, end=AT + 1)), "no number is read in '1' at"),
        (said(Mark(item="c1", slot="total", start=9, end=9)), "is no place in the report's text"),
        (said(Mark(item="c1", slot="quote", start=0, end=10**6)), "is no place in the report"),
        (said(Mark(item="c7", slot="total", start=AT, end=AT + 2)), "belongs to no claim"),
        (said(Mark(item="c1", slot="boys", start=AT, end=AT + 2)), "c1 has no slot boys"),
        (said(*[Mark(item="c1", slot="men", start=AT, end=AT + 2)] * 2), "two numbers of men"),
        (said(heads=[Head(id="c1")]), "does not say what happened"),
        (said(heads=[TWO[1], TWO[1]]), "c2 is described twice"),
        (said(heads=[TWO[0]]), "c1 cannot be part of c2"),
        (said(heads=[TWO[0], TWO[1].model_copy(update={"part_of": "c1"})]), "part of itself"),
        (said(heads=[Head(id="c1", outcome="killed", perpetrators=["A"])]), "attribution"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(parts: Marked, words: str) -> None:
    with pytest.raises(RecordsError, match=words) as error:
        content_from(parts, TEXT, LEDGER)
    assert "\n" not in str(error.value)
