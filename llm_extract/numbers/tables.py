"""Loads the context words of a language from its TOML table."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from llm_extract.numbers.reading import LanguageRules, Trigger

Table = Mapping[str, Any]


def table(name: str) -> Table:
    """The table file `NAME.toml` beside this module."""
    source = resources.files("llm_extract.numbers").joinpath(f"{name}.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def language_rules(
    code: str, words: Table, triggers: tuple[Trigger, ...], proclitics: str = ""
) -> LanguageRules:
    """The rules of a language from its table; qualifiers also behind each proclitic letter."""
    qualifiers = _by_word(words["qualifiers"])
    joined = {f"{p}{phrase}": q for p in proclitics for phrase, q in qualifiers.items()}
    return LanguageRules(
        code=code,
        triggers=triggers,
        months=tuple(words["months"]),
        units=_by_word(words["units"]),
        unit_gaps=frozenset(words.get("unit_gaps", ())),
        scales=words["scales"],
        labels=_by_word(words["labels"]),
        named_labels=frozenset(words.get("named_labels", ())),
        year_words=frozenset(words["year_words"]),
        qualifiers={**joined, **qualifiers},
        trailers=_by_word(words.get("trailers", {})),
        fillers=frozenset(words.get("fillers", ())),
        range_words=tuple(words["range_words"]),
        between_words=frozenset(words["between"]),
        change_words=frozenset(words["change"]),
    )


def _by_word(groups: Mapping[str, list[str]]) -> dict[str, Any]:
    """{meaning: [words]} turned into {word: meaning}."""
    return {word: meaning for meaning, words in groups.items() for word in words}
