"""Measures the review server under two hundred analysts' requests a second over 100,000 records.

Run with `make bench-review`. The store is filled with invented reports and their records become
cases; then the real server (`llm-extract review --auth`) runs in a process of its own. First each
kind of queue page is asked for alone; then requests come at a fixed rate, whether or not earlier
ones are answered, and each is timed from the moment it was due. A missed bar ends with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import httpx2

from benchmarks.review_store import MODELS, fill
from llm_extract.review.accounts import Accounts
from llm_extract.review.intake import news, take_in
from llm_extract.store import open_store

CASES = 100_000
RATE, SECONDS, WARM_UP = 200.0, 40.0, 5.0
"""Requests a second, for how long they are timed, and how long the server runs in before."""
ANALYSTS = 40
QUEUE_BAR, ERROR_BAR = 0.1, 0
"""Seconds that a queue page may take on an idle server; failed requests."""
LATE_BAR = 1.0
"""Seconds that 95 of 100 requests under load may take, from the moment they were due."""

PASSWORD = "a password of the benchmark"

QUEUES = (
    "",
    "severity=error",
    "rule=A02",
    "language=ar",
    f"model={MODELS[0]}&language=es",
    "place=Tal+Orin",
    "claimant=Arven+Health+Directorate&since=2026-01-01",
    "words=shelling+civilians",
    "kind=extraction&assignee=nobody",
    "state=clean",
)
"""Filters that analysts work with; the broad ones are the costly ones."""

MIX = {"queue": 1, "case": 1, "edit": 2, "heartbeat": 2}
"""Weights of the requests: a case is chosen, opened, changed twice, and kept for two minutes."""


@dataclass(slots=True)
class Timings:
    """Seconds of each kind of request, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


class Analyst:
    """A browser with a case open in it."""

    def __init__(self, base_url: str, limits: httpx2.Limits) -> None:
        self._client = httpx2.AsyncClient(base_url=base_url, limits=limits, timeout=60)
        self._base = base_url
        self._csrf = ""
        self._version = 0
        self._edits = 0
        self.case = 0
        self.editing = False

    async def begin(self, name: str) -> None:
        """Sign in and take the next case."""
        form = await self._client.get("/login")
        before = re.search(r'name="before" value="([^"]+)"', form.text)
        assert before is not None
        fields = {"name": name, "password": PASSWORD, "before": before[1]}
        signed = await self._client.post("/login", data=fields, headers=self._own())
        assert signed.status_code == 303, signed.text
        page = await self._client.get("/next", follow_redirects=True)
        self.case = int(page.url.path.split("/")[-1])
        token = re.search(r'"X-CSRF-Token": "([^"]+)"', page.text)
        assert token is not None, page.text
        self._csrf = token[1]
        self._see(page.text)

    async def queue(self) -> None:
        """Look at the queue as it is filtered somehow."""
        await self._get(f"/queue?{random.choice(QUEUES)}")

    async def case_page(self) -> None:
        """Load the open case anew."""
        self._see(await self._get(f"/cases/{self.case}"))

    async def edit(self) -> None:
        """Say who the claimant is."""
        self.editing = True
        try:
            self._edits += 1
            fields = {
                "action": "set_field",
                "item": "c1",
                "field": "claimant",
                "value": f"Office {self._edits}",
                "version": str(self._version),
            }
            self._see(await self._post(f"/cases/{self.case}/edit", fields))
        finally:
            self.editing = False

    async def heartbeat(self) -> None:
        """Keep the case."""
        await self._post(f"/cases/{self.case}/renew", {})

    async def close(self) -> None:
        """Go home."""
        await self._client.aclose()

    def _see(self, page: str) -> None:
        found = re.search(r'data-version="(\d+)"', page)
        if found is not None:
            self._version = max(self._version, int(found[1]))

    def _own(self) -> dict[str, str]:
        return {"origin": self._base, "x-csrf-token": self._csrf, "hx-request": "true"}

    async def _get(self, address: str) -> str:
        return _told(await self._client.get(address))

    async def _post(self, address: str, fields: dict[str, str]) -> str:
        return _told(await self._client.post(address, data=fields, headers=self._own()))


def _told(answer: httpx2.Response) -> str:
    if answer.status_code not in (200, 204):
        words = re.sub(r"<[^>]*>", " ", answer.text)
        raise RuntimeError(f"{answer.status_code} {' '.join(words.split())[:200]}")
    return answer.text


# --- the load ---------------------------------------------------------------------------------


async def alone(analyst: Analyst) -> dict[str, list[float]]:
    """Seconds of each queue page on a server that does nothing else."""
    taken: dict[str, list[float]] = {}
    for query in QUEUES:
        for _ in range(11):
            started = time.perf_counter()
            await analyst._get(f"/queue?{query}")
            taken.setdefault(query, []).append(time.perf_counter() - started)
    return taken


