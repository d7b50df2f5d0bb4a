"""Patterns that find any of many words of a text in one pass: a tree of letters, not a list."""

from __future__ import annotations

import re
from collections.abc import Iterable

_KINDRED = str.maketrans("İıſ\u1c80\u1c81\u1c82\u1c83\u1c84\u1c85\u1c86\u1c87", "iisвдосттъѣ")
"""Letters that a pattern takes for another one when it overlooks case, beyond `str.lower`."""

_KINDRED_LETTERS = "".join(map(chr, _KINDRED))

Tree = dict[str, "Tree"]

_END = ""
"""Key of a tree where a word ends."""

_LETTER = r"[^\W_]"


def word_finder(words: Iterable[str], prefixes: Iterable[str] = ()) -> re.Pattern[str]:
    """A pattern of `words`, each whole, and of `prefixes` that any letters may follow.

    It is to be searched in a lowercase text behind one character that is no letter: it begins with
    that character, so that the engine skips all others quickly. Group 1 is what was found, the
    longest of those that stand there; letters, digits and nothing else make a word.
    """
    return re.compile(rf"[\W_]({any_word(words, prefixes, _LETTER)})")


def any_word(words: Iterable[str], prefixes: Iterable[str], letter: str) -> str:
    """A pattern of the longest of all these; behind a whole word stands no `letter`."""
    tree: Tree = {}
    bound = f"(?!{letter})"
    for word, ending in (*((w, bound) for w in words), *((p, "") for p in prefixes)):
        node = tree
        for char in word:
            node = node.setdefault(char, {})
        if ending or _END not in node:
            node[_END] = {ending: {}}
        if not ending:
            node[_END] = {"": {}}
    return _pattern(tree) if tree else "(?!)"


def _pattern(tree: Tree) -> str:
    branches = [re.escape(char) + _pattern(rest) for char, rest in sorted(tree.items()) if char]
    branches += tree.get(_END, {})
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"


def lowered(text: str) -> str:
    """The text in lowercase as patterns that overlook case read it; no character moves."""
    if text.isascii():
        return text.lower()
    if any(letter in text for letter in _KINDRED_LETTERS):  # translation looks up every character
        text = text.translate(_KINDRED)
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
