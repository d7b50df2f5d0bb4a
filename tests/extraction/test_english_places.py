"""English reports read by rule: places, times, repeats, facilities."""

from __future__ import annotations

from datetime import date

import pytest
from extraction.by_rule import parts, read, tolls, value

# --- places, times, repeats -------------------------------------------------------------------


def test_each_claim_has_the_place_and_day_of_its_sentence() -> None:
    first, second = read(
        "Three people were killed in Orlen on 2 March 2026. "
        "Three people were killed in Pell on 3 March 2026."
    ).claims
    assert (first.places, second.places) == (["Orlen"], ["Pell"])
    assert first.period and first.period.start == first.period.end == date(2026, 3, 2)
    assert second.period and second.period.start == date(2026, 3, 3)
    assert (first.scope, second.scope) == ("incident", "incident")


@pytest.mark.parametrize(
    "head",
    ["PELL, 4 March 2026 - ", "Report of 4 March 2026\n\n", "Pell, Vardan\n4 March 2026\n\n"],
)
def test_the_day_of_a_dateline_holds_where_none_is_named(head: str) -> None:
    (claim,) = read(f"{head}A blast killed 12 people at a bus station.").claims
    assert claim.period and claim.scope == "incident"
    assert (claim.period.start, claim.period.end) == (date(2026, 3, 4), date(2026, 3, 4))


@pytest.mark.parametrize(
    ("text", "scope", "start", "end"),
    [
        (
            "Reporting period: 1 to 31 January 2026\n\nTwelve people were killed.",
            "period",
            date(2026, 1, 1),
            date(2026, 1, 31),
        ),
        (
            "In February 2026, 42 people were killed.",
            "period",
            date(2026, 2, 1),
            date(2026, 2, 28),
        ),
        ("Since March 2011, 42 people have been killed.", "cumulative", date(2011, 3, 1), None),
    ],
)
def test_a_stretch_of_time_gives_the_scope(
    text: str, scope: str, start: date, end: date | None
) -> None:
    (claim,) = read(text).claims
    assert claim.period
    assert (claim.scope, claim.period.start, claim.period.end) == (scope, start, end)


def test_a_month_within_a_count_since_january_is_its_part() -> None:
    since, month = read(
        "The number of people killed since January has reached 412, including 60 in February."
    ).claims
    assert (since.scope, month.scope, month.part_of) == ("cumulative", "period", 0)
    assert since.period and since.period.start == date(2026, 1, 1)
    assert month.period and month.period.end == date(2026, 2, 28)


def test_a_stock_of_people_is_a_snapshot() -> None:
    (claim,) = read("Three people are still missing.").claims
    assert claim.scope == "snapshot"


def test_a_toll_that_is_repeated_is_one_claim_that_quotes_both() -> None:
    text = (
        "Twelve people were killed in Pell. "
        "A funeral was held for the twelve people killed in Pell, four of them children."
    )
    (claim,) = read(text).claims
    assert parts(claim) == {"total": 12, "children": 4}
    assert [quote in text for quote in claim.evidence] == [True, True]


def test_equal_numbers_of_two_places_are_two_claims() -> None:
    text = "Twelve people were killed in Orlen, and a further 12 were killed in Pell."
    assert [(value(c.total), c.places) for c in read(text).claims] == [
        (12, ["Orlen"]),
        (12, ["Pell"]),
    ]


def test_a_further_number_is_no_repeat_of_an_equal_one() -> None:
    text = "Twelve people were killed in a raid. A further 12 people were killed on the road."
    assert tolls(text) == [("killed", 12), ("killed", 12)]


def test_every_quote_stands_in_the_report() -> None:
    text = "Nine people were injured in Pell. Two of them later died. A clinic was hit."
    quotes = [q for c in read(text).claims for q in c.evidence]
    assert quotes and all(quote in text for quote in quotes)


# --- facilities -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Three schools were destroyed.", [("school", 3, "destroyed")]),
        (
            "Two hospitals and a market were damaged in the shelling.",
            [("medical", 2, "damaged"), ("market", 1, "damaged")],
        ),
        (
            "A school and two mosques were hit by shells.",
            [("school", 1, "attacked"), ("place_of_worship", 2, "attacked")],
        ),
        (
            "The strike damaged 40 houses and destroyed 6 shops.",
            [("residential", 40, "damaged"), ("market", 6, "destroyed")],
        ),
        ("Five schools were rebuilt after the shelling of Pell.", []),
    ],
)
def test_places_hit_are_facilities_by_kind_and_effect(
    text: str, expected: list[tuple[str, int, str]]
) -> None:
    report = read(text)
    found = [(kind, value(f.count), f.effect) for f in report.facilities for kind in f.kinds]
    assert (found, report.claims) == (expected, [])


def test_kinds_with_numbers_are_parts_of_the_facilities_they_are_named_of() -> None:
    report = read("14 facilities were attacked, including three schools and two hospitals.")
    assert [(f.kinds, value(f.count), f.part_of) for f in report.facilities] == [
        (["vital_facility"], 14, None),
        (["school"], 3, 0),
        (["medical"], 2, 0),
    ]


def test_kinds_named_without_numbers_stand_beside_the_kind_counted() -> None:
    (facility,) = read(
        "The town saw attacks on at least 14 vital facilities, including schools and mosques."
    ).facilities
    assert facility.kinds == ["vital_facility", "school", "place_of_worship"]


def test_a_facility_has_the_party_and_place_of_its_sentence() -> None:
    (facility,) = read("The Ardan army shelled three schools in Tarsk.").facilities
    assert (facility.perpetrators, facility.places) == (["Ardan army"], ["Tarsk"])
    assert facility.weapons == ["artillery"]


def test_mines_that_lie_in_the_ground_are_no_facilities() -> None:
    report = read("The teams destroyed 386 anti-personnel mines. A tractor hit a mine near Orlen.")
    assert report.facilities == []
    (pit,) = read("Rockets destroyed a coal mine near Orlen.").facilities
    assert pit.kinds == ["other"]
