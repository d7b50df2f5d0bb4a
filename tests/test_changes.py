"""Changes of a record: slots from the ledger, links, derived totals, evidence, refusals."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from silent import SILENT

from llm_extract.changes import apply, count_at
from llm_extract.documents import report_from_text
from llm_extract.errors import ChangeError
from llm_extract.extraction.grounding import ground
from llm_extract.intervals import bounds
from llm_extract.numbers import read_ledger
from llm_extract.pipeline import head_of
from llm_extract.record import Change, Record
from llm_extract.schema import CasualtyReport, Claim, Count, Subgroup

TEXT = (
    "In Norham 40 people were killed, including 12 children and at least seven women. Militia Q "
    "killed nine of them. Two medics were among the dead."
)
LEDGER = read_ledger(TEXT, "en")
FIRST = TEXT[: TEXT.index(" Militia Q")]
SECOND = "Militia Q killed nine of them."


def count(value: int, words: str) -> Count:
    return Count(value=value, upper=None, qualifier="exact", basis="printed", as_written=words)


def claim(quotes: list[str], **fields: Any) -> Claim:
    return Claim(
        **{
            **SILENT,
            "evidence": quotes,
            **fields,
        }
    )


def record(*claims: Claim) -> Record:
    report = report_from_text(TEXT, published=date(2030, 3, 1))
    found, places = ground(CasualtyReport(claims=list(claims), facilities=[]), TEXT, LEDGER)
    return Record(
        report=head_of(report),
        claims=found,
        facilities=places,
        findings=[],
        disposition="clean",
        failure=None,
        provenance=None,
    )


@pytest.fixture
def base() -> Record:
    return record(
        claim([FIRST], total=count(40, "40"), children=count(12, "12")),
        claim([SECOND], total=count(9, "nine"), part_of=0),
    )


def change(claim: str, field: str, before: str | None, after: str | None) -> Change:
    """A change that takes the first number of the text that reads so."""
    place = next((m for m in LEDGER.mentions if m.text == after), None)
    return Change(
        claim=claim,
        field=field,
        before=before,
        after=after,
        start=place.start if place else None,
        end=place.end if place else None,
    )


def test_an_empty_slot_takes_a_number_with_its_qualifier_and_bounds(base: Record) -> None:
    changed = apply(base, [change("c1", "women", None, "seven")], TEXT, LEDGER)
    women = changed.claims[0].women
    assert women is not None
    assert (women.value, women.qualifier, women.low, women.high) == (7, "at_least", 7, None)
    assert women.start is not None
    assert TEXT[women.start : women.end] == "seven"
    assert base.claims[0].women is None


def test_a_slot_is_emptied(base: Record) -> None:
    changed = apply(base, [change("c1", "children", "12", None)], TEXT, LEDGER)
    assert list(changed.claims[0].slots()) == ["total"]


def test_slots_are_swapped_by_two_changes_at_once(base: Record) -> None:
    changes = [change("c1", "total", "40", "nine"), change("c2", "total", "nine", "40")]
    changed = apply(base, changes, TEXT, LEDGER)
    assert [c.total.value for c in changed.claims if c.total] == [9, 40]
    back = [change("c1", "total", "nine", "40"), change("c2", "total", "40", "nine")]
    restored = apply(changed, back, TEXT, LEDGER)
    assert [c.slots() for c in restored.claims] == [c.slots() for c in base.claims]


def test_a_number_of_another_sentence_brings_the_sentence_once_and_in_text_order(
    base: Record,
) -> None:
    changes = [change("c2", "total", "nine", "40"), change("c2", "children", None, "12")]
    changed = apply(base, changes, TEXT, LEDGER)
    assert [quote.quote for quote in changed.claims[1].evidence] == [FIRST, SECOND]
    assert changed.claims[0].evidence == base.claims[0].evidence
    for quote in changed.claims[1].evidence:
        assert TEXT[quote.start : quote.end] == quote.quote


def test_a_subgroup_is_added_replaced_and_dropped(base: Record) -> None:
    field = "subgroups.medical_workers"
    with_two = apply(base, [change("c1", field, None, "Two")], TEXT, LEDGER)
    assert with_two.claims[0].slots()[field].value == 2
    with_nine = apply(with_two, [change("c1", field, "Two", "nine")], TEXT, LEDGER)
    assert with_nine.claims[0].slots()[field].value == 9
    without = apply(with_nine, [change("c1", field, "nine", None)], TEXT, LEDGER)
    assert without.claims[0].subgroups == []


def test_the_second_of_two_equal_subgroups_is_the_one_that_changes() -> None:
    labelled = [
        Subgroup(group="other", label="guests", count=count(12, "12")),
        Subgroup(group="other", label="hosts", count=count(9, "nine")),
    ]
    base = record(claim([FIRST], total=count(40, "40"), subgroups=labelled))
    changed = apply(base, [change("c1", "subgroups.other.2", "nine", "Two")], TEXT, LEDGER)
    assert [(s.label, s.count.value) for s in changed.claims[0].subgroups] == [
        ("guests", 12),
        ("hosts", 2),
    ]


def test_a_link_is_set_by_id_with_its_index_and_cut(base: Record) -> None:
    cut = apply(base, [change("c2", "part_of", "c1", None)], TEXT, LEDGER)
    assert (cut.claims[1].part_of, cut.claims[1].part_of_id) == (None, None)
    turned = apply(cut, [change("c1", "part_of", None, "c2")], TEXT, LEDGER)
    assert (turned.claims[0].part_of, turned.claims[0].part_of_id) == (1, "c2")


def test_a_claim_that_is_one_with_another_leaves_it_its_quotes_and_parts() -> None:
    record_of_three = record(
        claim([FIRST], total=count(40, "40")),
        claim([SECOND], total=count(40, "40")),
        claim([SECOND], total=count(9, "nine"), part_of=1),
    )
    changes = [change("c2", "claim", "c2", "c1")]
    changed = apply(record_of_three, changes, TEXT, LEDGER)
    assert [c.id for c in changed.claims] == ["c1", "c3"]
    assert [quote.quote for quote in changed.claims[0].evidence] == [FIRST, SECOND]
    assert (changed.claims[1].part_of, changed.claims[1].part_of_id) == (0, "c1")


def test_a_claim_that_goes_for_good_leaves_its_parts_without_a_whole(base: Record) -> None:
    changed = apply(base, [change("c1", "claim", "c1", None)], TEXT, LEDGER)
    assert [c.id for c in changed.claims] == ["c2"]
    assert (changed.claims[0].part_of, changed.claims[0].part_of_id) == (None, None)


def test_a_part_that_its_whole_goes_into_is_part_of_nothing(base: Record) -> None:
    changed = apply(base, [change("c1", "claim", "c1", "c2")], TEXT, LEDGER)
    assert [c.part_of for c in changed.claims] == [None]


def test_a_derived_total_follows_its_parts() -> None:
    base = record(claim([FIRST], children=count(12, "12"), women=count(7, "seven")))
    assert base.claims[0].total is not None
    assert base.claims[0].total.basis == "derived"
    changed = apply(base, [change("c1", "children", "12", "nine")], TEXT, LEDGER)
    assert changed.claims[0].total is not None
    assert changed.claims[0].total.value == 16
    one_part = apply(base, [change("c1", "children", "12", None)], TEXT, LEDGER)
    assert one_part.claims[0].total is None


def test_a_changed_record_never_looks_cleaner_than_it_was(base: Record) -> None:
    flagged = base.model_copy(update={"disposition": "flagged"})
    changed = apply(flagged, [change("c1", "children", "12", None)], TEXT, LEDGER)
    assert changed.disposition == "flagged"


def test_no_change_changes_nothing(base: Record) -> None:
    assert apply(base, [], TEXT, LEDGER) == base


def test_every_mention_makes_the_count_that_its_bounds_say() -> None:
    for mention in LEDGER.mentions:
        made = count_at(mention)
        assert (made.low, made.high) == bounds(made)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([("c9", "total", None, "12")], "no claim 'c9'"),
        ([("c1", "elders", None, "12")], "no slot 'elders'"),
        ([("c1", "subgroups.elders", None, "12")], "no slot 'subgroups.elders'"),
        ([("c1", "subgroups.other", None, "12")], "needs a label"),
        ([("c1", "children", "13", "nine")], "is '12' and not '13'"),
        ([("c1", "women", "13", "nine")], "is nothing and not '13'"),
        ([("c1", "children", "12", "nine"), ("c1", "children", "12", "Two")], "set twice"),
        ([("c1", "children", "12", "1200")], "no count '1200' stands at"),
        ([("c1", "claim", "c1", "c9")], "cannot be one with 'c9'"),
        ([("c1", "claim", "c1", "c1")], "cannot be one with 'c1'"),
        ([("c1", "claim", "c1", "c2"), ("c1", "children", "12", None)], "change nothing else"),
        ([("c2", "part_of", "c1", "c2")], "cannot be part of 'c2'"),
        ([("c2", "part_of", "c1", "c9")], "cannot be part of 'c9'"),
        ([("c2", "part_of", None, "c1")], "is part of 'c1' and not of nothing"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(
    base: Record, changes: list[tuple[str, str, str | None, str | None]], words: str
) -> None:
    with pytest.raises(ChangeError, match=words):
        apply(base, [change(*each) for each in changes], TEXT, LEDGER)
