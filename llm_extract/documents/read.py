"""Inputs to reports: one `Report` or one `UnreadableReport` for each, it never raises for one."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO

from llm_extract.documents.columns import choose_columns, columns_notice, read_row, row_id
from llm_extract.documents.inputs import InputFile, MissingInput, find_files, suffix_of
from llm_extract.documents.language import detect_language
from llm_extract.documents.options import ReadOptions
from llm_extract.documents.pdf import read_pdf
from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.documents.rows import (
    BrokenRow,
    PlacedRow,
    TextStream,
    csv_rows,
    json_rows,
    jsonl_rows,
    open_text,
    parquet_rows,
    peekable,
)
from llm_extract.documents.text import SAMPLE_BYTES, choose_decoding, is_blank, shown, stored_text
from llm_extract.documents.web import declared_charset, read_web
from llm_extract.documents.word import read_word
from llm_extract.errors import DocumentError

TEXT_SUFFIXES = frozenset({"", ".txt", ".text", ".md", ".markdown"})
WEB_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})
DOCUMENT_SUFFIXES = TEXT_SUFFIXES | WEB_SUFFIXES | {".pdf", ".docx"}
ROW_SUFFIXES = frozenset(
    {".jsonl", ".ndjson", ".csv", ".tsv", ".jsonl.gz", ".ndjson.gz", ".csv.gz", ".tsv.gz"}
)

MAX_ID_BYTES, MAX_SOURCE_BYTES = 800, 1600
"""Longest id and source in UTF-8: a store finds reports by both, and PostgreSQL takes 2,704 bytes
into an entry of an index."""

_SAMPLE_ROWS = 10
"""Rows whose column names are looked at before the first one is read."""

_HTML_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)

_UNKNOWN_ID = 12
"""Hex digits of the digest that names a text without an id: no clash below millions of texts."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a document holds before its text is normalised; None where it does not say."""

    text: str
    title: str | None = None
    published: date | None = None


def read_reports(
    inputs: Sequence[str], options: ReadOptions | None = None
) -> Iterator[Report | UnreadableReport]:
    """Every report of `inputs`: paths, folders, globs, or "-" for the standard input.

    Nothing that is wrong with an input raises: it comes out as an `UnreadableReport` in its place
    and the others follow. Every id is given once in a run: a second report of the same id is
    unreadable with code `duplicate_id`. Ids and sources beyond `MAX_ID_BYTES` and
    `MAX_SOURCE_BYTES` are cut and end in a digest. Row files are streamed. A document's own date
    (html, rows) wins over `options.published`.
    """
    options = options or ReadOptions()
    seen: dict[str, int] = {}
    for item in find_files(inputs, options):
        for found in _reports(item, options):
            id, source = _within(found.id, MAX_ID_BYTES), _within(found.source, MAX_SOURCE_BYTES)
            if (id, source) != (found.id, found.source):
                found = replace(found, id=id, source=source)
            yield _with_unique_id(found, seen)


def report_from_text(
    text: str, *, id: str | None = None, published: date | None = None, title: str | None = None
) -> Report:
    """A report of a text in memory; `id` None names it by the text ("text-" and 12 hex digits).

    Raises `DocumentError` with code `empty` or `blank` where there is nothing to read.
    """
    kept = stored_text(text)
    _refuse_unseen(kept)
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


def _within(words: str, most: int) -> str:
    """`words` in at most `most` bytes of UTF-8; what is longer ends in "…" and a digest of all."""
    raw = words.encode("utf-8")
    if len(raw) <= most:
        return words
    ending = f"…{hashlib.sha256(raw).hexdigest()[:_UNKNOWN_ID]}"
    return raw[: most - len(ending.encode("utf-8"))].decode("utf-8", "ignore") + ending


