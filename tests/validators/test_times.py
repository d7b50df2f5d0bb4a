"""T01 and T02: periods that can be, dates that agree with themselves. Published 5 December 2024."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("period", "faults"),
    [
        (("2024-12-01", "2024-12-04"), 0),
        (("2024-12-04", "2024-12-01"), 1),
        (("2024-12-01", "2024-12-06"), 0),
        (("2024-12-01", "2024-12-07"), 1),
        (("2024-12-07", None), 1),
        (("2011-03-15", None), 0),
        ((None, "2024-12-04"), 0),
        (("2024-12-01", "2024-12-31"), 0),
        (("2024-01-01", "2024-12-31"), 0),
        (("2024-12-02", "2024-12-31"), 1),
        (("2025-01-01", "2025-01-31"), 1),
    ],
)
def test_a_period_ends_after_its_start_and_before_its_report(
    desk: Any, period: tuple[str | None, str | None], faults: int
) -> None:
    at = desk("12 people were killed in Velm.")
    found = at.read("T01", at.claim(total="12", period=period))
    assert [f.severity for f in found] == ["error"] * faults


def test_exchanged_ends_are_told_with_their_days(desk: Any) -> None:
    at = desk("12 people were killed in Velm.")
    [finding] = at.read("T01", at.claim(total="12", period=("2024-12-04", "2024-12-01")))
    assert finding.message == (
        "the period of killed (c1) begins on 2024-12-04 and ends before that, on 2024-12-01"
    )


@pytest.mark.parametrize(
    ("date", "agrees"),
    [
        ("Monday 3 March 2025", True),
        ("Monday 4 March 2025", False),
        ("Monday, 4 March 2024", True),
        ("Monday, March 4, 2024", True),
        ("Monday, March 5th, 2024", False),
        ("Monday the 4th of March 2024", True),
        ("Tuesday 3 December", True),
        ("Monday 3 December", False),
        ("Sunday 3 December", True),
        ("Monday 31 June 2024", True),
        ("Monday 12 people", True),
    ],
)
def test_a_weekday_is_that_of_its_date(desk: Any, date: str, agrees: bool) -> None:
    at = desk(f"Shells killed 12 people in Velm on {date}.")
    assert (at.read("T02", at.claim(total=at.count("12"))) == []) is agrees


def test_a_wrong_weekday_is_a_contradiction_of_the_text(desk: Any) -> None:
    at = desk("Shells killed 12 people in Velm on Monday 5 March 2024.")
    [finding] = at.read("T02", at.claim(total="12"))
    assert (finding.severity, finding.kind, finding.claims) == ("warning", "contradiction", ["c1"])
    assert finding.message == '"Monday 5 March 2024" is no such day: 2024-03-05 was a Tuesday'


def test_arabic_weekdays_are_read(desk: Any) -> None:
    right = desk("قتل 12 شخصا يوم الثلاثاء 5 آذار 2024 في البلدة.", "ar")
    wrong = desk("قتل 12 شخصا يوم الاثنين 5 آذار 2024 في البلدة.", "ar")
    assert right.read("T02", right.claim(total="12")) == []
    assert len(wrong.read("T02", wrong.claim(total="12"))) == 1


@pytest.mark.parametrize(
    ("dates", "findings"),
    [
        ("03/04/2024", 1),
        ("03-04-2024", 1),
        ("03.04.2024", 0),
        ("04/04/2024", 0),
        ("13/04/2024", 0),
        ("03/04/2024 and 25/04/2024", 0),
        ("03/12/2024", 1),
        ("07/12/2024", 0),
        ("2024-04-03", 0),
    ],
)
def test_the_order_of_day_and_month_is_plain(desk: Any, dates: str, findings: int) -> None:
    at = desk(f"On {dates} shells killed 35 people in Velm.")
    assert len(at.read("T02", at.claim(total="35"))) == findings
