"""The measuring command scores stored records and says what was missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from silent import SILENT
from typer.testing import CliRunner

from llm_extract.errors import RecordsError
from llm_extract.evals.measure import MAX_LINES, app
from llm_extract.evals.outside import OutsideSet
from llm_extract.export.jsonl import write_records
from llm_extract.record import Evidence, Record, RecordClaim, RecordCount, ReportHead
from tests.scripted_server import Reply, ScriptedServer, reply

TEXT = "Nine passengers drowned when a ferry sank off Lower Quay. [bold]Three[/bold] were hurt."


def count(value: int) -> RecordCount:
    return RecordCount(
        value=value,
        upper=None,
        qualifier="exact",
        basis="printed",
        as_written=str(value),
        low=value,
        high=value,
        start=None,
        end=None,
    )


def claim(outcome: str, total: int, quote: str) -> RecordClaim:
    return RecordClaim.model_validate(
        {
            "id": f"c-{outcome}",
            **SILENT,
            "outcome": outcome,
            "total": count(total),
            "part_of_id": None,
            "evidence": [Evidence(quote=quote, start=None, end=None)],
        }
    )


def record(name: str, *claims: RecordClaim, failed: bool = False) -> Record:
    head = ReportHead(
        id=name,
        title=None,
        source="test",
        sha256="",
        characters=len(TEXT),
        published=None,
        language="en",
    )
    return Record(
        report=head,
        claims=list(claims),
        facilities=[],
        findings=[],
        disposition="failed" if failed else "clean",
        failure=None,
        provenance=None,
    )


DROWNED = claim("killed", 9, "Nine passengers drowned")
HURT = claim("injured", 3, "Three were hurt")


def note(name: str, killed: int, injured: int | None) -> dict[str, object]:
    labels = {"killed": killed, "injured": injured, "date": "2031-05-04"}
    return {"id": name, "text": TEXT, "labels": labels}


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    rows = [note("a", 9, 3), note("b", 9, None), note("c", 9, 0)]
    path = tmp_path / "notes.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "records.jsonl"
    write_records(path, [record("a", DROWNED, HURT), record("b", HURT)])
    return path


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_labels_above_zero_are_scored_and_a_missing_record_counts_as_wrong(
    notes: Path, records: Path
) -> None:
    scores = json.loads(run("tolls", "wad", notes, "--records", records, "--json"))["scores"]["en"]
    assert scores["killed"]["rate"] == {"hits": 1, "of": 3, "value": pytest.approx(1 / 3)}
    assert scores["injured"]["rate"] == {"hits": 1, "of": 1, "value": 1}
    assert [miss["id"] for miss in scores["killed"]["misses"]] == ["b", "c"]


def test_a_part_of_the_set_can_be_chosen(notes: Path, records: Path) -> None:
    words = ("tolls", "wad", notes, "--records", records, "--json", "--skip", 1, "--first", 1)
    assert json.loads(run(*words))["scores"]["en"]["killed"]["rate"]["of"] == 1


def test_rows_that_cannot_be_read_are_named_counted_and_left_out(
    tmp_path: Path, notes: Path, records: Path
) -> None:
    with notes.open("a") as file:
        file.write(json.dumps(note("d", -1, 3)) + "\n" + json.dumps(note("e", 0, 0)) + "\n")
    words = ("tolls", "wad", notes, "--records", records, "--json")
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert json.loads(result.stdout)["left_out"] == 1
    assert f"left out: {notes} line 4: killed holds '-1'; write" in result.stderr
    assert "1 rows left out" in result.stderr and "1 rows passed over" in result.stderr


def test_many_bad_rows_are_named_up_to_a_limit(tmp_path: Path, records: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("{}\n" * 100 + json.dumps(note("a", 9, None)))
    words = ("tolls", "wad", path, "--records", records)
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert result.stderr.count("left out: ") == MAX_LINES
    assert "100 rows left out" in result.stderr


def test_files_are_read_no_further_than_to_the_last_chosen_item(
    notes: Path, records: Path, tmp_path: Path
) -> None:
    words = ("tolls", "wad", notes, tmp_path / "nowhere.jsonl", "--records", records)
    assert run(*words, "--skip", 1, "--first", 2)
    with pytest.raises(RecordsError, match="nowhere"):
        run(*words, "--skip", 1, "--first", 3)


def test_nothing_left_is_an_error(notes: Path, records: Path) -> None:
    with pytest.raises(RecordsError, match="nothing is left of 3 reports after --skip 3"):
        run("tolls", "wad", notes, "--records", records, "--skip", 3)


def test_any_table_is_scored_by_its_mapped_columns(tmp_path: Path, records: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"Nr,Report,Dead\na,{TEXT},9\nb,{TEXT},7-12\n")
    mapped = [word for pair in ("id=Nr", "text=Report", "killed=Dead") for word in ("--map", pair)]
    found = json.loads(run("tolls", "table", path, "--records", records, "--json", *mapped))
    assert found["scores"]["en"]["killed"]["rate"] == {"hits": 1, "of": 2, "value": 0.5}
    assert found["scores"]["en"]["killed"]["misses"][0]["label"] == {"low": 7, "high": 12}
    run("inputs", "table", path, "--out", tmp_path / "rows.jsonl", *mapped)
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert rows[1] == {"id": "b", "text": TEXT, "date": None}


def test_the_sets_are_listed_with_the_column_of_their_text() -> None:
    listed = run("sets")
    assert all(which in listed for which in OutsideSet) and "source_headline" in listed


def test_misses_show_the_text_as_it_is_and_never_as_markup(notes: Path, records: Path) -> None:
    assert "[bold]" in "".join(
        run("tolls", "wad", notes, "--records", records, "--misses").split("\n")
    )


def test_inputs_are_rows_that_a_run_takes(notes: Path, tmp_path: Path) -> None:
    run("inputs", "wad", notes, "--out", tmp_path / "rows.jsonl", "--first", 2)
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert rows[0] == {"id": "a", "text": TEXT, "date": "2031-05-04"} and len(rows) == 2


def test_gold_reports_are_scored_claim_by_claim(tmp_path: Path) -> None:
    gold = {
        "id": "ferry",
        "published": "2031-05-05",
        "language": "en",
        "style": "wire",
        "traps": [],
        "text": TEXT,
        "gold": {"claims": [_gold_claim(DROWNED), _gold_claim(HURT)], "facilities": []},
    }
    (tmp_path / "gold").mkdir()
    (tmp_path / "gold" / "ferry.json").write_text(json.dumps(gold))
    write_records(tmp_path / "records.jsonl", [record("ferry", DROWNED)])
    words = ("gold", tmp_path / "gold", "--records", tmp_path / "records.jsonl")
    summary = json.loads(run(*words, "--json"))["summary"]
    assert summary["claims"]["f1"] == pytest.approx(2 / 3)
    assert summary["omitted"] == {"hits": 1, "of": 2, "value": 0.5}
    assert summary["silent"]["rate"]["value"] == 1
    assert summary["invented"] == {"hits": 0, "of": 1, "value": 0}
    assert "omitted" in run(*words, "--misses")


def test_a_failed_record_is_wrong(tmp_path: Path, notes: Path) -> None:
    write_records(tmp_path / "failed.jsonl", [record("a", failed=True)])
    words = ("tolls", "wad", notes, "--records", tmp_path / "failed.jsonl", "--json", "--first", 1)
    assert json.loads(run(*words))["scores"]["en"]["killed"]["rate"]["hits"] == 0


def test_the_plain_peer_is_scored_on_the_same_labels_and_its_failures_are_wrong(
    notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toll = {"killed": 9, "children": None, "women": None, "men": None, "injured": 3}
    with ScriptedServer([reply(toll), reply(toll), Reply("no JSON")]) as server:
        catalogue = tmp_path / "models.toml"
        catalogue.write_text(
            f'[models.peer]\nkind = "endpoint"\nmodel = "scripted"\ncontext_size = 4096\n'
            f'base_url = "{server.base_url}"\n'
        )
        monkeypatch.setenv("LLM_EXTRACT_MODELS", str(catalogue))
        run("plain", "wad", notes, "--model", "peer", "--out", tmp_path / "plain.json")
    stored = json.loads((tmp_path / "plain.json").read_text())
    assert stored["scores"]["en"]["killed"]["rate"]["hits"] == 2
    assert stored["scores"]["en"]["killed"]["rate"]["of"] == 3
    assert stored["failed"] == 1 and len(stored["readings"]) == 3
    assert stored["seconds_per_report"] > 0


def _gold_claim(found: RecordClaim) -> dict[str, object]:
    raw = found.model_dump(mode="json", exclude={"id", "part_of_id"})
    raw["evidence"] = [evidence.quote for evidence in found.evidence]
    raw["total"] = {
        key: value
        for key, value in raw["total"].items()
        if key in ("value", "upper", "qualifier", "basis", "as_written")
    }
    return raw


CONTRADICTION = "Nine passengers drowned off Lower Quay on Monday, 6 May 2031, the harbour said."


def gold_folder(folder: Path, text: str) -> Path:
    total = {"value": 9, "upper": None, "qualifier": "exact", "basis": "printed"}
    drowned = {
        **claim("killed", 9, text).model_dump(exclude={"id", "part_of_id"}),
        "total": {**total, "as_written": "Nine"},
        "evidence": [text],
    }
    gold = {
        "id": "ferry",
        "published": "2031-05-08",
        "language": "en",
        "style": "wire",
        "traps": [],
        "text": text,
        "gold": {"claims": [drowned], "facilities": []},
    }
    (folder / "ferry.json").write_text(json.dumps(gold))
    return folder


def test_rules_are_counted_on_the_gold_itself(tmp_path: Path) -> None:
    found = json.loads(run("rules", gold_folder(tmp_path, CONTRADICTION), "--json"))
    assert found["rules"]["T02"] == {"errors": 0, "warnings": 1, "reports": 1}
    assert [each["rule"] for each in found["findings"]["ferry"]] == ["T02"]


def test_a_gold_that_nothing_contradicts_has_no_finding(tmp_path: Path) -> None:
    text = CONTRADICTION.replace("Monday", "Tuesday")
    found = json.loads(run("rules", gold_folder(tmp_path, text), "--json"))
    assert found["findings"] == {"ferry": []}


def test_findings_on_gold_are_listed_when_asked_for(tmp_path: Path) -> None:
    folder = gold_folder(tmp_path, CONTRADICTION)
    assert "no such day" not in run("rules", folder)
    assert "no such day" in " ".join(run("rules", folder, "--list").split())
