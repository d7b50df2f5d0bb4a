"""What a store keeps, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text

from llm_extract.documents.read import MAX_ID_BYTES, MAX_SOURCE_BYTES
from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.errors import StoreError
from llm_extract.export import read_records
from llm_extract.pipeline import Settings, WorkKey
from llm_extract.record import Record, Tokens
from llm_extract.store import Store, open_store, without_replies
from llm_extract.store.jobs import Caps
from llm_extract.store.tables import attempts, findings, records, reports, run_items
from llm_extract.store.work import Committed, Opening, Paid, Settlement

REPORT = Report(
    id="orsova-10",
    text="The Lantern Watch group counted at least 62 civilians killed.",
    source="reports/orsova-10.txt",
    title="A week in Orsova",
    published=date(2025, 3, 10),
    language="en",
)
KEY = WorkKey(
    report_sha256=REPORT.sha256,
    published="2025-03-10",
    prompt_hash="0f",
    model="scripted",
    strategy="sentence",
    package_version="0.1.0",
)


ME, OTHER = "me", "another"
"""Names of workers."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that nothing was written to; the tests are the same on each."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'store.sqlite'}"


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    with open_store(place) as opened:
        yield opened


@pytest.fixture
def shared(postgres_url: str) -> Iterator[Store]:
    """A store that several workers may work in at once."""
    with open_store(postgres_url) as opened:
        yield opened


@pytest.fixture
def record() -> Record:
    """A record of `REPORT` with one attempt whose reply is known."""
    path = Path(__file__).parents[1] / "export" / "example_records.jsonl"
    example = next(iter(read_records(path)))
    assert example.provenance is not None
    (attempt,) = example.provenance.attempts
    told = attempt.model_copy(update={"reply": '{"claims": ["as the model said it"]}'})
    provenance = example.provenance.model_copy(update={"attempts": [told]})
    return example.model_copy(update={"provenance": provenance})


def begin(store: Store, *found: Report | UnreadableReport, caps: Caps | None = None) -> int:
    """A job with these inputs, all of them read."""
    job = store.jobs.create(Settings(), "0.1.0", caps=caps)
    store.work(ME).take_in(job.id, 0, found or (REPORT,), last=True)
    return job.id


def numbered(count: int) -> list[Report]:
    return [Report(id=f"r{n:03}", text=f"No. {n}", source="rows.jsonl") for n in range(count)]


def key_of(report: Report, prompt_hash: str = "0f") -> WorkKey:
    return WorkKey(report.sha256, "", prompt_hash, "scripted", "sentence", "0.1.0")


def settlement(
    run_id: int, position: int, key: WorkKey, record: Record, openings: Sequence[Opening] = ()
) -> Settlement:
    made = record.provenance.attempts if record.provenance is not None else []
    opened = {opening.request: opening for opening in openings}
    return Settlement(
        run_id,
        position,
        record.disposition,
        key,
        without_replies(record),
        paid=[Paid(attempt, 7, opened.get(attempt.request)) for attempt in made],
    )


def save(
    store: Store, run_id: int, position: int, key: WorkKey, record: Record, worker: str = ME
) -> Committed:
    """Claim an item and settle it with a new record."""
    work = store.work(worker)
    work.claim(run_id, 1, [position])
    return work.commit(settlements=[settlement(run_id, position, key, record)])


def find(store: Store, key: WorkKey) -> Record | None:
    earlier = store.work(ME).earlier([key]).get(key)
    return None if earlier is None else Record.model_validate_json(earlier.json)


def with_attempt(record: Record, **changes: Any) -> Record:
    """The record with its one attempt changed."""
    assert record.provenance is not None
    (attempt,) = record.provenance.attempts
    provenance = record.provenance.model_copy(
        update={"attempts": [attempt.model_copy(update=changes)]}
    )
    return record.model_copy(update={"provenance": provenance})


