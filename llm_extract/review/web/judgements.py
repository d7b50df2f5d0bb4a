"""What the rules say of the cases that are looked at, kept for as long as these do not change."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from llm_extract.review.cases import Case
from llm_extract.review.deciding import ledger_of
from llm_extract.review.judging import Judged, judge

MOST_KEPT = 256
"""Cases whose findings are kept: those that some dozens of reviewers have open."""


class Judgements:
    """The findings of cases, with suggestions; a case of the same version has the same ones."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, int], list[Judged]] = OrderedDict()
        self._lock = Lock()

    def of(self, case: Case) -> list[Judged]:
        """What the rules say of a case as it is."""
        key = (case.pk, case.version)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None:
            return kept
        found = judge(case.record, case.content, case.text, ledger_of(case), suggest=True)
        with self._lock:
            self._kept[key] = found
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found
