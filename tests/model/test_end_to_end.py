"""The main job on the real default model, and one call to the smallest; nothing is scripted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import anyio
import pytest
from pydantic import Field

from llm_extract import Extractor, Record, check
from llm_extract.extraction.call import Conversation, open_caller
from llm_extract.extraction.wire import Wire
from llm_extract.models.catalogue import find_model
from llm_extract.models.endpoint import open_endpoint_async
from llm_extract.numbers import read_ledger
from llm_extract.pipeline import DEFAULT_MODEL

pytestmark = pytest.mark.model

SMALLEST = "smollm2-135m"
REPORT = (
    "Mortar shells struck the grain market of Belkesh on Tuesday and killed 14 civilians, "
    "including five children, the Karsa Rights Group said on Thursday. At least 23 people were "
    "wounded.\n\n"
    "In a separate attack near Vasna on Wednesday, gunmen on motorbikes shot dead the mayor Anton "
    "Brell in front of his office. His driver was wounded.\n"
)


@pytest.fixture(scope="module")
def record() -> Iterator[Record]:
    with Extractor() as extractor:
        yield extractor.extract(REPORT, published="2026-03-05")


def test_the_default_model_reads_the_toll_of_a_report(record: Record) -> None:
    assert record.disposition != "failed"
    totals = {(c.outcome, c.total.value) for c in record.claims if c.total is not None}
    assert {("killed", 14), ("injured", 23)} <= totals
    toll = next(c for c in record.claims if c.total is not None and c.total.value == 14)
    assert toll.children is not None and toll.children.value == 5
    assert toll.claimant == "Karsa Rights Group"


def test_it_finds_a_victim_who_stands_without_a_number(record: Record) -> None:
    named = [c for c in record.claims if c.outcome == "killed" and "Brell" in str(c.evidence)]
    assert [(c.total.value, c.total.basis) for c in named if c.total] == [(1, "counted")]


def test_it_invents_no_number(record: Record) -> None:
    printed = {m.value for m in read_ledger(REPORT, "en").mentions if m.kind == "count"} | {1}
    for claim in record.claims:
        for count in claim.slots().values():
            assert count.value in printed
        for quote in claim.evidence:
            assert REPORT[quote.start : quote.end] == quote.quote
    assert not [finding for finding in check(record, REPORT) if finding.severity == "error"]


def test_the_record_says_what_it_cost(record: Record) -> None:
    made = record.provenance
    assert made is not None and made.model == DEFAULT_MODEL
    assert made.calls >= 1 and made.tokens.prompt > 100 and made.tokens.completion > 5
    assert all(attempt.reply for attempt in made.attempts)


class Toll(Wire):
    killed: Literal[7, 30]
    place: str = Field(max_length=20)


def test_the_smallest_model_is_fetched_and_serves_a_call_in_the_form_that_was_asked() -> None:
    conversation = Conversation()

    async def work() -> Toll | None:
        async with (
            open_endpoint_async(find_model(SMALLEST)) as endpoint,
            open_caller(endpoint) as caller,
        ):
            said = [{"role": "user", "content": "In Ostra 7 people were killed. Answer in JSON."}]
            return await caller.ask(said, Toll, conversation, (0, 31), 60)

    answer = anyio.run(work)
    assert conversation.attempts[0].tokens.completion > 0
    assert answer is not None and answer.killed in (7, 30)
