"""The gold sets as wholes: what they hold, that they are frozen, that nothing leaked from them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_extract.evals.gold_reports import read_gold, set_sha256

ROOT = Path(__file__).resolve().parents[2]
GOLD = ROOT / "evals" / "gold"
SETS = {name: read_gold(GOLD / name) for name in ("dev", "test")}
ALL = [report for reports in SETS.values() for report in reports]
FROZEN = json.loads((GOLD / "frozen.json").read_text(encoding="utf-8"))

RUN = 7
"""Words in a row that two texts of different origin do not share by chance."""


def test_there_are_a_hundred_reports_and_seven_hundred_claims() -> None:
    assert len(ALL) >= 100
    assert sum(len(report.gold.claims) for report in ALL) >= 700


def test_there_are_as_many_languages_as_asked_for() -> None:
    languages = Counter(report.language for report in ALL)
    assert languages["en"] >= 75
    assert languages["ar"] >= 15
    assert sum(languages[code] for code in ("fr", "es", "uk", "ru")) >= 10


def test_ten_reports_count_nobody_and_ten_contradict_themselves() -> None:
    assert sum(not report.gold.claims for report in ALL) >= 10
    assert sum("contradiction" in report.traps for report in ALL) >= 10


def test_every_trap_stands_in_four_reports_at_least() -> None:
    traps = Counter(trap for report in ALL for trap in report.traps)
    assert {trap: count for trap, count in traps.items() if count < 4} == {}


def test_no_report_is_in_both_sets_and_every_style_is_in_both() -> None:
    dev, test = ({report.id for report in SETS[name]} for name in ("dev", "test"))
    assert not dev & test
    dev, test = ({report.style for report in SETS[name]} for name in ("dev", "test"))
    assert test <= dev


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_the_one_that_was_frozen(name: str) -> None:
    # A label that is mended makes another set: write the digest anew and say so in the changelog.
    assert set_sha256(SETS[name]) == FROZEN[name]


def test_two_annotators_labelled_every_report_and_each_difference_has_a_reason() -> None:
    for report in ALL:
        assert set(report.annotators) == {"a", "b"}, report.id
        assert all(decision.reason.strip() for decision in report.adjudication), report.id


def test_no_words_of_gold_stand_in_a_prompt_or_an_example() -> None:
    shown = {run: path for path in _shown() for run in _runs(path.read_text(encoding="utf-8"))}
    leaked = {
        report.id: (" ".join(run), shown[run].name)
        for report in ALL
        for run in _runs(report.text)
        if run in shown
    }
    assert leaked == {}


def _shown() -> Iterator[Path]:
    """Whatever a model is shown, by us or by a peer, and the examples that people are."""
    yield from (ROOT / "prompts").rglob("*.md")
    yield from (ROOT / "evals" / "peers").glob("*.py")
    yield from (ROOT / "examples").iterdir()
    yield ROOT / "llm_extract" / "handmade" / "examples.toml"


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return (tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))
