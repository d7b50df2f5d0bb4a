"""Edits as forms: how fields are read from words, and what is refused with which line."""

from __future__ import annotations

import pytest
from edit_builders import base_content, edit, first

from llm_extract.errors import ChangeError
from llm_extract.review.content import Content
from llm_extract.review.edits import describe, parse_edit
from llm_extract.review.web.pages.case_fields import form_fields


@pytest.fixture
def base() -> Content:
    return base_content()


# --- fields -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("outcome", "injured", "injured"),
        ("claimant", "  Tal  Orin\nCouncil ", "Tal Orin Council"),
        ("claimant", "\u200b \u200b", None),
        ("claimant", "Cafe\u0301", "Café"),
        (
            "perpetrators",
            "Militia Q\r\n\nNorthern Guard\nMilitia Q",
            ["Militia Q", "Northern Guard"],
        ),
        ("weapons", "drone, mortar drone", ["drone", "mortar"]),
        ("places", "", []),
        ("victims", " civilians ", "civilians"),
    ],
)
def test_a_field_is_read_from_words(base: Content, field: str, value: str, told: object) -> None:
    after = edit(base, action="set_field", item="c1", field=field, value=value)
    assert getattr(first(after), field) == told


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("2026-03-01\n2026-03-05\nin March", ("2026-03-01", "2026-03-05")),
        ("open\n2026-03-05\nuntil 5 March", (None, "2026-03-05")),
        ("\n2026-03-05\nuntil 5 March", (None, "2026-03-05")),
        ("2026-03-01\nopen\nsince 1 March", ("2026-03-01", None)),
    ],
)
def test_a_period_may_be_open(base: Content, words: str, days: tuple[str, str]) -> None:
    after = edit(base, action="set_field", item="c1", field="period", value=words)
    period = first(after).period
    assert period is not None
    read = tuple(None if day is None else day.isoformat() for day in (period.start, period.end))
    assert read == days


def test_what_the_form_of_fields_shows_reads_as_what_is_there(base: Content) -> None:
    words = {
        "period": "open\n2026-03-05\nuntil 5 March",
        "perpetrators": "Militia Q",
        "weapons": "ied",
    }
    for field, value in words.items():
        base = edit(base, action="set_field", item="c1", field=field, value=value)
    for item in base.items:
        for shown in form_fields(item):
            if shown.name != "part_of":
                form = {"item": item.id, "field": shown.name, "value": shown.value.strip()}
                assert edit(base, action="set_field", **form) == base


@pytest.mark.parametrize(
    ("item", "field", "value", "line"),
    [
        ("c1", "outcome", "wounded", "outcome is one of killed, injured.*, not 'wounded'"),
        ("c1", "outcome", "", "outcome is one of"),
        ("c1", "weapons", "sword", "weapons is one of airstrike"),
        ("c1", "effect", "damaged", "c1 has no field effect"),
        ("c1", "id", "c7", "c1 has no field id"),
        ("c1", "label", "x", "c1 has no subgroups.other"),
        ("c1", "attribution", "alleged", "either both or none"),
        ("c1", "period", "2026-03-05\n2026-03-01\nthen", "ends on 2026-03-01 before"),
        ("c1", "period", "5 March\nopen\nthen", "a day is written as"),
        ("c1", "period", "2026-03-05\nopen", "give the words"),
        ("f1", "kinds", "", "kinds needs one at least of school"),
        ("f1", "outcome", "killed", "f1 has no field outcome"),
        ("c9", "outcome", "killed", "there is no claim c9"),
    ],
)
def test_a_field_that_does_not_fit_is_refused_with_what_would(
    base: Content, item: str, field: str, value: str, line: str
) -> None:
    with pytest.raises(ChangeError, match=line) as error:
        edit(base, action="set_field", item=item, field=field, value=value)
    assert "\n" not in str(error.value)


def test_perpetrators_and_their_attribution_come_and_go_together(base: Content) -> None:
    named = edit(base, action="set_field", item="c1", field="perpetrators", value="Militia Q")
    assert first(named).attribution == "stated"
    bare = edit(named, action="set_field", item="c1", field="perpetrators", value="")
    assert first(bare).attribution is None


# --- forms ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, "there is no such edit: name one of"),
        ({"action": "drop_table"}, "there is no such edit: name one of"),
        ({"action": "clear_slot", "item": "c1"}, "slot is missing: clear_slot needs it"),
        ({"action": "clear_slot", "item": "x", "slot": "total"}, "item: give an id such as c1"),
        ({"action": "clear_slot", "item": "c1", "slot": "a b"}, "slot: give total, children"),
        ({"action": "delete_item", "item": "c1", "csrf": "secret"}, "has no field csrf"),
        ({"action": "set_aside", "start": "one", "end": "2"}, "start: .*, not 'one'"),
        ({"action": "set_aside", "start": "-1", "end": "2"}, "start: "),
        ({"action": "apply_changes", "changes": "[" * 9000}, "changes: "),
        ({"action": "apply_changes", "changes": "[]"}, "changes: "),
        (
            {"action": "set_field", "item": "c1", "field": "places", "value": "x" * 30_000},
            "shorten",
        ),
    ],
)
def test_a_form_that_is_no_edit_is_refused_in_one_line(fields: dict[str, str], line: str) -> None:
    with pytest.raises(ChangeError, match=line) as error:
        parse_edit(fields)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)
    assert len(str(error.value)) < 400


def test_an_edit_is_told_in_one_line_whatever_is_in_it() -> None:
    value = "one\ntwo\x1b[31m " + "x" * 900
    told = describe(
        parse_edit({"action": "set_field", "item": "c1", "field": "places", "value": value})
    )
    assert told.startswith("set field: item c1, field places, value one\\ntwo\\x1b[31m")
    assert len(told) < 250


def test_what_no_database_can_hold_is_replaced_in_a_form(base: Content) -> None:
    after = edit(base, action="set_field", item="f1", field="claimant", value="a\x00b")
    assert after.facilities[0].claimant == "a\ufffdb"
