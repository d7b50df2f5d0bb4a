"""A store on each database; the tests are the same on both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from store_builders import REPORT, record_of

from llm_extract.record import Record
from llm_extract.store import Store, open_store


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that nothing was written to."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'store.sqlite'}"


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    """A store in that database."""
    with open_store(place) as opened:
        yield opened


@pytest.fixture
def shared(postgres_url: str) -> Iterator[Store]:
    """A store that several workers share, so on PostgreSQL."""
    with open_store(postgres_url) as opened:
        yield opened


@pytest.fixture
def record() -> Record:
    """A flagged record of `REPORT` with one attempt whose reply is known."""
    return record_of(REPORT)
