"""Marks in a report's text: each number says whose it is, and the marked text is the text."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from review_builders import ARABIC, LARGE, SUMS, read_by_rule, report_of

from llm_extract.numbers import read_ledger
from llm_extract.numbers.mention import Kind, Ledger, Mention
from llm_extract.record import Evidence
from llm_extract.review.content import Content, content_of, counts_in
from llm_extract.review.marking import Mark, marks_of, segments

Span = tuple[int, int]

SAMPLE = content_of(read_by_rule(report_of("s", SUMS))).claims[0]


def read(text: str, language: str = "en") -> tuple[Ledger, Content]:
    """A text's numbers, and what rules make of it."""
    return read_ledger(text, language), content_of(
        read_by_rule(report_of("r", text, language=language))
    )


def at(marks: list[Mark], words: str) -> Mark:
    return next(mark for mark in marks if mark.text == words)


def mention(start: int, end: int, text: str, kind: Kind = "count") -> Mention:
    return Mention(start, end, text[start:end], kind, 1, None, "exact", None, None, "printed", "en")


def content_at(
    spans: Sequence[Span], quotes: Sequence[Span] = (), aside: Sequence[str] = ()
) -> Content:
    """A claim a span, its total there; all quotes belong to the first one."""
    total = SAMPLE.total
    assert total is not None
    claims = [
        SAMPLE.model_copy(
            update={
                "id": f"c{place}",
                "total": total.model_copy(update={"start": start, "end": end}),
                "children": None,
                "women": None,
                "men": None,
                "evidence": [
                    Evidence(quote="", start=start, end=end) for start, end in quotes if place == 1
                ],
            }
        )
        for place, (start, end) in enumerate(spans, 1)
    ]
    return Content(claims=claims, facilities=[], aside=list(aside))


# --- examples ----------------------------------------------------------------------------------


def test_a_number_in_a_slot_names_claim_and_slot() -> None:
    ledger, content = read(SUMS)
    mark = at(marks_of(ledger, content), "nine")
    assert (mark.kind, mark.slots, mark.value) == ("bound", (("c1", "children"),), 9)


def test_numbers_are_aside_unbound_or_no_counts() -> None:
    text = "On 3 March 2026 some 40 shells fell; 12 people were killed in Tal Orin."
    ledger, _ = read(text)
    start = text.index("40")
    none = Content(claims=[], facilities=[], aside=[f"{start}:{start + 2}"])
    kinds = {mark.text: mark.kind for mark in marks_of(ledger, none)}
    assert kinds == {"3 March 2026": "other", "40": "aside", "12": "unbound"}


def test_offsets_are_characters_in_arabic_and_after_astral_ones() -> None:
    for text in (ARABIC, "\U0001f54a\U0001f54a " + LARGE):
        language = "ar" if text == ARABIC else "en"
        ledger, content = read(text, language)
        marks = marks_of(ledger, content)
        assert any(mark.kind == "bound" for mark in marks)
        assert all(text[mark.start : mark.end] == mark.text for mark in marks)


def test_a_count_over_several_numbers_binds_each_of_them() -> None:
    text = "a man and two girls were killed"
    ledger = Ledger(text, (mention(0, 5, text), mention(10, 13, text)))
    marks = marks_of(ledger, content_at([(0, 19)]))
    assert [(mark.text, mark.kind) for mark in marks] == [("a man", "bound"), ("two", "bound")]


def test_a_count_without_a_place_stands_where_its_words_do() -> None:
    text = "Shelling killed a farmer and his 12-year-old son."
    spans = [(16, 24), (29, 32), (33, 35)]
    kinds: list[Kind] = ["count", "count", "age"]
    ledger = Ledger(
        text, tuple(mention(*span, text, kind) for span, kind in zip(spans, kinds, strict=True))
    )
    content = content_at([(0, 1)])
    total = content.claims[0].total
    assert total is not None
    counted = {"start": None, "end": None, "as_written": "a farmer and his 12-year-old son"}
    claim = content.claims[0].model_copy(
        update={
            "total": total.model_copy(update=counted),
            "evidence": [Evidence(quote=text[9:], start=9, end=len(text))],
        }
    )
    marks = marks_of(ledger, Content(claims=[claim], facilities=[], aside=[]))
    assert [mark.kind for mark in marks] == ["bound", "bound", "other"]


