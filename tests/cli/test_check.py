"""`llm-extract check`: the rules on records of any origin, in every form of output."""

import json
import subprocess
import sys
import weakref
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from llm_extract.cli import app, console
from llm_extract.handmade import Checker, Entry, ReadSettings, read_entries
from llm_extract.record import Record
from llm_extract.validators.catalogue import RULES, WITHOUT_TEXT

Cli = Callable[..., Result]
EXAMPLE = Path(__file__).parents[1] / "export" / "example_records.jsonl"
TEXT = (
    "The Arven Directorate said 34 people were killed in Halden, including 15 children, 12 women "
    "and 7 men. Another 71 were injured, among them 26 children.\n"
)
HEADER = "report,claimant,killed,children,women,men,injured,children injured"
GOOD = "halden,Arven Directorate,34,15,12,7,71,26"
SWAPPED = "halden,Arven Directorate,34,15,12,17,71,26"

MODEL_LIBRARIES = ("xllamacpp", "openai", "instructor", "huggingface_hub", "sqlalchemy")


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console.out, "_width", 120)


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    def written(*rows: str, header: str = HEADER, name: str = "figures.csv") -> Path:
        file = tmp_path / name
        file.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        return file

    return written


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "reports"
    place.mkdir()
    (place / "halden.txt").write_text(TEXT, encoding="utf-8")
    return place


def asked(cli: Cli, *arguments: object) -> tuple[int, dict[str, object]]:
    found = cli("check", *arguments, "--json")
    return found.exit_code, json.loads(found.stdout)


def rules_found(checked: dict[str, object]) -> list[str]:
    records = checked["records"]
    assert isinstance(records, list)
    return [finding["rule"] for record in records for finding in record["findings"]]


def test_figures_that_fit_their_report_pass(
    cli: Cli, table: Callable[..., Path], folder: Path
) -> None:
    shown = cli("check", table(GOOD), "--reports", folder)
    assert shown.exit_code == 0
    assert "1 record · 1 without findings · 0 errors · 0 warnings" in shown.stdout


def test_a_wrong_figure_is_found_with_the_number_that_would_fit(
    cli: Cli, table: Callable[..., Path], folder: Path
) -> None:
    shown = cli("check", table(SWAPPED), "--reports", folder)
    assert shown.exit_code == 1
    words = " ".join(shown.stdout.split())
    assert "15 + 12 + 17 = 44 is more than the 34 of the total" in words
    assert '→ men of line 2 killed: "7" in place of "17"' in words


def test_figures_alone_are_asked_only_what_needs_no_text(
    cli: Cli, table: Callable[..., Path]
) -> None:
    code, checked = asked(cli, table(SWAPPED, GOOD.replace("halden", "velm")))
    assert code == 1
    assert rules_found(checked) == ["A02"]
    assert set(checked["rules_without_text"]) == WITHOUT_TEXT & {r.id for r in RULES}  # type: ignore[call-overload]
    shown = cli("check", table(SWAPPED)).stdout
    assert "not read in its quotes" not in shown
    assert "1 record checked without text (there is no --reports): only N01, A01" in shown
    assert "G01, G02, G03" in shown and "need the report's text" in " ".join(shown.split())


def test_a_report_that_is_missing_is_said_once_and_its_figures_are_checked(
    cli: Cli, table: Callable[..., Path], folder: Path
) -> None:
    gone = SWAPPED.replace("halden", "velm")
    shown = cli("check", table(GOOD, gone), "--reports", folder)
    assert shown.exit_code == 4
    assert shown.stderr.count("not read:") == 1
    assert "line 3: the report of 'velm' is not there, so only figures were checked" in shown.stderr
    assert "A02" in shown.stdout


@pytest.mark.parametrize("name", ["halden", "halden.txt", "{folder}/halden.txt", "{sha256}"])
def test_a_report_is_found_by_id_file_name_path_and_digest(
    cli: Cli, table: Callable[..., Path], folder: Path, name: str
) -> None:
    named = name.format(folder=folder, sha256=sha256(TEXT.encode()).hexdigest())
    _, checked = asked(cli, table(GOOD.replace("halden", named)), "--reports", folder)
    assert checked["records"][0]["with_text"] is True  # type: ignore[index]


