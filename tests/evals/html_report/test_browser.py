"""The page of a run in a real browser: it draws, filters, prints, and runs only its own scripts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from evals.html_report.made_runs import (
    ARABIC,
    FLAG,
    GOLD,
    HARBOUR,
    SILENT_REPORT,
    claim,
    failing,
    gold_report,
    made_run,
    one_too_many,
    perfectly,
)
from playwright.sync_api import BrowserContext, Locator, Page, expect, sync_playwright
from pypdf import PdfReader

from llm_extract.evals.gold_reports import GoldReport
from llm_extract.evals.html_report.page import write_report
from llm_extract.evals.results import EvalResults

pytestmark = pytest.mark.browser

LAPTOP, PAPER = 1280, 718
"""Pixels across a laptop's window, and between the margins of A4 paper."""

PATIENCE = 60_000
"""Milliseconds that a loaded machine may take to draw."""

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

ATTACK = "</script><script>window.ran = 1</script><img src=x onerror='window.ran = 1'>"

WIDER_THAN_THE_WINDOW = """[...document.querySelectorAll('main *')]
    .filter((each) => each.getBoundingClientRect().right > window.innerWidth + 1)
    .map((each) => each.outerHTML.slice(0, 90))"""


class Opened:
    """A page in the browser, with everything that it complained of or asked for."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(path.as_uri())
        expect(page.locator("[data-plot]:not([data-drawn])")).to_have_count(0, timeout=PATIENCE)

    def marks(self, plot: str) -> int:
        """Shapes that stand for data in a plot."""
        return self.page.locator(f"[data-plot=spec-{plot}] svg [role=graphics-symbol]").count()

    def shown(self) -> list[str]:
        """Ids of the reports that the filters leave."""
        return self.page.locator("details.report:not([hidden]) > summary b").all_inner_texts()

    def open(self, report: str) -> Locator:
        """Opens a report and waits for what it holds, which a script puts there."""
        found = self.page.locator("details.report").filter(
            has=self.page.locator("summary b", has_text=report)
        )
        found.locator("summary").click()
        found.locator(".text").first.wait_for()
        return found

    def open_all(self) -> None:
        self.page.get_by_role("button", name="Open all shown").click()
        unfilled = self.page.locator("details.report:not([hidden]) .panel:empty")
        expect(unfilled).to_have_count(0, timeout=PATIENCE)

    def undrawn(self) -> list[str]:
        return self.page.locator("[data-plot]:not([data-drawn=yes])").all_inner_texts()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    chromium = shutil.which("chromium")
    if chromium is None:
        missing = "Chromium is missing; on Debian: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("browser"),
            executable_path=chromium,
            args=SWITCHES,
            viewport={"width": LAPTOP, "height": 800},
        )
        yield context
        context.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    return write_report(folder, run(folder), GOLD)


def run(folder: Path) -> EvalResults:
    readers = {"careful": perfectly, "hasty": one_too_many, "peer": one_too_many, "broken": failing}
    return made_run(folder, GOLD, readers, flagged=["harbour"], peers=["peer"])


@pytest.fixture
def opened(browser: BrowserContext, path: Path) -> Iterator[Opened]:
    page = browser.new_page()
    yield Opened(page, path)
    page.close()


def test_the_page_loads_nothing_and_complains_of_nothing(opened: Opened, path: Path) -> None:
    opened.open_all()
    assert opened.complaints == []
    assert opened.requests == [path.as_uri()]


def test_every_plot_is_drawn_with_its_marks(opened: Opened) -> None:
    assert opened.undrawn() == []
    assert opened.marks("differences") >= 3 * 3
    assert opened.marks("slots") >= 4
    assert opened.marks("trap-1") >= 3 * 4
    assert opened.marks("cost-seconds") >= 4
    assert opened.marks("review") >= 3


def test_a_laptop_shows_the_page_without_scrolling_sideways(opened: Opened) -> None:
    opened.open_all()
    assert opened.page.evaluate(WIDER_THAN_THE_WINDOW) == []


def test_a_cell_of_the_heat_map_says_of_how_many_reports_it_is(opened: Opened) -> None:
    opened.page.locator("[data-plot=spec-trap-1] .mark-text.role-mark text").first.hover()
    tooltip = opened.page.locator("#vg-tooltip-element")
    tooltip.wait_for(state="visible")
    assert "reports" in tooltip.inner_text() and "figure F1" in tooltip.inner_text()


def test_filters_leave_what_was_asked_for(opened: Opened) -> None:
    page = opened.page
    assert opened.shown() == [report.id for report in GOLD]
    page.get_by_label("Read by").select_option(label="hasty")
    page.get_by_label("wrong", exact=True).check()
    assert opened.shown() == ["harbour", "quay", "arabic"]
    page.get_by_label("wrong, nothing flagged").check()
    assert opened.shown() == ["quay", "arabic"]
    page.get_by_label("flagged or failed").check()
    assert opened.shown() == ["harbour"]
    page.get_by_label("all", exact=True).check()
    page.get_by_label("with the words").fill("ferry sailed")
    assert opened.shown() == ["silence"]
    page.get_by_label("with the words").fill("repeated figure")
    assert opened.shown() == ["harbour", "quay"]
    assert page.locator("#shown").inner_text() == "2 of 4 shown"


def test_an_opened_report_follows_the_chosen_variant(opened: Opened) -> None:
    report = opened.open("harbour")
    assert "right" in report.locator(".diff tbody").inner_text()
    opened.page.get_by_label("Read by").select_option(label="hasty")
    row = report.locator(".diff tbody tr").first
    assert (row.locator("del").inner_text(), row.locator("ins").inner_text()) == ("12", "13")
    assert FLAG in report.locator(".findings").inner_text()
    opened.page.get_by_label("Read by").select_option(label="broken")
    assert "the reply was cut" in report.locator(".panel").inner_text()
    assert "omitted" in report.locator(".diff tbody").inner_text()


def test_numbers_are_marked_with_their_claim_on_both_sides(opened: Opened) -> None:
    report = opened.open("quay")
    for side in report.locator(".text").all():
        assert side.locator("mark").all_inner_texts() == ["40", "3"]
        assert [mark.get_attribute("data-c") for mark in side.locator("mark").all()] == ["c1", "c2"]


def test_a_peer_that_gives_no_places_has_its_claims_located(opened: Opened) -> None:
    opened.page.get_by_label("Read by").select_option(label="peer")
    report = opened.open(ARABIC.id)
    assert report.locator(".text").nth(1).locator("mark").count() == 1


def test_an_arabic_report_runs_from_right_to_left(opened: Opened) -> None:
    report = opened.open(ARABIC.id)
    text = report.locator(".text").first
    assert text.evaluate("(each) => getComputedStyle(each).direction") == "rtl"


def test_paper_cuts_nothing_and_holds_more_than_a_page(opened: Opened, tmp_path: Path) -> None:
    page = opened.page
    opened.open_all()
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER, "height": 1000})
    assert page.evaluate(WIDER_THAN_THE_WINDOW) == []
    assert not page.locator("#controls").is_visible()
    printed = tmp_path / "printed.pdf"
    page.pdf(path=printed, prefer_css_page_size=True)
    pages = PdfReader(printed).pages
    assert len(pages) > 1
    assert round(float(pages[0].mediabox.width)) == 595
    assert "lower quay" in " ".join(each.extract_text() for each in pages)


def test_markup_in_a_run_is_shown_and_never_runs(browser: BrowserContext, tmp_path: Path) -> None:
    hostile = gold_report(
        f"id {ATTACK}",
        f"12 people were killed. {ATTACK}",
        claim("12 people were killed", total=12, claimant=ATTACK),
        traps=[ATTACK],
        style=ATTACK,
    )
    gold = [hostile, HARBOUR]
    results = made_run(tmp_path, gold, {ATTACK: perfectly, f"{ATTACK} again": one_too_many})
    page = browser.new_page()
    opened = Opened(page, write_report(tmp_path, results, gold))
    opened.open_all()
    assert ATTACK in page.locator(".text").first.inner_text()
    assert page.evaluate("window.ran") is None
    assert (opened.complaints, opened.undrawn(), len(opened.requests)) == ([], [], 1)
    page.close()


def test_the_policy_forbids_what_is_not_the_pages_own(opened: Opened) -> None:
    ran = opened.page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.ran = 1';
            document.body.append(script);
            return window.ran;
        }"""
    )
    assert ran is None


@pytest.mark.parametrize(
    ("gold", "names"),
    [
        ([HARBOUR], ["alone"]),
        ([SILENT_REPORT], ["alone", "beside"]),
        ([HARBOUR, SILENT_REPORT], ["alone"]),
    ],
    ids=["one report", "no claims", "one variant"],
)
@pytest.mark.parametrize("reader", [perfectly, failing])
def test_a_small_run_is_a_page_as_well(
    browser: BrowserContext,
    tmp_path: Path,
    gold: list[GoldReport],
    names: list[str],
    reader: object,
) -> None:
    results = made_run(tmp_path, gold, dict.fromkeys(names, reader))  # type: ignore[arg-type]
    page = browser.new_page()
    opened = Opened(page, write_report(tmp_path, results, gold))
    opened.open_all()
    assert (opened.complaints, opened.undrawn()) == ([], [])
    assert page.locator(".board tbody tr").count() == len(names)
    page.close()
