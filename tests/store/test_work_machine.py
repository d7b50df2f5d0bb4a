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
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from postgres import Cluster
from sqlalchemy import Connection, case, func, select
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
from llm_extract.store import Caps, Item, Opening, Paid, Settlement, Sums, open_store, parsed
from llm_extract.store.engine import open_engine
from llm_extract.store.tables import attempts, metadata, records, run_items, runs

WORKERS = st.sampled_from(["prompt", "late"])
DISPOSITIONS: st.SearchStrategy[Disposition] = st.sampled_from(
    ["clean", "flagged", "flagged", "failed"]
)
INPUTS = st.sampled_from([report("a"), report("twin", "The story of a."), SEALED])
JOBS = st.sampled_from([0, 1])
WHICH = st.integers(0, 11)
ENDS = st.sampled_from(["settled", "settled", "settled", "given back", "reused"])
MOST = 1000
"""Cap of tokens and of nanodollars of each job; requests take up to `EACH`."""
EACH = 300
USE = st.integers(0, EACH)

EXAMPLES, STEPS = 40, 25

TABLES = [table for table in metadata.sorted_tables if not table.name.startswith("review_")]
"""What jobs use; of what people did nothing can be deleted."""

Claimed = tuple[str, Item, list[Opening]]
"""Who claimed an item, and the requests that were opened for it."""


class Machine(RuleBasedStateMachine):
    """Two jobs over a handful of reports, worked off by two workers."""

    place: str

    def __init__(self) -> None:
        super().__init__()
        self.store = open_store(self.place)
        self.engine = open_engine(self.place)
        with self.engine.begin() as connection:
            for table in reversed(TABLES):
                connection.execute(table.delete())
        caps = Caps(max_tokens=MOST, max_cost=MOST)
        self.jobs = [
            self.store.jobs.create(Settings(), "0.1.0", f"{n:064}", {"paths": []}, caps).id
            for n in range(2)
        ]
        self.held: list[Claimed] = []
        self.workers = {
            "prompt": self.store.work("prompt"),
            "late": self.store.work("late", timedelta(0)),
        }

    def teardown(self) -> None:
        self.store.close()
        self.engine.dispose()

    @initialize(found=st.lists(INPUTS, min_size=1, max_size=4))
    def begin(self, found: list[Any]) -> None:
        for job in self.jobs:
            read(self.workers["prompt"], job, *found, last=False)

    @rule(job=JOBS, found=st.lists(INPUTS, max_size=3))
    def take_in(self, job: int, found: list[Any]) -> None:
        read(self.workers["prompt"], self.jobs[job], *found, last=False)

    @rule(worker=WORKERS, job=JOBS, most=st.integers(1, 3), tokens=USE, cost=USE)
    def claim_and_open(self, worker: str, job: int, most: int, tokens: int, cost: int) -> None:
        items = self.workers[worker].claim(self.jobs[job], most)
        self.held += [(worker, item, []) for item in items]
        for number in range(len(items)):
            self.open(-1 - number, tokens, cost)

    @precondition(lambda self: self.held)
    @rule(which=WHICH, tokens=USE, cost=USE)
    def open_another(self, which: int, tokens: int, cost: int) -> None:
        self.open(which % len(self.held), tokens, cost)

    @precondition(lambda self: self.held)
    @rule(
        some=st.lists(WHICH, min_size=1, max_size=3),
        ends=ENDS,
        disposition=DISPOSITIONS,
        share=st.integers(0, 2),
        uncounted=st.booleans(),
    )
    def settle(
        self,
        some: list[int],
        ends: str,
        disposition: Disposition,
        share: int,
        uncounted: bool,
    ) -> None:
        """End the work on items; each request used none, half or all of its most."""
        by_worker: dict[str, list[Settlement]] = {}
        for worker, item, opened in self.let_go(some):
            payments = [used(one, share, uncounted) for one in opened]
            done = given_back(item, payments)
            if ends == "settled":
                done = settlement(item, record_of(item.report, disposition), payments)
            elif ends == "reused" and not item.again:
                done = self.reused(item, payments) or done
            by_worker.setdefault(worker, []).append(done)
        for worker, settlements in by_worker.items():
            # One worker settles an item once at a time.
            for some_of_them in apart(settlements):
                self.workers[worker].commit(settlements=some_of_them)

    @rule(
        what=st.sampled_from(["free", "retry failed", "retry flagged", "beat"]),
        worker=WORKERS,
        job=JOBS,
    )
    def upset(self, what: str, worker: str, job: int) -> None:
        if what == "free":
            self.workers[worker].free(self.jobs[job])
        elif what == "beat":
            self.workers[worker].beat()
        else:
            self.store.jobs.retry(self.jobs[job], "failed" if "failed" in what else "flagged")
            self.store.jobs.move(self.jobs[job], "running")

    @invariant()
    def the_store_is_sound(self) -> None:
        with self.engine.connect() as connection:
            for job in self.jobs:
                noted = select(*(runs.c[name] for name in Sums.__dataclass_fields__))
                sums = Sums(*connection.execute(noted.where(runs.c.id == job)).one())
                assert sums == added_up(connection, job), "sums are those of the rows"
                tokens = sums.prompt_tokens + sums.completion_tokens + sums.reserved_tokens
                assert tokens <= MOST and sums.cost + sums.reserved_cost <= MOST
            count = select(func.count(), func.count(records.c.report_sha256.distinct()))
            current = records.c.disposition != "failed", ~records.c.superseded
            all_rows, works = connection.execute(count.where(*current)).one()
            assert all_rows == works, "finished work has one current record"
            settled_and_held = run_items.c.record_pk.is_not(None), run_items.c.worker.is_not(None)
            held = select(func.count()).where(*settled_and_held)
            assert connection.execute(held).scalar_one() == 0

    def open(self, which: int, tokens: int, cost: int) -> None:
        """Open a request, which is refused exactly when it could pass a cap."""
        worker, item, opened = self.held[which]
        asked = opening(item, tokens=tokens, cost=cost)
        before = self.store.jobs.get(item.run_id).sums
        (refused,) = self.workers[worker].commit([asked]).refused
        used = before.prompt_tokens + before.completion_tokens
        over_tokens = used + before.reserved_tokens + tokens > MOST
        over_cost = before.cost + before.reserved_cost + cost > MOST
        assert refused == ("tokens" if over_tokens else "cost" if over_cost else None)
        if refused is None:
            opened.append(asked)

    def reused(self, item: Item, payments: list[Paid]) -> Settlement | None:
        """The item settled with earlier work."""
        key = key_of(item.report)
        earlier = self.workers["prompt"].earlier([key]).get(key)
        if earlier is None:
            return None
        disposition = parsed(earlier.json).disposition
        return Settlement(item.run_id, item.position, disposition, pk=earlier.pk, paid=payments)

    def let_go(self, some: list[int]) -> list[Claimed]:
        """Items of `held`, which are no longer in it."""
        places = {which % len(self.held) for which in some}
        chosen = [self.held[place] for place in sorted(places)]
        self.held = [one for n, one in enumerate(self.held) if n not in places]
        return chosen


