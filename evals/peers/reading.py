"""What a peer is and what it hands back for a report: the form that all peers share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from llm_extract.documents import Report
from llm_extract.models.endpoint import Endpoint
from llm_extract.record import Tokens
from llm_extract.schema import CasualtyReport

NO_TOKENS = Tokens(prompt=0, cached=0, completion=0)


@dataclass(frozen=True, slots=True)
class PeerReading:
    """What a peer made of one report; `report` is None and `error` set when it failed.

    `error` is one line without report text and keys, `calls` the requests to the model, `seconds`
    those of this report alone (starting a peer is not counted).
    """

    id: str
    report: CasualtyReport | None
    error: str | None
    seconds: float
    calls: int
    tokens: Tokens


class Peer(Protocol):
    """Something that a user would pick instead of us, on the same reports and the same server."""

    name: str
    needs_model: bool

    def ready(self) -> None:
        """Raise LlmExtractError when the peer cannot run on this machine, with what to do."""
        ...

    def read(
        self, reports: Sequence[Report], endpoint: Endpoint | None
    ) -> AsyncIterator[PeerReading]:
        """The readings one after the other, in the order of the reports.

        A report that fails gives a reading with its error. Raises as `ready` does before the first
        report, and ValueError without an endpoint where `needs_model`.
        """
        ...