def _with_unique_id(
    found: Report | UnreadableReport, seen: dict[str, int]
) -> Report | UnreadableReport:
    """`found`, or what stands for it when its id was given before; `seen` counts uses of an id."""
    if found.id not in seen:
        seen[found.id] = 1
        return found
    fresh = found.id
    while fresh in seen:
        seen[found.id] += 1
        fresh = f"{found.id}~{seen[found.id]}"
    seen[fresh] = 1
    if isinstance(found, UnreadableReport):
        return replace(found, id=fresh)
    return UnreadableReport(
        *(fresh, found.source, "duplicate_id"),
        f"{shown(found.source)}: the id {shown(found.id)!r} was read before in this run and "
        "only the first is kept; give each report its own id",
    )


def _reports(
    item: InputFile | MissingInput, options: ReadOptions
) -> Iterator[Report | UnreadableReport]:
    if isinstance(item, MissingInput):
        yield UnreadableReport(item.id, item.source, item.code, item.message)
        return
    try:
        if item.path is None:
            yield from _stdin_reports(item, options)
        else:
            yield from _file_reports(item, item.path, options)
    except DocumentError as error:
        yield _unreadable(item, error.code, str(error))
    except PermissionError:
        yield _unreadable(item, "no_permission", "reading is not permitted; allow it")
    except FileNotFoundError:
        yield _unreadable(item, "missing", "does not exist; check the path")
    except UnicodeError:
        yield _unreadable(item, "undecodable", "its bytes break the encoding; save it as UTF-8")
    except OSError as error:
        why = shown(error.strerror or str(error))
        yield _unreadable(item, "io_error", f"can't be read ({why}); check the disk and try again")


def _unreadable(item: InputFile, code: str, why: str) -> UnreadableReport:
    return UnreadableReport(item.id, item.source, code, f"{shown(item.source)}: {why}")


def _file_reports(
    item: InputFile, path: Path, options: ReadOptions
) -> Iterator[Report | UnreadableReport]:
    suffix = suffix_of(path)
    if not stat.S_ISREG(path.stat().st_mode):
        raise DocumentError("is not a regular file; copy its content to one", code="unsupported")
    if suffix in ROW_SUFFIXES:
        with open(path, "rb") as stream:
            yield from _streamed_rows(item, stream, suffix, options)
    elif suffix == ".parquet":
        with open(path, "rb"):
            pass
        yield from _row_reports(item, parquet_rows(str(path)), options)
    elif suffix == ".json":
        text = _decoded(item, _read_capped(path, options.max_bytes), options)
        yield from _row_reports(item, json_rows(text.removeprefix("\ufeff")), options)
    elif suffix in DOCUMENT_SUFFIXES:
        raw = _read_capped(path, options.max_bytes)
        yield _report(item, _document(item, raw, suffix, options), options)
    else:
        raise DocumentError(
            f"the type {shown(suffix)!r} is not read; save it as txt, html, docx, pdf or csv",
            code="unsupported",
        )


def _stdin_reports(item: InputFile, options: ReadOptions) -> Iterator[Report | UnreadableReport]:
    """Rows when the first line is a JSON object, else one text."""
    stream = peekable(options.stdin or sys.stdin.buffer)
    if _starts_with_object(stream.peek(SAMPLE_BYTES)):
        options.notice("stdin: the first line is a JSON object, read as jsonl")
        yield from _streamed_rows(item, stream, ".jsonl", options)
    else:
        raw = stream.read(options.max_bytes + 1)
        _refuse_size(len(raw), options.max_bytes)
        yield _report(item, _document(item, raw, _sniffed(raw), options), options)


def _sniffed(raw: bytes) -> str:
    """The suffix of a document that comes without a name."""
    if raw.startswith(b"%PDF-"):
        return ".pdf"
    return ".html" if _HTML_HEAD.match(raw) else ".txt"


