"""Measures what a report costs our client beside the raw OpenAI client, and how large jobs fare.

Run with `make bench-batch`. Both clients make the same requests of the same scripted server, a
process of its own, in turns and in one sitting; each turn is a fresh process, warmed up before the
clock starts. What is timed is also checked: every report must come out read, and the server must
have served what the store says. A missed bar ends with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import anyio
import httpx2
from model_server.process import ServerProcess
from model_server.script import Capacity, Script
from openai import AsyncOpenAI
from rich.console import Console

from llm_extract.batch import RunSummary, jobs, run_reports
from llm_extract.batch.alone import sole_worker
from llm_extract.documents import ReadOptions
from llm_extract.documents.report import Report
from llm_extract.models.transport import HttpLine, Reply
from llm_extract.pipeline import Pipeline, Settings
from llm_extract.store import open_store

CPU_BAR = 1.5
"""Processor time of ours over that of the raw client that issue 5 allows at most."""
MEMORY_BAR = 300
"""MB that a job may use at its peak, whatever its size."""
RESUME_BAR = 10.0
"""Seconds in which a finished job of 200,000 reports is resumed."""

TURNS = 5
"""Turns of each client; the median ratio counts."""
WARM_UP, TIMED = 200, 1200
CPU_LATENCY, MANY_LATENCY = 0.02, 0.5
"""Seconds an answer takes: for the cost of a report, and so that hundreds are in flight."""
MANY = 300
SMALL, LARGE = 1_000, 200_000

PLACES = ("Orsova", "Halden", "Belkesh", "Duram", "Ostran", "Vasna", "Merrin", "Karsa")
NUMBERS = ("three", "4", "five", "12", "two", "7", "six", "15")

err = Console(stderr=True, markup=False, highlight=False)


def text(number: int) -> str:
    """A report of one passage that leaves one question to the model; no two are the same."""
    place, far = PLACES[number % 8], PLACES[number // 8 % 8]
    return (
        f"A drone struck a farm lorry near {place} on {number % 28 + 1} March, lorry number "
        f"B{number}. A driver was hit and {NUMBERS[number // 64 % 8]} others in the vehicle; "
        f"residents said the wounded were taken to the clinic in {far}."
    )


def reports(count: int, start: int = 0) -> Iterator[Report]:
    """That many reports."""
    for number in range(start, start + count):
        yield Report(
            id=f"r{number}",
            text=text(number),
            source="benchmark",
            published=date(2026, 3, 30),
            language="en",
        )


def pipeline(base_url: str, in_flight: int) -> Pipeline:
    """A pipeline on the scripted server."""
    entry = {
        "kind": '"endpoint"',
        "base_url": f'"{base_url}"',
        "model": '"scripted"',
        "context_size": 4096,
        "in_flight": in_flight,
    }
    lines = [f"{name} = {value}" for name, value in entry.items()]
    catalogue = Path(tempfile.mkdtemp()) / "models.toml"
    catalogue.write_text("\n".join(["[models.bench]", *lines]))
    os.environ["LLM_EXTRACT_MODELS"] = str(catalogue)
    return Pipeline(Settings(model="bench", strategy="mention"))


class Clock:
    """Processor and wall time since it was made; processor time is that of the whole process."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self, reports: int) -> dict[str, float]:
        """Milliseconds of processor time a report, reports a second."""
        cpu, wall = time.process_time() - self._cpu, time.perf_counter() - self._wall
        return {"cpu_ms": cpu / reports * 1000, "per_second": reports / wall}


def ours(base_url: str, in_flight: int, timed: int) -> dict[str, float]:
    """Reports through the spine into a store of their own: read, asked, checked, settled."""

    async def work(folder: Path) -> dict[str, float]:
        with open_store(folder / "store.sqlite") as store:
            warm = pipeline(base_url, in_flight)
            await run_reports(reports(WARM_UP, timed), warm, store, lambda _: None)
            clock = Clock()
            summary: RunSummary = await run_reports(
                reports(timed), pipeline(base_url, in_flight), store, lambda _: None
            )
            measured = clock.read(timed)
        assert (summary.clean, summary.calls) == (timed, timed), summary
        return {**measured, "prompt_tokens": summary.tokens.prompt}

    with tempfile.TemporaryDirectory() as folder:
        return anyio.run(work, Path(folder))


def raw(base_url: str, in_flight: int, timed: int) -> dict[str, float]:
    """The requests that ours makes, by `AsyncOpenAI.chat.completions.create` alone."""
    asked = asyncio.run(requests_of(base_url, timed))

    async def work() -> dict[str, float]:
        limits = httpx2.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
        client = AsyncOpenAI(
            base_url=base_url,
            api_key="none",
            max_retries=0,
            http_client=httpx2.AsyncClient(limits=limits, timeout=600),
        )

        async def go(bodies: list[dict[str, Any]]) -> int:
            tokens, left = 0, iter(bodies)

            async def one_after_the_other() -> None:
                nonlocal tokens
                for body in left:
                    completion = await client.chat.completions.create(**body)
                    assert completion.usage is not None
                    tokens += completion.usage.prompt_tokens

            async with anyio.create_task_group() as group:
                for _ in range(in_flight):
                    group.start_soon(one_after_the_other)
            return tokens

        await go(asked[:WARM_UP])
        clock = Clock()
        tokens = await go(asked)
        return {**clock.read(timed), "prompt_tokens": tokens}

    return asyncio.run(work())


