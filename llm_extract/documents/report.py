"""A report: its text and what is known of it before any number is read."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Report:
    """One report to extract from; `text` is NFC, and every offset counts its characters."""

    id: str
    text: str
    source: str
    title: str | None = None
    published: date | None = None
    language: str | None = None

    def __post_init__(self) -> None:
        if not unicodedata.is_normalized("NFC", self.text):
            raise ValueError(f"text of report {self.id!r} is not NFC-normalised")

    @property
    def sha256(self) -> str:
        """Hex digest of the text in UTF-8."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class UnreadableReport:
    """An input that gave no report: `code` for machines, one line for people."""

    id: str
    source: str
    code: str
    message: str
