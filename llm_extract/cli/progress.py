"""What is seen of a run while it goes on: counts, rate, time left and notices, all on stderr."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from llm_extract.batch import RunSummary
from llm_extract.cli.console import err, say
from llm_extract.cli.tables import STYLES
from llm_extract.record import Record

_STAGES = {
    "reading": "reading reports",
    "starting": "starting the model",
    "working": "extracting",
    "done": "done",
}


class RunDisplay:
    """Context manager: shows a run's progress unless `quiet`, and failed reports always."""

    def __init__(self, *, quiet: bool) -> None:
        self.latest: RunSummary | None = None
        self._quiet = quiet
        self._work_began: RunSummary | None = None
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
            TextColumn("{task.fields[counts]}", markup=False),
            TextColumn("{task.fields[pace]}", markup=False),
            console=err,
            transient=True,
            disable=quiet or not err.is_terminal,
        )
        self._task = self._progress.add_task("reading reports", total=None, counts="", pace="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._progress.stop()

    def notice(self, line: str) -> None:
        """A line about an input: what was guessed or left out."""
        if not self._quiet:
            say(f"note: {line}", "dim")

    def settled(self, record: Record) -> None:
        """Names a report that failed as soon as it has."""
        if record.failure is not None:
            say(f"failed: {record.report.id}: {record.failure.message}", STYLES["failed"])

    def advance(self, summary: RunSummary) -> None:
        """Show the state of the run."""
        previous, self.latest = self.latest, summary
        if summary.stage == "working" and self._work_began is None:
            self._work_began = summary
        if summary.stage == "starting" and previous and previous.stage == "reading":
            self._announce(summary)
        self._progress.update(
            self._task,
            description=_STAGES[summary.stage],
            completed=summary.settled,
            total=None if summary.stage == "reading" else summary.read,
            counts=_counts(summary),
            pace=_pace(self._work_began, summary),
        )

    def _announce(self, summary: RunSummary) -> None:
        if self._quiet:
            return
        left = summary.read - summary.settled
        cached = f", {summary.cached} done before" if summary.cached else ""
        say(f"{_reports(summary.read)} read{cached}, {left} to extract", "dim")


def _counts(summary: RunSummary) -> str:
    return f"clean {summary.clean} flagged {summary.flagged} failed {summary.failed}"


def _pace(began: RunSummary | None, now: RunSummary) -> str:
    """Reports a minute and time left, from the reports that needed the model alone."""
    worked = now.settled - began.settled if began else 0
    if began is None or worked == 0 or now.seconds <= began.seconds:
        return ""
    rate = worked / (now.seconds - began.seconds)
    left = timedelta(seconds=round((now.read - now.settled) / rate))
    return f"{rate * 60:.1f}/min, {left} left"


def _reports(number: int) -> str:
    return f"{number} report" if number == 1 else f"{number} reports"
