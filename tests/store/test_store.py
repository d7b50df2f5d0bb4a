from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
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
from llm_extract.record import Record
from llm_extract.store import Store, open_store, without_replies
from llm_extract.store.tables import attempts, findings, records, reports, run_items, runs

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
def record() -> Record:
    """A record of `REPORT` with one attempt whose reply is known."""
    path = Path(__file__).parents[1] / "export" / "example_records.jsonl"
    example = next(iter(read_records(path)))
    assert example.provenance is not None
    (attempt,) = example.provenance.attempts
    told = attempt.model_copy(update={"reply": '{"claims": ["as the model said it"]}'})
    provenance = example.provenance.model_copy(update={"attempts": [told]})
    return example.model_copy(update={"provenance": provenance})


def begin(store: Store, *reports: Report | UnreadableReport) -> int:
    run_id = store.start_run(Settings(), "0.1.0")
    for position, report in enumerate(reports or (REPORT,)):
        store.add(run_id, position, report)
    return run_id


def rows(place: str, query: Any) -> list[Any]:
    engine = create_engine(place)
    with engine.connect() as connection:
        found = list(connection.execute(query).all())
    engine.dispose()
    return found


def test_finished_work_is_found_again_after_reopening(place: str, record: Record) -> None:
    with open_store(place) as first:
        first.save(begin(first), 0, KEY, record)
    with open_store(place) as second:
        assert second.find(KEY) == without_replies(record)


@pytest.mark.parametrize(
    "change",
    [
        {"report_sha256": "f" * 64},
        {"published": "2025-03-11"},
        {"prompt_hash": "10"},
        {"model": "another"},
        {"strategy": "mention"},
        {"package_version": "0.2.0"},
    ],
)
def test_work_that_differs_in_one_respect_is_not_found(
    store: Store, record: Record, change: dict[str, str]
) -> None:
    store.save(begin(store), 0, KEY, record)
    parts = {name: getattr(KEY, name) for name in WorkKey.__dataclass_fields__}
    assert store.find(WorkKey(**{**parts, **change})) is None


def test_failed_work_is_kept_in_its_run_and_tried_again(store: Store, record: Record) -> None:
    failed = record.model_copy(update={"disposition": "failed", "claims": []})
    first = begin(store)
    store.save(first, 0, KEY, failed)
    assert store.find(KEY) is None

    second = begin(store)
    store.save(second, 0, KEY, record)
    assert store.find(KEY) == without_replies(record)
    assert [kept.disposition for kept in store.run_records(first)] == ["failed"]


def test_raw_replies_stand_in_the_attempts_and_nowhere_else(
    place: str, store: Store, record: Record
) -> None:
    kept = store.save(begin(store), 0, KEY, record)
    assert "as the model said it" not in kept.model_dump_json()
    (attempt,) = rows(place, select(attempts))
    assert attempt.reply == '{"claims": ["as the model said it"]}'
    assert (attempt.prompt_tokens, attempt.cached_tokens, attempt.completion_tokens) == (
        812,
        640,
        96,
    )


def test_findings_can_be_searched_by_rule(place: str, store: Store, record: Record) -> None:
    store.save(begin(store), 0, KEY, record)
    (finding,) = rows(place, select(findings).where(findings.c.rule == "A05"))
    assert finding.claims == ["c2", "c1"]
    assert finding.severity == "error"


def test_a_record_with_trouble_in_its_attempts_is_not_half_saved(
    place: str, store: Store, record: Record
) -> None:
    run_id = begin(store)
    with pytest.raises(StoreError, match="position 7 was not added"):
        store.save(run_id, 7, KEY, record)
    assert store.find(KEY) is None
    assert rows(place, select(attempts)) == []


def test_a_report_comes_back_with_its_text(store: Store) -> None:
    assert store.report(begin(store), 0) == REPORT


def test_the_same_text_under_another_id_reuses_the_work_under_its_own_name(
    store: Store, record: Record
) -> None:
    twin = Report(id="copy", text=REPORT.text, source="copy.txt", published=REPORT.published)
    run_id = begin(store, REPORT, twin)
    store.save(run_id, 0, KEY, record)
    reused = store.reuse(run_id, 1, KEY)
    assert reused is not None
    assert (reused.report.id, reused.report.source, reused.report.title) == (
        "copy",
        "copy.txt",
        None,
    )
    assert reused.claims == record.claims
    assert [kept.report.id for kept in store.run_records(run_id)] == ["orsova-10", "copy"]


