"""The batch lane: requests go through files of a provider's Batch API, at half the price.

The spine is the one of the online lane, on another line: a reply that is not there yet defers its
report, which is worked on again once a batch has brought it. See `ProviderLane`.
"""

from __future__ import annotations

from llm_extract.batch.provider.book import LaneBook
from llm_extract.batch.provider.lane import (
    Limits,
    ProviderLane,
    Timing,
    cancel_batches,
    check_has_batches,
)
from llm_extract.batch.provider.line import BatchLine

__all__ = [
    "BatchLine",
    "LaneBook",
    "Limits",
    "ProviderLane",
    "Timing",
    "cancel_batches",
    "check_has_batches",
]
