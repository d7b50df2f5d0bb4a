"""Faults mixed and in storms, and servers that answer nobody for a while or for good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from faulty import POISON, Desk, check_books, check_items, reports, requests_a_report, storm
from model_server import Capacity, Fault, Script, Usage

from llm_extract.batch.executor import MOST_TRIES
from llm_extract.extraction.call import MOST_REQUESTS

Start = Callable[..., Desk]

MANY = 40
POISONED = (0, 17, 38, 39)
STORMY = (
    *("rate_limit", "error_500", "error_502", "error_503", "error_529"),
    *("close_before_body", "close_mid_body", "stall", "drip", "slow", "not_json", "login_page"),
    *("wrong_schema", "endless_whitespace", "whitespace", "truncated", "refusal"),
    *("content_filter", "no_choices", "no_usage", "gzip", "context_length_exceeded"),
)
BOUND = MOST_TRIES * MOST_REQUESTS
IN_FLIGHT = 8


@pytest.mark.parametrize("seed", range(3))
def test_in_a_storm_every_report_ends_with_its_own_record_and_the_books_agree(
    faulty_desk: Start, seed: int
) -> None:
    mixed = storm(seed, STORMY, total=0.5)
    faults = [Fault(("error_500", "close_before_body", "not_json")[seed % 3], marker=POISON)]
    faults += [Fault(name, share, size=300, pause=0.02) for name, share in mixed.items()]
    usage = Usage(cached_share=0.4, reasoning=seed)
    script = Script(seed, faults=tuple(faults), usage=usage, charge_abandoned=True)
    desk = faulty_desk(script=script, request_seconds=0.5)
    summary = desk.run(reports(MANY, POISONED))
    assert (summary.paused, summary.settled) == (None, MANY)
    check_items(desk, MANY)
    check_books(desk)
    assert max(requests_a_report(desk).values()) <= BOUND
    for number in POISONED:
        assert desk.records[f"r{number}"].disposition == "failed"
    failures = Counter(r.failure.code for r in desk.records.values() if r.failure is not None)
    assert set(failures) <= {"model_failed", "model_busy", "context_overflow"}


@pytest.mark.parametrize(
    ("name", "in_flight"),
    [("error_500", 1), ("error_500", 2), ("error_503", 3), ("close_before_body", IN_FLIGHT)],
)
def test_an_outage_that_ends_costs_no_report_its_result_and_few_requests(
    faulty_desk: Start, name: str, in_flight: int
) -> None:
    desk = faulty_desk(Fault(name, numbers=(7, 16)), in_flight=in_flight)
    summary = desk.run(reports(20))
    assert (summary.paused, summary.clean) == (None, 20)
    check_items(desk, 20)
    check_books(desk)
    assert max(requests_a_report(desk).values()) <= BOUND


def test_an_outage_by_the_clock_is_sat_out_with_few_requests(faulty_desk: Start) -> None:
    desk = faulty_desk()
    desk.server.set_script(Script(faults=(Fault("error_500", seconds=(0.0, 1.2)),)))
    summary = desk.run(reports(20))
    assert (summary.paused, summary.clean) == (None, 20)
    check_books(desk)
    # 8 may be on their way when it begins; then one after the other, at doubling distances.
    assert sum(row.fault is not None for row in desk.served) <= IN_FLIGHT + 12


@pytest.mark.parametrize(("name", "begins"), [("error_502", 5), ("rate_limit", 0), ("stall", 5)])
def test_a_server_that_answers_nobody_pauses_the_job_after_the_patience(
    faulty_desk: Start, name: str, begins: int
) -> None:
    desk = faulty_desk(Fault(name, numbers=(begins, None)), request_seconds=0.5)
    summary = desk.run(reports(20), patience=0.8)
    assert summary.paused is not None
    assert summary.paused.startswith("the model's server has given no answer for")
    assert summary.failed == 0
    assert desk.store.jobs.get(desk.job_id).state == "paused"
    assert sum(row.fault is not None for row in desk.served) <= 2 * IN_FLIGHT + 12
    check_books(desk)

    desk.server.set_script(Script())
    before, done = len(desk.served), summary.settled
    summary = desk.go_on()
    assert (summary.paused, summary.clean) == (None, 20)
    assert len(desk.served) - before == 20 - done
    check_items(desk, 20)
    check_books(desk)


def test_reports_that_never_get_an_answer_end_as_failed_when_nothing_else_is_left(
    faulty_desk: Start,
) -> None:
    desk = faulty_desk(Fault("error_500", marker=POISON))
    summary = desk.run(reports(8, range(8)))
    assert (summary.paused, summary.failed) == (None, 8)
    check_items(desk, 8)
    check_books(desk)
    assert max(requests_a_report(desk).values()) <= BOUND


def test_a_report_on_the_way_in_several_outages_of_the_account_is_not_blamed(
    faulty_desk: Start,
) -> None:
    desk = faulty_desk(Fault("insufficient_quota"))
    desk.run(reports(3))
    for _ in range(MOST_TRIES):
        assert desk.go_on().paused is not None
    desk.server.set_script(Script(faults=(Fault("error_500", numbers=(0, 6)),)))
    assert desk.go_on().clean == 3
    check_items(desk, 3)
    check_books(desk)


def test_the_budget_holds_in_a_storm(faulty_desk: Start) -> None:
    mixed = storm(7, ("error_500", "close_mid_body", "no_usage", "wrong_schema"), total=0.5)
    faults = tuple(Fault(name, share) for name, share in mixed.items())
    desk = faulty_desk(script=Script(7, faults=faults))
    cap = 30_000
    summary = desk.run(reports(MANY), max_tokens=cap)
    assert summary.paused is not None
    assert "the budget is used up" in summary.paused
    charged = desk.server.ledger().charged
    assert charged.prompt + charged.completion <= cap
    assert summary.failed == 0 or summary.settled < MANY
    check_books(desk)


def test_a_deadline_ends_the_job_in_the_middle_of_a_storm(faulty_desk: Start) -> None:
    script = Script(faults=(Fault("error_500", 0.5),), capacity=Capacity(latency=0.2))
    desk = faulty_desk(script=script, in_flight=4)
    summary = desk.run(reports(MANY), deadline=datetime.now(UTC) + timedelta(seconds=1))
    assert summary.paused is not None
    assert summary.paused.startswith("the deadline")
    check_books(desk)
    desk.server.set_script(Script())
    desk.store.jobs.set_caps(desk.job_id, desk.store.jobs.get(desk.job_id).caps.__class__())
    assert desk.go_on().settled == MANY
    check_items(desk, MANY)
    check_books(desk)
