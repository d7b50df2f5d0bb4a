"""A database on disk for what would fill the memory of a large run; it goes with its process."""

from __future__ import annotations

import sqlite3

from llm_extract.errors import DocumentError

_CACHE_KIB = 2_000
"""Memory that one scratch database may hold; with ten times as much it is no faster at a million
ids, since what it writes stays in the cache of the operating system."""


def open_scratch(tables: str) -> sqlite3.Connection:
    """An empty database with `tables`. It has a file only once it outgrows its cache.

    The connection may be handed from thread to thread, as a generator that holds one is. What is
    not found again after a crash needs no journal and no commit, so all is one open transaction.
    """
    # An empty name is SQLite's own for a database in a temporary file, which it deletes.
    base = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    base.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    base.execute("PRAGMA temp_store = FILE")
    base.execute("PRAGMA journal_mode = OFF")
    base.executescript(tables)
    base.execute("BEGIN")
    return base


def no_room(error: sqlite3.OperationalError) -> DocumentError:
    """The error for people when a scratch database can't be written."""
    return DocumentError(
        f"the list of the inputs can't be kept on disk ({error}); free space in the folder for "
        "temporary files, or name another one in TMPDIR",
        code="no_room",
    )


def packed(name: str) -> bytes:
    """`name` as a value of a database, with bytes that are no text; sorts as the names do."""
    return name.encode("utf-8", "surrogatepass")


def unpacked(value: bytes) -> str:
    """The name that was `packed`."""
    return value.decode("utf-8", "surrogatepass")
