"""Reads every number of a text: one scan for the places where one can begin, then its reader."""

from __future__ import annotations

import re
from typing import Final

from llm_extract.numbers.context import EXACT, Qualified, kind_of, qualifier_of
from llm_extract.numbers.digits import read_digits, read_month
from llm_extract.numbers.folding import Folded, fold
from llm_extract.numbers.grammar import Grammar, grammar_for
from llm_extract.numbers.mention import Kind, Ledger, Mention
from llm_extract.numbers.places import Places
from llm_extract.numbers.reading import Page, Reading

_ARABIC_LETTER = re.compile(r"[\u0620-\u064a]")
_UNQUALIFIED: Final = frozenset({"identifier", "date", "year", "ordinal", "vague"})
_CASUALTY_NEXT = re.compile(r"\s*(?:were\s+)?(?:killed|wounded|injured|dead|missing|hurt)\b")


def read_ledger(text: str, language: str | None = None) -> Ledger:
    """All numbers of `text` with spans into exactly this string; it never raises on any text.

    English and Arabic are read wherever their script stands. `language` (ISO 639-1) other than
    these makes Latin or Cyrillic words be read as that language instead of English.
    """
    folded = fold(text)
    page = folded.page
    grammar = grammar_for(language, _has_arabic(text))
    mentions: list[Mention] = []
    places = Places(page, grammar)
    at = floor = 0
    while (found := places.after(at)) is not None:
        reading = _read(page, grammar, found, floor)
        if reading is None:
            at = max(found.end(), at + 1)
            continue
        reading, between = _with_range(page, grammar, reading)
        mentions.append(_mention(folded, grammar, reading, between))
        at = floor = reading.end
    return Ledger(text, tuple(mentions))


def _has_arabic(text: str) -> bool:
    return not text.isascii() and _ARABIC_LETTER.search(text) is not None


def _read(page: Page, grammar: Grammar, found: re.Match[str], floor: int) -> Reading | None:
    trigger = found.lastgroup
    if trigger == "digits":
        return read_digits(page, grammar, found.start(), floor)
    if trigger == "month":
        return read_month(page, grammar, found.start())
    if trigger == "url":
        has_digit = any(char.isdigit() for char in found.group())
        return Reading(*found.span(), None, grammar.latin, "identifier") if has_digit else None
    assert trigger is not None
    return grammar.readers[trigger](page, found)


def _with_range(page: Page, grammar: Grammar, first: Reading) -> tuple[Reading, Qualified | None]:
    """`first` joined with the second number of a range, and the word before that says "between"."""
    if first.kind is not None or first.value is None or first.upper is not None:
        return first, None
    low = page.low
    link = grammar.connector.match(low, first.end)
    if link is None:
        return first, None
    found = grammar.scan.match(low, link.end())
    if found is None or found.lastgroup in ("month", "url"):
        return first, None
    second = _read(page, grammar, found, first.end)
    if second is None or second.kind is not None or second.start != link.end():
        return first, None
    if second.value is None or second.value <= first.value:
        return first, None
    before = low[max(0, first.start - 32) : first.start].split()
    between = bool(before) and before[-1] in grammar.between_words
    if link.group("and") is not None:
        if not between:
            return first, None
    elif link.group("dash") is not None:
        if (
            low[second.end : second.end + 1] in ("-", "/")
            and low[second.end + 1 : second.end + 2].isdigit()
        ):
            return first, None
        if link.group("dash")[0] == " " and _CASUALTY_NEXT.match(low, second.end):
            return first, None
    elif link.group("word") == "or":
        if second.value > 2 * first.value + 1:
            return first, None
    elif grammar.change_words.intersection(_same_sentence(before[-4:])):
        return first, None
    span = None
    if between:
        start = low.rindex(before[-1], 0, first.start)
        span = Qualified("range", start, start + len(before[-1]))
    return first._replace(end=second.end, upper=second.value), span


def _same_sentence(words: list[str]) -> list[str]:
    """The words after the last one that ends a sentence."""
    ends = [nth for nth, word in enumerate(words) if word.endswith((".", "!", "?"))]
    return words[ends[-1] + 1 :] if ends else words


def _mention(
    folded: Folded, grammar: Grammar, reading: Reading, between: Qualified | None
) -> Mention:
    start, end, value, language, told, qualifier, basis, upper = reading
    kind: Kind = told or kind_of(folded.page, grammar, reading)
    qualified = between or EXACT
    if qualifier is None and upper is None and kind not in _UNQUALIFIED:
        qualified = qualifier_of(folded.page, grammar, start, end)
    says, first, last = qualified
    if first is not None and last is not None:
        first, last = folded.span(first, last)
    says = "range" if upper is not None else qualifier or says
    start, end = folded.span(start, end)
    text = folded.text[start:end]
    return Mention(start, end, text, kind, value, upper, says, first, last, basis, language)
