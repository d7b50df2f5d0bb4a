"""UCDP rows become items of their headlines, with the range of the set's estimates."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.documents.rows import PlacedRow
from llm_extract.errors import RecordsError
from llm_extract.evals.outside import LeftOut
from llm_extract.evals.outside.item import RowError
from llm_extract.evals.outside.ucdp import _item, read_ucdp
from llm_extract.evals.tolls import TollLabel, agrees
from tests.evals.outside.layouts import UCDP, Row, csv_table, the_fault, the_item

EVENT: Row = {
    "id": "900001",
    "relid": "QUA-2031-1-5",
    "source_article": "Quay Wire,2031-05-05,Nine dead on ferry",
    "source_headline": "Nine dead on ferry",
    "date_prec": 1,
    "date_start": "2031-05-04 00:00:00.000",
    "date_end": "2031-05-04 00:00:00.000",
    "deaths_civilians": 9,
    "best": 9,
    "high": 12,
    "low": 7,
}


def test_an_event_is_its_headlines_and_a_range(tmp_path: Path) -> None:
    item = the_item(list(read_ucdp(csv_table(tmp_path / "ged.csv", UCDP, EVENT))))
    assert (item.id, item.text) == ("900001", "Nine dead on ferry")
    assert item.published == date(2031, 5, 4)
    assert item.labels == {"killed": TollLabel(7, 12), "injured": None}


def test_articles_stand_in_where_headlines_are_missing(tmp_path: Path) -> None:
    older = [name for name in UCDP if name != "source_headline"]
    for columns, row in ((older, EVENT), (UCDP, {**EVENT, "source_headline": " "})):
        item = the_item(list(read_ucdp(csv_table(tmp_path / "ged.csv", columns, row))))
        assert item.text == EVENT["source_article"]


def test_an_event_with_nobody_surely_killed_is_passed_over(tmp_path: Path) -> None:
    row = {**EVENT, "best": 0, "low": 0}
    (entry,) = read_ucdp(csv_table(tmp_path / "ged.csv", UCDP, row))
    assert isinstance(entry, LeftOut) and not entry.broken


def test_a_best_outside_its_range_is_said(tmp_path: Path) -> None:
    path = csv_table(tmp_path / "ged.csv", UCDP, {**EVENT, "best": 13})
    assert "best holds 13, outside of low 7 to high 12" in the_fault(list(read_ucdp(path))).why


def test_a_release_without_header_is_refused(tmp_path: Path) -> None:
    path = csv_table(tmp_path / "ged.csv", [str(EVENT.get(c, "x")) for c in UCDP])
    with pytest.raises(RecordsError, match=r"no column id, .*headline, so it is no UCDP GED"):
        list(read_ucdp(path))


ESTIMATE = st.none() | st.integers(0, 40)


@given(ESTIMATE, ESTIMATE, ESTIMATE)
def test_a_label_always_holds_its_best(best: int | None, low: int | None, high: int | None) -> None:
    row = PlacedRow(1, "line 2", {**EVENT, "best": best, "low": low, "high": high})
    try:
        item = _item(row, ("source_headline",))
    except RowError:
        assert best and ((low or 0) > best or (high is not None and high < best))
        return
    if item is None:
        assert not best
        return
    label = item.labels["killed"]
    assert label is not None and agrees(best, label)
    assert (low is None or low == label.low) and (high is None or high == label.high)
