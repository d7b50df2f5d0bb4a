"""What telemetry tells of a job, and what it must never tell."""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import anyio
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client.parser import text_string_to_metric_families
from scripted_server import Reply, Request, ScriptedServer, failure

from llm_extract.batch.alone import sole_worker
from llm_extract.batch.jobs import Inputs, Told, find_or_begin, go_on
from llm_extract.batch.telemetry import Telemetry, TelemetryError, open_telemetry
from llm_extract.batch.telemetry.metrics import Metrics, open_metrics
from llm_extract.batch.telemetry.spans import Spans, open_spans
from llm_extract.documents import ReadOptions
from llm_extract.pipeline import Pipeline, Settings
from llm_extract.store import Caps, open_store

Start = Callable[..., ScriptedServer]

CANARY = "Zanzabuk"
"""Stands in every report, in every reply and in every error of the server."""


def spans_of(exporter: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.name == name]


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def work(
    folder: Path, telemetry: Telemetry, texts: Sequence[str], caps: Caps | None = None
) -> None:
    """A job over the texts by the model `desk`, which is told of."""
    rows = [{"id": f"r{number}", "text": text} for number, text in enumerate(texts)]
    path = folder / "reports.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    told = Told(on_progress=telemetry.progress, watcher=telemetry)
    with open_store(folder / "store.sqlite") as store, sole_worker(store):
        pipeline = Pipeline(Settings("desk", strategy="sentence"))
        job, _ = find_or_begin(store, Inputs([str(path)], ReadOptions()), pipeline, caps)
        anyio.run(partial(go_on, store, [job], told))


def killed(number: int) -> str:
    return f"In {CANARY} {number + 2} people were killed on Monday."


def answer(request: Request) -> Reply:
    """An empty list of claims, and a few words that must not be seen."""
    return Reply(json.dumps({"claims": []}), cached_tokens=40, finish_reason="stop")


@pytest.fixture
def exported() -> InMemorySpanExporter:
    return InMemorySpanExporter()


def traced(
    folder: Path, exporter: SpanExporter, texts: Sequence[str], caps: Caps | None = None
) -> None:
    with open_spans(lambda _: None, exporter) as spans:
        work(folder, Telemetry(spans, None), texts, caps)


# Spans.


def test_a_request_is_a_span_with_the_names_of_the_genai_conventions(
    desk: Start, tmp_path: Path, exported: InMemorySpanExporter
) -> None:
    server = desk(answer)
    traced(tmp_path, exported, [killed(0)])
    (chat,) = spans_of(exported, "chat scripted")
    told = attributes(chat)
    assert re.fullmatch(r"[0-9a-f-]{32,64}", told.pop("llm_extract.request.id"))
    assert told.pop("gen_ai.request.max_tokens") > 0
    assert told == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "scripted",
        "gen_ai.output.type": "json",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.cache_read.input_tokens": 40,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.reasoning.output_tokens": 0,
        "server.address": "127.0.0.1",
        "server.port": int(server.base_url.rsplit(":", 1)[1].removesuffix("/v1")),
    }
    assert chat.kind is SpanKind.CLIENT
    assert chat.status.status_code is StatusCode.UNSET


def test_requests_lie_below_their_report_whose_trace_links_to_the_job(
    desk: Start, tmp_path: Path, exported: InMemorySpanExporter
) -> None:
    desk(answer)
    traced(tmp_path, exported, [killed(0), killed(1)])
    (job,) = spans_of(exported, "job")
    reports = spans_of(exported, "report")
    assert len(reports) == 2
    for report in reports:
        assert report.parent is None
        assert [link.context for link in report.links] == [job.get_span_context()]
    by_id = {report.context.span_id: report for report in reports}
    chats = spans_of(exported, "chat scripted")
    assert len(chats) == 2
    for chat in chats:
        assert chat.parent is not None
        report = by_id.pop(chat.parent.span_id)
        assert chat.context.trace_id == report.context.trace_id != job.context.trace_id
        assert report.start_time <= chat.start_time <= chat.end_time <= report.end_time


