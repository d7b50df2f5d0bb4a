from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from llm_extract.cli import console
from llm_extract.export import read_records, write_records

Cli = Callable[..., Result]
EXAMPLE = Path(__file__).parents[1] / "export" / "example_records.jsonl"


@pytest.fixture(params=[80, 100, 120])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(console.out, "_width", request.param)
    return int(request.param)


def test_claims_are_shown_as_a_tree_with_qualifier_claimant_party_place_and_period(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.out, "_width", 120)
    shown = cli("show", EXAMPLE).stdout
    whole, part = (next(line for line in shown.splitlines() if c in line) for c in ("c1 ", "└ c2"))
    assert "≥62" in whole and "14 children" in whole and "Lantern Watch group" in whole
    assert "41" in part and "Forces of the Northern" in part
    assert "Dozens" in shown and "2 medical workers" in shown
    assert "f1 attacked" in shown and "school" in shown
    assert "2025-03-03 – 2025-03-09" in shown and "Orsova province" in shown


def test_findings_have_severity_rule_claims_and_message(cli: Cli) -> None:
    line = next(line for line in cli("show", EXAMPLE).stdout.splitlines() if "A05" in line)
    assert line.split()[:4] == ["error", "A05", "c2", "c1"]
    assert "16 children in the part" in line


def test_no_line_is_wider_than_the_terminal(cli: Cli, width: int) -> None:
    lines = cli("show", EXAMPLE).stdout.splitlines()
    assert max(map(len, lines)) <= width


def test_a_report_without_figures_and_a_failed_one_say_so(cli: Cli) -> None:
    shown = cli("show", EXAMPLE).stdout
    assert "no figure of people or places found" in shown
    assert "sealed-12.pdf is encrypted" in shown


def test_one_report_is_shown_with_its_evidence(cli: Cli) -> None:
    shown = cli("show", EXAMPLE, "orsova-10").stdout
    assert "“Dozens were hurt, two of them nurses.”" in shown
    assert "quiet-11" not in shown


def test_a_folder_of_a_run_is_as_good_as_its_file(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").write_bytes(EXAMPLE.read_bytes())
    assert cli("show", tmp_path).stdout == cli("show", EXAMPLE).stdout


@pytest.mark.parametrize(
    ("place", "said"), [("absent", "does not exist"), (".", "holds no records.jsonl")]
)
def test_a_place_without_records_is_one_line_with_what_to_do(
    cli: Cli, tmp_path: Path, place: str, said: str
) -> None:
    failed = cli("show", tmp_path / place)
    assert failed.exit_code == 2
    assert said in failed.stderr and failed.stderr.count("\n") == 1


def test_an_unknown_id_names_close_ones(cli: Cli) -> None:
    failed = cli("show", EXAMPLE, "orsova-11")
    assert failed.exit_code == 2
    assert "'orsova-10'" in failed.stderr


def test_a_torn_file_names_the_line(cli: Cli, tmp_path: Path) -> None:
    torn = tmp_path / "records.jsonl"
    torn.write_bytes(EXAMPLE.read_bytes()[:-40])
    failed = cli("show", torn)
    assert failed.exit_code == 2
    assert "line 3 is not a record" in failed.stderr


def test_report_text_is_neither_markup_nor_control(cli: Cli, tmp_path: Path) -> None:
    first = next(iter(read_records(EXAMPLE)))
    claim = first.claims[0].model_copy(update={"claimant": "[bold]A[/] \x1b[31m\u202eB :bomb:"})
    path = tmp_path / "records.jsonl"
    write_records(path, [first.model_copy(update={"claims": [claim]})])
    shown = cli("show", path).stdout
    assert "[bold]A[/]" in shown and ":bomb:" in shown
    assert "\x1b" not in shown and "\u202e" not in shown


def test_a_circle_of_parts_still_shows_every_claim_once(cli: Cli, tmp_path: Path) -> None:
    first = next(iter(read_records(EXAMPLE)))
    ring = [
        claim.model_copy(update={"part_of": other})
        for claim, other in zip(first.claims[:2], (1, 0), strict=True)
    ]
    path = tmp_path / "records.jsonl"
    write_records(path, [first.model_copy(update={"claims": ring, "findings": []})])
    shown = cli("show", path).stdout
    assert shown.count("c1 killed") == 1 and shown.count("c2 killed") == 1
