"""What was asked, answered and charged: one flat row a request, exact totals at any time."""

from __future__ import annotations

import json
import time
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Lane = Literal["online", "batch"]
NOT_ANSWERED = 0
"""Status of a request to which no byte was sent: still open, closed, or left by its client."""
DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens charged; `cached` are among `prompt`, `reasoning` among `completion`."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all requests to chat completions, online and in batches.

    `charged` are the tokens of all, `charged_not_whole` those of replies whose body did not leave
    the server whole (they are part of `charged`), `charged_batch` those of batches (part of it
    too). `statuses` counts by HTTP status as a string, "0" where no byte was sent; `faults` by
    name. `charged_requests` may be less than the number of answers with 200: a fault may send 200
    without a model behind it. Times are seconds since the Unix epoch.
    """

    requests: int = 0
    batch_requests: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    charged_requests: int = 0
    charged: Tokens = field(default_factory=Tokens)
    charged_not_whole: Tokens = field(default_factory=Tokens)
    charged_batch: Tokens = field(default_factory=Tokens)
    statuses: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    first_arrival: float | None = None
    last_arrival: float | None = None

    @classmethod
    def from_value(cls, value: dict[str, Any]) -> Totals:
        """The totals of a decoded JSON object."""
        sums = {name: Tokens(**part) for name, part in value.items() if name in _TOKEN_SUMS}
        return cls(**{**value, **sums})


_TOKEN_SUMS = frozenset({"charged", "charged_not_whole", "charged_batch"})


@dataclass(frozen=True, slots=True)
class Served:
    """One request: `request_id` is the client's (`custom_id` in a batch), `sha256` of the body.

    `status` is NOT_ANSWERED when no byte was sent; `whole` when all bytes left the server;
    `arrived` and `finished` are seconds since the Unix epoch (`finished` None: still open).
    """

    number: int
    lane: Lane
    request_id: str | None
    sha256: str
    arrived: float
    finished: float | None
    status: int
    fault: str | None
    charged: bool
    whole: bool
    tokens: Tokens

    @classmethod
    def from_json(cls, line: str | bytes) -> Served:
        """The row of one JSON line."""
        value = json.loads(line)
        return cls(**{**value, "tokens": Tokens(**value["tokens"])})


class Ledger:
    """Columns in memory: about 150 bytes a request with an id."""

    def __init__(self) -> None:
        self._epoch = time.time() - time.monotonic()
        self._digests = bytearray()
        self._ids: list[str | None] = []
        self._arrived = array("d")
        self._finished = array("d")
        self._statuses = array("H")
        self._flags = array("B")
        self._faults = array("B")
        self._prompt, self._cached = array("Q"), array("Q")
        self._completion, self._reasoning = array("Q"), array("Q")
        self._fault_names: list[str] = [""]
        self._fault_numbers: dict[str, int] = {"": 0}
        self._fault_counts: Counter[str] = Counter()
        self._status_counts: Counter[int] = Counter()
        self._in_flight = 0
        self._max_in_flight = 0
        self._batch_requests = 0
        self._charged_requests = 0
        self._sums: dict[str, list[int]] = {name: [0, 0, 0, 0] for name in _TOKEN_SUMS}

    def arrived(self, request_id: str | None, digest: bytes, lane: Lane = "online") -> int:
        """Open a row for a request with the sha256 of its body; the number of the row."""
        row = len(self._ids)
        self._ids.append(request_id)
        self._digests += digest
        self._arrived.append(time.monotonic())
        self._finished.append(0.0)
        self._statuses.append(NOT_ANSWERED)
        self._flags.append(_BATCH if lane == "batch" else 0)
        self._faults.append(0)
        for column in (self._prompt, self._cached, self._completion, self._reasoning):
            column.append(0)
        self._status_counts[NOT_ANSWERED] += 1
        if lane == "batch":
            self._batch_requests += 1
        else:
            self._in_flight += 1
            self._max_in_flight = max(self._max_in_flight, self._in_flight)
        return row

    def struck(self, row: int, fault: str) -> None:
        """Note which fault the request met."""
        number = self._fault_numbers.get(fault)
        if number is None:
            number = self._fault_numbers[fault] = len(self._fault_names)
            self._fault_names.append(fault)
        self._faults[row] = number
        self._fault_counts[fault] += 1

    def charge(self, row: int, tokens: Tokens) -> None:
        """Charge a request; at most once."""
        if self._flags[row] & _CHARGED:
            raise ValueError(f"request {row} is charged already")
        self._flags[row] |= _CHARGED
        self._prompt[row], self._cached[row] = tokens.prompt, tokens.cached
        self._completion[row], self._reasoning[row] = tokens.completion, tokens.reasoning
        self._charged_requests += 1
        self._add("charged", row, 1)
        # Not whole until it is: a row that is open counts as such.
        self._add("charged_not_whole", row, 1)
        if self._flags[row] & _BATCH:
            self._add("charged_batch", row, 1)

    def is_charged(self, row: int) -> bool:
        """Whether the request was charged."""
        return bool(self._flags[row] & _CHARGED)

    def answered(self, row: int, status: int) -> None:
        """Note the status that is being sent."""
        self._status_counts[self._statuses[row]] -= 1
        self._status_counts[status] += 1
        self._statuses[row] = status

    def finished(self, row: int, whole: bool) -> None:
        """Close the row: `whole` when every byte of the answer has left the server."""
        self._finished[row] = time.monotonic()
        if whole:
            self._flags[row] |= _WHOLE
            if self._flags[row] & _CHARGED:
                self._add("charged_not_whole", row, -1)
        if not self._flags[row] & _BATCH:
            self._in_flight -= 1

    def totals(self) -> Totals:
        """The sums as of now."""
        return Totals(
            requests=len(self._ids),
            batch_requests=self._batch_requests,
            in_flight=self._in_flight,
            max_in_flight=self._max_in_flight,
            charged_requests=self._charged_requests,
            **{name: Tokens(*sums) for name, sums in self._sums.items()},
            statuses={str(status): n for status, n in sorted(self._status_counts.items()) if n},
            faults=dict(sorted(self._fault_counts.items())),
            first_arrival=self._epoch + self._arrived[0] if self._ids else None,
            last_arrival=self._epoch + self._arrived[-1] if self._ids else None,
        )

    def lines(self) -> Iterator[bytes]:
        """Every row as a JSON line, in the order of arrival."""
        for row, request_id in enumerate(self._ids):
            flags, ended = self._flags[row], self._finished[row]
            start = row * DIGEST_BYTES
            value = {
                "number": row,
                "lane": "batch" if flags & _BATCH else "online",
                "request_id": request_id,
                "sha256": self._digests[start : start + DIGEST_BYTES].hex(),
                "arrived": self._epoch + self._arrived[row],
                "finished": self._epoch + ended if ended else None,
                "status": self._statuses[row],
                "fault": self._fault_names[self._faults[row]] or None,
                "charged": bool(flags & _CHARGED),
                "whole": bool(flags & _WHOLE),
                "tokens": {
                    "prompt": self._prompt[row],
                    "cached": self._cached[row],
                    "completion": self._completion[row],
                    "reasoning": self._reasoning[row],
                },
            }
            yield json.dumps(value).encode() + b"\n"

    def _add(self, name: str, row: int, sign: int) -> None:
        sums = self._sums[name]
        sums[0] += sign * self._prompt[row]
        sums[1] += sign * self._cached[row]
        sums[2] += sign * self._completion[row]
        sums[3] += sign * self._reasoning[row]


_CHARGED, _WHOLE, _BATCH = 1, 2, 4
