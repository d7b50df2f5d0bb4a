"""A record is reduced to the toll that a coder of the whole report would write down."""

from __future__ import annotations

from datetime import date

import pytest
from silent import SILENT

from llm_extract.evals.scores import Rate
from llm_extract.evals.tolls import (
    LabelledToll,
    TollLabel,
    agrees,
    document_toll,
    exactly,
    score_tolls,
)
from llm_extract.schema import Claim


def count(
    value: int | None, qualifier: str = "exact", upper: int | None = None
) -> dict[str, object]:
    return {
        "value": value,
        "upper": upper,
        "qualifier": qualifier,
        "basis": "printed",
        "as_written": "words",
    }


def group(name: str, value: int) -> dict[str, object]:
    return {"group": name, "label": None, "count": count(value)}


def claim(total: int | dict[str, object] | None, **fields: object) -> Claim:
    bare: dict[str, object] = {
        **SILENT,
        "total": count(total) if isinstance(total, int) else total,
        "evidence": [f"a quote about {total}"],
    }
    return Claim.model_validate(bare | fields)


def on(day: int) -> dict[str, object]:
    return {"start": date(2031, 5, day), "end": date(2031, 5, day), "as_written": f"May {day}"}


def killed(*claims: Claim, non_combatants: bool = True) -> int | None:
    return document_toll(claims, "killed", non_combatants=non_combatants)


def test_a_report_without_a_claim_of_the_outcome_has_no_toll() -> None:
    assert killed() is None
    assert killed(claim(9, outcome="injured")) is None


def test_a_joint_number_of_killed_and_injured_is_not_a_number_of_killed() -> None:
    assert killed(claim(40, outcome="casualties")) is None
    assert killed(claim(40, outcome="casualties"), claim(11, part_of=0)) == 11


def test_the_widest_claim_is_taken_and_its_parts_are_not_added() -> None:
    assert killed(claim(19), claim(7, part_of=0), claim(2, part_of=1)) == 19


def test_a_part_of_a_vague_toll_is_the_least_that_is_known() -> None:
    assert killed(claim(count(None, "vague")), claim(5, part_of=0)) == 5


def test_a_listed_toll_is_the_sum_of_its_parts() -> None:
    assert killed(claim(None, children=count(4), women=count(1))) == 5


@pytest.mark.parametrize(
    ("total", "toll"),
    [
        (count(20, "more_than"), 20),
        (count(20, "at_least"), 20),
        (count(15, "range", 17), 15),
        (count(30, "about"), 30),
    ],
)
def test_the_low_bound_is_the_number_printed(total: dict[str, object], toll: int) -> None:
    assert killed(claim(total)) == toll


def test_people_beside_each_other_are_summed() -> None:
    quote = ["eight stevedores and three other people drowned"]
    assert killed(claim(8, evidence=quote), claim(3, evidence=quote)) == 11


def test_equal_numbers_beside_each_other_in_one_quote_are_summed() -> None:
    quote = ["two pilots and two cooks drowned"]
    assert killed(claim(2, evidence=quote), claim(2, evidence=quote)) == 4


def test_a_toll_told_twice_counts_once() -> None:
    assert killed(claim(8, evidence=["eight drowned"]), claim(8, evidence=["the eight dead"])) == 8


def test_equal_tolls_of_two_places_are_summed() -> None:
    assert (
        killed(claim(4, places=["Lower Quay"]), claim(4, places=["Far Quay"], evidence=["x"])) == 8
    )


def test_contradicting_claimants_give_the_highest_toll() -> None:
    assert killed(claim(7, claimant="the police"), claim(15, claimant="a witness")) == 15


def test_a_running_toll_beside_the_incident_is_not_part_of_it() -> None:
    assert killed(claim(6), claim(240, scope="cumulative"), claim(31, scope="period")) == 6
    assert killed(claim(240, scope="cumulative")) == 240


def test_an_earlier_event_of_another_day_is_left_out() -> None:
    assert killed(claim(6, period=on(4)), claim(50, period=on(1)), claim(3)) == 9


def test_combatants_are_left_out_where_the_set_counts_non_combatants() -> None:
    crew = claim(15, subgroups=[group("security_forces", 1)])
    assert killed(crew) == 14
    assert killed(crew, non_combatants=False) == 15


def test_a_toll_of_combatants_only_says_nothing_of_non_combatants() -> None:
    assert killed(claim(7, victims="combatants")) is None
    assert killed(claim(7, subgroups=[group("fighters", 7)])) is None
    assert killed(claim(8, victims="civilians"), claim(3, victims="combatants")) == 8


def test_combatants_stated_as_a_part_of_their_own_are_left_out_once() -> None:
    whole = claim(10, subgroups=[group("security_forces", 5)])
    part = claim(5, part_of=0, victims="combatants")
    assert killed(whole, part) == 5
    assert killed(claim(10), part) == 5


def test_police_among_others_are_left_out_but_a_toll_of_police_stays() -> None:
    assert killed(claim(7, subgroups=[group("police", 1)])) == 6
    assert killed(claim(20, subgroups=[group("police", 20)])) == 20


def test_a_circle_of_containers_ends() -> None:
    assert killed(claim(5, part_of=1), claim(5, part_of=0)) is None


def test_a_denial_is_a_toll_of_zero() -> None:
    assert killed(claim(0)) == 0


def test_a_toll_agrees_with_its_number_or_its_range() -> None:
    assert agrees(5, exactly(5)) and not agrees(6, exactly(5)) and not agrees(None, exactly(0))
    assert agrees(6, TollLabel(5, 6)) and not agrees(7, TollLabel(5, 6))
    assert agrees(900, TollLabel(1, None)) and not agrees(0, TollLabel(1, None))


def test_a_report_without_a_toll_is_wrong_even_where_nobody_was_harmed() -> None:
    right, wrong = LabelledToll("a", exactly(5), 5), LabelledToll("b", exactly(0), None)
    score = score_tolls([right, wrong])
    assert score.rate == Rate(1, 2) and score.misses == (wrong,)
    assert score_tolls([]).rate.value is None
