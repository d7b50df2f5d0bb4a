"""What a job asks of a pipeline: the spine, or one that an eval compares it with."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

from llm_extract.documents.report import Report
from llm_extract.extraction.call import Book
from llm_extract.models.spec import Prices
from llm_extract.pipeline import Settings, WorkKey
from llm_extract.record import Record


class ReportPipeline(Protocol):
    """`llm_extract.pipeline.Pipeline` as jobs see it; entering it is what starts a model."""

    @property
    def settings(self) -> Settings:
        """What decides a record besides its report."""
        ...

    @property
    def slots(self) -> int:
        """How many reports may be worked on at the same time; read after entering."""
        ...

    @property
    def prices(self) -> Prices | None:
        """What its model's tokens cost; None: nothing, or nobody knows."""
        ...

    @property
    def down_since(self) -> float | None:
        """Since when (`time.monotonic`) its server has given no answer at all; None: it answers."""
        ...

    def work_key(self, report: Report) -> WorkKey:
        """Identity of the work on a report; callable before entering."""
        ...

    async def process(self, report: Report, party: str, book: Book) -> Record:
        """The record of a report; a report's own trouble is a failed record, never an exception."""
        ...

    async def __aenter__(self) -> object: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> bool | None: ...