def used(one: Opening, share: int, uncounted: bool) -> Paid:
    """What a request used of its most: none, half or all of it."""
    if uncounted:
        return paid(one, 0, 0, 0, uncounted=True)
    tokens, cost = one.most_tokens * share // 2, one.most_cost * share // 2
    return paid(one, tokens - tokens // 3, tokens // 3, cost)


def apart(settlements: list[Settlement]) -> Iterator[list[Settlement]]:
    """All at once, or one by one where an item is among them twice."""
    if len({one.place for one in settlements}) == len(settlements):
        yield settlements
    else:
        yield from ([one] for one in settlements)


def added_up(connection: Connection, job: int) -> Sums:
    """The sums of a job, counted anew."""

    def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    def total(column: Any, *states: str) -> ColumnElement[int]:
        counted = case((attempts.c.state.in_(states), column), else_=0)
        return func.coalesce(func.sum(counted), 0)

    dispositions = ("clean", "flagged", "failed")
    items = (
        select(
            func.count().label("read"),
            *(how_many(records.c.disposition == one).label(one) for one in dispositions),
            how_many(run_items.c.from_cache).label("cached"),
        )
        .join_from(run_items, records, isouter=True)
        .where(run_items.c.run_id == job)
    )
    back, kept = ("settled", "uncounted"), ("open", "lost", "uncounted")
    names = ("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens", "cost")
    spent = select(
        how_many(attempts.c.state.in_(back)).label("calls"),
        *(total(attempts.c[name], *back).label(name) for name in names),
        total(attempts.c.most_tokens, *kept).label("reserved_tokens"),
        total(attempts.c.most_cost, *kept).label("reserved_cost"),
    ).where(attempts.c.run_id == job)
    counted = connection.execute(items).one()._asdict()
    counted |= connection.execute(spent).one()._asdict()
    return Sums(**{name: int(number) for name, number in counted.items()})


@contextmanager
def sqlite_place() -> Iterator[str]:
    with TemporaryDirectory() as folder:
        yield str(Path(folder) / "store.sqlite")


def explore(place: str, examples: int) -> None:
    machine = type("Machine", (Machine,), {"place": place})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=STEPS, deadline=None)
    )


@pytest.mark.slow
def test_sums_are_those_of_the_rows_on_sqlite() -> None:
    with sqlite_place() as place:
        explore(place, examples=EXAMPLES)


@pytest.mark.slow
@pytest.mark.postgres
def test_sums_are_those_of_the_rows_on_postgres(postgres: Cluster) -> None:
    with postgres.database() as place:
        explore(place, examples=EXAMPLES // 3)
