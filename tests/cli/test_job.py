"""`llm-extract job`, against the scripted server: what a person types, sees and can rely on."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from model_server import Capacity, Fault, Script, ServerThread, Usage
from typer.testing import Result

from llm_extract.cli import console
from llm_extract.models.catalogue import USER_FILES_VARIABLE
from llm_extract.store import open_store

Cli = Callable[..., Result]

CANARY = "Zanzabuk"
"""Stands in every report: where it is seen, text of a report is seen."""
DEAR = {"input": 1.0, "output": 4.0}
A_DOLLAR = 1_000_000_000


def text_of(number: int) -> str:
    # Lengths differ, so that an estimate has something to be wrong about.
    more = " The road to the market stayed closed until noon." * (number % 5)
    return f"In {CANARY} {number % 40 + 2} people were killed on Monday.{more} Case {number}."


def write_reports(path: Path, count: int) -> Path:
    rows = ({"id": f"r{n}", "text": text_of(n)} for n in range(count))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def server() -> Iterator[ServerThread]:
    """A server that says something valid to everything."""
    with ServerThread(Script(usage=Usage(cached_share=0.5))) as running:
        yield running


@pytest.fixture(autouse=True)
def desk(server: ServerThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model `desk` is that server, with prices."""
    entry = {
        "kind": "endpoint",
        "base_url": server.base_url,
        "model": "scripted",
        "context_size": 8000,
        "in_flight": 8,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in entry.items()]
    prices = ", ".join(f"{kind} = {price}" for kind, price in DEAR.items())
    catalogue = tmp_path / "models.toml"
    text = "\n".join(["[models.desk]", *lines, f"prices = {{ {prices} }}"])
    catalogue.write_text(text, encoding="utf-8")
    monkeypatch.setenv(USER_FILES_VARIABLE, str(catalogue))
    monkeypatch.setattr(console.out, "_width", 80)
    return catalogue


@dataclass(frozen=True)
class Desk:
    """The commands on one store."""

    cli: Cli
    folder: Path

    def __call__(self, command: str, *arguments: object) -> Result:
        return self.cli("job", command, *arguments, "--store", self.folder)

    def start(self, inputs: Path, *arguments: object) -> Result:
        return self("start", inputs, "--model", "desk", *arguments)

    def status(self, number: int = 1) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self("status", number, "--json").stdout)
        return value


