"""The library's front: one report in, one record out, sync or async, the model kept between calls.

Everything that is asked of a model runs in one event loop in a thread of its own, so the sync and
the async calls are the same work and may be mixed; only the waiting differs.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from concurrent.futures import Future, wait
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Self

import anyio
import anyio.to_thread
from anyio.from_thread import BlockingPortal, start_blocking_portal

from llm_extract import record as envelope
from llm_extract.documents import (
    ReadOptions,
    Report,
    UnreadableReport,
    read_reports,
    report_from_text,
)
from llm_extract.documents.document import DOCUMENT_SUFFIXES
from llm_extract.documents.table import ROW_SUFFIXES
from llm_extract.documents.text import shown, stored_text
from llm_extract.errors import DocumentError, RecordsError
from llm_extract.export import to_frame
from llm_extract.numbers import read_ledger
from llm_extract.pipeline import DEFAULT_MODEL, DEFAULT_REPAIR, Pipeline, Settings, Strategy
from llm_extract.repair import Repair
from llm_extract.validators.culprits import examine
from llm_extract.validators.profiles import Profiles

if TYPE_CHECKING:
    import polars as pl

Source = str | os.PathLike[str] | Report
"""A report's text or the path of its file, or a report that was read before."""

_FILE_SUFFIXES = tuple((DOCUMENT_SUFFIXES | ROW_SUFFIXES) - {""})


class Record(envelope.Record):
    """A record as the library hands it out: it prints as a few lines and turns into a table.

    The fields are those of `llm_extract.record.Record`; offsets count characters of the stored
    text, `end` excluded. `Record.model_validate_json(line)` reads a line of a `records.jsonl`.
    """

    def to_frame(self) -> pl.DataFrame:
        """A row a claim or facility, with the columns of `llm_extract.export.frame.SCHEMA`.

        Several records make one table by `polars.concat([r.to_frame() for r in records])`.
        """
        return to_frame([self])

    def __repr__(self) -> str:
        return "\n".join(_lines(self))

    def __str__(self) -> str:
        return repr(self)


class Extractor:
    """Extracts records with one model, which is loaded once and kept until `close`.

    `model` names an entry of `models.toml`, `strategy` is auto, document, sentence or mention, and
    `prompt` is NAME or NAME@VERSION (None: the newest one of the strategy). `repair` says what is
    done about findings: off, ask, second or both (`pipeline.Settings`).

    The model is started by `with`, `async with` or the first call. `close` or the end of the `with`
    stops it, and the next call would start it again; a program that ends without it leaves no
    process behind. Safe to use from several threads and event loops; calls beyond what the model
    works on at once wait for their turn.

    Raises:
        ModelError, PromptError: at once, when model or prompt do not exist or do not fit the
            strategy.
    """

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        *,
        strategy: Strategy = "auto",
        prompt: str | None = None,
        repair: Repair = DEFAULT_REPAIR,
    ) -> None:
        self.settings = Settings(model=model, prompt=prompt, strategy=strategy, repair=repair)
        self._pipeline = Pipeline(self.settings)
        self._opened: ExitStack | None = None
        self._portal: BlockingPortal | None = None
        self._turns: anyio.CapacityLimiter | None = None
        self._running: set[Future[Record]] = set()
        self._lock = RLock()

    def extract(self, source: Source, published: date | str | None = None) -> Record:
        """The record of one report.

        A `Path` is a file. A `str` is a file when one of that name exists, else the text itself,
        unless it ends like a file name ("reports/may.txt"): then the file is missing. A file must
        hold one report; tables of reports are for `llm-extract run`. `published` (a date, or text
        as YYYY-MM-DD) is for reports that have no day of publication of their own.

        Trouble with the model while it reads gives a record with disposition `failed` that says
        why in `failure`; look at `disposition` before the absence of claims is taken for a finding.

        Raises:
            DocumentError: the file is missing or cannot be read, or there is no text.
            ModelError: the model cannot be started.
            ValueError: `published` is no date.
        """
        return _outcome(self._start(read_source(source, published)))

    async def extract_async(self, source: Source, published: date | str | None = None) -> Record:
        """`extract` for asyncio: the caller's loop goes on meanwhile; cancelling stops the work."""
        report = await anyio.to_thread.run_sync(read_source, source, published)
        return await asyncio.wrap_future(await anyio.to_thread.run_sync(self._start, report))

    def open(self) -> Self:
        """Start the model, unless it runs. Raises ModelError when it cannot be started."""
        with self._lock:
            if self._opened is None:
                with ExitStack() as stack:
                    portal = stack.enter_context(start_blocking_portal(name="llm-extract"))
                    stack.enter_context(portal.wrap_async_context_manager(self._pipeline))
                    self._turns = portal.call(anyio.CapacityLimiter, self._pipeline.slots)
                    self._portal, self._opened = portal, stack.pop_all()
        return self

    def close(self) -> None:
        """Stop the model when the calls that run are done; harmless when it is not started."""
        with self._lock:
            if self._opened is not None:
                wait(tuple(self._running))
                opened, self._opened, self._portal = self._opened, None, None
                opened.close()

    def _start(self, report: Report) -> Future[Record]:
        with self._lock:
            self.open()
            assert self._portal is not None
            future = self._portal.start_task_soon(self._extract, report)
            self._running.add(future)
            future.add_done_callback(self._running.discard)
        return future

    async def _extract(self, report: Report) -> Record:
        assert self._turns is not None
        async with self._turns:
            return Record(**dict(await self._pipeline.process(report)))

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return await anyio.to_thread.run_sync(self.open)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self.close)

    def __repr__(self) -> str:
        state = "open" if self._opened is not None else "closed"
        asked = self.settings
        named = f"{asked.model!r}, strategy={asked.strategy!r}, prompt={asked.prompt!r}, "
        named += f"repair={asked.repair!r}"
        return f"<Extractor {named}: {state}>"


