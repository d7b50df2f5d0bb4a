"""Opens the database of a store and brings its schema up to date; knows no table by name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from llm_extract.errors import StoreError

DEFAULT_NAME = "store.sqlite"
"""File name of the store in a run's output folder."""

BUSY_SECONDS = 5.0
"""How long a write waits for another program's write before it is an error."""

_MIGRATIONS = Path(__file__).parent / "migrations"


def open_engine(path_or_url: str | Path) -> Engine:
    """An engine on a SQLite file (made with its folder when missing) or a database URL.

    The schema is brought to the newest version. SQLite runs in WAL mode with foreign keys on, and
    all work goes through a single connection: SQLite before 3.51.3 can corrupt a WAL that several
    connections of one program reset at the same time.

    Raises:
        StoreError: the file is no database, is locked, read-only or another program's, the URL or
            its driver is unusable, or the schema is newer than this version of the package knows.
    """
    url = _url(path_or_url)
    place = url.render_as_string(hide_password=True) if url.host else (url.database or str(url))
    with store_errors(f"cannot open the store {place}"):
        engine = _create(url)
        try:
            _upgrade(engine, place)
        except BaseException:
            engine.dispose()
            raise
    return engine


@contextmanager
def store_errors(what: str, *let_through: type[Exception]) -> Iterator[None]:
    """Turns a database error inside the block into a StoreError that begins with `what`."""
    try:
        yield
    except let_through:
        raise
    except SQLAlchemyError as error:
        raise StoreError(f"{what}: {_reason(error)}") from error
    except OSError as error:
        raise StoreError(f"{what}: {error.strerror or error}") from error


@contextmanager
def transaction(engine: Engine, *let_through: type[Exception]) -> Iterator[Connection]:
    """One transaction: all of it or nothing; database errors become StoreErrors.

    Errors of the classes `let_through` stay what they are: the caller knows what to do.
    """
    with store_errors("the store failed", *let_through), engine.begin() as connection:
        yield connection


def _url(path_or_url: str | Path) -> URL:
    if "://" not in str(path_or_url):
        return URL.create("sqlite", database=str(Path(path_or_url).absolute()))
    try:
        return make_url(str(path_or_url))
    except ArgumentError as error:
        raise StoreError(
            "the database URL cannot be read; write it as postgresql+psycopg://USER@HOST/NAME"
        ) from error


def _create(url: URL) -> Engine:
    try:
        if url.get_backend_name() != "sqlite":
            return create_engine(url, pool_pre_ping=True)
        if url.database and not url.database.startswith(("file:", ":memory:")):
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=1,
            max_overflow=0,
            pool_timeout=BUSY_SECONDS,
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        )
    except ImportError as error:
        raise StoreError(
            f"the database URL needs a driver that is not installed: pip install {error.name}"
        ) from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late for a write lock
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _upgrade(engine: Engine, place: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    with engine.begin() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
        if present == scripts.get_current_head():
            return
        if present is not None and present not in known:
            raise StoreError(
                f"the store {place} was written by a newer version of llm-extract "
                f"(schema {present}); upgrade the package or name another --out"
            )
        if present is None and inspect(connection).get_table_names():
            raise StoreError(
                f"{place} is a database of another program; name another --out for the store"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _reason(error: SQLAlchemyError) -> str:
    cause: Any = error.orig if isinstance(error, DBAPIError) and error.orig else error
    line = " ".join(str(cause).split())
    hints = {
        "locked": "another program is writing to it; wait for it or name another --out",
        "readonly": "the file or its folder is read-only; change its permissions",
        "read-only": "the file or its folder is read-only; change its permissions",
        "not a database": "the file is not an SQLite store; move it away or name another --out",
        "malformed": "the file is damaged; move it away and run again",
        "unable to open": "check that the folder exists and that you may write there",
    }
    hint = next((text for sign, text in hints.items() if sign in line), None)
    return f"{line} ({hint})" if hint else line
