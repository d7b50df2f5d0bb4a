"""English reports read by rule: parts, lists, slices, tables and sums."""

from __future__ import annotations

import pytest
from extraction.by_rule import parts, read, tree, value

# --- parts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("40 people were killed, including six children.", {"total": 40, "children": 6}),
        (
            "40 people were killed, among them six children and two women.",
            {"total": 40, "children": 6, "women": 2},
        ),
        (
            "66 people were killed, of whom 24 were children and 15 women.",
            {"total": 66, "children": 24, "women": 15},
        ),
        ("Nine people were injured, three of them children.", {"total": 9, "children": 3}),
        (
            "Nine people were killed, four children and two women among them.",
            {"total": 9, "children": 4, "women": 2},
        ),
        (
            "Twelve people (four children, five women and three men) were killed.",
            {"total": 12, "children": 4, "women": 5, "men": 3},
        ),
        (
            "Fifteen people were killed (4 children, 2 women).",
            {"total": 15, "children": 4, "women": 2},
        ),
        (
            "Fifteen people were killed, including two journalists, a medic and three policemen.",
            {"total": 15, "journalists": 2, "medical_workers": 1, "police": 3},
        ),
        (
            "Twenty people were killed, including five boys and three girls.",
            {"total": 20, "boys": 5, "girls": 3},
        ),
        ("The raid killed 12 people, 9 of whom were civilians.", {"total": 12, "civilians": 9}),
    ],
)
def test_parts_stand_under_the_total_they_are_named_of(text: str, expected: dict[str, int]) -> None:
    (claim,) = read(text).claims
    assert parts(claim) == expected


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ("Four of them were children.", {"children": 4}),
        ("Four were children and two were women.", {"children": 4, "women": 2}),
        ("They included four children.", {"children": 4}),
        ("Two nurses were among the dead.", {"medical_workers": 2}),
        (
            "Among the dead were two journalists and a medic.",
            {"journalists": 2, "medical_workers": 1},
        ),
    ],
)
def test_a_sentence_may_lean_on_the_toll_before_it(second: str, expected: dict[str, int]) -> None:
    (claim,) = read(f"Eleven people were killed in Pell. {second}").claims
    assert parts(claim) == {"total": 11, **expected}


def test_each_of_two_tolls_of_a_sentence_has_its_own_parts() -> None:
    killed, injured = read(
        "Fifteen people, four of them children, were killed and nine, including two women, "
        "were wounded."
    ).claims
    assert (killed.outcome, parts(killed)) == ("killed", {"total": 15, "children": 4})
    assert (injured.outcome, parts(injured)) == ("injured", {"total": 9, "women": 2})


def test_the_wounded_who_died_are_killed_and_part_of_the_wounded() -> None:
    text = "Eighteen people were wounded. Three of the wounded died in hospital."
    assert tree(text) == [("injured", 18, None), ("killed", 3, 0)]


def test_a_number_that_only_points_back_makes_no_second_claim() -> None:
    text = "The Vardan Monitor documented 198 deaths. Of the 198 deaths 66 occurred in Tarsk."
    assert tree(text) == [("killed", 198, None), ("killed", 66, 0)]
    assert read(text).claims[1].places == ["Tarsk"]
    behind = "The clinic recorded 198 deaths and 40 injured. Of the 198, 66 died in custody."
    assert tree(behind)[-1] == ("killed", 66, 0)
    assert tree("The clinic recorded 149 deaths. 105 of the 149 occurred in Tarsk.") == [
        ("killed", 149, None),
        ("killed", 105, 0),
    ]


def test_numbers_in_brackets_behind_places_split_the_toll_up() -> None:
    text = "The clinic recorded 31 deaths: Tarsk (12), Orlen (10) and Pell (9)."
    assert tree(text) == [
        ("killed", 31, None),
        ("killed", 12, 0),
        ("killed", 10, 0),
        ("killed", 9, 0),
    ]


# --- lists and slices -------------------------------------------------------------------------


def test_children_women_and_men_without_a_total_are_one_claim_without_a_total() -> None:
    (claim,) = read("Four children, two women and three men were killed in Orlen.").claims
    assert parts(claim) == {"children": 4, "women": 2, "men": 3}
    (family,) = read("A woman and her two children were killed.").claims
    assert parts(family) == {"children": 2, "women": 1}


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("A medic and two aides were killed.", 3),
        ("A teacher and a driver were killed.", 2),
        ("A nurse, a driver and a guard were killed.", 3),
    ],
)
def test_people_listed_one_by_one_are_counted(text: str, total: int) -> None:
    (claim,) = read(text).claims
    assert claim.total and (claim.total.value, claim.total.basis) == (total, "counted")


