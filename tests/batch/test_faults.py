"""Each fault of a server alone: what becomes of the reports it strikes, and of all others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from faulty import POISON, Desk, check_books, check_items, reports, requests_a_report
from model_server import Fault, Script

from llm_extract.batch import executor
from llm_extract.extraction.call import KNOCK_PASSAGE, MOST_REQUESTS, REASKS, TRANSPORT_TRIES
from llm_extract.models.pace import DOWN_AFTER

Start = Callable[..., Desk]

MANY = 12
POISONED = (3, 11)
IN_FLIGHT = 8
TOO_LONG = 8_100_000

PASSING = {
    "rate_limit": "HTTP 429",
    "error_500": "HTTP 500",
    "error_502": "HTTP 502",
    "error_503": "HTTP 503",
    "error_529": "HTTP 529",
    "close_before_body": "Connection error",
    "close_mid_body": "Connection error",
    "stall": "no whole reply within",
    "drip": "no whole reply within",
    "not_json": "no chat completion",
    "login_page": "text/html",
    "endless_whitespace": "longer than",
    "huge_body": "longer than",
    "no_choices": "holds no answer",
}
"""Faults that may pass, of the way or the server, and what a report says that none passed for."""
UNUSABLE = {
    "wrong_schema": ("validation error", 1 + REASKS),
    "whitespace": ("the reply was cut", 1),
    "truncated": ("the reply was cut", 1),
    "refusal": ("the model refused", 1),
    "content_filter": ("the model refused: its provider filtered", 1),
}
"""Replies that cannot be used: what the attempts say, and how many there are."""
ACCOUNT = {
    "insufficient_quota": ("quota", "HTTP 429: You exceeded your current quota"),
    "invalid_api_key": ("refused_key", "HTTP 401: Incorrect API key"),
    "permission": ("unknown_model", "HTTP 403: Project"),
    "model_not_found": ("unknown_model", "HTTP 404: The model"),
}
HARMLESS = ("gzip", "slow", "no_usage")
REFUSALS = ("rate_limit", "error_503", "error_529")
SLOWEST = {"stall": 0.5, "drip": 0.5}
"""Seconds that a request may take where that is the point."""


def fault(name: str, **conditions: object) -> Fault:
    """The fault, quick enough for a test."""
    own: dict[str, object] = {"pause": 0.05, "size": TOO_LONG if name == "huge_body" else 200}
    return Fault(name, **{**own, **conditions})  # type: ignore[arg-type]


def test_a_request_is_not_given_up_before_it_is_known_that_nobody_is_answered() -> None:
    assert DOWN_AFTER <= TRANSPORT_TRIES


@pytest.mark.parametrize("name", PASSING)
def test_a_report_that_always_fails_says_why_and_costs_no_other_its_result(
    faulty_desk: Start, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(executor, "MOST_TRIES", 2)  # refusals make the pace ever slower
    poisoned = POISONED[:1] if name in REFUSALS else POISONED
    desk = faulty_desk(fault(name, marker=POISON), request_seconds=SLOWEST.get(name, 20.0))
    summary = desk.run(reports(MANY, poisoned))
    assert (summary.paused, summary.settled, summary.failed) == (None, MANY, len(poisoned))
    check_items(desk, MANY)
    check_books(desk, charge_bounded=name != "huge_body")
    for number in poisoned:
        failure = desk.records[f"r{number}"].failure
        assert failure is not None
        assert failure.code in ("model_failed", "model_busy")
        assert PASSING[name] in failure.message and "\n" not in failure.message
    made = requests_a_report(desk)
    if name not in SLOWEST:
        assert all(made[n] == 1 for n in range(MANY) if n not in poisoned)
    assert all(made[n] <= 2 * MOST_REQUESTS for n in poisoned)


@pytest.mark.parametrize("name", ["error_502", "error_503", "close_mid_body", "stall", "huge_body"])
def test_a_fault_that_passes_costs_a_request_and_nothing_else(
    faulty_desk: Start, name: str
) -> None:
    seconds = SLOWEST.get(name, 20.0)
    desk = faulty_desk(fault(name, times=6, times_each=1), request_seconds=seconds)
    summary = desk.run(reports(MANY))
    assert (summary.paused, summary.clean) == (None, MANY)
    check_items(desk, MANY)
    check_books(desk, charge_bounded=name != "huge_body")
    # On a busy machine a good reply may come too late too.
    more = sum(requests_a_report(desk).values()) - MANY
    assert more == 6 or (name in SLOWEST and 6 <= more < 20)


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_reply_that_cannot_be_used_is_a_reading_with_a_gap_that_says_so(
    faulty_desk: Start, name: str
) -> None:
    said, calls = UNUSABLE[name]
    desk = faulty_desk(fault(name, marker=POISON))
    summary = desk.run(reports(MANY, POISONED))
    assert (summary.paused, summary.settled, summary.failed) == (None, MANY, 0)
    check_items(desk, MANY)
    check_books(desk)
    for number in POISONED:
        record = desk.records[f"r{number}"]
        assert record.provenance is not None
        assert record.disposition == "flagged", record
        assert [said in (a.error or "") for a in record.provenance.attempts] == [True] * calls


@pytest.mark.parametrize("name", HARMLESS)
def test_odd_manners_cost_nothing(faulty_desk: Start, name: str) -> None:
    desk = faulty_desk(fault(name))
    summary = desk.run(reports(MANY))
    assert (summary.paused, summary.clean, summary.calls) == (None, MANY, MANY)
    check_items(desk, MANY)
    check_books(desk)


def test_a_report_that_is_too_long_for_the_model_fails_at_once(faulty_desk: Start) -> None:
    desk = faulty_desk(fault("context_length_exceeded", marker=POISON))
    summary = desk.run(reports(MANY, POISONED))
    assert (summary.paused, summary.clean, summary.failed) == (None, MANY - 2, 2)
    check_items(desk, MANY)
    check_books(desk)
    assert desk.records["r3"].failure is not None
    assert desk.records["r3"].failure.code == "context_overflow"
    assert set(requests_a_report(desk).values()) == {1}


@pytest.mark.parametrize("hint", ["seconds", "ms"])
def test_a_refusal_holds_all_requests_for_as_long_as_it_says(faulty_desk: Start, hint: str) -> None:
    desk = faulty_desk(fault("rate_limit", times=1, hint=hint, after=0.3))
    summary = desk.run(reports(MANY))
    assert (summary.paused, summary.clean) == (None, MANY)
    check_books(desk)
    served = desk.served
    refused = next(row.finished for row in served if row.fault == "rate_limit")
    assert refused is not None
    # What was on its way when the refusal came is not held; everything else is.
    held = [row.arrived for row in served if row.arrived > refused + 0.15]
    assert min(held) - refused >= 0.3 - 0.01
    assert len(served) - len(held) <= IN_FLIGHT


# --- trouble that all reports would meet --------------------------------------------------------


@pytest.mark.parametrize(("name", "begins"), [("permission", 0), *((name, 4) for name in ACCOUNT)])
def test_trouble_with_the_account_pauses_the_job_which_later_does_exactly_the_rest(
    faulty_desk: Start, name: str, begins: int
) -> None:
    _, said = ACCOUNT[name]
    desk = faulty_desk(fault(name, numbers=(begins, None)))
    summary = desk.run(reports(MANY))
    assert summary.paused is not None
    assert said in summary.paused and "\n" not in summary.paused
    assert summary.failed == 0
    assert summary.settled <= begins
    job = desk.store.jobs.get(desk.job_id)
    assert (job.state, job.reason) == ("paused", summary.paused)
    in_vain = [row for row in desk.served if row.fault == name]
    assert len(in_vain) <= 2 * IN_FLIGHT  # each request in flight and a knock
    check_books(desk)

    before, done = len(desk.served), summary.settled
    desk.server.set_script(Script())
    summary = desk.go_on()
    assert (summary.paused, summary.clean) == (None, MANY)
    assert desk.store.jobs.get(desk.job_id).state == "done"
    assert len(desk.served) - before == MANY - done
    check_items(desk, MANY)
    check_books(desk)


def test_a_key_that_the_server_knows_no_longer_pauses_the_job(faulty_desk: Start) -> None:
    desk = faulty_desk()
    desk.server.set_script(Script(api_key="another", models=("scripted",)))
    with pytest.raises(Exception, match="refuses the key"):
        desk.run(reports(MANY))
    desk.server.set_script(Script())
    assert desk.go_on().clean == MANY
    check_items(desk, MANY)
    check_books(desk)


@pytest.mark.parametrize("name", ["invalid_api_key", "permission"])
def test_a_report_that_a_gateway_refuses_by_its_words_stops_no_other(
    faulty_desk: Start, name: str
) -> None:
    desk = faulty_desk(fault(name, marker=POISON))
    summary = desk.run(reports(MANY, POISONED))
    assert (summary.paused, summary.clean, summary.failed) == (None, MANY - 2, 2)
    check_items(desk, MANY)
    check_books(desk)
    failure = desk.records["r3"].failure
    assert failure is not None
    assert (failure.code, ACCOUNT[name][1] in failure.message) == ("model_refused", True)


def test_what_is_asked_of_a_server_that_is_down_holds_no_word_of_a_report(
    faulty_desk: Start,
) -> None:
    desk = faulty_desk(fault("error_500", marker=POISON))
    desk.run(reports(4, range(4)))
    knocks = [row for row in desk.attempts if row["number"] == 0]
    assert knocks
    assert {(row["passage"], row["error"]) for row in knocks} == {(KNOCK_PASSAGE, None)}
