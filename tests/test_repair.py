"""Findings followed up on a scripted server: what closes is kept, all the rest stays on record."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from scripted_server import Reply, Request, ScriptedServer, failure, reply

from llm_extract.documents import report_from_text
from llm_extract.errors import PromptError
from llm_extract.pipeline import Pipeline, Settings
from llm_extract.record import Provenance, Record

TEXT = (
    "The Karsa Rights Group said shells killed 31 people in Belkesh on Tuesday, including nine "
    "children. At least 40 were wounded."
)
SUMS = (
    "The Karsa Rights Group said shells killed 14 people in Belkesh on Tuesday: 9 children, 4 "
    "women and 3 men."
)

Desk = Callable[..., ScriptedServer]
Script = Callable[[Request], Reply]


def claim(outcome: str, total: int, **fields: Any) -> dict[str, Any]:
    empty = {"children": None, "women": None, "men": None, "claimant": None}
    return {"outcome": outcome, "total": total, **empty, "perpetrators": [], "places": [], **fields}


KILLED = claim("killed", 31, children=9)


def script(*claims: dict[str, Any], answer: Reply) -> Script:
    """A model that reads these claims and answers every short question in one way."""

    def said(request: Request) -> Reply:
        schema = json.dumps(request.body["response_format"])
        if '"answer"' in schema:
            return answer
        if '"claims"' not in schema:
            return reply({"numbers": {}, "killed": [], "wounded": [], "blamed": []})
        link = {"part_of": None} if '"part_of"' in schema else {}
        return reply({"claims": [{**each, **link} for each in claims]})

    return said


def processed(text: str = TEXT, **settings: Any) -> Record:
    async def work() -> Record:
        async with Pipeline(Settings("desk", **settings)) as pipeline:
            return await pipeline.process(report_from_text(text))

    return anyio.run(work)


def totals(record: Record) -> list[tuple[str, int | None]]:
    return [(c.outcome, c.total.value if c.total else None) for c in record.claims]


def rules(record: Record) -> list[str]:
    return [finding.rule for finding in record.findings]


def made(record: Record) -> Provenance:
    assert record.provenance is not None
    return record.provenance


def test_an_answer_that_closes_is_kept_and_marked_with_the_reading_before(desk: Desk) -> None:
    desk(script(KILLED, answer=reply({"answer": "injured"})))
    record = processed(strategy="document", repair="ask")
    assert totals(record) == [("killed", 31), ("injured", 40)]
    assert rules(record) == ["X01"]
    (before,) = made(record).readings
    assert [c.outcome for c in before.claims] == ["killed"]
    assert {f.rule for f in before.findings} == {"G03", "C01"}
    assert (made(record).calls, made(record).tokens.prompt) == (2, 200)


def test_an_answer_from_which_nothing_follows_leaves_the_record_as_it_was(desk: Desk) -> None:
    server = desk(script(KILLED, answer=reply({"answer": "unclear"})))
    record = processed(strategy="document", repair="ask")
    assert totals(record) == [("killed", 31)]
    assert rules(record) == ["G03", "C01"] and not made(record).readings
    assert len(server.chats) == 2, "an answer that settles nothing is not asked for again"


def test_a_suggestion_may_be_the_answer(desk: Desk) -> None:
    desk(script(KILLED, claim("injured", 31), answer=reply({"answer": "1"})))
    record = processed(strategy="document", repair="ask")
    assert totals(record) == [("killed", 31), ("injured", 40)]
    assert "31 before the model was asked about it" in record.findings[0].message


def test_an_answer_that_does_not_close_is_asked_for_once_more_and_no_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_extract.repair.closes", lambda before, after: False)

    def insists(request: Request) -> Reply:
        schema = json.dumps(request.body["response_format"])
        if '"answer"' not in schema:
            return script(KILLED, answer=reply({}))(request)
        return reply({"answer": "injured" if '"injured"' in schema else "others"})

    server = desk(insists)
    record = processed(strategy="document", repair="ask")
    assert len(server.chats) == 1 + 2
    assert rules(record) == ["G03", "C01"] and not made(record).readings


def test_a_contradiction_of_the_report_is_never_asked_about(desk: Desk) -> None:
    server = desk(script(answer=reply({"answer": "1"})))
    record = processed(SUMS, strategy="mention", repair="ask")
    assert "A02" in rules(record) and record.findings[0].kind == "contradiction"
    assert not any('"answer"' in json.dumps(c.body["response_format"]) for c in server.chats)


def test_a_second_reading_never_takes_a_contradiction_away(desk: Desk) -> None:
    desk(script(claim("killed", 14, children=9, women=4), answer=reply({"answer": "1"})))
    record = processed(SUMS, strategy="mention", repair="second")
    assert "A02" in rules(record) and "X01" in rules(record)
    assert [each.strategy for each in made(record).readings] == ["sentence"]


def test_a_second_reading_that_closes_is_kept_and_the_first_stays_on_record(desk: Desk) -> None:
    desk(script(KILLED, answer=reply({"answer": "unclear"})))
    record = processed(strategy="document", repair="second")
    assert totals(record) == [("killed", 31), ("injured", 40)]
    assert made(record).strategy == "mention" and "X01" in rules(record)
    (first,) = made(record).readings
    assert (first.strategy, [c.outcome for c in first.claims]) == ("document", ["killed"])


def test_what_a_model_changed_stays_marked_where_the_second_strategy_agrees(desk: Desk) -> None:
    desk(script(KILLED, answer=reply({"answer": "injured"})))
    record = processed(strategy="document", repair="both")
    assert totals(record) == [("killed", 31), ("injured", 40)]
    assert [each.strategy for each in made(record).readings] == ["document", "mention"]
    assert rules(record) == ["X01"]


def test_a_server_that_fails_while_it_is_asked_keeps_the_first_reading(desk: Desk) -> None:
    desk(script(KILLED, answer=failure(400, "bad day")))
    record = processed(strategy="document", repair="ask")
    assert record.disposition == "flagged" and record.failure is None
    assert totals(record) == [("killed", 31)]
    assert set(rules(record)) == {"G03", "C01", "C02"}


def test_off_asks_nothing_and_a_clean_record_is_left_alone(desk: Desk) -> None:
    server = desk(script(KILLED, answer=reply({"answer": "injured"})))
    assert "C01" in rules(processed(strategy="document", repair="off"))
    asked = len(server.chats)
    whole = desk(script(KILLED, claim("injured", 40), answer=reply({"answer": "injured"})))
    assert processed(strategy="document", repair="both").disposition == "clean"
    assert (asked, len(whole.chats)) == (1, 1)


def test_repair_is_part_of_the_work(desk: Desk) -> None:
    desk([])
    report = report_from_text(TEXT)
    modes: tuple[Any, ...] = ("off", "ask", "second", "both")
    keys = {Pipeline(Settings("desk", repair=mode)).work_key(report).repair for mode in modes}
    assert keys == {"off", "ask repair@1", "second sentence@1", "both repair@1 sentence@1"}


def test_the_prompt_of_questions_reads_no_report(desk: Desk) -> None:
    desk([])
    with pytest.raises(PromptError, match="reads no report"):
        Pipeline(Settings("desk", prompt="repair@1"))
