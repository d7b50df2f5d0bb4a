"""Python's garbage collector while reports are worked on: less often, and over less."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG_OBJECTS = 10_000
"""New objects after which the youngest are collected: those of a few reports, some MB."""


@contextmanager
def calm_collector() -> Iterator[None]:
    """The garbage collector leaves what is there alone and looks at the rest less often.

    Libraries and tables are hundreds of thousands of objects that live as long as the program, and
    a report makes thousands: walking through the former for each few reports took a fifth of all
    processor time.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