def test_two_reports_of_one_name_are_not_chosen_between(
    cli: Cli, table: Callable[..., Path], folder: Path
) -> None:
    for part in ("a", "b"):
        (folder / part).mkdir()
        (folder / part / "velm.txt").write_text(TEXT + part, encoding="utf-8")
    shown = cli("check", table(GOOD.replace("halden", "velm")), "--reports", folder)
    assert shown.exit_code == 4
    assert "both fit; name the report by its path" in shown.stderr


def test_bad_rows_are_said_and_the_rest_goes_on(cli: Cli, table: Callable[..., Path]) -> None:
    file = table("a,,4,x,,,,", "b,,5,6,,,,", "c,,1,2,3,4,5,6,7")
    shown = cli("check", file)
    assert shown.exit_code == 4
    lines = [line for line in shown.stderr.splitlines() if line.startswith("not read")]
    assert len(lines) == 2
    assert "figures.csv line 2: column 'children' holds 'x'" in lines[0]
    assert "figures.csv line 4: the row has 9 cells under 8 columns" in lines[1]
    assert "6 is more than the 5" in shown.stdout
    assert "2 records · 1 without findings · 1 error · 0 warnings · 2 not read" in shown.stdout


@pytest.mark.parametrize(
    ("row", "fail_on", "code"),
    [
        (SWAPPED, "error", 1),
        (SWAPPED, "never", 0),
        ("x,,34,15,9,7,,", "error", 0),
        ("x,,34,15,9,7,,", "warning", 1),
        ("x,,34,15,12,7,,", "warning", 0),
    ],
)
def test_the_exit_code_goes_by_the_severity_that_is_named(
    cli: Cli, table: Callable[..., Path], row: str, fail_on: str, code: int
) -> None:
    assert cli("check", table(row), "--fail-on", fail_on).exit_code == code


def test_rules_can_be_chosen_and_left_out(cli: Cli, table: Callable[..., Path]) -> None:
    file = table("x,,34,35,12,7,,")
    assert rules_found(asked(cli, file)[1]) == ["A01", "A02"]
    assert rules_found(asked(cli, file, "--rules", "a02")[1]) == ["A02"]
    assert rules_found(asked(cli, file, "--skip", "A02,G01")[1]) == ["A01"]
    wrong = cli("check", file, "--rules", "A99")
    assert wrong.exit_code == 2 and "there is no rule 'A99'" in wrong.stderr


def test_columns_are_mapped_by_option_and_by_file(
    cli: Cli, table: Callable[..., Path], tmp_path: Path
) -> None:
    file = table("5,6", header="Verified,Under eighteen")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('children = "Under eighteen"\n', encoding="utf-8")
    code, checked = asked(cli, file, "--map", "total=Verified", "--map-file", mapping)
    assert code == 1 and rules_found(checked) == ["A01"]
    unmapped = cli("check", file)
    assert unmapped.exit_code == 2
    assert "no column holds a count of people" in " ".join(unmapped.stderr.split())


def test_standard_input_is_a_table_or_lines_of_records() -> None:
    for given in (f"{HEADER}\n{SWAPPED}\n", EXAMPLE.read_text(encoding="utf-8")):
        found = CliRunner().invoke(app, ["check", "-", "--json"], input=given)
        assert found.exit_code == (4 if given.startswith("{") else 1)
        assert json.loads(found.stdout)["summary"]["errors"] >= 1


def test_records_of_a_run_are_checked_with_their_reports(cli: Cli, tmp_path: Path) -> None:
    head = json.loads(EXAMPLE.read_text(encoding="utf-8").splitlines()[0])
    text = (
        "The Lantern Watch group counted at least 62 civilians killed in Orsova province between "
        "3 and 9 March, among them 14 children and 9 women.\nForces of the Northern Council killed "
        "41 of them, including 16 children. Dozens were hurt, two of them nurses. "
        "Three schools were shelled."
    )
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "orsova-10.txt").write_text(text, encoding="utf-8")
    file = tmp_path / "records.jsonl"
    digest = sha256(text.encode()).hexdigest()
    own = {**head, "report": {**head["report"], "sha256": digest}}
    file.write_text(json.dumps(own) + "\n", encoding="utf-8")
    kept = cli("check", file, "--reports", folder)
    assert "located anew" not in kept.stderr
    file.write_text(json.dumps(head) + "\n", encoding="utf-8")
    shown = cli("check", file, "--reports", folder)
    assert "is not the text that record 'orsova-10' was made of; its quotes were located anew" in (
        shown.stderr
    )
    assert "A05" in shown.stdout and "G01" not in shown.stdout


