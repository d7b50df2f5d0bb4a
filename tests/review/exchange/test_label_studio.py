"""Label Studio: nothing is lost on the way there and back, and its own library takes our tasks."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from review.exchange.contents import FULL, LEDGER, TEXT, contents

from llm_extract.errors import RecordsError
from llm_extract.review.content import Content
from llm_extract.review.differences import differences
from llm_extract.review.exchange.label_studio import (
    from_label_studio,
    labelling_interface,
    to_label_studio,
)
from llm_extract.review.exchange.marks import content_from, marked
from llm_extract.review.exchange.tasks import Answer, Object, Task

PYTHON_VARIABLE = "LLM_EXTRACT_LABEL_STUDIO_PYTHON"
CHILD = Path(__file__).with_name("label_studio_child.py")


def task_about(content: Content, *more: Content) -> Task:
    parts = marked(content, TEXT, LEDGER)
    answers = tuple(Answer("anna", marked(c, TEXT, LEDGER)) for c in more)
    return Task(7, 3, "r7", "en", "model plain@1", TEXT, parts, answers)


def through_json(task: Task) -> Object:
    found: Object = json.loads(json.dumps(to_label_studio(task)))
    return found


@settings(max_examples=25, deadline=None)
@given(contents())
def test_a_content_comes_back_as_it_went(content: Content) -> None:
    back = from_label_studio("item 1", through_json(task_about(content, content)))
    assert (back.case, back.version, back.text) == (7, 3, TEXT)
    [answer] = back.answers
    assert differences(content, content_from(answer, TEXT, LEDGER)) == []


@settings(max_examples=15, deadline=None)
@given(contents())
def test_every_region_has_an_id_of_its_own_and_the_words_of_its_place(content: Content) -> None:
    task = through_json(task_about(content, content, content))
    results = [each["result"] for each in (*task["predictions"], *task["annotations"])]
    labelled = [each for r in results for each in r if each.get("type") == "labels"]
    ids = [each["id"] for each in labelled]
    assert len(set(ids)) == len(ids)
    for each in labelled:
        value = each["value"]
        assert TEXT[value["start"] : value["end"]] == value["text"]


def test_offsets_of_an_editor_that_counts_utf_16_are_read_by_the_words() -> None:
    task = through_json(task_about(FULL, FULL))
    for each in task["annotations"][0]["result"]:
        value = each.get("value", {})
        for end in ("start", "end"):
            if end in value:
                value[end] = len(TEXT[: value[end]].encode("utf-16-le")) // 2
    [answer] = from_label_studio("item 1", task).answers
    assert differences(FULL, content_from(answer, TEXT, LEDGER)) == []


def annotated() -> tuple[Object, list[Any]]:
    task = through_json(task_about(FULL, FULL))
    result: list[Any] = task["annotations"][0]["result"]
    return task, result


def first_label(result: list[Any], ending: str) -> Any:
    return next(
        each["value"]
        for each in result
        if each.get("type") == "labels" and each["value"]["labels"][0].endswith(ending)
    )


def test_an_annotation_that_was_cancelled_says_nothing() -> None:
    task, _ = annotated()
    task["annotations"][0]["was_cancelled"] = True
    assert from_label_studio("item 1", task).answers == ()


def test_words_that_do_not_stand_where_they_are_said_to_are_refused() -> None:
    task, result = annotated()
    first_label(result, "claim")["text"] = "other words"
    with pytest.raises(RecordsError, match="'other words' does not stand at"):
        from_label_studio("item 1", task)


def test_a_number_marked_as_another_outcome_than_its_claim_is_refused() -> None:
    task, result = annotated()
    first_label(result, "killed.total")["labels"] = ["displaced.total"]
    with pytest.raises(RecordsError, match="make them agree"):
        from_label_studio("item 1", task)


def test_a_new_claim_is_a_region_a_number_and_an_id() -> None:
    start = TEXT.index("14")
    place = {"start": start, "end": start + 2, "text": "14"}

    def entry(id: str, name: str, kind: str, value: Object) -> Object:
        return {"id": id, "from_name": name, "to_name": "report", "type": kind, "value": value}

    result = [
        entry("x", "figure", "labels", {**place, "labels": ["claim"]}),
        entry("x", "id", "textarea", {"text": "c9"}),
        entry("x", "outcome", "choices", {"choices": ["killed"]}),
        entry("y", "figure", "labels", {**place, "labels": ["killed.total"]}),
        entry("y", "id", "textarea", {"text": ["c9"]}),
    ]
    task = {"data": {"text": TEXT, "case": 1, "version": 0}, "annotations": [{"result": result}]}
    [answer] = from_label_studio("item 1", task).answers
    [claim] = content_from(answer, TEXT, LEDGER).claims
    assert (claim.id, claim.outcome, claim.total and claim.total.value) == ("c9", "killed", 14)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_comes_back_is_taken_or_refused_in_one_line(data: st.DataObject) -> None:
    task = copy.deepcopy(_ANNOTATED)
    result = task["annotations"][0]["result"]
    entry = data.draw(st.sampled_from(result))
    values = st.none() | st.integers(-5, 999) | st.just([]) | st.just("x") | st.just({"text": 1})
    target = data.draw(st.sampled_from([task, task["data"], entry, entry.get("value", entry)]))
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(values)
    try:
        for answer in from_label_studio("item 1", task).answers:
            content_from(answer, TEXT, LEDGER)
    except (RecordsError, ValueError) as error:
        assert isinstance(error, RecordsError) or type(error).__name__ == "ValidationError"


_ANNOTATED = annotated()[0]


def test_the_labelling_interface_is_xml_with_every_label_once() -> None:
    tree = ElementTree.fromstring(labelling_interface())
    labels = [each.get("value") for each in tree.iter("Label")]
    assert len(set(labels)) == len(labels)
    assert {"killed.total", "destroyed.count", "quote", "not_people", "claim"} <= set(labels)


@pytest.fixture(scope="module")
def sdk() -> str:
    """The interpreter that has label-studio-sdk; CI must have it, elsewhere it may be missing."""
    named = os.environ.get(PYTHON_VARIABLE)
    python = Path(named) if named else Path(sys.prefix) / "bench" / "bin" / "python"
    code = "import label_studio_sdk"
    if (
        not python.is_file()
        or subprocess.run([python, "-c", code], capture_output=True, check=False).returncode
    ):
        if os.environ.get("CI"):
            pytest.fail("label-studio-sdk is missing: run make peers-env")
        pytest.skip("label-studio-sdk is missing: run make peers-env")
    return str(python)


def judged(python: str, task: Object) -> Any:
    asked = json.dumps({"interface": labelling_interface(), "tasks": [task]})
    done = subprocess.run(
        [python, str(CHILD)], input=asked, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_label_studio_s_own_library_takes_interface_tasks_and_results(sdk: str) -> None:
    [found] = judged(sdk, _ANNOTATED)
    assert found["task_fits"] and found["annotation_fits"] == [True]
    assert found["predictions"] == found["annotations"] == [[]]


def test_label_studio_s_own_library_would_have_found_a_fault(sdk: str) -> None:
    broken = copy.deepcopy(_ANNOTATED)
    first_label(broken["annotations"][0]["result"], "claim")["labels"] = ["unknown"]
    [found] = judged(sdk, broken)
    assert found["predictions"] == [[]] and found["annotations"] != [[]]
    assert found["annotation_fits"] == [False]
