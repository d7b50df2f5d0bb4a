"""Telemetry of jobs, for who asks for it: OpenTelemetry spans, a page of Prometheus metrics.

Both tell names, numbers and codes of ours; no text, title or id of a report, no prompt, no reply
and no message of a server goes into them. Their libraries are the extra `telemetry`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING

from llm_extract.batch.progress import RunSummary
from llm_extract.errors import LlmExtractError
from llm_extract.models.pace import Pace
from llm_extract.models.spec import ModelSpec
from llm_extract.models.watched import Exchange
from llm_extract.record import Record
from llm_extract.store import Job

if TYPE_CHECKING:
    from llm_extract.batch.telemetry.metrics import Metrics
    from llm_extract.batch.telemetry.spans import Spans


class TelemetryError(LlmExtractError):
    """Telemetry was asked for and cannot be had."""

    code = "no_telemetry"


class Telemetry:
    """Hands on what a `Watcher` is told to spans and metrics, whichever are there."""

    def __init__(self, spans: Spans | None, metrics: Metrics | None) -> None:
        self._spans = spans
        self._metrics = metrics

    def taken_up(self, job: Job, spec: ModelSpec, pace: Pace) -> None:
        """See `Watcher.taken_up`."""
        if self._spans is not None:
            self._spans.taken_up(job, spec)
        if self._metrics is not None:
            self._metrics.taken_up(job, spec, pace)

    def reading(
        self, job_id: int, position: int
    ) -> AbstractContextManager[Callable[[Record], None]]:
        """See `Watcher.reading`."""
        if self._spans is not None:
            return self._spans.reading(job_id, position)
        return nullcontext(_nobody)

    def exchanged(self, exchange: Exchange) -> None:
        """See `Watcher.exchanged`."""
        if self._spans is not None:
            self._spans.exchanged(exchange)
        if self._metrics is not None:
            self._metrics.exchanged(exchange)

    def progress(self, summary: RunSummary) -> None:
        """How a job stands; to be told of every step."""
        if self._spans is not None:
            self._spans.progress(summary)
        if self._metrics is not None:
            self._metrics.progress(summary)


@contextmanager
def open_telemetry(
    otel: bool, metrics_port: int | None, say: Callable[[str], None]
) -> Iterator[Telemetry | None]:
    """What is asked for, for as long as the context lasts; None when nothing is.

    `otel` sends spans as the OTEL_… variables say; `metrics_port` serves metrics on the loopback,
    0 on any free port. `say` gets lines for people: where the metrics are, that spans are lost.

    Raises:
        TelemetryError: the extra is not installed, or the port is taken.
    """
    if not otel and metrics_port is None:
        yield None
        return
    try:
        from llm_extract.batch.telemetry.metrics import open_metrics
        from llm_extract.batch.telemetry.spans import open_spans
    except ImportError as error:
        raise TelemetryError(
            f"telemetry needs packages that are not installed ({error.name}): "
            "pip install 'llm-extract[telemetry]'"
        ) from error
    with ExitStack() as stack:
        spans = stack.enter_context(open_spans(say)) if otel else None
        metrics = None
        if metrics_port is not None:
            try:
                metrics, address = stack.enter_context(open_metrics(metrics_port))
            except OSError as error:
                raise TelemetryError(
                    f"metrics cannot be served on port {metrics_port}: "
                    f"{error.strerror or error}; name another --metrics-port"
                ) from error
            say(f"metrics at {address}")
        yield Telemetry(spans, metrics)


def _nobody(record: Record) -> None:
    pass
