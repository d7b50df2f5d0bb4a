"""`llm-extract review` and `audit`: the server as a process, accounts, and what an audit prints."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from review_builders import ANNA, PLAIN, SUMS, put, report_of
from sqlalchemy import text
from typer.testing import Result

from llm_extract.batch.alone import sole_worker
from llm_extract.review.accounts import Accounts
from llm_extract.review.intake import take_in
from llm_extract.review.log import FIRST
from llm_extract.review.work import Desk
from llm_extract.store import open_store

Cli = Callable[..., Result]
PROGRAM = "from llm_extract.cli import main; main()"
PASSWORD = "correct horse battery"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A store with one record that waits and one that was decided."""
    with open_store(tmp_path / "store.sqlite") as store:
        put(store, [report_of("sums", SUMS), report_of("plain", PLAIN)])
        take_in(store.engine, rate=1)
        desk = Desk(store.engine)
        case = desk.take(2, ANNA)
        desk.decide(2, ANNA, "accept", None, None, case.version)
    return tmp_path


class Server:
    """The command as a process of its own, and the address that it prints."""

    def __init__(self, *arguments: str | Path) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "llm_extract.cli",
                "review",
                "--port",
                "0",
                *map(str, arguments),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()

    def stop(self) -> tuple[int, str]:
        """What Ctrl-C leads to: the exit code, and all that was printed on the way."""
        self.process.send_signal(signal.SIGINT)
        _, told = self.process.communicate(timeout=20)
        return self.process.returncode, told


@pytest.fixture
def server(place: Path) -> Iterator[Server]:
    started = Server("--store", place)
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.communicate()


def test_the_printed_address_lets_in_and_ctrl_c_ends_it(server: Server) -> None:
    assert "/start?token=" in server.address
    with httpx2.Client(follow_redirects=True) as client:
        page = client.get(server.address)
        assert page.status_code == 200
        assert "sums" in page.text
    code, told = server.stop()
    assert code in (0, 130)
    assert "Traceback" not in told


def test_nobody_comes_in_without_that_address(server: Server) -> None:
    origin = server.address.split("/start")[0]
    assert httpx2.get(f"{origin}/queue").status_code == 401
    server.stop()


def test_no_word_of_a_report_is_printed(server: Server) -> None:
    with httpx2.Client(follow_redirects=True) as client:
        client.get(server.address)
        origin = server.address.split("/start")[0]
        client.get(f"{origin}/queue", params={"words": "Halden secret"})
        client.get(f"{origin}/cases/1")
    _, told = server.stop()
    assert "Halden" not in told
    assert "secret" not in told


def test_a_public_address_needs_accounts(cli: Cli, place: Path) -> None:
    said = cli("review", "--store", place, "--host", "0.0.0.0")
    assert said.exit_code != 0
    assert "without --auth it listens on this machine alone, not on 0.0.0.0" in said.stderr


def test_accounts_need_an_admin_before_they_are_asked_for(cli: Cli, place: Path) -> None:
    said = cli("review", "--store", place, "--auth")
    assert said.exit_code != 0
    assert "account add NAME --role admin" in " ".join(said.stderr.split())


def test_a_store_that_a_job_works_on_is_left_alone(cli: Cli, place: Path) -> None:
    with open_store(place / "store.sqlite") as store, sole_worker(store):
        said = cli("review", "--store", place)
    assert said.exit_code != 0
    assert "another program works on the store" in said.stderr


def test_accounts_are_made_listed_and_disabled(cli: Cli, place: Path) -> None:
    of = ("--store", place)
    made = cli("review", "account", "add", "ada", "--role", "admin", *of, stdin=PASSWORD)
    assert made.exit_code == 0
    cli("review", "account", "add", "ben", *of, stdin=PASSWORD + "\n")
    cli("review", "account", "disable", "ben", "--store", place)
    listed = cli("review", "account", "list", "--store", place).stdout
    assert "ada" in listed and "admin" in listed and "disabled" in listed
    with open_store(place / "store.sqlite") as store:
        found = Accounts(store.engine).check("ada", PASSWORD)
        assert found is not None and found.role == "admin"
        assert Accounts(store.engine).check("ben", PASSWORD) is None


def test_an_audit_of_a_whole_log_says_so_and_prints_its_hash(cli: Cli, place: Path) -> None:
    said = cli("audit", "verify", "--store", place)
    assert said.exit_code == 0
    assert "the log is whole: 4 rows" in said.stderr
    head = said.stdout.strip()
    assert len(head) == 64
    assert cli("audit", "verify", "--store", place, "--expect", head).exit_code == 0
    assert json.loads(cli("audit", "verify", "--store", place, "--json").stdout) == {
        "rows": 4,
        "head": head,
        "problems": [],
    }


def test_a_log_that_was_changed_is_said_to_be_broken(cli: Cli, place: Path) -> None:
    with open_store(place / "store.sqlite") as store, store.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER review_log_update"))
        connection.execute(text("UPDATE review_log SET who = 'eve' WHERE number = 3"))
    said = cli("audit", "verify", "--store", place)
    assert said.exit_code == 1
    assert "broken: row 3 was changed after it was written" in said.stderr


def test_a_log_that_was_cut_off_is_missed_by_its_hash(cli: Cli, place: Path) -> None:
    head = cli("audit", "verify", "--store", place).stdout.strip()
    with open_store(place / "store.sqlite") as store, store.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER review_log_delete"))
        connection.execute(text("DELETE FROM review_log"))
        connection.execute(text("DELETE FROM review_rulings"))
        connection.execute(text("DELETE FROM review_decisions"))
        connection.execute(text("DELETE FROM review_terms"))
        connection.execute(text("DELETE FROM review_cases"))
    fooled = cli("audit", "verify", "--store", place)
    assert fooled.exit_code == 0
    assert fooled.stdout.strip() == FIRST
    said = cli("audit", "verify", "--store", place, "--expect", head)
    assert said.exit_code == 1
    assert "the hash that was expected is none of this log" in said.stderr
