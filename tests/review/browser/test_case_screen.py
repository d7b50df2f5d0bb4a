"""The screen of a case in a real browser: offsets of selected words, focus, lines about errors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from review_builders import ARABIC, SUMS, put, report_of
from review_server import window

from llm_extract.review.intake import take_in
from llm_extract.review.states import Reviewer
from llm_extract.review.web.rooms import Rooms, open_rooms
from llm_extract.store import Store, open_store

pytestmark = pytest.mark.browser

ASTRAL = (
    "\U0001f54a\U0001f54a Shelling killed 12 people in Tal Orin, \U0001f54a the Meridan Observatory"
    " said.\r\nIt wounded 30 others near the mill."
)
"""Characters that browsers count twice, and a line's end that they would count once."""

SELECT = """words => {
    const nodes = [];
    const walk = document.createTreeWalker(document.getElementById('text'), NodeFilter.SHOW_TEXT);
    let all = '';
    while (walk.nextNode()) {
        nodes.push([walk.currentNode, all.length]);
        all += walk.currentNode.data;
    }
    const at = place => {
        const [node, start] = nodes.findLast(([, start]) => start <= place);
        return [node, place - start];
    };
    const start = all.indexOf(words);
    const range = document.createRange();
    range.setStart(...at(start));
    range.setEnd(...at(start + words.length));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
}"""

WIDER_THAN_THE_WINDOW = """[...document.querySelectorAll('body *')]
    .filter((each) => each.getBoundingClientRect().right > window.innerWidth + 1)
    .map((each) => each.outerHTML.slice(0, 90))"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("screen") / "store.sqlite") as opened:
        put(opened, [report_of("astral", ASTRAL), report_of("arabic", ARABIC, language="ar")])
        put(opened, [report_of(f"sums{n}", SUMS.replace("14", str(n))) for n in range(10, 16)])
        take_in(opened.engine, 1.0)
        yield opened


@pytest.fixture(scope="module")
def rooms(store: Store) -> Iterator[Rooms]:
    with open_rooms(store) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser(rooms: Rooms) -> Iterator[BrowserContext]:
    """A window of an analyst who is signed in."""
    with window(rooms, Reviewer("anna", "analyst")) as context:
        yield context


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    opened = browser.new_page()
    failures: list[str] = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    yield opened
    opened.close()
    assert failures == []


def take(page: Page, pk: int) -> None:
    """Open a case and take it by key; keys count once the script has chosen a claim."""
    page.goto(f"/cases/{pk}")
    if page.locator("[data-mine=no]").count():
        page.keyboard.press("y")
    expect(page.locator("[data-mine=yes] .claim.is-chosen")).to_be_visible()


def press(page: Page, keys: str) -> None:
    """Press keys that change the record, and wait for each answer."""
    for key in keys:
        before = page.locator("#bench").get_attribute("data-version")
        page.keyboard.press(key)
        expect(page.locator("#bench")).not_to_have_attribute("data-version", before or "")


@pytest.mark.parametrize(
    ("pk", "words"),
    [
        (1, "in Tal Orin, \U0001f54a the"),
        (1, "said.\r\nIt wounded 30 others"),
        (1, "near the mill."),
        (2, "سبعة أطفال وثماني نساء"),
    ],
)
def test_selected_words_become_that_very_quote(
    page: Page, rooms: Rooms, pk: int, words: str
) -> None:
    take(page, pk)
    page.evaluate(SELECT, words)
    expect(page.locator("#wordsbar")).to_be_visible()
    press(page, "b")
    case = rooms.cases.get(pk)
    quotes = case.content.claims[0].evidence
    assert words in [case.text[quote.start : quote.end] for quote in quotes]


def test_the_number_keeps_the_focus_over_a_step(page: Page) -> None:
    take(page, 3)
    page.locator("#text .number.bound", has_text="seven").click()
    press(page, "x")
    focused = page.locator("#text .number:focus")
    expect(focused).to_have_text("seven")
    expect(focused).to_have_class("number unbound is-chosen")
    press(page, "w")
    expect(page.locator("#text .number:focus")).to_have_class("number bound hue-0 is-chosen")


def test_a_step_that_comes_too_late_is_told_and_the_form_stays(
    page: Page, browser: BrowserContext
) -> None:
    take(page, 4)
    page.keyboard.press("e")
    page.get_by_role("textbox", name="Claimant").fill("The Directorate of Halden")
    other = browser.new_page()
    take(other, 4)
    other.locator("#text .number.bound", has_text="seven").click()
    press(other, "x")
    other.close()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages .message")).to_be_visible()
    expect(page.locator("#item-c1 .slot")).to_have_count(2)
    expect(page.get_by_role("textbox", name="Claimant")).to_have_value("The Directorate of Halden")


def test_a_field_that_cannot_be_read_is_told(page: Page) -> None:
    take(page, 5)
    page.keyboard.press("e")
    page.get_by_role("textbox", name="Period").fill("some day")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages .message")).to_contain_text("2026-03-05")
    expect(page.get_by_role("textbox", name="Period")).to_have_value("some day")


def test_letters_typed_into_a_field_are_no_shortcuts(page: Page, rooms: Rooms) -> None:
    take(page, 5)
    page.keyboard.press("e")
    field = page.get_by_role("textbox", name="Claimant")
    field.fill("")
    before = rooms.cases.get(5).version
    field.press_sequentially("zxtcwms1")
    expect(field).to_have_value("zxtcwms1")
    assert rooms.cases.get(5).version == before


def test_enter_leads_to_an_open_error(page: Page) -> None:
    take(page, 6)
    page.keyboard.press("Enter")
    expect(page.locator(".finding.error:focus")).to_be_visible()


def test_keys_that_are_pressed_ahead_wait_for_the_step_before(page: Page, rooms: Rooms) -> None:
    take(page, 6)
    for key in ("Enter", "o", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(lambda address: "/cases/6" not in address)
    assert rooms.cases.get(6).state == "approved"


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (820, 1180), (1280, 500)])
def test_nothing_is_wider_than_the_window_and_steps_stay_in_sight(
    page: Page, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    take(page, 7)
    page.keyboard.press("n")
    assert page.evaluate(WIDER_THAN_THE_WINDOW) == []
    page.locator(".history summary").scroll_into_view_if_needed()
    if height >= 600:
        expect(page.locator("#accept-form")).to_be_in_viewport()
        expect(page.locator("#numberbar")).to_be_in_viewport()
