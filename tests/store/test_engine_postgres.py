"""PostgreSQL as the place of a store: its schema, and its troubles in one clear line each."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from postgres import Cluster
from sqlalchemy import Connection, NullPool, create_engine, make_url, text
from store_builders import read

from llm_extract.documents.report import Report
from llm_extract.errors import StoreError
from llm_extract.pipeline import Settings
from llm_extract.store import Jobs, open_store, review_tables
from llm_extract.store import engine as engine_module
from llm_extract.store.engine import open_engine, transaction
from llm_extract.store.tables import metadata

pytestmark = pytest.mark.postgres

PASSWORD = "swordfish"


@pytest.fixture
def reader(postgres: Cluster) -> Iterator[str]:
    """A user who may look at everything and change nothing."""
    postgres.run(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}' IN ROLE pg_read_all_data")
    yield "reader"
    postgres.run("DROP ROLE reader")


def database_of(url: str) -> str:
    return str(make_url(url).database)


def trouble(url: str) -> str:
    """What opening a store says when it cannot."""
    with pytest.raises(StoreError) as caught:
        open_store(url)
    return str(caught.value)


def differences(connection: Connection) -> list[Any]:
    """Where a database's tables differ from those of the code, comments on columns aside."""
    assert review_tables.review_log.metadata is metadata
    ours = {"include_name": lambda name, kind, _: kind != "table" or name != "review_words"}
    context = MigrationContext.configure(connection, opts=ours)
    found = compare_metadata(context, metadata)
    flat = [each for some in found for each in (some if isinstance(some, list) else [some])]
    return [each for each in flat if each[0] != "modify_comment"]


def connected(url: str) -> Connection:
    return create_engine(url, poolclass=NullPool).connect()


# --- schema ------------------------------------------------------------------------------------


