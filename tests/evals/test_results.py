"""Results as they are kept: written whole, read again, refused where they are no results."""

from __future__ import annotations

from pathlib import Path

import pytest
from evals.test_leaderboard import results, run

from llm_extract.errors import RecordsError
from llm_extract.evals.results import read_results, records_path, write_results


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    kept = results(a=run(1, 2, 3))
    path = write_results(tmp_path, kept)
    assert read_results(tmp_path) == read_results(path) == kept


@pytest.mark.parametrize("text", ["", "{}", '{"format": 99}', "not json"])
def test_what_holds_no_results_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(RecordsError, match=r"results\.json holds no results of this version"):
        read_results(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="no results of an eval run in"):
        read_results(tmp_path / "nothing")


def test_an_unknown_variant_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(RecordsError, match="no variant 'b'; it has a"):
        results(a=run(1)).of("b")


def test_a_variant_s_name_never_leaves_the_folder_of_records(tmp_path: Path) -> None:
    path = records_path(tmp_path, "../../etc/passwd x@1", 2)
    assert path.parent == tmp_path / "records"
