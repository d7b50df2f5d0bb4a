"""Where a store is: a folder, its file, or the URL of a database."""

from __future__ import annotations

from pathlib import Path

from llm_extract.errors import StoreError
from llm_extract.store import DEFAULT_NAME, Store, open_store, read_store

FILE_SUFFIXES = frozenset({".sqlite", ".sqlite3", ".db"})


def open_place(place: str, *, make: bool = False) -> Store:
    """The store at a place that a user named: a URL, an SQLite file, or a folder that holds one.

    Only with `make` one is made where there is none. Raises StoreError when it cannot be opened.
    """
    where = _where(place)
    if isinstance(where, Path) and not make:
        _check_is_there(place, where)
    return open_store(where)


def read_place(place: str) -> Store:
    """The store at such a place, to be read only, also while a worker writes. Raises StoreError."""
    where = _where(place)
    if isinstance(where, Path):
        _check_is_there(place, where)
    return read_store(where)


def is_store(place: str) -> bool:
    """Whether a store is meant: a URL, or an SQLite file by its ending."""
    return "://" in place or Path(place).suffix in FILE_SUFFIXES


def _where(place: str) -> Path | str:
    if "://" in place:
        return place
    path = Path(place)
    return path if path.suffix in FILE_SUFFIXES else path / DEFAULT_NAME


def _check_is_there(place: str, file: Path) -> None:
    if not file.is_file():
        raise StoreError(
            f"{place} holds no store; is it the --store of `llm-extract job start` or the --out of "
            "`llm-extract run`?",
            code="no_store",
        )
