"""What is seen of a run while it goes on: counts, rate, time left and notices, all on stderr."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from llm_extract.batch import RunSummary
from llm_extract.batch.estimate import Estimate
from llm_extract.cli.console import err, say
from llm_extract.cli.job_tables import dollars, estimate_lines
from llm_extract.cli.tables import STYLES
from llm_extract.errors import LlmExtractError
from llm_extract.record import Record
from llm_extract.store import Job

LOG_SECONDS = 10.0
"""How often a structured log tells how far a job is."""

FINISHING = "finishing the requests under way; Ctrl-C again drops them"
DROPPING = "dropping the requests under way"

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
        self.undated = 0
        """Reports read without a day of publication."""
        self._quiet = quiet
        self._work_began: RunSummary | None = None
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
            TextColumn("{task.fields[counts]}", markup=False),
            TextColumn("{task.fields[pace]}", markup=False),
            TextColumn("{task.fields[spent]}", markup=False),
            console=err,
            transient=True,
            disable=quiet or not err.is_terminal,
        )
        self._task = self._progress.add_task(
            "reading reports", total=None, counts="", pace="", spent=""
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._progress.stop()

    def notice(self, line: str) -> None:
        """A line about an input: what was guessed or left out."""
        if not self._quiet:
            say(f"note: {line}", "dim")

    def remark(self, line: str) -> None:
        """A line about the work itself."""
        self.notice(line)

    def taken_up(self, job: Job) -> None:
        """Work on a job begins."""

    def estimated(self, job: Job, found: Estimate) -> None:
        """What a job will take, told from a sample of it."""
        for line in estimate_lines(found):
            self.remark(line)

    def stopping(self, at_once: bool) -> None:
        """A signal asked to stop; `at_once`: it was the second one."""
        say(DROPPING if at_once else FINISHING, "dim")

    def settled(self, record: Record) -> None:
        """Names a report that failed as soon as it has."""
        self.undated += record.failure is None and record.report.published is None
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
            spent=_spent(summary),
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


class JobLog:
    """Context manager: the course of jobs as lines of JSON on stderr, without text of reports.

    An event has `time` (ISO, UTC), `event` and its own fields, of which `job` is the number of a
    job. Ids are those of inputs; why a report failed or a job was paused is said by a code alone,
    since a message may quote a server or a text. Costs are nanodollars.
    """

    def __init__(self, every_seconds: float = LOG_SECONDS) -> None:
        self._every = every_seconds
        self._said: dict[int, tuple[str, float]] = {}
        self._work_began: dict[int, RunSummary] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        return None

    def notice(self, line: str) -> None:
        """Something about an input was guessed or left out; what it was may quote the input."""
        self._event("input_notice")

    def remark(self, line: str) -> None:
        """A line about the work itself."""
        self._event("remark", message=line)

    def taken_up(self, job: Job) -> None:
        """Work on a job begins."""
        self._event(
            "job_started",
            job=job.id,
            model=job.settings.model,
            strategy=job.settings.strategy,
            read=job.sums.read,
            left=job.sums.read - job.sums.settled,
            max_tokens=job.caps.max_tokens,
            max_cost=job.caps.max_cost,
            deadline=job.caps.deadline and job.caps.deadline.isoformat(),
        )

    def estimated(self, job: Job, found: Estimate) -> None:
        """What a job will take, told from a sample of it."""
        self._event("estimate", job=job.id, **asdict(found))

    def error(self, error: LlmExtractError | OSError) -> None:
        """Why the program ends: about model, store or disk, never about a report."""
        code = error.code if isinstance(error, LlmExtractError) else "disk"
        self._event("error", code=code, message=str(error))

    def stopping(self, at_once: bool) -> None:
        """A signal asked to stop; `at_once`: it was the second one."""
        self._event("stopping", at_once=at_once)

    def settled(self, record: Record) -> None:
        """A report that failed."""
        if record.failure is not None:
            self._event("failed", report=record.report.id, code=record.failure.code)

    def advance(self, summary: RunSummary) -> None:
        """The state of a job, at each new stage and every few seconds, and how it ends."""
        number, stage = summary.run_id, summary.stage
        if stage == "working":
            self._work_began.setdefault(number, summary)
        said, at = self._said.get(number, ("", -self._every))
        if stage == said and summary.seconds - at < self._every:
            return
        self._said[number] = (stage, summary.seconds)
        self._event(_event_of(summary), **self._fields(summary))

    def _fields(self, summary: RunSummary) -> dict[str, Any]:
        fields = summary.counts()
        fields["job"] = fields.pop("run_id")
        del fields["paused"], fields["interrupted"]  # can quote a server; the code stays
        fields["seconds"] = round(summary.seconds, 3)
        rate = reports_a_second(self._work_began.get(summary.run_id), summary)
        left = summary.read - summary.settled
        return {
            **fields,
            "left": left,
            "reports_a_minute": None if rate is None else round(rate * 60, 1),
            "seconds_left": None if rate is None else round(left / rate),
        }

    def _event(self, event: str, **fields: Any) -> None:
        line = {"time": datetime.now(UTC).isoformat(), "event": event, **fields}
        print(json.dumps(line, ensure_ascii=False), file=sys.stderr, flush=True)


def _counts(summary: RunSummary) -> str:
    return f"clean {summary.clean} flagged {summary.flagged} failed {summary.failed}"


def _spent(summary: RunSummary) -> str:
    """Tokens so far, and dollars where they have a price."""
    tokens = summary.tokens.prompt + summary.tokens.completion
    if not tokens:
        return ""
    cost = f", {dollars(summary.cost)}" if summary.cost else ""
    return f"{tokens:,} tokens{cost}"


def _event_of(summary: RunSummary) -> str:
    if summary.stage != "done":
        return "progress"
    if summary.paused is not None:
        return "job_paused"
    return "job_done" if summary.settled == summary.read else "sample_read"


def _pace(began: RunSummary | None, now: RunSummary) -> str:
    """Reports a minute and time left."""
    rate = reports_a_second(began, now)
    if rate is None:
        return ""
    left = timedelta(seconds=round((now.read - now.settled) / rate))
    return f"{rate * 60:.1f}/min, {left} left"


def reports_a_second(began: RunSummary | None, now: RunSummary) -> float | None:
    """From the reports that needed the model alone; None while there are none.

    `began` is how the job stood when its model was there.
    """
    if began is None or now.settled <= began.settled or now.seconds <= began.seconds:
        return None
    return (now.settled - began.settled) / (now.seconds - began.seconds)


def _reports(number: int) -> str:
    return f"{number} report" if number == 1 else f"{number} reports"
