"""The agreement of two annotators, against a hand computation."""

from __future__ import annotations

from datetime import date

import pytest
from evals.test_scores import claim, count, report

from llm_extract.evals.agreement import agreement
from llm_extract.evals.gold_reports import GoldReport
from llm_extract.schema import CasualtyReport


def labelled(a: CasualtyReport, b: CasualtyReport | None, name: str = "quay") -> GoldReport:
    both = {"a": a} if b is None else {"a": a, "b": b}
    return GoldReport.model_validate(
        {
            "id": name,
            "published": date(2026, 3, 5),
            "language": "en",
            "style": "wire",
            "traps": ["ages"],
            "text": "the ferry sank with all those people",
            "gold": a,
            "annotators": both,
        }
    )


ONE = report(
    claim(12, children=count(4), places=["Lower Quay"]),
    claim(30, outcome="injured", claimant="Harbour Office"),
    claim(4, children=count(4), part_of=0),
)
OTHER = report(
    claim(12, children=count(4), places=["Quay"]),
    claim(31, outcome="injured", claimant="the Harbour Office"),
    claim(4, children=count(4), part_of=0),
    claim(2, outcome="missing"),
)


def test_claims_and_figures_are_compared_as_the_scorer_does() -> None:
    found = agreement([labelled(ONE, OTHER)])
    assert found.reports == 1
    assert found.claim_f1 == pytest.approx(2 * 2 / (3 + 4))
    # Figures: 12, 4 | 30 or 31 | 4, 4 | 2: four of five and of six.
    assert found.figure_f1 == pytest.approx(2 * 4 / (5 + 6))


def test_labels_of_claims_that_both_found_are_compared_in_their_normal_form() -> None:
    items = agreement([labelled(ONE, OTHER)]).items
    assert items["claimant"].agreement == 1  # the article is no difference
    assert items["places"].agreement == pytest.approx(2 / 3)
    assert items["total"].agreement == pytest.approx(2 / 3)
    assert items["part_of"].agreement == 1


def test_alpha_is_krippendorff_s() -> None:
    # Three pairs of labels (x x, y y, z z) but one (y u): places: Lower Quay/Quay, none, none.
    alpha = agreement([labelled(ONE, OTHER)]).items["places"].alpha
    # Values: L 1, Q 1, none 4 of six; observed disagreement 2/6; expected 1 - (4*3)/(6*5) = 18/30.
    assert alpha == pytest.approx(1 - (2 / 6) / (18 / 30))


def test_where_all_labels_are_the_same_there_is_no_alpha() -> None:
    item = agreement([labelled(ONE, OTHER)]).items["weapons"]
    assert (item.agreement, item.alpha) == (1.0, None)


def test_reports_with_one_annotator_are_left_out() -> None:
    found = agreement([labelled(ONE, None), labelled(ONE, ONE, "pier")])
    assert (found.reports, found.claim_f1, found.figure_f1) == (1, 1.0, 1.0)
    assert agreement([]).claim_f1 is None
