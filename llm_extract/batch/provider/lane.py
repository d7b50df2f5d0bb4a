"""A job's batches: requests are packed, sent, looked after until they end, and collected.

Nothing is made twice at the provider, whenever this program is killed: a shard is written down with
a random token before anything of it is sent, its file and its batch bear the token, and a shard
that another program may have sent is looked for by it first.
"""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import anyio
from anyio import CapacityLimiter, to_thread
from openai.types import Batch
from openai.types.batch_error import BatchError

from llm_extract.batch.committer import Committer
from llm_extract.batch.provider.book import LaneBook
from llm_extract.batch.provider.client import Provider, open_provider
from llm_extract.batch.provider.line import BatchLine, as_error
from llm_extract.batch.provider.shards import (
    ACCOUNT_CODES,
    excused,
    file_name,
    is_of_account,
    outcome_of,
    write,
)
from llm_extract.errors import ModelError
from llm_extract.models.endpoint import Endpoint, open_endpoint_async
from llm_extract.models.spec import ModelSpec, Prices
from llm_extract.models.transport import QUOTA_CODES, Trouble, TroubleCode, one_line
from llm_extract.store import Item, Lane, Outcome, Shard, Store

OUTCOMES_A_STEP = 200
"""Outcomes written in one transaction."""
MOST_FAILED_BATCHES = 3
"""Batches that may fail as a whole, for a reason that no request has, before its requests do."""
PATIENCE = 1800.0
"""Seconds that a provider may give no answer at all before the job is paused."""
IN_MEMORY_BYTES = 4_000_000
"""An input file up to this size is not written to disk before it is sent."""

NO_ROOM = "token_limit_exceeded"
"""Code of a batch that is beyond the tokens which the account may have waiting."""
FATAL_CODES: dict[str, TroubleCode] = {
    **dict.fromkeys(QUOTA_CODES, "quota"),
    "model_not_found": "unknown_model",
}
"""Codes of a batch that every other batch would meet as well."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Limits:
    """The most of one input file.

    OpenAI's are 50,000 requests and 200 MB (its guide "Batch API"), less a twentieth for what is
    counted otherwise there.
    """

    requests: int = 47_500
    bytes: int = 190_000_000


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds between two looks at the provider: they grow by a factor and are jittered."""

    first: float = 2.0
    longest: float = 60.0
    growth: float = 1.5
    jitter: float = 0.1

    def waits(self) -> Iterator[float]:
        """One after the other."""
        wait = self.first
        while True:
            yield wait * random.uniform(1 - self.jitter, 1 + self.jitter)
            wait = min(self.longest, wait * self.growth)


def check_has_batches(spec: ModelSpec) -> None:
    """Raise ModelError when a model cannot be asked by batches."""
    if spec.kind == "local":
        raise ModelError(
            f"model {spec.name!r} is a local one, which has no batches: leave --lane out",
            code="no_batches",
        )


