import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from llm_extract.errors import StoreError
from llm_extract.pipeline import Settings
from llm_extract.store import engine as engine_module
from llm_extract.store import open_store, review_tables
from llm_extract.store.engine import open_engine
from llm_extract.store.tables import metadata


def test_the_folder_and_the_file_are_made(tmp_path: Path) -> None:
    open_store(tmp_path / "a" / "b" / "store.sqlite").close()
    assert (tmp_path / "a" / "b" / "store.sqlite").is_file()


def test_migrations_lead_to_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    engine = open_engine(tmp_path / "store.sqlite")
    assert review_tables.review_log.metadata is metadata
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _is_no_index})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def _is_no_index(name: str | None, kind: str, _parents: Any) -> bool:
    """Tables of the full-text index are no tables of ours."""
    return kind != "table" or not (name or "").startswith("review_words")


def test_sqlite_runs_in_wal_mode_with_foreign_keys(tmp_path: Path) -> None:
    engine = open_engine(tmp_path / "store.sqlite")
    with engine.connect() as connection:
        assert connection.execute(text("pragma journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("pragma foreign_keys")).scalar_one() == 1
    engine.dispose()


def test_a_store_can_be_named_by_url(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'named.sqlite'}") as store:
        assert store.jobs.create(Settings(), "0.1.0").id == 1


def test_a_store_of_a_newer_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    open_store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(StoreError, match=r"newer version of llm-extract .*upgrade"):
        open_store(path)


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("create table harvest (apples integer)")
    with pytest.raises(StoreError, match="database of another program"):
        open_store(path)
    with sqlite3.connect(path) as connection:
        names = [name for (name,) in connection.execute("select name from sqlite_master")]
    assert names == ["harvest"]


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"minutes of the harvest meeting\n" * 40)
    with pytest.raises(StoreError, match="not an SQLite store"):
        open_store(path)


def test_a_damaged_store_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    open_store(path).close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(StoreError, match="the file is damaged"):
        open_store(path)


def test_a_locked_store_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "BUSY_SECONDS", 0.05)
    path = tmp_path / "store.sqlite"
    open_store(path).close()
    other = sqlite3.connect(path)
    other.execute("begin exclusive")
    with pytest.raises(StoreError, match="another program is writing"):
        open_store(path)
    other.close()


def test_a_read_only_store_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    open_store(path).close()
    with (
        open_store(f"sqlite:///file:{path}?mode=ro&uri=true") as store,
        pytest.raises(StoreError, match="read-only"),
    ):
        store.jobs.create(Settings(), "0.1.0")


def test_a_folder_in_the_place_of_the_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot open the store"):
        open_store(tmp_path)


@pytest.mark.parametrize("url", ["postgresql+nosuchdriver://db/toll", "://", "harvest://db/toll"])
def test_a_url_that_leads_nowhere_is_a_clear_error(url: str) -> None:
    with pytest.raises(StoreError):
        open_store(url)


def test_the_password_of_a_url_is_never_shown() -> None:
    with pytest.raises(StoreError) as caught:
        open_store("harvest://reader:swordfish@db/toll")
    assert "swordfish" not in str(caught.value)
