"""The store: reports, jobs, attempts, records and findings in one database; asks no model."""

from __future__ import annotations

from llm_extract.store.batched import Batched, BatchedBody, BatchedRequest, Opening
from llm_extract.store.engine import DEFAULT_NAME, open_engine
from llm_extract.store.jobs import JOB_EXISTS, Caps, Job, Jobs, JobState, Lost, Sums
from llm_extract.store.lane import Lane, Outcome, Shard
from llm_extract.store.queries import (
    Store,
    open_store,
    parsed,
    read_store,
    with_head,
    without_replies,
)
from llm_extract.store.sampling import Spent, Stratum
from llm_extract.store.settlements import Paid, Settlement
from llm_extract.store.work import LEASE, OTHER_READER, Committed, Earlier, Item, Work

__all__ = [
    "DEFAULT_NAME",
    "JOB_EXISTS",
    "LEASE",
    "OTHER_READER",
    "Batched",
    "BatchedBody",
    "BatchedRequest",
    "Caps",
    "Committed",
    "Earlier",
    "Item",
    "Job",
    "JobState",
    "Jobs",
    "Lane",
    "Lost",
    "Opening",
    "Outcome",
    "Paid",
    "Settlement",
    "Shard",
    "Spent",
    "Store",
    "Stratum",
    "Sums",
    "Work",
    "open_engine",
    "open_store",
    "parsed",
    "read_store",
    "with_head",
    "without_replies",
]
