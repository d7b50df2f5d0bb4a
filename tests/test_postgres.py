import importlib.util

import pytest
from postgres import Cluster, start_cluster
from sqlalchemy import create_engine, text


def test_where_postgresql_is_missing_the_tests_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="PostgreSQL is missing: install"):
        start_cluster()


def test_where_postgresql_is_missing_in_ci_the_tests_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="PostgreSQL is missing: install"):
        start_cluster()


@pytest.mark.postgres
def test_each_test_gets_an_empty_database_of_postgresql_18(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.execute(text("show server_version")).scalar_one().startswith("18.")
        tables = "select count(*) from pg_tables where schemaname = 'public'"
        assert connection.execute(text(tables)).scalar_one() == 0
    engine.dispose()


@pytest.mark.postgres
def test_a_database_is_gone_after_its_test_even_when_somebody_is_still_connected(
    postgres: Cluster,
) -> None:
    with postgres.database() as url:
        engine = create_engine(url)
        left_open = engine.connect()
    with pytest.raises(Exception, match=r"terminating connection|server closed"):
        left_open.execute(text("select 1"))
    left_open.invalidate()
    engine.dispose()
