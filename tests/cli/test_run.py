import json
import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from llm_extract.documents.report import Report
from llm_extract.export import read_records

Cli = Callable[..., Result]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


def ids(folder: Path) -> list[str]:
    return [record.report.id for record in read_records(folder / "records.jsonl")]


def test_a_folder_of_reports_becomes_a_line_each_in_input_order(
    cli: Cli, pipeline: Any, reports: Path, results: Path
) -> None:
    done = cli("run", reports, "--out", results)
    assert done.exit_code == 0, done.output
    assert ids(results) == ["a-market", "b-bridge", "c-school"]
    assert sorted(pipeline.processed) == ["a-market", "b-bridge", "c-school"]


def test_few_reports_end_with_their_tables_a_summary_and_what_to_type_next(
    cli: Cli, pipeline: Any, reports: Path, results: Path
) -> None:
    shown = cli("run", reports, "--out", results).stdout
    assert "Lantern" in shown and "16 children in the part c2" in shown
    assert "3 reports: 3 flagged · 9 claims · 3 facility claims" in shown
    assert f"results  {results / 'records.jsonl'}" in shown
    assert f"llm-extract export {results} --format csv" in shown


def test_more_than_ten_reports_end_with_the_summary_alone(
    cli: Cli, pipeline: Any, tmp_path: Path, results: Path
) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        "".join(json.dumps({"id": f"r{n}", "text": f"No. {n}"}) + "\n" for n in range(11))
    )
    shown = cli("run", rows, "--out", results).stdout
    assert "11 reports: 11 flagged" in shown
    assert "Lantern" not in shown


def test_a_second_run_calls_nothing_and_says_so(
    cli: Cli, pipeline: Any, reports: Path, results: Path
) -> None:
    cli("run", reports, "--out", results)
    first = (results / "records.jsonl").read_bytes()
    again = cli("run", reports, "--out", results)
    assert again.exit_code == 0
    assert "3 from cache" in again.stdout and "no model call" in again.stdout
    assert pipeline.entered == 1 and len(pipeline.processed) == 3
    assert (results / "records.jsonl").read_bytes() == first


def test_only_what_is_new_is_worked_on(
    cli: Cli, pipeline: Any, reports: Path, results: Path
) -> None:
    cli("run", reports, "--out", results, "--limit", 2)
    assert ids(results) == ["a-market", "b-bridge"]
    pipeline.processed.clear()
    cli("run", reports, "--out", results)
    assert pipeline.processed == ["c-school"]
    assert ids(results) == ["a-market", "b-bridge", "c-school"]


def test_another_day_of_publication_is_other_work(
    cli: Cli, pipeline: Any, reports: Path, results: Path
) -> None:
    cli("run", reports, "--out", results, "--published", "2026-03-05")
    cli("run", reports, "--out", results, "--published", "2026-03-06")
    assert len(pipeline.processed) == 6


def test_an_unreadable_input_fails_alone_and_the_exit_code_says_so(
    cli: Cli, pipeline: Any, reports: Path, results: Path
) -> None:
    (reports / "b-empty.txt").write_bytes(b"")
    done = cli("run", reports, "--out", results)
    assert done.exit_code == 1
    assert "failed: b-empty" in done.stderr
    assert "4 reports: 3 flagged, 1 failed" in done.stdout
    assert ids(results) == ["a-market", "b-bridge", "b-empty", "c-school"]


def test_json_prints_one_object_and_nothing_else(
    cli: Cli, pipeline: Any, reports: Path, results: Path
) -> None:
    summary = json.loads(cli("run", reports, "--out", results, "--json").stdout)
    assert (summary["settled"], summary["flagged"], summary["cached"]) == (3, 3, 0)
    tokens = summary["tokens"]
    assert (tokens["prompt"], tokens["cached"], tokens["completion"]) == (2436, 1920, 288)
    assert summary["records"] == str(results / "records.jsonl")


def test_reports_without_a_day_of_publication_are_said(
    cli: Cli, pipeline: Any, reports: Path, results: Path
) -> None:
    said = "reports without a day of publication"
    assert f"{said}: 3" in cli("run", reports, "--out", results).stderr
    dated = cli("run", reports, "--out", results, "--published", "2026-03-05")
    assert said not in dated.stderr


def test_quiet_prints_nothing(cli: Cli, pipeline: Any, reports: Path, results: Path) -> None:
    assert cli("run", reports, "--out", results, "--quiet").output == ""


