"""The Files and Batches API as the openai client meets it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest
from model_server import BatchApi, Fault, Script, ServerThread, Usage
from openai.types import Batch

NO_TLS = False
"""Loading certificates takes longer than most of these tests."""
Start = Callable[..., ServerThread]
URL = "/v1/chat/completions"


def client(server: ServerThread) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=server.base_url,
        api_key="k",
        max_retries=0,
        http_client=httpx2.Client(verify=NO_TLS),
    )


def line(custom_id: str, text: str = "hello", **changes: Any) -> dict[str, Any]:
    body = {"model": "scripted", "messages": [{"role": "user", "content": text}]}
    return {"custom_id": custom_id, "method": "POST", "url": URL, "body": body, **changes}


def jsonl(lines: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in lines)


def submit(sdk: openai.OpenAI, data: bytes, **fields: Any) -> Batch:
    file = sdk.files.create(file=("in.jsonl", data), purpose="batch")
    return sdk.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", **fields
    )


def ended(sdk: openai.OpenAI, batch: Batch) -> Batch:
    for _ in range(100):
        batch = sdk.batches.retrieve(batch.id)
        if batch.status in ("completed", "failed", "expired", "cancelled"):
            return batch
    raise AssertionError(f"still {batch.status}")


def contents(sdk: openai.OpenAI, file_id: str | None) -> list[dict[str, Any]]:
    assert file_id is not None
    return [json.loads(each) for each in sdk.files.content(file_id).text.splitlines()]


def codes(batch: Batch) -> list[tuple[str | None, int | None]]:
    assert batch.errors is not None and batch.errors.data is not None
    return [(each.code, each.line) for each in batch.errors.data]


# --- files -------------------------------------------------------------------------------------


def test_a_file_comes_back_byte_by_byte(start: Start) -> None:
    sdk = client(start())
    data = b'{"a": "\xd9\xa3"}\r\n--not-the-boundary\n\n'
    file = sdk.files.create(file=("räume.jsonl", data), purpose="batch")
    assert (file.bytes, file.purpose, file.object) == (len(data), "batch", "file")
    assert sdk.files.content(file.id).read() == data
    assert sdk.files.retrieve(file.id) == file
    assert [each.id for each in sdk.files.list(purpose="batch")] == [file.id]
    assert not list(sdk.files.list(purpose="batch_output"))
    assert sdk.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        sdk.files.content(file.id)


def test_a_file_over_the_limit_is_refused(start: Start) -> None:
    sdk = client(start(batches=BatchApi(max_bytes=100)))
    with pytest.raises(openai.APIStatusError) as refused:
        sdk.files.create(file=("in.jsonl", b"x" * 101), purpose="batch")
    assert refused.value.status_code == 413


# --- the way of a batch ------------------------------------------------------------------------


def test_a_batch_goes_through_its_states_and_keeps_its_metadata(start: Start) -> None:
    api = BatchApi(paced_by="polls", validating=1, in_progress=2, finalizing=1)
    sdk = client(start(batches=api))
    batch = submit(sdk, jsonl([line(str(n)) for n in range(4)]), metadata={"shard": "7"})
    assert batch.status == "validating" and batch.metadata == {"shard": "7"}
    seen = [sdk.batches.retrieve(batch.id) for _ in range(6)]
    assert [each.status for each in seen] == [
        "validating",
        "in_progress",
        "in_progress",
        "finalizing",
        "completed",
        "completed",
    ]
    done = [each.request_counts.completed for each in seen if each.request_counts]
    assert done == [0, 0, 2, 4, 4, 4]
    last = seen[-1]
    assert last.in_progress_at and last.finalizing_at and last.completed_at and last.expires_at
    assert last.metadata == {"shard": "7"} and last.error_file_id is None


def test_states_last_as_many_seconds_as_scripted(start: Start) -> None:
    sdk = client(start(batches=BatchApi(validating=0.3, in_progress=0.05)))
    batch = submit(sdk, jsonl([line("a")]))
    assert sdk.batches.retrieve(batch.id).status == "validating"
    time.sleep(0.36)
    assert sdk.batches.retrieve(batch.id).status == "completed"


def test_the_output_has_every_line_in_another_order(start: Start) -> None:
    sdk = client(start())
    ids = [f"report-{n}" for n in range(50)]
    batch = ended(sdk, submit(sdk, jsonl([line(each) for each in ids])))
    found = contents(sdk, batch.output_file_id)
    assert [each["custom_id"] for each in found] != ids
    assert sorted(each["custom_id"] for each in found) == sorted(ids)
    response = found[0]["response"]
    assert response["status_code"] == 200 and found[0]["error"] is None
    assert response["body"]["choices"][0]["message"]["content"] == "{}"


def test_lines_that_fail_stand_in_the_error_file(start: Start) -> None:
    bad = Fault("context_length_exceeded", marker="long")
    sdk = client(start(faults=(bad, Fault("stall", marker="slow"))))
    lines = [line("a"), line("b", "a long one"), line("c"), line("d", "a slow one")]
    batch = ended(sdk, submit(sdk, jsonl(lines)))
    assert batch.status == "completed" and batch.request_counts is not None
    assert (batch.request_counts.completed, batch.request_counts.failed) == (2, 2)
    assert {each["custom_id"] for each in contents(sdk, batch.output_file_id)} == {"a", "c"}
    failed = {each["custom_id"]: each for each in contents(sdk, batch.error_file_id)}
    assert failed["b"]["response"]["status_code"] == 400
    assert failed["b"]["response"]["body"]["error"]["code"] == "context_length_exceeded"
    assert failed["d"]["response"] is None
    assert failed["d"]["error"]["code"] == "request_timeout"


def test_a_batch_of_failures_has_no_output_file(start: Start) -> None:
    sdk = client(start(faults=(Fault("error_500"),)))
    batch = ended(sdk, submit(sdk, jsonl([line("a")])))
    assert batch.status == "completed" and batch.output_file_id is None
    assert len(contents(sdk, batch.error_file_id)) == 1


def test_an_expired_batch_has_part_of_its_output(start: Start) -> None:
    server = start(batches=BatchApi(expires_after_lines=3))
    sdk = client(server)
    batch = ended(sdk, submit(sdk, jsonl([line(str(n)) for n in range(5)])))
    assert batch.status == "expired" and batch.expired_at
    assert {each["custom_id"] for each in contents(sdk, batch.output_file_id)} == set("012")
    undone = contents(sdk, batch.error_file_id)
    assert {each["custom_id"] for each in undone} == set("34")
    assert {each["error"]["code"] for each in undone} == {"batch_expired"}
    assert server.ledger().charged_requests == 3


def test_a_cancelled_batch_keeps_what_was_done(start: Start) -> None:
    sdk = client(start(batches=BatchApi(paced_by="polls", in_progress=4, cancelling=1)))
    batch = submit(sdk, jsonl([line(str(n)) for n in range(4)]))
    sdk.batches.retrieve(batch.id)
    sdk.batches.retrieve(batch.id)
    assert sdk.batches.cancel(batch.id).status == "cancelling"
    assert sdk.batches.retrieve(batch.id).status == "cancelling"
    last = sdk.batches.retrieve(batch.id)
    assert last.status == "cancelled" and last.cancelled_at
    assert len(contents(sdk, last.output_file_id)) == 2
    assert [each["error"]["code"] for each in contents(sdk, last.error_file_id)] == [
        "batch_cancelled",
        "batch_cancelled",
    ]
    with pytest.raises(openai.ConflictError, match="status 'cancelled'"):
        sdk.batches.cancel(batch.id)


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", [("empty_file", None)]),
        (jsonl([line("a"), line("b"), line("a")]), [("duplicate_custom_id", 3)]),
        (jsonl([line("a")]) + b"{not json\n", [("invalid_json_line", 2)]),
        (jsonl([line("a", url="/v1/embeddings")]), [("url_mismatch", 1)]),
        (jsonl([line("a", method="GET")]), [("invalid_method", 1)]),
        (jsonl([{"custom_id": "a"}]), [("missing_required_parameter", 1)]),
        (
            jsonl([line("a"), line("b", body={"model": "other", "messages": []})]),
            [("model_mismatch", 2)],
        ),
        (jsonl([line("a", body={"model": "no", "messages": []})]), [("model_not_found", 1)]),
        (jsonl([line(str(n)) for n in range(6)]), [("too_many_tasks", None)]),
    ],
)
def test_a_bad_file_fails_its_batch_with_the_reason(
    start: Start, data: bytes, expected: list[tuple[str, int | None]]
) -> None:
    server = start(batches=BatchApi(max_requests=5))
    sdk = client(server)
    batch = ended(sdk, submit(sdk, data))
    assert batch.status == "failed" and batch.failed_at
    assert codes(batch) == expected
    assert batch.output_file_id is None and server.ledger().requests == 0


def test_tokens_over_the_queue_of_the_model_fail_the_batch_until_there_is_room(
    start: Start,
) -> None:
    api = BatchApi(paced_by="polls", in_progress=2, enqueued_tokens=60)
    sdk = client(start(batches=api))
    first = submit(sdk, jsonl([line("a", "x" * 100)]))
    assert sdk.batches.retrieve(first.id).status == "in_progress"
    second = ended(sdk, submit(sdk, jsonl([line("b", "x" * 100)])))
    assert codes(second) == [("token_limit_exceeded", None)]
    assert ended(sdk, first).status == "completed"
    third = submit(sdk, jsonl([line("c", "x" * 100)]))
    assert ended(sdk, third).status == "completed"


def test_a_batch_is_refused_when_its_file_or_window_is_wrong(start: Start) -> None:
    sdk = client(start())
    file = sdk.files.create(file=("in.jsonl", jsonl([line("a")])), purpose="batch")
    wrong: Any
    for wrong in ({"input_file_id": "file-none"}, {"completion_window": "1h"}, {"endpoint": "/v1"}):
        fields = {"input_file_id": file.id, "endpoint": URL, "completion_window": "24h", **wrong}
        with pytest.raises(openai.BadRequestError):
            sdk.batches.create(**fields)
    assert not list(sdk.batches.list())


# --- lists -------------------------------------------------------------------------------------


def test_batches_are_listed_newest_first_in_pages(start: Start) -> None:
    sdk = client(start())
    made = [submit(sdk, jsonl([line("a")]), metadata={"n": str(n)}).id for n in range(5)]
    page = sdk.batches.list(limit=2)
    assert [each.id for each in page.data] == made[:2:-1] and page.has_more
    assert [each.id for each in sdk.batches.list(limit=2)] == made[::-1]
    assert [each.id for each in sdk.batches.list(after=made[1])] == made[:1]


# --- charges -----------------------------------------------------------------------------------


def test_a_line_costs_what_the_same_request_costs_online(start: Start) -> None:
    server = start(usage=Usage(cached_share=0.5, reasoning=3))
    sdk = client(server)
    text = "killed, ٣ wounded"
    online = sdk.chat.completions.create(
        messages=[{"role": "user", "content": text}], model="scripted"
    )
    body = {"messages": [{"role": "user", "content": text}], "model": "scripted"}
    batch = ended(sdk, submit(sdk, jsonl([line("mine", body=body)])))
    assert online.usage is not None and batch.usage is not None
    assert batch.usage.input_tokens == online.usage.prompt_tokens
    assert batch.usage.output_tokens == online.usage.completion_tokens
    one, other = server.requests()
    assert (one.sha256, one.tokens) == (other.sha256, other.tokens)
    assert (one.lane, other.lane, other.request_id) == ("online", "batch", "mine")
    totals = server.ledger()
    assert totals.charged_batch == other.tokens and totals.batch_requests == 1
    assert totals.charged.prompt == 2 * other.tokens.prompt


def test_the_ledger_is_up_to_date_though_nobody_polls(start: Start) -> None:
    server = start()
    sdk = client(server)
    submit(sdk, jsonl([line("a"), line("b")]))
    assert server.ledger().charged_requests == 2


# --- faults ------------------------------------------------------------------------------------


def test_an_upload_that_is_cut_leaves_no_file_and_one_that_is_lost_does(start: Start) -> None:
    sdk = client(start(batches=BatchApi(uploads_cut=1, uploads_lost=1)))
    with pytest.raises(openai.APIConnectionError):
        sdk.files.create(file=("in.jsonl", b"{}"), purpose="batch")
    assert not list(sdk.files.list())
    with pytest.raises(openai.InternalServerError):
        sdk.files.create(file=("in.jsonl", b"{}"), purpose="batch")
    assert len(list(sdk.files.list())) == 1


def test_a_batch_may_be_made_though_the_answer_was_500(start: Start) -> None:
    sdk = client(start(batches=BatchApi(creates_lost=1)))
    data = jsonl([line("a")])
    with pytest.raises(openai.InternalServerError):
        submit(sdk, data, metadata={"job": "1"})
    (lost,) = sdk.batches.list()
    assert lost.metadata == {"job": "1"}
    submit(sdk, data, metadata={"job": "1"})
    assert len(list(sdk.batches.list())) == 2


def test_a_poll_may_fail_and_a_download_may_end_early(start: Start) -> None:
    sdk = client(start(batches=BatchApi(polls_failed=1, downloads_cut=1)))
    batch = submit(sdk, jsonl([line("a")]))
    with pytest.raises(openai.InternalServerError):
        sdk.batches.retrieve(batch.id)
    file_id = ended(sdk, batch).output_file_id
    assert file_id is not None
    with pytest.raises((openai.APIConnectionError, httpx2.RemoteProtocolError)):
        sdk.files.content(file_id)
    assert len(contents(sdk, file_id)) == 1


def test_output_lines_may_stand_twice_or_be_missing(start: Start) -> None:
    server = start(batches=BatchApi(doubled=0.3, missing=0.2))
    sdk = client(server)
    ids = [f"report-{n}" for n in range(200)]
    batch = ended(sdk, submit(sdk, jsonl([line(each) for each in ids])))
    found = [each["custom_id"] for each in contents(sdk, batch.output_file_id)]
    assert batch.error_file_id is None
    assert 20 < sum(each not in found for each in ids) < 65
    assert 35 < sum(found.count(each) == 2 for each in ids) < 90
    assert server.ledger().charged_requests == 200


def test_files_and_batches_outlive_a_change_of_script(start: Start) -> None:
    server = start(batches=BatchApi(in_progress=60.0))
    sdk = client(server)
    batch = submit(sdk, jsonl([line("a")]))
    assert sdk.batches.retrieve(batch.id).status == "in_progress"
    server.set_script(Script())
    assert ended(sdk, batch).status == "completed"
