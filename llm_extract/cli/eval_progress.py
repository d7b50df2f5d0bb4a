"""What is seen of an eval run while it goes on: one bar a cell of the grid, on stderr."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from llm_extract.batch import RunSummary
from llm_extract.cli.console import err, say, visible


class EvalDisplay:
    """Context manager: shows the cell that is read, its reports and the time left, unless quiet."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}", markup=False),
            console=err,
            transient=True,
            disable=quiet or not err.is_terminal,
        )
        self._task = self._progress.add_task("eval", total=None, state="")
        self._began: RunSummary | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._progress.stop()

    def begin(self, cell: str, reports: int) -> None:
        """A new cell of so many reports."""
        self._began = None
        self._progress.reset(
            self._task, description=visible(cell), total=reports, completed=0, state=""
        )
        if not self._quiet and not err.is_terminal:
            say(f"{cell}: {reports} reports", "dim")

    def advance(self, summary: RunSummary) -> None:
        """Where the cell stands."""
        if summary.stage == "working" and self._began is None:
            self._began = summary
        cached = f"{summary.cached} read before" if summary.cached else ""
        failed = f"{summary.failed} failed" if summary.failed else ""
        left = _left(self._began, summary)
        self._progress.update(
            self._task,
            completed=summary.settled,
            state=", ".join(filter(None, (cached, failed, left))),
        )


def _left(began: RunSummary | None, now: RunSummary) -> str:
    """The time left, from the reports that were read since the model was entered."""
    done = now.settled - began.settled if began else 0
    if began is None or not done:
        return ""
    each = (now.seconds - began.seconds) / done
    return f"{timedelta(seconds=round(each * (now.read - now.settled)))} left"
