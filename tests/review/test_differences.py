"""Differences of contents: which items are counterparts, what is a figure, when two agree."""

from __future__ import annotations

import pytest
from review_builders import LARGE, read_by_rule, report_of

from llm_extract.numbers import read_ledger
from llm_extract.review.content import Content, content_of
from llm_extract.review.differences import Difference, differences, is_wrong, same
from llm_extract.review.edits import apply_edit, parse_edit

TEXT = (
    "The Meridan Observatory said 14 people were killed in Halden, among them nine children and "
    "five women. Dozens of fishermen and hundreds of farmers were displaced; six were detained."
)
LEDGER = read_ledger(TEXT, "en")


def edit(before: Content, **fields: object) -> Content:
    form = parse_edit({name: str(value) for name, value in fields.items()})
    return apply_edit(before, form, TEXT, LEDGER)


def at(words: str) -> dict[str, int]:
    start = TEXT.index(words)
    return {"start": start, "end": start + len(words)}


@pytest.fixture
def base() -> Content:
    """One claim of killed with its parts."""
    empty = Content(claims=[], facilities=[], aside=[])
    one = edit(empty, action="add_claim", outcome="killed", **at("14"))
    one = edit(one, action="set_slot", item="c1", slot="children", **at("nine"))
    return edit(one, action="set_slot", item="c1", slot="women", **at("five"))


def told(before: Content, after: Content) -> list[tuple[str, str, str | None, str | None, bool]]:
    return [(d.item, d.field, d.before, d.after, d.figure) for d in differences(before, after)]


def test_another_number_is_a_figure_and_another_qualifier_is_none(base: Content) -> None:
    six = edit(base, action="set_slot", item="c1", slot="children", **at("six"))
    assert ("c1", "children", "9", "6", True) in told(base, six)
    assert is_wrong(base, six)
    most = edit(base, action="set_qualifier", item="c1", slot="children", qualifier="at_least")
    assert told(base, most) == [("c1", "children", "9", "at least 9", False)]
    assert not is_wrong(base, most)
    assert not same(base, most)


def test_other_vague_words_are_another_figure(base: Content) -> None:
    dozens = edit(base, action="set_slot", item="c1", slot="men", **at("Dozens"))
    hundreds = edit(base, action="set_slot", item="c1", slot="men", **at("hundreds"))
    [difference] = [d for d in differences(dozens, hundreds) if d.field == "men"]
    assert (difference.before, difference.after) == ("Dozens", "hundreds")
    assert difference.figure


def test_a_sum_is_the_total_that_is_printed(base: Content) -> None:
    summed = edit(base, action="clear_slot", item="c1", slot="total")
    assert same(base, summed)
    assert not is_wrong(base, summed)
    place = at("14")
    assert told(base, summed) == [
        ("c1", "total", f"14 at {place['start']}:{place['end']}", "14 as a sum", False)
    ]


def test_a_sum_that_follows_its_parts_is_told_by_them_alone(base: Content) -> None:
    summed = edit(base, action="clear_slot", item="c1", slot="total")
    six = edit(summed, action="set_slot", item="c1", slot="women", **at("six"))
    assert [d.field for d in differences(summed, six) if d.figure] == ["women"]


def test_a_label_is_a_difference_and_no_figure(base: Content) -> None:
    form = {"action": "set_slot", "item": "c1", "slot": "subgroups.other", **at("six")}
    ours, theirs = edit(base, **form, label="fishermen"), edit(base, **form, label="farmers")
    assert told(ours, theirs) == [("c1", "subgroups", "fishermen 6", "farmers 6", False)]
    assert not same(ours, theirs)
    assert any(d.field == "subgroups" and d.figure for d in differences(base, ours))


@pytest.mark.parametrize(
    ("field", "value", "figure"),
    [
        ("outcome", "injured", True),
        ("claimant", "Halden Council", False),
        ("perpetrators", "Militia Q", False),
        ("places", "Halden", False),
        ("weapons", "mortar", False),
        ("scope", "cumulative", False),
        ("period", "2026-03-01\n2026-03-05\nin March", False),
    ],
)
def test_every_field_can_differ(base: Content, field: str, value: str, figure: bool) -> None:
    after = edit(base, action="set_field", item="c1", field=field, value=value)
    found = {d.field: d.figure for d in differences(base, after)}
    assert found[field] == figure
    assert is_wrong(base, after) == figure
    assert not same(base, after)


