"""How the tables of hand-made cases are written and checked: the number stands between ‹ and ›."""

from __future__ import annotations

from typing import NamedTuple

from llm_extract.numbers import Mention, read_ledger


class Case(NamedTuple):
    """A sentence with its number marked, and what must be read there."""

    marked: str
    value: int | None
    kind: str = "count"
    qualifier: str = "exact"
    basis: str = "printed"
    upper: int | None = None


def unmarked(marked: str) -> tuple[str, int, int]:
    """The sentence without marks, and the span that they enclosed."""
    start = marked.index("‹")
    end = marked.index("›") - 1
    return marked.replace("‹", "").replace("›", ""), start, end


def read_at(marked: str, language: str | None = None) -> Mention | None:
    """The mention with exactly the marked span, None when there is none."""
    text, start, end = unmarked(marked)
    found = [m for m in read_ledger(text, language).mentions if (m.start, m.end) == (start, end)]
    return found[0] if found else None


def check(case: Case, language: str | None = None) -> None:
    """Fails unless the ledger reads the marked number exactly as the case says."""
    mention = read_at(case.marked, language)
    text = unmarked(case.marked)[0]
    assert mention is not None, [m.text for m in read_ledger(text, language).mentions]
    read = (mention.value, mention.kind, mention.qualifier, mention.basis, mention.upper)
    assert read == (case.value, case.kind, case.qualifier, case.basis, case.upper)
    assert text[mention.start : mention.end] == mention.text
