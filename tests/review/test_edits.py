"""Edits of a content: numbers, claims, quotes, and what is said beside them."""

from __future__ import annotations

import pytest
from edit_builders import (
    FIRST,
    SECOND,
    THIRD,
    at,
    base_content,
    claim,
    content,
    count,
    edit,
    figures,
    first,
)

from llm_extract.errors import ChangeError
from llm_extract.record import Change, Evidence
from llm_extract.review.content import Content
from llm_extract.schema import Subgroup


@pytest.fixture
def base() -> Content:
    return base_content()


# --- numbers ----------------------------------------------------------------------------------


def test_a_number_of_the_ledger_fills_a_slot_and_brings_its_sentence(base: Content) -> None:
    after = edit(base, action="set_slot", item="c2", slot="children", **at("1,200"))
    assert figures(after.claims[1]) == {"total": 9, "children": 1200}
    assert [quote.quote for quote in after.claims[1].evidence] == [SECOND, THIRD]
    assert after.claims[0] == base.claims[0]


def test_what_the_ledger_reads_as_a_day_is_no_number_of_people(base: Content) -> None:
    with pytest.raises(ChangeError, match="is read as date"):
        edit(base, action="set_slot", item="c1", slot="men", **at("3 March 2026"))


def test_a_number_in_a_slot_is_no_longer_aside(base: Content) -> None:
    aside = edit(base, action="set_aside", **at("1,200"))
    assert len(aside.aside) == 1
    assert edit(aside, action="set_slot", item="c2", slot="men", **at("1,200")).aside == []
    words = at("1,200 people")
    taken = edit(aside, action="set_number", item="c2", slot="men", value="1200", **words)
    assert taken.aside == []


def test_a_number_of_a_claim_cannot_be_aside(base: Content) -> None:
    with pytest.raises(ChangeError, match="is a number of c1"):
        edit(base, action="set_aside", **at("12"))


def test_words_that_the_ledger_does_not_read_are_a_number_when_a_person_says_so(
    base: Content,
) -> None:
    form = {"action": "set_number", "item": "c2", "slot": "subgroups.other", "label": "fishermen"}
    after = edit(base, **form, value="40", qualifier="about", **at(" twoscore "))
    part = after.claims[1].subgroups[0]
    assert (part.label, part.count.value, part.count.as_written) == ("fishermen", 40, "twoscore")
    assert (part.count.low, part.count.high) == (36, 44)


@pytest.mark.parametrize(
    ("words", "value", "fits"),
    [
        ("1,200", "1200", True),
        ("1,200", "1,200", True),
        ("1,200", "200", False),
        ("200 people", "200", False),
        ("20 goats", "20", False),
        ("120 goats", "120", True),
        ("120 goats", "12", False),
        ("12 children, seven women", "7", True),
        ("12 children, seven women", "19", False),
    ],
)
def test_digits_say_what_number_they_are(base: Content, words: str, value: str, fits: bool) -> None:
    form = {"action": "set_number", "item": "c2", "slot": "men", "value": value, **at(words)}
    if fits:
        assert figures(edit(base, **form).claims[1])["men"] == int(value.replace(",", ""))
    else:
        with pytest.raises(ChangeError, match=r"the words say|the selection cuts"):
            edit(base, **form)


def test_people_who_are_counted_one_by_one_need_not_be_the_number_that_stands_there(
    base: Content,
) -> None:
    form = {"action": "set_number", "item": "c2", "slot": "men", "value": "2", "basis": "counted"}
    assert figures(edit(base, **form, **at("12 children, seven women")).claims[1])["men"] == 2


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"value": ""}, "a number is given unless"),
        ({"value": "1", "qualifier": "vague"}, "a number is given unless"),
        ({"value": "1", "qualifier": "range"}, "a second number"),
        ({"value": "1", "upper": "2"}, "a second number"),
        ({"value": "2", "upper": "1", "qualifier": "range"}, "from its smaller number"),
    ],
)
def test_a_number_fits_its_qualifier(base: Content, fields: dict[str, str], line: str) -> None:
    with pytest.raises(ChangeError, match=line):
        edit(base, action="set_number", item="c2", slot="men", **at("twoscore"), **fields)


