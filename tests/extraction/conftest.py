"""A report read by one strategy against a scripted server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from typing import Any

import anyio
import pytest
from pydantic import SecretStr
from scripted_server import Script, ScriptedServer

from llm_extract.documents import report_from_text
from llm_extract.extraction import claims, mention
from llm_extract.extraction.call import Conversation, open_caller
from llm_extract.extraction.figures import read_figures
from llm_extract.extraction.reading import Reading
from llm_extract.extraction.understanding import Understanding
from llm_extract.models.endpoint import Endpoint
from llm_extract.models.spec import ModelSpec
from llm_extract.numbers import read_ledger
from llm_extract.prompting import PromptStrategy, load_prompt
from llm_extract.schema import CasualtyReport

STRATEGIES = {
    "mention": mention.read_by_mention,
    "sentence": claims.read_by_sentence,
    "document": claims.read_by_document,
}
PUBLISHED = date(2026, 3, 5)


def read(text: str) -> Reading:
    """The figures of a text, before any model is asked."""
    report = report_from_text(text, published=PUBLISHED)
    return read_figures(report, read_ledger(report.text, report.language))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one report: its claims, what the server was asked, what was noted."""

    report: CasualtyReport
    server: ScriptedServer
    conversation: Conversation

    def numbers(self) -> list[tuple[str, int | None]]:
        """Outcome and total of every claim."""
        return [(c.outcome, c.total.value if c.total else None) for c in self.report.claims]


@pytest.fixture
def reading() -> Callable[[str], Reading]:
    return read


@pytest.fixture
def extract() -> Iterator[Callable[..., Outcome]]:
    """Reads a text by a strategy while a server gives the replies of the script."""
    with ExitStack() as stack:

        def run(strategy: PromptStrategy, text: str, script: Script) -> Outcome:
            server = stack.enter_context(ScriptedServer(script))
            spec = ModelSpec(
                name="desk",
                kind="endpoint",
                model="scripted",
                base_url=server.base_url,
                context_size=16_000,
            )
            endpoint = Endpoint(server.base_url, SecretStr("none"), "scripted", spec)
            conversation = Conversation()

            async def work() -> CasualtyReport:
                async with open_caller(endpoint) as caller:
                    by: Any = STRATEGIES[strategy]
                    understood: Understanding = await by(
                        read(text), load_prompt(strategy), caller, conversation
                    )
                    return understood.report()

            return Outcome(anyio.run(work), server, conversation)

        yield run
