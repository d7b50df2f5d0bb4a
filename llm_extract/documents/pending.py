"""A report whose id is known and whose text is not read yet, and what stands for one unreadable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from llm_extract.documents.inputs import InputFile
from llm_extract.documents.report import Report, UnreadableReport
from llm_extract.documents.text import shown
from llm_extract.errors import DocumentError

READ_ERRORS = (DocumentError, OSError, UnicodeError)
"""What reading an input may raise; `refusal` has words for each."""


@dataclass(frozen=True, slots=True)
class PendingReport:
    """One report to come. `make` reads it and never raises for what is wrong with it."""

    id: str
    make: Callable[[], Report | UnreadableReport]


def refusal(item: InputFile, error: Exception) -> UnreadableReport:
    """What stands for `item` after one of `READ_ERRORS`."""
    match error:
        case DocumentError():
            return unreadable(item, error.code, str(error))
        case PermissionError():
            return unreadable(item, "no_permission", "reading is not permitted; allow it")
        case FileNotFoundError():
            return unreadable(item, "missing", "does not exist; check the path")
        case UnicodeError():
            why = "its bytes break the encoding; save it as UTF-8"
            return unreadable(item, "undecodable", why)
        case _:
            said = error.strerror if isinstance(error, OSError) else None
            why = f"can't be read ({shown(said or str(error))}); check the disk and try again"
            return unreadable(item, "io_error", why)


def unreadable(item: InputFile, code: str, why: str) -> UnreadableReport:
    """`item` as unreadable, its message naming the source."""
    return UnreadableReport(item.id, item.source, code, f"{shown(item.source)}: {why}")