def test_another_qualifier_moves_the_bounds(base: Content) -> None:
    after = edit(base, action="set_qualifier", item="c1", slot="women", qualifier="at_least")
    women = first(after).women
    assert women is not None
    assert (women.low, women.high) == (7, None)


def test_a_printed_total_that_is_cleared_gives_way_to_the_sum(base: Content) -> None:
    after = edit(base, action="clear_slot", item="c1", slot="total")
    total = first(after).total
    assert total is not None
    assert (total.basis, total.value) == ("derived", 19)
    fewer = edit(after, action="clear_slot", item="c1", slot="women")
    assert first(fewer).total is None
    with pytest.raises(ChangeError, match="is a sum"):
        edit(after, action="clear_slot", item="c1", slot="total")


def test_a_number_moves_to_another_claim_with_its_quote(base: Content) -> None:
    goal = {"to_item": "c2", "to_slot": "women"}
    after = edit(base, action="move_slot", item="c1", slot="women", **goal)
    assert figures(after.claims[0]) == {"total": 40, "children": 12}
    assert figures(after.claims[1]) == {"total": 9, "women": 7}
    assert FIRST in [quote.quote for quote in after.claims[1].evidence]


def test_two_numbers_change_places(base: Content) -> None:
    goal = {"to_item": "c1", "to_slot": "children"}
    after = edit(base, action="move_slot", item="c1", slot="women", **goal)
    assert figures(first(after)) == {"total": 40, "children": 7, "women": 12}


def test_subgroups_of_one_name_lose_no_number_when_they_change_places(base: Content) -> None:
    for words in ("12", "seven", "nine"):
        form = {"action": "set_slot", "item": "c2", "slot": "subgroups.girls.9"}
        base = edit(base, **form, **at(words))
    goal = {"to_item": "c2", "to_slot": "subgroups.girls.3"}
    after = edit(base, action="move_slot", item="c2", slot="subgroups.girls", **goal)
    assert [part.count.value for part in after.claims[1].subgroups] == [9, 7, 12]


def test_a_label_stays_with_its_slot(base: Content) -> None:
    other = {"action": "set_slot", "item": "c1", "slot": "subgroups.other", "label": "goatherds"}
    labelled = edit(base, **other, **at("nine"))
    form = {"action": "move_slot", "item": "c1", "slot": "women", "to_item": "c1"}
    after = edit(labelled, **form, to_slot="subgroups.other")
    [part] = first(after).subgroups
    assert (part.label, part.count.value) == ("goatherds", 7)
    renamed = edit(after, action="set_field", item="c1", field="label", value=" herders ")
    assert first(renamed).subgroups[0].label == "herders"
    with pytest.raises(ChangeError, match="label"):
        edit(base, **form, to_slot="subgroups.other")


# --- claims -----------------------------------------------------------------------------------


def test_a_new_claim_takes_its_place_in_the_text_and_links_follow(base: Content) -> None:
    after = edit(base, action="add_claim", outcome="killed", **at("seven"))
    assert [claim.id for claim in after.claims] == ["c1", "c3", "c2"]
    assert (after.claims[2].part_of, after.claims[2].part_of_id) == (0, "c1")
    later = edit(after, action="add_claim", outcome="displaced", **at("1,200"))
    assert [claim.id for claim in later.claims] == ["c1", "c3", "c2", "c4"]
    assert [quote.quote for quote in later.claims[3].evidence] == [THIRD]


def test_a_facility_is_added(base: Content) -> None:
    kind = {"kind": "market", "effect": "damaged"}
    after = edit(base, action="add_facility", **kind, **at("120"))
    assert [(f.id, f.kinds, f.effect) for f in after.facilities] == [
        ("f2", ["market"], "damaged"),
        ("f1", ["school"], "attacked"),
    ]


