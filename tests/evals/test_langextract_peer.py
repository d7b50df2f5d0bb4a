"""The langextract peer: its process may fail in every way, its extractions become claims."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from evals.peer_runs import KEY, endpoint_of, read_all, report
from scripted_server import Reply, Request, ScriptedServer, failure, reply

from llm_extract.errors import ModelError
from llm_extract.evals.peers import langextract_peer
from llm_extract.evals.peers.langextract_peer import (
    PYTHON_VARIABLE,
    Extraction,
    LangextractPeer,
    as_report,
)
from llm_extract.evals.peers.peer import PEERS, PeerReading
from llm_extract.record import Tokens

FAKE = """
import json, os, sys, time

settings = json.loads(sys.stdin.readline())
ANSWER = {
    "extractions": [], "error": None, "seconds": 1.5, "calls": 2,
    "prompt_tokens": 10, "cached_tokens": 4, "completion_tokens": 3,
}
for line in sys.stdin:
    report = json.loads(line)
    answer = {"id": report["id"], **ANSWER}
    kind = report["text"]
    if kind == "crash":
        sys.exit(3)
    if kind == "slow":
        time.sleep(60)
    if kind == "nonsense":
        print("no JSON", flush=True)
        continue
    if kind == "other":
        answer["id"] = "another"
    if kind == "refused":
        answer["error"] = "HTTP 401 for " + os.environ[settings["key_variable"]]
    answer["extractions"] = [{
        "kind": "casualty_figure", "text": "x", "start": 0, "end": len(kind),
        "attributes": {
            "outcome": "killed", "total": os.getpid(),
            "claimant": settings["model"], "place": settings["base_url"],
        },
    }]
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[PeerReading]]:
    """Reads texts with a child that does what each of them says."""
    script = tmp_path / "child.py"
    script.write_text(FAKE, encoding="utf-8")
    monkeypatch.setenv(PYTHON_VARIABLE, sys.executable)

    def read(*texts: str, report_seconds: float = 60) -> list[PeerReading]:
        peer = LangextractPeer(script, report_seconds)
        reports = [report(str(place), text) for place, text in enumerate(texts)]
        return read_all(peer, reports, endpoint_of(ScriptedServer()))

    return read


def test_the_child_reads_all_reports_in_one_process_at_the_endpoint(
    fake: Callable[..., list[PeerReading]],
) -> None:
    first, second = fake("one", "two")
    assert (first.error, first.seconds, first.calls) == (None, 1.5, 2)
    assert first.tokens == Tokens(prompt=10, cached=4, completion=3)
    assert first.report is not None and second.report is not None
    assert first.report.claims[0].total == second.report.claims[0].total
    assert first.report.claims[0].claimant == "scripted"
    assert first.report.claims[0].places[0].startswith("http://127.0.0.1:")
    assert second.report.claims[0].evidence == ["two"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("crash", "ended with code 3; make peers-env builds"),
        ("nonsense", "answered with what is no reading"),
        ("other", "answered for another report"),
        ("slow", "no answer within 3 s"),
    ],
)
def test_a_process_that_fails_costs_one_report(
    fake: Callable[..., list[PeerReading]], text: str, error: str
) -> None:
    first, second, third = fake("fine", text, "fine", report_seconds=3)
    assert second.report is None and second.error is not None and error in second.error
    assert second.seconds > 0 and second.calls == 0
    assert first.report is not None and third.report is not None
    # The process that failed is gone: the next report has one of its own.
    assert first.report.claims[0].total != third.report.claims[0].total


def test_an_error_of_the_library_is_kept_with_its_cost_and_without_the_key(
    fake: Callable[..., list[PeerReading]],
) -> None:
    (reading,) = fake("refused")
    assert reading.report is None and reading.error == "HTTP 401 for [key]"
    assert reading.calls == 2 and reading.tokens.prompt == 10


def test_a_missing_environment_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    for attempt in (
        PEERS["langextract"].ready,
        lambda: read_all(PEERS["langextract"], [report("a", "x")], endpoint_of(ScriptedServer())),
    ):
        with pytest.raises(ModelError, match="run make peers-env") as caught:
            attempt()
        assert "\n" not in str(caught.value) and caught.value.code == "missing_environment"


