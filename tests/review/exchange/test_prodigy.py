"""Prodigy: lines go out with tokens and spans that fit, and come back as they went."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from review.exchange.contents import FULL, LEDGER, TEXT, contents
from review.exchange.test_label_studio import task_about

from llm_extract.errors import RecordsError
from llm_extract.review.content import Content
from llm_extract.review.differences import differences
from llm_extract.review.exchange.marks import content_from
from llm_extract.review.exchange.prodigy import from_prodigy, to_prodigy
from llm_extract.review.exchange.tasks import Object


def lines(content: Content) -> list[Object]:
    found: list[Object] = json.loads(json.dumps(to_prodigy(task_about(content, content))))
    return found


def back(line: Object) -> Content:
    [answer] = from_prodigy("line 1", line).answers
    return content_from(answer, TEXT, LEDGER)


@settings(max_examples=25, deadline=None)
@given(contents())
def test_a_content_comes_back_as_it_went(content: Content) -> None:
    prediction, decision = lines(content)
    assert from_prodigy("line 1", prediction).answers == ()
    assert differences(content, back(decision)) == []


@settings(max_examples=15, deadline=None)
@given(contents())
def test_every_span_is_whole_tokens_and_tokens_are_the_text(content: Content) -> None:
    line = lines(content)[0]
    tokens = line["tokens"]
    assert [token["id"] for token in tokens] == list(range(len(tokens)))
    assert all(TEXT[t["start"] : t["end"]] == t["text"] for t in tokens)
    assert "".join(t["text"] + " " * t["ws"] for t in tokens) == TEXT
    for span in line["spans"]:
        assert tokens[span["token_start"]]["start"] == span["start"]
        assert tokens[span["token_end"]]["end"] == span["end"]


def span_of(line: Object, label: str) -> Any:
    return next(span for span in line["spans"] if span["label"] == label)


def test_parts_are_relations_between_spans() -> None:
    [relation] = lines(FULL)[1]["relations"]
    assert (relation["label"], relation["head_span"]["label"]) == ("part_of", "killed.total")
    assert TEXT[relation["child_span"]["start"] :].startswith("nine")


def test_a_relation_taken_out_is_a_part_no_more() -> None:
    line = lines(FULL)[1]
    line["relations"] = []
    assert [claim.part_of for claim in back(line).claims] == [None] * 3


def test_a_new_number_is_a_claim_of_its_own_unless_a_relation_leads_to_it() -> None:
    line = lines(FULL)[1]
    start = TEXT.index("26")
    new = {"start": start, "end": start + 2, "label": "injured.children"}
    line["spans"].append(new)
    assert [claim.id for claim in back(line).claims] == ["c1", "c2", "c3", "c4"]
    head = span_of(line, "injured.total")
    line["relations"].append({"head_span": head, "child_span": new, "label": "same_claim"})
    claim = back(line).claims[2]
    assert claim.children is not None and claim.children.value == 26


@pytest.mark.parametrize("answer", ["reject", "ignore", None])
def test_only_what_was_accepted_says_something(answer: str | None) -> None:
    assert from_prodigy("line 1", lines(FULL)[1] | {"answer": answer}).answers == ()


def test_a_label_of_another_outcome_than_its_claim_is_refused() -> None:
    line = lines(FULL)[1]
    span_of(line, "killed.children")["label"] = "injured.children"
    with pytest.raises(RecordsError, match="c1 is killed, and a number of it is marked injured"):
        from_prodigy("line 1", line)
