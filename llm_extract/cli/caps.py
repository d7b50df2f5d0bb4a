"""What a job may use, as options of commands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from llm_extract.store import Caps

NANO = 1_000_000_000

HOURS = {"d": 24.0, "h": 1.0, "m": 1 / 60}
"""Hours of the units that a deadline may be counted in."""

MaxCost = Annotated[
    float | None,
    typer.Option(min=0, metavar="DOLLARS", help="The job never spends more, resumed or not."),
]
MaxTokens = Annotated[
    int | None, typer.Option(min=1, help="The job never uses more, in and out together.")
]
Deadline = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="Pause then: 2026-03-09T08:00, or 12h or 90m from now."),
]
Patience = Annotated[
    float,
    typer.Option(min=0, metavar="MINUTES", help="Pause when the server is silent for so long."),
]


def caps_of(max_cost: float | None, max_tokens: int | None, deadline: str | None) -> Caps:
    """The caps that were named. Raises typer.BadParameter as `read_moment` does."""
    return Caps(
        max_tokens=max_tokens,
        max_cost=None if max_cost is None else round(max_cost * NANO),
        deadline=None if deadline is None else read_moment(deadline, datetime.now(UTC)),
    )


def read_moment(words: str, now: datetime) -> datetime:
    """A moment as people type it: an ISO date and time (local when it has no zone), or 12h, 90m.

    Raises typer.BadParameter where it is neither, or lies before `now`.
    """
    number, unit = words[:-1], words[-1:].lower()
    try:
        if unit in HOURS and number.replace(".", "", 1).isdigit():
            moment = now + timedelta(hours=float(number) * HOURS[unit])
        else:
            moment = datetime.fromisoformat(words).astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{words!r} is no moment: write 2026-03-09T08:00, or 12h, 90m or 2d from now",
            param_hint="--deadline",
        ) from None
    if moment <= now:
        raise typer.BadParameter(f"{words} has passed", param_hint="--deadline")
    return moment