def test_there_is_nothing_to_reuse_before_the_work_is_done(store: Store) -> None:
    assert store.reuse(begin(store), 0, KEY) is None


def test_letters_that_no_database_holds_are_replaced_and_cost_nobody_his_result(
    place: str, store: Store, record: Record
) -> None:
    assert record.provenance is not None
    (attempt,) = record.provenance.attempts
    told = attempt.model_copy(update={"reply": "a\x00b\ud800c", "error": "\x00d"})
    provenance = record.provenance.model_copy(update={"attempts": [told]})
    finding = record.findings[0].model_copy(update={"message": "killed\x00: 62"})
    odd = record.model_copy(update={"provenance": provenance, "findings": [finding]})
    report = Report(id="x\x00y", text="\ud800 killed", source="a\udcff.txt", title="\x00")
    run_id = begin(store, report)
    store.save(run_id, 0, WorkKey(report.sha256, "", "0f", "m", "sentence", "0.1.0"), odd)
    (kept,) = rows(place, select(attempts))
    assert (kept.reply, kept.error) == ("a\ufffdb\ufffdc", "\ufffdd")
    assert rows(place, select(findings))[0].message == "killed\ufffd: 62"
    back = store.report(run_id, 0)
    assert (back.id, back.text, back.source) == ("x\ufffdy", "\ufffd killed", "a\ufffd.txt")
    assert next(store.run_records(run_id)).report.id == "x\ufffdy"


def test_ids_sort_by_code_point_in_every_database(store: Store, record: Record) -> None:
    ids = ["b", "Z", "é", "a-b", "ab", "A", "a b", "ذ", "\U0001f600", "\uffee"]
    run_id = begin(store, *(Report(id=id, text=id, source="rows") for id in ids))
    for position, id in enumerate(ids):
        sha256 = Report(id=id, text=id, source="rows").sha256
        key = WorkKey(sha256, "", "0f", "scripted", "sentence", "0.1.0")
        store.save(run_id, position, key, record)
    assert [kept.report.id for kept in store.latest_records()] == sorted(ids)


def test_the_longest_id_and_source_that_a_reader_gives_can_be_kept(store: Store) -> None:
    shuffled = "".join(map(chr, Random(5).choices(range(0x4E00, 0x9FFF), k=1000)))  # no packing
    id = shuffled.encode()[:MAX_ID_BYTES].decode(errors="ignore")
    source = shuffled.encode()[:MAX_SOURCE_BYTES].decode(errors="ignore")
    report = Report(id=id, text="Nine killed", source=source, published=date(2025, 3, 10))
    assert store.report(begin(store, report), 0) == report


def test_a_count_of_tokens_beyond_32_bits_is_kept(place: str, store: Store, record: Record) -> None:
    assert record.provenance is not None
    (attempt,) = record.provenance.attempts
    many = attempt.tokens.model_copy(update={"prompt": 2**40})
    told = attempt.model_copy(update={"tokens": many})
    provenance = record.provenance.model_copy(update={"attempts": [told]})
    store.save(begin(store), 0, KEY, record.model_copy(update={"provenance": provenance}))
    assert rows(place, select(attempts))[0].prompt_tokens == 2**40


def test_programs_that_do_the_same_work_at_once_leave_it_once(place: str, record: Record) -> None:
    open_store(place).close()

    def work(_number: int) -> None:
        with open_store(place) as own:
            for _ in range(5):
                own.save(begin(own), 0, KEY, record)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(rows(place, select(reports))) == 1
    assert len(rows(place, select(records))) == 1
    assert len(rows(place, select(findings))) == len(record.findings)
    assert len(rows(place, select(run_items))) == 20


def test_programs_that_open_a_new_store_at_once_all_can(place: str) -> None:
    everybody_is_here = Barrier(4)

    def work(_number: int) -> int:
        everybody_is_here.wait()
        with open_store(place) as own:
            return begin(own)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(work, range(4))) == [1, 2, 3, 4]


