"""The board: order, paired differences, bounds, and what is left undefined."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from evals.readings import reading

from llm_extract.evals.leaderboard import leaderboard, silent_errors
from llm_extract.evals.results import EvalResults, Labelled, Reading, Variant, VariantReadings


def variant(name: str, readings: list[Reading]) -> VariantReadings:
    known: dict[str, Any] = {
        "model": "m",
        "prompt": None,
        "prompt_hash": None,
        "strategy": "mention",
    }
    return VariantReadings(variant=Variant(name=name, kind="spine", **known), readings=readings)


def results(**variants: list[Reading]) -> EvalResults:
    first = next(iter(variants.values()), [])
    return EvalResults(
        created=datetime(2026, 11, 25, tzinfo=UTC),
        package_version="0",
        machine="two cores",
        set_name="dev",
        set_sha256="0",
        reports=[
            Labelled(id=each.report, language="en", style="wire", traps=["ages"], claims=1)
            for each in first
        ],
        repeats=1,
        variants=[variant(name, readings) for name, readings in variants.items()],
    )


def run(*hits: int) -> list[Reading]:
    return [reading(f"r{place}", figures=(hit, 10, 10)) for place, hit in enumerate(hits)]


def test_the_best_variant_comes_first_and_the_others_are_tested_against_it() -> None:
    better, worse = leaderboard(results(a=run(1, 2, 3, 4, 5, 6), b=run(9, 9, 9, 9, 9, 10)))
    assert (better.variant.name, better.behind, better.p) == ("b", None, None)
    assert worse.variant.name == "a"
    assert worse.behind is not None and worse.behind.difference is not None
    assert worse.behind.difference < 0
    assert worse.p == pytest.approx(2 / 64)


def test_the_board_can_be_ordered_by_a_measure_of_which_less_is_better() -> None:
    rows = leaderboard(results(slow=run(10, 10), quick=run(0, 0)), "seconds")
    assert [row.variant.name for row in rows] == ["quick", "slow"]  # equal: by name
    rows = leaderboard(results(loud=run(10, 10), silent=run(1, 1)), "silent")
    assert rows[0].variant.name == "loud"


def test_the_silent_error_rate_counts_reports_once_whatever_the_repeats() -> None:
    twice = [reading("a", figures=(1, 2, 2), repeat=repeat) for repeat in (1, 2)] + [
        reading("b", repeat=repeat) for repeat in (1, 2)
    ]
    bound = silent_errors(twice)
    assert (bound.rate.hits, bound.rate.of) == (1, 2)
    assert bound.low == pytest.approx(0.0126, abs=1e-4)  # Clopper-Pearson of 1 in 2
    assert bound.high == pytest.approx(0.9874, abs=1e-4)


def test_a_run_without_variants_has_an_empty_board() -> None:
    assert leaderboard(results()) == []
