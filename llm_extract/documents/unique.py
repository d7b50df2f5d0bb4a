"""Ids that are given once in a run, remembered on disk."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from types import TracebackType
from typing import Self

from llm_extract.documents.scratch import no_room, open_scratch, packed

_DIGEST_BYTES = 16
"""Two of a billion ids share 128 bits with a chance of about one in 10^21."""

_TABLE = "CREATE TABLE ids (id BLOB PRIMARY KEY, uses INTEGER NOT NULL) WITHOUT ROWID;"


class UniqueIds:
    """The ids given so far. Use it as a context manager: its temporary file goes with it."""

    def __init__(self) -> None:
        self._base = open_scratch(_TABLE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._base.close()

    def take(self, id: str) -> str:
        """`id` if it was never given, else the first of `id~2`, `id~3`, … that was not.

        Raises `DocumentError` (`no_room`) when the disk is full.
        """
        try:
            return id if self._add(id) else self._next(id)
        except sqlite3.OperationalError as error:
            raise no_room(error) from error

    def _add(self, id: str) -> bool:
        written = self._base.execute(
            "INSERT INTO ids VALUES (?, 1) ON CONFLICT DO NOTHING", (_digest(id),)
        )
        return written.rowcount == 1

    def _next(self, id: str) -> str:
        """The count of uses is kept, so that a million reports of one id stay fast."""
        key = _digest(id)
        (uses,) = self._base.execute("SELECT uses FROM ids WHERE id = ?", (key,)).fetchone()
        fresh = id
        while fresh == id or not self._add(fresh):
            uses += 1
            fresh = f"{id}~{uses}"
        self._base.execute("UPDATE ids SET uses = ? WHERE id = ?", (uses, key))
        return fresh


def _digest(id: str) -> bytes:
    return blake2b(packed(id), digest_size=_DIGEST_BYTES).digest()
