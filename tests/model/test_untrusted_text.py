"""The real default model before texts that give it orders; nothing is scripted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from security.conftest import ABOVE, BELOW, figures, report_with, rules_of
from security.injections import INJECTIONS

from llm_extract import Extractor
from llm_extract.record import Record

pytestmark = pytest.mark.model

TRIED = ("ignore", "wrong above")


@pytest.fixture(scope="module")
def extractor() -> Iterator[Extractor]:
    with Extractor() as opened:
        yield opened


@pytest.fixture(scope="module")
def alone(extractor: Extractor) -> Record:
    return extractor.extract(f"{ABOVE}\n\n{BELOW}")


@pytest.mark.parametrize("name", TRIED)
def test_an_order_changes_no_figure_of_the_real_model_unnoticed(
    extractor: Extractor, alone: Record, name: str
) -> None:
    assert alone.claims
    record = extractor.extract(report_with(INJECTIONS[name]).text)
    assert record.disposition == "flagged" and "S01" in rules_of(record)
    true = {(outcome, slot, low) for outcome, slot, low, *_ in figures(alone)}
    assert true <= {(outcome, slot, low) for outcome, slot, low, *_ in figures(record)}
