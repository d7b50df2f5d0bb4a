"""Rules never raise, whatever the record and the text are, and always say the same."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from properties.consistent_reports import consistent_reports
from properties.corruptions import CORRUPTIONS
from properties.drafts import Drawn

from llm_extract.numbers import read_ledger
from llm_extract.record import (
    Attempt,
    Evidence,
    OtherReading,
    Provenance,
    Record,
    RecordClaim,
    RecordCount,
    RecordFacility,
    RecordSubgroup,
    ReportHead,
)
from llm_extract.schema import (
    FacilityKind,
    Group,
    Period,
    Weapon,
)
from llm_extract.validators.catalogue import check

STOCK = (
    "Shells killed 12 people in Velm, including 3 children and a nurse, the Open Records Project"
    " said on 4 March 2024. No casualties were reported in Kandor. A third of the dead were women."
)
NAMES = st.one_of(
    st.sampled_from(["Velm", "the Open Records Project", "", " ", "the", "\u200b", "c1"]),
    st.text(max_size=12),
)
TEXTS = st.one_of(
    st.text(max_size=200),
    st.just(STOCK),
    st.builds(lambda a, b: f"{STOCK[:a]}{b}{STOCK[a:]}", st.integers(0, 200), st.text(max_size=8)),
)
OFFSETS = st.one_of(st.none(), st.integers(-5, 260), st.integers())
NUMBERS = st.one_of(st.none(), st.integers(-2, 40), st.integers(0), st.integers(1900, 2100))
DAYS = st.one_of(st.none(), st.dates(), st.sampled_from([date.min, date.max]))
COUNTS = st.builds(
    RecordCount,
    value=NUMBERS,
    upper=NUMBERS,
    as_written=st.one_of(st.text(max_size=6), st.sampled_from(["12", "no", "a nurse", "dozens"])),
    low=st.integers(-2, 3000),
    high=NUMBERS,
    start=OFFSETS,
    end=OFFSETS,
)
MAYBE_COUNT = st.one_of(st.none(), COUNTS)
QUOTES = st.lists(
    st.builds(
        Evidence,
        quote=st.one_of(st.just(STOCK), st.text(max_size=20)),
        start=OFFSETS,
        end=OFFSETS,
    ),
    max_size=3,
)
PERIODS = st.one_of(
    st.none(), st.builds(Period, start=DAYS, end=DAYS, as_written=st.text(min_size=1, max_size=9))
)
IDS = st.one_of(st.sampled_from(["c1", "c2", "f1", "", "c-1"]), st.text(max_size=4))
INDEXES = st.one_of(st.none(), st.integers(-3, 6), st.integers())
SHARED = {
    "id": IDS,
    "claimant": st.one_of(st.none(), NAMES),
    "perpetrators": st.lists(NAMES, max_size=3),
    "weapons": st.lists(st.sampled_from(get_args(Weapon)), max_size=3),
    "places": st.lists(NAMES, max_size=3),
    "period": PERIODS,
    "part_of": INDEXES,
    "part_of_id": st.one_of(st.none(), IDS),
    "evidence": QUOTES,
}
CLAIMS = st.builds(
    RecordClaim,
    total=MAYBE_COUNT,
    children=MAYBE_COUNT,
    women=MAYBE_COUNT,
    men=MAYBE_COUNT,
    subgroups=st.lists(
        st.builds(
            RecordSubgroup,
            group=st.sampled_from(get_args(Group)),
            label=st.one_of(st.none(), NAMES),
            count=COUNTS,
        ),
        max_size=3,
    ),
    **SHARED,
)
FACILITIES = st.builds(
    RecordFacility,
    kinds=st.lists(st.sampled_from(get_args(FacilityKind)), max_size=2),
    count=MAYBE_COUNT,
    **SHARED,
)
RECORDS = st.builds(
    Record,
    report=st.builds(
        ReportHead,
        published=DAYS,
        language=st.sampled_from(["en", "ar", "fr", "es", "uk", "ru", "xx", "", None]),
    ),
    claims=st.lists(CLAIMS, max_size=4),
    facilities=st.lists(FACILITIES, max_size=2),
    findings=st.just([]),
    failure=st.none(),
    provenance=st.one_of(
        st.none(),
        st.builds(
            Provenance,
            unread_mentions=st.lists(st.sampled_from(["7:9", "x", "", "9:", "-1:5"]), max_size=2),
            attempts=st.lists(
                st.builds(
                    Attempt,
                    passage=st.one_of(st.sampled_from(["0:20", "", "x", "900:1"]), st.text()),
                ),
                max_size=2,
            ),
            readings=st.lists(
                st.builds(
                    OtherReading,
                    passages=st.lists(st.sampled_from(["0:20", "", "x", "900:1"]), max_size=2),
                    claims=st.lists(CLAIMS, max_size=2),
                    facilities=st.lists(FACILITIES, max_size=1),
                    findings=st.just([]),
                ),
                max_size=1,
            ),
        ),
    ),
)


@given(RECORDS, TEXTS)
@settings(max_examples=100, deadline=None)
def test_no_record_and_no_text_makes_a_rule_raise(record: Record, text: str) -> None:
    ledger = read_ledger(text, record.report.language)
    found = check(record, text, ledger)
    assert check(record, text, ledger) == found
    assert all(finding.message for finding in found)


@given(st.builds(Record, findings=st.just([]), provenance=st.none()), st.text(max_size=80))
@settings(max_examples=15, deadline=None)
def test_records_of_any_make_are_checked(record: Record, text: str) -> None:
    check(record, text, read_ledger(text, record.report.language))


@given(consistent_reports(), st.sampled_from(sorted(CORRUPTIONS)), st.randoms(), TEXTS)
@settings(max_examples=60, deadline=None)
def test_a_record_of_another_report_is_checked_too(
    drawn: Drawn, corruption: str, random: Random, text: str
) -> None:
    record = CORRUPTIONS[corruption](drawn.record, drawn.text, random) or drawn.record
    ledger = read_ledger(text, "en")
    assert check(record, text, ledger) == check(record, text, ledger)
