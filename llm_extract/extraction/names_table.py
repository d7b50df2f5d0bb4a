"""The shape of a table of names: the patterns that one language gives for them."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NameTable:
    """Patterns of one language; `{party}` in a blame pattern stands for the party's phrase.

    A blame pattern's reach is `after`, `listed`, `next`, `before` or `sentence`: whose figures it
    blames a party for.
    """

    phrase: str
    source: str
    party: str
    documents: str
    publication: str
    adverbs: str
    verb_first: bool
    lead: re.Pattern[str]
    joint: re.Pattern[str]
    institution: re.Pattern[str]
    named: re.Pattern[str]
    never: re.Pattern[str]
    pronouns: frozenset[str]
    blame_patterns: tuple[tuple[str, str, str], ...]
    places: re.Pattern[str]

    def is_party(self, words: str) -> bool:
        """Whether a phrase names a party: a name or an institution, no weekday and no weapon."""
        if self.never.search(words) or words.casefold() in self.pronouns:
            return False
        return self.institution.search(words) is not None or self.named.search(words) is not None
