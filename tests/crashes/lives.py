"""One life of a worker: it works on a job as the program does, until it is done or killed."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

import anyio
from sqlalchemy import Connection, Engine, event

from llm_extract.batch.alone import sole_worker
from llm_extract.batch.jobs import Inputs, Told, find_or_begin, go_on
from llm_extract.documents import ReadOptions
from llm_extract.models.catalogue import USER_FILES_VARIABLE
from llm_extract.pipeline import Pipeline, Settings
from llm_extract.record import Record
from llm_extract.store import open_store

MODEL = "desk"
OPTIONS = ReadOptions(text_column="text", id_column="id", date_column="", title_column="")
IN_FLIGHT = 16

EVERY_BLANK = 97
"""Every so many reports one is blank: it can't be read and is settled while reading in."""
EVERY_TWIN = 41
"""Every so many reports one has the text of the report before it: it costs no request."""

Where = Literal["start", "reading", "opened", "commit", "anywhere"]


@dataclass(frozen=True, slots=True)
class Aim:
    """When a worker is killed: `delay` seconds after the `nth` statement that begins with `mark`.

    Statements count from when this life has settled `after` reports, from 0; with `at_commit` the
    commit of that statement's transaction is what is waited for. Where that never comes it is
    killed once it has settled `most` reports, and so it is where it has no mark and is killed from
    outside, `delay` seconds after its start.
    """

    where: Where
    delay: float
    mark: str | None = None
    nth: int = 0
    after: int = 0
    at_commit: bool = False
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """A job for all its workers: where its reports, its model and its store are.

    `lease` is in seconds, for a store that workers share.
    """

    reports: Path
    catalogue: Path
    store: str
    count: int
    lease: float = 1.0


def prepared(folder: Path, store: str, base_url: str, reports: int) -> Setup:
    """Invent the reports, short ones that cost one request each, and name the server's model."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, catalogue = folder / "reports.jsonl", folder / "models.toml"
    with rows.open("w", encoding="utf-8") as file:
        for n in range(reports):
            file.write(json.dumps({"id": f"r{n}", "text": text_of(n)}) + "\n")
    entry = {
        "kind": "endpoint",
        "base_url": base_url,
        "model": "scripted",
        "context_size": 32_000,
        "in_flight": IN_FLIGHT,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in entry.items()]
    catalogue.write_text("\n".join([f"[models.{MODEL}]", *lines]), encoding="utf-8")
    return Setup(rows, catalogue, store, reports)


def live(setup: Setup, aim: Aim | None = None) -> None:
    """Go on with the job until nothing is left; never returns where the aim is met before."""
    os.environ[USER_FILES_VARIABLE] = str(setup.catalogue)
    settled = 0

    def count(_: Record) -> None:
        nonlocal settled
        settled += 1
        if aim is not None and settled == aim.most:
            _die(0.0)

    if aim is not None and aim.mark is not None:
        _take(aim, lambda: settled)
    lease = timedelta(seconds=setup.lease)
    with open_store(setup.store, lease) as store, sole_worker(store):
        pipeline = Pipeline(Settings(MODEL))
        job, _ = find_or_begin(store, Inputs([str(setup.reports)], OPTIONS), pipeline)
        anyio.run(partial(go_on, store, [job], Told(on_record=count)))


def text_of(n: int) -> str:
    if n % EVERY_BLANK == EVERY_BLANK - 1:
        return " "
    if n % EVERY_TWIN == EVERY_TWIN - 1:
        n -= 1
    return f"On Monday {n % 7 + 2} guards were killed at gate {n} of the harbour."


def _take(aim: Aim, settled: Callable[[], int]) -> None:
    """Watch what the database is told, and end this process when the aim is met."""
    assert aim.mark is not None
    mark, seen, met = aim.mark, 0, False

    def on_statement(_c: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        nonlocal seen, met
        if met or settled() < aim.after or not statement.startswith(mark):
            return
        met = seen == aim.nth
        seen += 1
        if met and not aim.at_commit:
            _die(aim.delay)

    def on_commit(_: Connection) -> None:
        if met and aim.at_commit:
            _die(aim.delay)

    event.listen(Engine, "before_cursor_execute", on_statement)
    event.listen(Engine, "commit", on_commit)


def _die(delay: float) -> None:
    if delay:
        threading.Timer(delay, os.kill, (os.getpid(), signal.SIGKILL)).start()
    else:
        os.kill(os.getpid(), signal.SIGKILL)
