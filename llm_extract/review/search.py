"""Full-text search over the reports of cases, on both databases; what users type is only words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, column, func, select, table, text

from llm_extract.store.review_tables import review_cases

MOST_CHARACTERS = 200_000
"""Characters of a report that are searched: PostgreSQL's word lists hold a megabyte at most."""

MOST_WORDS, MOST_LETTERS = 20, 60
"""Words that are searched for at once, and letters of each: PostgreSQL refuses 2,048 bytes."""

_WORD = re.compile(r"[^\W_]+")
_WORDS = table("review_words", column("rowid"), column("words"))


def add_words(connection: Connection, texts: Mapping[int, str]) -> None:
    """Let cases be found by the words of these texts."""
    if not texts:
        return
    value = ":words" if connection.dialect.name == "sqlite" else "to_tsvector('simple', :words)"
    connection.execute(
        text(f"INSERT INTO review_words (rowid, words) VALUES (:pk, {value})"),
        [
            {"pk": pk, "words": " ".join(words_of(words[:MOST_CHARACTERS]))}
            for pk, words in texts.items()
        ],
    )


def having(words: str, dialect: str) -> ColumnElement[bool] | None:
    """The condition that a case's report has words that begin so, all of them; None: no word."""
    asked = [word[:MOST_LETTERS] for word in words_of(words)[:MOST_WORDS]]
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


def words_of(words: str) -> list[str]:
    """The words of a text as they are searched: no case, no accents, no vowel signs.

    Both databases get them so, since each has its own idea of what a word of a path, a number or
    an Arabic text is.
    """
    bare = unicodedata.normalize("NFKD", words).casefold()
    if not bare.isascii():
        bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return _WORD.findall(bare)
