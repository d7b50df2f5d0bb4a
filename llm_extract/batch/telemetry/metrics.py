"""Jobs and requests as Prometheus metrics, on a page of the loopback that is made when it is read.

Counts of a job (reports, tokens, cost) are those of its whole life, as the store has them; those
of requests begin with this program.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from llm_extract.batch.progress import RunSummary
from llm_extract.models.pace import Pace
from llm_extract.models.spec import ModelSpec
from llm_extract.models.watched import Exchange
from llm_extract.store import Caps, Job

LOOPBACK = "127.0.0.1"

NANO = 1_000_000_000

SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Bounds of `gen_ai.client.operation.duration` in the semantic conventions for GenAI metrics."""

ANSWERED = "answered"


@dataclass(slots=True)
class _JobSeen:
    model: str
    caps: Caps
    pace: Pace
    summary: RunSummary


@dataclass(slots=True, eq=False)
class Metrics:
    """Keeps the last word on each job, and counts requests."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    _jobs: dict[int, _JobSeen] = field(default_factory=dict)
    _requests: Counter = field(init=False)
    _seconds: Histogram = field(init=False)

    def __post_init__(self) -> None:
        self._requests = Counter(
            "llm_extract_requests",
            "Requests that have ended, by what became of them.",
            ("model", "outcome"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "gen_ai_client_operation_duration_seconds",
            "Seconds from sending a request to its whole reply, or to its failure.",
            ("gen_ai_operation_name", "gen_ai_request_model", "error_type"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.registry.register(self)

    def taken_up(self, job: Job, spec: ModelSpec, pace: Pace) -> None:
        """See `Watcher.taken_up`."""
        seen = self._jobs.get(job.id)
        summary = seen.summary if seen is not None else _summary_of(job)
        self._jobs[job.id] = _JobSeen(spec.model, job.caps, pace, summary)

    def exchanged(self, exchange: Exchange) -> None:
        """See `Watcher.exchanged`."""
        trouble = exchange.trouble
        self._requests.labels(exchange.model, trouble or ANSWERED).inc()
        self._seconds.labels("chat", exchange.model, trouble or "").observe(exchange.seconds)

    def progress(self, summary: RunSummary) -> None:
        """How a job stands."""
        seen = self._jobs.get(summary.run_id)
        if seen is not None:
            seen.summary = summary

    def collect(self) -> Iterable[Metric]:
        """What the page shows of jobs and paces; called in a thread of the page's server."""
        jobs = sorted(self._jobs.items())
        yield from _counts(jobs)
        yield from _gauges(jobs)
        yield from _paces([seen for _, seen in jobs])


@contextmanager
def open_metrics(port: int) -> Iterator[tuple[Metrics, str]]:
    """Metrics and the address of their page, which is served while the context lasts.

    Raises OSError when the port cannot be had.
    """
    metrics = Metrics()
    server, thread = start_http_server(port, LOOPBACK, metrics.registry)
    try:
        yield metrics, f"http://{LOOPBACK}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_Jobs = list[tuple[int, _JobSeen]]


def _counts(jobs: _Jobs) -> Iterator[Metric]:
    reports = CounterMetricFamily(
        "llm_extract_reports", "Reports that have a record.", labels=("job", "disposition")
    )
    reused = CounterMetricFamily(
        "llm_extract_reports_reused", "Reports settled by earlier work.", labels=("job",)
    )
    tokens = CounterMetricFamily(
        "llm_extract_tokens",
        "Tokens as the server counted them; cached_input is part of input, reasoning of output.",
        labels=("job", "kind"),
    )
    dollars = CounterMetricFamily(
        "llm_extract_cost_dollars", "Cost by the prices of the model.", labels=("job",)
    )
    for number, seen in jobs:
        job, summary, used = str(number), seen.summary, seen.summary.tokens
        for disposition in ("clean", "flagged", "failed"):
            reports.add_metric((job, disposition), getattr(summary, disposition))
        reused.add_metric((job,), summary.cached)
        kinds = {
            "input": used.prompt,
            "cached_input": used.cached,
            "output": used.completion,
            "reasoning": used.reasoning,
        }
        for kind, count in kinds.items():
            tokens.add_metric((job, kind), count)
        dollars.add_metric((job,), summary.cost / NANO)
    yield from (reports, reused, tokens, dollars)


def _gauges(jobs: _Jobs) -> Iterator[Metric]:
    left = _gauge("reports_left", "Reports that were read and have no record yet.", "job")
    paused = _gauge("job_paused", "1 where a job was stopped before its end.", "job")
    most_tokens = _gauge("budget_tokens", "Cap of tokens, where there is one.", "job")
    most_dollars = _gauge("budget_dollars", "Cap of cost, where there is one.", "job")
    deadline = _gauge("deadline_timestamp_seconds", "When the job is to be paused.", "job")
    for number, seen in jobs:
        job, summary, caps = str(number), seen.summary, seen.caps
        left.add_metric((job,), summary.read - summary.settled)
        paused.add_metric((job,), summary.paused is not None)
        if caps.max_tokens is not None:
            most_tokens.add_metric((job,), caps.max_tokens)
        if caps.max_cost is not None:
            most_dollars.add_metric((job,), caps.max_cost / NANO)
        if caps.deadline is not None:
            deadline.add_metric((job,), caps.deadline.timestamp())
    yield from (left, paused, most_tokens, most_dollars, deadline)


def _paces(jobs: list[_JobSeen]) -> Iterator[Metric]:
    """How each model's server is asked now; jobs that share a pace count once."""
    in_flight = _gauge("requests_in_flight", "Requests under way.", "model")
    waiting = _gauge("requests_waiting", "Requests that wait for their turn.", "model")
    limit = _gauge("requests_in_flight_limit", "Requests that may be under way at once.", "model")
    rate = _gauge("requests_per_minute_limit", "Learned rate; none: no such limit met.", "model")
    cooling = _gauge("cool_down_seconds", "What is left of a stop after a refusal.", "model")
    models = {seen.model for seen in jobs}
    for model in sorted(models):
        paces = {id(seen.pace): seen.pace for seen in jobs if seen.model == model}
        found = [pace.seen() for pace in paces.values()]
        in_flight.add_metric((model,), sum(one.in_flight for one in found))
        waiting.add_metric((model,), sum(one.waiting for one in found))
        limit.add_metric((model,), sum(one.limit for one in found))
        rates = [one.rate for one in found if one.rate is not None]
        if rates:
            rate.add_metric((model,), sum(rates))
        cooling.add_metric((model,), max(one.cooling_seconds for one in found))
    yield from (in_flight, waiting, limit, rate, cooling)


def _gauge(name: str, meaning: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"llm_extract_{name}", meaning, labels=(label,))


def _summary_of(job: Job) -> RunSummary:
    """How a job stands before a worker has made a step."""
    sums = job.sums
    return RunSummary(
        job.id,
        "reading",
        read=sums.read,
        settled=sums.settled,
        cached=sums.cached,
        clean=sums.clean,
        flagged=sums.flagged,
        failed=sums.failed,
        calls=sums.calls,
        tokens=sums.tokens,
        cost=sums.cost,
    )
