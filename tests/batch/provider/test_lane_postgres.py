"""The batch lane on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from llm_extract.errors import StoreError

pytestmark = pytest.mark.postgres


def test_a_job_of_the_lane_is_done_there_as_well(
    provider: Callable[..., Any], postgres_url: str
) -> None:
    desk = provider(place=postgres_url, api={"doubled": 0.3, "expires_after_lines": 2})
    job = desk.begin()
    summary = desk.work(job)
    assert (summary.settled, summary.failed) == (4, 0)
    assert summary.tokens.prompt == desk.server.ledger().charged.prompt


def test_one_worker_alone_drives_the_batches_of_a_job(
    provider: Callable[..., Any], postgres_url: str
) -> None:
    desk = provider(place=postgres_url)
    job = desk.begin()
    with (
        desk.store.lane.sole_driver(job.id),
        desk.store.lane.sole_driver(job.id + 1),
        pytest.raises(StoreError, match="another worker drives"),
        desk.store.lane.sole_driver(job.id),
    ):
        pass
    assert desk.work(job).settled == 4
