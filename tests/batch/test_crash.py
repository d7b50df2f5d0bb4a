"""Workers killed at any time: the store afterwards is as if nothing had happened."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from crashes import Setup, judged, prepared, run_job, same_records
from model_server import Capacity, Script, ServerProcess
from sqlalchemy import select

from llm_extract.documents import Report
from llm_extract.export import read_records
from llm_extract.pipeline import Settings, WorkKey
from llm_extract.record import Attempt, Record, Tokens
from llm_extract.store import (
    Item,
    Job,
    Opening,
    Paid,
    Settlement,
    Store,
    Work,
    open_engine,
    open_store,
    without_replies,
)
from llm_extract.store.tables import attempts, records

EXAMPLE = next(iter(read_records(Path(__file__).parents[1] / "export" / "example_records.jsonl")))

REPORTS = 120
MOST = 500
"""Tokens that a request of these tests may use at worst."""
LEASE = timedelta(seconds=0.3)
SCRIPT = Script(charge_abandoned=True, capacity=Capacity(latency=0.005, jitter=0.5))


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """A job that one worker did in one go."""
    folder = tmp_path_factory.mktemp("unkilled")
    with ServerProcess() as calm:
        setup = prepared(folder, str(folder / "store.sqlite"), calm.base_url, REPORTS)
        course = run_job(setup, 0, 1, Random(0))
        assert not course.broken
        assert judged(setup, calm).holds
        yield setup


@pytest.mark.slow
def test_a_job_whose_worker_is_killed_again_and_again_ends_as_if_it_never_was(
    unkilled: Setup, tmp_path: Path
) -> None:
    with ServerProcess(SCRIPT) as server:
        made = prepared(tmp_path, str(tmp_path / "store.sqlite"), server.base_url, REPORTS)
        setup = replace(made, reports=unkilled.reports)
        course = run_job(setup, kills=6, workers=1, random=Random(3))
        verdict = judged(setup, server)
    assert not course.broken
    assert verdict.line(course.killed) == "6 kills, 0 lost, 0 doubled, spend equal"
    assert verdict.holds, verdict
    assert same_records(setup, unkilled) == []


@pytest.mark.slow
@pytest.mark.postgres
def test_workers_that_share_a_database_take_over_what_killed_ones_have_left(
    unkilled: Setup, postgres_url: str, tmp_path: Path
) -> None:
    with ServerProcess(SCRIPT) as server:
        made = prepared(tmp_path, postgres_url, server.base_url, REPORTS)
        setup = replace(made, reports=unkilled.reports)
        course = run_job(setup, kills=4, workers=2, random=Random(4))
        verdict = judged(setup, server)
    assert not course.broken
    assert verdict.holds, verdict
    assert same_records(setup, unkilled) == []


# --- leases, step by step -----------------------------------------------------------------------


@pytest.fixture
def shared(postgres_url: str) -> Iterator[Store]:
    with open_store(postgres_url, LEASE) as store:
        yield store


def job_of(store: Store, *texts: str) -> Job:
    job = store.jobs.create(Settings(), "0.1.0")
    reports = [Report(f"r{n}", text, f"r{n}.txt") for n, text in enumerate(texts)]
    reader = store.work("reader")
    reader.begin_reading(job.id)
    assert reader.take_in(job.id, 0, reports, last=True) == []
    return job


def opened(work: Work, item: Item, request: str) -> Opening:
    opening = Opening(item.run_id, item.position, request, "0:9", 1, MOST, 0)
    assert work.commit([opening]).refused == [None]
    return opening


def settled(work: Work, item: Item, opening: Opening) -> bool:
    """Settle an item whose request took 10 tokens and brought 2; whether it counts."""
    head = EXAMPLE.report.model_copy(update={"id": item.report.id})
    record: Record = without_replies(EXAMPLE.model_copy(update={"report": head}))
    tokens = Tokens(prompt=10, cached=0, completion=2)
    attempt = Attempt(
        passage="0:9",
        number=1,
        seconds=0.1,
        tokens=tokens,
        reply="{}",
        error=None,
        request=opening.request,
    )
    key = WorkKey(item.report.sha256, "", "hash", "desk", "document", "0.1.0")
    settlement = Settlement(
        item.run_id,
        item.position,
        record.disposition,
        key,
        record,
        paid=[Paid(attempt, 0, opening)],
    )
    return work.commit([], [settlement]).counted == [True]


def states(url: str) -> dict[str, str]:
    engine = open_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(select(attempts.c.request, attempts.c.state)).all()
    engine.dispose()
    return {row.request: row.state for row in rows}


def after_the_lease(work: Work, job: Job) -> list[Item]:
    """What a worker gets once another's lease has run out, by the database's clock."""
    while not (items := work.claim(job.id, 10)):
        pass
    return items


@pytest.mark.postgres
def test_what_a_stopped_worker_held_is_taken_over_after_its_lease_and_its_requests_are_lost(
    shared: Store, postgres_url: str
) -> None:
    job = job_of(shared, "one", "two")
    gone, other = shared.work("gone"), shared.work("other")
    first, _ = gone.claim(job.id, 10)
    opened(gone, first, "cut-off")
    assert other.claim(job.id, 10) == []
    assert [item.position for item in after_the_lease(other, job)] == [0, 1]
    assert states(postgres_url) == {"cut-off": "lost"}
    assert shared.jobs.lost(job.id).most_tokens == MOST
    assert shared.jobs.get(job.id).sums.reserved_tokens == MOST


@pytest.mark.postgres
def test_a_worker_that_says_it_is_alive_keeps_its_items(shared: Store) -> None:
    job = job_of(shared, "one")
    busy, other = shared.work("busy"), shared.work("other")
    (item,) = busy.claim(job.id, 10)
    opening = opened(busy, item, "slow")
    for _ in range(200):
        busy.beat()
        assert other.claim(job.id, 10) == []
    assert settled(busy, item, opening)


@pytest.mark.postgres
def test_a_worker_that_was_too_slow_pays_for_its_request_but_its_record_does_not_count(
    shared: Store, postgres_url: str
) -> None:
    job = job_of(shared, "one")
    slow, other = shared.work("slow"), shared.work("other")
    (item,) = slow.claim(job.id, 10)
    late = opened(slow, item, "late")
    (same,) = after_the_lease(other, job)
    assert settled(other, same, opened(other, same, "in-time"))
    assert not settled(slow, item, late)
    assert states(postgres_url) == {"late": "settled", "in-time": "settled"}
    sums = shared.jobs.get(job.id).sums
    assert (sums.settled, sums.calls, sums.prompt_tokens, sums.completion_tokens) == (1, 2, 20, 4)
    assert sums.reserved_tokens == 0


@pytest.mark.postgres
def test_requests_that_a_worker_left_on_an_item_that_another_settled_do_not_stay_open(
    shared: Store, postgres_url: str
) -> None:
    job = job_of(shared, "one")
    slow, other = shared.work("slow"), shared.work("other")
    (item,) = slow.claim(job.id, 10)
    (same,) = after_the_lease(other, job)
    opening = opened(other, same, "in-time")
    opened(slow, item, "late")
    assert settled(other, same, opening)
    other.free(job.id)
    assert states(postgres_url) == {"late": "lost", "in-time": "settled"}


@pytest.mark.postgres
def test_workers_that_finish_the_same_texts_at_one_moment_make_one_record_of_each(
    shared: Store, postgres_url: str
) -> None:
    texts = [f"text {n}" for n in range(20)]
    jobs = [job_of(shared, *texts), job_of(shared, *reversed(texts))]

    def work_off(job: Job) -> bool:
        work = shared.work(f"worker of {job.id}")
        items = work.claim(job.id, 20)
        return all(
            settled(work, item, opened(work, item, f"{job.id}-{item.position}")) for item in items
        )

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work_off, jobs)) == [True, True]
    engine = open_engine(postgres_url)
    with engine.connect() as connection:
        assert len(connection.execute(select(records.c.pk)).all()) == len(texts)
    engine.dispose()
