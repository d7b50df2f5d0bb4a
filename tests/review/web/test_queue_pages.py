"""The pages of the queue and the dashboard, as a browser without script gets them."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

from review_builders import ARABIC, PLAIN, SUMS, cases_in, put, report_of
from review_visitor import Visitor

from llm_extract.review.intake import take_in
from llm_extract.review.states import Reviewer
from llm_extract.review.web.rooms import Rooms
from llm_extract.store import Store

SCRIPT = "<script>alert(1)</script>"


def listed(page: str) -> list[int]:
    """The cases of a page's table."""
    return [int(pk) for pk in re.findall(r'class="case" href="/cases/(\d+)', page)]


# --- the queue ----------------------------------------------------------------------------------


def test_the_queue_lists_cases_by_risk_with_their_rules_in_words(
    store: Store, anna: Visitor
) -> None:
    cases_in(store, PLAIN, SUMS)
    page = anna.get("/queue")
    assert listed(page) == [2, 1]
    assert re.search(r'<abbr title="[^"]{10,}">A02</abbr>', page)


def test_filters_of_the_address_are_shown_applied_and_kept_in_links(
    store: Store, anna: Visitor
) -> None:
    cases_in(store, PLAIN, SUMS)
    page = anna.get("/queue?rule=A02&claimant=arven+health+directorate")
    assert listed(page) == [2]
    query = "rule=A02&amp;claimant=arven+health+directorate"
    assert f'href="/cases/2?{query}"' in page
    assert f'href="/next?{query}"' in page
    assert '<option value="A02" selected>' in page


def test_a_filter_that_there_is_not_is_refused_in_one_line(anna: Visitor) -> None:
    answer = anna.client.get("/queue?state=lost")
    assert answer.status_code == 422
    assert "no case has such a state" in answer.text


def test_an_empty_queue_says_so(anna: Visitor) -> None:
    assert "Nothing waits for review" in anna.get("/queue")
    assert "No case is so" in anna.get("/queue?rule=A02")


def test_each_page_of_the_queue_links_to_the_next(store: Store, anna: Visitor) -> None:
    put(store, [report_of(f"r{n}", f"{PLAIN} Note {n}.") for n in range(30)])
    take_in(store.engine, rate=1)
    first = anna.get("/queue?language=en")
    [address] = re.findall(r'rel="next" href="([^"]+)"', first)
    second = anna.get(unescape(address))
    assert (len(listed(first)), len(listed(second))) == (25, 5)
    assert sorted(listed(first) + listed(second)) == list(range(1, 31))
    assert 'rel="next"' not in second


def test_counts_come_as_a_part_for_a_script_and_as_a_page_without_one(
    store: Store, anna: Visitor
) -> None:
    cases_in(store, PLAIN, SUMS)
    assert 'hx-get="/queue/counts?' in anna.get("/queue")
    part = anna.get("/queue/counts", **{"hx-request": "true"})
    assert part.startswith('<div class="counts">')
    assert 'href="/queue?rule=a02"' in part
    assert "<html" in anna.get("/queue/counts")
    assert 'hx-get="/queue/counts?' not in anna.get("/queue")  # they are known by now


def test_names_and_titles_of_reports_are_words_and_no_markup(store: Store, anna: Visitor) -> None:
    text = f'{SCRIPT}" said 5 people were killed in Halden on Tuesday.'
    report = replace(report_of(SCRIPT, text), title=f"{SCRIPT} of the day")
    put(store, [report])
    take_in(store.engine, rate=1)
    words = "%3Cscript%3Ealert%281%29%3C%2Fscript%3E"
    anna.post(f"/queue/views?claimant={words}", name=SCRIPT)
    for address in ("/queue", f"/queue?claimant={words}&words={words}", "/queue/counts"):
        assert "<script>alert" not in anna.get(address)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; of the day" in anna.get("/queue")


def test_a_title_has_the_direction_of_its_own_letters(store: Store, anna: Visitor) -> None:
    put(store, [replace(report_of("r1", ARABIC, language="ar"), title="قصف على تل السنديان")])
    take_in(store.engine)
    assert re.search(r'<div dir="auto"><a class="case"[^>]*>قصف', anna.get("/queue"))


