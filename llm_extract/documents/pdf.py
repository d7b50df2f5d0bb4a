"""The text layer of a PDF, read in a child process that is capped in memory and time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from llm_extract.errors import DocumentError

PDF_SECONDS = 60
"""Time for one PDF: pypdf reads some ten pages a second, so that is a book; our own figure."""

PDF_MEMORY = 2 * 1024**3
"""Address space of the child in bytes: the interpreter and its libraries take up to a quarter."""

_CHILD = Path(__file__).with_name("pdf_child.py")

_GLYPHS = re.compile("[\ufb00-\ufb06\ufb13-\ufb17\ufb50-\ufdff\ufe70-\ufefc]+")
"""Latin and Armenian ligatures, Arabic presentation forms A and B (Unicode chart names)."""

_REASONS = {
    "encrypted_pdf": "the PDF is locked by a password; save an unlocked copy",
    "broken_pdf": "the PDF is broken; print or export it again",
    "pdf_memory": "reading the PDF takes too much memory; split it or save it as txt",
    "pdf_timeout": "reading the PDF takes too long; split it or save it as txt",
    "zip_bomb": "the PDF unpacks to far more than a report holds; save it as txt",
    "too_large": "the PDF holds more text than the cap; split it or raise the cap",
    "no_text_layer": "the PDF holds no text, only images; run OCR on it first",
}


@dataclass(frozen=True, slots=True)
class PdfText:
    """Text of all pages, pages parted by an empty line, and the pages (from 1) that hold none."""

    text: str
    pages_without_text: tuple[int, ...]


def read_pdf(
    raw: bytes, max_bytes: int, *, seconds: float = PDF_SECONDS, memory_bytes: int = PDF_MEMORY
) -> PdfText:
    """The text of a PDF, at most `max_bytes` characters.

    Raises `DocumentError` with a code of `encrypted_pdf`, `broken_pdf`, `pdf_memory`,
    `pdf_timeout`, `zip_bomb`, `too_large`, `no_text_layer`.
    """
    limits = (str(memory_bytes), str(int(seconds) + 1), str(max_bytes))
    try:
        child = subprocess.run(
            [sys.executable, "-I", "-X", "utf8", str(_CHILD), *limits],
            input=raw,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _refusal("pdf_timeout") from error
    try:
        outcome = json.loads(child.stdout)
    except ValueError as error:
        # A child that the system ended for its memory or its time prints nothing.
        raise _refusal("pdf_memory") from error
    if "code" in outcome:
        raise _refusal(outcome["code"])
    pages: list[str] = outcome["pages"]
    empty = tuple(n for n, page in enumerate(pages, start=1) if not page.strip())
    if len(empty) == len(pages):
        raise _refusal("no_text_layer")
    return PdfText(unfold_glyphs("\n\n".join(page.strip("\n") for page in pages)), empty)


def unfold_glyphs(text: str) -> str:
    """`text` with letters for glyphs: PDFs print "\ufb01ve" for "five", Arabic in drawn forms."""
    return _GLYPHS.sub(lambda glyph: unicodedata.normalize("NFKC", glyph.group()), text)


def _refusal(code: str) -> DocumentError:
    return DocumentError(_REASONS[code], code=code)
