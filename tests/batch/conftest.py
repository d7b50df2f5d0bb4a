"""A job's desk for tests of faults: a scripted server, a store, short waits."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from faulty import CANARY, KEY, KEY_VARIABLE, Desk, catalogue
from model_server import Fault, Script, ServerThread

from llm_extract.batch import executor
from llm_extract.extraction import call
from llm_extract.models import pace
from llm_extract.models.catalogue import USER_FILES_VARIABLE
from llm_extract.store import open_store

SHORT = 0.02
"""Seconds that stand for the half second and the second that are waited in earnest."""

LONGEST = 0.4
"""Seconds that stand for the minute between two questions to a server that is down."""


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without jobs: bringing its schema up to date takes longer than many a job here."""
    path = tmp_path_factory.mktemp("empty") / "store.sqlite"
    open_store(path).close()
    return path


@pytest.fixture
def faulty_desk(
    empty_store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Callable[..., Desk]]:
    """Starts a server with these faults; keywords change the model's entry.

    At the end of the test nothing of a report and no key may have been logged.
    """
    for module, name in (
        (call, "FIRST_WAIT_SECONDS"),
        (pace, "SHORTEST_COOL_DOWN"),
        (pace, "FIRST_PROBE"),
        (executor, "LOOK_SECONDS"),
    ):
        monkeypatch.setattr(module, name, SHORT)
    monkeypatch.setattr(pace, "LONGEST_COOL_DOWN", LONGEST)
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    caplog.set_level(logging.INFO)
    with ExitStack() as stack:

        def start(*faults: Fault, script: Script | None = None, **entry: Any) -> Desk:
            server = stack.enter_context(ServerThread(script or Script(faults=faults)))
            catalogue(tmp_path / "models.toml", server.base_url, **entry)
            monkeypatch.setenv(USER_FILES_VARIABLE, str(tmp_path / "models.toml"))
            path = Path(shutil.copy(empty_store, tmp_path))
            return Desk(path, stack.enter_context(open_store(path)), server)

        yield start
    for word in (CANARY, KEY, KEY[-6:]):
        assert word not in caplog.text