# --- whose case it is ----------------------------------------------------------------------------


def test_marked_cases_are_assigned_to_whoever_asks(store: Store, anna: Visitor) -> None:
    cases_in(store, PLAIN, SUMS)
    answer = anna.post("/queue/assign?language=en", case=["1", "2"], to="me")
    assert str(answer.url).endswith("/queue?language=en")
    assert listed(anna.get("/queue?assignee=me")) == [2, 1]
    anna.post("/queue/assign", case=["1"], to="nobody")
    assert listed(anna.get("/queue?assignee=me")) == [2]


def test_seniors_assign_to_others_and_analysts_do_not(
    store: Store, anna: Visitor, cleo: Visitor
) -> None:
    cases_in(store, PLAIN, SUMS)
    assert cleo.post("/queue/assign", case=["1"], to="", other="basil").status_code == 200
    assert listed(cleo.get("/queue?assignee=basil")) == [1]
    assert anna.post("/queue/assign", case=["2"], to="", other="basil").status_code == 403
    assert anna.post("/queue/assign", case=["1"], to="me").status_code == 403


def test_nothing_is_assigned_without_the_token_of_the_session(
    store: Store, rooms: Rooms, anna: Visitor
) -> None:
    cases_in(store, SUMS)
    fields = {"case": "1", "to": "me", "csrf": "guessed"}
    headers = {"origin": "http://testserver"}
    answer = anna.client.post("/queue/assign", data=fields, headers=headers)
    assert answer.status_code == 403
    assert rooms.cases.get(1).assignee is None


# --- views ----------------------------------------------------------------------------------------


def test_a_saved_view_is_a_link_that_shows_the_same_cases(store: Store, anna: Visitor) -> None:
    cases_in(store, PLAIN, SUMS)
    anna.post("/queue/views?rule=A02", name="sums")
    page = anna.get("/queue")
    assert re.search(r'href="/queue\?rule=A02"[^>]*><bdi>sums</bdi>', page)
    anna.post("/queue/views/delete?rule=A02", name="sums")
    assert "<bdi>sums</bdi>" not in anna.get("/queue")


def test_views_of_everybody_are_made_by_seniors(anna: Visitor, cleo: Visitor) -> None:
    assert anna.post("/queue/views", name="ours", shared="true").status_code == 403
    assert cleo.post("/queue/views", name="ours", shared="true").status_code == 200
    assert "<bdi>ours</bdi>" in anna.get("/queue")


# --- the dashboard --------------------------------------------------------------------------------


def test_the_dashboard_of_an_empty_store_calls_each_share_undefined(anna: Visitor) -> None:
    page = anna.get("/dashboard")
    assert "undefined: no drawn record is decided on yet" in page
    assert "undefined: no case has two decisions yet" in page
    assert "0.0 %" not in page


def test_the_dashboard_gives_each_share_its_bound_and_counts(
    store: Store, rooms: Rooms, anna: Visitor
) -> None:
    put(store, [report_of(f"r{n}", f"{PLAIN} Note {n}.") for n in range(3)])
    take_in(store.engine, rate=1)
    who = Reviewer("basil", "analyst")
    for pk in (1, 2):
        rooms.desk.decide(pk, who, "accept", None, None, rooms.desk.take(pk, who).version)
    page = " ".join(anna.get("/dashboard").split())
    assert "<b>0.0 %</b> <small>(0.0 % to 84.2 %; 0 of 2)</small>" in page
    assert "1 more was drawn and waits for a decision" in page
    assert re.search(r'<th scope="row"><bdi>basil</bdi></th><td>2</td>', page)


def test_no_page_has_a_style_or_script_that_the_policy_forbids(store: Store, anna: Visitor) -> None:
    cases_in(store, PLAIN, SUMS)
    for address in ("/queue", "/queue/counts", "/dashboard"):
        page = anna.get(address)
        assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]* src=)", page)