def test_parts_of_a_claim_that_is_deleted_go_to_its_whole(base: Content) -> None:
    three = edit(base, action="add_claim", outcome="killed", **at("seven"))
    chain = edit(three, action="set_parent", item="c3", parent="c2")
    after = edit(chain, action="delete_item", item="c2")
    assert {claim.id: claim.part_of_id for claim in after.claims} == {"c1": None, "c3": "c1"}


def test_a_circle_that_a_prediction_came_with_can_be_opened(base: Content) -> None:
    whole = first(base).model_copy(update={"part_of": 1, "part_of_id": "c2"})
    circle = base.model_copy(update={"claims": [whole, base.claims[1]]})
    after = edit(circle, action="delete_item", item="c2")
    assert [(claim.id, claim.part_of_id) for claim in after.claims] == [("c1", None)]
    bare = edit(circle, action="clear_slot", item="c2", slot="total")
    merged = edit(bare, action="merge_items", item="c2", into="c1")
    assert [(claim.id, claim.part_of_id) for claim in merged.claims] == [("c1", None)]


@pytest.mark.parametrize("parent", ["c1", "c2"])
def test_no_claim_is_part_of_itself(base: Content, parent: str) -> None:
    with pytest.raises(ChangeError, match="which is part of it"):
        edit(base, action="set_parent", item="c1", parent=parent)


def test_people_are_no_part_of_places(base: Content) -> None:
    with pytest.raises(ChangeError, match="same kind"):
        edit(base, action="set_parent", item="c1", parent="f1")


def test_a_merged_claim_takes_quotes_and_what_its_slots_lack(base: Content) -> None:
    part = edit(base, action="clear_slot", item="c2", slot="total")
    part = edit(part, action="set_slot", item="c2", slot="men", **at("nine"))
    after = edit(part, action="merge_items", item="c2", into="c1")
    assert figures(first(after)) == {"total": 40, "children": 12, "women": 7, "men": 9}
    assert [quote.quote for quote in first(after).evidence] == [FIRST, SECOND]


def test_a_merged_claim_takes_a_printed_total_in_the_place_of_a_sum(base: Content) -> None:
    summed = edit(base, action="clear_slot", item="c1", slot="total")
    after = edit(summed, action="merge_items", item="c2", into="c1")
    total = first(after).total
    assert total is not None
    assert (total.basis, total.value) == ("printed", 9)


def test_claims_at_odds_are_not_merged(base: Content) -> None:
    with pytest.raises(ChangeError, match="c2 and c1 differ in total"):
        edit(base, action="merge_items", item="c2", into="c1")
    hurt = edit(base, action="set_field", item="c2", field="outcome", value="injured")
    with pytest.raises(ChangeError, match="c2 is injured and c1 is killed"):
        edit(hurt, action="merge_items", item="c2", into="c1")


def test_facilities_at_odds_are_not_merged(base: Content) -> None:
    form = {"action": "add_facility", "kind": "school", "effect": "attacked"}
    with pytest.raises(ChangeError, match="differ in count"):
        edit(edit(base, **form, **at("120")), action="merge_items", item="f2", into="f1")


def test_subgroups_are_merged_by_their_labels(base: Content) -> None:
    form = {"action": "set_slot", "slot": "subgroups.other", **at("seven")}
    both = edit(base, **form, item="c1", label="goatherds")
    both = edit(both, **form, item="c2", label="Fishermen")
    both = edit(both, action="clear_slot", item="c2", slot="total")
    merged = first(edit(both, action="merge_items", item="c2", into="c1"))
    assert [part.label for part in merged.subgroups] == ["goatherds", "Fishermen"]


