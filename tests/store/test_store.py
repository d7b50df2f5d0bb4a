"""What a store keeps, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from random import Random
from threading import Barrier

import pytest
from sqlalchemy import create_engine, func, select, text
from store_builders import (
    REPLY,
    REPORT,
    SEALED,
    given_back,
    job_of,
    key_of,
    paid,
    report,
    rows,
    settle,
    settle_all,
    settlement,
    sight,
)

from llm_extract.documents.read import MAX_ID_BYTES, MAX_SOURCE_BYTES
from llm_extract.documents.report import Report
from llm_extract.errors import StoreError
from llm_extract.pipeline import Settings, unread_record
from llm_extract.record import Record
from llm_extract.store import Caps, Settlement, Store, open_store, parsed, without_replies
from llm_extract.store.engine import open_engine, transaction
from llm_extract.store.tables import attempts, findings, records, reports, run_items, runs

KEY = key_of(REPORT)


def found(store: Store, key: object = KEY) -> Record | None:
    """The record of finished work with that key."""
    earlier = store.work("finder").earlier([key])  # type: ignore[list-item]
    return parsed(earlier[KEY].json) if KEY in earlier else None


def test_finished_work_is_found_again_after_reopening(place: str, record: Record) -> None:
    with open_store(place) as first:
        settle_all(first, job_of(first, REPORT))
    with open_store(place) as second:
        assert found(second) == without_replies(record)


@pytest.mark.parametrize(
    "change",
    [
        {"report_sha256": "f" * 64},
        {"published": "2025-03-11"},
        {"prompt_hash": "10"},
        {"model": "another"},
        {"strategy": "mention"},
        {"package_version": "0.2.0"},
        {"repair": "ask"},
    ],
)
def test_work_that_differs_in_one_respect_is_not_found(
    store: Store, change: dict[str, str]
) -> None:
    settle_all(store, job_of(store, REPORT))
    assert store.work("finder").earlier([key_of(REPORT, **change)]) == {}


def test_failed_work_is_kept_in_its_job_and_tried_again(store: Store, record: Record) -> None:
    first = job_of(store, REPORT)
    settle_all(store, first, "failed")
    assert found(store) is None

    settle_all(store, job_of(store, REPORT))
    assert found(store) == without_replies(record)
    assert [kept.disposition for kept in store.run_records(first.id)] == ["failed"]


def test_raw_replies_stand_in_the_attempts_and_nowhere_else(place: str, store: Store) -> None:
    work = store.work("a")
    (item,) = work.claim(job_of(store, REPORT).id, 1)
    settle(work, item)
    assert "as the model said it" not in rows(place, select(records.c.json))[0].json
    (attempt,) = rows(place, select(attempts))
    assert attempt.reply == REPLY
    assert (attempt.prompt_tokens, attempt.cached_tokens, attempt.completion_tokens) == (
        812,
        640,
        96,
    )


def test_findings_can_be_searched_by_rule(place: str, store: Store) -> None:
    settle_all(store, job_of(store, REPORT))
    (finding,) = rows(place, select(findings).where(findings.c.rule == "A05"))
    assert finding.claims == ["c2", "c1"]
    assert finding.severity == "error"


def test_a_settlement_with_trouble_in_its_attempts_is_not_half_written(
    place: str, store: Store
) -> None:
    work = store.work("a")
    job = job_of(store, REPORT)
    (item,) = work.claim(job.id, 1)
    broken = paid()
    object.__setattr__(broken.attempt, "passage", None)
    with pytest.raises(StoreError, match="passage"):
        work.commit(settlements=[settlement(item, payments=[broken])])
    assert found(store) is None
    assert rows(place, select(attempts)) == rows(place, select(findings)) == []
    assert store.jobs.get(job.id).sums.settled == 0
    assert work.commit(settlements=[settlement(item)]).counted == [True]


def test_a_report_comes_back_with_its_text(store: Store) -> None:
    (item,) = store.work("a").claim(job_of(store, REPORT).id, 1)
    assert item.report == REPORT


def test_the_same_text_under_another_id_reuses_the_work_under_its_own_name(
    store: Store, record: Record
) -> None:
    twin = Report(id="copy", text=REPORT.text, source="copy.txt", published=REPORT.published)
    job = job_of(store, REPORT, twin)
    work = store.work("a")
    first, second = work.claim(job.id, 2)
    settle(work, first)
    pk = work.earlier([key_of(twin)])[key_of(twin)].pk
    work.commit(settlements=[Settlement(job.id, second.position, "flagged", pk=pk)])
    kept = list(store.run_records(job.id))
    assert [(r.report.id, r.report.source, r.report.title) for r in kept] == [
        ("orsova-10", "reports/orsova-10.txt", "A week in Orsova"),
        ("copy", "copy.txt", None),
    ]
    assert kept[1].claims == record.claims
    assert store.jobs.get(job.id).sums.cached == 1


def test_letters_that_no_database_holds_are_replaced_and_cost_nobody_his_result(
    place: str, store: Store, record: Record
) -> None:
    assert record.provenance is not None
    (attempt,) = record.provenance.attempts
    told = attempt.model_copy(update={"reply": "a\x00b\ud800c", "error": "\x00d"})
    provenance = record.provenance.model_copy(update={"attempts": [told]})
    finding = record.findings[0].model_copy(update={"message": "killed\x00: 62"})
    odd = record.model_copy(update={"provenance": provenance, "findings": [finding]})
    job = job_of(store, Report(id="x\x00y", text="\ud800 killed", source="a\udcff.txt", title="\0"))
    work = store.work("a")
    (item,) = work.claim(job.id, 1)
    back = item.report
    assert (back.id, back.text, back.source) == ("x\ufffdy", "\ufffd killed", "a\ufffd.txt")
    settle(work, item, odd)
    (kept,) = rows(place, select(attempts))
    assert (kept.reply, kept.error) == ("a\ufffdb\ufffdc", "\ufffdd")
    assert rows(place, select(findings))[0].message == "killed\ufffd: 62"
    assert next(store.run_records(job.id)).report.id == "x\ufffdy"


def test_a_report_with_such_letters_is_kept_once(place: str, store: Store) -> None:
    for _ in range(2):
        job_of(store, Report(id="x\x00y", text="Nine killed", source="a\udcff.txt"))
    assert len(rows(place, select(reports))) == 1


def test_ids_sort_by_code_point_in_every_database(store: Store) -> None:
    ids = ["b", "Z", "é", "a-b", "ab", "A", "a b", "ذ", "\U0001f600", "\uffee"]
    settle_all(store, job_of(store, *map(report, ids)))
    assert [kept.report.id for kept in store.latest_records()] == sorted(ids)


def test_the_longest_id_and_source_that_a_reader_gives_can_be_kept(store: Store) -> None:
    shuffled = "".join(map(chr, Random(5).choices(range(0x4E00, 0x9FFF), k=1000)))  # no packing
    id = shuffled.encode()[:MAX_ID_BYTES].decode(errors="ignore")
    source = shuffled.encode()[:MAX_SOURCE_BYTES].decode(errors="ignore")
    long = Report(id=id, text="Nine killed", source=source, published=date(2025, 3, 10))
    (item,) = store.work("a").claim(job_of(store, long).id, 1)
    assert item.report == long


def test_a_count_of_tokens_beyond_32_bits_is_kept(place: str, store: Store) -> None:
    work = store.work("a")
    job = job_of(store, REPORT)
    (item,) = work.claim(job.id, 1)
    many = paid(prompt=2**40, cost=2**50)
    work.commit(settlements=[settlement(item, payments=[many])])
    assert rows(place, select(attempts))[0].prompt_tokens == 2**40
    sums = store.jobs.get(job.id).sums
    assert (sums.prompt_tokens, sums.cost) == (2**40, 2**50)


def test_programs_that_do_the_same_work_at_once_leave_it_once(place: str, record: Record) -> None:
    open_store(place).close()

    def do(number: int) -> None:
        with open_store(place) as own:
            for _ in range(5):
                job = job_of(own, REPORT)
                work = own.work(f"worker {number}")
                (item,) = work.claim(job.id, 1)
                assert settle(work, item, record).counted == [True]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(do, range(4)))
    assert len(rows(place, select(reports))) == 1
    assert len(rows(place, select(records))) == 1
    assert len(rows(place, select(findings))) == len(record.findings)
    assert len(rows(place, select(run_items))) == 20


def test_programs_that_open_a_new_store_at_once_all_can(place: str) -> None:
    everybody_is_here = Barrier(4)

    def do(_number: int) -> int:
        everybody_is_here.wait()
        with open_store(place) as own:
            return job_of(own, REPORT).id

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(do, range(4))) == [1, 2, 3, 4]


def test_a_jobs_records_come_in_input_order_and_leave_out_what_is_not_done(store: Store) -> None:
    work = store.work("a")
    job = job_of(store, *map(report, ("r0", "r1", "r2")))
    items = work.claim(job.id, 3)
    for position in (2, 0):
        settle(work, items[position])
    assert [kept.report.id for kept in store.run_records(job.id)] == ["r0", "r2"]


def test_long_jobs_come_back_whole(store: Store) -> None:
    ids = [f"r{number:03}" for number in range(450)]
    job = job_of(store, *map(report, ids))
    settle_all(store, job)
    assert [kept.report.id for kept in store.run_records(job.id)] == ids
    assert [kept.report.id for kept in store.latest_records()] == ids


def test_an_input_that_was_never_read_keeps_its_failure(store: Store) -> None:
    job = job_of(store, SEALED, SEALED)
    assert list(store.run_records(job.id)) == [unread_record(SEALED)] * 2


def test_the_latest_record_of_each_report_is_that_of_the_last_job_that_settled_it(
    store: Store,
) -> None:
    settle_all(store, job_of(store, REPORT))
    settle_all(store, job_of(store, REPORT), "clean", prompt_hash="11")
    job_of(store, REPORT)
    assert [kept.disposition for kept in store.latest_records()] == ["clean"]


def test_a_job_notes_its_settings_and_what_it_counted(place: str, store: Store) -> None:
    job = job_of(store, REPORT)
    store.jobs.ended(job.id, {"reports": 1, "failed": 0})
    (run,) = rows(place, select(runs))
    assert run.settings["strategy"] == "auto"
    assert run.counts == {"reports": 1, "failed": 0}
    assert datetime.now(UTC) >= run.finished >= run.started
    assert run.started.tzinfo is UTC


def test_times_go_in_and_come_out_with_their_zone(store: Store) -> None:
    in_damascus = datetime.fromisoformat("2026-03-05T09:00:00.250000+03:00")
    made = job_of(store, caps=Caps(deadline=in_damascus))
    store.jobs.ended(made.id, {"reports": 1})
    job = store.jobs.get(made.id)
    assert job.finished is not None
    assert datetime.now(UTC) >= job.finished >= job.started
    assert job.caps.deadline == in_damascus
    assert {moment.tzinfo for moment in (job.started, job.finished, job.caps.deadline)} == {UTC}


def test_a_time_without_its_zone_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="without its zone"):
        store.jobs.create(Settings(), "0.1.0", caps=Caps(deadline=datetime(2026, 3, 5)))


def test_a_record_written_by_another_version_is_a_clear_error(place: str, store: Store) -> None:
    job = job_of(store, REPORT)
    settle_all(store, job)
    engine = create_engine(place)
    with engine.begin() as connection:
        connection.execute(text("update records set json = replace(json, 'findings', 'remarks')"))
    engine.dispose()
    with pytest.raises(StoreError, match="cannot read"):
        list(store.run_records(job.id))


def test_foreign_keys_are_enforced(place: str) -> None:
    engine = open_engine(place)
    item = {"run_id": 99, "position": 0, "report_id": "a", "from_cache": False}
    with (
        pytest.raises(StoreError, match=r"(?i)foreign key"),
        transaction(engine) as connection,
    ):
        connection.execute(run_items.insert().values(**item))
    engine.dispose()


def test_writing_goes_on_while_another_program_reads(place: str, store: Store) -> None:
    job = job_of(store, REPORT)
    with sight(place) as reader:
        reader.execute(select(func.count()).select_from(records)).scalar_one()
        settle_all(store, job)
    assert found(store) is not None


def test_what_is_given_back_leaves_no_record(place: str, store: Store) -> None:
    work = store.work("a")
    job = job_of(store, REPORT)
    (item,) = work.claim(job.id, 1)
    work.commit(settlements=[given_back(item)])
    assert rows(place, select(records)) == []
    assert store.jobs.create(Settings(), "0.1.0").sums.read == 0
