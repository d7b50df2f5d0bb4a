"""The text of a docx: paragraphs, tables and notes in document order, nothing that was deleted."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import docx
from docx.oxml.ns import qn
from docx.oxml.parser import parse_xml
from docx.oxml.xmlchemy import BaseOxmlElement

from llm_extract.documents.text import shown
from llm_extract.errors import DocumentError

UNPACKED_BYTES = 200_000_000
"""Cap on all parts together, unpacked; pictures of a long report stay below it. Our own figure."""

EXPANSION = 100
"""Packed to unpacked from which a part above `EXPANDED_BYTES` is a bomb; XML packs 5 to 30 fold."""

EXPANDED_BYTES = 10_000_000

CELL_MARK = " | "

_NOTES = ("/footnotes", "/endnotes")
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SKIPPED = frozenset({qn("w:del"), qn("w:moveFrom"), _FALLBACK})
_MARKS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}


@dataclass(frozen=True, slots=True)
class WordText:
    """Text of the document and its title property."""

    text: str
    title: str | None


def read_word(raw: bytes) -> WordText:
    """The text of a docx: a line a paragraph, a line a table row with its cells parted by " | ".

    Text that a tracked change inserted is kept, text that one deleted or that is marked as hidden
    is not; footnotes and endnotes follow at the end. Raises `DocumentError` with code `zip_bomb`,
    `encrypted_docx`, `broken_docx`.
    """
    _refuse_bomb(raw)
    try:
        document = docx.Document(io.BytesIO(raw))
        lines = list(_lines(document.element.body))
        for relation in document.part.rels.values():
            if relation.reltype.endswith(_NOTES) and not relation.is_external:
                lines.extend(_lines(parse_xml(relation.target_part.blob)))
        title = document.core_properties.title
    except Exception as error:
        # Broken parts surface as KeyError, ValueError, XML and zip errors; all mean the same here.
        raise _broken(error) from error
    return WordText("\n".join(lines), title.strip() or None)


def _refuse_bomb(raw: bytes) -> None:
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentError(
            "the document is locked by a password or of an old format; save it as an open docx",
            code="encrypted_docx",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _broken(error) from error
    whole = sum(part.file_size for part in parts)
    worst = any(
        part.file_size > EXPANDED_BYTES and part.file_size > EXPANSION * part.compress_size
        for part in parts
    )
    if whole > UNPACKED_BYTES or worst:
        raise DocumentError(
            f"the docx unpacks from {len(raw):,} to {whole:,} bytes, as no report does; "
            "save its text as txt",
            code="zip_bomb",
        )


def _broken(error: Exception) -> DocumentError:
    return DocumentError(
        f"the docx is broken ({shown(str(error) or type(error).__name__)}); save it again",
        code="broken_docx",
    )


def _lines(container: BaseOxmlElement) -> Iterator[str]:
    """Lines of the paragraphs and tables below `container`, through content controls too."""
    for child in container:
        if child.tag in _SKIPPED:
            continue
        if child.tag == qn("w:p"):
            yield "".join(_words(child))
        elif child.tag == qn("w:tbl"):
            for row in child.iter(qn("w:tr")):
                if next(row.iterancestors(qn("w:tbl"))) is child:
                    cells = row.iterchildren(qn("w:tc"), qn("w:sdt"))
                    yield CELL_MARK.join(" ".join(_lines(cell)).strip() for cell in cells)
        else:
            yield from _lines(child)


def _is_hidden(run: BaseOxmlElement) -> bool:
    """Whether a run is of the kind that the program shows to nobody."""
    marks = run.xpath("./w:rPr/w:vanish") if run.tag == qn("w:r") else []
    return any(mark.get(qn("w:val")) not in ("0", "false", "off") for mark in marks)


def _words(element: BaseOxmlElement) -> Iterator[str]:
    """Text of a paragraph; a text box inside it stands on lines of its own."""
    for child in element:
        if child.tag in _SKIPPED or _is_hidden(child):
            continue
        if child.tag == qn("w:t"):
            yield child.text or ""
        elif child.tag in _MARKS:
            yield _MARKS[child.tag]
        elif child.tag == qn("w:txbxContent"):
            yield "\n" + "\n".join(_lines(child)) + "\n"
        elif child.tag != qn("w:pPr"):
            yield from _words(child)
