"""Inputs to reports: one `Report` or one `UnreadableReport` for each, it never raises for one."""

from __future__ import annotations

import hashlib
import json
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import BinaryIO

from llm_extract.documents.document import (
    DOCUMENT_SUFFIXES,
    read_capped,
    read_document,
    refuse_size,
    refuse_unseen,
    report_of,
    sniffed,
)
from llm_extract.documents.inputs import InputFile, MissingInput, find_files, suffix_of
from llm_extract.documents.language import detect_language
from llm_extract.documents.options import ReadOptions
from llm_extract.documents.pending import READ_ERRORS, PendingReport, refusal
from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.documents.rows import peekable
from llm_extract.documents.table import ROW_SUFFIXES, file_rows, streamed_rows
from llm_extract.documents.text import SAMPLE_BYTES, shown, stored_text
from llm_extract.documents.unique import UniqueIds
from llm_extract.errors import DocumentError

MAX_ID_BYTES, MAX_SOURCE_BYTES = 800, 1600
"""Longest id and source in UTF-8: a store finds reports by both, and PostgreSQL takes 2,704 bytes
into an entry of an index."""

_UNKNOWN_ID = 12
"""Hex digits of the digest that names a text without an id: no clash below millions of texts."""


def read_reports(
    inputs: Sequence[str], options: ReadOptions | None = None, *, skip: int = 0
) -> Iterator[Report | UnreadableReport]:
    """Every report of `inputs`: paths, folders, globs, or "-" for the standard input.

    Nothing that is wrong with an input raises: it comes out as an `UnreadableReport` in its place
    and the others follow. Every id is given once in a run: a second report of the same id is
    unreadable with code `duplicate_id`. Ids and sources beyond `MAX_ID_BYTES` and
    `MAX_SOURCE_BYTES` are cut and end in a digest. Row files are streamed, and the names of files
    and the ids given are kept on disk. A document's own date (html, rows) wins over
    `options.published`.

    The first `skip` reports are left out as if they had been taken: those after them are the same
    as without it. Their documents are not opened and their rows not looked at but for their ids.

    Raises `DocumentError` (`no_room`) when the disk has no room for the names or ids.
    """
    options = options or ReadOptions()
    position = 0
    with UniqueIds() as ids, closing(find_files(inputs, options)) as files:
        for item in files:
            for pending in _pending(item, options):
                fresh = ids.take(_within(pending.id, MAX_ID_BYTES))
                if position >= skip:
                    yield _under_id(fresh, _bounded(pending.make()))
                position += 1


def report_from_text(
    text: str, *, id: str | None = None, published: date | None = None, title: str | None = None
) -> Report:
    """A report of a text in memory; `id` None names it by the text ("text-" and 12 hex digits).

    Raises `DocumentError` with code `empty` or `blank` where there is nothing to read.
    """
    kept = stored_text(text)
    refuse_unseen(kept)
    if id is None:
        digest = hashlib.sha256(kept.encode("utf-8")).hexdigest()
        id = f"text-{digest[:_UNKNOWN_ID]}"
    return Report(
        id=stored_text(id),
        text=kept,
        source="text",
        title=stored_text(title) if title else None,
        published=published,
        language=detect_language(kept),
    )


def _bounded(found: Report | UnreadableReport) -> Report | UnreadableReport:
    id, source = _within(found.id, MAX_ID_BYTES), _within(found.source, MAX_SOURCE_BYTES)
    same = (id, source) == (found.id, found.source)
    return found if same else replace(found, id=id, source=source)


def _within(words: str, most: int) -> str:
    """`words` in at most `most` bytes of UTF-8; what is longer ends in "…" and a digest of all."""
    raw = words.encode("utf-8")
    if len(raw) <= most:
        return words
    ending = f"…{hashlib.sha256(raw).hexdigest()[:_UNKNOWN_ID]}"
    return raw[: most - len(ending.encode("utf-8"))].decode("utf-8", "ignore") + ending


def _under_id(fresh: str, found: Report | UnreadableReport) -> Report | UnreadableReport:
    """`found`, or what stands for it when its id was given before."""
    if found.id == fresh:
        return found
    if isinstance(found, UnreadableReport):
        return replace(found, id=fresh)
    return UnreadableReport(
        *(fresh, found.source, "duplicate_id"),
        f"{shown(found.source)}: the id {shown(found.id)!r} was read before in this run and "
        "only the first is kept; give each report its own id",
    )


def _pending(item: InputFile | MissingInput, options: ReadOptions) -> Iterator[PendingReport]:
    """The reports of one input. What breaks a file of rows half way is one more of them."""
    if isinstance(item, MissingInput):
        missing = UnreadableReport(item.id, item.source, item.code, item.message)
        yield PendingReport(item.id, lambda: missing)
        return
    try:
        if item.path is None:
            yield from _of_stdin(item, options)
        else:
            yield from _of_file(item, item.path, options)
    except READ_ERRORS as error:
        broken = refusal(item, error)
        yield PendingReport(item.id, lambda: broken)


def _of_file(item: InputFile, path: Path, options: ReadOptions) -> Iterator[PendingReport]:
    suffix = suffix_of(path)
    if suffix in ROW_SUFFIXES:
        _refuse_special(path)
        yield from file_rows(item, path, suffix, options)
    else:
        yield PendingReport(item.id, partial(_file_report, item, path, suffix, options))


def _file_report(
    item: InputFile, path: Path, suffix: str, options: ReadOptions
) -> Report | UnreadableReport:
    try:
        _refuse_special(path)
        if suffix not in DOCUMENT_SUFFIXES:
            raise DocumentError(
                f"the type {shown(suffix)!r} is not read; save it as txt, html, docx, pdf or csv",
                code="unsupported",
            )
        raw = read_capped(path, options.max_bytes)
        return report_of(item, read_document(item, raw, suffix, options), options)
    except READ_ERRORS as error:
        return refusal(item, error)


def _refuse_special(path: Path) -> None:
    if not stat.S_ISREG(path.stat().st_mode):
        raise DocumentError("is not a regular file; copy its content to one", code="unsupported")


def _of_stdin(item: InputFile, options: ReadOptions) -> Iterator[PendingReport]:
    """Rows when the first line is a JSON object, else one text."""
    stream = peekable(options.stdin or sys.stdin.buffer)
    if _starts_with_object(stream.peek(SAMPLE_BYTES)):
        options.notice("stdin: the first line is a JSON object, read as jsonl")
        yield from streamed_rows(item, stream, ".jsonl", options)
    else:
        yield PendingReport(item.id, partial(_stream_report, item, stream, options))


def _stream_report(
    item: InputFile, stream: BinaryIO, options: ReadOptions
) -> Report | UnreadableReport:
    try:
        raw = stream.read(options.max_bytes + 1)
        refuse_size(len(raw), options.max_bytes)
        return report_of(item, read_document(item, raw, sniffed(raw), options), options)
    except READ_ERRORS as error:
        return refusal(item, error)


def _starts_with_object(head: bytes) -> bool:
    line, end, _ = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    if not line.startswith(b"{"):
        return False
    if not end and len(head) >= SAMPLE_BYTES:
        return True
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