def test_a_failed_report_is_named_and_not_taken_for_clean(cli: Cli, tmp_path: Path) -> None:
    record = json.loads(EXAMPLE.read_text(encoding="utf-8").splitlines()[0])
    record |= {
        "claims": [],
        "facilities": [],
        "findings": [],
        "disposition": "failed",
        "failure": {"code": "encrypted_pdf", "message": "the file is encrypted"},
    }
    file = tmp_path / "records.jsonl"
    file.write_text(json.dumps(record) + "\n", encoding="utf-8")
    shown = cli("check", file)
    assert shown.exit_code == 4
    assert "report 'orsova-10' was not read: the file is encrypted" in shown.stderr


def test_profiles_say_how_a_claimant_counts(
    cli: Cli, table: Callable[..., Path], tmp_path: Path
) -> None:
    profiles = tmp_path / "profiles.toml"
    profiles.write_text(
        '[[profiles]]\nnames = ["Arven Directorate"]\nwomen = "all_females"\nsource = "its note"\n',
        encoding="utf-8",
    )
    file = table(
        "x,Arven Directorate,20,9,8,7,4", header="report,claimant,killed,children,women,men,girls"
    )
    plain, known = asked(cli, file)[1], asked(cli, file, "--profiles", profiles)[1]
    assert "A02" in rules_found(plain)
    assert json.dumps(plain["records"]) != json.dumps(known["records"])


def test_json_is_one_object_with_findings_problems_and_sums(
    cli: Cli, table: Callable[..., Path], folder: Path
) -> None:
    code, checked = asked(cli, table(SWAPPED, "velm,,4,,,,,"), "--reports", folder)
    assert code == 4
    first, second = checked["records"]  # type: ignore[misc]
    assert first["id"] == "halden" and first["place"].endswith("line 2")
    assert [finding["rule"] for finding in first["findings"]].count("A02") == 1
    assert any(finding["suggestions"] for finding in first["findings"])
    assert second["findings"] == [] and second["with_text"] is False
    assert len(checked["not_read"]) == 1  # type: ignore[arg-type]
    summary = checked["summary"]
    assert isinstance(summary, dict)
    assert (summary["records"], summary["flagged"], summary["without_text"]) == (2, 1, 1)
    assert summary["rules"]["A02"] == {"error": 1, "warning": 0}


ATTRIBUTES = {
    "testsuites": {"name"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped"},
    "testcase": {"name", "classname"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "system-out": set(),
}
"""Elements of the common JUnit form that we use, with what they must have."""

CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "system-out"},
}


def junit(file: Path) -> ElementTree.Element:
    """The root of a file that has the form CI systems read, and whose sums are right."""
    root = ElementTree.parse(file).getroot()
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
    for suite in root:
        cases = list(suite)
        assert int(suite.attrib["tests"]) == len(cases) > 0
        for name, tag in (("failures", "failure"), ("errors", "error")):
            assert int(suite.attrib[name]) == sum(case.find(tag) is not None for case in cases)
        assert all(len(case) <= 1 for case in cases)
    return root


