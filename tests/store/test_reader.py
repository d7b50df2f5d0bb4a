"""A store that is only read, beside one that writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_extract.errors import StoreError
from llm_extract.pipeline import Settings
from llm_extract.store import open_store, read_store
from llm_extract.store.engine import open_reader


def test_a_reader_sees_what_is_committed_and_neither_waits_nor_holds_up(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    with open_store(file) as writer:
        writer.jobs.create(Settings(), "1")
        with read_store(file) as reader, writer._engine.begin():  # a write that is going on
            assert [job.id for job in reader.jobs.all()] == [1]
        with read_store(file) as reader:
            writer.jobs.create(Settings(), "1")
            assert [job.id for job in reader.jobs.all()] == [1, 2]


def test_a_reader_writes_nothing_and_leaves_the_wal_alone(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    with open_store(file) as writer:
        writer.jobs.create(Settings(), "1")
        wal = Path(f"{file}-wal")
        before = (file.read_bytes(), wal.read_bytes())
        with read_store(file) as reader:
            reader.jobs.all()
            with pytest.raises(StoreError, match=r"read-only|readonly"):
                reader.jobs.create(Settings(), "1")
        assert (file.read_bytes(), wal.read_bytes()) == before


def test_a_reader_makes_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store at"):
        open_reader(tmp_path / "absent" / "store.sqlite")
    assert not (tmp_path / "absent").exists()
