"""Jobs, reports and requests as OpenTelemetry spans, by the semantic conventions for GenAI clients.

A request is a span `chat MODEL` below the span `report` of the report it was made for. Each report
is a trace of its own that links to the span of its job: no backend holds a trace of millions of
spans, and a sampler (OTEL_TRACES_SAMPLER) then picks reports, whole ones.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from time import time_ns
from urllib.parse import urlsplit

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Link, Span, SpanKind, StatusCode
from opentelemetry.util.types import AttributeValue

from llm_extract.batch.progress import RunSummary
from llm_extract.models.spec import ModelSpec
from llm_extract.models.watched import Exchange
from llm_extract.record import Record
from llm_extract.store import Job

SERVICE = "llm-extract"
ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES"

PROVIDERS = {"local": "llama_cpp", "endpoint": "openai"}
"""`gen_ai.provider.name` by the kind of a model. The conventions name `openai` for whatever speaks
its protocol; `server.address` tells who that is."""

PORTS = {"http": 80, "https": 443}

Attributes = dict[str, AttributeValue]


@dataclass(slots=True)
class _JobSpan:
    span: Span
    latest: int
    summary: RunSummary | None = None


class Spans:
    """Makes spans of what it is told and gives them to an exporter."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer(SERVICE, version("llm-extract"))
        self._jobs: dict[int, _JobSpan] = {}
        self._models: dict[str, Attributes] = {}

    def taken_up(self, job: Job, spec: ModelSpec) -> None:
        """See `Watcher.taken_up`."""
        self._models[spec.model] = _of_model(spec)
        if job.id in self._jobs:
            return
        attributes: Attributes = {
            "llm_extract.job.id": job.id,
            "llm_extract.job.strategy": job.settings.strategy,
            "gen_ai.request.model": spec.model,
        }
        span = self._tracer.start_span("job", Context(), attributes=attributes)
        self._jobs[job.id] = _JobSpan(span, time_ns())

    @contextmanager
    def reading(self, job_id: int, position: int) -> Iterator[Callable[[Record], None]]:
        """See `Watcher.reading`."""
        job = self._jobs.get(job_id)
        links = [Link(job.span.get_span_context())] if job is not None else []
        attributes: Attributes = {
            "llm_extract.job.id": job_id,
            "llm_extract.report.position": position,
        }
        with self._tracer.start_as_current_span(
            "report",
            Context(),
            attributes=attributes,
            links=links,
            # The message of an error can quote a server, and that a report.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield lambda record: _read(span, record)

    def exchanged(self, exchange: Exchange) -> None:
        """See `Watcher.exchanged`."""
        attributes: Attributes = {
            **self._models.get(exchange.model, {}),
            "gen_ai.request.max_tokens": exchange.max_tokens,
            "llm_extract.request.id": exchange.request_id,
        }
        if exchange.finish is not None:
            attributes["gen_ai.response.finish_reasons"] = [exchange.finish]
        if (tokens := exchange.tokens) is not None:
            attributes["gen_ai.usage.input_tokens"] = tokens.prompt
            attributes["gen_ai.usage.cache_read.input_tokens"] = tokens.cached
            attributes["gen_ai.usage.output_tokens"] = tokens.completion
            attributes["gen_ai.usage.reasoning.output_tokens"] = tokens.reasoning
        span = self._tracer.start_span(
            f"chat {exchange.model}",
            kind=SpanKind.CLIENT,
            attributes=attributes,
            start_time=exchange.began,
        )
        if exchange.trouble is not None:
            _failed(span, exchange.trouble)
        span.end(exchange.ended)

    def progress(self, summary: RunSummary) -> None:
        """How a job stands."""
        job = self._jobs.get(summary.run_id)
        if job is not None:
            job.summary, job.latest = summary, time_ns()

    def end(self) -> None:
        """End the spans of the jobs, each at its last step."""
        for job in self._jobs.values():
            if job.summary is not None:
                _stands(job.span, job.summary)
            job.span.end(job.latest)
        self._jobs.clear()


@contextmanager
def open_spans(say: Callable[[str], None], exporter: SpanExporter | None = None) -> Iterator[Spans]:
    """Spans that are exported by OTLP over HTTP, as the OTEL_… variables say, or by an exporter.

    `say` gets one line when spans cannot be delivered; work goes on without them.
    """
    exporter = exporter or OTLPSpanExporter()
    named = "OTEL_SERVICE_NAME" in os.environ or "service.name" in os.environ.get(ATTRIBUTES, "")
    resource = Resource.create(None if named else {"service.name": SERVICE})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    spans = Spans(provider)
    with _said_once(say) as trouble:
        try:
            yield spans
        finally:
            spans.end()
            if trouble.said:
                exporter.shutdown()  # else what is left would be tried again and again
            provider.shutdown()


class _SaidOnce(logging.Handler):
    """Says the first complaint of the exporter in a line of ours."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._say = say
        self.said = False

    def emit(self, record: logging.LogRecord) -> None:
        if not self.said:
            self.said = True
            self._say(
                "spans cannot be delivered and are lost; check OTEL_EXPORTER_OTLP_ENDPOINT and "
                "whether a collector listens there"
            )


@contextmanager
def _said_once(say: Callable[[str], None]) -> Iterator[_SaidOnce]:
    """The exporter's own log lines are kept from the terminal while the context lasts."""
    logger, handler = logging.getLogger("opentelemetry"), _SaidOnce(say)
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagated


def _of_model(spec: ModelSpec) -> Attributes:
    """What is the same for all requests to a model."""
    attributes: Attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDERS[spec.kind],
        "gen_ai.request.model": spec.model,
        "gen_ai.output.type": "json",
    }
    address = urlsplit(spec.base_url or "")
    if address.hostname:
        attributes["server.address"] = address.hostname
        attributes["server.port"] = address.port or PORTS[address.scheme]
    return attributes


def _read(span: Span, record: Record) -> None:
    span.set_attribute("llm_extract.report.sha256", record.report.sha256)
    span.set_attribute("llm_extract.report.disposition", record.disposition)
    span.set_attribute("llm_extract.report.findings", len(record.findings))
    if record.provenance is not None:
        span.set_attribute("llm_extract.report.requests", record.provenance.calls)
    if record.failure is not None:
        _failed(span, record.failure.code)


def _stands(span: Span, summary: RunSummary) -> None:
    numbers = ("read", "settled", "cached", "clean", "flagged", "failed", "calls")
    for name in numbers:
        span.set_attribute(f"llm_extract.job.{name}", getattr(summary, name))
    span.set_attribute("gen_ai.usage.input_tokens", summary.tokens.prompt)
    span.set_attribute("gen_ai.usage.output_tokens", summary.tokens.completion)
    if summary.paused_code is not None:
        _failed(span, summary.paused_code)


def _failed(span: Span, code: str) -> None:
    span.set_attribute("error.type", code)
    span.set_status(StatusCode.ERROR)
