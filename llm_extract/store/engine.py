"""Opens the database of a store and brings its schema up to date; knows no table by name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, QueuePool, Table, create_engine, event, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError, StatementError
from sqlalchemy.pool import ConnectionPoolEntry
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from llm_extract.errors import StoreError

DEFAULT_NAME = "store.sqlite"
"""File name of the store in a run's output folder."""

BUSY_SECONDS = 5.0
"""How long a write waits for another program's write before it is an error."""

CONNECT_SECONDS = 10
"""How long a PostgreSQL server may take to answer, unless the URL has its own `connect_timeout`."""

STOPPED_SECONDS = 60
"""After this long without a word inside a transaction the server takes a program for stopped and
ends the transaction, so that its locks do not hold up the others. Ours last milliseconds."""

MIGRATION_LOCK = 0x6C6C6D5F65787472
"""Number of the advisory lock that one program holds while it brings a database's schema up to date
(the letters "llm_extr"); PostgreSQL keeps such locks apart by database."""

_MIGRATIONS = Path(__file__).parent / "migrations"

_SQLITE_HINTS = {
    "locked": "another program is writing to it; wait for it or name another --out",
    "readonly": "the file or its folder is read-only; change its permissions",
    "read-only": "the file or its folder is read-only; change its permissions",
    "not a database": "the file is not an SQLite store; move it away or name another --out",
    "malformed": "the file is damaged; move it away and run again",
    "unable to open": "check that the folder exists and that you may write there",
    "is full": "make room on the disk and run again; what was settled is kept",
}
"""What to do about words in a message of SQLite."""

_POSTGRES_HINTS = {
    "42501": "the user of the URL may not do this; GRANT it, or name a schema's owner",
    "25006": "this server or user may only read; name the primary server in the URL",
    "53100": "make room on the server's disk and run again; what was settled is kept",
    "53300": "the server has no connection left; stop other programs or raise max_connections",
    "57P01": "the server was stopped; run again when it is up",
    "57P02": "the server was stopped; run again when it is up",
    "22P05": "the database cannot hold all letters; make one WITH ENCODING 'UTF8'",
    "password authentication failed": "check the user and the password in the URL",
    "no password supplied": "put the password into the URL, PGPASSWORD or the file .pgpass",
    "no pg_hba.conf entry": "the server admits no such user from this machine; see pg_hba.conf",
    'role "': "the server knows no such user; check the URL",
    'database "': "the server has no such database; check the URL or run createdb",
    "too many clients": "stop other programs of the server or raise its max_connections",
    "remaining connection slots": "stop other programs or raise the server's max_connections",
    "starting up": "wait until the server is up and run again",
    "shutting down": "run again when the server is up",
    "refused": "no server listens there; start it or check host and port in the URL",
    "No such file": "no server listens there; start it or check the host in the URL",
    "resolve host": "no such machine is known; check the host in the URL",
    "translate host": "no such machine is known; check the host in the URL",
    "timeout": "the server does not answer; check host, port and the network between",
    "server closed": "the server went away; run again when it is up",
    "connection is lost": "the server went away; run again when it is up",
    "connection is closed": "the server went away; run again when it is up",
    "connection option": "check what stands behind the question mark in the URL",
}
"""What to do about an SQLSTATE (PostgreSQL's manual, appendix A), or, where a connection failed and
has none, about words in the message."""


def open_engine(path_or_url: str | Path) -> Engine:
    """An engine on a SQLite file (made with its folder when missing) or a database URL.

    The schema is brought to the newest version; several programs may do so at once. SQLite runs in
    WAL mode with foreign keys on, and all work goes through a single connection: SQLite before
    3.51.3 can corrupt a WAL that several connections of one program reset at the same time.
    PostgreSQL is spoken to by psycopg 3 (the extra `postgres`), also where the URL names no driver.

    Raises:
        StoreError: the file is no database, is locked, read-only or another program's, the URL or
            its driver is unusable, the server cannot be reached or refuses, or the schema is newer
            than this version of the package knows. The message never holds the password.
    """
    url = _url(path_or_url)
    place = place_of(url)
    with store_errors(f"cannot open the store {place}"):
        engine = _create(url)
        try:
            _upgrade(engine, place)
        except BaseException:
            engine.dispose()
            raise
    return engine


def open_reader(path_or_url: str | Path, connections: int = 1) -> Engine:
    """An engine that only reads, also beside a worker that writes, with so many connections.

    Its connection to an SQLite file is read-only: it neither waits for writes nor holds them up,
    and never checkpoints the WAL, which is what must not be done by two at once (see
    `open_engine`). A store of an older version is brought up to date first.

    Raises:
        StoreError: there is no such file, or as `open_engine`.
    """
    url = _url(path_or_url)
    if url.get_backend_name() != "sqlite" or url.database is None:
        return open_engine(path_or_url)
    place = place_of(url)
    if not Path(url.database).is_file():
        raise StoreError(f"there is no store at {place}: is the path right?", code="no_store")
    engine = _create_reader(url, url.database, connections)
    try:
        with store_errors(f"cannot open the store {place}"), engine.begin() as connection:
            present = MigrationContext.configure(connection).get_current_revision()
        if present != _scripts().get_current_head():
            engine.dispose()
            open_engine(path_or_url).dispose()
    except BaseException:
        engine.dispose()
        raise
    return engine