def rows(place: str, query: Any) -> list[Any]:
    engine = create_engine(place)
    with engine.connect() as connection:
        found = list(connection.execute(query).all())
    engine.dispose()
    return found


def change(place: str, statement: str) -> None:
    engine = create_engine(place)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


# --- records -----------------------------------------------------------------------------------


def test_finished_work_is_found_again_after_reopening(place: str, record: Record) -> None:
    with open_store(place) as first:
        save(first, begin(first), 0, KEY, record)
    with open_store(place) as second:
        assert find(second, KEY) == without_replies(record)


@pytest.mark.parametrize(
    "difference",
    [
        {"report_sha256": "f" * 64},
        {"published": "2025-03-11"},
        {"prompt_hash": "10"},
        {"model": "another"},
        {"strategy": "mention"},
        {"package_version": "0.2.0"},
        {"repair": "both"},
    ],
)
def test_work_that_differs_in_one_respect_is_not_found(
    store: Store, record: Record, difference: dict[str, str]
) -> None:
    save(store, begin(store), 0, KEY, record)
    parts = {name: getattr(KEY, name) for name in WorkKey.__dataclass_fields__}
    assert find(store, WorkKey(**{**parts, **difference})) is None


def test_failed_work_is_kept_in_its_run_and_tried_again(store: Store, record: Record) -> None:
    failed = record.model_copy(update={"disposition": "failed", "claims": []})
    first = begin(store)
    save(store, first, 0, KEY, failed)
    assert find(store, KEY) is None

    save(store, begin(store), 0, KEY, record)
    assert find(store, KEY) == without_replies(record)
    assert [kept.disposition for kept in store.run_records(first)] == ["failed"]


def test_raw_replies_stand_in_the_attempts_and_nowhere_else(
    place: str, store: Store, record: Record
) -> None:
    save(store, begin(store), 0, KEY, record)
    (kept,) = rows(place, select(records))
    assert "as the model said it" not in kept.json
    (attempt,) = rows(place, select(attempts))
    assert attempt.reply == '{"claims": ["as the model said it"]}'
    assert (attempt.prompt_tokens, attempt.cached_tokens, attempt.completion_tokens) == (
        812,
        640,
        96,
    )
    assert attempt.cost == 7


def test_findings_can_be_searched_by_rule(place: str, store: Store, record: Record) -> None:
    save(store, begin(store), 0, KEY, record)
    (finding,) = rows(place, select(findings).where(findings.c.rule == "A05"))
    assert finding.claims == ["c2", "c1"]
    assert finding.severity == "error"


def test_a_report_comes_back_with_its_text(store: Store) -> None:
    (item,) = store.work(ME).claim(begin(store), 1)
    assert item.report == REPORT


def test_the_same_text_under_another_id_reuses_the_work_under_its_own_name(
    place: str, store: Store, record: Record
) -> None:
    twin = Report(id="copy", text=REPORT.text, source="copy.txt", published=REPORT.published)
    run_id = begin(store, REPORT, twin)
    save(store, run_id, 0, KEY, record)
    work = store.work(ME)
    work.claim(run_id, 1)
    pk = work.earlier([KEY])[KEY].pk
    work.commit(settlements=[Settlement(run_id, 1, record.disposition, KEY, pk=pk)])
    original, copy = store.run_records(run_id)
    assert (copy.report.id, copy.report.source, copy.report.title) == ("copy", "copy.txt", None)
    assert (original.report.id, original.claims) == ("orsova-10", copy.claims)
    in_order = select(run_items.c.from_cache).order_by(run_items.c.position)
    assert [item.from_cache for item in rows(place, in_order)] == [False, True]
    assert store.jobs.get(run_id).sums.cached == 1


def test_a_runs_records_come_in_input_order_and_leave_out_what_is_not_done(
    store: Store, record: Record
) -> None:
    parts = numbered(3)
    run_id = begin(store, *parts)
    for position in (2, 0):
        save(store, run_id, position, key_of(parts[position]), record)
    assert [kept.report.id for kept in store.run_records(run_id)] == ["r000", "r002"]


