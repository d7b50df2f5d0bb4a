"""Scores equal what a hand computes, and obey the laws a score must obey."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from silent import SILENT

from llm_extract.evals.scores import (
    Rate,
    ReportScore,
    Tally,
    clopper_pearson,
    score_report,
    summarise,
)
from llm_extract.schema import CasualtyReport, Claim, Count, FacilityClaim


def count(value: int | None, basis: str = "printed", qualifier: str = "exact") -> Count:
    return Count.model_validate(
        {
            "value": value,
            "upper": None,
            "qualifier": qualifier,
            "basis": basis,
            "as_written": "words",
        }
    )


def claim(total: int | Count | None, **fields: object) -> Claim:
    bare: dict[str, object] = {
        **SILENT,
        "total": count(total) if isinstance(total, int) else total,
        "evidence": ["the ferry sank with all those people"],
    }
    return Claim.model_validate(bare | fields)


def report(*claims: Claim, facilities: tuple[FacilityClaim, ...] = ()) -> CasualtyReport:
    return CasualtyReport(claims=list(claims), facilities=list(facilities))


SCHOOLS = FacilityClaim(
    kinds=["school"],
    count=count(3),
    effect="damaged",
    part_of=None,
    claimant=None,
    perpetrators=[],
    attribution=None,
    weapons=[],
    places=[],
    scope="incident",
    period=None,
    evidence=["three schools were damaged"],
)

GOLD = report(
    claim(12, children=count(4), women=count(3)),
    claim(30, outcome="injured"),
    claim(4, children=count(4), part_of=0, places=["Lower Quay"]),
)

claims = st.builds(
    claim,
    st.integers(0, 3),
    outcome=st.sampled_from(["killed", "injured"]),
    children=st.sampled_from([None, count(1), count(None, qualifier="vague")]),
    claimant=st.sampled_from([None, "Harbour Board"]),
)
reports = st.lists(claims, max_size=5).map(lambda found: report(*found))


def test_the_worked_example_scores_as_by_hand() -> None:
    found = report(
        claim(12, children=count(4), women=count(2)),  # women wrong
        claim(30, outcome="injured", scope="period"),  # right, scope wrong
        claim(9, outcome="missing"),  # added
    )
    score = score_report(GOLD, found, printed={12, 4, 3, 30})
    assert score.claims == Tally(hits=1, gold=3, predicted=3)
    assert score.claims.f1 == pytest.approx(2 * 1 / 6)
    # gold 3 + 1 + 2 figures, found 3 + 1 + 1; 12, 4 and 30 are common
    assert score.figures == Tally(hits=3, gold=6, predicted=5)
    assert score.figures.f1 == pytest.approx(6 / 11)
    assert score.omitted == Rate(2, 6)  # both of the unread part
    assert score.invented == Rate(2, 5)  # women 2 and missing 9 stand nowhere
    assert score.attributes["scope"] == Rate(0, 1)
    assert score.attributes["claimant"] == Rate(1, 1)
    assert not score.exact and score.silent


def test_a_failed_report_is_wrong_and_keeps_its_gold_in_the_denominators() -> None:
    score = score_report(GOLD, None)
    assert score.claims == Tally(0, 3, 0) and score.figures == Tally(0, 6, 0)
    assert score.omitted == Rate(6, 6)
    assert score.failed and not score.exact and not score.silent


def test_a_failed_report_without_gold_claims_is_wrong_too() -> None:
    assert not score_report(report(), None).exact


def test_a_report_without_figures_that_is_read_so_is_exact_and_its_f1_undefined() -> None:
    score = score_report(report(), report())
    assert score.exact and score.claims.f1 is None and score.figures.f1 is None


def test_a_wrong_report_that_is_flagged_is_not_silent() -> None:
    assert not score_report(GOLD, report(), disposition="flagged").silent
    assert score_report(GOLD, report(), disposition="clean").silent


def test_a_wrong_subgroup_or_facility_makes_a_report_inexact_but_not_its_claims_wrong() -> None:
    police = {"group": "police", "label": None, "count": count(2)}
    ours, theirs = report(claim(7)), report(claim(7, subgroups=[police]))
    score = score_report(ours, theirs)
    assert score.claims.f1 == 1 and score.subgroups == Tally(0, 0, 1) and not score.exact
    score = score_report(report(claim(7), facilities=(SCHOOLS,)), report(claim(7)))
    assert score.claims.f1 == 1 and score.facilities == Tally(0, 1, 0) and not score.exact


def test_counted_and_vague_figures_are_never_called_invented() -> None:
    found = report(claim(count(3, basis="counted")), claim(count(None, qualifier="vague")))
    assert score_report(report(), found, printed=set()).invented == Rate(0, 0)


def test_invented_facilities_count_as_invented() -> None:
    score = score_report(report(), report(facilities=(SCHOOLS,)), printed={4})
    assert score.invented == Rate(1, 1)


def test_without_the_numbers_of_the_report_the_invented_rate_is_undefined() -> None:
    assert score_report(GOLD, GOLD).invented is None


def test_part_of_is_right_when_it_names_the_counterpart_of_the_container() -> None:
    turned = report(
        GOLD.claims[1],
        claim(4, children=count(4), part_of=2, places=["Lower Quay"]),
        GOLD.claims[0],
    )
    assert score_report(GOLD, turned).attributes["part_of"] == Rate(3, 3)
    loose = report(*GOLD.claims[:2], claim(4, children=count(4), places=["Lower Quay"]))
    assert score_report(GOLD, loose).attributes["part_of"] == Rate(2, 3)


def test_the_publisher_and_the_reports_own_voice_are_the_same_claimant() -> None:
    ours, theirs = report(claim(7)), report(claim(7, claimant="The Harbour Board"))
    assert score_report(ours, theirs).attributes["claimant"] == Rate(0, 1)
    same = score_report(ours, theirs, publisher="Harbour Board").attributes["claimant"]
    assert same == Rate(1, 1)


def test_qualifiers_are_compared_where_both_sides_state_a_count() -> None:
    ours, theirs = report(claim(7)), report(claim(count(7, qualifier="at_least")))
    assert score_report(ours, theirs).attributes["qualifier"] == Rate(0, 1)


def test_no_attribute_is_scored_on_a_wrong_pair() -> None:
    assert score_report(report(claim(7)), report(claim(8))).attributes == {}


def test_undefined_is_none_and_never_zero() -> None:
    assert Rate(0, 0).value is None
    assert Tally(0, 0, 0).f1 is None and Tally(0, 0, 2).recall is None
    assert Tally(0, 3, 0).precision is None and Tally(0, 3, 0).f1 == 0
    assert summarise([]).exact.value is None and summarise([]).silent.low is None


def test_the_summary_sums_the_reports() -> None:
    total = summarise([score_report(GOLD, GOLD, printed={12, 4, 3, 30}), score_report(GOLD, None)])
    assert total.claims == Tally(3, 6, 3) and total.claims.f1 == pytest.approx(2 / 3)
    assert total.exact == Rate(1, 2) and total.failed == 1 and total.silent.rate == Rate(0, 2)
    assert total.invented == Rate(0, 6)


def test_clopper_pearson_gives_the_textbook_interval() -> None:
    bound = clopper_pearson(Rate(4, 10))
    assert bound.low == pytest.approx(0.1216, abs=1e-4)
    assert bound.high == pytest.approx(0.7376, abs=1e-4)
    none_seen = clopper_pearson(Rate(0, 20))
    assert none_seen.low == 0 and none_seen.high == pytest.approx(1 - 0.025 ** (1 / 20))
    all_seen = clopper_pearson(Rate(20, 20))
    assert all_seen.low == pytest.approx(0.025 ** (1 / 20)) and all_seen.high == 1


@pytest.mark.parametrize(("rate", "confidence"), [(Rate(3, 2), 0.95), (Rate(1, 2), 1.0)])
def test_an_impossible_interval_is_refused(rate: Rate, confidence: float) -> None:
    with pytest.raises(ValueError):
        clopper_pearson(rate, confidence)


@given(reports)
def test_a_perfect_record_scores_one(gold: CasualtyReport) -> None:
    score = score_report(gold, gold)
    assert score.exact and not score.silent
    assert score.claims.f1 in (None, 1.0) and score.figures.f1 in (None, 1.0)
    assert score.omitted.hits == 0


@given(reports, reports, st.randoms(use_true_random=False))
def test_the_order_of_claims_does_not_matter(
    gold: CasualtyReport, found: CasualtyReport, order: object
) -> None:
    turned = list(found.claims)
    order.shuffle(turned)  # type: ignore[attr-defined]
    score, other = score_report(gold, found), score_report(gold, report(*turned))
    assert score.claims == other.claims and score.exact == other.exact


@given(reports, reports.filter(lambda found: bool(found.claims)))
def test_dropping_a_claim_never_raises_claim_recall(
    gold: CasualtyReport, found: CasualtyReport
) -> None:
    fewer = report(*found.claims[1:])
    assert score_report(gold, fewer).claims.hits <= score_report(gold, found).claims.hits


@given(reports.filter(lambda gold: bool(gold.claims)), st.data())
def test_dropping_a_claim_of_a_perfect_record_lowers_every_recall(
    gold: CasualtyReport, pick: st.DataObject
) -> None:
    index = pick.draw(st.integers(0, len(gold.claims) - 1))
    fewer = score_report(gold, report(*gold.claims[:index], *gold.claims[index + 1 :]))
    whole = score_report(gold, gold)
    assert fewer.claims.hits < whole.claims.hits and fewer.figures.hits < whole.figures.hits
    assert fewer.omitted.hits > 0 and not fewer.exact


@given(st.lists(st.tuples(reports, st.none() | reports), max_size=4))
def test_a_failure_never_scores_better_than_any_reading(
    read: list[tuple[CasualtyReport, CasualtyReport | None]],
) -> None:
    failed: list[ReportScore] = [score_report(gold, None) for gold, _ in read]
    tried = [score_report(gold, found) for gold, found in read]
    assert summarise(failed).claims.hits <= summarise(tried).claims.hits
    assert summarise(failed).exact.hits == 0


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_its_share(shares: tuple[int, int]) -> None:
    bound = clopper_pearson(Rate(*shares))
    assert bound.low is not None and bound.high is not None
    assert 0 <= bound.low <= shares[0] / shares[1] <= bound.high <= 1