def extract(
    source: Source,
    published: date | str | None = None,
    *,
    model: str = DEFAULT_MODEL,
    strategy: Strategy = "auto",
    prompt: str | None = None,
    repair: Repair = DEFAULT_REPAIR,
) -> Record:
    """The record of one report, with a model that is loaded for it alone; see `Extractor.extract`.

    For more than one report an `Extractor` loads the model once. Raises what both raise.
    """
    with Extractor(model, strategy=strategy, prompt=prompt, repair=repair) as extractor:
        return extractor.extract(source, published)


def check(
    record: envelope.Record, text: str, profiles: Profiles | None = None
) -> list[envelope.Finding]:
    """What the rules find in a record, which may have been changed by hand; asks no model.

    Findings carry the smallest changes that would close them, where there are any.

    `text` is the report that the record was made of. `profiles` say how claimants count
    (`validators.profiles.read_profiles`); None takes the package's own.

    Raises:
        RecordsError: the text is not that report, so that no offset would mean anything.
    """
    kept = stored_text(text)
    head = record.report
    report = Report(id=head.id, text=kept, source=head.source, language=head.language)
    if report.sha256 != head.sha256:
        raise RecordsError(
            f"the text is not the one that record {shown(head.id)!r} was made of: give the whole "
            "text of that report, unchanged"
        )
    return examine(record, kept, read_ledger(kept, head.language), profiles)


def read_source(source: Source, published: date | str | None = None) -> Report:
    """The one report that a source is or names, by the rules of `Extractor.extract`.

    Raises:
        DocumentError: the file is missing, unreadable or holds several reports; the text is empty.
        ValueError: `published` is no date.
    """
    day = _day(published)
    if isinstance(source, Report):
        return source if source.published or day is None else replace(source, published=day)
    if isinstance(source, str) and not _names_file(source):
        return report_from_text(source, published=day)
    place = os.fspath(source)
    if not os.path.isfile(place):
        raise DocumentError(
            f"{shown(place)}: there is no such file; check the path (one file at a time, folders "
            "are for llm-extract run)",
            code="missing",
        )
    # A lone dash would be the standard input.
    found = list(islice(read_reports(["./-" if place == "-" else place], ReadOptions(day)), 2))
    if len(found) > 1:
        raise DocumentError(
            f"{shown(place)}: holds more than one report; use llm-extract run, or give the texts "
            "one by one",
            code="several_reports",
        )
    report = found[0]
    if isinstance(report, UnreadableReport):
        raise DocumentError(report.message, code=report.code)
    return report


def _names_file(words: str) -> bool:
    """Whether a `str` is a path: of a file that is there, or of one that is only mistyped."""
    one_line = len(words) < 1024 and "\n" not in words
    return one_line and (os.path.isfile(words) or words.lower().endswith(_FILE_SUFFIXES))


def _day(published: date | str | None) -> date | None:
    if isinstance(published, str):
        try:
            return date.fromisoformat(published)
        except ValueError:
            raise ValueError(
                f"published must be a day as YYYY-MM-DD, not {shown(published)!r}"
            ) from None
    return published.date() if isinstance(published, datetime) else published


def _outcome(future: Future[Record]) -> Record:
    """The record when it is there; a Ctrl-C while waiting stops the work too."""
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


# --- how a record prints ----------------------------------------------------------------------


def _lines(record: envelope.Record) -> Iterable[str]:
    """A head, then a line a claim, facility and finding; report text is escaped where it steers."""
    head = record.report
    yield f"<Record {shown(head.id)}: {record.disposition}, {_summary(record)}>"
    if record.failure is not None:
        yield f"  {shown(record.failure.message, 400)}"
    for claim in record.claims:
        slots = claim.slots()
        total = slots.pop("total", None)
        parts = [f"{name.rpartition('subgroups.')[2]} {_number(c)}" for name, c in slots.items()]
        words = [claim.id, claim.outcome, *([_number(total)] if total else [])]
        words += [f"({', '.join(parts)})"] if parts else []
        yield f"  {' '.join(words)}{_circumstances(claim)}"
    for facility in record.facilities:
        number = f" {_number(facility.count)}" if facility.count else ""
        kinds = ", ".join(facility.kinds)
        yield f"  {facility.id} {facility.effect}{number} {kinds}{_circumstances(facility)}"
    for finding in record.findings:
        yield f"  {finding.rule} {finding.severity}: {shown(finding.message, 300)}"


def _summary(record: envelope.Record) -> str:
    numbers = [(len(record.claims), "claim"), (len(record.findings), "finding")]
    if record.facilities:
        numbers.insert(1, (len(record.facilities), "facility claim"))
    return ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for n, what in numbers)


def _circumstances(item: envelope.RecordClaim | envelope.RecordFacility) -> str:
    words = ""
    if item.part_of_id:
        words += f", part of {item.part_of_id}"
    if item.claimant:
        words += f", according to {shown(item.claimant)}"
    if item.perpetrators:
        words += f", by {shown('; '.join(item.perpetrators))}"
    return words


def _number(count: envelope.RecordCount) -> str:
    """The number with what qualifies it: `149`, `at least 62`, `15 to 17`; else the words."""
    if count.value is None:
        return shown(count.as_written)
    if count.upper is not None:
        return f"{count.value} to {count.upper}"
    plain = count.qualifier in ("exact", "range")
    return str(count.value) if plain else f"{count.qualifier.replace('_', ' ')} {count.value}"
