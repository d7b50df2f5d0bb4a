"""Which column of a row file is what, and what one row says; it reads no file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isnan

from llm_extract.documents.options import ReadOptions
from llm_extract.documents.text import shown
from llm_extract.errors import DocumentError

TEXT_NAMES = (
    *("text", "body", "content", "report", "full_text", "fulltext", "narrative", "article"),
    *("story", "notes", "note", "description", "summary", "message"),
)
ID_NAMES = (
    *("id", "report_id", "doc_id", "document_id", "article_id", "event_id", "event_id_cnty"),
    *("ref", "reference", "uid", "uuid", "key"),
)
DATE_NAMES = (
    *("published", "published_at", "publication_date", "pub_date", "date_published", "date"),
    *("report_date", "day", "event_date", "timestamp", "created_at"),
)
TITLE_NAMES = ("title", "headline", "subject")
LANGUAGE_NAMES = ("language", "lang")

_LONG_TEXT = 60
"""Mean characters from which the longest column is taken for the text when no name tells."""

_DATE_FORMS = ("%Y/%m/%d", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%d-%b-%Y")
_MAIL_FORMS = ("%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %Z")
"""Forms beside ISO 8601 that can be read in one way only; 05/12/2024 can't."""

_LANGUAGE = re.compile(r"[a-z]{2}(?=$|[-_])")


@dataclass(frozen=True, slots=True)
class Columns:
    """The column names that are read; None where there is none."""

    text: str
    id: str | None
    date: str | None
    title: str | None
    language: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """What one row says of its report, before its text is normalised."""

    text: str
    id: str | None
    published: date | None
    title: str | None
    language: str | None


def choose_columns(rows: Sequence[Mapping[str, object]], options: ReadOptions) -> Columns:
    """The columns of a file that starts with `rows`, by option, then by name, then by length.

    Raises `DocumentError` with code `no_column` when no text column is found or an option names a
    column that none of the rows has.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    known = ", ".join(shown(name, 40) for name in names[:20]) or "none"
    for wanted in (
        *(options.text_column, options.id_column, options.date_column, options.title_column),
    ):
        if wanted and wanted not in names:
            raise DocumentError(
                f"no column {shown(wanted)!r}; the columns are: {known}", code="no_column"
            )
    text = options.text_column or _named(names, TEXT_NAMES) or _longest(rows, names)
    if text is None:
        raise DocumentError(f"no column holds the text; name one of: {known}", code="no_column")
    return Columns(
        text=text,
        id=_chosen(options.id_column, names, ID_NAMES),
        date=_chosen(options.date_column, names, DATE_NAMES),
        title=_chosen(options.title_column, names, TITLE_NAMES),
        language=_named(names, LANGUAGE_NAMES),
    )


def columns_notice(columns: Columns, options: ReadOptions) -> str | None:
    """The words that say what was guessed, or None where the options named every column."""
    guesses = [
        f"{role} from column {shown(name, 40)!r}"
        for role, name, option in (
            ("text", columns.text, options.text_column),
            ("id", columns.id, options.id_column),
            ("date", columns.date, options.date_column),
            ("title", columns.title, options.title_column),
        )
        if name is not None and option is None
    ]
    return ", ".join(guesses) or None


def read_row(row: Mapping[str, object], columns: Columns) -> Row:
    """What `row` says. Raises `DocumentError` with code `no_text_column` or `bad_date`."""
    text = row.get(columns.text)
    if text is None and columns.text not in row:
        raise DocumentError(
            f"the row has no column {shown(columns.text)!r}; add it or name another text column",
            code="no_text_column",
        )
    if text is not None and not isinstance(text, str):
        raise DocumentError(
            f"column {shown(columns.text)!r} holds no text but {type(text).__name__}; "
            "name another text column",
            code="no_text_column",
        )
    return Row(
        text=text or "",
        id=row_id(row, columns),
        published=_date(row.get(columns.date), columns.date) if columns.date else None,
        title=_words(row.get(columns.title)) if columns.title else None,
        language=_language(row.get(columns.language)) if columns.language else None,
    )


def row_id(row: Mapping[str, object], columns: Columns) -> str | None:
    """The row's own id, or None where it has none."""
    return _words(row.get(columns.id)) if columns.id else None


def parse_date(words: str) -> date:
    """The day that `words` names: ISO 8601, or a form that can be read in one way only.

    Raises `ValueError` for everything else, also for 05/12/2024, which is two different days.
    """
    try:
        return datetime.fromisoformat(words).date()
    except ValueError:
        for form in (*_DATE_FORMS, *_MAIL_FORMS):
            try:
                return datetime.strptime(words, form).date()
            except ValueError:
                continue
        raise


def _chosen(option: str | None, names: Sequence[str], candidates: Sequence[str]) -> str | None:
    if option is None:
        return _named(names, candidates)
    return option or None


def _named(names: Sequence[str], candidates: Sequence[str]) -> str | None:
    by_key = {re.sub(r"[\s-]+", "_", name.strip().lower()): name for name in reversed(names)}
    return next((by_key[c] for c in candidates if c in by_key), None)


def _longest(rows: Sequence[Mapping[str, object]], names: Sequence[str]) -> str | None:
    lengths = {
        name: sum(len(cell) for row in rows if isinstance(cell := row.get(name), str))
        for name in names
    }
    best = max(lengths, key=lambda name: lengths[name], default=None)
    return best if best is not None and lengths[best] >= _LONG_TEXT * len(rows) else None


def _words(cell: object) -> str | None:
    if cell is None or (isinstance(cell, float) and isnan(cell)):
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split()) or None


def _language(cell: object) -> str | None:
    found = _LANGUAGE.match(cell.strip().lower()) if isinstance(cell, str) else None
    return found.group() if found else None


def _date(cell: object, column: str) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    words = _words(cell)
    if words is None:
        return None
    try:
        return parse_date(words)
    except ValueError as error:
        raise DocumentError(
            f"date {shown(words, 40)!r} in column {shown(column, 40)!r} is not plain; "
            "write it as 2024-12-05 or name another date column",
            code="bad_date",
        ) from error
