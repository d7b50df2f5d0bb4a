"""Places of given words in a text, found from space to space on a page of its bare words.

The engine leaps from one space to the next, which is much faster than to try every sign that is no
letter; and a table makes the page in one pass.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from llm_extract.lexicon.words import word_finder


class SpacedWords:
    """Finds words, each whole, and `prefixes` of words; all are lowercase.

    Letters and digits make a word, and the signs of `within`. The codec writes each letter of the
    words as one byte; letters that it can't write count as signs, so that a word may be found
    inside a foreign one.
    """

    def __init__(
        self,
        words: Collection[str],
        prefixes: Collection[str] = (),
        *,
        codec: str,
        within: str = "",
    ) -> None:
        """Raises UnicodeEncodeError for a word that the codec can't write."""
        "".join([*words, *prefixes]).encode(codec)
        finder = word_finder(words, prefixes).pattern
        self._finder = re.compile(finder.replace(r"[\W_]", " ", 1))
        self._codec = codec
        signs = [bytes([code]).decode(codec, "replace") for code in range(256)]
        self._page = bytes(
            code if sign.isalnum() else ord("0" if sign in within else " ")
            for code, sign in enumerate(signs)
        )

    def places(self, low: str) -> Iterator[re.Match[str]]:
        """Matches that start where the words do in a lowercase text; group 1 is word or prefix."""
        page = low.encode(self._codec, "replace").translate(self._page)
        return self._finder.finditer(" " + page.decode(self._codec))
