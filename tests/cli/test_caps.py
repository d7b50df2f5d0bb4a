"""What a job may use, as people type it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import typer

from llm_extract.cli.caps import caps_of, read_moment

NOW = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "later"),
    [
        ("12h", timedelta(hours=12)),
        ("90m", timedelta(minutes=90)),
        ("2d", timedelta(days=2)),
        ("1.5H", timedelta(minutes=90)),
    ],
)
def test_a_deadline_may_be_a_time_from_now(words: str, later: timedelta) -> None:
    assert read_moment(words, NOW) == NOW + later


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("2026-03-09T08:00+02:00", datetime(2026, 3, 9, 6, 0, tzinfo=UTC)),
        ("2026-03-09T08:00Z", datetime(2026, 3, 9, 8, 0, tzinfo=UTC)),
        ("2026-03-09T08:00", datetime(2026, 3, 9, 8, 0).astimezone(UTC)),
    ],
)
def test_a_deadline_may_be_a_moment_local_where_it_has_no_zone(
    words: str, moment: datetime
) -> None:
    assert read_moment(words, NOW) == moment


@pytest.mark.parametrize("words", ["tomorrow", "12", "h", "1.2.3h", ""])
def test_other_words_are_no_deadline(words: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no moment"):
        read_moment(words, NOW)


@pytest.mark.parametrize("words", ["2026-03-06T17:59Z", "2020-01-01", "0h"])
def test_a_moment_that_has_passed_is_no_deadline(words: str) -> None:
    with pytest.raises(typer.BadParameter, match="has passed"):
        read_moment(words, NOW)


@pytest.mark.parametrize("words", ["999999999999d", "9" * 400 + "h"])
def test_a_time_beyond_all_calendars_is_no_deadline(words: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no moment"):
        read_moment(words, NOW)


def test_dollars_become_nanodollars_and_a_cap_of_nothing_stays_one() -> None:
    assert caps_of(0.1, None, None).max_cost == 100_000_000
    assert caps_of(0.0, None, None).max_cost == 0
    assert caps_of(None, None, None).max_cost is None
