"""Rule G06: who states a figure, who is blamed and where it was stand in the report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from llm_extract.record import Finding
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.terms import same_name
from llm_extract.validators.wording import cut, found, named

SHARED = 0.7
"""Share of a word that an inflected form keeps: "Velma" and "Velmas", "Сарелі" and "Сарель"."""

LEAST = 3
"""Letters that two forms of a word share at least."""

LITTLE = 2
"""Words of so few letters ("of", "de", "в") are not looked for in inflected forms."""

_ARABIC_LETTER = re.compile("[\u0620-\u064a]")
_JOINED = re.compile("^[وف]?[بلك]?(?:ال)?(?=..)|ل?ل(?=..)")
"""Letters that Arabic writes as one with the noun behind them: and, in, for, the."""

_WORD = re.compile(r"\w+")


def names_stand(given: RuleInput) -> Iterator[Finding]:
    """G06: claimant, perpetrators and places stand in the report.

    White space, case, articles and marks are folded; where a name does not stand so, all its words
    must stand together in one sentence, in any inflected form.
    """
    lost = {name for name in _all_names(given) if not stands_in(given.text, name)}
    for held in given.held if lost else ():
        for field, names in (
            ("claimant", [held.claimant] if held.claimant is not None else []),
            ("perpetrators", held.perpetrators),
            ("places", held.places),
        ):
            for name in names:
                if name in lost:
                    yield found(
                        "G06",
                        "error",
                        "extraction",
                        f'"{cut(name)}", {_what(field)} of {named(held)}, does not stand in the '
                        "report",
                        claims=[held],
                        fields=[field],
                    )


def _all_names(given: RuleInput) -> set[str]:
    names: set[str] = set()
    for held in given.held:
        names.update(held.perpetrators, held.places)
        if held.claimant is not None:
            names.add(held.claimant)
    return names


def stands_in(text: str, name: str) -> bool:
    """Whether a name stands in a text, or its words do in one sentence, however inflected."""
    if name in text and name.strip():
        return True
    words = same_name(name)
    if not words:
        return False
    return f" {' '.join(words)} " in _flat(text) or _inflected(text, words)


@lru_cache(maxsize=64)
def _flat(text: str) -> str:
    """The words of a text without case and marks, one space round each."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "


@lru_cache(maxsize=64)
def _words_by_line(text: str) -> tuple[frozenset[str], ...]:
    """The stems of the words of each sentence or line."""
    return tuple(
        frozenset(_stem(word) for word in _WORD.findall(part.casefold()))
        for part in re.split(r"[.!?؟]\s|\n\s*\n", text)
    )


def _inflected(text: str, words: tuple[str, ...]) -> bool:
    wanted = [_stem(word) for word in words if len(word) > LITTLE]
    return bool(wanted) and any(
        all(any(_alike(stem, other) for other in there) for stem in wanted)
        for there in _words_by_line(text)
    )


def _alike(one: str, other: str) -> bool:
    shared = max(LEAST, round(SHARED * max(len(one), len(other))))
    return one == other or (len(other) >= shared and one[:shared] == other[:shared])


def _stem(word: str) -> str:
    return _JOINED.sub("", word) if _ARABIC_LETTER.search(word) else word


def _what(field: str) -> str:
    return {"claimant": "the claimant", "perpetrators": "a perpetrator", "places": "a place"}[field]


def occurrences(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Where a name stands in a text as it is written."""
    at = text.find(name) if name else -1
    while at >= 0:
        yield at, at + len(name)
        at = text.find(name, at + len(name))


RULES = (
    Rule(
        "G06",
        "claimant, perpetrators and places stand in the report",
        "error",
        READING,
        "White space, case, marks and articles are folded; inflected and definite forms count as "
        "the name where all its words stand in one sentence.",
        names_stand,
    ),
)
