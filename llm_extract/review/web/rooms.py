"""What pages work with: the cases, the desk, the queue, one of each for the whole server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine

from llm_extract.batch.alone import sole_worker
from llm_extract.review.accounts import Accounts
from llm_extract.review.cases import Cases
from llm_extract.review.quality import Quality
from llm_extract.review.queue import Queue
from llm_extract.review.views import Views
from llm_extract.review.web.judgements import Judgements
from llm_extract.review.work import Desk
from llm_extract.store import Store
from llm_extract.store.engine import open_reader

READERS = 8
"""Connections that only read an SQLite store, so that a page never waits for another one."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """One store, as pages see it: `engine` writes, `reader` only reads."""

    engine: Engine
    reader: Engine
    cases: Cases
    desk: Desk
    queue: Queue
    views: Views
    quality: Quality
    accounts: Accounts
    judgements: Judgements = field(default_factory=Judgements)


@contextmanager
def open_rooms(store: Store) -> Iterator[Rooms]:
    """The rooms of a store, held for this program alone where it cannot be shared (SQLite).

    Raises StoreError when another program works on it.
    """
    with sole_worker(store):
        engine = store.engine
        reader = engine if store.is_shared else open_reader(store.file, READERS)
        try:
            yield Rooms(
                engine=engine,
                reader=reader,
                cases=Cases(reader),
                desk=Desk(engine),
                queue=Queue(reader),
                views=Views(engine),
                quality=Quality(reader),
                accounts=Accounts(engine),
            )
        finally:
            if reader is not engine:
                reader.dispose()