def place_of(url: URL) -> str:
    """A database for people: its file, else its URL without what can hold a password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ":memory:"
    return url.set(query={}).render_as_string(hide_password=True)


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
        url = make_url(str(path_or_url))
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            "the database URL cannot be read; write it as postgresql+psycopg://USER@HOST/NAME"
        ) from error
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    return url


def _create(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "postgresql":
            return _create_postgres(url)
        if url.get_backend_name() != "sqlite":
            return create_engine(url, pool_pre_ping=True, hide_parameters=True)
        if url.database and not url.database.startswith(("file:", ":memory:")):
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=1,
            max_overflow=0,
            pool_timeout=BUSY_SECONDS,
            hide_parameters=True,  # they are text of reports
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        )
    except ImportError as error:
        package = error.name
        if url.get_backend_name() == "postgresql":
            package = "'llm-extract[postgres]'"
        raise StoreError(
            f"the database URL needs a driver that is not installed: pip install {package}"
        ) from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _create_reader(url: URL, file: str, connections: int) -> Engine:
    address = f"{Path(file).absolute().as_uri()}?mode=ro"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        connection.execute("PRAGMA query_only=ON")
        return connection

    engine = create_engine(
        url,
        creator=connect,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        hide_parameters=True,
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _create_postgres(url: URL) -> Engine:
    options = {"application_name": "llm-extract", "connect_timeout": str(CONNECT_SECONDS)}
    own = {name: value for name, value in options.items() if name not in url.query}
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=own)
    event.listen(engine, "connect", _prepare_postgres)
    return engine


def _prepare_postgres(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{STOPPED_SECONDS}s'")
    connection.commit()


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late for a write lock
    # SQLite does not wait by itself where two programs turn a new file to WAL at the same time.
    waiting = Retrying(
        retry=retry_if_exception(lambda error: "locked" in str(error)),
        stop=stop_after_delay(BUSY_SECONDS),
        wait=wait_random(0, 0.05),
        reraise=True,
    )
    waiting(connection.execute, "PRAGMA journal_mode=WAL")
    # FULL: a commit is on the disk before its request goes out. With NORMAL a loss of power could
    # take the last commits back, and with them rows of requests that were sent and charged. Group
    # commit keeps the price low: 0.4 commits a report with 16 in flight, and a sync of 2 to 5 ms
    # (measured) runs beside the requests under way, at no processor time.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _upgrade(engine: Engine, place: str) -> None:
    config, scripts = _config(), _scripts()
    known = {script.revision for script in scripts.walk_revisions()}
    head = scripts.get_current_head()
    with engine.begin() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
        if present != head and engine.dialect.name == "postgresql":
            # Whoever comes second waits here, and finds the work done.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
            present = MigrationContext.configure(connection).get_current_revision()
        if present == head:
            return
        if present is not None and present not in known:
            raise StoreError(
                f"the store {place} was written by a newer version of llm-extract "
                f"(schema {present}); upgrade the package or name another --out or database"
            )
        if present is None:
            _refuse_unfit(connection, place)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _refuse_unfit(connection: Connection, place: str) -> None:
    """Raises StoreError where a store must not or cannot be made in a database."""
    if inspect(connection).get_table_names():
        raise StoreError(
            f"{place} is a database of another program; name another --out or database"
        )
    if connection.dialect.name == "postgresql":
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding != "UTF8":
            raise StoreError(
                f"the database {place} cannot hold all letters (its encoding is {encoding}); "
                "make one with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
            )


def _reason(error: SQLAlchemyError) -> str:
    """What went wrong, in one line without values of rows, and what to do where that is known."""
    cause: Any = error.orig if isinstance(error, StatementError) and error.orig else error
    state = getattr(cause, "sqlstate", None)
    # Below the first line of PostgreSQL's messages stand values, which can be text of a report.
    told = getattr(getattr(cause, "diag", None), "message_primary", None) or str(cause)
    line = " ".join(told.split())
    if isinstance(cause, sqlite3.Error):
        hint = _hint(line, _SQLITE_HINTS)
    else:
        hint = _POSTGRES_HINTS.get(state or "") or _hint(line, _POSTGRES_HINTS)
    return f"{line} ({hint})" if hint else line


def _hint(line: str, hints: Mapping[str, str]) -> str | None:
    return next((text for sign, text in hints.items() if sign in line), None)


def insert_new(connection: Connection, table: Table) -> Any:
    """An insert that leaves out what is there already, also what another worker adds just now."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()
