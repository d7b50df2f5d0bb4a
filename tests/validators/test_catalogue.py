"""The catalogue as a whole: its order, its laws, the worked reading, the disposition."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.numbers import read_ledger
from llm_extract.record import (
    Evidence,
    Finding,
    Record,
    RecordBasis,
    RecordClaim,
    RecordCount,
    RecordFacility,
    RecordSubgroup,
    ReportHead,
)
from llm_extract.schema import (
    FacilityEffect,
    FacilityKind,
    Group,
    Outcome,
    Period,
    Qualifier,
    Scope,
    Victims,
    Weapon,
)
from llm_extract.validators.catalogue import RULES, check, disposition, rule

WORKED = """Northern Monitor (NM) published its count for 27 November to 3 December on Wednesday.
It lists 149 civilians killed in the north, including 35 children and 16 women.
The government is blamed for the deaths of 105 civilians, including 33 children and 13 women.
The Hill Brigades killed 27 civilians. Foreign forces killed eight civilians, including two children
and two women.
Government units struck 30 vital facilities, among them schools and hospitals, and foreign forces at
least five other vital sites.
The Valley Rescue Service counted 94 civilian deaths from 27 November to 4 December. The victims
included 39 children, 12 women and 43 men, with 320 civilians injured, including 127 children and
80 women.
"""


def worked_reading(desk: Any) -> tuple[Any, Record]:
    at = desk(WORKED)
    lines = [line.group() for line in re.finditer(r"[^\n]+", WORKED)]
    monitor = {
        "claimant": "Northern Monitor",
        "scope": "period",
        "period": ("2024-11-27", "2024-12-03"),
        "victims": "civilians",
    }
    rescue = {
        "claimant": "Valley Rescue Service",
        "scope": "period",
        "period": ("2024-11-27", "2024-12-04"),
        "victims": "civilians",
    }
    foreign = "Foreign forces killed eight civilians, including two children\nand two women."
    toll = "\n".join(lines[7:10])
    claims = [
        at.claim("c1", quote=lines[1], total="149", children="35", women="16", **monitor),
        at.claim(
            "c2",
            quote=lines[2],
            total="105",
            children="33",
            women="13",
            part_of=0,
            part_of_id="c1",
            perpetrators=["government"],
            attribution="alleged",
            **monitor,
        ),
        at.claim(
            "c3",
            quote="The Hill Brigades killed 27 civilians.",
            total=at.count("27", "Brigades killed"),
            part_of=0,
            part_of_id="c1",
            perpetrators=["Hill Brigades"],
            attribution="stated",
            **monitor,
        ),
        at.claim(
            "c4",
            quote=foreign,
            total="eight",
            children="two",
            women=at.count("two", "two women"),
            part_of=0,
            part_of_id="c1",
            perpetrators=["Foreign forces"],
            attribution="stated",
            **monitor,
        ),
        at.claim("c5", quote=toll, total="94", children="39", women="12", men="43", **rescue),
        at.claim(
            "c6",
            quote=toll,
            outcome="injured",
            total="320",
            children="127",
            women="80",
            **rescue,
        ),
    ]
    facilities = [
        at.facility("f1", quote=lines[5], count="30", kinds=["vital_facility"]),
        at.facility(
            "f2", quote="\n".join(lines[5:7]), count="at least five", kinds=["vital_facility"]
        ),
    ]
    dates = [f"{m.start()}:{m.end()}" for m in re.finditer(r"\b\d+(?= (?:Nov|Dec))", WORKED)]
    return at, at.record(*claims, facilities=facilities, unread=dates)


def test_the_worked_reading_is_clean(desk: Any) -> None:
    at, record = worked_reading(desk)
    assert check(record, at.text, at.ledger) == []


def test_the_worked_reading_is_clean_with_the_ledger_of_the_package(desk: Any) -> None:
    at, record = worked_reading(desk)
    assert check(record, at.text, read_ledger(at.text, "en")) == []


def test_rules_come_in_catalogue_order_and_are_found_by_id() -> None:
    ids = [
        "G01",
        "G02",
        "G03",
        "G04",
        "G05",
        "G06",
        "G07",
        "G08",
        "G09",
        "N01",
        "N02",
        "N03",
        "N04",
        "A01",
        "A02",
        "A03",
        "A04",
        "A05",
        "A06",
        "A07",
        "A08",
        "A09",
        "A10",
        "T01",
        "T02",
        "P01",
        "P02",
        "P03",
        "R01",
        "R02",
        "R03",
        "F01",
        "C01",
        "C02",
        "S01",
        "X01",
    ]
    assert [each.id for each in RULES] == ids
    assert all(rule(id).id == id for id in ids)


def test_every_rule_says_what_it_states_and_excepts() -> None:
    for each in RULES:
        assert each.statement and each.kind and each.exceptions
        assert each.check.__doc__ is not None and each.check.__doc__.startswith(f"{each.id}: ")


def test_an_unknown_rule_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        rule("Z99")


def test_any_finding_flags_a_record(desk: Any) -> None:
    at = desk("On Monday 35 people were killed, including 37 children.")
    findings = at.check(at.claim(total="35", children="37"))
    warning = [f.model_copy(update={"severity": "warning"}) for f in findings[:1]]
    assert disposition([]) == "clean"
    assert disposition(findings) == "flagged"
    assert disposition(warning) == "flagged"


def test_words_of_the_report_stay_on_one_line_and_short(desk: Any) -> None:
    at = desk("On Monday 35 people were killed, including 37 children.")
    claim = at.claim(total="35", children="37", claimant="x\n\x1b[31m" + "y" * 500)
    for finding in at.check(claim):
        assert finding.message.isprintable()
        assert len(finding.message) < 400


def some(values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(get_args(values))


NAMES = st.sampled_from(["Army A", "the Army A", "Militia B", "Northam", "", "  ", "{{x}}", "*"])
OFFSETS = st.none() | st.integers(-3, 260)
WORDS = [
    "killed",
    "injured",
    "women",
    "children",
    "schools",
    "35",
    "5",
    "two",
    "dozens",
    "15 to 17",
    "a woman",
    "Northam",
    ". ",
    "\n",
    "\n\n",
    " | ",
    "- ",
    ": ",
    "قتل",
    "\u200f",
    "Ahmad",
]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join) | st.text(max_size=80)
COUNTS = st.builds(
    RecordCount,
    value=st.none() | st.integers(-1, 40),
    upper=st.none() | st.integers(-1, 40),
    qualifier=some(Qualifier),
    basis=some(RecordBasis),
    as_written=st.sampled_from([*WORDS, ""]),
    low=st.integers(-1, 40),
    high=st.none() | st.integers(-1, 40),
    start=OFFSETS,
    end=OFFSETS,
)
DAYS = st.none() | st.dates(date(2024, 11, 25), date(2024, 12, 5))
HELD: dict[str, st.SearchStrategy[Any]] = {
    "part_of": st.none() | st.integers(-2, 7),
    "part_of_id": st.none() | st.sampled_from(["c0", "c1", "c2", "x"]),
    "claimant": st.none() | NAMES,
    "perpetrators": st.lists(NAMES, max_size=2),
    "attribution": st.none(),
    "weapons": st.lists(some(Weapon), max_size=2),
    "places": st.lists(NAMES, max_size=2),
    "scope": some(Scope),
    "period": st.none() | st.builds(Period, start=DAYS, end=DAYS, as_written=st.just("then")),
    "evidence": st.lists(
        st.builds(Evidence, quote=st.sampled_from(WORDS), start=OFFSETS, end=OFFSETS), max_size=3
    ),
}
CLAIMS = st.builds(
    RecordClaim,
    id=st.just(""),
    outcome=some(Outcome),
    victims=some(Victims),
    total=st.none() | COUNTS,
    children=st.none() | COUNTS,
    women=st.none() | COUNTS,
    men=st.none() | COUNTS,
    subgroups=st.lists(
        st.builds(RecordSubgroup, group=some(Group), label=st.none(), count=COUNTS), max_size=3
    ),
    **HELD,
)
FACILITIES = st.builds(
    RecordFacility,
    id=st.just("f1"),
    kinds=st.lists(some(FacilityKind), min_size=1, max_size=2),
    effect=some(FacilityEffect),
    count=st.none() | COUNTS,
    **HELD,
)


@st.composite
def records(draw: st.DrawFn) -> Record:
    claims = [
        claim.model_copy(update={"id": f"c{n}"})
        for n, claim in enumerate(draw(st.lists(CLAIMS, max_size=5)))
    ]
    return Record(
        report=ReportHead(
            id="r1",
            title=None,
            source="fuzz",
            sha256="",
            characters=0,
            published=None,
            language=draw(st.sampled_from([None, "en", "ar", "xx"])),
        ),
        claims=claims,
        facilities=draw(st.lists(FACILITIES, max_size=1)),
        findings=[],
        disposition="clean",
        failure=None,
        provenance=None,
    )


def shuffled(record: Record, order: list[int]) -> Record:
    """The same claims in another order, links kept; links that lead nowhere still do."""
    place = {old: new for new, old in enumerate(order)}
    claims = []
    for old in order:
        parent = record.claims[old].part_of
        moved = parent if parent is None else place.get(parent, parent)
        claims.append(record.claims[old].model_copy(update={"part_of": moved}))
    return record.model_copy(update={"claims": claims})


@given(records(), TEXTS)
def test_no_record_and_no_text_raises(desk: Any, record: Record, text: str) -> None:
    for finding in check(record, text, desk(text).ledger):
        assert isinstance(finding, Finding)
        assert finding.message


@given(records(), TEXTS, st.data())
def test_the_order_of_claims_changes_nothing(
    desk: Any, record: Record, text: str, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(record.claims))))
    ledger = desk(text).ledger
    assert check(shuffled(record, order), text, ledger) == check(record, text, ledger)


@given(records(), TEXTS)
def test_a_second_check_says_the_same(desk: Any, record: Record, text: str) -> None:
    ledger = desk(text).ledger
    findings = check(record, text, ledger)
    again = record.model_copy(update={"findings": findings, "disposition": disposition(findings)})
    assert check(again, text, ledger) == findings
