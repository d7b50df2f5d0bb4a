"""`llm-extract review` as a program: who it lets in, where it listens, how it ends."""

from __future__ import annotations

import getpass
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from httpx2 import Client
from review_builders import PLAIN, SUMS, cases_in
from typer.testing import CliRunner, Result

from llm_extract.batch.alone import worker_of
from llm_extract.cli import app
from llm_extract.review.accounts import Accounts
from llm_extract.store import DEFAULT_NAME, open_store

Cli = Callable[..., Result]

PASSWORD = "the long way home"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder whose store holds two cases."""
    with open_store(tmp_path / DEFAULT_NAME) as store:
        cases_in(store, SUMS, PLAIN)
    return tmp_path


def typed(words: str, *arguments: object) -> Result:
    """Runs the program with these words on its standard input."""
    return CliRunner().invoke(app, ["review", *map(str, arguments)], input=words)


@contextmanager
def running(place: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program, and the address that it prints."""
    program = [sys.executable, "-c", "from llm_extract.cli import main; main()"]
    command = [*program, "review", "--store", str(place), "--port", "0"]
    with subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org"])
def test_without_accounts_no_other_machine_reaches_it(cli: Cli, place: Path, host: str) -> None:
    done = cli("review", "--store", place, "--host", host)
    assert done.exit_code == 3
    [line] = done.stderr.splitlines()
    assert f"without --auth it listens on this machine alone, not on {host}" in line


def test_accounts_are_made_before_anybody_can_sign_in(cli: Cli, place: Path) -> None:
    typed(f"{PASSWORD}\n", "account", "add", "anna", "--role", "senior", "--store", place)
    done = cli("review", "--store", place, "--auth")
    assert done.exit_code == 3
    assert "llm-extract review account add NAME --role admin" in " ".join(done.stderr.split())


def test_a_password_in_the_store_s_address_is_not_said(cli: Cli) -> None:
    place = "postgresql://eve:hush-hush@127.0.0.1:9/nowhere"
    for command in ([], ["--auth"], ["account", "list"]):
        done = cli("review", *command, "--store", place)
        assert done.exit_code == 3
        assert "hush" not in done.output


def test_nobody_decides_without_a_name(
    cli: Cli, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown() -> str:
        raise OSError("no username set in the environment")

    monkeypatch.setattr(getpass, "getuser", unknown)
    for told in ([], ["--name", " "]):
        done = cli("review", "--store", place, *told)
        assert done.exit_code == 3
        assert "say who you are by --name" in done.stderr


def test_accounts_by_the_command_line(cli: Cli, place: Path) -> None:
    where = ("--store", place)
    assert (
        typed(f"{PASSWORD}\n", "account", "add", "dana", "--role", "admin", *where).exit_code == 0
    )
    assert typed(f"{PASSWORD}\n", "account", "add", "anna", *where).exit_code == 0
    assert typed("too short\n", "account", "add", "basil", *where).exit_code == 3
    assert typed("another way home\n", "account", "password", "anna", *where).exit_code == 0
    assert cli("review", "account", "role", "anna", "senior", *where).exit_code == 0
    last = cli("review", "account", "disable", "dana", *where)
    assert last.exit_code == 3 and "only admin" in last.stderr
    assert cli("review", "account", "disable", "anna", *where).exit_code == 0
    assert re.search(r"anna +disabled", cli("review", "account", "list", *where).stdout)
    assert cli("review", "account", "enable", "anna", *where).exit_code == 0
    listed = cli("review", "account", "list", *where)
    assert re.search(r"anna +senior", listed.stdout) and re.search(r"dana +admin", listed.stdout)
    assert "basil" not in listed.stdout and "argon2" not in listed.stdout
    with open_store(place / DEFAULT_NAME) as store:
        assert Accounts(store.engine).check("anna", PASSWORD) is None
        assert Accounts(store.engine).check("anna", "another way home") is not None


def test_no_password_is_taken_from_the_arguments(cli: Cli, place: Path) -> None:
    """They stand in the list of processes."""
    done = cli("review", "account", "add", "anna", "--password", PASSWORD, "--store", place)
    assert done.exit_code == 2


def test_the_printed_address_lets_one_browser_in_and_the_program_ends_at_a_word(
    place: Path,
) -> None:
    with running(place, "--name", "anna") as (process, address):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/start\?token=[\w-]{32}", address)
        base = address.partition("/start")[0]
        with Client(base_url=base, follow_redirects=True) as browser, Client() as other:
            assert other.get(f"{base}/queue").status_code == 401
            page = browser.get(address)
            assert page.status_code == 200 and "<bdi>anna</bdi>" in page.text
            assert "Halden" not in other.get(address).text
            assert other.get(f"{base}/queue", headers={"host": "evil.example"}).status_code == 421
            assert process.stdout is not None
            renewed = process.stdout.readline().strip()
            assert renewed != address
            assert other.get(renewed).status_code == 303
            assert browser.get("/queue?words=Halden").status_code == 200
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
    assert process.returncode in (0, 130)
    assert "Traceback" not in said and "Halden" not in said
    with open_store(place / DEFAULT_NAME) as store:
        assert worker_of(store) is None


def test_a_second_server_on_the_store_is_told_of_the_first(cli: Cli, place: Path) -> None:
    with running(place) as (process, address):
        assert address
        done = cli("review", "--store", place)
        assert done.exit_code == 3
        assert f"process {process.pid}" in " ".join(done.stderr.split())


def test_help_names_what_matters(cli: Cli) -> None:
    told = cli("review", "--help").stdout
    for word in ("--auth", "--host", "--port", "--known-as", "account", "export", "Example:"):
        assert word in told
