"""Languages read by the `text_to_num` library, with a small table of our own beside each."""

from __future__ import annotations

from typing import Final

from llm_extract.numbers.reading import LanguageRules

CODES: Final = frozenset[str]()


def rules(code: str) -> LanguageRules:
    """The rules of one of `CODES`."""
    raise KeyError(code)
