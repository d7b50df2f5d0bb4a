"""Jobs against a server that goes wrong, and the books of both sides compared."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from model_server import Served, ServerThread

from llm_extract.batch.executor import PATIENCE, Plan, work_off
from llm_extract.batch.intake import take_in
from llm_extract.batch.progress import RunSummary
from llm_extract.documents.report import Report
from llm_extract.pipeline import Pipeline, Settings
from llm_extract.record import Record
from llm_extract.store import Caps, Store

KEY = "sk-canary-5b1e77d09c42"
KEY_VARIABLE = "FAULTY_DESK_KEY"
CANARY = "Qanariya"
"""Stands in every report, so that report text is found wherever it should not be."""
POISON = "Zaqqum"
"""Stands in the reports that a fault is meant for."""
WORKER = "worker-1"


def report(number: int, *, poison: bool = False) -> Report:
    """A report that needs exactly one call."""
    place = f"{CANARY} {POISON}" if poison else CANARY
    text = f"Shelling killed {number + 2} civilians in {place} on Monday."
    return Report(id=f"r{number}", text=text, source=f"r{number}.txt")


def reports(number: int, poison: Sequence[int] = ()) -> list[Report]:
    """So many reports, those of the numbers `poison` poisonous."""
    return [report(n, poison=n in poison) for n in range(number)]


@dataclass
class Desk:
    """A store, a model entry, a server; `run` begins a job, `go_on` takes it up again."""

    path: Path
    store: Store
    server: ServerThread
    job_id: int = 0
    records: dict[str, Record] = field(default_factory=dict)
    doubled: list[str] = field(default_factory=list)

    def run(self, found: Sequence[Report], patience: float = PATIENCE, **caps: Any) -> RunSummary:
        """A new job over the reports, until it is done or paused."""
        settings = Settings(model="desk", strategy="mention")
        self.job_id = self.store.jobs.create(settings, "0", caps=Caps(**caps)).id

        self.store.work(WORKER).begin_reading(self.job_id)

        async def read() -> None:
            await take_in(found, self.store.jobs.get(self.job_id), self.store, WORKER)

        anyio.run(read)
        return self.go_on(patience)

    def go_on(self, patience: float = PATIENCE) -> RunSummary:
        """The job taken up again, until it is done or paused."""
        self.store.jobs.move(self.job_id, "running", out_of=("running", "paused"))
        job = self.store.jobs.get(self.job_id)
        plan = Plan(job, Pipeline(job.settings), self._keep, patience=patience)

        async def work() -> RunSummary:
            (summary,) = await work_off([plan], self.store, WORKER)
            return summary

        return anyio.run(work)

    def _keep(self, record: Record) -> None:
        if record.report.id in self.records:
            self.doubled.append(record.report.id)
        self.records[record.report.id] = record

    @property
    def served(self) -> list[Served]:
        """The server's side of the books."""
        return list(self.server.requests())

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Rows of the store, read past all of our own code."""
        connection = sqlite3.connect(self.path)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(query)]
        finally:
            connection.close()

    @property
    def attempts(self) -> list[dict[str, Any]]:
        """Our side of the books."""
        return self.rows("SELECT * FROM attempts")


def check_items(desk: Desk, expected: int) -> None:
    """Every report has one record, of its own, and a reason where it failed."""
    items = desk.rows(
        "SELECT i.report_id, i.worker, r.json FROM run_items i JOIN records r"
        " ON r.pk = i.record_pk ORDER BY position"
    )
    assert [item["report_id"] for item in items] == [f"r{n}" for n in range(expected)]
    assert desk.doubled == []
    for n, item in enumerate(items):
        kept = Record.model_validate_json(item["json"])
        assert (kept.report.id, item["worker"]) == (f"r{n}", None)
        if kept.disposition == "failed":
            assert kept.failure is not None and kept.failure.message
        else:
            # The number of each report is another one: a reply of another would show.
            assert [c.slots()["total"].value for c in kept.claims] in ([], [n + 2])


def check_books(desk: Desk, charge_bounded: bool = True) -> None:
    """What the server served stands in the store, request by request and in the sums."""
    served = {row.request_id: row for row in desk.served}
    made = {row["request"]: row for row in desk.attempts}
    assert None not in served
    assert len(served) == len(desk.served), "an id was sent twice"
    assert len(made) == len(desk.attempts), "a request stands twice in the store"
    assert set(served) <= set(made)
    for request, row in made.items():
        assert row["state"] in ("settled", "lost", "uncounted"), row
        there = served.get(request)
        tokens = (row["prompt_tokens"], row["cached_tokens"], row["completion_tokens"])
        if row["state"] == "settled":
            charged = there.tokens if there is not None and there.charged else None
            expected = (charged.prompt, charged.cached, charged.completion) if charged else (0,) * 3
            assert tokens == expected, (row["error"], there)
        else:
            assert tokens == (0, 0, 0)
            if there is not None and there.charged and charge_bounded:
                charged = there.tokens
                assert row["most_tokens"] >= charged.prompt + charged.completion, (row, there)
    check_sums(desk)
    _check_places(desk, {request: row.sha256 for request, row in served.items() if request})


def _check_places(desk: Desk, bodies: dict[str, str]) -> None:
    """First requests of a report have one body, which no other report's have."""
    asked: dict[str, set[int]] = {}
    for row in desk.attempts:
        if row["number"] == 1 and row["request"] in bodies:
            asked.setdefault(bodies[row["request"]], set()).add(row["position"])
    assert all(len(places) == 1 for places in asked.values())


