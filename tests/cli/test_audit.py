"""`llm-extract audit verify`: what it says of a log that is whole, and of one that is not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from review_builders import SUMS, cases_in
from typer.testing import Result

from llm_extract.store import DEFAULT_NAME, open_store

Cli = Callable[..., Result]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder whose store holds a case."""
    with open_store(tmp_path / DEFAULT_NAME) as store:
        cases_in(store, SUMS)
    return tmp_path


def change(place: Path, statement: str) -> None:
    """What somebody with the file does to it."""
    with sqlite3.connect(place / DEFAULT_NAME) as connection:
        for trigger in ("review_log_update", "review_log_delete"):
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(statement)
    connection.close()


def test_a_whole_log_is_said_to_be_whole_with_the_hash_that_stands_for_it(
    cli: Cli, place: Path
) -> None:
    done = cli("audit", "verify", "--store", place)
    assert done.exit_code == 0
    assert "the log is whole" in done.stderr
    head = done.stdout.strip()
    assert len(head) == 64
    assert cli("audit", "verify", "--store", place, "--expect", head).exit_code == 0
    told = json.loads(cli("audit", "verify", "--store", place, "--json").stdout)
    assert told == {"rows": 1, "head": head, "problems": []}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE review_log SET who = 'eve'",
        "UPDATE review_log SET body = 'x'",
        "DELETE FROM review_log",
    ],
)
def test_a_changed_log_is_told_in_lines_and_by_the_exit_code(
    cli: Cli, place: Path, statement: str
) -> None:
    change(place, statement)
    done = cli("audit", "verify", "--store", place)
    assert done.exit_code == 1
    assert done.stderr.startswith("broken: ")
    assert json.loads(cli("audit", "verify", "--store", place, "--json").stdout)["problems"]


def test_a_hash_that_was_kept_elsewhere_finds_what_the_chain_cannot(cli: Cli, place: Path) -> None:
    done = cli("audit", "verify", "--store", place, "--expect", "f" * 64)
    assert done.exit_code == 1
    assert "it was cut off or rewritten" in " ".join(done.stderr.split())


def test_an_audit_reads_only(cli: Cli, place: Path) -> None:
    before = (place / DEFAULT_NAME).read_bytes()
    cli("audit", "verify", "--store", place)
    assert (place / DEFAULT_NAME).read_bytes() == before


def test_no_store_is_wrong_usage(cli: Cli, tmp_path: Path) -> None:
    assert cli("audit", "verify", "--store", tmp_path / "none").exit_code == 2
