"""A store of an earlier version is brought up to date, and back, without losing a row."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect, make_url, text
from store_builders import EXAMPLE, REPORT, job_of, key_of, rows, settle_all

from llm_extract.store import Sums, open_store, without_replies
from llm_extract.store import engine as engine_module

RECORD = without_replies(EXAMPLE).model_dump_json()

TABLES = ("reports", "runs", "records", "run_items", "attempts", "findings")

OLD_ROWS: dict[str, list[dict[str, Any]]] = {
    "reports": [
        {"pk": n, "sha256": f"{n:064}", "id": f"r{n}", "source": "a.txt", "published": "",
         "text": "x"}
        for n in (1, 2, 3)
    ],
    "runs": [
        {"id": n, "started": "2026-03-05 08:00:00+00", "settings": '{"strategy": "auto"}',
         "version": "0.1.0", "counts": '{"read": 3}'}
        for n in (1, 2)
    ],
    "records": [
        {"pk": n, "report_sha256": f"{n:064}", "published": "", "prompt_hash": "0f", "model": "m",
         "strategy": "sentence", "package_version": "0.1.0", "repair": "off",
         "disposition": disposition, "json": RECORD}
        for n, disposition in ((1, "flagged"), (2, "failed"), (3, "clean"))
    ],
    "run_items": [
        {"run_id": run, "position": position, "report_id": f"r{position + 1}",
         "report_pk": position + 1, "record_pk": record, "from_cache": cached}
        for run, position, record, cached in (
            (1, 0, 1, False), (1, 1, 2, False), (1, 2, 3, False),
            (2, 0, 1, True), (2, 1, None, False),
        )
    ],
    "attempts": [
        {"pk": n, "run_id": 1, "record_pk": record, "passage": "0:9", "number": 1, "seconds": 0.5,
         "prompt_tokens": 100, "cached_tokens": 10, "completion_tokens": 7, "reply": "{}"}
        for n, record in ((1, 1), (2, 2), (3, 2), (4, 3))
    ],
    "findings": [
        {"record_pk": 1, "position": 0, "rule": "A05", "severity": "error", "kind": "contradiction",
         "claims": '["c2", "c1"]', "message": "more than the whole"}
    ],
}  # fmt: skip
"""Two runs of version 0003: one that ended, one that was interrupted at its second report."""


def migrate(place: str, revision: str) -> None:
    """Bring a database to a version, on a connection like that of a store."""
    engine = engine_module._create(make_url(place))
    config = Config()
    config.set_main_option("script_location", str(engine_module._MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        is_new = not inspect(connection).has_table("alembic_version")
        (command.upgrade if is_new else command.downgrade)(config, revision)
    engine.dispose()


@pytest.fixture
def old(place: str) -> str:
    """The address of a store of version 0003 with `OLD_ROWS`."""
    migrate(place, "0003")
    engine = create_engine(place)
    with engine.begin() as connection:
        for table, some in OLD_ROWS.items():
            names = ", ".join(some[0])
            values = ", ".join(f":{name}" for name in some[0])
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), some)
    engine.dispose()
    return place


def content(place: str) -> dict[str, list[dict[str, Any]]]:
    """What stands in the columns that version 0003 knew."""
    return {
        table: [
            dict(row._mapping)
            for row in rows(
                place, text(f"SELECT {', '.join(OLD_ROWS[table][0])} FROM {table} ORDER BY 1, 2")
            )
        ]
        for table in TABLES
    }


def test_an_upgrade_keeps_every_row(old: str) -> None:
    before = content(old)
    assert [len(before[table]) for table in TABLES] == [3, 2, 3, 5, 4, 1]
    open_store(old).close()
    assert content(old) == before


def test_earlier_runs_have_the_sums_of_their_rows(old: str) -> None:
    with open_store(old) as store:
        ended, interrupted = store.jobs.all()
    assert ended.sums == Sums(
        read=3,
        clean=1,
        flagged=1,
        failed=1,
        calls=4,
        prompt_tokens=400,
        cached_tokens=40,
        completion_tokens=28,
    )
    assert interrupted.sums == Sums(read=2, flagged=1, cached=1)
    assert (ended.state, interrupted.state) == ("done", "paused")
    assert ended.key is interrupted.key is None
    assert ended.all_read and interrupted.all_read


def test_records_of_earlier_runs_can_be_read_and_found(old: str) -> None:
    with open_store(old) as store:
        assert [record.report.id for record in store.run_records(1)] == ["r1", "r2", "r3"]
        keys = [
            key_of(REPORT, report_sha256=f"{n:064}", published="", model="m") for n in (1, 2, 3)
        ]
        assert store.work("a").earlier(keys).keys() == {keys[0], keys[2]}


def test_a_downgrade_keeps_every_row_that_the_earlier_version_could_hold(old: str) -> None:
    before = content(old)
    open_store(old).close()
    migrate(old, "0003")
    assert content(old) == before


def test_a_downgrade_to_the_first_tables_with_such_records_keeps_every_row(old: str) -> None:
    open_store(old).close()
    migrate(old, "0002")
    migrate(old, "0001")
    found = [len(rows(old, text(f"SELECT 1 FROM {table}"))) for table in TABLES]
    assert found == [len(OLD_ROWS[table]) for table in TABLES]


def test_a_downgrade_leaves_the_newer_of_work_that_was_done_twice(place: str) -> None:
    with open_store(place) as store:
        first, second = job_of(store, REPORT), job_of(store, REPORT)
        settle_all(store, first, "flagged")
        settle_all(store, second, "flagged")
        store.jobs.retry(second.id, "flagged")
        settle_all(store, second, "clean")
    migrate(place, "0003")
    (kept,) = rows(place, text("SELECT pk, disposition FROM records"))
    assert kept.disposition == "clean"
    items = rows(place, text("SELECT record_pk FROM run_items"))
    assert [row.record_pk for row in items] == [kept.pk, kept.pk]
    assert rows(place, text("SELECT * FROM findings")) == []
    open_store(place).close()
