"""Arabic: number words in all cases, duals, vague words; and its context words."""

from __future__ import annotations

from typing import Final

from llm_extract.numbers.reading import LanguageRules

RULES: Final = LanguageRules(
    code="ar", triggers=(), months=("شباط",), units={}, unit_gaps=frozenset(), scales={}, labels=frozenset(),
    year_words=frozenset(), qualifiers={}, trailers={}, fillers=frozenset(), range_words=("إلى",),
    between_words=frozenset({"بين"}), change_words=frozenset(),
)
