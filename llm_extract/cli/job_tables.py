"""How jobs and estimates print: tables that fit a terminal, lines that say what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Table

from llm_extract.batch.estimate import Estimate, Interval
from llm_extract.cli.console import plain
from llm_extract.store import Job, Lost

NANO = 1_000_000_000

EXACT_BELOW = 100_000
"""Numbers from here on are rounded in tables."""


def dollars(nano: float) -> str:
    """Nanodollars for people: whole cents, or as many places as show something."""
    amount = nano / NANO
    return f"${amount:,.2f}" if amount >= 1 or amount == 0 else f"${amount:.4f}"


def rounded(number: int) -> str:
    """A number in at most six letters: 950, 99,999, 123 k, 4.56 M."""
    if number < EXACT_BELOW:
        return f"{number:,}"
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        value = number / size
        if value >= 0.9995:  # what would be rounded to 1000 of the next smaller
            places = 2 if value < 9.995 else 1 if value < 99.95 else 0
            return f"{value:.{places}f} {letter}"
    return str(number)


def _short_dollars(nano: int) -> str:
    return f"${nano / NANO:,.0f}" if nano >= 1000 * NANO else dollars(nano)


def jobs_table(jobs: Sequence[Job]) -> Table:
    """One row a job; fits 80 columns."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    table.add_column("job", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("model", min_width=8, max_width=20, overflow="ellipsis", no_wrap=True)
    for name in ("read", "left", "flagged", "failed", "tokens", "cost"):
        table.add_column(name, justify="right", no_wrap=True)
    for job in jobs:
        sums = job.sums
        counts = (sums.read, sums.read - sums.settled, sums.flagged, sums.failed)
        table.add_row(
            str(job.id),
            job.state,
            plain(job.settings.model),
            *map(rounded, counts),
            rounded(sums.prompt_tokens + sums.completion_tokens),
            _short_dollars(sums.cost) if sums.cost else "",
        )
    return table


def paused_lines(jobs: Sequence[Job]) -> Iterator[str]:
    """Why jobs are paused."""
    for job in jobs:
        if job.state == "paused" and job.reason:
            yield f"job {job.id} is paused: {job.reason}"


def status_lines(job: Job, lost: Lost, place: str) -> Iterator[str]:
    """A job's state, sums and caps, and what to do next."""
    sums, caps, place = job.sums, job.caps, shlex.quote(place)
    left = sums.read - sums.settled
    yield f"job {job.id}  {job.state}{f': {job.reason}' if job.reason else ''}"
    reading = "" if job.all_read else " (reading not finished)"
    yield (
        f"reports  {sums.read:,} read{reading}: {sums.clean:,} clean, {sums.flagged:,} flagged, "
        f"{sums.failed:,} failed, {left:,} left; {sums.cached:,} from earlier work"
    )
    spent = f"{sums.prompt_tokens:,} in ({sums.cached_tokens:,} cached), "
    spent += f"{sums.completion_tokens:,} out"
    if sums.reasoning_tokens:
        spent += f" ({sums.reasoning_tokens:,} of reasoning)"
    yield f"tokens   {spent}, {sums.calls:,} requests"
    if lost.calls:
        yield (
            f"         and {lost.calls:,} requests whose reply was lost or bore no count: up to "
            f"{lost.most_tokens:,} tokens{f', {dollars(lost.most_cost)}' if lost.most_cost else ''}"
        )
    if sums.cost or caps.max_cost is not None:
        cap = f" of at most {dollars(caps.max_cost)}" if caps.max_cost is not None else ""
        yield f"cost     {dollars(sums.cost)}{cap}"
    if caps.max_tokens is not None:
        yield f"cap      {caps.max_tokens:,} tokens"
    if caps.deadline is not None:
        yield f"deadline {caps.deadline:%Y-%m-%d %H:%M} UTC"
    if job.state in ("running", "paused") and job.key:
        yield f"next     llm-extract job resume {job.id} --store {place}"
    elif sums.failed:
        yield f"next     llm-extract job retry {job.id} --only failed --store {place}"
    if sums.settled:
        yield f"results  llm-extract export {place} --job {job.id} --format csv --out claims.csv"


def estimate_lines(estimate: Estimate) -> Iterator[str]:
    """What a job will take, with the interval that holds it 19 times in 20."""
    yield (
        f"estimate from {estimate.sampled} reports for {estimate.reports:,}: "
        f"{_interval(estimate.prompt)} tokens in, {_interval(estimate.completion)} out"
    )
    if estimate.cost.value:
        cost = estimate.cost
        yield (
            f"estimated cost: {dollars(cost.value)} ({dollars(cost.low)} to {dollars(cost.high)}, "
            "right 19 times in 20)"
        )


def _interval(found: Interval) -> str:
    return f"{found.value:,.0f} ({found.low:,.0f} to {found.high:,.0f})"
