"""A pipeline that reads no report and asks no model, in the place of the real one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from typer.testing import CliRunner, Result

from llm_extract.cli import app
from llm_extract.cli import run as run_command
from llm_extract.documents.report import Report
from llm_extract.errors import ModelError
from llm_extract.export import read_records
from llm_extract.extraction.call import NO_BOOK, Book
from llm_extract.pipeline import Settings, WorkKey
from llm_extract.record import Record

EXAMPLE = Path(__file__).parents[1] / "export" / "example_records.jsonl"


class ScriptedPipeline:
    """Gives every report the claims of the example record, under the report's own head."""

    slots = 2
    prices = None
    down_since = None

    def __init__(self) -> None:
        self.settings = Settings()
        self.entered = 0
        self.processed: list[str] = []
        self.before: Callable[[Report], None] = lambda _: None
        self.missing_model = False
        self.seconds = 0.0
        self._example = next(iter(read_records(EXAMPLE)))

    async def __aenter__(self) -> None:
        if self.missing_model:
            raise ModelError("the weights are not here; run: llm-extract models pull")
        self.entered += 1

    async def __aexit__(self, *_exception: Any) -> None:
        return None

    def work_key(self, report: Report) -> WorkKey:
        return WorkKey(
            report_sha256=report.sha256,
            published=str(report.published or ""),
            prompt_hash="0f",
            model=self.settings.model,
            strategy=self.settings.strategy,
            package_version="0.1.0",
        )

    async def process(self, report: Report, party: str = "", book: Book = NO_BOOK) -> Record:
        self.before(report)
        await anyio.sleep(self.seconds)
        self.processed.append(report.id)
        own = {
            "id": report.id,
            "title": report.title,
            "source": report.source,
            "sha256": report.sha256,
            "published": report.published,
        }
        head = self._example.report.model_copy(update=own)
        return self._example.model_copy(update={"report": head})


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> ScriptedPipeline:
    scripted = ScriptedPipeline()

    def opened(settings: Settings) -> ScriptedPipeline:
        scripted.settings = settings
        return scripted

    monkeypatch.setattr(run_command, "open_pipeline", opened)
    return scripted


@pytest.fixture
def cli() -> Callable[..., Result]:
    """Runs the program with these arguments, as if its output went to a file."""

    def call(*arguments: object, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, [str(one) for one in arguments], input=stdin)

    return call


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """A folder with three short reports of our own."""
    folder = tmp_path / "reports"
    folder.mkdir()
    for name, text in {
        "a-market": "Four traders were killed at the market of Belkesh on Tuesday.",
        "b-bridge": "The bridge guard counted at least nine injured, three of them children.",
        "c-school": "Nobody was hurt when the school of Upper Dvar was shelled.",
    }.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder
