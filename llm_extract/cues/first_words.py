"""Where cues may begin in a text, told from their first words on a page of letters and spaces.

The engine leaps from space to space, which is much faster than to look for any sign between words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from llm_extract.lexicon.first_words import openings
from llm_extract.lexicon.words import lowered, word_finder


class FirstWords:
    """The words that some cues can begin with; `codec` writes each of their letters as one byte."""

    def __init__(self, cues: Iterable[str], codec: str) -> None:
        """Raises ValueError where a cue leaves open which word it begins with."""
        begun = [openings(cue) for cue in cues]
        known = [some for some in begun if some is not None]
        if len(known) < len(begun):
            raise ValueError("a cue can begin with any word")
        self.prefixes = {prefix for some in known for prefix in some.prefixes}
        """Beginnings of words, which other letters may follow."""
        finder = word_finder({word for some in known for word in some.words}, self.prefixes)
        self._finder = re.compile(finder.pattern.replace(r"[\W_]", " ", 1))
        self._codec = codec

    def places(self, text: str) -> Iterator[re.Match[str]]:
        """Matches that start where such words do in the text; group 1 is the word or its prefix.

        Letters that the codec can't write count as signs: a word may stand within a foreign one.
        """
        letters = lowered(text).encode(self._codec, "replace").translate(_spaced(self._codec))
        return self._finder.finditer(" " + letters.decode(self._codec))


@cache
def _spaced(codec: str) -> bytes:
    """A table that leaves the letters and digits of a codec and makes spaces of all other signs."""
    return bytes(
        code if bytes([code]).decode(codec, "replace").isalnum() else 32 for code in range(256)
    )