def test_the_spans_of_reports_and_jobs_tell_numbers(
    desk: Start, tmp_path: Path, exported: InMemorySpanExporter
) -> None:
    desk(answer)
    traced(tmp_path, exported, [killed(0), killed(1)])
    told = [attributes(report) for report in spans_of(exported, "report")]
    assert sorted(one["llm_extract.report.position"] for one in told) == [0, 1]
    assert {one["llm_extract.report.requests"] for one in told} == {1}
    assert {one["llm_extract.report.disposition"] for one in told} == {"flagged"}
    (job,) = map(attributes, spans_of(exported, "job"))
    assert job["llm_extract.job.settled"] == job["llm_extract.job.flagged"] == 2
    assert job["gen_ai.usage.input_tokens"] == 200


def test_trouble_is_a_code_and_every_try_a_span(
    desk: Start, tmp_path: Path, exported: InMemorySpanExporter
) -> None:
    desk([failure(503, CANARY, retry_after="0"), answer(Request("", {}, {}))])
    traced(tmp_path, exported, [killed(0)])
    first, second = spans_of(exported, "chat scripted")
    assert attributes(first)["error.type"] == "model_busy"
    assert first.status.status_code is StatusCode.ERROR
    assert first.status.description is None
    assert "error.type" not in attributes(second)


def test_a_failed_report_and_a_paused_job_have_their_codes(
    desk: Start, tmp_path: Path, exported: InMemorySpanExporter
) -> None:
    desk(lambda _: failure(401, CANARY))
    traced(tmp_path, exported, [killed(0)])
    (report,), (job,) = spans_of(exported, "report"), spans_of(exported, "job")
    assert attributes(report)["error.type"] == "refused_key"
    assert attributes(job)["error.type"] == "refused_key"


def test_no_word_of_a_report_a_reply_or_a_server_is_in_any_span(
    desk: Start, tmp_path: Path, exported: InMemorySpanExporter
) -> None:
    replies = iter([failure(500, CANARY), Reply(CANARY), failure(400, CANARY)])
    desk(lambda _: next(replies, failure(400, CANARY)))
    traced(tmp_path, exported, [killed(number) for number in range(3)])
    seen = "".join(span.to_json() for span in exported.get_finished_spans())
    assert "llm_extract.report.position" in seen
    assert CANARY not in seen


