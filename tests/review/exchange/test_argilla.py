"""Argilla: records go out with suggestions and responses, and come back as they went."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from hypothesis import given, settings
from review.exchange.contents import FULL, LEDGER, TEXT, contents
from review.exchange.test_label_studio import task_about

from llm_extract.errors import RecordsError
from llm_extract.review.content import Content
from llm_extract.review.differences import differences
from llm_extract.review.exchange.argilla import dataset_settings, from_argilla, to_argilla
from llm_extract.review.exchange.marks import content_from
from llm_extract.review.exchange.tasks import Object


def record(content: Content) -> Object:
    found: Object = json.loads(json.dumps(to_argilla(task_about(content, content))))
    return found


@settings(max_examples=25, deadline=None)
@given(contents())
def test_a_content_comes_back_as_it_went(content: Content) -> None:
    [answer] = from_argilla("line 1", record(content)).answers
    assert differences(content, content_from(answer, TEXT, LEDGER)) == []


@settings(max_examples=15, deadline=None)
@given(contents())
def test_spans_lie_in_the_text_with_labels_of_the_settings(content: Content) -> None:
    labels = {each["value"] for each in dataset_settings()["questions"][0]["settings"]["options"]}
    for span in record(content)["suggestions"]["figures"]["value"]:
        assert 0 <= span["start"] < span["end"] <= len(TEXT)
        assert span["label"] in labels and set(span) == {"start", "end", "label"}


def test_a_response_names_its_reviewer_by_a_uuid() -> None:
    sent = record(FULL)
    [response] = sent["responses"]["figures"]
    assert UUID(response["user_id"]).version == 5
    assert sent["reviewers"] == {response["user_id"]: "anna"}


def test_a_span_that_is_changed_alone_is_not_lost_without_a_word() -> None:
    sent = record(FULL)
    spans = sent["responses"]["figures"][0]["value"]
    gone = spans.pop(0)
    words = f"{gone['label']} at {gone['start']}:{gone['end']} stands in claims and not in figures"
    with pytest.raises(RecordsError, match=words):
        from_argilla("line 1", sent)
    spans[:0] = [gone, {"start": 0, "end": 1, "label": "quote"}]
    with pytest.raises(RecordsError, match="quote at 0:1 stands in figures and not in claims"):
        from_argilla("line 1", sent)


@pytest.mark.parametrize("claims", ["{}", "[1", "", 7, '{"heads": [{"id": "x"}], "marks": []}'])
def test_claims_that_are_none_are_one_line(claims: object) -> None:
    sent = record(FULL)
    sent["responses"]["claims"][0]["value"] = claims
    with pytest.raises(RecordsError, match="claims") as error:
        from_argilla("line 1", sent)
    assert "\n" not in str(error.value)


def test_a_draft_says_nothing_yet() -> None:
    sent = record(FULL)
    sent["responses"]["claims"][0]["status"] = "draft"
    assert from_argilla("line 1", sent).answers == ()
