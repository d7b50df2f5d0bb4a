"""Laws of edits, differences and judging over drawn records and sequences of edits."""

from __future__ import annotations

from random import Random

from drawn_edits import Edited, edited, laws_broken
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_extract.record import Record, RecordClaim
from llm_extract.review.content import Content, content_of, with_content
from llm_extract.review.differences import differences, is_wrong, same
from llm_extract.review.judging import judge, open_errors, rulings

SILENT = {"aside", "accepted", "quotes"}
SPELLING = {"claimant", "perpetrators", "places", "period"}
PLACED = {"total", "children", "women", "men", "count", "subgroups"}
"""Slots, whose number may be the same and stand elsewhere."""


@given(edited())
@settings(max_examples=200)
def test_whatever_is_edited_ids_links_quotes_and_numbers_hold(case: Edited) -> None:
    assert list(laws_broken(case.contents[0], case.text)) == []
    for content in case.contents[1:]:
        assert list(laws_broken(content, case.text)) == []


@given(edited())
@settings(max_examples=30)
def test_an_edited_content_is_a_record_that_the_rules_can_judge(case: Edited) -> None:
    record = with_content(case.drawn.record, case.last)
    assert Record.model_validate_json(record.model_dump_json()) == record
    assert Content.model_validate_json(case.last.model_dump_json()) == case.last
    judged = judge(case.drawn.record, case.last, case.text, case.ledger)
    assert len(open_errors(judged)) <= len(judged)
    assert len(rulings(case.drawn.record, case.last, case.text, case.ledger)) == len(
        case.drawn.record.findings
    )


@given(edited())
@settings(max_examples=60)
def test_a_content_differs_in_nothing_from_itself(case: Edited) -> None:
    for content in case.contents:
        assert differences(content, content) == []
        assert same(content, content)
        assert not is_wrong(content, content)


@given(edited())
@settings(max_examples=60)
def test_agreement_is_mutual_and_means_that_only_spelling_and_places_differ(case: Edited) -> None:
    for one, other in zip(case.contents, case.contents[1:], strict=False):
        assert same(one, other) == same(other, one)
        fields = {difference.field for difference in differences(one, other)}
        if same(one, other):
            assert fields <= SILENT | SPELLING | PLACED
            assert not is_wrong(one, other)
        if fields <= SILENT:
            assert same(one, other)


@given(edited())
@settings(max_examples=60)
def test_no_edit_changes_a_content_without_a_difference(case: Edited) -> None:
    for one, other in zip(case.contents, case.contents[1:], strict=False):
        if as_sets(one) != as_sets(other):
            assert differences(one, other)


def as_sets(content: Content) -> list[object]:
    """A content without what order and repeats say."""

    def sorted_out(value: object) -> object:
        if isinstance(value, list):
            return sorted({repr(sorted_out(each)) for each in value})
        if isinstance(value, dict):
            return {
                key: sorted_out(each)
                for key, each in value.items()
                if key not in ("id", "part_of", "part_of_id", "low", "high")
            }
        return value

    return [sorted_out(item.model_dump()) for item in content.items]


@given(edited())
@settings(max_examples=60)
def test_a_prediction_is_right_only_when_no_figure_differs(case: Edited) -> None:
    first, last = case.contents[0], case.last
    assert is_wrong(first, last) == any(each.figure for each in differences(first, last))
    if same(first, last):
        assert not is_wrong(first, last)


@given(edited(), st.randoms())
@settings(max_examples=60)
def test_ids_and_order_say_nothing(case: Edited, random: Random) -> None:
    renamed = renumbered(case.last, random)
    assert same(case.last, renamed)
    assert {each.field for each in differences(case.last, renamed)} == set()


def renumbered(content: Content, random: Random) -> Content:
    """The same claims in another order, each with an id that another one had."""
    claims = list(content.claims)
    random.shuffle(claims)
    ids = {claim.id: f"c{place}" for place, claim in enumerate(claims, 1)}
    places = {claim.id: place for place, claim in enumerate(claims)}

    def renamed(claim: RecordClaim) -> RecordClaim:
        whole = claim.part_of_id
        return claim.model_copy(
            update={
                "id": ids[claim.id],
                "part_of_id": None if whole is None else ids[whole],
                "part_of": None if whole is None else places[whole],
            }
        )

    return content.model_copy(update={"claims": [renamed(claim) for claim in claims]})


@given(edited())
@settings(max_examples=20)
def test_the_content_of_a_record_with_a_content_is_that_content(case: Edited) -> None:
    record = with_content(case.drawn.record, case.last)
    assert content_of(record) == case.last.model_copy(update={"accepted": []})