def test_long_runs_come_back_whole(store: Store, record: Record) -> None:
    parts = numbered(450)
    run_id = begin(store, *parts)
    work = store.work(ME)
    work.claim(run_id, len(parts))
    work.commit(
        settlements=[settlement(run_id, n, key_of(part), record) for n, part in enumerate(parts)]
    )
    expected = [part.id for part in parts]
    assert [kept.report.id for kept in store.run_records(run_id)] == expected
    assert [kept.report.id for kept in store.latest_records()] == expected


def test_an_input_that_was_never_read_keeps_its_failure(store: Store) -> None:
    sealed = UnreadableReport("sealed", "sealed.pdf", "encrypted_pdf", "sealed.pdf is encrypted")
    job = store.jobs.create(Settings(), "0.1.0")
    failed = store.work(ME).take_in(job.id, 0, [sealed, REPORT, sealed], last=True)
    assert [kept.report.id for kept in failed] == ["sealed", "sealed"]
    assert list(store.run_records(job.id)) == failed
    assert store.jobs.get(job.id).sums.failed == 2
    assert [item.report.id for item in store.work(ME).claim(job.id, 9)] == ["orsova-10"]


def test_the_latest_record_of_each_report_is_that_of_its_last_run(
    store: Store, record: Record
) -> None:
    save(store, begin(store), 0, KEY, record)
    flagless = record.model_copy(update={"findings": [], "disposition": "clean"})
    newer = WorkKey(REPORT.sha256, "2025-03-10", "11", "scripted", "sentence", "0.1.0")
    save(store, begin(store), 0, newer, flagless)
    begin(store)
    assert [kept.disposition for kept in store.latest_records()] == ["clean"]


def test_a_record_written_by_another_version_is_a_clear_error(
    place: str, store: Store, record: Record
) -> None:
    run_id = begin(store)
    save(store, run_id, 0, KEY, record)
    change(place, "update records set json = replace(json, 'findings', 'remarks')")
    with pytest.raises(StoreError, match="cannot read"):
        list(store.run_records(run_id))


# --- what databases differ in ------------------------------------------------------------------


def test_letters_that_no_database_holds_are_replaced_and_cost_nobody_his_result(
    place: str, store: Store, record: Record
) -> None:
    odd = with_attempt(record, reply="a\x00b\ud800c", error="\x00d")
    finding = record.findings[0].model_copy(update={"message": "killed\x00: 62"})
    odd = odd.model_copy(update={"findings": [finding]})
    report = Report(id="x\x00y", text="\ud800 killed", source="a\udcff.txt", title="\x00")
    run_id = begin(store, report)
    (item,) = store.work(ME).claim(run_id, 1)
    assert (item.report.id, item.report.text) == ("x\ufffdy", "\ufffd killed")
    assert (item.report.source, item.report.title) == ("a\ufffd.txt", "\ufffd")
    save(store, run_id, 0, key_of(item.report), odd)
    (kept,) = rows(place, select(attempts))
    assert (kept.reply, kept.error) == ("a\ufffdb\ufffdc", "\ufffdd")
    assert rows(place, select(findings))[0].message == "killed\ufffd: 62"
    assert next(store.run_records(run_id)).report.id == "x\ufffdy"


def test_ids_sort_by_code_point_in_every_database(store: Store, record: Record) -> None:
    ids = ["b", "Z", "é", "a-b", "ab", "A", "a b", "ذ", "\U0001f600", "\uffee"]
    parts = [Report(id=id, text=id, source="rows") for id in ids]
    run_id = begin(store, *parts)
    for position, part in enumerate(parts):
        save(store, run_id, position, key_of(part), record)
    assert [kept.report.id for kept in store.latest_records()] == sorted(ids)


