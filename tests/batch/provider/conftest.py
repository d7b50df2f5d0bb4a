"""What the tests of the batch lane share: a provider, and jobs on it by either lane."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

import anyio
import pytest
from model_server import BatchApi, Script, ServerThread

from llm_extract.batch import Plan, RunSummary, Stopper, work_off
from llm_extract.batch.intake import take_in
from llm_extract.batch.provider import Limits, ProviderLane, Timing
from llm_extract.documents import Report, report_from_text
from llm_extract.models.catalogue import USER_FILES_VARIABLE, find_model
from llm_extract.pipeline import Pipeline, Settings
from llm_extract.record import Record
from llm_extract.store import Caps, Job, Store, open_store

AT_ONCE = Timing(first=0.001, longest=0.02)

TEXTS = (
    "The Karsa Rights Group said shells killed 31 people in Belkesh on Tuesday, including nine "
    "children. At least 40 were wounded. Later 12 bodies were found in Duram.",
    "A judge and his driver were shot dead outside a house in Duram. 17 people were hurt.",
    "The road to Vasna was closed for 12 days.",
    "Shelling killed 14 people in Belkesh: 9 children, 4 women and 3 men. 22 others were injured.",
)


@dataclass
class Desk:
    """A provider's server and a store; jobs on them are worked on as often as one likes."""

    server: ServerThread
    store: Store
    notices: list[str] = field(default_factory=list)

    def begin(
        self,
        texts: Sequence[str] = TEXTS,
        caps: Caps | None = None,
        strategy: Any = "sentence",
        repair: Any = "off",
    ) -> Job:
        """A job with these reports read in."""
        settings = Settings("desk", strategy=strategy, repair=repair)
        job = self.store.jobs.create(settings, "0", key=uuid4().hex, caps=caps)
        self.store.work("w").begin_reading(job.id)
        reports: list[Report] = [report_from_text(t, id=f"r{n}") for n, t in enumerate(texts)]

        async def read() -> Job:
            return await take_in(reports, job, self.store, "w")

        return anyio.run(read)

    def work(
        self,
        job: Job,
        *,
        batch: bool = True,
        stopped_when_sent: bool = False,
        **lane: Any,
    ) -> RunSummary:
        """Work on a job until it is done or stops, if wanted once all its shards are sent."""
        self.store.jobs.move(job.id, "running", out_of=("running", "paused"))
        self.store.work("w").free(job.id)

        async def work() -> RunSummary:
            chosen = self.lane(job, **lane) if batch else None
            pipeline = Pipeline(job.settings, chosen.line if chosen is not None else None)
            plan = Plan(self.store.jobs.get(job.id), pipeline, lane=chosen)
            stopper, summaries = Stopper(), list[RunSummary]()
            async with anyio.create_task_group() as group:
                if stopped_when_sent:
                    group.start_soon(stop, stopper)
                summaries += await work_off([plan], self.store, "w", stopper)
                group.cancel_scope.cancel()
            return summaries[0]

        async def stop(stopper: Stopper) -> None:
            while {shard.state for shard in self.store.lane.open_shards(job.id)} != {"sent"}:
                await anyio.sleep(0.005)
            stopper.stop("by hand")

        return anyio.run(work)

    def lane(self, job: Job, **lane: Any) -> ProviderLane:
        """The lane of a job."""
        given = {"limits": Limits(), "timing": AT_ONCE, "on_notice": self.notices.append, **lane}
        return ProviderLane(self.store, job.id, find_model("desk"), **given)

    def records(self, job: Job) -> list[Record]:
        """The records of a job in input order."""
        return list(self.store.run_records(job.id))

    def batches(self) -> list[dict[str, Any]]:
        """All batches of the provider, newest first."""
        with urlopen(f"{self.server.base_url}/batches?limit=1000") as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]
        return found


OpenDesk = Callable[..., Desk]


@pytest.fixture
def provider(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenDesk]:
    """Opens a desk; keywords are those of Script, with those of BatchApi in `api`."""
    # Nothing here speaks TLS, and loading certificates takes longer than most of these tests.
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
    with ExitStack() as stack:

        def start(api: dict[str, Any] | None = None, place: str = "", **script: Any) -> Desk:
            wanted = Script(batches=BatchApi(**(api or {})), **script)
            server = stack.enter_context(ServerThread(wanted))
            keys = {
                "kind": "endpoint",
                "base_url": server.base_url,
                "model": "scripted",
                "context_size": 8000,
            }
            lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
            lines += ["[models.desk.prices]", "input = 2.0", "cached = 0.5", "output = 8.0"]
            folder = tmp_path_factory.mktemp("desk")
            catalogue = folder / "models.toml"
            catalogue.write_text("\n".join(["[models.desk]", *lines]), encoding="utf-8")
            monkeypatch.setenv(USER_FILES_VARIABLE, str(catalogue))
            store = stack.enter_context(open_store(place or Path(folder) / "store.sqlite"))
            return Desk(server, store)

        yield start


def bare(record: Record) -> dict[str, Any]:
    """A record without what may differ between two lanes: times and ids of requests."""
    value = record.model_dump(mode="json")
    if value["provenance"] is not None:
        value["provenance"]["seconds"] = 0
        for attempt in value["provenance"]["attempts"]:
            attempt["seconds"], attempt["request"] = 0, ""
    return value


@pytest.fixture
def compared() -> Callable[[Record], dict[str, Any]]:
    """See `bare`."""
    return bare
