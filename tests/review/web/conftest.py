"""A store with its rooms, and visitors of each role."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from review_builders import BASIL, PLAIN, SUMS, put, report_of
from review_visitor import Visitor

from llm_extract.review.intake import take_in
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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    """The rooms of a server for a whole module: case 1 is open by basil, case 2 is free; anna is an
    analyst, cleo a senior, dana an admin."""
    place = tmp_path_factory.mktemp("review") / "store.sqlite"
    with open_store(place) as store, open_rooms(store) as opened:
        put(store, [report_of("r1", SUMS), report_of("r2", PLAIN)])
        take_in(store.engine, 1.0)
        opened.desk.take(1, BASIL)
        for name, role in (("anna", "analyst"), ("cleo", "senior"), ("dana", "admin")):
            opened.accounts.add(name, role, "the long way home", "test")
        yield opened
