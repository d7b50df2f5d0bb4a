"""The parts of the page: words, spans, the diff of claims, slots, places of labels."""

from __future__ import annotations

import pytest
from evals.html_report.made_runs import (
    HARBOUR,
    QUAY,
    claim,
    count,
    made_run,
    one_too_many,
    perfectly,
)
from evals.readings import reading
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.evals.html_report.board import board_cells, differences, glance, token_estimates
from llm_extract.evals.html_report.breakdown import cells, slot_tallies
from llm_extract.evals.html_report.chart_style import lines_of
from llm_extract.evals.html_report.claim_diff import diff
from llm_extract.evals.html_report.label_places import CHARACTER, LINE, Box, place_labels
from llm_extract.evals.html_report.plots import HEAT_ROWS, heat_plots
from llm_extract.evals.html_report.reading_views import state_of
from llm_extract.evals.html_report.scatter import cost_axis
from llm_extract.evals.html_report.spans import Span, pieces
from llm_extract.evals.html_report.texts import (
    STATES,
    interval,
    number,
    p_value,
    signed,
    silent_words,
)
from llm_extract.evals.leaderboard import leaderboard
from llm_extract.evals.measures import MEASURES
from llm_extract.evals.scores import Rate, Tally, clopper_pearson, score_report
from llm_extract.evals.statistics import Estimate
from llm_extract.schema import CasualtyReport, Claim

figures_read = st.dictionaries(
    st.sampled_from(["total", "children", "women", "men"]), st.integers(0, 3), min_size=1
)
claims_read = st.lists(
    st.builds(lambda read: claim("some words", **read), figures_read), max_size=4
)
spans_drawn = st.lists(
    st.builds(
        lambda start, length, name: Span(start, start + length, f"c{name}", name, "right"),
        st.integers(-3, 30),
        st.integers(0, 12),
        st.integers(1, 5),
    ),
    max_size=6,
)


def report(*claims: Claim) -> CasualtyReport:
    return CasualtyReport(claims=list(claims), facilities=[])


@pytest.mark.parametrize(
    ("value", "name", "words"),
    [
        (None, "figure_f1", "–"),
        (0.846, "figure_f1", "0.85"),
        (0.0, "invented", "0.00"),
        (0.0368, "seconds", "0.037"),
        (12.34, "seconds", "12.3"),
        (3209.4, "tokens", "3,209"),
        (0.00191, "cost", "$0.0019"),
        (0.0, "cost", "$0.00"),
    ],
)
def test_numbers_have_the_digits_that_they_need(value: float | None, name: str, words: str) -> None:
    assert number(value, name) == words


def test_words_of_intervals_differences_and_p_values() -> None:
    assert interval(0.1, 0.25) == "0.10–0.25"
    assert interval(None, None) == ""
    assert [signed(each) for each in (0.123, -0.1, -0.001, None)] == ["+0.12", "−0.10", "0.00", "–"]
    assert [p_value(each) for each in (0.0002, 0.0041, 0.3, None)] == [
        "< 0.001",
        "0.004",
        "0.30",
        "–",
    ]


def test_no_silent_error_is_not_said_to_be_no_risk() -> None:
    words = silent_words(clopper_pearson(Rate(0, 14)))
    assert words.startswith("Of 14 reports, none is wrong with nothing flagged (0 %);")
    assert words.endswith("between 0 % and 23 %.")
    assert silent_words(clopper_pearson(Rate(1, 1))).startswith("Of 1 report, 1 is wrong")
    assert "nothing can be said" in silent_words(clopper_pearson(Rate(0, 0)))


@given(st.text(max_size=30), spans_drawn)
def test_pieces_are_the_whole_text(text: str, spans: list[Span]) -> None:
    assert "".join(piece.text for piece in pieces(text, spans)) == text


@given(st.text(min_size=30, max_size=30), spans_drawn)
def test_a_piece_has_a_colour_exactly_where_a_span_lies(text: str, spans: list[Span]) -> None:
    coloured = [any(span.start <= place < span.end for span in spans) for place in range(len(text))]
    found = [piece.owner is not None for piece in pieces(text, spans) for _ in piece.text]
    assert found == coloured


def test_where_spans_overlap_the_shorter_has_the_colour_and_all_are_named() -> None:
    whole, part = Span(0, 9, "f1", 1, "right"), Span(0, 3, "c2", 2, "wrong")
    first, second, third = pieces("12 houses burnt", [whole, part])
    assert (first.text, first.owner, first.label) == ("12 ", part, "f1 c2")
    assert (second.text, second.owner, second.label) == ("houses", whole, "")
    assert third.owner is None


def test_the_diff_tells_right_wrong_omitted_and_added() -> None:
    gold = report(
        claim("12 killed", total=12),
        claim("40 injured", outcome="injured", total=40),
        claim("2 missing", outcome="missing", total=2),
    )
    read = report(
        claim("7 detained", outcome="detained", total=7),
        claim("40 injured", outcome="injured", total=41),
        claim("12 killed", total=12),
    )
    rows = diff(gold, read).claims
    assert [(row.state, row.gold_id, row.found_id) for row in rows] == [
        ("right", "c1", "c3"),
        ("wrong", "c2", "c2"),
        ("omitted", "c3", None),
        ("added", None, "c1"),
    ]
    total = rows[1].values[0]
    assert (total.gold, total.found, total.same) == ("40", "41", False)
    assert diff(gold, read).partners() == {"c3": "c1", "c2": "c2"}


