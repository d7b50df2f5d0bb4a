"""The screen of a case and its steps, as the server answers them."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from review_builders import ANNA, ARABIC, BASIL, LARGE, PLAIN, SUMS, cases_in, put, report_of
from review_visitor import Visitor

from llm_extract.review.edits import parse_edit
from llm_extract.review.intake import take_in
from llm_extract.review.states import Reviewer
from llm_extract.review.web.rooms import Rooms
from llm_extract.store import Store

SCRIPT = "<script>alert(1)</script>"

HOSTILE = f'{SCRIPT} "&amp; {{{{7*7}}}} \U0001f54a\r\nThe <b>Directorate</b> said 12 were killed.'


class Read(HTMLParser):
    """The text of a page's report, and where each piece of it says that it stands."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words = ""
        self.starts: list[tuple[int, int]] = []
        self.direction = ""
        self._depth = 0
        self.feed(page.replace("\r\n", "\n"))  # as browsers do before they read markup

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if named.get("id") == "text":
            self._depth, self.direction = 1, named.get("dir") or ""
        elif self._depth:
            self._depth += 1
            start = named.get("data-start")
            assert start is not None
            self.starts.append((int(start), len(self.words)))

    def handle_endtag(self, tag: str) -> None:
        self._depth = max(0, self._depth - 1)

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.words += data


def version(page: str) -> int:
    [found] = re.findall(r'id="bench"[^>]* data-version="(\d+)"', page)
    return int(found)


def opened(visitor: Visitor, pk: int) -> int:
    """The version of a case that the visitor has taken."""
    visitor.post(f"/cases/{pk}/take")
    return version(visitor.get(f"/cases/{pk}"))


CLEAR_WOMEN = {"action": "clear_slot", "item": "c1", "slot": "women"}


# --- what is shown ------------------------------------------------------------------------------


def test_the_text_of_a_report_is_text_whatever_it_holds(store: Store, anna: Visitor) -> None:
    report = report_of(SCRIPT, HOSTILE, source=f"{SCRIPT}.txt")
    put(store, [replace(report, title=f"{SCRIPT} {{{{7*7}}}}")])
    take_in(store.engine, 1.0)
    page = anna.get("/cases/1")
    assert "<script>alert" not in page
    assert "49" not in Read(page).words
    assert Read(page).words == HOSTILE


def test_each_piece_of_the_text_says_where_it_stands(store: Store, anna: Visitor) -> None:
    cases_in(store, HOSTILE, SUMS, ARABIC)
    for pk, text in enumerate((HOSTILE, SUMS, ARABIC), 1):
        read = Read(anna.get(f"/cases/{pk}"))
        assert read.words == text
        assert len(read.starts) > 1
        assert all(told == true for told, true in read.starts)


def test_a_hostile_claimant_stays_words(store: Store, rooms: Rooms, anna: Visitor) -> None:
    [pk] = cases_in(store, SUMS)
    case = rooms.desk.take(pk, ANNA)
    named = {"action": "set_field", "item": "c1", "field": "claimant", "value": SCRIPT}
    rooms.desk.edit(pk, ANNA, parse_edit(named), case.version)
    for address in (f"/cases/{pk}", f"/cases/{pk}/items/c1", f"/cases/{pk}/parts"):
        page = anna.get(address)
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize(("language", "expected"), [("ar", "rtl"), ("fa", "rtl"), ("en", "ltr")])
def test_a_text_runs_the_way_its_language_does(
    store: Store, anna: Visitor, language: str, expected: str
) -> None:
    put(store, [report_of("r", PLAIN, language=language)])
    take_in(store.engine, 1.0)
    assert Read(anna.get("/cases/1")).direction == expected


def test_the_bench_shows_sums_and_findings_beside_their_claim(store: Store, anna: Visitor) -> None:
    [pk] = cases_in(store, SUMS)
    page = anna.get(f"/cases/{pk}")
    claim = page[page.index('id="item-c1"') : page.index('id="item-c2"')]
    assert "9 + 7 = 16 of 14" in claim
    assert 'data-rule="A02"' in claim


# --- steps --------------------------------------------------------------------------------------


def test_an_edit_answers_with_the_changed_parts_and_can_be_undone(
    store: Store, anna: Visitor
) -> None:
    [pk] = cases_in(store, SUMS)
    first = opened(anna, pk)
    edited = anna.post(f"/cases/{pk}/edit", CLEAR_WOMEN, by_script=True, version=first)
    assert edited.status_code == 200
    assert "<html" not in edited.text
    assert "9 + 7 = 16" not in edited.text
    assert 'data-kind="claim"' in edited.text
    undone = anna.post(f"/cases/{pk}/undo", by_script=True, version=version(edited.text))
    assert "9 + 7 = 16 of 14" in undone.text
    redone = anna.post(f"/cases/{pk}/redo", by_script=True, version=version(undone.text))
    assert "9 + 7 = 16" not in redone.text


def test_a_form_of_fields_changes_only_what_was_changed_in_it(
    store: Store, rooms: Rooms, anna: Visitor
) -> None:
    [pk] = cases_in(store, SUMS)
    first = opened(anna, pk)
    fields = {"action": "set_fields", "item": "c1", "outcome": "injured", "places": "Halden"}
    assert anna.post(f"/cases/{pk}/edit", fields, by_script=True, version=first).is_success
    before, after = rooms.cases.get(pk).record.claims[0], rooms.cases.get(pk).content.claims[0]
    assert after == before.model_copy(update={"outcome": "injured"})


