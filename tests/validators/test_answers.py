"""Rule C02: a question that a model left without a usable answer is said."""

from __future__ import annotations

from llm_extract.numbers import read_ledger
from llm_extract.record import Attempt, Finding, Provenance, Record, ReportHead, Tokens
from llm_extract.validators.catalogue import check

TEXT = "Heavy fog lay over the harbour. Nobody crossed."
NOTHING = Tokens(prompt=0, cached=0, completion=0)


def findings(*errors: tuple[str, str | None]) -> list[Finding]:
    """C02 findings of a record whose attempts are (passage, error)."""
    attempts = [
        Attempt(passage=p, number=n + 1, seconds=0.1, tokens=NOTHING, reply="{}", error=e)
        for n, (p, e) in enumerate(errors)
    ]
    record = Record(
        report=ReportHead(
            id="r",
            title=None,
            source="test",
            sha256="",
            characters=len(TEXT),
            published=None,
            language="en",
        ),
        claims=[],
        facilities=[],
        findings=[],
        disposition="clean",
        failure=None,
        provenance=Provenance(
            model="m",
            prompt="mention@1",
            prompt_hash="",
            strategy="mention",
            package_version="0",
            schema_version="1",
            seconds=0.0,
            tokens=NOTHING,
            calls=len(attempts),
            unread_mentions=[],
            attempts=attempts,
        ),
    )
    return [f for f in check(record, TEXT, read_ledger(TEXT)) if f.rule == "C02"]


def test_a_passage_whose_last_reply_was_refused_is_named_by_its_words() -> None:
    [finding] = findings(("32:47", "not JSON"), ("32:47", "cut at 384 tokens"))
    assert finding.severity == "warning"
    assert "Nobody crossed." in finding.message


def test_an_answer_on_the_second_try_is_an_answer() -> None:
    assert findings(("0:31", "not JSON"), ("0:31", None)) == []


def test_each_unanswered_passage_is_one_finding() -> None:
    assert len(findings(("0:31", "cut"), ("32:47", "cut"))) == 2


def test_a_record_that_asked_nothing_has_nothing_unanswered() -> None:
    assert findings() == []