@pytest.mark.parametrize(("times", "kept"), [(1, 2), (2, 1)])
def test_interrupting_finishes_what_is_under_way_or_drops_it_and_the_next_run_goes_on(
    cli: Cli,
    pipeline: Any,
    reports: Path,
    results: Path,
    listens_to_ctrl_c: None,
    times: int,
    kept: int,
) -> None:
    pipeline.slots = 1

    def interrupt(report: Report) -> None:
        if report.id == "b-bridge":
            pipeline.before = lambda _: None
            pipeline.seconds = 0.3
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)

    pipeline.before = interrupt
    stopped = cli("run", reports, "--out", results)
    assert stopped.exit_code == 130
    assert f"interrupted: {kept} done and kept, {3 - kept} left" in stopped.stderr
    names = ["a-market", "b-bridge", "c-school"]
    assert ids(results) == names[:kept]

    pipeline.processed.clear()
    assert cli("run", reports, "--out", results).exit_code == 0
    assert pipeline.processed == names[kept:]
    assert ids(results) == names


def test_a_model_that_cannot_start_is_one_line_and_leaves_earlier_results(
    cli: Cli, pipeline: Any, reports: Path, results: Path
) -> None:
    cli("run", reports, "--out", results, "--limit", 1)
    pipeline.missing_model = True
    failed = cli("run", reports / "c-school.txt", "--out", results)
    assert failed.exit_code == 3
    error_lines = [line for line in failed.stderr.splitlines() if line.startswith("error:")]
    assert error_lines == ["error: the weights are not here; run: llm-extract models pull"]
    assert "Traceback" not in failed.output
    assert ids(results) == ["a-market"]


def test_a_broken_store_is_one_line(cli: Cli, pipeline: Any, reports: Path, results: Path) -> None:
    results.mkdir()
    (results / "store.sqlite").write_bytes(b"not a database at all\n" * 100)
    failed = cli("run", reports, "--out", results)
    assert failed.exit_code == 3
    assert failed.stderr.startswith("error: cannot open the store")
    assert failed.stderr.count("\n") == 1


def test_a_file_in_the_place_of_the_output_folder_is_one_line(
    cli: Cli, pipeline: Any, reports: Path, results: Path
) -> None:
    results.write_text("in the way")
    failed = cli("run", reports, "--out", results)
    assert failed.exit_code == 3
    assert failed.stderr.count("\n") == 1 and failed.stderr.startswith("error:")


@pytest.mark.parametrize(
    "wrong",
    [
        ("run",),
        ("run", "x.txt"),
        ("run", "x.txt", "--out", "o", "--published", "5 March"),
        ("run", "x.txt", "--out", "o", "--strategy", "guess"),
        ("run", "x.txt", "--out", "o", "--limit", "0"),
        ("walk",),
    ],
)
def test_wrong_usage_has_its_own_exit_code(cli: Cli, pipeline: Any, wrong: tuple[str, ...]) -> None:
    assert cli(*wrong).exit_code == 2


def test_results_are_not_written_among_the_reports(cli: Cli, pipeline: Any, reports: Path) -> None:
    refused = cli("run", reports, "--out", reports / "results")
    assert refused.exit_code == 2
    assert not (reports / "results").exists()


def test_options_reach_the_pipeline(cli: Cli, pipeline: Any, reports: Path, results: Path) -> None:
    options = ("--model", "mine", "--prompt", "sentence@2", "--strategy", "sentence")
    cli("run", reports, "--out", results, *options)
    settings = pipeline.settings
    assert (settings.model, settings.prompt, settings.strategy) == (
        "mine",
        "sentence@2",
        "sentence",
    )


def test_columns_of_a_row_file_are_chosen_by_option(
    cli: Cli, pipeline: Any, tmp_path: Path, results: Path
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("no,story,day\n7,Two guards were killed at the mill.,2026-03-01\n")
    columns = ("--text-column", "story", "--id-column", "no", "--date-column", "day")
    assert cli("run", rows, "--out", results, *columns).exit_code == 0
    (record,) = read_records(results / "records.jsonl")
    assert (record.report.id, str(record.report.published)) == ("7", "2026-03-01")


def test_a_name_that_looks_like_markup_or_steers_a_terminal_is_printed_as_it_is(
    cli: Cli, pipeline: Any, tmp_path: Path, results: Path
) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": "[red]x[/] \u001b[2J", "text": "One guard was killed."}))
    shown = cli("run", rows, "--out", results).stdout
    assert "[red]x[/]" in shown
    assert "\x1b" not in shown


def test_the_store_keeps_text_and_settings(
    cli: Cli, pipeline: Any, reports: Path, results: Path
) -> None:
    cli("run", reports, "--out", results)
    with sqlite3.connect(results / "store.sqlite") as connection:
        texts = [text for (text,) in connection.execute("select text from reports order by id")]
        ((settings, finished),) = connection.execute("select settings, finished from runs")
    assert texts[0].startswith("Four traders")
    assert json.loads(settings)["strategy"] == "auto" and finished