def test_slices_of_one_group_stay_apart() -> None:
    first, second = read("Seven men were killed in Orlen. Four men were killed in Pell.").claims
    assert (parts(first), first.places) == ({"total": 7, "men": 7}, ["Orlen"])
    assert (parts(second), second.places) == ({"total": 4, "men": 4}, ["Pell"])


def test_one_number_for_women_and_children_is_neither() -> None:
    whole, both = read("Thirty people were killed, including 12 women and children.").claims
    assert parts(whole) == {"total": 30}
    assert (parts(both), both.part_of) == ({"total": 12}, 0)


def test_civilians_and_soldiers_are_two_claims() -> None:
    civilians, soldiers = read("12 civilians and 5 soldiers were killed.").claims
    assert (civilians.victims, value(civilians.total)) == ("civilians", 12)
    assert (soldiers.victims, value(soldiers.total)) == ("combatants", 5)


# --- tables, bullets, sums --------------------------------------------------------------------


def test_columns_give_outcome_and_group_and_the_last_row_is_the_total_of_the_others() -> None:
    orlen, _, pell, _, killed, injured = claims = read(
        "| District | Killed | of whom children | Injured |\n"
        "|---|---|---|---|\n"
        "| Orlen | 12 | 3 | 7 |\n"
        "| Pell | 8 | 1 | 4 |\n"
        "| Total | 20 | 4 | 11 |\n"
    ).claims
    assert [c.outcome for c in claims] == ["killed", "injured"] * 3
    assert parts(orlen) == {"total": 12, "children": 3}
    assert parts(pell) == {"total": 8, "children": 1}
    assert (parts(killed), parts(injured)) == ({"total": 20, "children": 4}, {"total": 11})
    assert [c.part_of for c in claims] == [4, 5, 4, 5, None, None]
    assert [c.places for c in (orlen, pell, killed)] == [["Orlen"], ["Pell"], []]


def test_bullets_that_add_up_to_the_total_above_are_its_parts() -> None:
    text = "There were 20 deaths in Vardan:\n- 12 people in Orlen\n- 5 in Pell\n- 3 in Tarsk"
    assert tree(text) == [("killed", 20, None)] + [("killed", n, 0) for n in (12, 5, 3)]
    assert [c.places for c in read(text).claims] == [["Vardan"], ["Orlen"], ["Pell"], ["Tarsk"]]


def test_the_total_of_a_sentence_has_no_place_of_its_slices() -> None:
    claims = read("Twenty people were killed in May: 12 in Orlen and 8 in Pell.").claims
    assert [(value(c.total), c.places, c.part_of) for c in claims] == [
        (20, [], None),
        (12, ["Orlen"], 0),
        (8, ["Pell"], 0),
    ]


def test_a_slice_by_place_or_party_is_part_of_the_total_of_its_period_while_it_fits() -> None:
    text = "In February 2026, 42 people were killed in Vardan."
    assert tree(f"{text} In Orlen, 12 people were killed.") == [
        ("killed", 42, None),
        ("killed", 12, 0),
    ]
    parties = "The Ardan army killed 30 people, and the Black Banner killed 20."
    assert [c.part_of for c in read(f"{text} {parties}").claims] == [None, 0, None]


def test_a_sum_may_stand_under_its_bullets() -> None:
    text = (
        "- 12 people were killed in Orlen.\n- 8 people were killed in Pell.\n"
        "In total 20 people were killed."
    )
    assert tree(text) == [("killed", 12, 2), ("killed", 8, 2), ("killed", 20, None)]


def test_rows_of_months_are_parts_of_the_total_row_in_every_group() -> None:
    january, february, total = read(
        "| Month | Killed | Children | Women |\n"
        "|---|---|---|---|\n"
        "| January | 12 | 3 | 2 |\n"
        "| February | 8 | 1 | 4 |\n"
        "| Total | 20 | 4 | 6 |\n"
    ).claims
    assert parts(january) == {"total": 12, "children": 3, "women": 2}
    assert parts(february) == {"total": 8, "children": 1, "women": 4}
    assert parts(total) == {"total": 20, "children": 4, "women": 6}
    assert (january.part_of, february.part_of, total.part_of) == (2, 2, None)


@pytest.mark.parametrize(
    "text",
    [
        "The attack caused 30 casualties. Nine people were killed and 21 were injured.",
        "There were 30 casualties: 9 killed and 21 injured.",
        "Casualties: 30 (9 killed, 21 injured)",
    ],
)
def test_killed_and_injured_are_parts_of_the_casualties_they_add_up_to(text: str) -> None:
    assert tree(text) == [("casualties", 30, None), ("killed", 9, 0), ("injured", 21, 0)]
