"""Who watches jobs from outside, as telemetry does: told of events and numbers, never of a text."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from llm_extract.models.pace import Pace
from llm_extract.models.spec import ModelSpec
from llm_extract.models.watched import Exchange
from llm_extract.record import Record
from llm_extract.store import Job


class Watcher(Protocol):
    """Told while jobs are worked on, in the thread of the event loop; it must not wait or raise.

    How a job stands it can learn from the same `on_progress` as a display.
    """

    def taken_up(self, job: Job, spec: ModelSpec, pace: Pace) -> None:
        """A worker begins with what is left of a job, or with a part of it."""

    def reading(
        self, job_id: int, position: int
    ) -> AbstractContextManager[Callable[[Record], None]]:
        """Round the reading of a report by a model; what is entered takes the record.

        Requests for the report are made inside, also in tasks begun there. No record comes when the
        work was dropped.
        """
        ...

    def exchanged(self, exchange: Exchange) -> None:
        """A request has ended."""