def test_a_claim_that_becomes_one_with_its_whole_s_whole_makes_no_circle(base: Content) -> None:
    three = edit(base, action="add_claim", outcome="killed", **at("seven"))
    chain = edit(three, action="set_parent", item="c3", parent="c2")
    bare = edit(chain, action="clear_slot", item="c3", slot="total")
    after = edit(bare, action="merge_items", item="c1", into="c3")
    assert {claim.id: claim.part_of_id for claim in after.claims} == {"c3": None, "c2": "c3"}


def test_slots_become_a_claim_of_their_own(base: Content) -> None:
    after = edit(base, action="split_item", item="c1", slots="children,women")
    assert [claim.id for claim in after.claims] == ["c1", "c3", "c2"]
    assert figures(after.claims[0]) == {"total": 40}
    assert figures(after.claims[1]) == {"total": 19, "children": 12, "women": 7}
    assert after.claims[1].evidence == after.claims[0].evidence


def test_a_claim_keeps_one_number_that_is_no_sum_when_it_is_split(base: Content) -> None:
    summed = edit(base, action="clear_slot", item="c1", slot="total")
    with pytest.raises(ChangeError, match="leave c1 one slot"):
        edit(summed, action="split_item", item="c1", slots="children,women")
    with pytest.raises(ChangeError, match="c1 states no total"):
        edit(summed, action="split_item", item="c1", slots="total")


def test_a_claim_may_have_many_subgroups() -> None:
    part = Subgroup(group="other", label="fishermen", count=count(7, "seven"))
    one = content(claim([FIRST], total=count(40, "40"), subgroups=[part] * 12))
    after = edit(one, action="split_item", item="c1", slots="subgroups.other.2,subgroups.other.10")
    assert [len(each.subgroups) for each in after.claims] == [10, 2]


# --- quotes, numbers aside, findings, suggestions -----------------------------------------------


def test_a_quote_is_bound_without_the_spaces_round_it(base: Content) -> None:
    after = edit(base, action="bind_quote", item="c2", **at(" Two schools "))
    quote = after.claims[1].evidence[-1]
    assert quote == Evidence(quote="Two schools", **at("Two schools"))
    assert edit(after, action="bind_quote", item="c2", **at("Two schools")) == after


def test_the_only_quote_that_holds_a_number_is_not_dropped(base: Content) -> None:
    with_two = edit(base, action="bind_quote", item="c2", **at("Two schools"))
    with pytest.raises(ChangeError, match="holds 'nine' of c2"):
        edit(with_two, action="drop_quote", item="c2", index=0)
    assert edit(with_two, action="drop_quote", item="c2", index=1) == base
    with pytest.raises(ChangeError, match="has no quote 3"):
        edit(with_two, action="drop_quote", item="c2", index=2)


def test_what_is_said_of_numbers_and_findings_can_be_taken_back(base: Content) -> None:
    aside = edit(base, action="set_aside", **at("120"))
    assert edit(aside, action="unset_aside", **at("120")) == base
    form = {"key": "0f", "rule": "A01", "standing": "source_says_so"}
    accepted = edit(base, action="accept_finding", **form)
    changed = edit(accepted, action="accept_finding", **{**form, "standing": "false_alarm"})
    assert [one.standing for one in changed.accepted] == ["false_alarm"]
    assert edit(changed, action="unaccept_finding", key="0f") == base
    for gone in (
        {"action": "unset_aside", **at("120")},
        {"action": "unaccept_finding", "key": "0"},
    ):
        with pytest.raises(ChangeError):
            edit(base, **gone)


def test_changes_that_make_a_circle_or_name_false_places_are_refused(base: Content) -> None:
    link = Change(claim="c1", field="part_of", before=None, after="c2", start=None, end=None)
    with pytest.raises(ChangeError, match="part of itself"):
        edit(base, action="apply_changes", changes=f"[{link.model_dump_json()}]")
    unlink = Change(claim="c2", field="part_of", before="c1", after=None, start=10**9, end=None)
    after = edit(base, action="apply_changes", changes=f"[{unlink.model_dump_json()}]")
    assert after.claims[1].evidence == base.claims[1].evidence
