"""The Files and Batches API of a provider, as far as the lane needs it.

The SDK retries nothing. Reading is repeated here; what makes something (an upload, a batch) is sent
once, because after an answer that was lost the lane has to look whether it was made.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import IO, Literal, TypeVar

import httpx2
from openai import AsyncOpenAI, OpenAIError
from openai.types import Batch
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from llm_extract.models.endpoint import Endpoint
from llm_extract.models.transport import (
    CONNECT_SECONDS,
    LONGEST_REPLY_BYTES,
    Trouble,
    one_line,
    trouble_of,
)

CHAT_PATH: Literal["/v1/chat/completions"] = "/v1/chat/completions"
METADATA_KEY = "llm_extract"
"""Key of a batch's metadata under which its shard's token stands."""

READ_TRIES = 4
"""Times that reading something is tried before the lane waits for its next look."""
LONGEST_WAIT_SECONDS = 10.0

CLOCKS_APART = timedelta(hours=1)
"""What our clock may be behind the provider's when lists are read back to a shard's making."""

FILES_A_PAGE = 1000
BATCHES_A_PAGE = 100
"""OpenAI's most for a page of batches; a page of files may have up to 10,000."""

LONGEST_LINE_BYTES = LONGEST_REPLY_BYTES
"""A longer line of an output is passed over: as long as a reply may be online."""

Value = TypeVar("Value")


class Provider:
    """Files and batches of one account. Methods raise Trouble.

    `first_wait` is about how many seconds it waits before it reads something again; it doubles.
    """

    def __init__(self, endpoint: Endpoint, sdk: AsyncOpenAI, first_wait: float) -> None:
        self._endpoint = endpoint
        self._sdk = sdk
        self._wait = wait_exponential_jitter(
            multiplier=first_wait, max=LONGEST_WAIT_SECONDS, jitter=first_wait
        )

    async def upload(self, name: str, content: IO[bytes]) -> str:
        """Send an input file, read bit by bit; its id."""
        with self._told():
            made = await self._sdk.files.create(file=(name, content), purpose="batch")
        return made.id

    async def find_file(self, name: str, since: datetime) -> str | None:
        """The id of the input file of that name that was sent after a moment."""

        async def look() -> str | None:
            listed = self._sdk.files.list(purpose="batch", order="desc", limit=FILES_A_PAGE)
            async for file in listed:
                if file.filename == name:
                    return file.id
                if file.created_at < _oldest(since):
                    break
            return None

        return await self._read(look)

    async def create(self, file_id: str, token: str) -> Batch:
        """Make a batch of an input file."""
        with self._told():
            return await self._sdk.batches.create(
                input_file_id=file_id,
                endpoint=CHAT_PATH,
                completion_window="24h",
                metadata={METADATA_KEY: token},
            )

    async def find_batch(self, token: str, since: datetime) -> Batch | None:
        """The batch with that token that was made after a moment."""

        async def look() -> Batch | None:
            async for batch in self._sdk.batches.list(limit=BATCHES_A_PAGE):
                if (batch.metadata or {}).get(METADATA_KEY) == token:
                    return batch
                if batch.created_at < _oldest(since):
                    break
            return None

        return await self._read(look)

    async def batch(self, id: str) -> Batch:
        """A batch as it stands."""
        return await self._read(lambda: self._sdk.batches.retrieve(id))

    async def cancel(self, id: str) -> None:
        """Have a batch stopped; what of it is done already is kept and paid for."""
        await self._read(lambda: self._sdk.batches.cancel(id))

    async def each_line(
        self, file_id: str, use: Callable[[AsyncIterator[bytes]], Awaitable[None]]
    ) -> None:
        """Have the lines of an output file used, from the start again when the way breaks."""

        async def read() -> None:
            content = self._sdk.files.with_streaming_response.content(file_id)
            async with content as response:
                await use(each_line_of(response.iter_bytes()))

        await self._read(read)

    async def _read(self, step: Callable[[], Awaitable[Value]]) -> Value:
        async def once() -> Value:
            with self._told():
                return await step()

        retrying = AsyncRetrying(
            stop=stop_after_attempt(READ_TRIES),
            wait=self._wait,
            retry=retry_if_exception(lambda e: isinstance(e, Trouble) and e.kind != "final"),
            reraise=True,
        )
        return await retrying(once)

    def _told(self) -> _Told:
        return _Told(self._endpoint)


class _Told:
    """Turns errors of the client inside the block into Trouble."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OpenAIError):
            raise trouble_of(error, self._endpoint) from None
        if isinstance(error, httpx2.TransportError):
            raise Trouble(one_line(str(error), self._endpoint), "lost") from None


@asynccontextmanager
async def open_provider(endpoint: Endpoint, first_wait: float) -> AsyncIterator[Provider]:
    """The provider behind an endpoint, for as long as the context lasts; see `Provider`."""
    timeout = httpx2.Timeout(endpoint.spec.request_seconds, connect=CONNECT_SECONDS)
    async with AsyncOpenAI(
        base_url=endpoint.base_url,
        api_key=endpoint.api_key.get_secret_value(),
        max_retries=0,
        timeout=timeout,
    ) as sdk:
        yield Provider(endpoint, sdk, first_wait)


async def each_line_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines without their ends; those over the longest are passed over as they come."""
    held, over = bytearray(), False
    async for chunk in chunks:
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            held += end
            if not over and len(held) <= LONGEST_LINE_BYTES:
                yield bytes(held)
            held.clear()
            over = False
        if not over:
            held += rest
        if len(held) > LONGEST_LINE_BYTES:
            held.clear()
            over = True
    if held and not over:
        yield bytes(held)


def _oldest(since: datetime) -> float:
    return (since - CLOCKS_APART).timestamp()
