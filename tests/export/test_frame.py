from datetime import date
from pathlib import Path

import pytest

from llm_extract.export import read_records, to_frame
from llm_extract.export.frame import SCHEMA
from llm_extract.record import Record, RecordSubgroup


@pytest.fixture
def records() -> list[Record]:
    return list(read_records(Path(__file__).with_name("example_records.jsonl")))


def test_there_is_a_row_for_each_claim_and_facility_and_one_for_a_report_without_any(
    records: list[Record],
) -> None:
    frame = to_frame(records)
    assert frame["row"].to_list() == ["claim", "claim", "claim", "facility", "report", "report"]
    assert frame["report_id"].to_list() == ["orsova-10"] * 4 + ["quiet-11", "sealed-12"]


def test_columns_are_the_same_for_no_records_at_all() -> None:
    assert to_frame([]).columns == list(SCHEMA)


def test_a_count_gives_value_bounds_and_qualifier(records: list[Record]) -> None:
    row = to_frame(records).row(0, named=True)
    assert (row["total_value"], row["total_low"], row["total_high"]) == (62, 62, None)
    assert row["total_qualifier"] == "at_least"
    assert (row["children_value"], row["women_value"], row["men_value"]) == (14, 9, None)


def test_a_vague_count_has_bounds_and_no_value(records: list[Record]) -> None:
    row = to_frame(records).row(2, named=True)
    assert (row["total_value"], row["total_low"], row["total_high"]) == (None, 24, None)
    assert row["subgroups_medical_workers_value"] == 2


def test_places_are_never_counted_in_a_column_of_people(records: list[Record]) -> None:
    row = to_frame(records).row(3, named=True)
    assert (row["count_value"], row["facility_kinds"], row["facility_effect"]) == (
        3,
        "school",
        "attacked",
    )
    assert row["total_value"] is None and row["outcome"] is None


def test_a_part_names_its_whole_its_perpetrators_period_and_findings(records: list[Record]) -> None:
    row = to_frame(records).row(1, named=True)
    assert row["part_of_id"] == "c1"
    assert row["perpetrators"] == "Forces of the Northern Council"
    assert (row["period_start"], row["period_end"]) == (date(2025, 3, 3), date(2025, 3, 9))
    assert row["findings"].startswith("A05 error: 16 children")
    assert row["evidence"].startswith("Forces of the Northern Council killed 41")


def test_a_failed_report_keeps_its_reason(records: list[Record]) -> None:
    row = to_frame(records).row(5, named=True)
    assert (row["disposition"], row["failure"]) == (
        "failed",
        "sealed-12.pdf is encrypted; save it without a password",
    )


def test_a_second_subgroup_of_a_group_is_written_out(records: list[Record]) -> None:
    claim = records[0].claims[2]
    nurses = claim.subgroups[0]
    drivers = RecordSubgroup(
        group="medical_workers",
        label=None,
        count=nurses.count.model_copy(update={"value": 3, "as_written": "three"}),
    )
    twice = claim.model_copy(update={"subgroups": [nurses, drivers]})
    row = to_frame([records[0].model_copy(update={"claims": [twice]})]).row(0, named=True)
    assert row["subgroups_medical_workers_value"] == 2
    assert row["further_subgroups"] == "medical_workers.2: three"
