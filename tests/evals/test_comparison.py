"""Comparisons of stored runs, and the gates that CI asks."""

from __future__ import annotations

import pytest
from evals.readings import reading
from evals.test_leaderboard import results, run, variant

from llm_extract.errors import RecordsError
from llm_extract.evals.comparison import compare, fails_under, is_worse, measure_named, paired
from llm_extract.evals.measures import MEASURES

FIGURES = MEASURES["figure_f1"]


def test_variants_of_one_name_are_paired_and_lonely_ones_with_each_other() -> None:
    both = paired(results(a=run(1), b=run(2)), results(b=run(3), a=run(4)))
    assert [(x.variant.name, y.variant.name) for x, y in both] == [("a", "a"), ("b", "b")]
    ((x, y),) = paired(results(old=run(1)), results(new=run(2)))
    assert (x.variant.name, y.variant.name) == ("old", "new")


def test_runs_over_other_labels_or_without_a_common_variant_are_refused() -> None:
    other = results(a=run(1)).model_copy(update={"set_sha256": "1"})
    with pytest.raises(RecordsError, match="read different reports"):
        paired(results(a=run(1)), other)
    with pytest.raises(RecordsError, match="no variant stands in both"):
        paired(results(a=run(1), b=run(1)), results(c=run(1), d=run(1)))


def test_a_comparison_names_the_reports_that_changed() -> None:
    found = compare(variant("a", run(10, 9, 10)), variant("b", run(10, 10, 9)))
    assert [(each.report, each.put_right) for each in found.changed] == [
        ("r1", True),
        ("r2", False),
    ]


def test_a_repeat_that_is_wrong_keeps_a_report_from_being_exact() -> None:
    twice = [reading("r0", repeat=1), reading("r0", repeat=2, figures=(1, 2, 2))]
    found = compare(variant("a", run(10)), variant("b", twice))
    assert [(each.report, each.put_right) for each in found.changed] == [("r0", False)]


def test_a_bar_is_at_least_or_at_most_by_the_measure() -> None:
    readings = [reading("a", figures=(9, 10, 10)), reading("b")]
    asked = {"figure_f1": 0.95, "silent": 0.4, "cost": 1.0}
    verdicts = {v.asked.split(" at ")[0]: v for v in fails_under("x", readings, asked)}
    assert verdicts["figure F1"].holds
    assert not verdicts["silent error rate"].holds  # 0.5 is more than 0.4
    assert (
        not verdicts["dollars a report"].holds and "undefined" in verdicts["dollars a report"].found
    )


def test_worse_is_a_loss_that_the_paired_test_sees_and_no_bare_difference() -> None:
    before, after = run(9, 9, 9, 9, 9, 9), run(8, 8, 8, 8, 8, 8)
    assert not is_worse("x", before, after, FIGURES).holds
    assert is_worse("x", after, before, FIGURES).holds  # a gain
    assert is_worse("x", run(9, 9, 9), run(8, 9, 9), FIGURES).holds  # one report: may be chance
    assert is_worse("x", before, before, FIGURES).holds


def test_an_unknown_measure_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(RecordsError, match=r"no measure is called 'f1'.*figure_f1"):
        measure_named("f1")
