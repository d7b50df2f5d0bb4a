"""The page of a run as text: complete, escaped, and honest about what is undefined."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from evals.html_report.made_runs import (
    GOLD,
    HARBOUR,
    QUAY,
    SILENT_REPORT,
    claim,
    failing,
    gold_report,
    made_run,
    one_too_many,
    perfectly,
)

from llm_extract.errors import RecordsError
from llm_extract.evals.html_report.page import REPORT_NAME, render, vega, write_report
from llm_extract.evals.html_report.texts import DEFINITIONS, UNDEFINED
from llm_extract.evals.measures import MEASURES
from llm_extract.evals.results import records_path

ATTACK = "</script><script>alert(1)</script><!-- \u2028 & 'quotes' \"double\""

SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
SPEC = re.compile(r'<script type="application/json" id="spec-([^"]*)">(.*?)</script>', re.DOTALL)


def specs(page: str) -> dict[str, Any]:
    return {name: json.loads(text) for name, text in SPEC.findall(page)}


def drawn(page: str, plot: str) -> set[float | None]:
    """All values that a plot shows."""
    return {row["value"] for rows in specs(page)[plot]["datasets"].values() for row in rows}


def board(page: str) -> str:
    return page[page.index('<section id="board">') : page.index('<section id="differences">')]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    readers = {"careful": perfectly, "hasty": one_too_many, "broken": failing}
    return render(folder, made_run(folder, GOLD, readers, flagged=["quay"]), GOLD)


def test_the_report_is_one_file_beside_the_results(tmp_path: Path) -> None:
    results = made_run(tmp_path, [HARBOUR], {"careful": perfectly})
    path = write_report(tmp_path, results, [HARBOUR])
    assert path == tmp_path / REPORT_NAME
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_nothing_is_loaded_from_anywhere(page: str) -> None:
    ours = SCRIPT.sub("", page)
    assert not re.search(r"<(?:link|img|iframe|object|embed)\b|\ssrc=|url\(|@import", ours)


def test_only_the_pages_own_scripts_and_style_are_allowed(page: str) -> None:
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert found is not None
    policy = found[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    for text in [*SCRIPT.findall(page), *style]:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert len(SCRIPT.findall(page)) == 2


def test_the_bundle_of_vega_can_stand_in_a_script_tag() -> None:
    assert not re.search(r"</script|<!--|\r", vega(), re.IGNORECASE)


def test_markup_of_a_run_is_escaped_everywhere(tmp_path: Path) -> None:
    report = gold_report(
        ATTACK,
        f"12 people were killed. {ATTACK}",
        claim("12 people were killed", total=12, claimant=ATTACK, perpetrators=[ATTACK]),
        style=ATTACK,
        traps=[ATTACK],
    )
    gold = [report, HARBOUR]
    page = render(tmp_path, made_run(tmp_path, gold, {ATTACK: perfectly, "b": one_too_many}), gold)
    assert "alert(1)</script>" not in page
    assert "<script>alert" not in page
    assert "<!--" not in page
    assert page.count("<script>") == 2
    assert specs(page)["slots"]["params"][0]["value"].keys() == {ATTACK, "b"}


def test_every_measure_of_the_board_has_its_definition_on_the_page(page: str) -> None:
    assert set(MEASURES) <= set(DEFINITIONS)
    for name in re.findall(r'href="#def-(\w+)"', board(page)):
        assert f'id="def-{name}"' in page


def test_the_board_has_a_row_a_variant_the_best_first(page: str) -> None:
    assert re.findall(r'<th scope="row">(\w+)<small>', board(page)) == [
        "careful",
        "hasty",
        "broken",
    ]


def test_undefined_values_are_a_dash_and_never_zero(tmp_path: Path) -> None:
    page = render(
        tmp_path, made_run(tmp_path, [SILENT_REPORT], {"careful": perfectly}), [SILENT_REPORT]
    )
    row = board(page)[board(page).index("<tbody>") :]
    values = re.findall(r"<td[^>]*>([^<]*)", row)
    assert values[:2] == [UNDEFINED, UNDEFINED]
    assert values[-1] == UNDEFINED
    assert "Figure F1 is undefined" in page
    assert drawn(page, "slots") == {None}


def test_bars_begin_at_zero_and_end_at_one(page: str) -> None:
    for name in ("slots", "attributes"):
        assert '"domain": [0, 1]' in json.dumps(specs(page)[name])


def test_one_variant_alone_has_no_differences_and_says_so(tmp_path: Path) -> None:
    page = render(tmp_path, made_run(tmp_path, GOLD, {"careful": perfectly}), GOLD)
    assert "differences" not in specs(page)
    assert "One variant alone has no other to differ from." in page


def test_a_run_without_variants_is_a_page_that_says_so(tmp_path: Path) -> None:
    page = render(tmp_path, made_run(tmp_path, GOLD, {}), GOLD)
    assert "This run has no variant" in page
    assert specs(page) == {}


def test_the_silent_error_rate_is_said_in_words_with_its_bound(page: str) -> None:
    hasty = page[page.index("<dt>hasty</dt>") :]
    assert re.match(
        r"<dt>hasty</dt><dd>Of 4 reports, 2 are wrong with nothing flagged \(50 %\); with 95 % "
        r"confidence the rate lies between 7 % and 93 %\.",
        hasty,
    )


def test_dollars_are_drawn_where_known_and_tokens_where_not(tmp_path: Path) -> None:
    priced = render(tmp_path, made_run(tmp_path, GOLD, {"a": perfectly}, cost=0.01), GOLD)
    free = render(tmp_path, made_run(tmp_path, GOLD, {"a": perfectly}), GOLD)
    assert {"cost-cost"} == specs(priced).keys() & {"cost-cost", "cost-tokens"}
    assert {"cost-tokens"} == specs(free).keys() & {"cost-cost", "cost-tokens"}


def test_records_that_were_not_kept_are_missed_in_words(tmp_path: Path) -> None:
    results = made_run(tmp_path, [HARBOUR, QUAY], {"careful": perfectly})
    records_path(tmp_path, "careful", 1).unlink()
    page = render(tmp_path, results, [HARBOUR, QUAY])
    assert page.count("Its record was not kept, so its claims cannot be shown.") == 2
    assert drawn(page, "slots") == {None}


def test_a_report_that_gold_does_not_hold_is_named(tmp_path: Path) -> None:
    results = made_run(tmp_path, GOLD, {"careful": perfectly})
    with pytest.raises(RecordsError, match="no report 'harbour', which the run read"):
        render(tmp_path, results, [QUAY])


def test_a_long_run_stays_a_file_that_a_browser_opens_at_once(tmp_path: Path) -> None:
    text = " ".join(f"On day {day} another {day + 40} people were killed." for day in range(1, 25))
    claims = [
        claim(f"another {day + 40} people were killed", total=day + 40) for day in range(1, 25)
    ]
    gold = [gold_report(f"day-{number}", text, *claims) for number in range(5)]
    results = made_run(tmp_path, gold, {"a": perfectly, "b": one_too_many})
    size = len(render(tmp_path, results, gold).encode()) - len(vega())
    readings = 5 * 2
    assert size / readings * 100 * 8 < 14_000_000