@pytest.fixture
def job(cli: Cli, tmp_path: Path) -> Desk:
    return Desk(cli, tmp_path / "jobs")


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Six reports: too few for an estimate."""
    return write_reports(tmp_path / "few.jsonl", 6)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """As many reports as an estimate needs."""
    return write_reports(tmp_path / "many.jsonl", 140)


def one_line(result: Result) -> str:
    """What stands on stderr, which is one line."""
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr.strip()


# Starting.


def test_a_job_is_worked_off_and_tells_what_to_do_with_the_results(job: Desk, few: Path) -> None:
    done = job.start(few)
    assert done.exit_code == 0
    assert done.stdout.startswith("job 1  done\n")
    assert "reports  6 read: 6 clean, 0 flagged, 0 failed, 0 left" in done.stdout
    assert "--job 1 --format csv --out claims.csv" in done.stdout


def test_the_same_start_again_is_the_same_job_and_asks_nothing(
    job: Desk, few: Path, server: ServerThread
) -> None:
    job.start(few)
    asked = server.ledger().requests
    again = job.start(few)
    assert again.exit_code == 0
    assert "job 1 was started before" in again.stderr
    assert server.ledger().requests == asked


@pytest.mark.parametrize(
    "other", [("--strategy", "sentence"), ("--published", "2026-03-05"), ("--limit", "5")]
)
def test_other_settings_are_another_job(job: Desk, few: Path, other: tuple[str, str]) -> None:
    job.start(few)
    assert job.start(few, *other).stdout.startswith("job 2  done\n")


def test_other_inputs_are_another_job_whose_old_reports_cost_nothing(
    job: Desk, few: Path, server: ServerThread
) -> None:
    job.start(few)
    asked = server.ledger().requests
    write_reports(few, 7)
    assert "6 from earlier work" in job.start(few).stdout
    assert server.ledger().requests == asked + 1


def test_a_sum_of_the_job_is_that_of_the_server(job: Desk, few: Path, server: ServerThread) -> None:
    job.start(few)
    status, charged = job.status(), server.ledger().charged
    assert status["prompt_tokens"] == charged.prompt
    assert status["cached_tokens"] == charged.cached > 0
    assert status["completion_tokens"] == charged.completion


def test_reports_that_failed_make_exit_code_1_and_are_named(
    job: Desk, few: Path, server: ServerThread
) -> None:
    server.set_script(Script(faults=(Fault("context_length_exceeded", marker="Case 3."),)))
    done = job.start(few)
    assert done.exit_code == 1
    assert "failed: r3:" in done.stderr
    assert "job retry 1 --only failed" in done.stdout


# The estimate.


def test_an_estimate_is_shown_and_its_interval_holds_the_truth(
    job: Desk, many: Path, server: ServerThread
) -> None:
    shown = json.loads(job.start(many, "--json").stdout)
    charged = server.ledger().charged
    found = shown["estimate"]
    assert (found["reports"], found["sampled"]) == (140, 32)
    assert found["prompt"]["low"] <= charged.prompt <= found["prompt"]["high"]
    assert found["completion"]["low"] <= charged.completion <= found["completion"]["high"]
    assert found["cost"]["low"] <= shown["cost"] <= found["cost"]["high"]


def test_an_estimate_alone_reads_the_sample_and_pauses(
    job: Desk, many: Path, server: ServerThread
) -> None:
    only = job.start(many, "--estimate", "only")
    assert only.exit_code == 4
    assert "estimate from 32 reports for 140" in only.stderr
    assert "paused: only an estimate was asked for" in only.stdout
    assert server.ledger().requests == 32


def test_an_estimate_that_is_not_wanted_is_not_made(job: Desk, many: Path) -> None:
    done = job.start(many, "--estimate", "off")
    assert done.exit_code == 0
    assert "estimate from" not in done.stderr


def test_too_few_reports_for_an_estimate_are_said_to_be_so(job: Desk, few: Path) -> None:
    assert "no estimate: fewer than 128 reports" in job.start(few, "--estimate", "only").stderr


@pytest.mark.parametrize("cap", [("--max-cost", "0.04"), ("--max-tokens", "40000")])
def test_a_cap_that_the_estimate_is_sure_to_pass_stops_after_the_sample(
    job: Desk, many: Path, server: ServerThread, cap: tuple[str, str]
) -> None:
    stopped = job.start(many, *cap)
    assert stopped.exit_code == 4
    assert f"{cap[0]} is below all that the estimate allows" in stopped.stdout
    assert server.ledger().requests == 32


def test_a_sample_that_a_cap_cuts_short_is_no_estimate(job: Desk, many: Path) -> None:
    stopped = job.start(many, "--max-tokens", "20000")
    assert stopped.exit_code == 4
    assert "estimate from" not in stopped.stderr
    assert "the budget is used up" in stopped.stdout


# Caps.


@pytest.mark.parametrize(
    ("option", "low", "most", "high"),
    [
        ("--max-cost", "0.01", A_DOLLAR // 100, "5"),
        ("--max-tokens", "12000", 12_000, "900000"),
    ],
)
def test_a_cap_pauses_is_kept_and_raised_does_exactly_the_rest(
    job: Desk, many: Path, server: ServerThread, option: str, low: str, most: int, high: str
) -> None:
    stopped = job.start(many, "--estimate", "off", option, low)
    assert stopped.exit_code == 4
    spent = option.removeprefix("--max-")
    assert f"the next request could pass the cap of {spent}" in stopped.stdout

    assert job("resume").exit_code == 4  # with the same cap
    status = job.status()
    used = status["prompt_tokens"] + status["completion_tokens"]
    assert 0 < (status["cost"] if spent == "cost" else used) <= most
    assert 0 < status["settled"] < 140

    assert job("resume", 1, option, high).exit_code == 0
    assert server.ledger().requests == 140
    assert job.status()["prompt_tokens"] == server.ledger().charged.prompt


def test_a_deadline_is_shown(job: Desk, few: Path) -> None:
    done = job.start(few, "--deadline", "2099-03-09T08:00")
    assert done.exit_code == 0
    assert "deadline 2099-03-0" in done.stdout


def test_a_deadline_that_comes_pauses(job: Desk, many: Path, server: ServerThread) -> None:
    server.set_script(Script(capacity=Capacity(slots=4, queue=True, latency=0.1)))
    stopped = job.start(many, "--estimate", "off", "--deadline", "0.0001h")
    assert stopped.exit_code == 4
    assert re.search(r"paused: the deadline \d{4}-\d\d-\d\d \d\d:\d\d UTC has come", stopped.stdout)
    assert job.status()["left"] > 0


# Pausing, cancelling, doing anew.


def test_cancelling_is_for_good_and_keeps_the_records(job: Desk, many: Path) -> None:
    job.start(many, "--estimate", "only")
    cancelled = job("cancel", 1)
    assert cancelled.exit_code == 0
    assert "its records stay" in cancelled.stderr
    refused = job("resume", 1)
    assert refused.exit_code == 3
    assert "was cancelled: start it anew" in one_line(refused)
    assert job("retry", 1).exit_code == 3
    assert job.start(many, "--estimate", "off").stdout.startswith("job 2  done")


def test_a_job_that_is_over_is_not_paused(job: Desk, few: Path) -> None:
    job.start(few)
    assert one_line(job("pause", 1)) == "error: job 1 is done already"


def test_failed_reports_are_retried_and_no_others(
    job: Desk, few: Path, server: ServerThread
) -> None:
    server.set_script(Script(faults=(Fault("context_length_exceeded", marker="Case 3."),)))
    job.start(few)
    server.set_script(Script())
    asked = server.ledger().requests
    opened = job("retry", 1, "--only", "failed")
    assert "1 failed reports of job 1 are open again" in opened.stderr
    assert "next: llm-extract job resume 1 --store" in opened.stderr
    assert job("resume", 1).exit_code == 0
    assert server.ledger().requests == asked + 1
    assert job.status()["clean"] == 6


def test_flagged_reports_are_retried(job: Desk, few: Path, server: ServerThread) -> None:
    server.set_script(Script(answer="echo", content="no JSON"))
    job.start(few)
    assert job.status()["flagged"] == 6
    server.set_script(Script())
    assert "6 flagged reports" in job("retry", 1, "--only", "flagged").stderr
    assert job("resume", 1).exit_code == 0
    assert (job.status()["clean"], job.status()["flagged"]) == (6, 0)


def test_nothing_to_retry_leaves_a_job_done(job: Desk, few: Path) -> None:
    job.start(few)
    assert "0 flagged reports" in job("retry", 1, "--only", "flagged").stderr
    assert job.status()["state"] == "done"


def test_without_a_number_all_that_is_left_is_resumed(job: Desk, few: Path, many: Path) -> None:
    job.start(many, "--estimate", "only")
    job.start(few, "--estimate", "only")
    resumed = job("resume")
    assert resumed.exit_code == 0
    assert [line for line in resumed.stdout.splitlines() if line.startswith("job")] == [
        "job 1  done",
        "job 2  done",
    ]
    assert "no job is left to resume" in job("resume").stderr


# Looking.


def test_the_list_fits_80_columns_whatever_the_numbers(job: Desk, few: Path, many: Path) -> None:
    job.start(few)
    job.start(many, "--estimate", "only")
    job("cancel", 2)
    job.start(many, "--max-tokens", "20000")
    huge = {"read": 12_345_678, "flagged": 999_999, "failed": 999_950, "cost": 12_345 * A_DOLLAR}
    with open_store(job.folder / "store.sqlite") as store:
        sums = ", ".join(f"{name} = {value}" for name, value in huge.items())
        with store._engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE runs SET {sums} WHERE id = 2")
    shown = job("list").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown
    for words in ("cancelled", "12.3 M", "1.00 M", "$12,345"):
        assert words in shown
    assert "job 3 is paused: the budget is used up" in shown


def test_list_and_status_are_json_on_demand(job: Desk, few: Path) -> None:
    job.start(few, "--max-cost", "5")
    (listed,) = json.loads(job("list", "--json").stdout)
    assert listed == job.status()
    assert (listed["state"], listed["left"], listed["caps"]["max_cost"]) == (
        "done",
        0,
        5 * A_DOLLAR,
    )


@pytest.mark.parametrize("command", [("list",), ("status", 1), ("resume",), ("pause", 1)])
def test_a_place_without_a_store_is_one_line_and_stays_as_it_is(
    job: Desk, command: tuple[object, ...]
) -> None:
    failed = job(*map(str, command))
    assert failed.exit_code == 2
    assert "holds no store" in one_line(failed)
    assert not job.folder.exists()


@pytest.mark.parametrize("command", ["status", "pause", "resume", "cancel", "retry"])
def test_an_unknown_job_is_one_line(job: Desk, few: Path, command: str) -> None:
    job.start(few)
    failed = job(command, 7)
    assert failed.exit_code == 2
    assert one_line(failed) == (
        "error: the store has no job 7; `llm-extract job list` shows its jobs"
    )


def test_inputs_that_changed_while_they_were_read_are_one_line(
    job: Desk, tmp_path: Path, many: Path
) -> None:
    write_reports(many, 450)
    job.start(many, "--estimate", "off", "--max-tokens", "1000")
    with (
        open_store(job.folder / "store.sqlite") as store,
        store._engine.begin() as connection,
    ):
        # As after a kill between two chunks.
        connection.exec_driver_sql("DELETE FROM run_items WHERE position >= 200")
        connection.exec_driver_sql("UPDATE runs SET read = 200, all_read = 0")
    write_reports(many, 449)
    failed = job("resume", 1)
    assert failed.exit_code == 3
    assert "these have changed since: start a new job" in one_line(failed)


def test_a_job_of_another_version_is_one_line(job: Desk, many: Path, desk: Path) -> None:
    job.start(many, "--estimate", "only")
    desk.write_text(desk.read_text().replace("8000", "9000"))
    failed = job("resume", 1)
    assert failed.exit_code == 3
    assert "was started with another model entry" in one_line(failed)
    assert job.status()["state"] == "paused"


# Results out of the store.


def test_a_job_is_exported_in_each_form(job: Desk, few: Path, tmp_path: Path) -> None:
    job.start(few)
    export = ("export", job.folder, "--job", 1, "--format")
    rows = list(csv.DictReader(job.cli(*export, "csv").stdout.splitlines()))
    assert [row["report_id"] for row in rows] == [f"r{n}" for n in range(6)]
    lines = job.cli(*export, "jsonl").stdout.splitlines()
    assert [json.loads(line)["report_id"] for line in lines] == [row["report_id"] for row in rows]
    file = tmp_path / "claims.parquet"
    assert job.cli(*export, "parquet", "--out", file).exit_code == 0
    assert pl.read_parquet(file).to_dicts() == [
        {**json.loads(line), **_days(json.loads(line))} for line in lines
    ]


def test_parquet_needs_a_file(job: Desk, few: Path) -> None:
    job.start(few)
    assert job.cli("export", job.folder, "--format", "parquet").exit_code == 2


def test_without_a_job_a_store_gives_the_newest_record_of_each_report(
    job: Desk, few: Path, server: ServerThread
) -> None:
    server.set_script(Script(answer="echo", content="no JSON"))
    job.start(few)
    server.set_script(Script())
    job.start(few, "--strategy", "sentence")
    newest = list(csv.DictReader(job.cli("export", job.folder).stdout.splitlines()))
    second = list(csv.DictReader(job.cli("export", job.folder, "--job", 2).stdout.splitlines()))
    assert newest == second and len(newest) == 6


def test_a_report_of_a_job_is_shown_and_an_unknown_one_names_close_ones(
    job: Desk, few: Path
) -> None:
    job.start(few)
    shown = job.cli("show", job.folder, "r3", "--job", 1)
    assert shown.exit_code == 0 and "r3" in shown.stdout
    failed = job.cli("show", job.folder, "r33", "--job", 1)
    assert failed.exit_code == 2
    assert "'r3'" in one_line(failed)
    assert "no job 9" in one_line(job.cli("show", job.folder, "--job", 9))


def _days(row: dict[str, Any]) -> dict[str, date | None]:
    """The days of a row, which JSON has as words."""
    names = ("published", "period_start", "period_end")
    return {name: row[name] and date.fromisoformat(row[name]) for name in names}


# Beside a worker in another process.


@dataclass(frozen=True)
class Beside:
    """What other commands did while a worker in a child process worked, and how that ended."""

    second: Result
    status: dict[str, Any]
    listed: Result
    exported: Result
    rows: int
    paused: Result
    exit_code: int
    lines: list[str]


@pytest.fixture
def beside(job: Desk, tmp_path: Path, server: ServerThread) -> Beside:
    """A worker that is paused from outside in the middle of 400 reports."""
    server.set_script(Script(capacity=Capacity(slots=4, queue=True, latency=0.05)))
    reports = write_reports(tmp_path / "reports.jsonl", 400)
    command = ["job", "start", reports, "--model", "desk", "--store", job.folder]
    command += ["--estimate", "off", "--log-format", "json"]
    program = [sys.executable, "-c", "from llm_extract.cli import main; main()"]
    with subprocess.Popen(
        [*program, *map(str, command)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as child:
        end = time.monotonic() + 60
        while server.ledger().requests < 20 and child.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        second = job("resume", 1)
        status, listed = job.status(), job("list")
        table = tmp_path / "part.csv"
        exported = job.cli("export", job.folder, "--job", 1, "--out", table)
        paused = job("pause", 1)
        _, stderr = child.communicate(timeout=60)
    with table.open(encoding="utf-8", newline="") as file:
        rows = len(list(csv.DictReader(file)))
    return Beside(
        second, status, listed, exported, rows, paused, child.returncode, stderr.splitlines()
    )


def test_beside_a_worker_one_looks_exports_and_pauses_and_nothing_is_lost(
    beside: Beside, job: Desk, server: ServerThread
) -> None:
    assert beside.second.exit_code == 3
    assert "another program works on the store" in one_line(beside.second)

    assert beside.status["state"] == "running"
    assert "running" in beside.listed.stdout
    assert beside.exported.exit_code == 0
    assert "job 1 is running: " in beside.exported.stderr
    assert beside.rows > 0

    assert beside.paused.exit_code == 0
    assert "next: llm-extract job resume 1" in beside.paused.stderr
    assert beside.exit_code == 130
    assert job.status()["state"] == "paused"

    events = [json.loads(line) for line in beside.lines]
    assert [event["event"] for event in events][-2:] == ["stopping", "job_paused"]

    assert 0 < job.status()["settled"] < 400
    server.set_script(Script())
    assert job("resume", 1).exit_code == 0
    ledger, status = server.ledger(), job.status()
    assert ledger.requests == status["calls"] == status["settled"] == 400
    assert status["prompt_tokens"] == ledger.charged.prompt


# Structured logs.


def test_a_log_is_json_in_every_line_and_tells_a_job_from_start_to_end(
    job: Desk, many: Path
) -> None:
    done = job.start(many, "--log-format", "json")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    names = list(dict.fromkeys(event["event"] for event in events))
    assert names == [
        "job_started",
        "input_notice",
        "progress",
        "sample_read",
        "estimate",
        "job_done",
    ]
    by_name = {event["event"]: event for event in events}
    assert by_name["job_started"]["model"] == "desk"
    assert by_name["estimate"]["reports"] == 140
    last = by_name["job_done"]
    assert (last["job"], last["settled"], last["left"], last["seconds_left"]) == (1, 140, 0, 0)
    assert last["reports_a_minute"] > 0
    assert all(event["time"].endswith("+00:00") for event in events)


def test_a_log_has_no_word_of_a_report_or_a_server(
    job: Desk, few: Path, server: ServerThread
) -> None:
    server.set_script(Script(faults=(Fault("context_length_exceeded"),)))
    log = job.start(few, "--log-format", "json").stderr
    failed = [
        event for line in log.splitlines() if (event := json.loads(line))["event"] == "failed"
    ]
    assert len(failed) == 6
    assert {event["code"] for event in failed} == {"context_overflow"}
    assert CANARY not in log
    assert "HTTP" not in log


def test_a_pause_is_logged_with_its_code(job: Desk, many: Path) -> None:
    log = job.start(many, "--log-format", "json", "--max-tokens", "1000").stderr
    last = json.loads(log.splitlines()[-1])
    assert (last["event"], last["paused_code"]) == ("job_paused", "budget")


def test_an_error_is_an_event_as_well(job: Desk, few: Path) -> None:
    job.start(few)
    failed = job("resume", 7, "--log-format", "json")
    assert failed.exit_code == 2
    event = json.loads(one_line(failed))
    assert (event["event"], event["code"]) == ("error", "no_job")
