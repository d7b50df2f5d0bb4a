"""Jobs as rows: what they are, where they stand, what they may spend; no item of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Engine, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from llm_extract.errors import StoreError
from llm_extract.pipeline import Settings
from llm_extract.record import Tokens
from llm_extract.store.engine import transaction
from llm_extract.store.tables import attempts, records, run_items, runs

JobState = Literal["running", "paused", "cancelled", "done"]
"""`running` also after a kill: what is left is done by whoever resumes it."""

JOB_EXISTS = "job_exists"
"""Code of the error when a job of the same key is there and was not cancelled."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What a job may use in its whole life: tokens in and out, nanodollars, until when."""

    max_tokens: int | None = None
    max_cost: int | None = None
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """Where a job stands. `cost` is in nanodollars; `reserved_…` as in `tables.COUNTERS`."""

    read: int = 0
    clean: int = 0
    flagged: int = 0
    failed: int = 0
    cached: int = 0
    calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cost: int = 0
    reserved_tokens: int = 0
    reserved_cost: int = 0

    @property
    def settled(self) -> int:
        """Items that have a record."""
        return self.clean + self.flagged + self.failed

    @property
    def tokens(self) -> Tokens:
        """Tokens spent, as the server counted them."""
        return Tokens(
            prompt=self.prompt_tokens,
            cached=self.cached_tokens,
            completion=self.completion_tokens,
            reasoning=self.reasoning_tokens,
        )


@dataclass(frozen=True, slots=True)
class Job:
    """One job: its inputs read into the store, to be settled with these settings.

    `key` is the digest of all that decides it, None for a run of reports that came from a program.
    """

    id: int
    key: str | None
    state: JobState
    reason: str | None
    settings: Settings
    version: str
    inputs: Mapping[str, Any] | None
    all_read: bool
    caps: Caps
    started: datetime
    finished: datetime | None
    sums: Sums


@dataclass(frozen=True, slots=True)
class Lost:
    """Requests whose reply never came or bore no count: how many, and what they may have used."""

    calls: int
    most_tokens: int
    most_cost: int


