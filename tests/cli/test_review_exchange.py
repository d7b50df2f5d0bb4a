"""`llm-extract review` in and out: a file goes to a tool, comes back, and a case has changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from review.test_work import RENAMED, accepted
from review_builders import ANNA, BASIL, LARGE, PLAIN, SUMS, cases_in
from typer.testing import Result

from llm_extract.evals.results import read_results
from llm_extract.review.cases import Cases
from llm_extract.review.work import Desk
from llm_extract.store import DEFAULT_NAME, open_store

Cli = Callable[..., Result]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose store holds three cases: corrected by one, flagged, approved by two."""
    folder = tmp_path_factory.mktemp("results")
    with open_store(folder / DEFAULT_NAME) as store:
        cases_in(store, PLAIN, SUMS, LARGE)
        desk = Desk(store.engine)
        accepted(desk, 1, ANNA, RENAMED)
        accepted(desk, 3, ANNA)
        accepted(desk, 3, BASIL)
    return folder


@pytest.fixture
def place(filled: Path, tmp_path: Path) -> Path:
    """Such a folder of one's own."""
    return Path(shutil.copytree(filled, tmp_path / "results"))


def renamed_claimant(form: str, raw: str) -> str:
    """What somebody made of a file: another claimant, everything accepted."""
    raw = raw.replace("Arven Health Directorate", "Ministry")
    # The text itself stays.
    raw = raw.replace("The Ministry said", "The Arven Health Directorate said")
    if form == "label-studio":
        tasks = json.loads(raw)
        for task in tasks:
            task["annotations"] = [{"result": task["predictions"][0]["result"]}]
        return json.dumps(tasks)
    lines = [json.loads(line) for line in raw.splitlines()]
    for line in lines:
        if form == "prodigy":
            line["answer"] = "accept"
        else:
            line["responses"] = {
                name: [{"value": each["value"], "user_id": "u", "status": "submitted"}]
                for name, each in line["suggestions"].items()
            }
    return "".join(json.dumps(line) + "\n" for line in lines)


@pytest.mark.parametrize(
    ("form", "ending"),
    [("label-studio", "json"), ("argilla", "jsonl"), ("prodigy", "jsonl"), ("csv", "csv")],
)
def test_a_file_goes_out_and_what_was_changed_in_it_comes_back(
    cli: Cli, place: Path, tmp_path: Path, form: str, ending: str
) -> None:
    file = tmp_path / f"out.{ending}"
    told = ("--form", form, "--out", file, "--store", place, "--case", 2)
    assert cli("review", "export", *told).exit_code == 0
    raw = file.read_text(encoding="utf-8")
    assert "Arven Health Directorate" in raw
    changed = (
        raw.replace("Arven Health Directorate,", "Ministry,")
        if form == "csv"
        else renamed_claimant(form, raw)
    )
    file.write_text(changed, encoding="utf-8")
    tried = cli("review", "import", file, "--store", place, "--dry-run")
    assert tried.exit_code == 0, tried.stderr
    assert "Ministry" in tried.stdout and "1 would change" in tried.stderr
    done = cli("review", "import", file, "--store", place, "--name", "eve")
    assert done.exit_code == 0 and "1 changed" in done.stderr
    with open_store(place / DEFAULT_NAME) as store:
        case = Cases(store.engine).get(2)
        assert [claim.claimant for claim in case.content.claims] == ["Ministry"] * 2
        assert case.state == "in_review" and case.holder is None
        assert "eve" in {entry.who for entry in Cases(store.engine).history(2)}
    again = cli("review", "import", file, "--store", place)
    assert again.exit_code == 1 and "changed since it was exported" in again.stderr


def test_beside_the_tasks_stands_what_sets_the_tool_up(
    cli: Cli, place: Path, tmp_path: Path
) -> None:
    for form, beside in (("label-studio", "out.interface.xml"), ("argilla", "out.settings.json")):
        told = ("--form", form, "--out", tmp_path / "out.json", "--store", place)
        assert cli("review", "export", *told, "--filter", "state=corrected").exit_code == 0
        assert (tmp_path / beside).is_file()
    ElementTree.parse(tmp_path / "out.interface.xml")


def test_a_second_reviewer_s_file_does_not_show_what_the_first_decided(
    cli: Cli, place: Path, tmp_path: Path
) -> None:
    with open_store(place / DEFAULT_NAME) as store:
        Desk(store.engine).ask_second(1, ANNA, "gold")
    told = ("--form", "label-studio", "--out", tmp_path / "out.json", "--store", place)
    assert cli("review", "export", *told, "--case", 1).exit_code == 0
    [task] = json.loads((tmp_path / "out.json").read_text())
    assert task["annotations"] == [] and "Meridan Observatory" in json.dumps(task["predictions"])


def test_gold_is_written_for_what_two_decided_and_the_rest_is_told(
    cli: Cli, place: Path, tmp_path: Path
) -> None:
    done = cli("review", "gold", "--out", tmp_path / "gold", "--store", place)
    assert done.exit_code == 0
    assert "case 1 has one reviewer (anna)" in done.stderr
    assert "written: 1 reports" in done.stderr
    asked = cli(
        "review", "gold", "--out", tmp_path / "gold", "--store", place, "--case", 1, "--ask"
    )
    assert asked.exit_code == 0
    with open_store(place / DEFAULT_NAME) as store:
        assert Cases(store.engine).get(1).stage == "second"


def test_lessons_are_shown_and_printed_as_json(cli: Cli, place: Path) -> None:
    shown = cli("review", "lessons", "--store", place)
    assert shown.exit_code == 0 and "claimant" in shown.stdout
    found = json.loads(cli("review", "lessons", "--store", place, "--json").stdout)
    assert found["cases"] == 2 and found["changes"][0]["field"] == "claimant"


@pytest.mark.slow
def test_a_replay_set_can_be_evaluated(cli: Cli, place: Path, tmp_path: Path) -> None:
    replay = tmp_path / "replay"
    done = cli("review", "lessons", "--store", place, "--replay", replay)
    assert done.exit_code == 0 and len(list(replay.glob("*.json"))) == 2
    told = ("--set", replay, "--strategies", "", "--peers", "regex", "--out", tmp_path / "eval")
    assert cli("eval", *told).exit_code == 0
    [peer] = read_results(tmp_path / "eval").variants
    assert (peer.variant.name, len(peer.readings)) == ("peer regex", 2)


OTHER_FILES = [
    ("x.json", "{}", "no task of Label Studio, Argilla or Prodigy"),
    ("x.json", "[1]", "is no JSON object"),
    ("x.jsonl", "{", "is no JSON"),
    ("x.json", '{"data": {"text": "a", "case": "x", "version": 0}}', "conflict: line 1: case:"),
    ("x.csv", "a\n", "no rows"),
    ("x.csv", "a\n1\n", "no column"),
    ("x.json", "[" * 100_000, "no whole JSON list"),
]


def test_a_file_of_another_kind_is_one_line(
    cli: Cli, filled: Path, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    for name, raw, words in OTHER_FILES:
        with subtests.test(raw[:30]):
            (tmp_path / name).write_text(raw)
            done = cli("review", "import", tmp_path / name, "--store", filled)
            assert done.exit_code in (1, 2) and words in done.stderr
