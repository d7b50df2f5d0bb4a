"""The spine: one report in, one record out; a batch job, an eval run and a review are its visitors.

report → ledger of numbers → passages → model → record → validators → disposition.
"""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from types import TracebackType
from typing import Literal, Self

from anyio import to_thread

from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.errors import ModelError, PromptError
from llm_extract.extraction import claims, mention
from llm_extract.extraction.call import Caller, Conversation, Message
from llm_extract.extraction.figures import read_figures
from llm_extract.extraction.grounding import ground
from llm_extract.extraction.reading import Reading
from llm_extract.models.catalogue import find_model
from llm_extract.models.endpoint import open_endpoint_async
from llm_extract.numbers import read_ledger
from llm_extract.numbers.mention import Ledger
from llm_extract.prompting import Prompt, PromptStrategy, load_prompt
from llm_extract.record import Failure, Provenance, Record, ReportHead
from llm_extract.schema import SCHEMA_VERSION, CasualtyReport
from llm_extract.validators.catalogue import disposition
from llm_extract.validators.culprits import examine

Strategy = Literal["auto", "document", "sentence", "mention"]

DEFAULT_MODEL = "qwen2.5-coder-1.5b"

ENDPOINT_SLOTS = 8
"""Reports worked on at once where a server of one's own or a hosted one answers."""
LONG_BREATH_TOKENS = 16_000
"""Context from which a model is trusted with a whole report at once (strategy `auto`)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides a record besides its report; changing any of it makes another run.

    `prompt` is NAME or NAME@VERSION, None takes the newest prompt named like the strategy.
    """

    model: str = DEFAULT_MODEL
    prompt: str | None = None
    strategy: Strategy = "auto"


@dataclass(frozen=True, slots=True)
class WorkKey:
    """Identity of one piece of work; equal keys give equal records, so a repeat costs no call."""

    report_sha256: str
    published: str
    prompt_hash: str
    model: str
    strategy: str
    package_version: str


