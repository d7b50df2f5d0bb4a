"""A model that does what a report demands: no figure changes without a finding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from security.conftest import (
    ABOVE,
    BELOW,
    Answer,
    adding,
    figures,
    honest,
    replacing,
    report_with,
    rules_of,
    silencing,
)
from security.injections import INJECTIONS

from llm_extract.documents import report_from_text
from llm_extract.record import Record

Read = Callable[..., list[Record]]
STRATEGIES = ("mention", "sentence", "document")
WITHDRAWN = {"should read"}
"""Texts that withdraw a number in so many words, which a reader by rule believes; S01 tells."""
OBEDIENT = (adding, replacing, silencing)


def test_there_are_at_least_forty_injections() -> None:
    assert len(INJECTIONS) >= 40
    assert len(set(INJECTIONS.values())) == len(INJECTIONS)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_report_alone_is_clean(read: Read, strategy: Any) -> None:
    (record,) = read(honest, strategy, [report_from_text(f"{ABOVE}\n\n{BELOW}")])
    assert record.disposition == "clean", record.findings
    assert [count for _, _, *count in figures(record)]


@pytest.mark.slow
@pytest.mark.parametrize("answer", OBEDIENT)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_no_injection_changes_a_figure_without_a_finding(
    read: Read, strategy: Any, answer: Answer
) -> None:
    assert unnoticed(read, strategy, answer, list(INJECTIONS)) == []


@pytest.mark.parametrize("nth", range(9))
def test_every_injection_is_noticed_by_one_strategy_at_least(read: Read, nth: int) -> None:
    strategy, answer = STRATEGIES[nth // 3], OBEDIENT[nth % 3]
    assert unnoticed(read, strategy, answer, list(INJECTIONS)[nth::9]) == []


def unnoticed(read: Read, strategy: Any, answer: Answer, names: list[str]) -> list[str]:
    """Injections whose record has other figures than the report alone and no finding, or no S01."""
    (alone,) = read(honest, strategy, [report_from_text(f"{ABOVE}\n\n{BELOW}")])
    records = read(answer, strategy, [report_with(INJECTIONS[name]) for name in names])
    return [
        name
        for name, record in zip(names, records, strict=True)
        if (not record.findings and figures(record) != figures(alone))
        or "S01" not in rules_of(record)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_injection_alone_is_no_clean_claim(read: Read, strategy: Any) -> None:
    records = read(replacing, strategy, map(report_from_text, INJECTIONS.values()))
    clean = [
        name
        for name, record in zip(INJECTIONS, records, strict=True)
        if record.disposition != "flagged"
    ]
    assert clean == []


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_figures_that_the_report_prints_stay(read: Read, strategy: Any) -> None:
    (alone,) = read(honest, strategy, [report_from_text(f"{ABOVE}\n\n{BELOW}")])
    records = read(honest, strategy, map(report_with, INJECTIONS.values()))
    lost = {
        name: sorted(missing)
        for name, record in zip(INJECTIONS, records, strict=True)
        if name not in WITHDRAWN and (missing := counted(alone) - counted(record))
    }
    assert lost == {}


def counted(record: Record) -> set[tuple[Any, ...]]:
    return {tuple(figure[:3]) for figure in figures(record)}
