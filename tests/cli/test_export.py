import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

Cli = Callable[..., Result]
EXAMPLE = Path(__file__).parents[1] / "export" / "example_records.jsonl"


def test_csv_has_a_row_a_claim(cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "tables" / "claims.csv"
    done = cli("export", EXAMPLE, "--format", "csv", "--out", target)
    assert done.exit_code == 0 and done.stdout == ""
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert [row["id"] for row in rows if row["row"] == "claim"] == ["c1", "c2", "c3"]


def test_jsonl_goes_to_standard_output_without_a_file(cli: Cli) -> None:
    lines = cli("export", EXAMPLE, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["row"] for line in lines].count("claim") == 3


def test_a_target_that_cannot_be_written_is_one_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    failed = cli("export", EXAMPLE, "--out", tmp_path / "file" / "claims.csv")
    assert failed.exit_code == 3
    assert "cannot be written" in failed.stderr and failed.stderr.count("\n") == 1


def test_an_unknown_format_is_wrong_usage(cli: Cli) -> None:
    assert cli("export", EXAMPLE, "--format", "docx").exit_code == 2
