"""Rule X01: where readings of one report differ, both values stand in one sentence."""

from __future__ import annotations

from typing import Any

from llm_extract.record import Finding, OtherReading, Record, RecordClaim
from llm_extract.validators.catalogue import check

TEXT = "In Vasna 12 people were killed, including 4 children. In Duram 21 people were killed."
VASNA = "In Vasna 12 people were killed, including 4 children."
DURAM = "In Duram 21 people were killed."


def reading(
    *claims: RecordClaim,
    strategy: str = "mention",
    passages: tuple[str, ...] = (),
    findings: tuple[Finding, ...] = (),
) -> OtherReading:
    return OtherReading(
        strategy=strategy,
        prompt=f"{strategy}@1",
        passages=list(passages),
        claims=list(claims),
        facilities=[],
        findings=list(findings),
    )


def compared(record: Record, *readings: OtherReading) -> Record:
    """The record, read by strategy mention, beside these readings."""
    assert record.provenance is not None
    update = {"strategy": "mention", "readings": list(readings)}
    return record.model_copy(update={"provenance": record.provenance.model_copy(update=update)})


def messages(at: Any, record: Record) -> list[str]:
    return [f.message for f in check(record, at.text, at.ledger) if f.rule == "X01"]


def test_readings_that_agree_say_nothing(desk: Any) -> None:
    at = desk(TEXT)
    claims = (at.claim("c1", quote=VASNA, total="12"), at.claim("c2", quote=DURAM, total="21"))
    same = at.claim("c9", quote=VASNA, total="12"), at.claim("c3", quote=DURAM, total="21")
    record = compared(at.record(*claims), reading(*same, strategy="sentence"))
    assert not messages(at, record)


def test_a_record_that_one_reading_made_is_not_judged(desk: Any) -> None:
    at = desk(TEXT)
    assert not messages(at, at.record(at.claim("c1", quote=VASNA, total="12")))


def test_two_numbers_for_one_slot_stand_in_one_sentence(desk: Any) -> None:
    at = desk(TEXT)
    ours = at.claim("c1", quote=VASNA, total="12", children="4")
    other = at.claim("c1", quote=VASNA, total="12", children=at.count("12"))
    record = compared(at.record(ours), reading(other, strategy="sentence"))
    assert messages(at, record) == [
        "children of killed (c1): 4 as recorded, 12 in a second reading by sentence"
    ]


def test_the_finding_is_a_warning_that_names_claim_slot_and_numbers(desk: Any) -> None:
    at = desk(TEXT)
    ours = at.claim("c1", quote=VASNA, total="12", children="4")
    other = at.claim("c1", quote=VASNA, total="12")
    record = compared(at.record(ours), reading(other, strategy="sentence"))
    (found,) = [f for f in check(record, at.text, at.ledger) if f.rule == "X01"]
    assert (found.severity, found.claims, found.fields) == ("warning", ["c1"], ["children"])
    assert [o.as_written for o in found.operands] == ["4"]
    assert found.message.endswith("4 as recorded, not stated in a second reading by sentence")


def test_a_claim_of_the_other_reading_alone_is_told(desk: Any) -> None:
    at = desk(TEXT)
    ours = at.claim("c1", quote=VASNA, total="12")
    other = at.claim("c1", quote=VASNA, total="12"), at.claim("c2", quote=DURAM, total="21")
    record = compared(at.record(ours), reading(*other, strategy="sentence"))
    assert messages(at, record) == [
        '"21" is in no claim, but is total of killed in a second reading by sentence'
    ]


def test_another_outcome_for_a_number_is_told(desk: Any) -> None:
    at = desk(TEXT)
    ours = at.claim("c1", quote=VASNA, total="12")
    other = at.claim("c1", quote=VASNA, total="12", outcome="injured")
    record = compared(at.record(ours), reading(other, strategy="sentence"))
    assert messages(at, record) == [
        "total of killed (c1): 12 as recorded, not stated in a second reading by sentence"
    ]


def test_what_a_model_changed_when_asked_is_told_as_such(desk: Any) -> None:
    at = desk(TEXT)
    ours = at.claim("c1", quote=VASNA, total="12"), at.claim("c2", quote=DURAM, total="21")
    before = reading(at.claim("c1", quote=VASNA, total="12"))
    assert messages(at, compared(at.record(*ours), before)) == [
        "total of killed (c2): 21 as recorded, not stated before the model was asked about it"
    ]


def test_what_a_model_changed_stays_marked_where_a_second_reading_agrees(desk: Any) -> None:
    at = desk(TEXT)
    ours = at.claim("c1", quote=VASNA, total="12"), at.claim("c2", quote=DURAM, total="21")
    before = reading(at.claim("c1", quote=VASNA, total="12"))
    second = reading(*ours, strategy="sentence", passages=(f"{len(VASNA)}:{len(TEXT)}",))
    assert len(messages(at, compared(at.record(*ours), before, second))) == 1


def test_a_link_that_a_model_changed_is_told(desk: Any) -> None:
    at = desk(TEXT)
    first = at.claim("c1", quote=VASNA, total="12")
    ours = at.claim("c2", quote=DURAM, total="21")
    linked = at.claim("c2", quote=DURAM, total="21", part_of=0, part_of_id="c1")
    record = compared(at.record(first, ours), reading(first, linked))
    assert messages(at, record) == [
        "killed (c2): part of no other claim as recorded, part of c1 before the model was asked "
        "about it"
    ]


def test_a_number_that_a_model_put_aside_is_told_also_if_a_second_reading_is_silent(
    desk: Any,
) -> None:
    at = desk(TEXT)
    claim = at.claim("c1", quote=VASNA, total="12", children="4")
    place = at.count("21", DURAM)
    before_record = at.record(claim)
    loose = tuple(f for f in check(before_record, at.text, at.ledger) if f.rule == "G03")
    assert [o.as_written for f in loose for o in f.operands] == ["21"]
    record = at.record(claim, unread=[f"{place.start}:{place.end}"])
    before = reading(claim, findings=loose)
    second = reading(claim, strategy="sentence")
    for others in ((before,), (before, second)):
        assert messages(at, compared(record, *others)) == [
            '"21" counts nobody who was harmed, says the model that was asked about it; it was in '
            "no claim before"
        ]


def test_subgroups_that_a_strategy_never_states_are_no_disagreement(desk: Any) -> None:
    at = desk(TEXT)
    ours = at.claim("c1", quote=VASNA, total="12", subgroups={"boys": "4"})
    other = at.claim("c1", quote=VASNA, total="12")
    assert not messages(at, compared(at.record(ours), reading(other, strategy="sentence")))
    assert len(messages(at, compared(at.record(ours), reading(other)))) == 1