def test_migrations_lead_to_the_tables_that_the_code_uses(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    with engine.connect() as connection:
        assert differences(connection) == []
    engine.dispose()


def test_a_url_without_a_driver_is_read_by_psycopg(postgres_url: str) -> None:
    for scheme in ("postgresql", "postgres"):
        with open_store(postgres_url.replace("postgresql+psycopg", scheme)) as store:
            assert store.jobs.create(Settings(), "0.1.0").id > 0


def test_ids_sort_as_in_python_whatever_the_language_of_the_database(postgres_url: str) -> None:
    open_store(postgres_url).close()
    with connected(postgres_url) as connection:
        asked = (
            "select collation_name from information_schema.columns "
            "where table_name = 'run_items' and column_name = 'report_id'"
        )
        assert connection.execute(text(asked)).scalar_one() == "C"


def test_migrations_can_be_undone(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    config = Config()
    config.set_main_option("script_location", str(engine_module._MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        command.upgrade(config, "head")
        assert differences(connection) == []
    engine.dispose()


def test_who_comes_second_waits_until_the_schema_is_there(postgres_url: str) -> None:
    with connected(postgres_url) as first:
        lock = engine_module.MIGRATION_LOCK
        first.execute(text(f"select pg_advisory_xact_lock({lock})"))
        impatient = make_url(postgres_url).update_query_dict({"options": "-c lock_timeout=50ms"})
        assert "lock timeout" in trouble(impatient.render_as_string(hide_password=False))


def test_a_finished_schema_is_opened_without_any_lock(postgres_url: str) -> None:
    open_store(postgres_url).close()
    with connected(postgres_url) as first:
        lock = engine_module.MIGRATION_LOCK
        first.execute(text(f"select pg_advisory_xact_lock({lock})"))
        open_store(postgres_url).close()


def test_a_database_of_another_program_is_left_alone(postgres_url: str) -> None:
    with connected(postgres_url) as connection:
        connection.execute(text("create table harvest (apples integer)"))
        connection.commit()
    assert "database of another program" in trouble(postgres_url)
    with connected(postgres_url) as connection:
        tables = text("select tablename from pg_tables where schemaname = 'public'")
        assert connection.execute(tables).scalars().all() == ["harvest"]


def test_a_database_that_cannot_hold_arabic_is_refused_before_anything_is_written(
    postgres: Cluster,
) -> None:
    postgres.run("CREATE DATABASE narrow ENCODING 'LATIN1' TEMPLATE template0")
    try:
        assert "cannot hold all letters (its encoding is LATIN1)" in trouble(postgres.url("narrow"))
    finally:
        postgres.run("DROP DATABASE narrow WITH (FORCE)")


# --- trouble -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said", "advice"),
    [
        ({"password": "swordfish-7"}, "authentication failed", "check the user and the password"),
        ({"password": None}, "no password", "put the password into the URL"),
        ({"database": "no_such"}, '"no_such" does not exist', "run createdb"),
        ({"query": {"host": "/nowhere"}}, "failed", "no server listens there"),
        ({"host": "no-such-host.invalid", "query": {}}, "host", "check the host in the URL"),
        ({"query": {"harvest": "swordfish-7"}}, "harvest", "behind the question mark"),
    ],
)
def test_a_server_that_does_not_let_us_in_is_one_clear_line(
    postgres: Cluster, changes: dict[str, Any], said: str, advice: str
) -> None:
    url = postgres.url(**{"database": "postgres", **changes})
    line = trouble(url)
    assert line.startswith("cannot open the store postgresql+psycopg://tester")
    assert said in line and advice in line
    assert "\n" not in line
    assert postgres.password not in line and "swordfish" not in line


def test_a_port_where_nobody_listens_is_one_clear_line() -> None:
    with socket.socket() as taken:  # bound and not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        line = trouble(f"postgresql://me:{PASSWORD}@127.0.0.1:{taken.getsockname()[1]}/toll")
    assert "refused" in line and "start it or check host and port" in line
    assert PASSWORD not in line and "\n" not in line


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "CONNECT_SECONDS", 2)  # the shortest that libpq knows
    with socket.create_server(("127.0.0.1", 0)) as silent:
        line = trouble(f"postgresql://me:{PASSWORD}@127.0.0.1:{silent.getsockname()[1]}/toll")
    assert "timeout" in line and "does not answer" in line


def test_a_user_who_may_make_no_tables_is_told(
    postgres: Cluster, postgres_url: str, reader: str
) -> None:
    line = trouble(postgres.url(database_of(postgres_url), username=reader, password=PASSWORD))
    assert "permission denied" in line and "GRANT" in line
    assert PASSWORD not in line and "\n" not in line


def test_a_store_that_may_only_be_read_can_be_read_and_says_so_when_written(
    postgres: Cluster, postgres_url: str, reader: str
) -> None:
    with open_store(postgres_url) as store:
        run = store.jobs.create(Settings(), "0.1.0")
    as_reader = postgres.url(database_of(postgres_url), username=reader, password=PASSWORD)
    with open_store(as_reader) as store:
        assert list(store.run_records(run.id)) == []
        with pytest.raises(StoreError, match=r"permission denied .*GRANT"):
            store.jobs.create(Settings(), "0.1.0")


def test_a_standby_is_a_clear_error(postgres_url: str) -> None:
    open_store(postgres_url).close()
    read_only = {"options": "-c default_transaction_read_only=on"}
    url = make_url(postgres_url).update_query_dict(read_only).render_as_string(hide_password=False)
    with (
        open_store(url) as store,
        pytest.raises(StoreError, match=r"read-only transaction \(.*name the primary server"),
    ):
        store.jobs.create(Settings(), "0.1.0")


def test_a_server_that_goes_away_is_a_clear_error_and_is_found_again_when_it_is_back(
    postgres: Cluster, postgres_url: str
) -> None:
    with open_store(postgres_url) as store:
        run = store.jobs.create(Settings(), "0.1.0")
        postgres.stop()
        try:
            with pytest.raises(
                StoreError, match=r"the store failed: .*no server listens"
            ) as caught:
                store.jobs.create(Settings(), "0.1.0")
        finally:
            postgres.start()
        assert postgres.password not in str(caught.value) and "\n" not in str(caught.value)
        assert store.jobs.create(Settings(), "0.1.0").id > run.id


def test_a_connection_that_breaks_in_a_transaction_is_a_clear_error(
    postgres: Cluster, postgres_url: str
) -> None:
    engine = open_engine(postgres_url)
    with (
        pytest.raises(StoreError, match=r"terminating connection.*the server was stopped"),
        transaction(engine) as connection,
    ):
        own = connection.execute(text("select pg_backend_pid()")).scalar_one()
        postgres.run(f"SELECT pg_terminate_backend({own})")
        connection.execute(text("select 1"))
    assert Jobs(engine).create(Settings(), "0.1.0").id > 0
    engine.dispose()


def test_text_of_reports_is_never_part_of_a_message(postgres_url: str) -> None:
    secret = "The names of the nine who talked"
    with open_store(postgres_url) as store:
        with connected(postgres_url) as connection:
            connection.execute(text("alter table reports add check (length(text) < 5)"))
            connection.commit()
        run = store.jobs.create(Settings(), "0.1.0")
        with pytest.raises(StoreError, match="check constraint") as caught:
            read(store.work("a"), run.id, Report(id="a", text=secret, source="a.txt"))
    assert secret not in str(caught.value)


def test_a_program_that_was_stopped_in_a_transaction_does_not_hold_up_the_others(
    postgres_url: str,
) -> None:
    engine = open_engine(postgres_url)
    with engine.connect() as connection:
        limit = connection.execute(text("show idle_in_transaction_session_timeout")).scalar_one()
    engine.dispose()
    assert limit == "1min"


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'llm-extract\[postgres\]'"):
        open_store("postgresql://db/toll")