async def load(analysts: list[Analyst], rate: float, seconds: float) -> Timings:
    """Requests at a fixed rate for some seconds."""
    found = Timings()
    kinds = list(MIX)
    weights = list(MIX.values())
    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            kind = random.choices(kinds, weights)[0]
            analyst = random.choice(analysts)
            if kind == "edit":
                analyst = next((each for each in analysts if not each.editing), analyst)
                kind = "case" if analyst.editing else kind
            works: dict[str, Callable[[], Awaitable[None]]] = {
                "queue": analyst.queue,
                "case": analyst.case_page,
                "edit": analyst.edit,
                "heartbeat": analyst.heartbeat,
            }
            if kind == "edit":
                analyst.editing = True
            tasks.create_task(_timed(found, kind, works[kind], due))
    return found


async def _timed(
    found: Timings, kind: str, work: Callable[[], Awaitable[None]], due: float
) -> None:
    try:
        await work()
    except (RuntimeError, httpx2.HTTPError) as error:
        found.failures.append(f"{kind}: {error!r}")
    found.seconds.setdefault(kind, []).append(time.perf_counter() - due)


async def drive(address: str, pid: int, rate: float, seconds: float) -> bool:
    """Measure, print and judge; `pid` is the server's."""
    limits = httpx2.Limits(max_connections=4)
    analysts = [Analyst(address, limits) for _ in range(ANALYSTS)]
    for number, analyst in enumerate(analysts):
        await analyst.begin(f"analyst{number}")
    pages = await alone(analysts[0])
    for query, taken in pages.items():
        print(f"queue page alone: {_line(taken[1:])}  {query or 'all that wait'}")
    slowest = max(max(taken[1:]) for taken in pages.values())
    await load(analysts, rate, WARM_UP)
    started, worked = time.perf_counter(), processor_seconds(pid)
    found = await load(analysts, rate, seconds)
    elapsed, worked = time.perf_counter() - started, processor_seconds(pid) - worked
    for analyst in analysts:
        await analyst.close()
    every = [each for taken in found.seconds.values() for each in taken]
    for kind, taken in sorted(found.seconds.items()):
        print(f"{kind:>10}: {_line(taken)}, {len(taken):,} requests")
    p95 = statistics.quantiles(every, n=20)[-1]
    print(
        f"{len(every) / elapsed:.0f} requests/s for {elapsed:.0f} s: {_line(every)}, "
        f"{len(found.failures)} failed; slowest queue page alone {1000 * slowest:.0f} ms"
    )
    print(f"processor time of the server: {1000 * worked / len(every):.1f} ms a request")
    for failure in found.failures[:5]:
        print(failure, file=sys.stderr)
    return slowest < QUEUE_BAR and len(found.failures) <= ERROR_BAR and p95 < LATE_BAR


def _line(taken: list[float]) -> str:
    cuts = statistics.quantiles(taken, n=20)
    return (
        f"median {1000 * statistics.median(taken):6.1f} ms, 95 % {1000 * cuts[-1]:6.1f} ms, "
        f"slowest {1000 * max(taken):6.1f} ms"
    )


# --- the server -------------------------------------------------------------------------------


def prepare(place: str, count: int) -> None:
    """A store of so many cases and its analysts, unless it is there."""
    with open_store(place) as store:
        if news(store.engine) != (0, 0):
            return
        started = time.perf_counter()
        fill(store.engine, count)
        filled = time.perf_counter()
        cases = take_in(store.engine)
        seconds = time.perf_counter() - filled
        print(
            f"{count:,} records written in {filled - started:.0f} s; {cases:,} taken in in ", end=""
        )
        print(f"{seconds:.0f} s ({cases / seconds:,.0f}/s)")
        accounts = Accounts(store.engine)
        accounts.add("boss", "admin", PASSWORD, "benchmark")
        for number in range(ANALYSTS):
            accounts.add(f"analyst{number}", "analyst", PASSWORD, "benchmark")


def processor_seconds(pid: int) -> float:
    """What a process has used, by Linux's own account (proc(5): fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def server(place: str) -> Iterator[tuple[str, int]]:
    """The address and number of a server process."""
    command = [sys.executable, "-c", "from llm_extract.cli import main; main()", "review"]
    options = ["--store", place, "--auth", "--port", "0"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        address = running.stdout.readline().strip().rstrip("/")
        Thread(target=running.stdout.read, daemon=True).start()
        try:
            yield address, running.pid
        finally:
            running.terminate()


def main() -> int:
    """Read the options, run, and give the exit code."""
    parser = argparse.ArgumentParser("review", description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--rate", type=float, default=RATE, help="requests a second")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--store", help="where to keep the store, or find it: a file or a URL")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = given.store or str(Path(folder) / "store.sqlite")
        prepare(place, given.cases)
        with server(place) as (address, pid):
            return 0 if asyncio.run(drive(address, pid, given.rate, given.seconds)) else 1


if __name__ == "__main__":
    sys.exit(main())