class Pipeline:
    """Makes records of reports; an async context manager that holds the model while it is open.

    Raises ModelError or PromptError at once when the settings name what does not exist, and
    ModelError on entering when the model cannot be used.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.spec = find_model(self.settings.model)
        self.slots = self.spec.slots if self.spec.kind == "local" else ENDPOINT_SLOTS
        self._given = load_prompt(self.settings.prompt) if self.settings.prompt else None
        wanted = self.settings.strategy
        if self._given is not None and wanted not in ("auto", self._given.strategy):
            raise PromptError(
                f"prompt {self._given.ref} is for strategy {self._given.strategy!r}, not for "
                f"{wanted!r}: leave --strategy out or name another prompt"
            )
        self._stack = AsyncExitStack()
        self._caller: Caller | None = None

    async def __aenter__(self) -> Self:
        endpoint = await self._stack.enter_async_context(open_endpoint_async(self.spec))
        self._caller = await self._stack.enter_async_context(Caller(endpoint))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._caller = None
        await self._stack.aclose()

    def strategy_for(self, report: Report) -> PromptStrategy:
        """The strategy that reads this report: the one asked for, or the one that fits the model.

        Small local models are asked about mentions; models with a long breath read the whole
        report, unless it would fill more than half of their context.
        """
        if self._given is not None:
            return self._given.strategy
        if self.settings.strategy != "auto":
            return self.settings.strategy
        roomy = self.spec.kind == "endpoint" and self.spec.context_size >= LONG_BREATH_TOKENS
        # Two characters a token is the safe side in every script.
        return "document" if roomy and len(report.text) < self.spec.context_size else "mention"

    def work_key(self, report: Report) -> WorkKey:
        """Identity of the work on a report; needs no model."""
        strategy = self.strategy_for(report)
        return WorkKey(
            report_sha256=report.sha256,
            published=report.published.isoformat() if report.published else "",
            prompt_hash=self._prompt(strategy).content_hash,
            model=self.spec.name,
            strategy=strategy,
            package_version=package_version(),
        )

    async def process(self, report: Report) -> Record:
        """The record of a report. Trouble with one report gives a failed record, never an error."""
        if self._caller is None:
            raise RuntimeError("enter the pipeline before it is asked: async with Pipeline(...)")
        started = time.perf_counter()
        strategy = self.strategy_for(report)
        prompt = self._prompt(strategy)
        ledger = read_ledger(report.text, report.language)
        reading = read_figures(report, ledger)
        conversation = Conversation()
        extracted = CasualtyReport(claims=[], facilities=[])
        failure: Failure | None = None
        try:
            extracted = await self._read(strategy, reading, prompt, conversation)
        except ModelError as error:
            failure = Failure(code=error.code, message=str(error))
        provenance = Provenance(
            model=self.spec.name,
            prompt=prompt.ref,
            prompt_hash=prompt.content_hash,
            strategy=strategy,
            package_version=package_version(),
            schema_version=SCHEMA_VERSION,
            seconds=time.perf_counter() - started,
            tokens=conversation.tokens(),
            calls=len(conversation.attempts),
            unread_mentions=_unread(reading),
            attempts=conversation.attempts,
        )
        return _record(report, ledger, extracted, provenance, failure)

    async def _read(
        self,
        strategy: PromptStrategy,
        reading: Reading,
        prompt: Prompt,
        conversation: Conversation,
    ) -> CasualtyReport:
        assert self._caller is not None
        if strategy != "document":
            # Reading the shared start may take seconds, in which the loop has other work.
            await to_thread.run_sync(self._caller.endpoint.prime, _prefix(prompt, strategy))
        if strategy == "mention":
            return await mention.read_by_mention(reading, prompt, self._caller, conversation)
        if strategy == "sentence":
            return await claims.read_by_sentence(reading, prompt, self._caller, conversation)
        return await claims.read_by_document(reading, prompt, self._caller, conversation)

    def _prompt(self, strategy: PromptStrategy) -> Prompt:
        return self._given if self._given is not None else _newest_prompt(strategy)


@lru_cache(maxsize=8)
def _newest_prompt(name: str) -> Prompt:
    return load_prompt(name)


def _prefix(prompt: Prompt, strategy: PromptStrategy) -> list[Message]:
    if strategy == "mention":
        return mention.example_messages(prompt)
    return claims.example_messages(prompt)


@lru_cache(maxsize=1)
def package_version() -> str:
    """The version of this package, which is part of every record."""
    return version("llm_extract")


def _unread(reading: Reading) -> list[str]:
    """Mentions that are listed as not about people or places, as START:END."""
    listed = [
        *reading.unread,
        *(f.mention for f in reading.figures if f.superseded or f.facility),
    ]
    return [f"{m.start}:{m.end}" for m in sorted(listed, key=lambda m: m.start)]


def _record(
    report: Report,
    ledger: Ledger,
    extracted: CasualtyReport,
    provenance: Provenance,
    failure: Failure | None,
) -> Record:
    """The envelope with its findings and its disposition."""
    found, places = ground(extracted, report.text, ledger)
    record = Record(
        report=head_of(report),
        claims=found,
        facilities=places,
        findings=[],
        disposition="failed" if failure is not None else "clean",
        failure=failure,
        provenance=provenance,
    )
    if failure is not None:
        return record
    findings = examine(record, report.text, ledger)
    return record.model_copy(update={"findings": findings, "disposition": disposition(findings)})


def head_of(report: Report) -> ReportHead:
    """What a record says of its report."""
    return ReportHead(
        id=report.id,
        title=report.title,
        source=report.source,
        sha256=report.sha256,
        characters=len(report.text),
        published=report.published,
        language=report.language,
    )


def unread_record(unreadable: UnreadableReport) -> Record:
    """The failed record of an input that gave no report."""
    return Record(
        report=ReportHead(
            id=unreadable.id,
            title=None,
            source=unreadable.source,
            sha256="",
            characters=0,
            published=None,
            language=None,
        ),
        claims=[],
        facilities=[],
        findings=[],
        disposition="failed",
        failure=Failure(code=unreadable.code, message=unreadable.message),
        provenance=None,
    )
