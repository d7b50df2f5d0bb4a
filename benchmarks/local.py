"""Measures the local model through a job beside a bare loop over the same server, by slots.

Run with `make bench-local`. For each number of slots the default model is served once; the same
kind of requests (one question about one short report, after the worked examples that all share) is
then sent by a bare loop of so many at a time, and by a run of our own. Tokens are those that the
server counts.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx2
from rich.console import Console
from rich.table import Table

from benchmarks.batch import reports
from llm_extract.batch import run_reports
from llm_extract.models.catalogue import find_model
from llm_extract.models.endpoint import Endpoint, open_endpoint
from llm_extract.models.transport import HttpLine, Reply
from llm_extract.pipeline import DEFAULT_MODEL, Pipeline, Settings
from llm_extract.store import open_store

SLOTS = (1, 2, 4, 8)
REPORTS = 12
"""Reports of a turn: with one slot about a minute each way on two cores."""
BAR = 0.9
"""Share of the bare loop's speed that a run must reach at the default number of slots."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What one way did: seconds, tokens read that were not cached, tokens written."""

    seconds: float
    read: int
    cached: int
    written: int

    @property
    def reports(self) -> float:
        """Reports a minute."""
        return REPORTS / self.seconds * 60

    @property
    def tokens(self) -> float:
        """Tokens a second, in and out, those from the cache left out."""
        return (self.read - self.cached + self.written) / self.seconds


def main() -> int:
    """Measure, print, and give the exit code."""
    table = Table("slots", "bare reports/min", "ours", "bare tokens/s", "ours", "cached", "ratio")
    ratios = {}
    for slots in SLOTS:
        bare, ours = measured(slots)
        ratios[slots] = bare.seconds / ours.seconds
        table.add_row(
            str(slots),
            f"{bare.reports:.1f}",
            f"{ours.reports:.1f}",
            f"{bare.tokens:.1f}",
            f"{ours.tokens:.1f}",
            f"{ours.cached / ours.read:.0%}",
            f"{ratios[slots]:.2f}",
        )
        said = f"{slots} slots: {bare.seconds:.0f} s bare, {ours.seconds:.0f} s ours"
        print(said, file=sys.stderr, flush=True)
    Console().print(table)
    default = find_model(DEFAULT_MODEL).slots
    print(
        f"local model at {default} slots: {ratios[default]:.2f} x a bare loop, median over slots "
        f"{statistics.median(ratios.values()):.2f}"
    )
    return 0 if ratios[default] >= BAR else 1


def measured(slots: int) -> tuple[Speed, Speed]:
    """A bare loop's speed and ours, over one server with that many slots."""
    with served(slots) as endpoint:
        bodies = anyio.run(caught, endpoint)
        return anyio.run(bare_loop, endpoint, bodies, slots), anyio.run(our_run, endpoint, slots)


@contextmanager
def served(slots: int) -> Iterator[Endpoint]:
    """The default model on a server of its own, which our run sees as an endpoint as well."""
    with tempfile.TemporaryDirectory() as folder:
        catalogue = Path(folder) / "models.toml"
        catalogue.write_text(f'[models."{DEFAULT_MODEL}"]\nslots = {slots}\n')
        os.environ["LLM_EXTRACT_MODELS"] = str(catalogue)
        with open_endpoint(find_model(DEFAULT_MODEL)) as endpoint:
            key = endpoint.api_key.get_secret_value()
            os.environ["BENCH_LOCAL_KEY"] = key
            entry = {
                "kind": "endpoint",
                "base_url": endpoint.base_url,
                "model": endpoint.model,
                "api_key_env": "BENCH_LOCAL_KEY",
                "context_size": 4096,
                "in_flight": slots,
            }
            lines = [f"{name} = {json.dumps(value)}" for name, value in entry.items()]
            with catalogue.open("a") as file:
                file.write("\n".join(["[models.bench]", *lines, ""]))
            try:
                yield endpoint
            finally:
                del os.environ["LLM_EXTRACT_MODELS"], os.environ["BENCH_LOCAL_KEY"]


async def caught(endpoint: Endpoint) -> list[dict[str, Any]]:
    """The requests that ours would send for some reports, none of them sent.

    The reports are others than those of our run: a server would know these already.
    """
    bodies: list[dict[str, Any]] = []

    class Caught(Exception):
        pass

    async def send(self: HttpLine, request: dict[str, Any], request_id: str) -> Reply:
        bodies.append(request)
        raise Caught

    sent, HttpLine.send = HttpLine.send, send  # type: ignore[method-assign]
    try:
        async with Pipeline(Settings(model="bench", strategy="mention")) as pipeline:
            for report in reports(REPORTS, start=10_000):
                try:
                    await pipeline.process(report)
                except Caught:
                    continue
    finally:
        HttpLine.send = sent  # type: ignore[method-assign]
    assert len(bodies) == REPORTS
    return bodies


async def bare_loop(endpoint: Endpoint, bodies: list[dict[str, Any]], slots: int) -> Speed:
    """As many requests at a time as there are slots, and nothing else."""
    usages: list[dict[str, Any]] = []
    left, url = iter(bodies), f"{endpoint.base_url}/chat/completions"
    headers = {"Authorization": f"Bearer {endpoint.api_key.get_secret_value()}"}
    async with httpx2.AsyncClient(headers=headers, timeout=600) as client:

        async def one_after_the_other() -> None:
            for body in left:
                reply = await client.post(url, json=body)
                usages.append(reply.json()["usage"])

        # Each slot reads what all requests share before the clock starts: whoever comes second,
        # ours here, finds it read.
        async with anyio.create_task_group() as group:
            for _ in range(slots):
                group.start_soon(partial(client.post, url, json=bodies[0]))
        started = time.perf_counter()
        async with anyio.create_task_group() as group:
            for _ in range(slots):
                group.start_soon(one_after_the_other)
        seconds = time.perf_counter() - started
    return Speed(
        seconds,
        sum(usage["prompt_tokens"] for usage in usages),
        sum((usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0) for usage in usages),
        sum(usage["completion_tokens"] for usage in usages),
    )


async def our_run(endpoint: Endpoint, slots: int) -> Speed:
    """A run of as many reports into a store of its own: read, asked, checked, settled."""
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "s.sqlite") as store:
        pipeline = Pipeline(Settings(model="bench", strategy="mention"))
        started = time.perf_counter()
        summary = await run_reports(reports(REPORTS), pipeline, store, lambda _: None)
        seconds = time.perf_counter() - started
    assert summary.settled - summary.failed == REPORTS, summary
    return Speed(seconds, summary.tokens.prompt, summary.tokens.cached, summary.tokens.completion)


if __name__ == "__main__":
    sys.exit(main())
