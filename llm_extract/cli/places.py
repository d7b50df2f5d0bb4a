"""Where a store is: a folder, its file, or the URL of a database."""

from __future__ import annotations

from pathlib import Path

from llm_extract.store import DEFAULT_NAME, Store, open_store

FILE_SUFFIXES = frozenset({".sqlite", ".sqlite3", ".db"})


def open_place(place: str) -> Store:
    """The store at a place that a user named: a URL, an SQLite file, or a folder that holds one.

    Raises StoreError when it cannot be opened.
    """
    if "://" in place:
        return open_store(place)
    path = Path(place)
    return open_store(path if path.suffix in FILE_SUFFIXES else path / DEFAULT_NAME)
