"""The batch lane on a scripted provider: the same records as online, whatever befalls a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from model_server import Fault, Script, Usage

from llm_extract.batch.provider import Limits, cancel_batches, lane
from llm_extract.models.catalogue import find_model
from llm_extract.record import Record
from llm_extract.store import Caps, Outcome

Provider = Callable[..., Any]
Compared = Callable[[Record], dict[str, Any]]


def spent(desk: Any, job: Any) -> tuple[int, int, int, int]:
    tokens = desk.store.jobs.get(job.id).sums.tokens
    return tokens.prompt, tokens.cached, tokens.completion, tokens.reasoning


def charged(desk: Any) -> tuple[int, int, int, int]:
    tokens = desk.server.ledger().charged
    return tokens.prompt, tokens.cached, tokens.completion, tokens.reasoning


def codes(desk: Any, job: Any) -> set[str]:
    return {r.failure.code for r in desk.records(job) if r.failure is not None}


# --- the same as online ------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["document", "sentence", "mention"])
@pytest.mark.parametrize("repair", ["off", "ask", "second", "both"])
def test_records_are_those_of_the_online_lane(
    provider: Provider, compared: Compared, strategy: str, repair: str
) -> None:
    faults = (Fault("wrong_schema", share=0.3, times_each=1), Fault("truncated", share=0.1))
    made = []
    for batch in (False, True):
        desk = provider(seed=3, faults=faults)
        job = desk.begin(strategy=strategy, repair=repair)
        assert desk.work(job, batch=batch).settled == 4
        made.append([compared(record) for record in desk.records(job)])
        assert spent(desk, job) == charged(desk)
        assert bool(desk.server.ledger().batch_requests) is batch
    assert made[0] == made[1]


def test_a_reask_and_a_repair_each_go_into_a_batch_of_their_own(provider: Provider) -> None:
    desk = provider(faults=(Fault("wrong_schema", times_each=1),))
    job = desk.begin(strategy="sentence", repair="ask")
    desk.work(job)
    assert any(len(r.provenance.attempts) > 1 for r in desk.records(job))
    assert len(desk.batches()) >= 2


def test_a_batch_costs_half(provider: Provider) -> None:
    costs = []
    for batch in (False, True):
        desk = provider(usage=Usage(cached_share=0))
        job = desk.begin()
        costs.append(desk.work(job, batch=batch).cost)
    assert costs[1] * 2 == costs[0] > 0


def test_reports_of_the_same_text_are_asked_about_once(provider: Provider) -> None:
    desk = provider()
    text = "Shells killed 31 people in Belkesh."
    job = desk.begin([text] * 5)
    summary = desk.work(job)
    assert (summary.settled, summary.cached) == (5, 4)
    assert desk.server.ledger().batch_requests == 1


def test_a_report_that_is_retried_is_asked_anew(provider: Provider) -> None:
    desk = provider(faults=(Fault("context_length_exceeded", times=1),))
    job = desk.begin(["Shells killed 31 people in Belkesh."])
    assert desk.work(job).failed == 1
    desk.store.jobs.retry(job.id, "failed")
    summary = desk.work(job)
    assert (summary.failed, summary.settled, summary.calls) == (0, 1, 2)
    assert spent(desk, job) == charged(desk)


def test_nothing_is_kept_of_requests_that_are_settled(provider: Provider) -> None:
    desk = provider()
    job = desk.begin()
    desk.work(job)
    sums = desk.store.jobs.get(job.id).sums
    assert (sums.reserved_tokens, sums.reserved_cost) == (0, 0)
    assert desk.store.jobs.get(job.id).state == "done"
    claimed = desk.store.work("w").claim(job.id, 10, None, -1)
    assert claimed == []


# --- shards ------------------------------------------------------------------------------------


def test_files_keep_to_the_provider_limits(provider: Provider) -> None:
    desk = provider(api={"max_requests": 2})
    texts = [f"Shells killed {n} people in Belkesh." for n in range(11, 18)]
    job = desk.begin(texts)
    assert desk.work(job, limits=Limits(requests=2)).settled == 7
    totals = [batch["request_counts"]["total"] for batch in desk.batches()]
    assert sum(totals) == 7 and max(totals) == 2


def test_files_keep_to_a_size(provider: Provider) -> None:
    desk = provider(api={"max_bytes": 20_000})
    texts = [f"Shells killed {n} people in Belkesh." for n in range(11, 18)]
    job = desk.begin(texts)
    assert desk.work(job, limits=Limits(bytes=20_000)).settled == 7
    assert len(desk.batches()) > 1


def test_a_limit_of_waiting_tokens_is_learned_and_kept(provider: Provider) -> None:
    api = {"enqueued_tokens": 5_000, "paced_by": "polls", "in_progress": 2}
    desk = provider(api=api)
    texts = [f"Shells killed {n} people in Belkesh." for n in range(11, 23)]
    job = desk.begin(texts)
    summary = desk.work(job)
    assert (summary.settled, summary.failed) == (12, 0)
    assert spent(desk, job) == charged(desk)
    assert {"failed", "completed"} == {batch["status"] for batch in desk.batches()}


# --- what befalls a batch ----------------------------------------------------------------------


def test_every_state_is_waited_for(provider: Provider) -> None:
    api = {"paced_by": "polls", "validating": 2, "in_progress": 3, "finalizing": 2}
    desk = provider(api=api)
    job = desk.begin()
    assert desk.work(job).settled == 4


def test_what_an_expired_batch_has_done_is_kept_and_the_rest_asked_again(
    provider: Provider,
) -> None:
    desk = provider(api={"expires_after_lines": 3})
    job = desk.begin()
    summary = desk.work(job)
    assert (summary.settled, summary.failed) == (4, 0)
    assert {"expired", "completed"} == {batch["status"] for batch in desk.batches()}
    assert spent(desk, job) == charged(desk)


def test_a_report_whose_batches_always_expire_fails_with_the_reason(provider: Provider) -> None:
    desk = provider(api={"expires_after_lines": 0})
    job = desk.begin(["Shells killed 31 people in Belkesh."])
    assert desk.work(job).failed == 1
    (record,) = desk.records(job)
    assert record.failure is not None and "expired" in record.failure.message
    assert len(desk.batches()) == 4


def test_a_batch_that_a_person_cancelled_is_asked_again(provider: Provider) -> None:
    desk = provider(api={"paced_by": "polls", "in_progress": 4, "cancelling": 1})
    job = desk.begin()
    cancelled = []
    before = type(desk.lane(job))._look_at

    async def look(self: Any, shard: Any, batch: Any) -> bool:
        if not cancelled:
            cancelled.append(batch.id)
            await self._provider_held.cancel(batch.id)
        return await before(self, shard, batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("llm_extract.batch.provider.lane.ProviderLane._look_at", look)
        assert desk.work(job).failed == 0
    assert {"cancelled", "completed"} == {batch["status"] for batch in desk.batches()}
    assert spent(desk, job) == charged(desk)


def test_lines_in_any_order_twice_or_not_at_all_give_each_report_its_own(
    provider: Provider, compared: Compared
) -> None:
    texts = [f"Shells killed {n} people in Belkesh." for n in range(11, 41)]
    made = []
    for batch, api in ((False, {}), (True, {"doubled": 0.3, "missing": 0.2})):
        desk = provider(api=api)
        job = desk.begin(texts)
        assert desk.work(job, batch=batch).failed == 0
        made.append([compared(record)["claims"] for record in desk.records(job)])
    assert made[0] == made[1]
    sums = desk.store.jobs.get(job.id).sums
    lost = desk.store.jobs.lost(job.id)
    assert lost.calls > 0
    assert sums.calls == desk.server.ledger().batch_requests
    assert sums.tokens.prompt < charged(desk)[0] <= sums.tokens.prompt + lost.most_tokens


def test_results_that_nobody_asked_for_are_ignored_with_a_notice(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = provider()
    job = desk.begin()
    read, seen = lane.outcome_of, Counter[str]()

    def strange(line: bytes, endpoint: Any, **how: Any) -> Any:
        found = read(line, endpoint, **how)
        assert found is not None
        seen["lines"] += 1
        return found if seen["lines"] > 1 else Outcome(f"x{found.custom_id}", found.reply)

    monkeypatch.setattr(lane, "outcome_of", strange)
    assert desk.work(job).failed == 0
    assert any("nobody asked" in notice for notice in desk.notices)


def test_lines_that_fail_for_a_while_are_asked_again(provider: Provider) -> None:
    faults = tuple(Fault(name, times=1) for name in ("error_500", "rate_limit", "error_503"))
    desk = provider(faults=faults)
    job = desk.begin()
    assert desk.work(job).failed == 0
    assert spent(desk, job) == charged(desk)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("context_length_exceeded", "context_overflow"),
        ("error_500", "model_failed"),
        ("close_before_body", "model_failed"),
    ],
)
def test_lines_that_fail_for_good_fail_their_report_alone(
    provider: Provider, fault: str, code: str
) -> None:
    desk = provider(faults=(Fault(fault, marker="Kesh"),))
    job = desk.begin(["Shells killed 31 people in Kesh.", "Shells killed 32 people in Duram."])
    summary = desk.work(job)
    assert (summary.failed, summary.settled) == (1, 2)
    assert codes(desk, job) == {code}
    assert len(desk.records(job)[0].provenance.attempts) <= 5


@pytest.mark.parametrize("way", ["uploads_cut", "uploads_lost", "creates_lost", "polls_failed"])
def test_answers_that_are_lost_make_nothing_twice(provider: Provider, way: str) -> None:
    desk = provider(api={way: 2})
    job = desk.begin()
    assert desk.work(job).failed == 0
    assert len(desk.batches()) == 1
    assert spent(desk, job) == charged(desk)


def test_a_download_that_breaks_off_is_begun_anew(provider: Provider) -> None:
    desk = provider(api={"downloads_cut": 2})
    job = desk.begin()
    assert desk.work(job).failed == 0
    assert spent(desk, job) == charged(desk)


# --- stopping ----------------------------------------------------------------------------------


def test_an_empty_account_pauses_the_job_and_nothing_fails(provider: Provider) -> None:
    desk = provider(faults=(Fault("insufficient_quota", times=1),))
    job = desk.begin()
    summary = desk.work(job)
    assert summary.paused is not None and "quota" in summary.paused
    assert summary.failed == 0 and desk.store.jobs.get(job.id).state == "paused"
    again = desk.work(job)
    assert (again.settled, again.failed) == (4, 0)
    assert spent(desk, job) == charged(desk)


def test_a_job_goes_on_with_the_batches_that_were_out(provider: Provider) -> None:
    desk = provider(api={"in_progress": 30})
    job = desk.begin(["Shells killed 31 people in Kesh.", "Two boys were shot in Duram."])
    summary = desk.work(job, stopped_when_sent=True)
    assert summary.paused == "by hand"
    assert [batch["status"] for batch in desk.batches()] == ["in_progress"]
    desk.server.set_script(Script())
    assert desk.work(job).settled == 2
    assert len(desk.batches()) == 1


def test_a_cancelled_job_has_its_batches_cancelled(provider: Provider) -> None:
    desk = provider(api={"in_progress": 30, "cancelling": 0})
    job = desk.begin()
    desk.work(job, stopped_when_sent=True)
    assert anyio.run(cancel_batches, desk.store, job.id, find_model("desk")) == 1
    assert [batch["status"] for batch in desk.batches()] == ["cancelled"]


def test_a_provider_that_is_silent_pauses_the_job(provider: Provider) -> None:
    desk = provider(api={"polls_failed": 1000})
    job = desk.begin()
    summary = desk.work(job, patience=0.0)
    assert summary.paused is not None and "no answer" in summary.paused
    assert desk.store.jobs.get(job.id).state == "paused"


def test_the_cap_holds_and_what_batches_leave_of_it_is_used(provider: Provider) -> None:
    texts = [f"Shells killed {n} people in Belkesh." for n in range(11, 31)]
    open_desk = provider()
    whole = open_desk.begin(texts)
    tokens = open_desk.work(whole).tokens
    enough = tokens.prompt + tokens.completion
    desk = provider()
    job = desk.begin(texts, caps=Caps(max_tokens=enough // 2))
    summary = desk.work(job)
    assert summary.paused is not None and "budget" in summary.paused
    assert 0 < summary.settled < 20
    total = desk.server.ledger().charged
    assert total.prompt + total.completion <= enough // 2
    # What a batch did that is out while the job pauses is settled when it is collected.
    sides = zip(spent(desk, job), charged(desk), strict=True)
    assert all(ours <= theirs for ours, theirs in sides)
    assert len(desk.batches()) > 1
    desk.store.jobs.set_caps(job.id, Caps())
    assert desk.work(job).settled == 20
    assert spent(desk, job) == charged(desk)