class Jobs:
    """The jobs of a store. Every method raises StoreError on trouble with it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self,
        settings: Settings,
        version: str,
        key: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        caps: Caps | None = None,
    ) -> Job:
        """A new job that is running and has read nothing yet.

        Raises StoreError with the code `job_exists` when a job of that key was not cancelled.
        """
        row = {
            "started": datetime.now(UTC),
            "settings": asdict(settings),
            "version": version,
            "key": key,
            "inputs": dict(inputs) if inputs is not None else None,
            "state": "running",
            "all_read": False,
            **asdict(caps or Caps()),
        }
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        adding = dialect.insert(runs).values(**row)
        if key is not None:
            adding = adding.on_conflict_do_nothing(
                index_elements=[runs.c.key], index_where=text("state != 'cancelled'")
            )
        with transaction(self._engine) as connection:
            made = connection.execute(adding.returning(*runs.c)).one_or_none()
        if made is None:
            raise StoreError(
                "this job was started before, perhaps by another worker in this moment: resume it",
                code=JOB_EXISTS,
            )
        return _job(made)

    def get(self, job_id: int) -> Job:
        """The job of a number. Raises StoreError when there is none."""
        with transaction(self._engine) as connection:
            row = connection.execute(select(runs).where(runs.c.id == job_id)).one_or_none()
        if row is None:
            raise StoreError(
                f"the store has no job {job_id}; `llm-extract job list` shows its jobs",
                code="no_job",
            )
        return _job(row)

    def with_key(self, key: str) -> Job | None:
        """The newest job of that identity that was not cancelled."""
        query = (
            select(runs)
            .where(runs.c.key == key, runs.c.state != "cancelled")
            .order_by(runs.c.id.desc())
            .limit(1)
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _job(row)

    def all(self) -> list[Job]:
        """Every job and run, oldest first."""
        with transaction(self._engine) as connection:
            return [_job(row) for row in connection.execute(select(runs).order_by(runs.c.id))]

    def move(
        self,
        job_id: int,
        state: JobState,
        reason: str | None = None,
        out_of: Iterable[JobState] = ("running", "paused"),
    ) -> bool:
        """Bring a job into a state unless it has left the states `out_of`; whether it did."""
        finished = datetime.now(UTC) if state in ("done", "cancelled") else None
        with transaction(self._engine) as connection:
            moved = connection.execute(
                runs.update()
                .where(runs.c.id == job_id, runs.c.state.in_(tuple(out_of)))
                .values(state=state, reason=reason, finished=finished)
            )
        return moved.rowcount == 1

    def ended(self, job_id: int, counts: Mapping[str, Any]) -> None:
        """Note that a program has stopped working on it, and what it counted."""
        with transaction(self._engine) as connection:
            connection.execute(
                runs.update()
                .where(runs.c.id == job_id)
                .values(finished=datetime.now(UTC), counts=dict(counts))
            )

    def set_caps(self, job_id: int, caps: Caps) -> None:
        """Other caps from now on; None lifts one."""
        with transaction(self._engine) as connection:
            connection.execute(runs.update().where(runs.c.id == job_id).values(**asdict(caps)))

    def retry(self, job_id: int, disposition: Literal["failed", "flagged"]) -> int:
        """Open the items of that disposition again, so that the model is asked anew; their number.

        Their records stay in the store until new ones are there; a job that was done runs again.
        Inputs that could not be read stay failed: there is nothing to ask about.
        Raises StoreError when the job was cancelled or is a run, which nobody can resume.
        """
        concerned = (
            run_items.c.run_id == job_id,
            run_items.c.report_pk.is_not(None),
            run_items.c.record_pk.in_(
                select(records.c.pk).where(records.c.disposition == disposition)
            ),
        )
        with transaction(self._engine) as connection:
            # The job first, as in `Work.commit`, so that neither waits for the other in a ring.
            query = select(runs.c.key, runs.c.state).where(runs.c.id == job_id)
            job = connection.execute(query.with_for_update(key_share=True)).one_or_none()
            if job is None or job.key is None or job.state == "cancelled":
                raise StoreError(
                    f"{job_id} is no job that could be resumed: it is unknown, cancelled or a run "
                    "of `llm-extract run`; repeat that command, it tries failed reports again",
                    code="job_over",
                )
            query = select(func.count(), func.count().filter(run_items.c.from_cache))
            opened, cached = connection.execute(query.where(*concerned)).one()
            if not opened:
                return 0
            connection.execute(
                run_items.update()
                .where(*concerned)
                .values(record_pk=None, worker=None, from_cache=False, tries=0, again=True)
            )
            connection.execute(
                runs.update()
                .where(runs.c.id == job_id)
                .values(
                    {
                        disposition: runs.c[disposition] - opened,
                        "cached": runs.c.cached - cached,
                        "state": "paused",
                        "reason": f"{disposition} reports are to be read anew",
                        "finished": None,
                    }
                )
            )
        return int(opened)

    def lost(self, job_id: int) -> Lost:
        """What requests may have used whose reply was lost or bore no count."""
        query = select(
            func.count(),
            func.coalesce(func.sum(attempts.c.most_tokens), 0),
            func.coalesce(func.sum(attempts.c.most_cost), 0),
        ).where(attempts.c.run_id == job_id, attempts.c.state.in_(("lost", "uncounted")))
        with transaction(self._engine) as connection:
            calls, tokens, cost = connection.execute(query).one()
        return Lost(int(calls), int(tokens), int(cost))


def sums_of(row: Any) -> Sums:
    """The sums in a row of runs."""
    return Sums(**{name: int(getattr(row, name)) for name in Sums.__dataclass_fields__})


def _job(row: Any) -> Job:
    return Job(
        id=row.id,
        key=row.key,
        state=row.state,
        reason=row.reason,
        settings=Settings(**row.settings),
        version=row.version,
        inputs=row.inputs,
        all_read=row.all_read,
        caps=Caps(row.max_tokens, row.max_cost, row.deadline),
        started=row.started,
        finished=row.finished,
        sums=sums_of(row),
    )
