"""A session of twenty records by keyboard alone, as an analyst spends it; and axe on every page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from review_builders import ANNA, put, report_of
from review_server import LAPTOP, TABLET, window

from llm_extract.review.audit import verify
from llm_extract.review.cases import Case
from llm_extract.review.intake import take_in
from llm_extract.review.web.rooms import Rooms, open_rooms
from llm_extract.store import open_store

pytestmark = pytest.mark.browser

RECORDS = 20
ENGLISH = [
    f"The {place} Health Directorate said {total} people were killed in {place} on Tuesday, among "
    f"them {children} children and {women} women. Another {hurt} people were wounded."
    for place, total, children, women, hurt in (
        ("Halden", 14, 9, 7, 71),
        ("Orsova", 12, 5, 4, 30),
        ("Varenia", 9, 6, 6, 15),
        ("Tal Orin", 17, 8, 5, 22),
        ("Beit Samra", 8, 5, 4, 19),
    )
]
ARABIC = [
    f"قالت شبكة الرافد إن {total} مدنياً قُتلوا، بينهم {children} أطفال و{women} نساء، "
    f"في قصف على {place}."
    for place, total, children, women in (
        ("تل السنديان", 13, 7, 8),
        ("عين الزهر", 11, 4, 3),
        ("وادي الرمان", 15, 9, 7),
        ("دير الغيم", 18, 6, 5),
        ("بئر النخل", 10, 6, 5),
    )
]
HOSTILE = '<script>window.ran = 1</script>"><img src=x onerror="window.ran = 2">{{7*7}}\u202e'


def texts_of(language: str) -> list[str]:
    """Twenty texts, sums that close and sums that do not; the last blanks tell repeats apart."""
    found = {"en": ENGLISH, "ar": ARABIC}[language]
    return [found[n % 5] + " " * (n // 5) for n in range(RECORDS)]


@pytest.fixture(
    params=[("en", "light", LAPTOP), ("ar", "dark", TABLET)], ids=["english-light", "arabic-dark"]
)
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Rooms, Page, str]]:
    """Twenty records of a language, and an analyst's window at their queue."""
    language, scheme, size = request.param
    with open_store(tmp_path / "store.sqlite") as store:
        put(
            store,
            [
                report_of(f"r{n:02}", words, language)
                for n, words in enumerate(texts_of(language), 1)
            ],
        )
        take_in(store.engine, rate=1)
        with (
            open_rooms(store) as rooms,
            window(rooms, ANNA, color_scheme=scheme, viewport=size) as context,
        ):
            page = context.new_page()
            watch(page)
            yield rooms, page, language


def watch(page: Page) -> None:
    """Fails on any error of a script or of the content security policy."""

    def told(message: Any) -> None:
        # A step that the server refuses is told on the page, and Chromium's console says so too.
        if message.type == "error" and "status of 4" not in message.text:
            page.troubles.append(message.text)  # type: ignore[attr-defined]

    page.troubles = []  # type: ignore[attr-defined]
    page.on("console", told)
    page.on("pageerror", lambda error: page.troubles.append(str(error)))  # type: ignore[attr-defined]


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def settled(page: Page, version: str) -> str:
    """The version of the page after a step was answered."""
    bench = page.locator("#bench")
    expect(bench).not_to_have_attribute("data-version", version)
    return bench.get_attribute("data-version") or ""


def case_now(page: Page, rooms: Rooms) -> Case:
    return rooms.cases.get(int(page.locator("#case").get_attribute("data-case") or 0))


def gone_on(page: Page, pk: int) -> None:
    """The next record is there at once, or nothing is left."""
    page.wait_for_function(
        "pk => document.querySelector('#case')?.dataset.case !== pk",
        arg=str(pk),
    )


def close_findings(page: Page, rooms: Rooms) -> None:
    """Each open finding is looked at, and said to be what the source prints."""
    while page.locator(".finding:not(.stands)").count():
        version = page.locator("#bench").get_attribute("data-version") or ""
        press(page, "f", "o")
        settled(page, version)


def test_twenty_records_by_keyboard(session: tuple[Rooms, Page, str]) -> None:
    rooms, page, language = session
    page.goto("/queue")
    press(page, "n")
    done: dict[int, str] = {}
    for place in range(RECORDS):
        page.wait_for_selector("#case[data-mine=yes] .claim.is-chosen")
        case = case_now(page, rooms)
        if place == 0:
            shot(page, f"case-{language}")
            expect(page.locator("#text")).to_have_attribute(
                "dir", "rtl" if language == "ar" else "ltr"
            )
        done[case.pk] = STEPS.get(place, accept)(page, rooms, case)
        gone_on(page, case.pk)
    expect(page.get_by_role("heading", name="Nothing left")).to_be_visible()
    assert {pk: rooms.cases.get(pk).state for pk in done} == done
    assert len(done) == RECORDS
    assert verify(rooms.engine).problems == ()
    assert page.troubles == []  # type: ignore[attr-defined]


