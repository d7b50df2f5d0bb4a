"""Which column of a typed table is what."""

from pathlib import Path
from typing import get_args

import pytest

from llm_extract.errors import RecordsError
from llm_extract.handmade.columns import (
    ATTRIBUTES,
    OUTCOME_NAMES,
    OUTCOME_WORDS,
    SLOTS,
    choose_columns,
    field_of,
    is_field,
    read_mapping,
)
from llm_extract.schema import Outcome


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Killed", "killed.total"),
        ("Total killed", "killed.total"),
        ("no. of people killed", "killed.total"),
        ("Deaths", "killed.total"),
        ("children_killed", "killed.children"),
        ("Killed children", "killed.children"),
        ("Wounded women", "injured.women"),
        ("Injured (medical workers)", "injured.medical_workers"),
        ("Total", "total"),
        ("Children", "children"),
        ("Under-18", "children"),
        ("Men", "men"),
        ("Security forces", "security_forces"),
        ("Source", "claimant"),
        ("Report ID", "report"),
        ("Part of", "parent"),
        ("Location", "place"),
        ("date", "date"),
        ("Remarks", None),
        ("Killed and injured", None),
        ("Houses destroyed", None),
        ("", None),
    ],
)
def test_common_headers_are_known(header: str, field: str | None) -> None:
    assert field_of(header) == field


def test_every_name_is_that_of_one_field_alone() -> None:
    names = [name for known in ATTRIBUTES.values() for name in known]
    assert len(names) == len(set(names))
    assert set(OUTCOME_NAMES) == set(get_args(Outcome))
    assert all(OUTCOME_WORDS[outcome] == outcome for outcome in get_args(Outcome))
    assert all(is_field(name) for name in (*ATTRIBUTES, *SLOTS, "injured.children"))


def test_a_mapping_comes_before_what_headers_say() -> None:
    for field in ("total", "killed.total"):
        found, _ = choose_columns(["Killed", "Toll", "Kids"], {field: "Toll"}, "killed")
        assert found == {"killed.total": "Toll", "killed.children": "Kids"}


def test_what_was_guessed_and_what_was_passed_over_is_said() -> None:
    found, lines = choose_columns(["Deaths", "Killed", "Children"], {}, "killed")
    assert found == {"killed.total": "Deaths", "killed.children": "Children"}
    assert "killed.total from column 'Deaths'" in lines[0]
    assert "column 'Killed' looks like killed.total too and is not read" in lines[1]


def test_counts_without_an_outcome_take_the_given_one_unless_a_column_tells() -> None:
    assert "injured.total" in choose_columns(["Total"], {}, "injured")[0]
    assert choose_columns(["Total", "Outcome"], {}, "injured")[0] == {
        "total": "Total",
        "outcome": "Outcome",
    }


def test_two_columns_for_one_count_are_refused() -> None:
    with pytest.raises(RecordsError, match=r"'Killed' and 'Total' both give killed\.total"):
        choose_columns(["Killed", "Total"], {}, "killed")


def test_a_table_without_a_count_names_its_columns() -> None:
    with pytest.raises(RecordsError, match=r"no column holds a count.*'Remarks'"):
        choose_columns(["Remarks"], {}, "killed")


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(RecordsError, match=r"no column 'Tol' for total; the columns are: 'Toll'"):
        choose_columns(["Toll"], {"total": "Tol"}, "killed")


def test_a_mapping_file_has_a_line_or_a_table_of_fields(tmp_path: Path) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text('place = "Town"\n[injured]\ntotal = "Hurt"\n', encoding="utf-8")
    assert read_mapping(["place=Village"], file) == {"place": "Village", "injured.total": "Hurt"}


@pytest.mark.parametrize(
    ("pairs", "content", "message"),
    [
        (["total"], None, "write FIELD=COLUMN"),
        (["kids=Kids"], None, "there is no field 'kids'"),
        (["killed.kids=Kids"], None, "there is no field 'killed.kids'"),
        ([], "place = 3", "place must be a column name"),
        ([], "place = ", "the mapping can't be read"),
        ([], 'kids = "Kids"', "there is no field 'kids'"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(
    tmp_path: Path, pairs: list[str], content: str | None, message: str
) -> None:
    file = tmp_path / "mapping.toml"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(RecordsError, match=message):
        read_mapping(pairs, None if content is None else file)