def test_the_longest_id_and_source_that_a_reader_gives_can_be_kept(store: Store) -> None:
    shuffled = "".join(map(chr, Random(5).choices(range(0x4E00, 0x9FFF), k=1000)))  # no packing
    id = shuffled.encode()[:MAX_ID_BYTES].decode(errors="ignore")
    source = shuffled.encode()[:MAX_SOURCE_BYTES].decode(errors="ignore")
    report = Report(id=id, text="Nine killed", source=source, published=date(2025, 3, 10))
    (item,) = store.work(ME).claim(begin(store, report), 1)
    assert item.report == report


def test_a_count_of_tokens_beyond_32_bits_is_kept(place: str, store: Store, record: Record) -> None:
    many = Tokens(prompt=2**40, cached=2**39, completion=2**38, reasoning=2**37)
    save(store, begin(store), 0, KEY, with_attempt(record, tokens=many))
    (kept,) = rows(place, select(attempts))
    assert (kept.prompt_tokens, kept.cached_tokens) == (2**40, 2**39)
    assert (kept.completion_tokens, kept.reasoning_tokens) == (2**38, 2**37)


def test_times_go_in_and_come_out_with_their_zone(store: Store) -> None:
    in_damascus = datetime.fromisoformat("2026-03-05T09:00:00.250000+03:00")
    run_id = begin(store, caps=Caps(deadline=in_damascus))
    store.jobs.ended(run_id, {"reports": 1})
    job = store.jobs.get(run_id)
    assert job.finished is not None
    assert datetime.now(UTC) >= job.finished >= job.started
    assert job.caps.deadline == in_damascus
    assert {moment.tzinfo for moment in (job.started, job.finished, job.caps.deadline)} == {UTC}


def test_a_time_without_its_zone_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="without its zone"):
        begin(store, caps=Caps(deadline=datetime(2026, 3, 5)))


def test_foreign_keys_are_enforced(store: Store) -> None:
    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        store.work(ME).take_in(99, 0, [REPORT], last=True)


# --- several programs --------------------------------------------------------------------------


def test_writing_goes_on_while_another_program_reads(
    place: str, store: Store, record: Record
) -> None:
    run_id = begin(store)
    reader = create_engine(place)
    with reader.connect() as connection:
        connection.execute(text("select count(*) from records")).scalar_one()
        save(store, run_id, 0, KEY, record)
    reader.dispose()
    assert find(store, KEY) is not None


def test_programs_that_open_a_new_store_at_once_all_can(place: str) -> None:
    everybody_is_here = Barrier(4)

    def work(_number: int) -> int:
        everybody_is_here.wait()
        with open_store(place) as own:
            return begin(own)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(work, range(4))) == [1, 2, 3, 4]


