"""Small builders for tests of the store: reports, records, keys, jobs, and what its tables hold."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, select

from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.export import read_records
from llm_extract.pipeline import Settings, WorkKey
from llm_extract.record import Attempt, Disposition, Failure, Record, Tokens
from llm_extract.store import (
    Caps,
    Committed,
    Item,
    Job,
    Opening,
    Paid,
    Settlement,
    Store,
    Sums,
    Work,
    without_replies,
)
from llm_extract.store.tables import attempts

REPORT = Report(
    id="orsova-10",
    text="The Lantern Watch group counted at least 62 civilians killed.",
    source="reports/orsova-10.txt",
    title="A week in Orsova",
    published=date(2025, 3, 10),
    language="en",
)

SEALED = UnreadableReport("sealed", "sealed.pdf", "encrypted_pdf", "sealed.pdf is encrypted")

EXAMPLE = next(iter(read_records(Path(__file__).parent / "export" / "example_records.jsonl")))
"""A flagged record of `REPORT` with one finding of rule A05 and one attempt."""

REPLY = '{"claims": ["as the model said it"]}'

_numbers = count()


def key_of(report: Report, **changes: str) -> WorkKey:
    """The identity of the work on a report."""
    published = report.published.isoformat() if report.published else ""
    key = WorkKey(report.sha256, published, "0f", "scripted", "sentence", "0.1.0")
    return replace(key, **changes)


def report(name: str, text: str | None = None) -> Report:
    """A report of that id; its text is its own unless it is given."""
    return Report(id=name, text=text or f"The story of {name}.", source=f"{name}.txt")


def record_of(one: Report, disposition: Disposition = "flagged") -> Record:
    """A record of a report, with the attempt of the example and its raw reply."""
    own = {"id": one.id, "source": one.source, "title": one.title, "sha256": one.sha256}
    head = EXAMPLE.report.model_copy(update=own)
    assert EXAMPLE.provenance is not None
    told = EXAMPLE.provenance.attempts[0].model_copy(update={"reply": REPLY})
    provenance = EXAMPLE.provenance.model_copy(update={"attempts": [told]})
    changes: dict[str, Any] = {
        "report": head,
        "provenance": provenance,
        "disposition": disposition,
    }
    if disposition != "flagged":
        changes["findings"] = []
    if disposition == "failed":
        changes["claims"] = []
        changes["failure"] = Failure(code="cut_off", message="the model's reply was cut off")
    return EXAMPLE.model_copy(update=changes)


def job_of(
    store: Store,
    *found: Report | UnreadableReport,
    key: str | None = None,
    caps: Caps | None = None,
) -> Job:
    """A job whose inputs are read; it has a key, so that it can be taken up again."""
    key = key or f"{next(_numbers):064x}"
    job = store.jobs.create(Settings(), "0.1.0", key, {"paths": []}, caps)
    read(store.work("reader"), job.id, *found)
    return store.jobs.get(job.id)


def read(work: Work, job: int, *found: Report | UnreadableReport, last: bool = True) -> int:
    """Take in what was found after what is there; the position that this began at."""
    start = work.begin_reading(job)
    assert start is not None
    work.take_in(job, start, found, last)
    return start


def opening(item: Item, request: str = "", tokens: int = 100, cost: int = 1000) -> Opening:
    """A request about to be sent for an item."""
    request = request or f"request-{next(_numbers)}"
    return Opening(item.run_id, item.position, request, "0:20", 1, tokens, cost)


def paid(
    opened: Opening | None = None,
    prompt: int = 40,
    completion: int = 10,
    cost: int = 500,
    *,
    uncounted: bool = False,
) -> Paid:
    """A request that came back; its reply is `REPLY`."""
    attempt = Attempt(
        passage="0:20",
        number=1,
        seconds=0.5,
        tokens=Tokens(prompt=prompt, cached=4, completion=completion, reasoning=3),
        reply=None if uncounted else REPLY,
        error="the connection broke" if uncounted else None,
        request=opened.request if opened is not None else "",
        uncounted=uncounted,
    )
    return Paid(attempt, cost, opened)


def settlement(
    item: Item, made: Record | None = None, payments: Sequence[Paid] = (), **changes: str
) -> Settlement:
    """What a worker commits when it has read an item; `changes` are those of its key."""
    made = made or record_of(item.report)
    key = key_of(item.report, **changes)
    return Settlement(
        item.run_id,
        item.position,
        made.disposition,
        key,
        without_replies(made),
        paid=payments,
    )


def given_back(item: Item, payments: Sequence[Paid] = (), *, tried: bool = False) -> Settlement:
    """What a worker commits when the report is not, or not yet, known to be at fault."""
    return Settlement(item.run_id, item.position, paid=payments, tried=tried)


def settle(work: Work, item: Item, made: Record | None = None, **changes: str) -> Committed:
    """Settle an item with the attempts of its record."""
    made = made or record_of(item.report)
    assert made.provenance is not None
    payments = [Paid(attempt, 0, None) for attempt in made.provenance.attempts]
    return work.commit(settlements=[settlement(item, made, payments, **changes)])


def settle_all(
    store: Store, job: Job, disposition: Disposition = "flagged", **changes: str
) -> list[Item]:
    """Settle what is open of a job; the items."""
    work = store.work("settler")
    items = work.claim(job.id, 1000)
    made = [settlement(item, record_of(item.report, disposition), **changes) for item in items]
    work.commit(settlements=made)
    return items


@contextmanager
def sight(place: str) -> Iterator[Any]:
    """A connection that looks at a store's tables from outside."""
    engine = create_engine(place)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def rows(place: str, query: Any) -> list[Any]:
    """What the store's tables hold."""
    with sight(place) as connection:
        return list(connection.execute(query).all())


SHORT = timedelta(milliseconds=1)
"""A lease that has run out by the time of the next transaction."""

NAMES = [f"r{number:02}" for number in range(12)]


def sums(store: Store, job: Job) -> Sums:
    return store.jobs.get(job.id).sums


def states(place: str) -> list[str]:
    return [row.state for row in rows(place, select(attempts.c.state).order_by(attempts.c.pk))]


def new_job(store: Store) -> int:
    return store.jobs.create(Settings(), "0.1.0").id


def expired(store: Store, worker: str) -> Work:
    """A worker whose leases run out at once."""
    return store.work(worker, SHORT)


def wait_until_it_ran_out() -> None:
    time.sleep(SHORT.total_seconds() * 5)
