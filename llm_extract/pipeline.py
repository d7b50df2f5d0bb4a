"""The spine: one report in, one record out; a batch job, an eval run and a review are its visitors.

report → ledger of numbers → passages → model → record → validators → disposition.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version
from types import TracebackType
from typing import Any, Literal, Self

from anyio import to_thread

from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.errors import ModelError, PromptError
from llm_extract.extraction import claims, mention, questions
from llm_extract.extraction.call import (
    NO_BOOK,
    Book,
    Caller,
    Conversation,
    Deferred,
    Message,
    open_caller,
)
from llm_extract.extraction.figures import read_figures
from llm_extract.extraction.grounding import ground
from llm_extract.extraction.questions import Choice, Question
from llm_extract.extraction.reading import Reading
from llm_extract.extraction.understanding import Understanding
from llm_extract.models.catalogue import find_model
from llm_extract.models.endpoint import limits_of, open_endpoint_async
from llm_extract.models.pace import NoPace, Pace
from llm_extract.models.prices import price_of
from llm_extract.models.spec import Prices
from llm_extract.models.transport import Line
from llm_extract.models.watched import Listener, WatchedLine
from llm_extract.numbers import read_ledger
from llm_extract.numbers.mention import Ledger, Mention
from llm_extract.prompting import Prompt, PromptStrategy, PromptUse, load_prompt
from llm_extract.record import Failure, OtherReading, Provenance, Record, ReportHead
from llm_extract.repair import SECOND_PASSAGES, Reached, Repair, Repairs
from llm_extract.schema import SCHEMA_VERSION
from llm_extract.validators.catalogue import disposition
from llm_extract.validators.culprits import examine

Strategy = Literal["auto", "document", "sentence", "mention"]

DEFAULT_MODEL = "qwen2.5-coder-1.5b"

DEFAULT_REPAIR: Repair = "off"

SECOND: dict[PromptStrategy, PromptStrategy] = {
    "mention": "sentence",
    "sentence": "mention",
    "document": "mention",
}
"""Who is asked after whom: numbers by rule after claims that a model wrote, and the reverse."""

DEFERRED = "deferred"
"""Code of the passing failure of a report whose questions went into a provider's batch."""
_DEFERRED = Failure(code=DEFERRED, message="replies of the provider's batch are awaited")
LONG_BREATH_TOKENS = 16_000
"""Context from which a model is trusted with a whole report at once (strategy `auto`)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides a record besides its report; changing any of it makes another run.

    `prompt` is NAME or NAME@VERSION, None takes the newest prompt named like the strategy. `repair`
    says what is done about findings: `ask` puts them to the model as short questions, `second` has
    their passages read by another strategy, `both` does both, `off` leaves them to people.
    """

    model: str = DEFAULT_MODEL
    prompt: str | None = None
    strategy: Strategy = "auto"
    repair: Repair = DEFAULT_REPAIR


@dataclass(frozen=True, slots=True)
class WorkKey:
    """Identity of one piece of work; equal keys give equal records, so a repeat costs no call."""

    report_sha256: str
    published: str
    prompt_hash: str
    model: str
    strategy: str
    package_version: str
    repair: str = "off"