def test_a_runs_records_come_in_input_order_and_leave_out_what_is_not_done(
    store: Store, record: Record
) -> None:
    parts = [
        Report(id=f"r{number}", text=f"No. {number}", source="rows.jsonl") for number in range(3)
    ]
    run_id = begin(store, *parts)
    for position in (2, 0):
        key = WorkKey(parts[position].sha256, "", "0f", "scripted", "sentence", "0.1.0")
        store.save(run_id, position, key, record)
    assert [kept.report.id for kept in store.run_records(run_id)] == ["r0", "r2"]


def test_long_runs_come_back_whole(store: Store, record: Record) -> None:
    parts = [
        Report(id=f"r{number:03}", text=f"No. {number}", source="rows") for number in range(450)
    ]
    run_id = begin(store, *parts)
    for position, part in enumerate(parts):
        key = WorkKey(part.sha256, "", "0f", "scripted", "sentence", "0.1.0")
        store.save(run_id, position, key, record)
    expected = [part.id for part in parts]
    assert [kept.report.id for kept in store.run_records(run_id)] == expected
    assert [kept.report.id for kept in store.latest_records()] == expected


def test_an_input_that_was_never_read_keeps_its_failure(store: Store, record: Record) -> None:
    sealed = UnreadableReport("sealed", "sealed.pdf", "encrypted_pdf", "sealed.pdf is encrypted")
    head = record.report.model_copy(update={"id": "sealed", "source": "sealed.pdf", "sha256": ""})
    failed = record.model_copy(
        update={"report": head, "disposition": "failed", "claims": [], "provenance": None}
    )
    run_id = begin(store, sealed, sealed)
    store.save(run_id, 0, None, failed)
    store.save(run_id, 1, None, failed)
    assert list(store.run_records(run_id)) == [failed, failed]


def test_the_latest_record_of_each_report_is_that_of_its_last_run(
    store: Store, record: Record
) -> None:
    store.save(begin(store), 0, KEY, record)
    flagless = record.model_copy(update={"findings": [], "disposition": "clean"})
    newer = WorkKey(REPORT.sha256, "2025-03-10", "11", "scripted", "sentence", "0.1.0")
    store.save(begin(store), 0, newer, flagless)
    begin(store)
    assert [kept.disposition for kept in store.latest_records()] == ["clean"]


def test_a_run_notes_its_settings_and_what_it_counted(place: str, store: Store) -> None:
    run_id = begin(store)
    store.finish_run(run_id, {"reports": 1, "failed": 0})
    (run,) = rows(place, select(runs))
    assert run.settings["strategy"] == "auto"
    assert run.counts == {"reports": 1, "failed": 0}
    assert datetime.now(UTC) >= run.finished >= run.started
    assert run.started.tzinfo is UTC


def test_a_time_without_its_zone_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="without its zone"), store._transaction() as connection:
        connection.execute(runs.update().values(started=datetime(2026, 3, 5)))


def test_reuse_is_marked_in_the_run(place: str, store: Store, record: Record) -> None:
    store.save(begin(store), 0, KEY, record)
    store.reuse(begin(store), 0, KEY)
    assert [item.from_cache for item in rows(place, select(run_items))] == [False, True]


def test_a_record_written_by_another_version_is_a_clear_error(
    place: str, store: Store, record: Record
) -> None:
    store.save(begin(store), 0, KEY, record)
    engine = create_engine(place)
    with engine.begin() as connection:
        connection.execute(text("update records set json = replace(json, 'findings', 'remarks')"))
    engine.dispose()
    with pytest.raises(StoreError, match="cannot read"):
        store.find(KEY)


def test_foreign_keys_are_enforced(store: Store) -> None:
    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        store.add(99, 0, REPORT)


def test_writing_goes_on_while_another_program_reads(
    place: str, store: Store, record: Record
) -> None:
    run_id = begin(store)
    reader = create_engine(place)
    with reader.connect() as connection:
        connection.execute(text("select count(*) from records")).scalar_one()
        store.save(run_id, 0, KEY, record)
    reader.dispose()
    assert store.find(KEY) is not None