def test_a_count_where_no_number_is_read_has_a_mark_of_its_own() -> None:
    text = "a family was killed"
    assert [
        (mark.text, mark.slots) for mark in marks_of(Ledger(text, ()), content_at([(0, 8)]))
    ] == [("a family", (("c1", "total"),))]


def test_a_quote_that_ends_inside_a_number_takes_all_of_it() -> None:
    text = "killed 1,250 people"
    ledger = Ledger(text, (mention(7, 12, text),))
    content = content_at([(7, 12)], quotes=[(0, 9)])
    found = segments(text, marks_of(ledger, content), content)
    assert [(each.text, each.quotes) for each in found] == [
        ("killed ", ("c1",)),
        ("1,250", ("c1",)),
        (" people", ()),
    ]


def test_an_empty_text_has_no_segments() -> None:
    assert segments("", [], content_at([])) == []


# --- laws --------------------------------------------------------------------------------------


@st.composite
def marked_texts(draw: st.DrawFn) -> tuple[Ledger, Content, list[Span]]:
    """A text with numbers anywhere, counts and quotes at any places, also ones outside of it."""
    text = draw(st.text("ab1٣\r\n \U0001f54a", max_size=30))
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=10)))
    spans = list(zip(edges[::2], edges[1::2], strict=False))
    kinds: list[Kind] = ["count", "date", "vague"]
    ledger = Ledger(
        text, tuple(mention(a, b, text, draw(st.sampled_from(kinds))) for a, b in spans)
    )
    place = st.integers(0, len(text) + 3)
    any_span = st.tuples(place, place)
    counts = draw(st.lists(any_span | st.sampled_from(spans or [(0, 0)]), max_size=5))
    aside = [f"{a}:{b}" for a, b in draw(st.lists(any_span, max_size=3))]
    quotes = draw(st.lists(any_span, max_size=4))
    return ledger, content_at(counts, quotes, aside), counts


@given(marked_texts())
def test_segments_joined_are_the_text_and_each_mark_is_one(
    made: tuple[Ledger, Content, list[Span]],
) -> None:
    ledger, content, _ = made
    marks = marks_of(ledger, content)
    found = segments(ledger.text, marks, content)
    assert "".join(each.text for each in found) == ledger.text
    assert [each.start for each in found[1:]] == [each.end for each in found[:-1]]
    assert all(each.text == ledger.text[each.start : each.end] for each in found)
    in_segments = [(each.start, each.end, each.mark) for each in found if each.mark]
    assert in_segments == [(mark.start, mark.end, mark) for mark in marks]


@given(marked_texts())
def test_every_count_in_the_text_is_marked_and_no_mark_names_another_place(
    made: tuple[Ledger, Content, list[Span]],
) -> None:
    ledger, content, counts = made
    marks = marks_of(ledger, content)
    places = {
        (item.id, slot): (count.start, count.end)
        for item in content.items
        for slot, count in counts_in(item).items()
    }
    named = {slot for mark in marks for slot in mark.slots}
    inside = {
        (f"c{place}", "total")
        for place, (start, end) in enumerate(counts, 1)
        if start < end <= len(ledger.text)
    }
    assert named == inside
    alone = [mark for mark in marks if (mark.start, mark.end) not in places.values()]
    spans = {(each.start, each.end) for each in ledger.mentions}
    assert all((mark.start, mark.end) in spans for mark in alone)


@given(marked_texts())
def test_a_number_of_no_slot_is_aside_or_unbound_or_no_count(
    made: tuple[Ledger, Content, list[Span]],
) -> None:
    ledger, content, _ = made
    for mark in marks_of(ledger, content):
        assert (mark.kind == "bound") == bool(mark.slots)
        if mark.kind == "aside":
            assert f"{mark.start}:{mark.end}" in content.aside
        if mark.kind == "unbound":
            assert mark.what in ("count", "vague")