async def requests_of(base_url: str, count: int) -> list[dict[str, Any]]:
    """The bodies that ours sends for these reports, caught on the line."""
    caught: list[dict[str, Any]] = []
    send = HttpLine.send

    async def catching(self: HttpLine, request: dict[str, Any], request_id: str) -> Reply:
        caught.append(request)
        return await send(self, request, request_id)

    HttpLine.send = catching  # type: ignore[method-assign]
    try:
        async with pipeline(base_url, 64) as reader:
            left = reports(count)

            async def one_after_the_other() -> None:
                for report in left:
                    await reader.process(report)

            async with anyio.create_task_group() as group:
                for _ in range(64):
                    group.start_soon(one_after_the_other)
    finally:
        HttpLine.send = send  # type: ignore[method-assign]
    assert len(caught) == count
    return caught


def job(base_url: str, folder: str, count: int) -> dict[str, float]:
    """A whole job from a file of reports, as `llm-extract job start` does it; peak memory in MB."""
    inputs = Path(folder) / f"{count}.jsonl"
    if not inputs.exists():
        with inputs.open("w") as file:
            for report in reports(count):
                line = {"id": report.id, "text": report.text, "date": "2026-03-30"}
                file.write(json.dumps(line) + "\n")
    clock = Clock()
    with open_store(Path(folder) / f"{count}.sqlite") as store, sole_worker(store):
        wanted = jobs.Inputs([str(inputs)], ReadOptions())
        found, _ = jobs.find_or_begin(store, wanted, pipeline(base_url, 64))
        if found.state != "done":
            anyio.run(jobs.go_on, store, [found])
        sums = store.jobs.get(found.id).sums
    assert sums.settled == sums.clean == count, sums
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**clock.read(count), "peak_mb": peak, "prompt_tokens": sums.prompt_tokens}


WORKS = {"ours": ours, "raw": raw}


def turn(name: str, *arguments: object) -> dict[str, float]:
    """One turn in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.batch", "--turn", name, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def compare() -> float:
    """Our processor time a report over the raw client's, the median of the turns."""
    ratios = []
    with ServerProcess(Script(capacity=Capacity(latency=CPU_LATENCY))) as server:
        for n in range(TURNS):
            mine, bare = (
                turn("ours", server.base_url, 64, TIMED),
                turn("raw", server.base_url, 64, TIMED),
            )
            assert mine["prompt_tokens"] == bare["prompt_tokens"]
            ratios.append(mine["cpu_ms"] / bare["cpu_ms"])
            err.print(
                f"turn {n + 1}: ours {mine['cpu_ms']:.2f} ms CPU a report "
                f"({mine['per_second']:.0f}/s), raw client {bare['cpu_ms']:.2f} ms "
                f"({bare['per_second']:.0f}/s), ratio {ratios[-1]:.2f}"
            )
    return statistics.median(ratios)


def many_in_flight() -> bool:
    """Whether hundreds of requests in flight are served no slower than a third of them."""
    speeds, held = {}, 0
    for in_flight in (MANY // 3, MANY):
        with ServerProcess(Script(capacity=Capacity(latency=MANY_LATENCY))) as server:
            measured = turn("ours", server.base_url, in_flight, TIMED * 2)
            speeds[in_flight], held = measured["per_second"], server.ledger().max_in_flight
            err.print(f"{in_flight} in flight: {speeds[in_flight]:.0f} reports/s, {held} at once")
    return held >= 0.95 * MANY and speeds[MANY] >= 0.9 * speeds[MANY // 3]


def memory(large: int) -> tuple[float, bool]:
    """The peak of a large job in MB; whether a finished one is resumed in time."""
    with tempfile.TemporaryDirectory() as folder, ServerProcess() as server:
        peaks = {}
        for count in (SMALL, large):
            measured = turn("job", server.base_url, folder, count)
            peaks[count] = measured["peak_mb"]
            assert server.ledger().in_flight == 0
            err.print(
                f"{count:,} reports: peak {peaks[count]:.0f} MB, {measured['per_second']:.0f}/s, "
                f"{measured['cpu_ms']:.2f} ms CPU a report"
            )
        started = time.perf_counter()
        turn("job", server.base_url, folder, large)
        seconds = time.perf_counter() - started
        err.print(f"a finished job of {large:,} reports resumed in {seconds:.1f} s")
    return max(peaks.values()), seconds < RESUME_BAR


def main() -> int:
    """Run one turn, or all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turn", nargs="+")
    parser.add_argument("--reports", type=int, default=LARGE, help="of the large job")
    given = parser.parse_args()
    if given.turn:
        name, base_url, *rest = given.turn
        if name == "job":
            print(json.dumps(job(base_url, rest[0], int(rest[1]))))
        else:
            print(json.dumps(WORKS[name](base_url, int(rest[0]), int(rest[1]))))
        return 0
    ratio, many = compare(), many_in_flight()
    peak, resumed = memory(given.reports)
    verdict = "ok" if many else "NOT ok"
    print(f"client {ratio:.2f} x raw openai CPU, {MANY} in flight {verdict}, peak {peak:.0f} MB")
    return 0 if ratio <= CPU_BAR and many and peak <= MEMORY_BAR and resumed else 1


if __name__ == "__main__":
    sys.exit(main())
