"""Jobs that were begun with a lane keep it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from llm_extract.batch import jobs
from llm_extract.documents import ReadOptions
from llm_extract.errors import LlmExtractError, StoreError
from llm_extract.pipeline import Pipeline, Settings

SETTINGS = Settings("desk", strategy="sentence")


@pytest.fixture
def inputs(tmp_path: Path) -> jobs.Inputs:
    (tmp_path / "one.txt").write_text("Shells killed 31 people in Belkesh.", encoding="utf-8")
    return jobs.Inputs([str(tmp_path)], ReadOptions())


def test_a_job_goes_on_by_the_lane_that_it_was_begun_with(
    provider: Callable[..., Any], inputs: jobs.Inputs
) -> None:
    desk = provider()
    made, new = jobs.find_or_begin(desk.store, inputs, Pipeline(SETTINGS), lane="batch")
    assert new and jobs.lane_of(made) == "batch"
    anyio.run(jobs.go_on, desk.store, [desk.store.jobs.get(made.id)])
    assert desk.store.jobs.get(made.id).state == "done"
    ledger = desk.server.ledger()
    assert (ledger.requests, ledger.batch_requests) == (1, 1)


def test_the_other_lane_is_refused_for_a_job_that_is_known(
    provider: Callable[..., Any], inputs: jobs.Inputs
) -> None:
    desk = provider()
    jobs.find_or_begin(desk.store, inputs, Pipeline(SETTINGS), lane="batch")
    with pytest.raises(StoreError, match="by the lane batch"):
        jobs.find_or_begin(desk.store, inputs, Pipeline(SETTINGS))


def test_a_local_model_has_no_batches(provider: Callable[..., Any], inputs: jobs.Inputs) -> None:
    desk = provider()
    with pytest.raises(LlmExtractError, match="no batches"):
        jobs.find_or_begin(desk.store, inputs, Pipeline(Settings()), lane="batch")
