"""Gold sets are found by name in the source tree, by path anywhere, told apart by digest."""

from __future__ import annotations

from pathlib import Path

import pytest
from evals.test_grid import REPORTS

from llm_extract.errors import RecordsError
from llm_extract.evals import gold_reports
from llm_extract.evals.gold_reports import read_gold, set_folder, set_sha256


def test_a_set_is_named_or_is_a_folder(tmp_path: Path) -> None:
    assert read_gold(set_folder("dev"))
    assert set_folder(str(tmp_path)) == tmp_path


def test_without_a_source_tree_the_sets_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gold_reports, "SETS", tmp_path / "gold")
    with pytest.raises(RecordsError, match="part of the source tree"):
        set_folder("test")


def test_a_digest_is_that_of_texts_and_labels_in_any_order() -> None:
    assert set_sha256(REPORTS) == set_sha256(REPORTS[::-1])
    changed = REPORTS[0].model_copy(update={"text": REPORTS[0].text + " "})
    assert set_sha256([changed, *REPORTS[1:]]) != set_sha256(REPORTS)
    retagged = REPORTS[0].model_copy(update={"traps": ["years"]})
    assert set_sha256([retagged, *REPORTS[1:]]) == set_sha256(REPORTS)


def test_all_files_that_are_no_gold_reports_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.json").write_text("not json")
    with pytest.raises(RecordsError, match=r"a\.json.*b\.json"):
        read_gold(tmp_path)
