"""Whatever two workers do in whatever order: each item at most one record, sums those of the rows.

The worker `late` has leases that run out at once, so that on PostgreSQL the other takes over what
it holds; on SQLite both names stand for one worker that was killed and started anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from postgres import Cluster
from sqlalchemy import case, func, select
from sqlalchemy.sql import ColumnElement
from store_builders import (
    SEALED,
    given_back,
    key_of,
    opening,
    paid,
    read,
    record_of,
    report,
    settlement,
)

from llm_extract.pipeline import Settings
from llm_extract.record import Disposition
from llm_extract.store import Caps, Item, Opening, Settlement, Sums, open_store
from llm_extract.store.engine import open_engine
from llm_extract.store.tables import attempts, metadata, records, run_items, runs

WORKERS = st.sampled_from(["prompt", "late"])
DISPOSITIONS: st.SearchStrategy[Disposition] = st.sampled_from(["clean", "flagged", "failed"])
INPUTS = st.sampled_from([report("a"), report("b"), report("twin", "The story of b."), SEALED])
JOBS = st.sampled_from([0, 1])
MOST = 1000
"""Cap of tokens and of nanodollars of each job; requests take up to `EACH`."""
EACH = 300

Claimed = tuple[str, Item, list[Opening]]
"""Who claimed an item, and the requests that were opened for it."""


class Machine(RuleBasedStateMachine):
    """Two jobs over a handful of reports, worked off by two workers."""

    place: str

    claimed: Bundle[Claimed] = Bundle("claimed")

    def __init__(self) -> None:
        super().__init__()
        self.store = open_store(self.place)
        self.engine = open_engine(self.place)
        with self.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        caps = Caps(max_tokens=MOST, max_cost=MOST)
        self.jobs = [
            self.store.jobs.create(Settings(), "0.1.0", f"{n:064}", {"paths": []}, caps).id
            for n in range(2)
        ]
        self.workers = {
            "prompt": self.store.work("prompt"),
            "late": self.store.work("late", timedelta(0)),
        }

    def teardown(self) -> None:
        self.store.close()
        self.engine.dispose()

    @rule(job=JOBS, found=st.lists(INPUTS, max_size=3))
    def take_in(self, job: int, found: list[Any]) -> None:
        read(self.workers["prompt"], self.jobs[job], *found, last=False)

    @rule(target=claimed, worker=WORKERS, job=JOBS, most=st.integers(1, 3))
    def claim(self, worker: str, job: int, most: int) -> Any:
        items = self.workers[worker].claim(self.jobs[job], most)
        return multiple(*((worker, item, []) for item in items))

    @rule(
        one=claimed,
        tokens=st.integers(0, EACH),
        cost=st.integers(0, EACH),
    )
    def open(self, one: Claimed, tokens: int, cost: int) -> None:
        worker, item, opened = one
        asked = opening(item, tokens=tokens, cost=cost)
        before = self.store.jobs.get(item.run_id)
        (refused,) = self.workers[worker].commit([asked]).refused
        used = before.sums.prompt_tokens + before.sums.completion_tokens
        over_tokens = used + before.sums.reserved_tokens + tokens > MOST
        over_cost = before.sums.cost + before.sums.reserved_cost + cost > MOST
        if before.state != "running":
            assert refused == "stopped"
        else:
            assert refused == ("tokens" if over_tokens else "cost" if over_cost else None)
        if refused is None:
            opened.append(asked)

    @rule(
        some=st.lists(consumes(claimed), min_size=1, max_size=3),
        disposition=DISPOSITIONS,
        share=st.integers(0, 2),
        uncounted=st.booleans(),
        ends=st.booleans(),
    )
    def settle(
        self,
        some: list[Claimed],
        disposition: Disposition,
        share: int,
        uncounted: bool,
        ends: bool,
    ) -> None:
        """Settle items or give them back; each request used none, half or all of its most."""
        by_worker: dict[str, list[Settlement]] = {}
        for worker, item, opened in some:
            payments = []
            for one in opened:
                tokens, cost = one.most_tokens * share // 2, one.most_cost * share // 2
                payments.append(
                    paid(one, 0, 0, 0, uncounted=True)
                    if uncounted
                    else paid(one, tokens - tokens // 3, tokens // 3, cost)
                )
            made = record_of(item.report, disposition)
            by_worker.setdefault(worker, []).append(
                settlement(item, made, payments) if ends else given_back(item, payments)
            )
        for worker, settlements in by_worker.items():
            places = [one.place for one in settlements]
            if len(set(places)) < len(places):  # one worker settles an item once at a time
                for one in settlements:
                    self.workers[worker].commit(settlements=[one])
            else:
                self.workers[worker].commit(settlements=settlements)

    @rule(one=consumes(claimed))
    def reuse(self, one: Claimed) -> None:
        worker, item, opened = one
        key = key_of(item.report)
        earlier = self.workers[worker].earlier([key]).get(key)
        if earlier is None or opened or item.again:
            return
        with self.engine.connect() as connection:
            found = select(records.c.disposition).where(records.c.pk == earlier.pk)
            disposition = connection.execute(found).scalar_one()
        done = Settlement(item.run_id, item.position, disposition, pk=earlier.pk)
        self.workers[worker].commit(settlements=[done])

    @rule(worker=WORKERS, job=JOBS)
    def free(self, worker: str, job: int) -> None:
        self.workers[worker].free(self.jobs[job])

    @rule(job=JOBS, only=st.sampled_from(["failed", "flagged"]))
    def retry(self, job: int, only: Literal["failed", "flagged"]) -> None:
        self.store.jobs.retry(self.jobs[job], only)
        self.store.jobs.move(self.jobs[job], "running")

    @rule()
    def beat(self) -> None:
        self.workers["prompt"].beat()

    @invariant()
    def sums_are_those_of_the_rows(self) -> None:
        for job in self.jobs:
            sums = self.store.jobs.get(job).sums
            assert sums == self.added_up(job)
            assert sums.prompt_tokens + sums.completion_tokens + sums.reserved_tokens <= MOST
            assert sums.cost + sums.reserved_cost <= MOST

    @invariant()
    def finished_work_has_one_current_record(self) -> None:
        current = select(func.count(), func.count(records.c.report_sha256.distinct())).where(
            records.c.disposition != "failed", ~records.c.superseded
        )
        with self.engine.connect() as connection:
            rows, works = connection.execute(current).one()
        assert rows == works

    @invariant()
    def settled_items_are_held_by_nobody(self) -> None:
        held = select(func.count()).where(
            run_items.c.record_pk.is_not(None), run_items.c.worker.is_not(None)
        )
        with self.engine.connect() as connection:
            assert connection.execute(held).scalar_one() == 0

    def added_up(self, job: int) -> Sums:
        """The sums of a job, counted anew."""

        def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
            return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

        def total(column: Any, *states: str) -> ColumnElement[int]:
            counted = case((attempts.c.state.in_(states), column), else_=0)
            return func.coalesce(func.sum(counted), 0)

        items = (
            select(
                func.count().label("read"),
                *(how_many(records.c.disposition == d).label(d) for d in ("clean", "flagged")),
                how_many(records.c.disposition == "failed").label("failed"),
                how_many(run_items.c.from_cache).label("cached"),
            )
            .join_from(run_items, records, isouter=True)
            .where(run_items.c.run_id == job)
        )
        back, under_way = ("settled", "uncounted"), ("open", "lost", "uncounted")
        names = ("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens", "cost")
        spent = select(
            how_many(attempts.c.state.in_(back)).label("calls"),
            *(total(attempts.c[name], *back).label(name) for name in names),
            total(attempts.c.most_tokens, *under_way).label("reserved_tokens"),
            total(attempts.c.most_cost, *under_way).label("reserved_cost"),
        ).where(attempts.c.run_id == job)
        with self.engine.connect() as connection:
            counted = connection.execute(items).one()._asdict()
            counted |= connection.execute(spent).one()._asdict()
            noted = connection.execute(select(runs.c.read).where(runs.c.id == job)).scalar_one()
        assert noted == counted["read"]
        return Sums(**{name: int(number) for name, number in counted.items()})


@contextmanager
def sqlite_place() -> Iterator[str]:
    with TemporaryDirectory() as folder:
        yield str(Path(folder) / "store.sqlite")


def explore(place: str, examples: int) -> None:
    machine = type("Machine", (Machine,), {"place": place})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=25, deadline=None)
    )


def test_sums_are_those_of_the_rows_on_sqlite() -> None:
    with sqlite_place() as place:
        explore(place, examples=25)


@pytest.mark.postgres
def test_sums_are_those_of_the_rows_on_postgres(postgres: Cluster) -> None:
    with postgres.database() as place:
        explore(place, examples=25)