def test_reviewers_agree_whatever_the_spelling_of_a_name(base: Content) -> None:
    ours = edit(base, action="set_field", item="c1", field="claimant", value="The Halden council")
    theirs = edit(base, action="set_field", item="c1", field="claimant", value="Halden Council")
    assert same(ours, theirs)
    assert told(ours, theirs) == [("c1", "claimant", "The Halden council", "Halden Council", False)]


def test_reviewers_agree_who_add_the_same_claims_in_another_order(base: Content) -> None:
    ours = edit(base, action="add_claim", outcome="displaced", **at("Dozens"))
    ours = edit(ours, action="add_claim", outcome="displaced", **at("hundreds"))
    theirs = edit(base, action="add_claim", outcome="displaced", **at("hundreds"))
    theirs = edit(theirs, action="add_claim", outcome="displaced", **at("Dozens"))
    assert [claim.id for claim in ours.claims] != [claim.id for claim in theirs.claims]
    assert same(ours, theirs)
    assert differences(ours, theirs) == []


def test_a_claim_that_one_of_two_added_is_a_figure(base: Content) -> None:
    after = edit(base, action="add_claim", outcome="detained", **at("six"))
    assert told(base, after) == [("c2", "item", None, "detained 6", True)]
    assert told(after, base) == [("c2", "item", "detained 6", None, True)]


def test_a_place_has_effects_and_kinds_and_no_outcome(base: Content) -> None:
    form = {"kind": "school", "effect": "attacked"}
    ours = edit(base, action="add_facility", **form, **at("six"))
    theirs = edit(ours, action="set_field", item="f1", field="effect", value="destroyed")
    theirs = edit(theirs, action="set_field", item="f1", field="kinds", value="school market")
    assert told(ours, theirs) == [
        ("f1", "effect", "attacked", "destroyed", True),
        ("f1", "kinds", "school", "school; market", False),
    ]


def test_what_is_said_beside_the_claims_is_told_and_is_no_disagreement(base: Content) -> None:
    after = edit(base, action="set_aside", **at("six"))
    key = {"key": "0f", "rule": "A01", "standing": "false_alarm"}
    after = edit(after, action="accept_finding", **key)
    after = edit(after, action="bind_quote", item="c1", **at("Halden"))
    assert [d.field for d in differences(base, after)] == ["quotes", "aside", "accepted"]
    assert same(base, after)


def test_a_part_that_moves_to_another_whole_is_told(base: Content) -> None:
    two = edit(base, action="add_claim", outcome="killed", **at("six"))
    part = edit(two, action="set_parent", item="c2", parent="c1")
    assert told(two, part) == [("c2", "part_of", None, "c1", False)]
    assert not same(two, part)


def test_a_part_of_one_of_two_claims_that_say_the_same_is_part_of_either(base: Content) -> None:
    twins = edit(base, action="add_claim", outcome="killed", **at("six"))
    twins = edit(twins, action="add_claim", outcome="killed", **at("six"))
    ours = edit(twins, action="set_parent", item="c1", parent="c2")
    theirs = edit(twins, action="set_parent", item="c1", parent="c3")
    assert same(ours, theirs)
    assert differences(ours, theirs) == []


def test_a_new_whole_of_the_same_words_is_the_same_whole() -> None:
    record = read_by_rule(report_of("r1", LARGE))
    whole = content_of(record)
    claims = [
        claim.model_copy(
            update={
                "id": f"c{int(claim.id[1:]) + 9}",
                "part_of_id": None if claim.part_of_id is None else f"c{claim.part_of + 10}",
            }
        )
        for claim in whole.claims
        if claim.part_of is not None or claim.part_of_id is None
    ]
    assert same(whole, whole.model_copy(update={"claims": claims}))


def test_a_difference_is_a_value() -> None:
    one = Difference(item="c1", field="total", before="1", after="2", figure=True)
    assert Difference.model_validate_json(one.model_dump_json()) == one