def test_programs_that_do_the_same_work_at_once_leave_it_once(place: str, record: Record) -> None:
    open_store(place).close()

    def work(number: int) -> None:
        with open_store(place) as own:
            for _ in range(5):
                save(own, begin(own), 0, KEY, record, worker=f"worker {number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(rows(place, select(reports))) == 1
    assert len(rows(place, select(records))) == 1
    assert len(rows(place, select(findings))) == len(record.findings)
    assert len(rows(place, select(run_items).where(run_items.c.record_pk.is_not(None)))) == 20


# --- leases ------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_what_one_worker_claims_no_other_gets(shared: Store) -> None:
    run_id = begin(shared, *numbered(5))
    mine = [item.position for item in shared.work(ME).claim(run_id, 3)]
    others = [item.position for item in shared.work(OTHER).claim(run_id, 9)]
    assert (mine, others) == ([0, 1, 2], [3, 4])
    assert shared.work("a third").claim(run_id, 9) == []


@pytest.mark.postgres
def test_a_workers_reports_are_taken_over_when_it_says_nothing_any_more(
    shared: Store, postgres_url: str, record: Record
) -> None:
    run_id = begin(shared)
    stopped, heir = shared.work(ME), shared.work(OTHER)
    stopped.claim(run_id, 1)
    opening = Opening(run_id, 0, "request-1", "0:9", 1, most_tokens=900, most_cost=50)
    stopped.commit(openings=[opening])
    change(postgres_url, "update run_items set lease_until = now() - interval '1 second'")
    (taken,) = heir.claim(run_id, 1)
    assert taken.report == REPORT
    assert shared.jobs.lost(run_id).calls == 1

    done = with_attempt(record, request="request-1")
    late = stopped.commit(settlements=[settlement(run_id, 0, KEY, done, [opening])])
    assert late.counted == [False]
    assert heir.commit(settlements=[settlement(run_id, 0, KEY, record)]).counted == [True]
    sums = shared.jobs.get(run_id).sums
    assert (sums.settled, sums.calls) == (1, 2), "both calls were paid for, one result counts"
    assert shared.jobs.lost(run_id).calls == 0, "its reply came after all"
    assert sums.reserved_tokens == 0


@pytest.mark.postgres
def test_a_worker_that_says_it_is_alive_keeps_its_reports(shared: Store, postgres_url: str) -> None:
    run_id = begin(shared)
    slow = shared.work(ME)
    slow.claim(run_id, 1)
    change(postgres_url, "update run_items set lease_until = now() + interval '1 second'")
    slow.beat()
    (item,) = rows(postgres_url, select(run_items.c.lease_until))
    assert item.lease_until > datetime.now(UTC) + timedelta(seconds=30)
    assert shared.work(OTHER).claim(run_id, 1) == []


@pytest.mark.postgres
def test_workers_side_by_side_do_every_report_once_and_the_sums_are_exact(
    shared: Store, postgres_url: str, record: Record
) -> None:
    """A third of the reports are one and the same text, so that workers finish the same work."""
    parts = [
        Report(id=f"r{n}", text="The same." if n % 3 == 0 else f"No. {n}", source="rows")
        for n in range(60)
    ]
    run_id = begin(shared, *parts)

    def work(number: int) -> list[int]:
        done: list[int] = []
        with open_store(postgres_url) as own:
            work = own.work(f"worker {number}")
            while items := work.claim(run_id, 4):
                openings = [
                    Opening(run_id, i.position, f"{number}-{i.position}", "0:9", 1, 1000, 50)
                    for i in items
                ]
                ready: list[Settlement] = []
                for opening in openings:  # settle one while the next is opened, as a job does
                    work.commit([opening], ready)
                    result = with_attempt(record, request=opening.request)
                    key = key_of(parts[opening.position])
                    ready = [settlement(run_id, opening.position, key, result, [opening])]
                    done.append(opening.position)
                work.commit(settlements=ready)
        return done

    with ThreadPoolExecutor(4) as pool:
        did = Counter(position for done in pool.map(work, range(4)) for position in done)
    assert did == Counter(range(60))
    assert [kept.report.id for kept in shared.run_records(run_id)] == [part.id for part in parts]
    sums = shared.jobs.get(run_id).sums
    assert (sums.flagged, sums.calls, sums.cost) == (60, 60, 60 * 7)
    assert (sums.prompt_tokens, sums.completion_tokens) == (60 * 812, 60 * 96)
    assert (sums.reserved_tokens, sums.reserved_cost) == (0, 0)
    assert len(rows(postgres_url, select(records))) == 41


@pytest.mark.postgres
def test_workers_never_pass_a_cap_together(shared: Store, postgres_url: str) -> None:
    run_id = begin(shared, *numbered(40), caps=Caps(max_tokens=10_500))

    def work(number: int) -> int:
        with open_store(postgres_url) as own:
            work = own.work(f"worker {number}")
            sent = 0
            for item in work.claim(run_id, 10):
                name = f"{number}-{item.position}"
                opening = Opening(run_id, item.position, name, "0:9", 1, 1000, 50)
                sent += work.commit([opening]).refused == [None]
            return sent

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 10
    assert shared.jobs.get(run_id).sums.reserved_tokens == 10_000
