"""A store on each database, its desk and a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from review_builders import Clock

from llm_extract.review import accounts
from llm_extract.review.cases import Cases
from llm_extract.review.work import Desk
from llm_extract.store import Store, open_store


@pytest.fixture(autouse=True, scope="session")
def quick_hashes() -> Iterator[None]:
    """Hashes of passwords with the least memory and time: there are many in these tests."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_HASHER", hasher)
        patch.setattr(accounts, "_NOBODYS", hasher.hash("nobody's password"))
        yield


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store on each database."""
    if request.param == "postgres":
        place = str(request.getfixturevalue("postgres_url"))
    else:
        place = f"sqlite:///{tmp_path / 'store.sqlite'}"
    with open_store(place) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    """The desk's clock."""
    return Clock()


@pytest.fixture
def desk(store: Store, clock: Clock) -> Desk:
    """Where the cases of the store are worked on."""
    return Desk(store.engine, clock=clock)


@pytest.fixture
def cases(store: Store) -> Cases:
    """The cases of the store."""
    return Cases(store.engine)