class Pipeline:
    """Makes records of reports; an async context manager that holds the model while it is open.

    `line` is the way that requests take, if they are not sent at once over HTTP. Raises ModelError
    or PromptError at once when the settings name what does not exist, and ModelError on entering
    when the model cannot be used.
    """

    def __init__(self, settings: Settings | None = None, line: Line | None = None) -> None:
        self.settings = settings or Settings()
        self._line = line
        self.spec = find_model(self.settings.model)
        self.slots = self.spec.most_in_flight
        self.pace = Pace(limits_of(self.spec))
        self._given = load_prompt(self.settings.prompt) if self.settings.prompt else None
        wanted = self.settings.strategy
        if self._given is not None and self._given.strategy == "repair":
            raise PromptError(
                f"prompt {self._given.ref} asks about findings and reads no report: name another "
                "prompt"
            )
        if self._given is not None and wanted not in ("auto", self._given.strategy):
            raise PromptError(
                f"prompt {self._given.ref} is for strategy {self._given.strategy!r}, not for "
                f"{wanted!r}: leave --strategy out or name another prompt"
            )
        self._stack = AsyncExitStack()
        self._caller: Caller | None = None
        self.listener: Listener | None = None
        """Who is told of each request that is sent at once; to be set before entering."""

    async def __aenter__(self) -> Self:
        endpoint = await self._stack.enter_async_context(open_endpoint_async(self.spec))
        if self._line is None:
            self._caller = await self._stack.enter_async_context(open_caller(endpoint, self.pace))
            if self.listener is not None:
                self._caller.line = WatchedLine(self._caller.line, self.listener)
        else:
            self._caller = Caller(endpoint, self._line, NoPace())
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
            assert self._given.strategy != "repair"
            return self._given.strategy
        if self.settings.strategy != "auto":
            return self.settings.strategy
        roomy = self.spec.kind == "endpoint" and self.spec.context_size >= LONG_BREATH_TOKENS
        # Two characters a token is the safe side in every script.
        return "document" if roomy and len(report.text) < self.spec.context_size else "mention"

    def identity(self) -> dict[str, Any]:
        """All that decides records besides their reports, as JSON: settings, prompts, the model.

        Prices and pace are no part of it: they change no record.
        """
        uses: tuple[PromptUse, ...] = ("document", "sentence", "mention", "repair")
        given = [self._given] if self._given is not None else []
        prompts = given + [_newest_prompt(use) for use in uses]
        ignored = {"description", "prices", "slots", "threads", "in_flight", "request_seconds"}
        ignored |= {"requests_per_minute", "tokens_per_minute", "enqueued_tokens"}
        return {
            "settings": asdict(self.settings),
            "prompts": [prompt.content_hash for prompt in prompts],
            "model": self.spec.model_dump(mode="json", exclude=ignored),
            "package_version": package_version(),
            "schema_version": SCHEMA_VERSION,
        }

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
            repair=self._repair_key(strategy),
        )

    @property
    def prices(self) -> Prices | None:
        """What the model's tokens cost, 0 for a local one; None: nobody knows."""
        return price_of(self.spec)

    @property
    def down_since(self) -> float | None:
        """Since when the model's server has given no answer at all, as `Pace.down_since`."""
        return self.pace.down_since

    async def process(self, report: Report, party: str = "", book: Book = NO_BOOK) -> Record:
        """The record of a report. Trouble with one report gives a failed record, never an error.

        `party` is the job it belongs to: a server's time is shared evenly among jobs. `book` is
        told of every request before it is sent.
        """
        if self._caller is None:
            raise RuntimeError("enter the pipeline before it is asked: async with Pipeline(...)")
        started = time.perf_counter()
        strategy = self.strategy_for(report)
        work = _Work(
            self._caller,
            report,
            read_ledger(report.text, report.language),
            Conversation(party=party, book=book),
        )
        reading = read_figures(report, work.ledger)
        understood = Understanding(reading, [], {})
        others: list[OtherReading] = []
        failure: Failure | None = None
        try:
            understood = await work.read(strategy, reading, self._prompt(strategy))
        except ModelError as error:
            failure = Failure(code=error.code, message=str(error))
        if work.conversation.deferred:
            # Before any failure: what was asked along with it will be paid for as well.
            failure = _DEFERRED
        prompt = self._prompt(strategy)
        provenance = Provenance(
            model=self.spec.name,
            prompt=prompt.ref,
            prompt_hash=prompt.content_hash,
            strategy=strategy,
            package_version=package_version(),
            schema_version=SCHEMA_VERSION,
            seconds=0.0,
            tokens=work.conversation.tokens(),
            calls=len(work.conversation.attempts),
            unread_mentions=understood.unread(),
            attempts=list(work.conversation.attempts),
            repair=self.settings.repair,
        )
        record = _envelope(report, provenance, failure)
        if failure is None:
            record = work.assembled_in(record, understood)
            findings = examine(record, report.text, work.ledger)
            record = record.model_copy(update={"findings": findings})
            if findings and self.settings.repair != "off":
                first = Reached(strategy, prompt.ref, understood, record)
                repairs = Repairs(work, report.text, work.ledger, work.conversation, first)
                with suppress(Deferred):
                    await repairs.follow_up(self.settings.repair)
                record, others = repairs.kept.record, repairs.others
                if work.conversation.deferred:
                    record, others = _envelope(report, provenance, _DEFERRED), []
        return _finished(record, report, work, others, time.perf_counter() - started)

    def _prompt(self, strategy: PromptStrategy) -> Prompt:
        return self._given if self._given is not None else _newest_prompt(strategy)

    def _repair_key(self, strategy: PromptStrategy) -> str:
        """What is done about findings and with which prompts, as in "both repair@1 sentence@1"."""
        mode = self.settings.repair
        asked = [_newest_prompt("repair")] if mode in ("ask", "both") else []
        second = [_newest_prompt(SECOND[strategy])] if mode in ("second", "both") else []
        return " ".join([mode, *(prompt.ref for prompt in (*asked, *second))])


