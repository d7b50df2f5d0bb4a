"""`llm-extract eval` from end to end against a scripted server, and its comparisons and gates."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from evals.test_grid import REPORTS
from scripted_server import ScriptedServer, reply
from typer.testing import Result

from llm_extract.evals.results import read_results

Cli = Callable[..., Result]
NOTHING: dict[str, Any] = {"claims": []}


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    folder = tmp_path / "gold"
    folder.mkdir()
    for report in REPORTS:
        (folder / f"{report.id}.json").write_text(report.model_dump_json())
    return folder


@pytest.fixture
def run(cli: Cli, gold: Path, desk: Callable[..., ScriptedServer]) -> Callable[..., Result]:
    desk(lambda _: reply(NOTHING))

    def evaluated(out: Path, *options: object) -> Result:
        known = ("--set", gold, "--models", "desk", "--strategies", "mention", "--out", out)
        return cli("eval", *known, *options)

    return evaluated


def test_a_run_ends_with_a_board_results_a_page_and_the_records(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    done = run(tmp_path / "out", "--peers", "regex", "--repeats", 2)
    assert done.exit_code == 0, done.output
    assert "estimate" in done.stdout and "figure F1" in done.stdout
    results = read_results(tmp_path / "out")
    assert [each.variant.name for each in results.variants] == ["desk mention", "peer regex"]
    assert [len(each.readings) for each in results.variants] == [4, 4]
    assert "<html" in (tmp_path / "out" / "report.html").read_text()
    assert len(list((tmp_path / "out" / "records").glob("*.jsonl"))) == 4


def test_an_estimate_reads_the_pilot_and_stops(run: Callable[..., Result], tmp_path: Path) -> None:
    done = run(tmp_path / "out", "--estimate")
    assert done.exit_code == 0 and "together" in done.stdout
    assert not (tmp_path / "out" / "results.json").exists()


def test_json_is_one_object_and_nothing_else(run: Callable[..., Result], tmp_path: Path) -> None:
    results = json.loads(run(tmp_path / "out", "--json").stdout)
    assert results["variants"][0]["variant"]["name"] == "desk mention"


def test_a_bar_that_is_not_reached_ends_with_1_and_a_line(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    good = run(tmp_path / "good", "--fail-under", "failed=0", "--quiet")
    assert good.exit_code == 0, good.output
    bad = run(tmp_path / "bad", "--fail-under", "calls=-1", "--quiet")
    assert bad.exit_code == 1
    assert "not reached: desk mention: calls a report at most -1" in bad.stderr
    assert run(tmp_path / "odd", "--fail-under", "figure_f1").exit_code == 2
    assert run(tmp_path / "odd", "--fail-under", "beauty=1").exit_code == 2


def test_a_run_is_not_worse_than_itself(run: Callable[..., Result], tmp_path: Path) -> None:
    run(tmp_path / "before")
    now = run(tmp_path / "now", "--fail-if-worse-than", tmp_path / "before", "--quiet")
    assert now.exit_code == 0, now.output


def test_two_runs_are_compared_in_pairs(
    run: Callable[..., Result], cli: Cli, tmp_path: Path
) -> None:
    run(tmp_path / "a")
    run(tmp_path / "b")
    shown = cli("eval", "compare", tmp_path / "a", tmp_path / "b")
    assert shown.exit_code == 0 and "figure F1" in shown.stdout
    found = json.loads(cli("eval", "compare", tmp_path / "a", tmp_path / "b", "--json").stdout)
    assert found[0]["first"] == found[0]["second"] == "desk mention"
    gate = ("--fail-if-worse", "figure_f1")
    assert cli("eval", "compare", tmp_path / "a", tmp_path / "b", *gate).exit_code == 0


def test_the_board_of_a_stored_run_is_shown_again(
    run: Callable[..., Result], cli: Cli, tmp_path: Path
) -> None:
    run(tmp_path / "out", "--quiet")
    assert "desk mention" in cli("eval", "show", tmp_path / "out").stdout
    assert cli("eval", "show", tmp_path / "nothing").exit_code == 2


def test_junit_fails_what_is_silent_and_the_gates_that_do_not_hold(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "eval.xml"
    run(tmp_path / "out", "--peers", "regex", "--junit", file, "--fail-under", "calls=-1")
    suites = {suite.get("name"): suite for suite in ElementTree.parse(file).getroot()}
    assert set(suites) == {"desk mention", "peer regex", "gates"}
    readings = {
        each.variant.name: each.readings for each in read_results(tmp_path / "out").variants
    }
    for name, found in readings.items():
        silent = sum(reading.score.silent for reading in found)
        assert suites[name].get("failures") == str(silent)
    assert suites["gates"].get("failures") == "1"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--strategies", "guess"], "'guess' is none of auto, document"),
        (["--peers", "oracle"], "no peer is called 'oracle'"),
        (["--set", "nowhere"], "nowhere holds no gold reports"),
        (["--models", "nobody"], "nobody"),
    ],
)
def test_what_does_not_exist_is_one_line(
    run: Callable[..., Result], tmp_path: Path, options: list[str], words: str
) -> None:
    done = run(tmp_path / "out", *options)
    assert done.exit_code in (2, 3)
    assert words in " ".join(done.output.replace("│", " ").split())


def test_results_need_a_folder(cli: Cli) -> None:
    done = cli("eval", "--set", "dev")
    assert done.exit_code == 2 and "--out" in done.output


def test_agreement_is_shown_for_reports_of_two_annotators(cli: Cli, gold: Path) -> None:
    assert "claims (F1)" in cli("eval", "agreement", "--set", gold).stdout
    assert json.loads(cli("eval", "agreement", "--set", gold, "--json").stdout)["reports"] == 0
