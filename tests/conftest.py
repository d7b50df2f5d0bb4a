"""What all tests share: how hypothesis searches, and where the project stands."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings
from postgres import Cluster, start_cluster
from scripted_server import Script, ScriptedServer

from llm_extract.models.catalogue import USER_FILES_VARIABLE

# A loaded machine must not fail a property by time; CI looks at the same examples every time.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the real model run in one process, one after the other: two models at a time would
    each be slower than both in turn."""
    for item in items:
        if item.get_closest_marker("model"):
            item.add_marker(pytest.mark.xdist_group("model"))


@pytest.fixture(scope="session")
def project() -> Path:
    """Root folder of the source tree."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture
def desk(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., ScriptedServer]]:
    """Starts a scripted server that the catalogue knows as the model `desk`.

    Keywords other than those of ScriptedServer change keys of its entry, as in `mode="strict"`.
    """
    with ExitStack() as stack:

        def start(script: Script, api_key: str | None = None, **entry: object) -> ScriptedServer:
            server = stack.enter_context(ScriptedServer(script, api_key=api_key))
            keys = {
                "kind": "endpoint",
                "base_url": server.base_url,
                "model": "scripted",
                "context_size": 8000,
                **entry,
            }
            lines = [f"{key} = {_toml(value)}" for key, value in keys.items()]
            catalogue = tmp_path_factory.mktemp("catalogue") / "models.toml"
            catalogue.write_text("\n".join(["[models.desk]", *lines]), encoding="utf-8")
            monkeypatch.setenv(USER_FILES_VARIABLE, str(catalogue))
            return server

        yield start


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(part)}" for key, part in value.items()) + " }"
    return json.dumps(value)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server for the whole session."""
    with start_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres: Cluster) -> Iterator[str]:
    """The address of an empty PostgreSQL database of the test's own."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def listens_to_ctrl_c() -> Iterator[None]:
    """A suite started in the background inherits SIGINT as ignored; a person's shell does not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
