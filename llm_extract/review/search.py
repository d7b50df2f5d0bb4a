"""Full-text search over the reports of cases, on both databases; what users type is only words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, column, func, select, table, text

from llm_extract.documents.text import storable
from llm_extract.store.review_tables import review_cases

MOST_CHARACTERS = 200_000
"""Characters of a report that are searched: PostgreSQL's word lists hold a megabyte at most."""

MOST_WORDS = 20

_WORD = re.compile(r"\w+")
_WORDS = table("review_words", column("rowid"), column("words"))


def add_words(connection: Connection, texts: Mapping[int, str]) -> None:
    """Let cases be found by the words of these texts."""
    if not texts:
        return
    value = ":words" if connection.dialect.name == "sqlite" else "to_tsvector('simple', :words)"
    connection.execute(
        text(f"INSERT INTO review_words (rowid, words) VALUES (:pk, {value})"),
        [
            {"pk": pk, "words": storable(words[:MOST_CHARACTERS]).replace("\0", " ")}
            for pk, words in texts.items()
        ],
    )


def having(words: str, dialect: str) -> ColumnElement[bool] | None:
    """The condition that a case's report has words that begin so, all of them; None: no word."""
    asked = _WORD.findall(words)[:MOST_WORDS]
    if not asked:
        return None
    found: Any
    if dialect == "sqlite":
        query = " ".join(f'"{word}"*' for word in asked)
        found = select(_WORDS.c.rowid).where(column("review_words").op("MATCH")(query))
    else:
        query = " & ".join(f"{word}:*" for word in asked)
        found = select(_WORDS.c.rowid).where(
            _WORDS.c.words.op("@@")(func.to_tsquery("simple", query))
        )
    return review_cases.c.pk.in_(found)
