"""Grounding: quotes and counts find their place in the report, and nothing is corrected."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from silent import SILENT

from llm_extract.extraction.grounding import ground, locate
from llm_extract.numbers import read_ledger
from llm_extract.schema import CasualtyReport, Claim, Count, FacilityClaim

TEXT = (
    "Shells hit the market of Belkesh on Tuesday.\nThe fire service counted 31 dead, among them "
    "nine children and 12 women; at least 40\npeople were wounded. Two schools were destroyed."
)
LEDGER = read_ledger(TEXT, "en")
TOLL = "The fire service counted 31 dead, among them nine children and 12 women"


def count(value: int, words: str | None = None, **fields: Any) -> Count:
    known = {"upper": None, "qualifier": "exact", "basis": "printed"}
    return Count(value=value, as_written=words or str(value), **{**known, **fields})


def claim(total: Count | None, *quotes: str, **fields: Any) -> Claim:
    known: dict[str, Any] = {
        **SILENT,
        "total": total,
        "evidence": list(quotes),
    }
    return Claim(**{**known, **fields})


def grounded(*claims: Claim) -> Any:
    return ground(CasualtyReport(claims=list(claims), facilities=[]), TEXT, LEDGER)[0]


# --- quotes ------------------------------------------------------------------------------------


def test_a_verbatim_quote_is_where_it_stands() -> None:
    found = locate(TOLL, TEXT, LEDGER)
    assert found.quote == TOLL
    assert TEXT[found.start : found.end] == TOLL


@given(st.data())
def test_offsets_of_any_piece_of_the_text_slice_to_its_quote(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(TEXT) - 1))
    end = data.draw(st.integers(start + 1, len(TEXT)))
    assume(TEXT[start:end].strip())
    found = locate(TEXT[start:end], TEXT, LEDGER)
    assert found.start is not None and found.start <= start
    assert TEXT[found.start : found.end] == found.quote == TEXT[start:end]


@given(st.text(alphabet=st.sampled_from(TEXT + "XYZ789٣"), min_size=1, max_size=60))
def test_whatever_is_located_slices_to_the_words_of_the_report(quote: str) -> None:
    found = locate(quote, TEXT, LEDGER)
    if found.start is not None and found.end is not None:
        there = TEXT[found.start : found.end]
        assert found.quote.split() == there.split()
        digits = [c for c in there if c.isdigit()]
        assert digits == [c for c in quote if c.isdigit()]
    else:
        assert found.quote == quote


def test_white_space_is_folded() -> None:
    found = locate("at least 40 people\twere  wounded", TEXT, LEDGER)
    assert TEXT[found.start : found.end] == "at least 40\npeople were wounded"


@pytest.mark.parametrize(
    "quote",
    [
        "The fire service counted 31 dead, amongst them nine children and 12 women",
        "The Fire Service counted 31 dead among them nine children and 12 women",
        "he fire services counted 31 dead, among them nine children and 12 women",
    ],
)
def test_a_slip_of_the_pen_is_aligned_and_takes_the_words_of_the_report(quote: str) -> None:
    found = locate(quote, TEXT, LEDGER)
    assert found.start is not None
    assert found.quote == TEXT[found.start : found.end] != quote


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("31", "37"), ("31", "3"), ("31", "131"), ("12", "21"), ("nine", "five"), ("nine", "19")],
)
def test_a_quote_with_another_number_is_never_aligned(right: str, wrong: str) -> None:
    found = locate(TOLL.replace(right, wrong, 1), TEXT, LEDGER)
    assert (found.start, found.end) == (None, None)


@pytest.mark.parametrize("quote", ["", "   ", "Rockets hit the port of Vasna on Friday."])
def test_what_stands_nowhere_has_no_place(quote: str) -> None:
    found = locate(quote, TEXT, LEDGER)
    assert (found.quote, found.start, found.end) == (quote, None, None)


# --- counts ------------------------------------------------------------------------------------


def test_counts_stand_on_their_number_words() -> None:
    (found,) = grounded(claim(count(31), TOLL, children=count(9, "nine"), women=count(12)))
    for stated, words in ((found.total, "31"), (found.children, "nine"), (found.women, "12")):
        assert TEXT[stated.start : stated.end] == words


def test_a_count_outside_its_quotes_has_no_place_and_keeps_its_value() -> None:
    (found,) = grounded(claim(count(40), TOLL))
    assert (found.total.value, found.total.start, found.total.end) == (40, None, None)


def test_two_claims_of_one_number_take_two_mentions_where_there_are_two() -> None:
    text = "Shells killed 7 in Belkesh, and 7 in Vasna."
    report = CasualtyReport(claims=[claim(count(7), text), claim(count(7), text)], facilities=[])
    first, second = ground(report, text, read_ledger(text, "en"))[0]
    assert first.total is not None and second.total is not None
    assert first.total.start != second.total.start


def test_killed_and_injured_of_one_number_take_a_mention_each() -> None:
    text = "Raiders killed at least six people and wounded six others near Belkesh."
    killed = claim(count(6, "six", qualifier="at_least"), text)
    injured = claim(count(6, "six"), text, outcome="injured")
    report = CasualtyReport(claims=[injured, killed], facilities=[])
    of_injured, of_killed = ground(report, text, read_ledger(text, "en"))[0]
    assert of_killed.total.start == text.index("six people")
    assert of_injured.total.start == text.index("six others")


def test_a_group_that_is_the_whole_total_stands_on_the_total_s_number() -> None:
    text = "At least 20 policemen were killed, and twenty civilians were hurt."
    twenty = count(20, qualifier="at_least")
    police = [{"group": "police", "label": None, "count": twenty}]
    report = CasualtyReport(claims=[claim(twenty, text, subgroups=police)], facilities=[])
    ((of_police,), _) = ground(report, text, read_ledger(text, "en"))
    assert of_police.subgroups[0].count.start == of_police.total.start == text.index("20")


def test_bounds_come_from_the_qualifier() -> None:
    (found,) = grounded(claim(count(40, qualifier="at_least"), TEXT, outcome="injured"))
    assert (found.total.low, found.total.high) == (40, None)


def test_parts_without_a_total_are_added_up_and_marked_as_derived() -> None:
    (found,) = grounded(claim(None, TOLL, children=count(9, "nine"), women=count(12)))
    assert (found.total.value, found.total.basis, found.total.start) == (21, "derived", None)
    assert (found.total.low, found.total.high) == (21, 21)


def test_one_part_alone_gives_no_total() -> None:
    (found,) = grounded(claim(None, TOLL, women=count(12)))
    assert found.total is None


def test_ids_stand_beside_indexes() -> None:
    first, second = grounded(claim(count(31), TOLL), claim(count(12), TOLL, part_of=0))
    assert (first.id, first.part_of_id) == ("c1", None)
    assert (second.id, second.part_of, second.part_of_id) == ("c2", 0, "c1")


def test_a_link_to_a_claim_that_is_not_there_is_dropped() -> None:
    (found,) = grounded(claim(count(31), TOLL, part_of=4))
    assert (found.part_of, found.part_of_id) == (None, None)


def test_facilities_are_grounded_like_claims() -> None:
    facility = FacilityClaim(
        kinds=["school"],
        count=count(2, "Two"),
        effect="destroyed",
        part_of=None,
        claimant=None,
        perpetrators=[],
        attribution=None,
        weapons=[],
        places=[],
        scope="incident",
        period=None,
        evidence=["Two schools were destroyed."],
    )
    _, (found,) = ground(CasualtyReport(claims=[], facilities=[facility]), TEXT, LEDGER)
    assert found.id == "f1" and found.count is not None
    assert TEXT[found.count.start : found.count.end] == "Two"
    (quote,) = found.evidence
    assert TEXT[quote.start : quote.end] == "Two schools were destroyed."
