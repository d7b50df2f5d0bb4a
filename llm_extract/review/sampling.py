"""Which clean records are looked at too, since only that shows the errors nobody noticed; pure.

The draw is by a digest of the report's text, so it depends on nobody's choice, and drawing again
gives the same records.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

SampleReason = Literal["drawn", "new_claimant", "new_model", "new_prompt"]
"""Only records that were `drawn` stand for all clean ones; the others are looked at because nothing
is known yet about how their kind is read."""

RATE = 0.1
"""Share of the clean records that are drawn, unless another is asked for."""

FIRSTS = 50
"""So many first records of each claimant, model and prompt are all looked at."""

_SEED = "llm-extract review 1:"
"""Changes whenever another draw is wanted; records drawn by two seeds are no one sample."""


def sample_reason(
    sha256: str, rate: float, seen: Mapping[SampleReason, int]
) -> SampleReason | None:
    """Why a clean record is looked at; None: it is not.

    `sha256` is that of its report's text, `rate` from 0 to 1, and `seen` tells how many records of
    its rarest claimant, of its model and of its prompt there were before.
    """
    if is_drawn(sha256, rate):
        return "drawn"
    return next((reason for reason, before in seen.items() if before < FIRSTS), None)


def is_drawn(sha256: str, rate: float) -> bool:
    """Whether a report is in the sample of that rate; a larger rate keeps all of a smaller one."""
    digest = hashlib.sha256((_SEED + sha256).encode()).digest()
    return int.from_bytes(digest[:8], "big") < rate * 2**64