class ProviderLane:
    """The batch lane of one job; `line` is the line of its pipeline.

    A round of the job works on its items and has their requests noted; `turn` then brings outcomes
    for the next round.
    """

    def __init__(
        self,
        store: Store,
        job_id: int,
        spec: ModelSpec,
        on_notice: Callable[[str], None] | None = None,
        limits: Limits | None = None,
        timing: Timing | None = None,
        patience: float = PATIENCE,
    ) -> None:
        check_has_batches(spec)
        self.line = BatchLine()
        self._lane: Lane = store.lane
        self._job_id = job_id
        self._spec = spec
        self._notice = on_notice or (lambda _: None)
        self._limits = limits or Limits()
        self._timing = timing or Timing()
        self._patience = patience
        self._noted = self._noted_bytes = 0
        self._unsent: set[int] = set()  # shards made here of which nothing was sent yet
        self._enqueued = spec.enqueued_tokens
        self._largest = spec.enqueued_tokens  # prompt tokens of a shard
        self._full = False  # the provider takes no more until a batch ends
        self._heard = time.monotonic()
        self._one = CapacityLimiter(1)
        self._provider: Provider | None = None
        self._endpoint: Endpoint | None = None

    @asynccontextmanager
    async def open(self, one: CapacityLimiter) -> AsyncIterator[None]:
        """Hold the provider; `one` bounds the store to one thread at a time.

        Raises ModelError when it cannot be used, StoreError when another worker drives this lane.
        """
        self._one = one
        with self._lane.sole_driver(self._job_id):
            async with AsyncExitStack() as stack:
                endpoint = await stack.enter_async_context(open_endpoint_async(self._spec))
                held = open_provider(endpoint, self._timing.first)
                self._endpoint = endpoint
                self._provider = await stack.enter_async_context(held)
                self._heard = time.monotonic()
                yield

    def book(
        self,
        committer: Committer,
        item: Item,
        prices: Prices | None,
        in_vain: Callable[[], bool],
    ) -> LaneBook:
        """The book of an item; `in_vain` as for `ItemBook`."""
        return LaneBook(committer, item, prices, in_vain, self.line, self._count)

    @property
    def is_full(self) -> bool:
        """Whether a shard's worth was noted since the last turn, so that it is time to send it."""
        return self._noted >= self._limits.requests or self._noted_bytes >= self._limits.bytes

    async def turn(self, *, more: bool) -> bool:
        """Send what was noted and wait until outcomes are there; False when none will come.

        With `more` items to work on it waits only while a shard cannot be sent. Raises ModelError
        when going on needs a person.
        """
        self._noted = self._noted_bytes = 0
        waits = self._timing.waits()
        await self._pack()
        while True:
            shards = await self._stored(self._lane.open_shards, self._job_id)
            if not shards:
                return more
            if any([await self._tended(shard) for shard in shards]):
                return True
            left = await self._stored(self._lane.open_shards, self._job_id)
            if more and all(shard.state == "sent" for shard in left):
                return True
            await anyio.sleep(next(waits))
            await self._pack()  # what a shard that was too large has given back

    # --- one shard ----------------------------------------------------------------------------

    async def _tended(self, shard: Shard) -> bool:
        """Bring a shard on by what can be done now; whether it ended."""
        try:
            if shard.state != "sent":
                if await self._has_room(shard):
                    shard = await self._send(shard)
                else:
                    return False
            assert shard.batch is not None
            batch = await self._provider_held.batch(shard.batch)
            self._heard = time.monotonic()
            return await self._look_at(shard, batch)
        except Trouble as trouble:
            if trouble.kind == "final":
                raise self._stopped(trouble) from None
            if time.monotonic() - self._heard > self._patience:
                raise ModelError(
                    f"the provider of model {self._spec.name!r} has given no answer for "
                    f"{self._patience / 60:.0f} minutes ({trouble}); resume when it does",
                    code="model_unreachable",
                ) from None
            return False

    async def _has_room(self, shard: Shard) -> bool:
        shards = await self._stored(self._lane.open_shards, self._job_id)
        out = sum(other.prompt_tokens for other in shards if other.state == "sent")
        if self._full and out:
            return False
        return not out or self._enqueued is None or out + shard.prompt_tokens <= self._enqueued

    async def _send(self, shard: Shard) -> Shard:
        """Make the file and the batch of a shard, unless they are there."""
        provider, may_be_there = self._provider_held, shard.pk not in self._unsent
        self._unsent.discard(shard.pk)
        if shard.state == "made":
            file = None
            if may_be_there:
                file = await provider.find_file(file_name(shard), shard.made)
            if file is None:
                with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as written:
                    await self._stored(write, self._lane.bodies(shard), written)
                    written.seek(0)
                    file = await provider.upload(file_name(shard), written)
            shard = await self._changed(shard, state="uploaded", input_file=file)
        assert shard.input_file is not None
        batch = await provider.find_batch(shard.token, shard.made) if may_be_there else None
        if batch is None:
            batch = await provider.create(shard.input_file, shard.token)
        self._notice(f"batch {batch.id} of {shard.requests} requests is out")
        now = datetime.now(UTC)
        return await self._changed(
            shard, state="sent", batch=batch.id, status=batch.status, sent=now
        )

    async def _look_at(self, shard: Shard, batch: Batch) -> bool:
        """What follows from how a batch stands; whether outcomes are there."""
        counts = batch.request_counts
        if batch.status != shard.status or counts is not None:
            known = {"completed": counts.completed, "failed": counts.failed} if counts else {}
            await self._changed(shard, status=batch.status, **known)
        match batch.status:
            case "completed" | "expired" | "cancelled":
                await self._collect(shard, batch)
                return True
            case "failed" if shard.status in (None, "validating", "failed"):
                return await self._failed(shard, batch)
            case "failed":
                await self._collect(shard, batch)
                return True
            case "in_progress" | "finalizing" if shard.status in (None, "validating"):
                await self._stored(self._lane.drop_bodies, shard)
        return False

    async def _collect(self, shard: Shard, batch: Batch) -> None:
        """Keep what a batch has brought; the rest of its requests is to be asked again."""
        of_account: list[Outcome] = []
        unknown = 0
        let_in = batch.request_counts is not None and batch.request_counts.completed > 0

        async def use(lines: AsyncIterator[bytes]) -> None:
            nonlocal unknown
            unknown = 0
            assert self._endpoint is not None
            held: list[Outcome] = []
            async for line in lines:
                outcome = outcome_of(line, self._endpoint, let_in=let_in) if line.strip() else None
                if outcome is None:
                    continue
                if is_of_account(outcome):
                    of_account.append(outcome)
                    outcome = excused(outcome)
                held.append(outcome)
                if len(held) >= OUTCOMES_A_STEP:
                    unknown += await self._stored(self._lane.put, shard, held)
                    held = []
            unknown += await self._stored(self._lane.put, shard, held)

        for file in (batch.output_file_id, batch.error_file_id):
            if file is not None:
                await self._provider_held.each_line(file, use)
                self._heard = time.monotonic()
                if unknown:
                    self._notice(
                        f"batch {batch.id} brought {unknown} results that nobody asked for; they "
                        "are ignored"
                    )
        await self._changed(shard, output_file=batch.output_file_id, error_file=batch.error_file_id)
        counts = batch.request_counts
        done = f": {counts.completed} done, {counts.failed} failed" if counts is not None else ""
        self._notice(f"batch {batch.id} is over ({batch.status}{done})")
        ended = batch.status != "completed"
        words = f"the provider's batch has {batch.status} before this request was done"
        missing = Trouble(words, "unsent") if ended else Trouble(_NO_LINE, "lost")
        await self._stored(self._lane.close, shard, as_error(missing))
        self._full = False
        if of_account:
            error = of_account[0].error
            assert error is not None
            # Not in the provider's words, which may repeat a report.
            code = ACCOUNT_CODES[error["code"]]
            raise Trouble(f"{len(of_account)} requests of batch {batch.id}: {code}", "final", code)

    async def _failed(self, shard: Shard, batch: Batch) -> bool:
        """A batch that was not begun: for lack of room, by the fault of single requests, or as a
        whole. Whether outcomes are there."""
        errors = (batch.errors.data if batch.errors is not None else None) or []
        code = (errors[0].code if errors else None) or "unknown"
        words = self._said(errors[0]) if errors else "it gives no reason"
        if code == NO_ROOM:
            await self._no_room(shard, words)
            return False
        if code in FATAL_CODES:
            await self._anew(shard, words)
            raise Trouble(words, "final", FATAL_CODES[code])
        if any(error.line is not None for error in errors):
            await self._without_refused(shard, errors, words)
            return True
        if shard.tries + 1 < MOST_FAILED_BATCHES:
            await self._anew(shard, words, shard.tries + 1)
            return False
        refused = Trouble(f"the provider refused the batch: {words}", "final", "model_refused")
        await self._stored(self._lane.close, shard, as_error(refused), words)
        return True

    async def _without_refused(
        self, shard: Shard, errors: Sequence[BatchError], words: str
    ) -> None:
        """Fail the requests in the lines that were refused; the others go into another shard."""
        found = []
        for error in errors:
            if error.line is None:
                continue
            id = await self._stored(self._lane.id_at, shard, error.line)
            if id is not None:
                said = f"the provider refused the request: {self._said(error)}"
                refused = Trouble(said, "final", "model_refused")
                found.append(Outcome(id, error=as_error(refused)))
        await self._stored(self._lane.put, shard, found)
        await self._stored(self._lane.unpack, shard, words)
        await self._pack()

    async def _no_room(self, shard: Shard, words: str) -> None:
        """The account's limit of waiting tokens was met: wait for other batches, or send less."""
        self._full = True
        stated = re.search(r"[Ll]imit: ([\d,]+)", words)
        if stated is not None:
            limit = int(stated[1].replace(",", ""))
            self._enqueued = min(limit, self._enqueued or limit)
        shards = await self._stored(self._lane.open_shards, self._job_id)
        alone = not any(one.state == "sent" and one.pk != shard.pk for one in shards)
        # What is under half of the limit, alone and refused, meets batches of other programs.
        large = self._enqueued is None or shard.prompt_tokens * 2 > self._enqueued
        never = self._enqueued is not None and shard.prompt_tokens > self._enqueued
        if shard.requests > 1 and large and (alone or never):
            self._largest = max(1, shard.prompt_tokens // 2)
            await self._stored(self._lane.unpack, shard, words)
        else:
            await self._anew(shard, words)

    async def _anew(self, shard: Shard, words: str, tries: int = 0) -> None:
        """Have a shard whose batch failed sent again, as another batch of the same file."""
        await self._changed(
            shard,
            state="uploaded",
            token=uuid4().hex,
            batch=None,
            status=None,
            tries=tries,
            made=datetime.now(UTC),
            reason=words,
        )
        self._unsent.add(shard.pk)

    def _said(self, error: BatchError) -> str:
        assert self._endpoint is not None
        return one_line(error.message or error.code or "no reason", self._endpoint)

    # --- helpers ------------------------------------------------------------------------------

    @property
    def _provider_held(self) -> Provider:
        assert self._provider is not None, "open the lane first"
        return self._provider

    def _count(self, size: int) -> None:
        self._noted += 1
        self._noted_bytes += size

    async def _pack(self) -> None:
        limits = self._limits
        while True:
            shard: Shard | None = await self._stored(
                self._lane.pack, self._job_id, limits.requests, limits.bytes, self._largest
            )
            if shard is None:
                return
            self._unsent.add(shard.pk)

    async def _changed(self, shard: Shard, **values: Any) -> Shard:
        return await self._stored(partial(self._lane.change, shard, **values))

    async def _stored(self, step: Callable[..., Value], *arguments: Any) -> Value:
        return await to_thread.run_sync(partial(step, *arguments), limiter=self._one)

    def _stopped(self, trouble: Trouble) -> ModelError:
        return ModelError(
            f"model {self._spec.name!r}: its provider refused a batch: {trouble}; resume when that "
            "is mended",
            code=trouble.code,
        )


async def cancel_batches(store: Store, job_id: int, spec: ModelSpec) -> int:
    """Have the provider stop the batches of a job that was cancelled; how many.

    What of them was done already is charged and not collected: it stays reserved in the sums.
    Raises ModelError when the provider cannot be reached.
    """
    shards = [one for one in store.lane.open_shards(job_id) if one.batch is not None]
    stopped = 0
    if not shards:
        return 0
    async with AsyncExitStack() as stack:
        endpoint = await stack.enter_async_context(open_endpoint_async(spec))
        held = open_provider(endpoint, Timing().first)
        provider = await stack.enter_async_context(held)
        for shard in shards:
            assert shard.batch is not None
            try:
                await provider.cancel(shard.batch)
                stopped += 1
            except Trouble as trouble:
                if trouble.kind != "failed":
                    raise ModelError(
                        f"batch {shard.batch} could not be cancelled: {trouble}", code=trouble.code
                    ) from None
    return stopped


_NO_LINE = "the provider's batch was completed without a result for this request"
