"""Where a run stands, as values: for the display, the summary and the metrics."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from llm_extract.record import Tokens

NO_TOKENS = Tokens(prompt=0, cached=0, completion=0)

Stage = Literal["reading", "starting", "working", "done"]
"""Reading inputs; waiting for the model; asking it; nothing is left or it was stopped."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Where a job stands: counts of reports, claims and tokens, and seconds since its start.

    `read` reports were taken from the input, `settled` of them have a record: `clean`, `flagged` or
    `failed`, of which `cached` came from earlier work. Tokens, `calls` and `cost` (nanodollars) are
    those of the whole job; `claims`, `facilities` and `seconds` are those of this program's share.
    `paused` says why it was stopped, and can quote a server; `paused_code` says it in a word of
    ours; `interrupted`: a person or another program did it.
    """

    run_id: int
    stage: Stage
    read: int = 0
    settled: int = 0
    cached: int = 0
    clean: int = 0
    flagged: int = 0
    failed: int = 0
    claims: int = 0
    facilities: int = 0
    calls: int = 0
    tokens: Tokens = NO_TOKENS
    cost: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    paused: str | None = None
    paused_code: str | None = None

    def counts(self) -> dict[str, Any]:
        """The summary as plain values, tokens included."""
        return {**asdict(self), "tokens": self.tokens.model_dump()}