def accept(page: Page, rooms: Rooms, case: Case) -> str:
    """Look at claims and numbers, let findings stand, accept as printed."""
    press(page, "j", "k", "n", "n", "p")
    close_findings(page, rooms)
    press(page, "Enter")
    return "approved"


def correct(page: Page, rooms: Rooms, case: Case) -> str:
    """Clear a number, take that back, do it again, put it back where it belongs; then another name
    for who states the figure."""
    press(page, "n", "n")
    version = page.locator("#bench").get_attribute("data-version") or ""
    for key in ("x", "z", "Z", "c"):
        press(page, key)
        version = settled(page, version)
    press(page, "e")
    field = page.locator(".field-form [name=claimant]")
    expect(field).to_be_visible()
    while not field.evaluate("each => each === document.activeElement"):
        press(page, "Tab")
    press(page, "Control+a")
    page.keyboard.type("Meridan Observatory")
    press(page, "Control+Enter")
    settled(page, version)
    close_findings(page, rooms)
    press(page, "Enter")
    expect(page.locator("#why-corrected")).to_be_focused()
    page.keyboard.type("wrong attribute")
    press(page, "Enter")
    return "corrected"


def reject(page: Page, rooms: Rooms, case: Case) -> str:
    """Reject with a reason."""
    press(page, "r")
    expect(page.locator("dialog#reject")).to_be_visible()
    press(page, "Space")
    while page.evaluate("document.activeElement.textContent") != "Reject":
        press(page, "Tab")
    press(page, "Enter")
    return "rejected"


def defer(page: Page, rooms: Rooms, case: Case) -> str:
    """Defer with a reason."""
    press(page, "d")
    expect(page.locator("dialog#defer")).to_be_visible()
    press(page, "Space")
    while page.evaluate("document.activeElement.textContent") != "Defer":
        press(page, "Tab")
    press(page, "Enter")
    return "deferred"


STEPS = {1: correct, 3: reject, 5: defer}
"""What is done at some places; all others are accepted."""


# --- axe -----------------------------------------------------------------------------------------

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG A and AA, each with the first element concerned."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:120]} {each['nodes'][0]['failureSummary'][:200]}"
        for each in found.response["violations"]
    ]


def test_no_page_breaks_the_guidelines(session: tuple[Rooms, Page, str]) -> None:
    _rooms, page, language = session
    found: dict[str, list[str]] = {}
    for name in ("queue", "dashboard", "exchange"):
        page.goto(f"/{name}")
        shot(page, f"{name}-{language}")
        found[name] = violations(page)
    page.goto("/cases/1")
    found["case"] = violations(page)
    press(page, "y")
    page.wait_for_selector("#case[data-mine=yes] .claim.is-chosen")
    press(page, "n", "e")
    expect(page.locator(".field-form")).to_be_visible()
    found["case being edited"] = violations(page)
    press(page, "Escape", "r")
    expect(page.locator("dialog#reject")).to_be_visible()
    found["dialog"] = violations(page)
    press(page, "Escape", "?")
    expect(page.locator("dialog#shortcuts")).to_be_visible()
    found["keys"] = violations(page)
    assert {name: each for name, each in found.items() if each} == {}


def test_hostile_words_run_nothing(tmp_path: Path) -> None:
    text = f"The {HOSTILE} Office said 14 people were killed in Halden, among them nine children."
    with open_store(tmp_path / "store.sqlite") as store:
        put(store, [report_of(f"id {HOSTILE}", text, source=f"{HOSTILE}.txt")])
        take_in(store.engine, rate=1)
        with open_rooms(store) as rooms, window(rooms, ANNA) as context:
            page = context.new_page()
            watch(page)
            for address in ("/queue", "/cases/1", "/dashboard", "/exchange"):
                page.goto(address)
                assert page.evaluate("window.ran") is None
            page.goto("/cases/1")
            assert re.search(r"<script>window\.ran = 1</script>", page.inner_text("#text"))
            assert page.troubles == []  # type: ignore[attr-defined]


def test_pages_ask_nobody_but_the_server(session: tuple[Rooms, Page, str]) -> None:
    _rooms, page, _language = session
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for address in ("/queue", "/cases/1", "/dashboard", "/exchange"):
        page.goto(address)
    origin = page.url.split("/exchange")[0]
    assert [url for url in asked if not url.startswith(origin)] == []


def shot(page: Page, name: str) -> None:
    """Keeps a picture of the page where `SCREENSHOTS` names a folder, for people to look at."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")
