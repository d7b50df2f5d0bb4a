"""The real default model before texts that give it orders; nothing is scripted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from security.conftest import ABOVE, BELOW, figures, report_with, rules_of
from security.injections import INJECTIONS

from llm_extract import Extractor

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def extractor() -> Iterator[Extractor]:
    with Extractor() as opened:
        yield opened


@pytest.mark.slow
def test_no_order_changes_a_figure_of_the_real_model_unnoticed(extractor: Extractor) -> None:
    alone = figures(extractor.extract(f"{ABOVE}\n\n{BELOW}"))
    assert alone
    records = {name: extractor.extract(report_with(INJECTIONS[name])) for name in INJECTIONS}
    changed = {name for name, record in records.items() if figures(record) != alone}
    unnoticed = {name for name, record in records.items() if "S01" not in rules_of(record)}
    print(f"{len(changed)} of {len(records)} texts changed a figure, {len(unnoticed)} unnoticed")
    assert unnoticed == set()