def test_junit_has_a_suite_a_record_and_a_case_a_broken_rule(
    cli: Cli, table: Callable[..., Path], folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "junit.xml"
    figures = table(SWAPPED, "velm,,34,15,9,7,,", "tarsk,,4,x,,,,")
    assert cli("check", figures, "--reports", folder, "--junit", file).exit_code == 4
    root = junit(file)
    assert [suite.attrib["name"] for suite in root] == ["halden", "velm", "tarsk", "input"]
    halden, velm, tarsk, unread = root
    failure = halden.find("testcase[@name='A02']/failure")
    assert failure is not None and "44 is more than the 34" in failure.attrib["message"]
    assert '"7" in place of "17"' in (failure.text or "")
    assert velm.attrib["failures"] == "0"
    assert velm.find("testcase[@name='A03']/system-out") is not None
    assert [case.attrib["name"] for case in tarsk] == ["all rules"]
    assert len(unread) == 3


def test_junit_counts_a_warning_as_a_failure_when_asked_to(
    cli: Cli, table: Callable[..., Path], tmp_path: Path
) -> None:
    file = tmp_path / "junit.xml"
    figures = table("velm,,34,15,9,7,,")
    assert cli("check", figures, "--junit", file, "--fail-on", "warning").exit_code == 1
    assert junit(file)[0].attrib["failures"] == "1"


def test_words_of_a_table_cannot_break_the_output(
    cli: Cli, table: Callable[..., Path], tmp_path: Path
) -> None:
    file = tmp_path / "junit.xml"
    nasty = '"]]><x>&\x1b[31m\ufffe[red]{{7*7}}",a,4,5,,,,'
    shown = cli("check", table(nasty), "--junit", file)
    assert "\x1b" not in shown.stdout and "[red]{{7*7}}" in shown.stdout
    assert junit(file)[0].attrib["name"] == "]]><x>&\\x1b[31m\ufffd[red]{{7*7}}"


def test_quiet_prints_the_last_line_alone(cli: Cli, table: Callable[..., Path]) -> None:
    shown = cli("check", table(SWAPPED), "--quiet")
    assert shown.stdout.count("\n") == 1 and shown.stderr == ""


@pytest.mark.parametrize("width", [80, 100])
def test_the_table_fits_the_terminal(
    cli: Cli, table: Callable[..., Path], folder: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(console.out, "_width", width)
    shown = cli("check", table(SWAPPED), "--reports", folder).stdout
    assert max(map(len, shown.splitlines())) <= width


def test_help_documents_its_own_exit_codes(cli: Cli) -> None:
    shown = " ".join(cli("check", "--help").stdout.split())
    for code in (
        "0 nothing found",
        "1 something found",
        "2 wrong usage",
        "4 a row, cell or report",
    ):
        assert code in shown


def test_no_library_of_models_is_loaded(table: Callable[..., Path], folder: Path) -> None:
    program = (
        "import sys\n"
        "from llm_extract.cli import app\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        f"print([m for m in {MODEL_LIBRARIES!r} if m in sys.modules], file=sys.stderr)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, "check", str(table(SWAPPED)), "--reports", str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "A02" in found.stdout
    assert found.stderr.splitlines()[-1] == "[]"


def test_many_records_take_no_more_memory_than_few(tmp_path: Path) -> None:
    """Checked entries are let go: of a long file only a few are alive at once."""
    file = tmp_path / "many.csv"
    rows = (f"r{n},{n},{n + 1}" for n in range(2000))
    file.write_text("\n".join(("report,killed,children", *rows)), encoding="utf-8")
    checker = Checker(frozenset({"A01"}))
    made: list[weakref.ref[Record]] = []
    most = 0
    for entry in read_entries(str(file), ReadSettings()):
        assert isinstance(entry, Entry)
        checked = checker.check(entry)
        assert [finding.rule for finding in checked.findings] == ["A01"]
        assert checked.record is not None
        made = [each for each in made if each() is not None]
        made.append(weakref.ref(checked.record))
        most = max(most, len(made))
    assert most < 10


def test_the_typed_figures_of_the_docs_find_what_the_readme_shows(cli: Cli) -> None:
    root = Path(__file__).parents[2]
    figures, reports = root / "docs" / "typed-figures.csv", root / "examples"
    found = cli("check", figures, "--reports", reports, "--json")
    readme = " ".join((root / "README.md").read_text(encoding="utf-8").split())
    (record,) = json.loads(found.stdout)["records"]
    errors = [finding for finding in record["findings"] if finding["severity"] == "error"]
    assert [finding["rule"] for finding in errors] == ["G02", "A05"]
    assert errors[0]["message"] in readme
    assert all(finding["suggestions"][0]["message"] in readme for finding in errors)
