"""Files of records of any origin as entries."""

import gzip
import json
from itertools import islice
from pathlib import Path

import pytest
from silent import SILENT

from llm_extract.errors import RecordsError
from llm_extract.handmade import Entry, Problem, ReadSettings, Typed, read_entries
from llm_extract.record import Record

EXAMPLE = Path(__file__).parents[1] / "export" / "example_records.jsonl"


def entries(file: Path, **settings: object) -> list[Entry | Problem]:
    return list(read_entries(str(file), ReadSettings(**settings)))  # type: ignore[arg-type]


def table(tmp_path: Path, *lines: str, name: str = "figures.csv") -> Path:
    file = tmp_path / name
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def typed(entry: Entry | Problem) -> Typed:
    assert isinstance(entry, Entry) and isinstance(entry.content, Typed)
    return entry.content


def test_a_row_gives_a_claim_for_each_outcome_it_counts(tmp_path: Path) -> None:
    (entry,) = entries(
        table(
            tmp_path,
            "Killed,Injured,Children injured,Source,Place,From,To",
            "34,≥71,26,Arven Directorate,Halden; Velm,2026-03-01,2026-03-07",
        )
    )
    killed, injured = typed(entry).claims
    assert (killed.outcome, injured.outcome) == ("killed", "injured")
    assert killed.total is not None and killed.total.value == 34
    assert injured.total is not None and injured.total.qualifier == "at_least"
    assert injured.children is not None and injured.children.value == 26
    assert killed.claimant == "Arven Directorate" and killed.places == ["Halden", "Velm"]
    assert killed.period is not None and str(killed.period.end) == "2026-03-07"
    assert killed.scope == "period"
    assert typed(entry).ids == ("line 2 killed", "line 2 injured")


def test_rows_of_one_report_are_one_entry(tmp_path: Path) -> None:
    found = entries(
        table(tmp_path, "report,id,killed,parent", "a,1,30,", "a,2,12,1", "b,3,5,", name="f.csv")
    )
    assert [entry.id for entry in found if isinstance(entry, Entry)] == ["a", "b"]
    assert [claim.part_of for claim in typed(found[0]).claims] == [None, 0]


def test_without_a_report_column_parts_go_with_their_whole(tmp_path: Path) -> None:
    found = entries(table(tmp_path, "id,killed,parent", "a,30,", "b,12,a", "c,9,b", "d,5,"))
    assert [len(typed(entry).claims) for entry in found] == [3, 1]
    assert [claim.part_of for claim in typed(found[0]).claims] == [None, 0, 1]


def test_all_rows_may_be_of_one_report(tmp_path: Path) -> None:
    (entry,) = entries(table(tmp_path, "killed,place", "30,Velm", "5,Tarsk"), one_report=True)
    assert len(typed(entry).claims) == 2


def test_a_part_is_of_the_same_outcome_or_of_the_casualties(tmp_path: Path) -> None:
    file = table(
        tmp_path,
        "id,outcome,total,parent",
        "a,casualties,60,",
        "b,killed,20,a",
        "c,wounded,40,a",
    )
    assert [claim.part_of for claim in typed(entries(file)[0]).claims] == [None, 0, 0]


def test_a_bad_cell_is_named_and_the_rest_of_its_row_is_kept(tmp_path: Path) -> None:
    problem, entry = entries(table(tmp_path, "killed,children", "34,x"))
    assert isinstance(problem, Problem)
    assert problem.place.endswith("figures.csv line 2")
    assert "column 'children' holds 'x', which is not read; write a number" in problem.message
    (claim,) = typed(entry).claims
    assert claim.total is not None and claim.children is None


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        (("killed", "1,2,3"), 2, "3 cells under 1 columns"),
        (("killed,date", "4,05/12/2024"), 2, "write the day as 2024-12-05"),
        (("killed,place", ",Velm"), 2, "the row holds no figure"),
        (("total,outcome", "4,mauled"), 2, "write one of killed, injured"),
        (("killed,weapon", "4,spear"), 2, "write one of airstrike"),
        (("killed,id,parent", "4,a,zz"), 2, "its whole 'zz' is no figure of the same report"),
        (("killed,id,report", "4,a,r", "5,a,r"), 3, "the id 'a' stands twice"),
        (("killed,report", "4,r", "5,s", "6,r"), 4, "rows of report 'r' stand further up too"),
    ],
)
def test_each_thing_that_is_not_read_gives_one_line_with_its_place(
    tmp_path: Path, lines: tuple[str, ...], line: int, message: str
) -> None:
    problems = [each for each in entries(table(tmp_path, *lines)) if isinstance(each, Problem)]
    assert len(problems) == 1
    assert problems[0].place.endswith(f" line {line}")
    assert message in problems[0].message


def test_a_twice_given_id_keeps_both_figures_apart(tmp_path: Path) -> None:
    found = entries(table(tmp_path, "killed,id,report", "4,a,r", "5,a,r"))
    assert typed(found[-1]).ids == ("a", "a (3)")


def test_records_of_our_own_come_as_they_are() -> None:
    found = entries(EXAMPLE)
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert [e.content for e in found if isinstance(e, Entry)] == [
        Record.model_validate_json(line) for line in lines
    ]


def test_bare_claims_and_broken_lines_stand_side_by_side(tmp_path: Path) -> None:
    count = {
        "value": 4,
        "upper": None,
        "qualifier": "exact",
        "basis": "printed",
        "as_written": "four",
    }
    claim = {
        **SILENT,
        "total": count,
        "evidence": ["four people"],
    }
    bare = {"id": "velm", "published": "2026-03-05", "claims": [claim]}
    extra = {**bare, "claims": [{**claim, "verdict": "sure"}]}
    file = tmp_path / "claims.jsonl"
    file.write_text(
        "\n".join([json.dumps(bare), "{oops", json.dumps(extra), "[1]"]), encoding="utf-8"
    )
    good, *broken = entries(file)
    assert typed(good).ids == ("c1",)
    assert isinstance(good, Entry) and good.names == ("velm",)
    assert [problem.place[-6:] for problem in broken] == ["line 2", "line 3", "line 4"]
    assert "claims.0.verdict" in str(broken[1])


def test_packed_and_tab_separated_tables_are_read(tmp_path: Path) -> None:
    tabbed = table(tmp_path, "killed\tplace", "4\tVelm, Tarsk", name="figures.tsv")
    packed = tmp_path / "figures.tsv.gz"
    packed.write_bytes(gzip.compress(tabbed.read_bytes()))
    for file in (tabbed, packed):
        assert typed(entries(file)[0]).claims[0].places == ["Velm, Tarsk"]


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="save the records as jsonl, csv or tsv"):
        entries(table(tmp_path, "killed", "4", name="figures.xlsx"))
    with pytest.raises(RecordsError, match="cannot be read"):
        entries(tmp_path / "missing.csv")


def test_the_first_entry_is_there_before_the_file_is_read(tmp_path: Path) -> None:
    file = table(tmp_path, "killed,note", *(f"{n},{'x' * 2000}" for n in range(2000)))
    seen: list[int] = []
    assert len(list(islice(read_entries(str(file), ReadSettings(on_bytes=seen.append)), 2))) == 2
    assert max(seen) < file.stat().st_size / 2