class _Refusing(SpanExporter):
    """A collector that cannot be reached, as the exporter's own log tells it."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        raise ConnectionError("nobody listens")

    def shutdown(self) -> None:
        pass


def test_spans_that_cannot_be_delivered_are_said_once_and_cost_no_record(
    desk: Start, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    desk(answer)
    said: list[str] = []
    with open_spans(said.append, _Refusing()) as spans:
        work(tmp_path, Telemetry(spans, None), [killed(0)])
    assert [line.split(";")[0] for line in said] == ["spans cannot be delivered and are lost"]
    assert capfd.readouterr().err == ""
    with open_store(tmp_path / "store.sqlite") as store:
        assert store.jobs.get(1).state == "done"


# Metrics.


def samples(page: str) -> dict[str, float]:
    """The samples of a page by name and labels, as in 'name{job=1}'."""
    found = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def measured(folder: Path, texts: Sequence[str], caps: Caps | None = None) -> str:
    """The page of metrics when a job was worked off."""
    with open_metrics(0) as (metrics, address):
        work(folder, Telemetry(None, metrics), texts, caps)
        with urlopen(address) as page:
            return str(page.read().decode())


def test_the_page_counts_reports_requests_tokens_and_cost(desk: Start, tmp_path: Path) -> None:
    replies = iter([failure(503, CANARY, retry_after="0")])
    desk(
        lambda request: next(replies, None) or answer(request),
        prices={"input": 1.0, "output": 4.0},
    )
    found = samples(measured(tmp_path, [killed(0), killed(1), "Nothing happened."]))
    expected = {
        "llm_extract_reports_total{disposition=flagged,job=1}": 2,
        "llm_extract_reports_total{disposition=clean,job=1}": 1,
        "llm_extract_reports_total{disposition=failed,job=1}": 0,
        "llm_extract_reports_reused_total{job=1}": 0,
        "llm_extract_reports_left{job=1}": 0,
        "llm_extract_requests_total{model=scripted,outcome=answered}": 2,
        "llm_extract_requests_total{model=scripted,outcome=model_busy}": 1,
        "llm_extract_tokens_total{job=1,kind=input}": 200,
        "llm_extract_tokens_total{job=1,kind=cached_input}": 80,
        "llm_extract_tokens_total{job=1,kind=output}": 40,
        "llm_extract_tokens_total{job=1,kind=reasoning}": 0,
        "llm_extract_job_paused{job=1}": 0,
        "llm_extract_requests_in_flight{model=scripted}": 0,
    }
    assert {name: found[name] for name in expected} == expected
    assert found["llm_extract_cost_dollars_total{job=1}"] == pytest.approx(200e-6 + 4 * 40e-6)
    assert found["llm_extract_requests_in_flight_limit{model=scripted}"] >= 1


def test_the_page_has_seconds_a_request_in_the_buckets_of_the_conventions(
    desk: Start, tmp_path: Path
) -> None:
    desk(answer)
    found = samples(measured(tmp_path, [killed(0)]))
    name = "gen_ai_client_operation_duration_seconds"
    labels = "error_type=,gen_ai_operation_name=chat,gen_ai_request_model=scripted"
    assert found[f"{name}_count{{{labels}}}"] == 1
    assert 0 < found[f"{name}_sum{{{labels}}}"] < 60
    bounds = re.findall(r"_bucket\{.*?le=([^},]+)", "\n".join(found))
    assert bounds[0] == "0.01" and bounds[-2:] == ["81.92", "+Inf"]


def test_the_page_shows_caps_and_that_one_has_paused_the_job(desk: Start, tmp_path: Path) -> None:
    desk(answer)
    found = samples(measured(tmp_path, [killed(0)], Caps(max_tokens=10, max_cost=2_500_000_000)))
    assert found["llm_extract_budget_tokens{job=1}"] == 10
    assert found["llm_extract_budget_dollars{job=1}"] == 2.5
    assert found["llm_extract_job_paused{job=1}"] == 1
    assert found["llm_extract_reports_left{job=1}"] == 1


def test_no_word_of_a_report_a_reply_or_a_server_is_on_the_page(
    desk: Start, tmp_path: Path
) -> None:
    replies = iter([failure(500, CANARY), Reply(CANARY)])
    desk(lambda _: next(replies, failure(400, CANARY)))
    page = measured(tmp_path, [killed(number) for number in range(3)])
    assert 'outcome="failed"' in page
    assert CANARY not in page


def test_counts_go_on_from_what_an_earlier_program_did(desk: Start, tmp_path: Path) -> None:
    desk(answer)
    metrics = Metrics()
    with open_store(tmp_path / "store.sqlite") as store:
        pipeline = Pipeline(Settings("desk"))
        job = store.jobs.create(pipeline.settings, "1")
        metrics.taken_up(job, pipeline.spec, pipeline.pace)
    left = [m for m in metrics.collect() if m.name == "llm_extract_reports_left"]
    assert left[0].samples[0].value == 0


# Asking for it.


def test_nothing_is_there_when_nothing_is_asked_for() -> None:
    with open_telemetry(False, None, print) as telemetry:
        assert telemetry is None


def test_the_address_of_the_page_is_said() -> None:
    said: list[str] = []
    with open_telemetry(False, 0, said.append):
        (line,) = said
        assert re.fullmatch(r"metrics at http://127\.0\.0\.1:\d+/metrics", line)
        with urlopen(line.removeprefix("metrics at ")) as page:
            assert page.status == 200


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(TelemetryError, match=f"served on port {port}.*name another"),
            open_telemetry(False, port, print),
        ):
            pass


@pytest.mark.parametrize(("otel", "port"), [(True, None), (False, 0)])
def test_without_the_extra_the_error_says_what_to_install(
    otel: bool, port: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("llm_extract.batch.telemetry.")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("opentelemetry", "prometheus_client"):
        monkeypatch.setitem(sys.modules, name, None)
    with (
        pytest.raises(TelemetryError, match=r"pip install 'llm-extract\[telemetry\]'"),
        open_telemetry(otel, port, print),
    ):
        pass


def test_a_span_of_a_job_that_was_never_taken_up_is_no_error(
    exported: InMemorySpanExporter,
) -> None:
    with open_spans(lambda _: None, exported) as spans:
        assert isinstance(spans, Spans)
        with spans.reading(7, 0):
            pass
    assert len(spans_of(exported, "report")) == 1
