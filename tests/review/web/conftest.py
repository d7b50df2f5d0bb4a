"""A store with its rooms, and visitors of each role."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from review_visitor import Visitor

from llm_extract.review.web.rooms import Rooms, open_rooms
from llm_extract.store import Store, open_store


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("review") / "store.sqlite") as opened:
        yield opened


@pytest.fixture
def rooms(store: Store) -> Iterator[Rooms]:
    with open_rooms(store) as opened:
        yield opened


@pytest.fixture
def anna(rooms: Rooms) -> Visitor:
    return Visitor(rooms, "anna", "analyst")


@pytest.fixture
def basil(rooms: Rooms) -> Visitor:
    return Visitor(rooms, "basil", "analyst")


@pytest.fixture
def cleo(rooms: Rooms) -> Visitor:
    return Visitor(rooms, "cleo", "senior")