@given(claims_read, claims_read)
def test_the_diff_and_the_score_never_disagree(gold: list[Claim], read: list[Claim]) -> None:
    rows = diff(report(*gold), report(*read)).claims
    states = [row.state for row in rows]
    score = score_report(report(*gold), report(*read))
    assert states.count("right") == score.claims.hits
    assert len(gold) == sum(state != "added" for state in states)
    assert len(read) == sum(state != "omitted" for state in states)


def test_a_subgroup_that_differs_is_named_though_the_claim_is_right() -> None:
    part = {"group": "medical_workers", "label": None, "count": count(2)}
    row = diff(
        report(claim("12 killed", total=12, subgroups=[part])), report(claim("12 killed", total=12))
    ).claims[0]
    assert (row.state, row.further) == ("right", ("not found: medical workers 2",))


@given(claims_read, claims_read)
def test_slots_add_up_to_the_figures_of_the_score(gold: list[Claim], read: list[Claim]) -> None:
    tallies = slot_tallies(gold, read).values()
    assert sum(tallies, Tally()) == score_report(report(*gold), report(*read)).figures


@pytest.mark.parametrize(
    ("made", "state"),
    [
        (reading("a"), "right"),
        (reading("a", rules=(("A02", "error"),)), "over"),
        (reading("a", figures=(5, 10, 10), rules=(("A02", "error"),)), "caught"),
        (reading("a", figures=(5, 10, 10)), "silent"),
        (reading("a", disposition="failed"), "failed"),
    ],
)
def test_every_reading_ends_in_one_of_five_ways(made: object, state: str) -> None:
    assert state_of(made) == state  # type: ignore[arg-type]
    assert state in STATES


def test_groups_are_counted_by_report_and_the_hardest_comes_first(tmp_path: object) -> None:
    gold = [HARBOUR, QUAY]
    results = made_run(tmp_path, gold, {"a": perfectly, "b": one_too_many})  # type: ignore[arg-type]
    found = cells(results, MEASURES["figure_f1"], lambda each: each.traps)
    assert [(cell.group, cell.variant, cell.reports) for cell in found] == [
        ("repeated_figure", "a", 2),
        ("repeated_figure", "b", 2),
        ("nested_parts", "a", 1),
        ("nested_parts", "b", 1),
    ]
    assert found[3].value == pytest.approx(0.5)


def test_many_traps_stand_on_several_maps_of_one_sheet_each(tmp_path: object) -> None:
    gold = [HARBOUR.model_copy(update={"traps": [f"trap_{n}" for n in range(HEAT_ROWS + 1)]})]
    results = made_run(tmp_path, gold, {"a": perfectly})  # type: ignore[arg-type]
    found = cells(results, MEASURES["figure_f1"], lambda each: each.traps)
    assert [plot.name for plot in heat_plots("trap", found, ["a"])] == ["trap-1", "trap-2"]


def test_the_board_marks_best_values_and_the_page_says_what_they_mean(tmp_path: object) -> None:
    gold = [HARBOUR, QUAY]
    results = made_run(tmp_path, gold, {"a": perfectly, "b": one_too_many})  # type: ignore[arg-type]
    rows = leaderboard(results)
    table = board_cells(rows, token_estimates(results, rows))
    best = {cell.name: cell.best for cell in table[0]}
    assert best["figure_f1"] and best["silent"]
    assert not best["review"] and not best["cost"]
    assert [each.variant for each in differences(results, rows)["figure_f1"]] == ["b"]
    assert glance(results, rows)[0] == (
        "a has the highest figure F1, 1.00 (no interval can be drawn), over 2 reports."
    )
    assert glance(results, rows)[1].startswith("Chance alone could explain its lead")


def test_costs_far_apart_stand_on_a_logarithmic_axis_and_free_ones_never() -> None:
    def known(value: float) -> Estimate:
        return Estimate(value, None, None, 2)

    assert cost_axis([known(1), known(10)]).first == 0
    assert cost_axis([known(0.01), known(10)]).log
    assert not cost_axis([known(0), known(10)]).log
    assert cost_axis([known(0)]).last > 0
    axis = cost_axis([known(0.01), known(10)])
    assert axis.value(axis.share(0.5)) == pytest.approx(0.5)


def test_names_of_points_that_lie_together_do_not_cover_each_other() -> None:
    points = [(100.0 + each, 100.0 + each) for each in range(5)]
    names = [f"variant {each}" for each in range(5)]
    labels = place_labels(points, names, (600, 300))
    boxes = [
        Box(at.x, at.y - LINE / 2, at.x + CHARACTER * len(name), at.y + LINE / 2)
        for at, name in zip(labels, names, strict=True)
    ]
    assert not any(one.meets(other) for one in boxes for other in boxes if one is not other)
    assert all(box.left >= 0 and box.right <= 600 for box in boxes)


def test_a_long_name_is_broken_and_loses_nothing() -> None:
    name = "document qwen2.5-coder-1.5b claims@12 repair"
    assert all(len(line) <= 20 for line in lines_of(name, 20))
    assert "".join(lines_of(name, 20)).replace(" ", "") == name.replace(" ", "")
