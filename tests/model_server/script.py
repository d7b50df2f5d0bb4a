"""How the server behaves: frozen values that go through JSON unchanged, deterministic by seed."""

from __future__ import annotations

import json
from dataclasses import asdict, field
from hashlib import sha256
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

Answerer = Literal["fill", "echo", "empty"]
"""`fill`: the smallest instance of the request's schema; `echo`: `Script.content`; `empty`: ""."""

Hint = Literal["none", "seconds", "date", "ms"]
"""How a refusal says when to come again: not at all, `Retry-After` in seconds or as an HTTP date,
or `retry-after-ms`."""

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, config=_STRICT)
class Usage:
    """How tokens are counted: a token for 4 bytes of the request's body and of the content.

    `cached_share` of the prompt's tokens comes from a cache; `reasoning` tokens are added to every
    completion, as at hosted reasoning models.
    """

    cached_share: float = 0.0
    reasoning: int = 0


@dataclass(frozen=True, slots=True, config=_STRICT)
class Fault:
    """Something that goes wrong with requests it applies to; names and meaning in `faults.FAULTS`.

    A fault applies to a chat request (or a line of a batch) that fulfils all conditions that are
    set: the body holds `marker` (ASCII); its number since the script was set, from 0, lies in
    `numbers`; it arrives within `seconds` after the script was set (ends excluded, None: no end);
    the fault has struck fewer than `times` in all, and fewer than `times_each` the same body.

    Of the faults that apply one strikes with its `share`: the shares add up in the order of the
    script, so faults of 0.1 and 0.2 strike three requests in ten; 1.0 strikes always. The draw
    comes from the script's seed, the body and how often that body was seen, not from the order in
    which requests arrive.
    """

    name: str
    share: float = 1.0
    marker: str | None = None
    numbers: tuple[int, int | None] | None = None
    seconds: tuple[float, float | None] | None = None
    times: int | None = None
    times_each: int | None = None
    hint: Hint = "none"
    after: float = 1.0
    """Seconds that a hint names."""
    pause: float = 0.05
    """Seconds: the delay of `slow`, the time between two bytes of `drip`."""
    size: int = 50_000_000
    """Bytes of the content of `huge_body`; of what `close_mid_body` and `drip` send of the body at
    most (`close_mid_body` never sends all of it)."""


@dataclass(frozen=True, slots=True, config=_STRICT)
class Capacity:
    """What the server can take and how fast it answers; None is without limit.

    `slots` requests are worked on at once; the rest wait in order (`queue`) or get 429, which names
    `after` seconds, for when a slot is free is not known (a bucket names its own time). The two
    buckets are full at the start, hold `burst_seconds` of their rate and fill continuously;
    `tokens_per_minute` counts prompt and completion when a request is let in. A request stays
    `latency` plus `per_token` for each completion token, in seconds, times a factor that lies
    between 1 - `jitter` and 1 + `jitter` by the seed.
    """

    slots: int | None = None
    queue: bool = False
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    burst_seconds: float = 60.0
    hint: Hint = "seconds"
    after: float = 1.0
    latency: float = 0.0
    per_token: float = 0.0
    jitter: float = 0.0


@dataclass(frozen=True, slots=True, config=_STRICT)
class BatchApi:
    """How the Files and Batches API behaves.

    A state lasts `validating`, `in_progress`, `finalizing`, `cancelling` seconds or, with `paced_by
    = "polls"`, that many times a batch is asked for. `expires_after_lines`: the batch expires when
    that many of its lines are done. Limits as OpenAI's; `enqueued_tokens` is the limit of prompt
    tokens waiting for one model.

    Faults, counted since the script was set: the first `uploads_cut` uploads are closed before an
    answer and nothing is kept; `uploads_lost` after them are kept and answered with 500. The first
    `creates_lost` batches are made and answered with 500, the first `polls_failed` questions for a
    batch get 500, the first `downloads_cut` contents end in the middle. `doubled` and `missing` are
    shares of the output lines that stand twice and not at all.
    """

    paced_by: Literal["seconds", "polls"] = "seconds"
    validating: float = 0.0
    in_progress: float = 0.0
    finalizing: float = 0.0
    cancelling: float = 0.0
    expires_after_lines: int | None = None
    max_requests: int = 50_000
    max_bytes: int = 200_000_000
    enqueued_tokens: int | None = None
    uploads_cut: int = 0
    uploads_lost: int = 0
    creates_lost: int = 0
    polls_failed: int = 0
    downloads_cut: int = 0
    doubled: float = 0.0
    missing: float = 0.0


@dataclass(frozen=True, slots=True, config=_STRICT)
class Script:
    """Everything the server does. `api_key` None takes any key; `content` is for `echo`.

    `charge_abandoned`: a request that was worked on when its client left is charged all the same,
    as hosted providers do; otherwise it costs nothing, as at servers that stop generating.
    """

    seed: int = 0
    models: tuple[str, ...] = ("scripted",)
    api_key: str | None = None
    answer: Answerer = "fill"
    content: str = "{}"
    charge_abandoned: bool = False
    usage: Usage = field(default_factory=Usage)
    faults: tuple[Fault, ...] = ()
    capacity: Capacity = field(default_factory=Capacity)
    batches: BatchApi = field(default_factory=BatchApi)

    def to_json(self) -> str:
        """The script as a JSON object."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Script:
        """The script of a JSON object; what is left out has its default.

        Raises:
            ValueError: no JSON object, an unknown key, or a value of the wrong kind.
        """
        return TypeAdapter(cls).validate_json(text)


def draw(seed: int, *parts: object) -> float:
    """A number in [0, 1) that depends on nothing but the seed and the parts."""
    digest = sha256(repr((seed, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
