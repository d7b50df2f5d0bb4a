"""Sheets: what a colleague changes in a spreadsheet becomes edits, and the rest is a conflict."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from openpyxl import Workbook, load_workbook
from review_builders import ANNA, BASIL, PLAIN, SUMS, cases_in

from llm_extract.errors import RecordsError
from llm_extract.review.audit import verify
from llm_extract.review.cases import Cases
from llm_extract.review.edits import parse_edit
from llm_extract.review.exchange import sheet_back
from llm_extract.review.exchange.arriving import Plan, apply_plan
from llm_extract.review.exchange.sheet import COLUMNS, csv_parts, figure_words, write_xlsx
from llm_extract.review.exchange.sheet_back import plan_sheet, read_sheet
from llm_extract.review.work import Desk
from llm_extract.store import Store

Cells = dict[str, str]
Change = Callable[[list[Cells]], object]


@pytest.fixture
def desk(store: Store) -> Desk:
    """A desk by the clock of the world, which plans go by."""
    return Desk(store.engine)


def exported(cases: Cases, *pks: int) -> list[Cells]:
    lines = "".join(csv_parts(cases.get(pk) for pk in pks)).removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(lines)))


def planned(cases: Cases, rows: list[Cells]) -> Plan:
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return plan_sheet(cases, read_sheet("claims.csv", file.getvalue().encode()), ANNA)


def why(plan: Plan) -> str:
    [conflict] = plan.conflicts
    return conflict.why


def test_a_sheet_that_nobody_changed_changes_nothing(store: Store, cases: Cases) -> None:
    pks = cases_in(store, PLAIN, SUMS)
    rows = exported(cases, *pks)
    assert [row["total"] for row in rows] == ["12", "14", "71"]
    assert planned(cases, rows) == Plan((), (), 3)


def test_changed_cells_become_one_step_of_the_case(store: Store, cases: Cases, desk: Desk) -> None:
    [pk] = cases_in(store, SUMS)
    rows = exported(cases, pk)
    rows[0] |= {"women": "", "claimant": "Meridan", "places": "Halden; Orn", "note": "by phone"}
    rows[1] |= {"total": "about 71", "happened": "missing"}
    plan = planned(cases, rows)
    assert plan.conflicts == ()
    assert apply_plan(desk, plan, ANNA, "sheet") == (1, [])
    case = cases.get(pk)
    first, second = case.content.claims
    assert (first.women, first.claimant, first.places) == (None, "Meridan", ["Halden", "Orn"])
    assert second.outcome == "missing"
    assert second.total is not None and second.total.qualifier == "about"
    assert (case.holder, case.record.claims[0].claimant) == (None, case.record.claims[0].claimant)
    actions = [entry.action for entry in cases.history(pk)]
    assert actions == ["open", "take", "import", "release", "note"]
    assert verify(store.engine).problems == ()


def test_a_number_is_one_of_the_report_and_comes_with_its_place(
    store: Store, cases: Cases, desk: Desk
) -> None:
    [pk] = cases_in(store, SUMS)
    rows = exported(cases, pk)
    rows[0]["women"] = "9"
    apply_plan(desk, planned(cases, rows), ANNA, "sheet")
    women = cases.get(pk).content.claims[0].women
    assert women is not None and (women.as_written, women.start) == ("nine", SUMS.index("nine"))


CONFLICTS: list[tuple[Cells, str]] = [
    ({"total": "15"}, "15 does not stand in the report"),
    ({"total": "many"}, "'many' is no number: write 14"),
    ({"total": "=1+1"}, r"'=1\+1' is no number"),
    ({"happened": "hurt"}, "outcome is one of killed, injured"),
    ({"claim": "c9"}, "there is no claim c9"),
    ({"claim": ""}, "does not say which case and claim"),
    ({"case": "x"}, "does not say which case and claim"),
    ({"case": "77"}, "there is no case 77"),
    ({"version": "5"}, "was changed since it was exported"),
    ({"claimant": "x" * 501}, "at most 500 characters"),
    ({"note": "x" * 5000}, "the note has more than 4,000"),
]


def test_what_cannot_be_applied_is_a_conflict_and_the_rest_goes_on(
    store: Store, cases: Cases, subtests: pytest.Subtests
) -> None:
    pks = cases_in(store, PLAIN, SUMS)
    for cells, words in CONFLICTS:
        with subtests.test(words):
            rows = exported(cases, *pks)
            rows[0] |= {"places": "Elsewhere", **cells}
            rows[1]["places"] = "Orn"
            plan = planned(cases, rows)
            assert re.search(words, why(plan))
            assert plan.conflicts[0].where.startswith("line 2")
            [change] = plan.changes
            assert change.case == 2 and change.content.claims[0].places == ["Orn"]


def test_a_row_with_one_bad_cell_is_not_applied_at_all(store: Store, cases: Cases) -> None:
    [pk] = cases_in(store, SUMS)
    rows = exported(cases, pk)
    rows[0] |= {"claimant": "Meridan", "total": "15"}
    rows[1]["places"] = "Orn"
    [change] = planned(cases, rows).changes
    assert change.content.claims[0] == cases.get(pk).content.claims[0]
    assert change.content.claims[1].places == ["Orn"]


def test_a_number_that_stands_twice_is_for_the_screen(store: Store, cases: Cases) -> None:
    [pk] = cases_in(store, PLAIN + " Later 9 men and 9 women were freed.")
    rows = exported(cases, pk)
    rows[0]["men"] = "9"
    assert "9 stands 2 times in the report" in why(planned(cases, rows))


def test_two_rows_for_one_claim_are_both_conflicts(store: Store, cases: Cases) -> None:
    [pk] = cases_in(store, PLAIN)
    rows = exported(cases, pk)
    plan = planned(cases, [*rows, {**rows[0], "claimant": "Meridan"}])
    assert plan.changes == () and len(plan.conflicts) == 2
    assert "claim c1 has 2 rows: leave one" in plan.conflicts[0].why


def test_a_case_that_a_colleague_has_open_is_left_alone(
    store: Store, cases: Cases, desk: Desk
) -> None:
    [pk] = cases_in(store, PLAIN)
    desk.take(pk, BASIL)
    rows = exported(cases, pk)
    rows[0]["claimant"] = "Meridan"
    assert "is open with basil" in why(planned(cases, rows))


def test_what_changes_between_plan_and_apply_is_told_and_not_overwritten(
    store: Store, cases: Cases, desk: Desk
) -> None:
    [pk] = cases_in(store, PLAIN)
    rows = exported(cases, pk)
    rows[0]["claimant"] = "Meridan"
    plan = planned(cases, rows)
    case = desk.take(pk, BASIL)
    renamed = {"action": "set_field", "item": "c1", "field": "claimant", "value": "Basil's"}
    desk.edit(pk, BASIL, parse_edit(renamed), case.version)
    desk.release(pk, BASIL)
    done, [fault] = apply_plan(desk, plan, ANNA, "sheet")
    assert done == 0 and "changed meanwhile" in fault.why
    case = cases.get(pk)
    assert case.content.claims[0].claimant == "Basil's" and case.holder is None


EVIL = '=HYPERLINK("http://x") killed 12 people in +Orn, said @Meridan; <b>12</b>'


def test_text_is_never_a_formula(store: Store, cases: Cases) -> None:
    [pk] = cases_in(store, PLAIN)
    desk = Desk(store.engine)
    case = desk.take(pk, ANNA)
    for field, value in (("claimant", EVIL), ("places", "+Orn\n@x")):
        told = {"action": "set_field", "item": "c1", "field": field, "value": value}
        case = desk.edit(pk, ANNA, parse_edit(told), case.version)
    [row] = exported(cases, pk)
    assert row["claimant"] == "'" + EVIL and row["places"] == "'+Orn; @x"
    assert planned(cases, [row]) == Plan((), (), 1)
    raw = io.BytesIO()
    write_xlsx([cases.get(pk)], raw)
    sheet = load_workbook(io.BytesIO(raw.getvalue())).worksheets[0]
    cell = sheet.cell(2, COLUMNS.index("claimant") + 1)
    assert (cell.value, cell.data_type, cell.quotePrefix) == (EVIL, "s", True)
    assert plan_sheet(cases, read_sheet("x.xlsx", raw.getvalue()), ANNA) == Plan((), (), 1)


def test_in_xlsx_the_keys_are_locked_and_what_may_be_edited_is_not(
    store: Store, cases: Cases
) -> None:
    [pk] = cases_in(store, PLAIN)
    raw = io.BytesIO()
    write_xlsx([cases.get(pk)], raw)
    book = load_workbook(raw)
    sheet = book.worksheets[0]
    assert sheet.protection.sheet and sheet.column_dimensions["A"].hidden
    free = [COLUMNS[n] for n, cell in enumerate(sheet[2]) if not cell.protection.locked]
    assert free == [
        *("happened", "total", "children", "women", "men"),
        *("claimant", "perpetrators", "places", "note"),
    ]
    sheet.cell(2, COLUMNS.index("claimant") + 1).value = "Meridan"
    sheet.cell(2, COLUMNS.index("total") + 1).value = 12.0
    changed = io.BytesIO()
    book.save(changed)
    [change] = plan_sheet(cases, read_sheet("x.xlsx", changed.getvalue()), ANNA).changes
    assert [(each.field, each.after) for each in change.differences] == [("claimant", "Meridan")]


def bomb() -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 20_000)
    return raw.getvalue()


def other_book() -> bytes:
    raw = io.BytesIO()
    book = Workbook()
    book.worksheets[0].append(["a", "b"])
    book.worksheets[0].append([1, datetime(2026, 3, 1, tzinfo=UTC).date()])
    book.save(raw)
    return raw.getvalue()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "has no column case, version, claim"),
        (b"case,version\n", "has no rows"),
        (b"PK\x03\x04 no archive", "is no xlsx sheet"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "x.csv"),
        (b"case,claim\n1,2,3\n", "3 cells under 2 columns"),
    ],
)
def test_a_file_that_is_no_sheet_is_one_line(raw: bytes, words: str) -> None:
    with pytest.raises(RecordsError, match=words) as error:
        read_sheet("x.csv", raw)
    assert "\n" not in str(error.value)


def test_an_archive_that_unpacks_too_far_is_not_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sheet_back, "MOST_UNPACKED", 10_000)
    with pytest.raises(RecordsError, match="unpacks to more than"):
        read_sheet("x.xlsx", bomb())


def test_another_workbook_is_told_which_columns_it_lacks() -> None:
    with pytest.raises(RecordsError, match="has no column case, version, claim"):
        read_sheet("x.xlsx", other_book())


def test_numbers_are_written_as_people_type_them(store: Store, cases: Cases) -> None:
    [pk] = cases_in(store, "At least 30 people died in Orn, 12 to 15 were hurt, dozens fled.")
    totals = [figure_words(claim.total) for claim in cases.get(pk).content.claims]
    assert totals == ["at least 30", "12 to 15", "dozens"]