def test_a_page_that_is_out_of_date_changes_nothing(
    store: Store, rooms: Rooms, anna: Visitor
) -> None:
    [pk] = cases_in(store, SUMS)
    first = opened(anna, pk)
    anna.post(f"/cases/{pk}/edit", CLEAR_WOMEN, version=first)
    content = rooms.cases.get(pk).content
    fields = {"action": "clear_slot", "item": "c1", "slot": "children"}
    late = anna.post(f"/cases/{pk}/edit", fields, by_script=True, version=first)
    assert late.status_code == 409
    assert 'class="message"' in late.text
    assert rooms.cases.get(pk).content == content


def test_a_case_that_somebody_holds_offers_nobody_else_a_step(
    store: Store, anna: Visitor, basil: Visitor, cleo: Visitor
) -> None:
    [pk] = cases_in(store, SUMS)
    first = opened(anna, pk)
    page = basil.get(f"/cases/{pk}")
    assert "open by <bdi>anna</bdi>" in page
    assert "data-edit" not in page
    assert f"/cases/{pk}/take" not in page
    assert f"/cases/{pk}/free" not in page
    assert f"/cases/{pk}/free" in cleo.get(f"/cases/{pk}")
    refused = basil.post(f"/cases/{pk}/edit", CLEAR_WOMEN, by_script=True, version=first)
    assert refused.status_code == 409
    assert "anna has this case open" in refused.text


def test_an_edit_that_makes_no_sense_is_told_in_a_line(store: Store, anna: Visitor) -> None:
    [pk] = cases_in(store, SUMS)
    first = opened(anna, pk)
    for fields in ({"action": "nonsense"}, {**CLEAR_WOMEN, "item": "c99"}, {}):
        answer = anna.post(f"/cases/{pk}/edit", fields, by_script=True, version=first)
        assert answer.status_code == 422
        assert answer.text.count("\n") <= 1
    assert anna.post(f"/cases/{pk}/edit", CLEAR_WOMEN, by_script=True).status_code == 422


def test_a_suggestion_is_applied_by_the_key_of_its_finding(
    store: Store, rooms: Rooms, anna: Visitor
) -> None:
    [pk] = cases_in(store, SUMS)
    start = SUMS.index("26")
    wrong = {"action": "set_slot", "item": "c1", "slot": "men", "start": start, "end": start + 2}
    cleared = anna.post(f"/cases/{pk}/edit", CLEAR_WOMEN, by_script=True, version=opened(anna, pk))
    edited = anna.post(f"/cases/{pk}/edit", wrong, by_script=True, version=version(cleared.text))
    suggested = re.search(r'"apply_suggestion", "index": "0", "key": "(\w+)"', edited.text)
    assert suggested
    fields = {"action": "apply_suggestion", "key": suggested[1], "index": "0"}
    applied = anna.post(f"/cases/{pk}/edit", fields, by_script=True, version=version(edited.text))
    assert rooms.cases.get(pk).content.claims[0].men is None
    again = anna.post(f"/cases/{pk}/edit", fields, by_script=True, version=version(applied.text))
    assert again.status_code == 422


def test_a_decision_leads_to_the_next_case_of_the_filtered_queue(
    store: Store, rooms: Rooms, anna: Visitor
) -> None:
    first, second = cases_in(store, SUMS, SUMS.replace("14", "15"))
    at = opened(anna, first)
    fields = {"choice": "reject", "reason": "duplicate", "version": at}
    answer = anna.post(f"/cases/{first}/decide?state=flagged", fields, by_script=True)
    assert answer.headers["hx-redirect"] == "/next?state=flagged"
    page = anna.get(answer.headers["hx-redirect"])
    assert f'data-case="{second}"' in page
    assert rooms.cases.get(second).holder == "anna"


# --- two reviewers ------------------------------------------------------------------------------


def decided(rooms: Rooms, pk: int, who: Reviewer, edit: dict[str, str] | None) -> None:
    """Somebody accepts a case, with one edit or as it is."""
    case = rooms.desk.take(pk, who)
    if edit is not None:
        case = rooms.desk.edit(pk, who, parse_edit(edit), case.version)
    rooms.desk.decide(pk, who, "accept", "wrong_number" if edit else None, None, case.version)


def test_the_second_reviewer_does_not_see_the_first_ones_work(
    store: Store, rooms: Rooms, anna: Visitor, basil: Visitor
) -> None:
    [pk] = cases_in(store, LARGE)
    decided(rooms, pk, ANNA, CLEAR_WOMEN)
    page = basil.get(f"/cases/{pk}")
    assert "What the first one did is shown after your decision" in page
    assert "killed of 20 or more" not in page
    assert 'data-slot="women"' in page
    assert 'class="history"' not in page
    assert 'class="history"' in anna.get(f"/cases/{pk}")


def test_a_senior_sees_both_and_takes_one_over(store: Store, rooms: Rooms, cleo: Visitor) -> None:
    [pk] = cases_in(store, LARGE)
    decided(rooms, pk, ANNA, CLEAR_WOMEN)
    decided(rooms, pk, BASIL, None)
    at = opened(cleo, pk)
    page = cleo.get(f"/cases/{pk}")
    sides = re.findall(r'data-side="(\d+)"', page)
    assert len(sides) == 2
    assert re.findall(r"<h3><bdi>(\w+)</bdi>", page) == ["anna", "basil"]
    for side, women in zip(sides, (None, 16), strict=True):
        taken = cleo.post(f"/cases/{pk}/side", by_script=True, decision=side, version=at)
        at = version(taken.text)
        found = rooms.cases.get(pk).content.claims[0].women
        assert (found and found.value) == women
    assert cleo.post(f"/cases/{pk}/side", decision=999, version=at).status_code == 409