def test_an_interpreter_that_cannot_start_is_a_failed_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "python"
    broken.write_text("no program")
    monkeypatch.setenv(PYTHON_VARIABLE, str(broken))
    (reading,) = read_all(PEERS["langextract"], [report("a", "x")], endpoint_of(ScriptedServer()))
    assert reading.report is None and reading.error is not None
    assert reading.error.startswith("langextract's process failed: ")


TEXT = "Fire killed 1,200 people and two schools burned."


def extraction(name: str, start: int | None, end: int | None, **attributes: object) -> Extraction:
    return Extraction(kind=name, text="…", attributes=attributes, start=start, end=end)


def test_extractions_become_claims_and_facilities_with_the_words_they_stand_in() -> None:
    found = as_report(
        TEXT,
        [
            extraction(
                "casualty_figure",
                5,
                24,
                outcome="Dead",
                total="1,200",
                children=300,
                women=True,
                men="several",
                perpetrator=["army", "militia", 3],
                place="Orn",
            ),
            extraction("facility", 29, 40, kind="School", number=2, effect="burned"),
        ],
    )
    (claim,) = found.claims
    assert claim.outcome == "killed" and claim.women is claim.men is None
    assert claim.total is not None and claim.children is not None
    assert (claim.total.value, claim.children.value) == (1200, 300)
    assert (claim.perpetrators, claim.places) == (["army", "militia"], ["Orn"])
    assert claim.evidence == ["killed 1,200 people"]
    (place,) = found.facilities
    assert (place.kinds, place.effect, place.evidence) == (["school"], "attacked", ["two schools"])


@pytest.mark.parametrize(
    "left_out",
    [
        extraction("casualty_figure", None, None, outcome="killed", total=19),
        extraction("casualty_figure", 0, 4, outcome="relieved", total=19),
        extraction("casualty_figure", 0, 4, outcome="killed"),
        extraction("weather", 0, 4, total=19),
        extraction("casualty_figure", 0, 4, outcome="killed", total="9" * 5000),
    ],
)
def test_what_has_no_place_no_outcome_or_no_number_is_left_out(left_out: Extraction) -> None:
    assert as_report(TEXT, [left_out]).claims == []


@pytest.fixture
def real() -> LangextractPeer:
    """The real library; CI must have it, elsewhere it may be missing."""
    peer = LangextractPeer()
    try:
        peer.ready()
    except ModelError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
    return peer


@pytest.mark.slow
def test_the_real_library_reads_by_its_examples_and_survives_a_failing_server(
    real: LangextractPeer,
) -> None:
    text = "Fire killed 12 people in Orn on Monday."
    attributes = {"outcome": "killed", "total": 12, "children": None, "place": "Orn"}
    found = {
        "casualty_figure": "killed 12 people",
        "casualty_figure_attributes": attributes,
    }
    invented = {"casualty_figure": "wounded 42", "casualty_figure_attributes": attributes}

    def answer(request: Request) -> Reply | str:
        if "broken" in request.prompt:
            return failure(500, f"{text} {KEY}")
        if "cut short" in request.prompt:
            return Reply('{"extractions": [{"casu', finish_reason="length")
        return reply({"extractions": [found, invented]}, prompt_tokens=700, cached_tokens=600)

    texts = (text, "broken", "cut short", text)
    with ScriptedServer(answer, api_key=KEY) as server:
        reports = [report(str(place), each) for place, each in enumerate(texts)]
        first, broken, cut, last = read_all(real, reports, endpoint_of(server))
    assert first.error is None and first.report is not None and last.report == first.report
    (claim,) = first.report.claims
    assert claim.total is not None and claim.total.value == 12
    assert (claim.places, claim.evidence) == (["Orn"], ["killed 12 people"])
    assert first.calls == 1
    assert first.tokens == Tokens(prompt=700, cached=600, completion=20)
    assert (broken.report, broken.error, broken.calls) == (None, "HTTP 500 scripted", 1)
    # By default langextract leaves out a chunk whose reply it cannot parse, without an error.
    assert cut.report is not None and cut.report.claims == [] and cut.tokens.completion == 20
    body = server.chats[0].body
    assert (body["temperature"], body["max_tokens"], body["model"]) == (0.0, 2048, "scripted")
    assert body["response_format"]["type"] == "json_schema"
    assert text in json.dumps(body, ensure_ascii=False)


def test_the_child_imports_nothing_of_ours() -> None:
    script = Path(langextract_peer.__file__).with_name("langextract_child.py")
    assert "llm_extract" not in script.read_text(encoding="utf-8")
