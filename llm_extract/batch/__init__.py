"""Jobs: many reports through the spine, stopped and resumed at will; builds no spine of its own."""

from __future__ import annotations

from llm_extract.batch.executor import Plan, work_off
from llm_extract.batch.pipelines import ReportPipeline
from llm_extract.batch.progress import NO_TOKENS, RunSummary, Stage
from llm_extract.batch.runs import run_reports
from llm_extract.batch.stopper import INTERRUPTED, Stopper, stopped_by_signals

__all__ = [
    "INTERRUPTED",
    "NO_TOKENS",
    "Plan",
    "ReportPipeline",
    "RunSummary",
    "Stage",
    "Stopper",
    "run_reports",
    "stopped_by_signals",
    "work_off",
]