def check_sums(desk: Desk) -> None:
    """The sums of a job are those of its rows, and what is reserved is what nobody counted."""
    (job,) = desk.rows(f"SELECT * FROM runs WHERE id = {desk.job_id}")
    rows = [row for row in desk.attempts if row["run_id"] == desk.job_id]
    counted = [row for row in rows if row["state"] in ("settled", "uncounted")]
    for name in ("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens", "cost"):
        assert job[name] == sum(row[name] for row in counted), name
    assert job["calls"] == len(counted)
    held = [row for row in rows if row["state"] != "settled"]
    assert job["reserved_tokens"] == sum(row["most_tokens"] for row in held)
    assert job["reserved_cost"] == sum(row["most_cost"] for row in held)
    kept = Counter(
        row["disposition"]
        for row in desk.rows(
            "SELECT r.disposition FROM run_items i JOIN records r ON r.pk = i.record_pk"
            f" WHERE i.run_id = {desk.job_id}"
        )
    )
    assert {name: job[name] for name in ("clean", "flagged", "failed")} == {
        name: kept[name] for name in ("clean", "flagged", "failed")
    }


def requests_a_report(desk: Desk) -> Counter[int]:
    """Requests by the place of the report they were about."""
    return Counter(row["position"] for row in desk.attempts if row["number"] > 0)


def catalogue(path: Path, base_url: str, **entry: Any) -> None:
    """A models.toml whose model `desk` is the server."""
    keys = {
        "kind": "endpoint",
        "base_url": base_url,
        "model": "scripted",
        "context_size": 8000,
        "api_key_env": KEY_VARIABLE,
        "request_seconds": 20.0,
        "in_flight": 8,
        **entry,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    prices = ["[models.desk.prices]", "input = 0.15", "cached = 0.075", "output = 0.6"]
    path.write_text("\n".join(["[models.desk]", *lines, *prices]), encoding="utf-8")


def storm(seed: int, names: Sequence[str], total: float) -> dict[str, float]:
    """Shares of some of the faults that add up to `total`."""
    rng = random.Random(seed)
    chosen = rng.sample(list(names), k=rng.randint(3, len(names)))
    weights = [rng.random() for _ in chosen]
    return {name: total * w / sum(weights) for name, w in zip(chosen, weights, strict=True)}
