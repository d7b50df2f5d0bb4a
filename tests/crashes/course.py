"""A job through many lives: workers are killed where it hurts, others go on until it is done."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from random import Random

from sqlalchemy import create_engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from crashes.lives import IN_FLIGHT, Aim, Setup, Where, live
from llm_extract.store.tables import run_items

STATEMENTS_AT_START = 120
"""About as many statements as a worker sends on an empty store before it reads anything in."""
READING = ("INSERT INTO reports", "INSERT INTO run_items", "INSERT INTO records", "UPDATE runs")
SETTLING = ("INSERT INTO records", "UPDATE attempts", "UPDATE run_items", "UPDATE runs")
LONGEST_COMMIT = 0.002
"""Seconds in which a commit of some dozen rows is surely over."""
LONGEST_OPEN = 0.01
"""Seconds within which a request that was written down is surely answered."""
SETTLED_A_SECOND = 150.0
"""Reports, rather too few than too many: what a kill by the clock allows a worker to settle."""
LONGEST_LIFE = 120.0
"""Seconds after which a worker that neither ends nor is killed counts as hanging."""


@dataclass(slots=True)
class Course:
    """What became of the workers: how many were killed where; ends that nobody wanted."""

    kills: Counter[Where] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def killed(self) -> int:
        """Workers that SIGKILL ended."""
        return self.kills.total()


def run_job(
    setup: Setup,
    kills: int,
    workers: int,
    random: Random,
    on_step: Callable[[Course, int], None] = lambda *_: None,
) -> Course:
    """Work on the job with so many workers at a time until it is done, killing `kills` of them.

    `on_step` gets the course and the number of reports left, after every worker's end.
    """
    context = multiprocessing.get_context("forkserver")
    # A worker's imports take longer than its life: they are made once, in an empty process.
    context.set_forkserver_preload(["crashes.warm"])
    course, began = Course(), time.monotonic()
    aims = _order(kills, random)
    alive: dict[ForkServerProcess, _Life] = {}
    over = False
    while alive or not over:
        left = left_of(setup)
        while not over and len(alive) < workers:
            where = aims.pop(0) if aims else None
            aim = _aimed(where, left, len(aims) + 1, workers, random) if where else None
            process = context.Process(target=live, args=(setup, aim))
            process.start()
            alive[process] = _Life(aim, time.monotonic())
        _wait(alive)
        for process in [each for each in alive if not each.is_alive()]:
            life = alive.pop(process)
            over |= _ended(process, life.aim, course)
            on_step(course, left_of(setup))
    course.seconds = time.monotonic() - began
    return course


def left_of(setup: Setup) -> int:
    """Reports that have no record yet; all of them while there is no store."""
    url = setup.store if "://" in setup.store else f"sqlite:///{setup.store}"
    engine = create_engine(url)
    query = select(func.count()).where(run_items.c.record_pk.is_not(None))
    try:
        with engine.connect() as connection:
            return setup.count - int(connection.execute(query).scalar_one())
    except SQLAlchemyError:  # it is not made yet
        return setup.count
    finally:
        engine.dispose()


@dataclass(frozen=True, slots=True)
class _Life:
    aim: Aim | None
    began: float

    @property
    def until(self) -> float:
        """When it is killed from outside; hanging counts as an end that nobody wanted."""
        by_clock = self.aim is not None and self.aim.mark is None
        return self.began + (self.aim.delay if self.aim and by_clock else LONGEST_LIFE)


def _order(kills: int, random: Random) -> list[Where]:
    """Where the kills happen: a tenth at the start, a fifth while reading in, then all mixed."""
    order: list[Where] = []
    order += ["start"] * -(-kills // 10)
    order += ["reading"] * -(-kills // 5)
    rest: list[Where] = ["opened", "commit", "anywhere", "commit", "opened", "start"]
    mixed = [rest[n % len(rest)] for n in range(kills - len(order))]
    random.shuffle(mixed)
    return order + mixed


def _aimed(where: Where, left: int, lives: int, workers: int, random: Random) -> Aim:
    """The aim of one life of `lives`, among which the reports that are left are shared out.

    None of `workers` at a time settles so many that nothing is left for the kills to come: two more
    commits, of what is in flight, may be through before a kill.
    """
    spare = max(0, left - 2 * IN_FLIGHT * (lives + workers))
    share = random.randint(0, 2 * spare // (lives + 1))
    most = min(2 * share, spare // workers) + 1
    match where:
        case "start":
            nth = random.randrange(STATEMENTS_AT_START)
            return Aim("start", 0.0, "", nth, most=most)
        case "reading":
            delay = random.choice((0.0, random.uniform(0, LONGEST_COMMIT)))
            at_commit = random.random() < 0.5
            mark, nth = random.choice(READING), random.randrange(3)
            return Aim("reading", delay, mark, nth, 0, at_commit, most)
        case "opened":
            delay = random.uniform(0.0001, LONGEST_OPEN)
            return Aim("opened", delay, "INSERT INTO attempts", 0, share, True, most)
        case "commit":
            at_commit = random.random() < 0.5
            delay = random.uniform(0, LONGEST_COMMIT) if at_commit else 0.0
            return Aim("commit", delay, random.choice(SETTLING), 0, share, at_commit, most)
        case "anywhere":
            delay = random.uniform(0, 0.3 + share / SETTLED_A_SECOND)
            return Aim("anywhere", delay, most=most)


def _wait(alive: dict[ForkServerProcess, _Life]) -> None:
    """Until a worker has ended; those whose time has come are killed."""
    first = min(life.until for life in alive.values())
    wait([process.sentinel for process in alive], max(0.0, first - time.monotonic()))
    for process, life in alive.items():
        if time.monotonic() >= life.until and process.is_alive():
            process.kill()
            process.join()


def _ended(process: ForkServerProcess, aim: Aim | None, course: Course) -> bool:
    """Note how a worker has ended; whether it did because nothing is left."""
    process.join()
    if process.exitcode == -signal.SIGKILL and aim is not None:
        course.kills[aim.where] += 1
    elif process.exitcode != 0:
        course.broken.append(f"a worker ended with {process.exitcode} ({aim})")
        return len(course.broken) > 3
    return process.exitcode == 0
