"""The bytes of one document, a text, page, PDF or Word file, to one report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from llm_extract.documents.inputs import InputFile
from llm_extract.documents.language import detect_language
from llm_extract.documents.options import ReadOptions
from llm_extract.documents.pdf import read_pdf
from llm_extract.documents.report import Report
from llm_extract.documents.text import choose_decoding, is_blank, shown, stored_text
from llm_extract.documents.web import declared_charset, read_web
from llm_extract.documents.word import read_word
from llm_extract.errors import DocumentError

TEXT_SUFFIXES = frozenset({"", ".txt", ".text", ".md", ".markdown"})
WEB_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})
DOCUMENT_SUFFIXES = TEXT_SUFFIXES | WEB_SUFFIXES | {".pdf", ".docx"}

_HTML_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """What a document holds before its text is normalised; None where it does not say."""

    text: str
    title: str | None = None
    published: date | None = None
    language: str | None = None


def read_document(item: InputFile, raw: bytes, suffix: str, options: ReadOptions) -> Document:
    """What a document of type `suffix` holds. Raises `DocumentError`."""
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
        web = read_web(decoded(item, raw, options, declared_charset(raw)))
        if web.unseen:
            options.notice(
                f"{shown(item.source)}: left out {len(web.unseen)} of its passages, which the page "
                f"hides from readers; the first begins {shown(web.unseen[0], 60)!r}"
            )
        return Document(web.text, web.title, web.published)
    return Document(decoded(item, raw, options))


def report_of(item: InputFile, document: Document, options: ReadOptions) -> Report:
    """The report that `document` makes. Raises `DocumentError` (`empty`, `blank`)."""
    text = stored_text(document.text)
    refuse_unseen(text)
    return Report(
        id=item.id,
        text=text,
        source=item.source,
        title=stored_text(document.title) if document.title else None,
        published=document.published or options.published,
        language=document.language or detect_language(text),
    )


def sniffed(raw: bytes) -> str:
    """The suffix of a document that comes without a name."""
    if raw.startswith(b"%PDF-"):
        return ".pdf"
    return ".html" if _HTML_HEAD.match(raw) else ".txt"


def read_capped(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file. Raises `DocumentError` (`too_large`) above `max_bytes`."""
    with open(path, "rb") as stream:
        raw = stream.read(max_bytes + 1)
    refuse_size(len(raw), max_bytes)
    return raw


def decoded(item: InputFile, raw: bytes, options: ReadOptions, declared: str | None = None) -> str:
    """`raw` as text, with a notice when its encoding is a guess. Raises `DocumentError`."""
    decoding = choose_decoding(raw, whole=True, declared=declared)
    if decoding.guessed:
        options.notice(f"{shown(item.source)}: read as {decoding.codec}, which is a guess")
    return raw.decode(decoding.codec, "strict")


def refuse_size(size: int, max_bytes: int) -> None:
    """Raises `DocumentError` (`too_large`) for more than `max_bytes`."""
    if size > max_bytes:
        raise DocumentError(
            f"larger than {max_bytes:,} bytes; split it or raise the cap", code="too_large"
        )


def refuse_unseen(text: str) -> None:
    """Raises `DocumentError` (`empty`, `blank`) for a text without anything to read."""
    if not text:
        raise DocumentError("is empty; leave it out or fill it", code="empty")
    if is_blank(text):
        raise DocumentError("holds nothing but white space; leave it out", code="blank")
