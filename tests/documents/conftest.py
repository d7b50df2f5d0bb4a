"""Makers of the documents that these tests read; nothing binary is kept in the repository."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from llm_extract.documents import ReadOptions, Report, UnreadableReport, read_reports

Found = Report | UnreadableReport


def pdf_of(pages: Sequence[str]) -> bytes:
    """A PDF written by hand: one line of text a page; an empty string gives a page without text."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for page in pages:
        drawn = f"BT /F1 12 Tf 72 700 Td ({page}) Tj ET".encode("latin-1") if page else b""
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1"
            b" /BaseFont /Helvetica >> >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    written = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    written += b"".join(b"%010d 00000 n \n" % place for place in places)
    written += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        table,
    )
    return bytes(written)


@pytest.fixture
def make_pdf() -> Callable[..., bytes]:
    """`make_pdf("page one", "page two", password=None)` gives the bytes of a PDF."""

    def make(*pages: str, password: str | None = None) -> bytes:
        raw = pdf_of(pages)
        if password is None:
            return raw
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(raw)))
        writer.encrypt(password, algorithm="RC4-128")
        kept = io.BytesIO()
        writer.write(kept)
        return kept.getvalue()

    return make


class Reader:
    """Reads inputs below a folder and keeps the notices."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notices: list[str] = []

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return path

    def read(self, *inputs: str | Path, **settings: object) -> list[Found]:
        options = ReadOptions(on_notice=self.notices.append, **settings)  # type: ignore[arg-type]
        return list(read_reports([str(given) for given in inputs or (self.folder,)], options))

    def one(self, name: str, content: str | bytes, **settings: object) -> Found:
        """What the single file `name` gives."""
        (found,) = self.read(self.write(name, content), **settings)
        return found

    def report(self, name: str, content: str | bytes, **settings: object) -> Report:
        found = self.one(name, content, **settings)
        assert isinstance(found, Report), found
        return found

    def refusal(self, name: str, content: str | bytes, **settings: object) -> UnreadableReport:
        found = self.one(name, content, **settings)
        assert isinstance(found, UnreadableReport), found
        assert "\n" not in found.message and name in found.message
        return found


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """A reader over an empty folder."""
    return Reader(tmp_path)