@dataclass(slots=True)
class _Work:
    """One report while it is worked on: the model, what was said, and records of what was read."""

    caller: Caller
    report: Report
    ledger: Ledger
    conversation: Conversation

    async def read(
        self, strategy: PromptStrategy, reading: Reading, prompt: Prompt
    ) -> Understanding:
        """The report as a strategy understands it. Raises ModelError."""
        if strategy == "document":
            return await claims.read_by_document(reading, prompt, self.caller, self.conversation)
        await self._prime(_prefix(prompt, strategy))
        by = mention.read_by_mention if strategy == "mention" else claims.read_by_sentence
        return await by(reading, prompt, self.caller, self.conversation)

    async def ask(self, question: Question) -> Choice | None:
        """See `repair.Desk`."""
        prompt = _newest_prompt("repair")
        await self._prime(questions.example_messages(prompt))
        choice = await questions.ask(
            self.report.text, question, prompt, self.caller, self.conversation
        )
        self._unless_deferred()
        return choice

    async def read_again(
        self, first: Reached, mentions: Sequence[Mention], sentences: frozenset[int]
    ) -> Reached | None:
        """See `repair.Desk`."""
        strategy = SECOND[first.strategy]
        prompt = _newest_prompt(strategy)
        await self._prime(_prefix(prompt, strategy))
        reading = first.understanding.with_figures(mentions).reading
        by = (
            mention.read_again_by_mention
            if strategy == "mention"
            else claims.read_again_by_sentence
        )
        again, read = await by(
            reading, prompt, self.caller, self.conversation, sentences, SECOND_PASSAGES
        )
        self._unless_deferred()
        if not read:
            return None
        understood = first.understanding.joined(again, read)
        record = self.assembled(first, understood)
        assert record.provenance is not None
        made = {
            "strategy": strategy,
            "prompt": prompt.ref,
            "prompt_hash": prompt.content_hash,
        }
        provenance = record.provenance.model_copy(update=made)
        record = record.model_copy(update={"provenance": provenance})
        sentences_read = [s for s in reading.sentences if s.index in read]
        passages = tuple(f"{s.start}:{s.end}" for s in sentences_read)
        return Reached(strategy, prompt.ref, understood, record, passages=passages)

    def assembled(self, first: Reached, understanding: Understanding) -> Record:
        """See `repair.Desk`."""
        return self.assembled_in(first.record, understanding)

    def assembled_in(self, record: Record, understanding: Understanding) -> Record:
        """The record with what follows from an understanding, without findings."""
        found, places = ground(understanding.report(), self.report.text, self.ledger)
        assert record.provenance is not None
        unread = {"unread_mentions": understanding.unread()}
        return record.model_copy(
            update={
                "claims": found,
                "facilities": places,
                "findings": [],
                "provenance": record.provenance.model_copy(update=unread),
            }
        )

    def _unless_deferred(self) -> None:
        """What is asked next in a repair depends on this answer: Deferred when it is awaited."""
        if self.conversation.deferred:
            raise Deferred

    async def _prime(self, start: Sequence[Message]) -> None:
        if self.caller.endpoint.primes:
            # Reading the shared start may take seconds, in which the loop has other work.
            await to_thread.run_sync(self.caller.endpoint.prime, start)


@lru_cache(maxsize=8)
def _newest_prompt(name: str) -> Prompt:
    return load_prompt(name)


def _prefix(prompt: Prompt, strategy: PromptStrategy) -> Sequence[Message]:
    if strategy == "mention":
        return mention.example_messages(prompt)
    return claims.example_messages(prompt)


@lru_cache(maxsize=1)
def package_version() -> str:
    """The version of this package, which is part of every record."""
    return version("llm_extract")


def _envelope(report: Report, provenance: Provenance, failure: Failure | None) -> Record:
    """The record of a report before anything of it was read."""
    return Record(
        report=head_of(report),
        claims=[],
        facilities=[],
        findings=[],
        disposition="failed" if failure is not None else "clean",
        failure=failure,
        provenance=provenance,
    )


def _finished(
    record: Record, report: Report, work: _Work, others: list[OtherReading], seconds: float
) -> Record:
    """The record with all that was asked for it, its findings and its disposition."""
    assert record.provenance is not None
    conversation = work.conversation
    provenance = record.provenance.model_copy(
        update={
            "seconds": seconds,
            "tokens": conversation.tokens(),
            "calls": len(conversation.attempts),
            "attempts": conversation.attempts,
            "readings": others,
        }
    )
    asked_again = len(conversation.attempts) > len(record.provenance.attempts)
    record = record.model_copy(update={"provenance": provenance})
    if record.failure is not None:
        return record
    findings = record.findings
    if asked_again or others:
        findings = examine(record, report.text, work.ledger)
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
