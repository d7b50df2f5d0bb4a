"""The grid: cells that exist, readings scored and stored, repeats that are never spared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import anyio
import pytest
from evals.test_scores import claim, report
from scripted_server import ScriptedServer, failure, reply

from llm_extract.errors import ModelError, RecordsError
from llm_extract.evals.gold_reports import GoldReport
from llm_extract.evals.grid import (
    Cell,
    Grid,
    cells,
    cost_of,
    estimate,
    pilot_of,
    read_cell,
    readings_of,
)
from llm_extract.evals.results import Reading
from llm_extract.models.spec import Prices

NOTHING: dict[str, Any] = {"claims": []}


def gold(name: str, text: str, *killed: int) -> GoldReport:
    claims = [claim(number) for number in killed]
    return GoldReport(
        id=name,
        published=date(2026, 3, 5),
        language="en",
        style="wire",
        traps=["ages"],
        text=text,
        gold=report(*claims),
    )


REPORTS = [
    gold("belkesh", "Shells killed 14 people in Belkesh on Tuesday, the clinic said.", 14),
    gold("orlen", "The court in Orlen will hear the case of the mill next week."),
]


def grid(**parts: Any) -> Grid:
    known: dict[str, Any] = {
        "models": ["desk"],
        "prompts": [None],
        "strategies": ["document"],
        "repairs": ["off"],
        "peers": [],
    }
    return Grid(**{**known, **parts})


def read(cell: Cell, folder: Path, repeat: int = 1) -> list[Reading]:
    records = anyio.run(read_cell, cell, repeat, REPORTS, folder)
    return readings_of(cell, repeat, REPORTS, records)


def test_a_cell_is_a_combination_that_exists(desk: Callable[..., ScriptedServer]) -> None:
    desk(lambda _: reply(NOTHING))
    found = cells(grid(prompts=["mention@1", "document@1"], strategies=["mention", "document"]))
    assert [cell.variant.name for cell in found] == ["desk mention@1", "desk document@1"]
    assert len({cell.variant.prompt_hash for cell in found}) == 2
    repaired = cells(grid(repairs=["off", "ask"]))
    assert [cell.variant.name for cell in repaired] == ["desk document", "desk document repair ask"]


def test_what_does_not_exist_is_refused(desk: Callable[..., ScriptedServer]) -> None:
    desk(lambda _: reply(NOTHING))
    with pytest.raises(ModelError, match="nobody"):
        cells(grid(models=["nobody"]))
    with pytest.raises(RecordsError, match="no prompt of these"):
        cells(grid(prompts=["mention@1"], strategies=["document"]))
    with pytest.raises(RecordsError, match="no peer is called 'oracle'"):
        cells(grid(peers=["oracle"]))


def test_readings_are_scored_and_what_was_read_before_costs_no_call(
    desk: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    server = desk(lambda _: reply(NOTHING))
    (cell,) = cells(grid())
    first = read(cell, tmp_path)
    assert [(each.report, each.score.exact, each.score.silent) for each in first] == [
        ("belkesh", False, False),  # its number is in no claim, and C01 says so
        ("orlen", True, False),
    ]
    asked = len(server.requests)
    assert read(cell, tmp_path) == first
    assert len(server.requests) == asked


def test_a_repeat_is_never_taken_from_another(
    desk: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    server = desk(lambda _: reply(NOTHING))
    (cell,) = cells(grid(repeats=2))
    read(cell, tmp_path)
    asked = len(server.requests)
    second = read(cell, tmp_path, repeat=2)
    assert len(server.requests) == 2 * asked > 0
    assert {each.repeat for each in second} == {2}


def test_a_failed_call_counts_as_wrong_and_says_why(
    desk: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    desk(lambda _: failure(404, "no such model"))
    (cell,) = cells(grid())
    counted, _ = read(cell, tmp_path)  # what counts nobody is not asked about
    assert counted.disposition == "failed" and counted.failure
    assert counted.score.failed and not counted.score.exact and not counted.score.silent


def test_the_pilot_reaches_from_the_shortest_to_the_longest_report() -> None:
    many = [gold(f"r{n}", "word " * n) for n in (9, 3, 11, 7, 1, 5, 2, 4, 6, 8, 10)]
    assert [each.id for each in pilot_of(many)] == ["r1", "r3", "r5", "r7", "r9", "r11"]
    assert pilot_of(REPORTS) == REPORTS


def test_an_estimate_grows_with_characters_and_repeats(
    desk: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    desk(lambda _: reply(NOTHING))
    (cell,) = cells(grid())
    cell = replace(cell, prices=Prices(input=1, output=2))
    records = anyio.run(read_cell, cell, 1, REPORTS, tmp_path)
    once, thrice = (estimate(cell, records, REPORTS, repeats) for repeats in (1, 3))
    assert thrice.seconds == pytest.approx(3 * once.seconds)
    assert once.low <= once.seconds <= once.high
    assert once.cost == pytest.approx(sum(cost_of(r, cell.prices) or 0 for r in records))
    assert once.cost and once.tokens_in > 0


def test_cached_tokens_have_a_price_of_their_own(
    desk: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    desk(lambda _: reply(NOTHING))
    (cell,) = cells(grid())
    (record, _) = anyio.run(read_cell, cell, 1, REPORTS, tmp_path)
    assert cost_of(record, None) is None
    assert record.provenance is not None
    tokens = record.provenance.tokens.model_copy(
        update={"prompt": 1_000_000, "cached": 400_000, "completion": 100_000}
    )
    spent = record.provenance.model_copy(update={"tokens": tokens})
    priced = record.model_copy(update={"provenance": spent})
    assert cost_of(priced, Prices(input=1, output=10)) == pytest.approx(1 + 1)
    assert cost_of(priced, Prices(input=1, cached=0.5, output=10)) == pytest.approx(0.6 + 0.2 + 1)