def _document(item: InputFile, raw: bytes, suffix: str, options: ReadOptions) -> Document:
    if not raw:
        raise DocumentError("is empty; leave it out or fill it", code="empty")
    if suffix == ".pdf":
        pdf = read_pdf(raw, options.max_bytes)
        if pdf.pages_without_text:
            pages = ", ".join(map(str, pdf.pages_without_text[:20]))
            options.notice(f"{shown(item.source)}: no text on page {pages}; if scanned, run OCR")
        return Document(pdf.text)
    if suffix == ".docx":
        word = read_word(raw)
        return Document(word.text, word.title)
    if suffix in WEB_SUFFIXES:
        web = read_web(_decoded(item, raw, options, declared_charset(raw)))
        if web.unseen:
            options.notice(
                f"{shown(item.source)}: left out {len(web.unseen)} of its passages, which the page "
                f"hides from readers; the first begins {shown(web.unseen[0], 60)!r}"
            )
        return Document(web.text, web.title, web.published)
    return Document(_decoded(item, raw, options))


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


def _read_capped(path: Path, max_bytes: int) -> bytes:
    with open(path, "rb") as stream:
        raw = stream.read(max_bytes + 1)
    _refuse_size(len(raw), max_bytes)
    return raw


def _refuse_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise DocumentError(
            f"larger than {max_bytes:,} bytes; split it or raise the cap", code="too_large"
        )


def _refuse_unseen(text: str) -> None:
    if not text:
        raise DocumentError("is empty; leave it out or fill it", code="empty")
    if is_blank(text):
        raise DocumentError("holds nothing but white space; leave it out", code="blank")


def _decoded(item: InputFile, raw: bytes, options: ReadOptions, declared: str | None = None) -> str:
    decoding = choose_decoding(raw, whole=True, declared=declared)
    if decoding.guessed:
        options.notice(f"{shown(item.source)}: read as {decoding.codec}, which is a guess")
    return raw.decode(decoding.codec, "strict")


def _report(item: InputFile, document: Document, options: ReadOptions) -> Report:
    text = stored_text(document.text)
    _refuse_unseen(text)
    return Report(
        id=item.id,
        text=text,
        source=item.source,
        title=stored_text(document.title) if document.title else None,
        published=document.published or options.published,
        language=detect_language(text),
    )


def _streamed_rows(
    item: InputFile, stream: BinaryIO, suffix: str, options: ReadOptions
) -> Iterator[Report | UnreadableReport]:
    opened: TextStream = open_text(stream, gzipped=suffix.endswith(".gz"))
    if opened.decoding.guessed:
        options.notice(f"{shown(item.source)}: read as {opened.decoding.codec}, which is a guess")
    kind = suffix.removesuffix(".gz")
    if kind == ".csv":
        rows = csv_rows(opened.lines, options.max_bytes)
    elif kind == ".tsv":
        rows = csv_rows(opened.lines, options.max_bytes, "\t")
    else:
        rows = jsonl_rows(opened.lines, options.max_bytes)
    yield from _row_reports(item, rows, options)


def _row_reports(
    item: InputFile, rows: Iterator[PlacedRow | BrokenRow], options: ReadOptions
) -> Iterator[Report | UnreadableReport]:
    """Reports of the rows. What breaks the file half way is said in one more unreadable report."""
    sample = list(itertools.islice(rows, _SAMPLE_ROWS))
    cells = [row.cells for row in sample if isinstance(row, PlacedRow)]
    if not sample:
        raise DocumentError("holds no rows; leave it out or fill it", code="empty")
    columns = choose_columns(cells, options) if cells else None
    words = columns_notice(columns, options) if columns else None
    if words:
        options.notice(f"{shown(item.source)}: {words}")
    for row in itertools.chain(sample, rows):
        placed = replace(item, id=f"{item.id}:{row.number}", source=f"{item.source} {row.place}")
        if isinstance(row, BrokenRow):
            yield _unreadable(placed, row.code, row.message)
            continue
        if columns is None:
            columns = choose_columns([row.cells], options)
        own_id = row_id(row.cells, columns)
        if own_id is not None:
            placed = replace(placed, id=stored_text(own_id))
        try:
            found = read_row(row.cells, columns)
            _refuse_size(len(found.text.encode("utf-8", "surrogatepass")), options.max_bytes)
            document = Document(found.text, found.title, found.published)
            report = _report(placed, document, options)
        except DocumentError as error:
            yield _unreadable(placed, error.code, str(error))
        else:
            yield replace(report, language=found.language) if found.language else report
