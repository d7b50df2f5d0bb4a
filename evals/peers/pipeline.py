"""A peer as a pipeline, so that it is run, stored and taken up again as our own reading is.

What a peer returns is grounded, so that its quotes and numbers can be shown beside ours; no rule is
asked, since a peer's user has none, and what it read is never flagged.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from llm_extract.documents.report import Report
from llm_extract.errors import RecordsError
from llm_extract.evals.peers.peer import PEERS, Peer, PeerReading
from llm_extract.extraction.call import NO_BOOK, Book
from llm_extract.extraction.grounding import ground
from llm_extract.models.catalogue import find_model
from llm_extract.models.endpoint import Endpoint, open_endpoint_async
from llm_extract.numbers import read_ledger
from llm_extract.pipeline import Settings, WorkKey, head_of, package_version
from llm_extract.record import Failure, Provenance, Record
from llm_extract.schema import SCHEMA_VERSION

NO_MODEL = "none"


class PeerPipeline:
    """Records of a peer with one model, or with none; an async context manager as any pipeline."""

    slots = 1
    """One report after another: a peer's seconds are to be compared."""
    prices = None
    down_since = None
    """A peer asks its model by itself: nothing is known of single requests."""

    def __init__(self, peer: str, model: str | None) -> None:
        self._peer = _peer(peer)
        self._model = model or NO_MODEL
        self.settings = Settings(model=self._model, prompt=self._ref)
        self._endpoint: Endpoint | None = None
        self._stack = AsyncExitStack()

    @staticmethod
    def models_for(peer: str, models: Sequence[str]) -> Sequence[str | None]:
        """The models that a peer is run with: all, or none.

        Raises RecordsError for a name that is no peer, and what `ready` raises of one that cannot
        run here.
        """
        found = _peer(peer)
        found.ready()
        return models if found.needs_model else [None]

    async def __aenter__(self) -> Self:
        if self._peer.needs_model:
            opened = open_endpoint_async(find_model(self._model))
            self._endpoint = await self._stack.enter_async_context(opened)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._endpoint = None
        await self._stack.aclose()

    def work_key(self, report: Report) -> WorkKey:
        """Identity of the peer's work on a report."""
        return WorkKey(
            report_sha256=report.sha256,
            published=report.published.isoformat() if report.published else "",
            prompt_hash=self._ref,
            model=self._model,
            strategy="peer",
            package_version=package_version(),
        )

    async def process(self, report: Report, party: str = "", book: Book = NO_BOOK) -> Record:
        """The record of a report as the peer read it; one that failed says why."""
        async for reading in self._peer.read([report], self._endpoint):
            return self._record(report, reading)
        raise RuntimeError(f"the peer {self._peer.name} read nothing of {report.id}")

    @property
    def _ref(self) -> str:
        return f"peer-{self._peer.name}"

    def _record(self, report: Report, reading: PeerReading) -> Record:
        claims, facilities = (
            ([], [])
            if reading.report is None
            else ground(reading.report, report.text, read_ledger(report.text, report.language))
        )
        failure = None if reading.error is None else Failure(code="peer", message=reading.error)
        return Record(
            report=head_of(report),
            claims=claims,
            facilities=facilities,
            findings=[],
            disposition="clean" if failure is None else "failed",
            failure=failure,
            provenance=Provenance(
                model=self._model,
                prompt=self._ref,
                prompt_hash=self._ref,
                strategy="peer",
                package_version=package_version(),
                schema_version=SCHEMA_VERSION,
                seconds=reading.seconds,
                tokens=reading.tokens,
                calls=reading.calls,
                unread_mentions=[],
                attempts=[],
            ),
        )


def _peer(name: str) -> Peer:
    if name not in PEERS:
        raise RecordsError(f"no peer is called {name!r}; there are {', '.join(PEERS)}")
    return PEERS[name]
