"""Gold and predicted claims find their counterparts."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from silent import SILENT

from llm_extract.evals.matching import (
    Figure,
    evidence_overlap,
    figures,
    is_right,
    match_claims,
    match_facilities,
    normal_name,
    similarity,
)
from llm_extract.schema import Claim, Count, FacilityClaim, Subgroup


def count(value: int | None, upper: int | None = None) -> Count:
    return Count(
        value=value,
        upper=upper,
        qualifier="vague" if value is None else "exact" if upper is None else "range",
        basis="printed",
        as_written=str(value),
    )


def claim(total: int | Count | None = None, **fields: object) -> Claim:
    bare: dict[str, object] = {
        **SILENT,
        "total": count(total) if isinstance(total, int) else total,
        "evidence": [f"the toll stood at {total}"],
    }
    return Claim.model_validate(bare | fields)


def facility(number: int, *kinds: str) -> FacilityClaim:
    return FacilityClaim.model_validate(
        {
            "kinds": list(kinds),
            "count": count(number),
            "effect": "damaged",
            "part_of": None,
            "claimant": None,
            "perpetrators": [],
            "attribution": None,
            "weapons": [],
            "places": [],
            "scope": "incident",
            "period": None,
            "evidence": [f"{number} buildings were damaged"],
        }
    )


def group(name: str, value: int) -> Subgroup:
    return Subgroup.model_validate({"group": name, "label": None, "count": count(value)})


claims = st.builds(
    claim,
    st.integers(0, 4),
    outcome=st.sampled_from(["killed", "injured"]),
    claimant=st.sampled_from([None, "the Harbour Board", "Union of Ferrymen"]),
    places=st.sampled_from([[], ["Ostrava Bay"], ["Lower Quay"]]),
)


def test_claims_of_different_outcomes_are_never_paired() -> None:
    assert similarity(claim(5), claim(5, outcome="injured")) == 0
    assert match_claims([claim(5)], [claim(5, outcome="injured")]) == []


def test_equal_claims_are_wholly_alike() -> None:
    assert similarity(claim(5), claim(5)) == pytest.approx(1.0)


def test_claims_that_share_neither_number_nor_quote_are_no_counterparts() -> None:
    assert match_claims([claim(5)], [claim(7, evidence=["seven fell ill at sea"])]) == []


def test_a_wrong_number_in_the_same_quote_is_a_counterpart_but_not_right() -> None:
    quote = ["nine sailors drowned off the cape"]
    (pair,) = match_claims([claim(9, evidence=quote)], [claim(6, evidence=quote)])
    assert not pair.right and 0 < pair.similarity < 1


def test_the_claimant_settles_which_of_two_equal_figures_is_meant() -> None:
    gold = [claim(4, claimant="Harbour Board"), claim(4, claimant="Union of Ferrymen")]
    pairs = match_claims(gold, [gold[1], gold[0]])
    assert [(p.gold, p.predicted) for p in pairs] == [(0, 1), (1, 0)]


def test_similarity_weighs_numbers_quotes_and_attributes_as_documented() -> None:
    gold = claim(8, children=count(2), claimant="the Harbour Board", places=["Lower Quay"])
    other = claim(8, claimant="harbour board (HB)", places=["Ostrava Bay"], perpetrators=["X"])
    # numbers 1 of 2, same quote, same claimant, no common party, same period, no common place
    assert similarity(gold, other) == pytest.approx(0.5 * 0.5 + 0.2 + 0.1 + 0 + 0.05 + 0)


def test_a_list_without_printed_total_equals_the_same_list_with_a_counted_one() -> None:
    parts = {"children": count(4), "women": count(1)}
    assert figures(claim(None, **parts))["total"] == Figure(5, None)
    assert is_right(claim(None, **parts), claim(5, **parts))


def test_a_slice_of_boys_and_girls_is_a_slice_of_children() -> None:
    listed = claim(5, subgroups=[group("boys", 3), group("girls", 2)])
    assert figures(listed)["children"] == Figure(5, None)
    beside_others = claim(9, subgroups=[group("boys", 3), group("girls", 2)])
    assert "children" not in figures(beside_others)


def test_nothing_is_derived_from_a_vague_part() -> None:
    assert figures(claim(None, children=count(None), women=count(2))).get("total") is None


def test_a_range_differs_from_its_lower_number() -> None:
    assert not is_right(claim(15), claim(count(15, 17)))


def test_a_vague_figure_differs_from_silence() -> None:
    assert not is_right(claim(None), claim(count(None)))


def test_facilities_are_paired_over_a_common_kind() -> None:
    gold = [facility(3, "school"), facility(2, "medical")]
    pairs = match_facilities(gold, [facility(2, "medical", "other"), facility(3, "market")])
    assert [(p.gold, p.predicted, p.right) for p in pairs] == [(1, 0, True)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the Harbour  Board", "Harbour Board (HB)"),
        ("HARBOUR BOARD", "harbour-board"),
        ("الهيئة البحرية", "هيئة بحرية"),
        ("L'Union", "union"),
    ],
)
def test_names_are_equal_without_case_article_punctuation_and_abbreviation(
    one: str, other: str
) -> None:
    assert normal_name(one) == normal_name(other)


def test_a_quote_inside_a_longer_one_overlaps_wholly() -> None:
    assert evidence_overlap(["nine drowned"], ["On Friday nine drowned, police said"]) == 1
    assert evidence_overlap(["nine drowned"], ["the ferry sank"]) == 0
    assert evidence_overlap(["nine drowned"], []) == 0


def test_the_days_of_a_period_are_compared_not_its_words() -> None:
    stretch = {"start": date(2031, 5, 1), "end": date(2031, 5, 3)}
    worded = [
        claim(1, period=stretch | {"as_written": words}) for words in ("May 1-3", "1 to 3 May")
    ]
    assert similarity(*worded) == pytest.approx(1.0)


@given(st.lists(claims, max_size=5), st.lists(claims, max_size=5))
def test_every_claim_has_at_most_one_counterpart(gold: list[Claim], found: list[Claim]) -> None:
    pairs = match_claims(gold, found)
    assert len({p.gold for p in pairs}) == len({p.predicted for p in pairs}) == len(pairs)


@given(st.lists(claims, max_size=5))
def test_a_report_matches_itself_wholly(gold: list[Claim]) -> None:
    pairs = match_claims(gold, gold)
    assert len(pairs) == len(gold) and all(pair.right for pair in pairs)


@given(st.lists(claims, max_size=5), st.lists(claims, min_size=1, max_size=5))
def test_a_further_claim_never_takes_a_right_pair_away(
    gold: list[Claim], found: list[Claim]
) -> None:
    fewer = sum(pair.right for pair in match_claims(gold, found[1:]))
    assert sum(pair.right for pair in match_claims(gold, found)) >= fewer
