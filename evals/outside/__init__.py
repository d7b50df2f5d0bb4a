"""Outside sets that label a report's toll: local files as one form of items.

Nothing of them is stored here; `read_set` reads any of them, `only_items` what can be scored.
"""

from llm_extract.evals.outside.item import (
    OUTCOMES,
    Entry,
    LabelledOutcome,
    LeftOut,
    OutsideItem,
    only_items,
)
from llm_extract.evals.outside.registry import ABOUT, OutsideSet, read_set

__all__ = [
    "ABOUT",
    "OUTCOMES",
    "Entry",
    "LabelledOutcome",
    "LeftOut",
    "OutsideItem",
    "OutsideSet",
    "only_items",
    "read_set",
]
