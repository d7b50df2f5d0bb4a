"""English reports read by rule: what happened to people, and what is no toll."""

from __future__ import annotations

import pytest
from extraction.by_rule import read, tolls, value
from extraction.conftest import read as figures

# --- outcomes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("At least 12 people were killed in the raid.", [("killed", 12)]),
        ("The mine blast hit a minibus, killing 12 people.", [("killed", 12)]),
        ("The clinic recorded 12 deaths after the blast.", [("killed", 12)]),
        ("The death toll stood at 31.", [("killed", 31)]),
        ("Four fishermen lost their lives.", [("killed", 4)]),
        ("The fire claimed the lives of eight people.", [("killed", 8)]),
        ("The blast left 5 dead and 9 wounded.", [("killed", 5), ("injured", 9)]),
        ("Six people died and 14 others were injured.", [("killed", 6), ("injured", 14)]),
        ("Police arrested 23 people.", [("detained", 23)]),
        ("Militants abducted six teachers.", [("abducted", 6)]),
        ("Three people are still missing.", [("missing", 3)]),
        ("Some 450 people were displaced.", [("displaced", 450)]),
        ("Thirty people were killed or injured in the attack.", [("casualties", 30)]),
    ],
)
def test_active_passive_and_nominal_words_give_an_outcome(
    text: str, expected: list[tuple[str, int]]
) -> None:
    assert tolls(text) == expected


def test_what_happened_goes_before_the_state_people_were_in() -> None:
    assert tolls("57 inmates of the prison were killed.") == [("killed", 57)]
    assert tolls("Nine hostages were wounded in the raid.") == [("injured", 9)]


def test_words_of_bound_beside_a_number_stay_with_it() -> None:
    ranged, more = read("Between 20 and 25 people were killed. More than 100 were hurt.").claims
    assert ranged.total and more.total
    assert (ranged.total.value, ranged.total.upper, ranged.total.qualifier) == (20, 25, "range")
    assert (more.total.value, more.total.qualifier) == (100, "more_than")


def test_a_vague_number_has_no_value() -> None:
    (claim,) = read("Dozens of people were killed.").claims
    assert claim.total and (claim.total.value, claim.total.qualifier) == (None, "vague")


# --- what is no toll --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "The toll has risen to 18, up from 12.",
        "Eighteen people were killed, not 12 as first reported.",
        "Twelve people were killed, the clinic first said. The clinic has corrected its toll: "
        "18 people were killed, not 12.",
        "The clinic put the dead at 12 on Monday. It now says 18 people were killed, not 12 as "
        "first reported.",
    ],
)
def test_a_corrected_figure_does_not_live_on_also_where_it_stood_first(text: str) -> None:
    assert tolls(text) == [("killed", 18)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The fire injured 14 workers. All 12 miners were rescued.", [("injured", 14)]),
        ("Five people were killed. Another 12 were rescued from the rubble.", [("killed", 5)]),
        ("Nine detainees were released on Friday.", []),
        ("Militants released nine hostages and killed two guards.", [("killed", 2)]),
    ],
)
def test_people_who_got_away_are_no_claim(text: str, expected: list[tuple[str, int]]) -> None:
    assert tolls(text) == expected


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("Two bombers have killed at least 12 people in Orlen.", ["Two"]),
        ("Gunmen numbering three killed a shopkeeper in Orlen.", ["three"]),
        ("The porter died when three armed men riding mules fired into the yard.", ["three"]),
        ("Six men wielding axes killed seven people.", ["Six"]),
        ("Two gunmen killed in a raid lived in Orlen.", []),
        ("Two gunmen attacked by a drone were killed.", []),
    ],
)
def test_armed_people_counted_for_what_they_did_are_no_victims(
    text: str, others: list[str]
) -> None:
    assert [mention.text for mention in figures(text).unread] == others


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("No one was killed in the strike.", "killed"),
        ("No deaths were reported.", "killed"),
        ("There were no casualties.", "casualties"),
        ("Nobody was hurt.", "casualties"),
    ],
)
def test_a_denial_is_a_printed_zero(text: str, outcome: str) -> None:
    assert tolls(text) == [(outcome, 0)]


def test_a_denial_for_one_kind_of_victims_leaves_the_others() -> None:
    denied, injured = read(
        "There were no civilian casualties, but two soldiers were wounded."
    ).claims
    assert (denied.victims, value(denied.total)) == ("civilians", 0)
    assert (injured.outcome, value(injured.total)) == ("injured", 2)


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("A mother of three was killed.", 1),
        ("Three children aged 4, 7 and 9 were killed.", 3),
        ("A 12-year-old boy was killed.", 1),
        ("Samir (44), Omar (17) and Lina (9) were among the 14 people killed.", 14),
        ("The town has a population of 4,000. Nine people were killed.", 9),
    ],
)
def test_ages_offspring_and_inhabitants_are_no_victims(text: str, total: int) -> None:
    assert tolls(text) == [("killed", total)]
