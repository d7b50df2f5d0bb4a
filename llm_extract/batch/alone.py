"""One worker at a time on an SQLite store: a lock file beside it, held until the worker's end.

The operating system lets go of the lock when its process ends in whatever way, so a killed worker
never locks the next one out. Databases that several workers share need none of this.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from llm_extract.errors import StoreError
from llm_extract.store import Store

ASKING_SECONDS = 0.5
"""How long a worker waits for the lock: who only asks whether it is held holds it for a moment."""

LOCKED = "store_in_use"
"""Code of the error when another program works on the store."""


@contextmanager
def sole_worker(store: Store) -> Iterator[None]:
    """Holds the store for this process. Raises StoreError when another works on it."""
    if store.is_shared:
        yield
        return
    lock, who = _lock(store), _who(store)
    try:
        lock.acquire(timeout=ASKING_SECONDS, poll_interval=0.01)
    except Timeout:
        raise StoreError(
            f"another program works on the store {store.place}"
            f"{_named(worker_of(store))}: wait for it, or stop it with `llm-extract job pause`",
            code=LOCKED,
        ) from None
    except OSError as error:
        raise StoreError(
            f"cannot lock the store {store.place}: {error.strerror or error}; its folder must be "
            "writable"
        ) from error
    try:
        who.write_text(str(os.getpid()), encoding="ascii")
        yield
    finally:
        who.unlink(missing_ok=True)
        lock.release()


def worker_of(store: Store) -> int | None:
    """The process that works on an SQLite store; None when none does."""
    lock = _lock(store)
    try:
        with lock.acquire(blocking=False):
            return None
    except Timeout:
        try:
            return int(_who(store).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None


def _lock(store: Store) -> FileLock:
    return FileLock(f"{store.file}.lock")


def _who(store: Store) -> Path:
    return Path(f"{store.file}.worker")


def _named(process: int | None) -> str:
    return f" (process {process})" if process is not None else ""
