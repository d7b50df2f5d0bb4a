"""The Batches API: input files are checked, worked on line by line, and written out shuffled.

States move when a batch is looked at (or the ledger is), so that nothing depends on timers: by the
seconds gone or by how often the batch was asked for. A charge is in the ledger when its line is
done. Error codes are OpenAI's where its reference or users' reports name them.
"""

from __future__ import annotations

import gzip
import json
import random
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from model_server import faults
from model_server.answers import BYTES_PER_TOKEN
from model_server.batch_input import CHAT_URL, Line, checked, line_error
from model_server.chat import Chat
from model_server.faults import HUGE_CONTENT, Outcome, error
from model_server.files import (
    BINARY,
    Files,
    StoredFile,
    answer,
    form_fields,
    new_id,
    no_such,
    page,
)
from model_server.http import Exchange, Request, head
from model_server.ledger import Ledger, Tokens
from model_server.script import BatchApi, draw

WINDOW = "24h"
WINDOW_SECONDS = 24 * 3600
MOST_LISTED = 20
MOST_METADATA = 16
TERMINAL = frozenset({"completed", "failed", "expired", "cancelled"})
ENQUEUED = frozenset({"in_progress", "finalizing", "cancelling"})
"""States in which a batch's prompt tokens count against the limit of its model."""
UNDONE = {
    "expired": (
        "batch_expired",
        "This request could not be executed before the completion window expired.",
    ),
    "cancelled": ("batch_cancelled", "The batch was cancelled before this request was executed."),
}
TIMED_OUT = {"code": "request_timeout", "message": "The request to the model timed out."}


@dataclass(slots=True)
class Batch:
    """One batch as it stands. `entered` is when its state began, `polls` how often it was shown."""

    id: str
    input_file_id: str
    data: bytes
    endpoint: str
    metadata: dict[str, str] | None
    created_at: int
    entered: float
    status: str = "validating"
    polls: int = 0
    times: dict[str, int] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    done: int = 0
    good: list[bytes] = field(default_factory=list)
    bad: list[bytes] = field(default_factory=list)
    completed: int = 0
    failed: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    output_file_id: str | None = None
    error_file_id: str | None = None

    @property
    def enqueued_tokens(self) -> int:
        """Prompt tokens of all its lines."""
        return sum(len(line.body) // BYTES_PER_TOKEN for line in self.lines)

    def enter(self, status: str) -> None:
        """Begin a state."""
        self.status = status
        self.polls = 0
        self.times[f"{status}_at"] = int(time.time())

    def value(self) -> dict[str, Any]:
        """The batch object of the API."""
        names = "in_progress finalizing completed failed expired cancelling cancelled".split()
        listed = {"object": "list", "data": self.errors}
        tokens = self.tokens
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "model": self.lines[0].model if self.lines else None,
            "errors": listed if self.errors else None,
            "input_file_id": self.input_file_id,
            "completion_window": WINDOW,
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": self.created_at,
            "expires_at": self.created_at + WINDOW_SECONDS,
            **{f"{name}_at": self.times.get(f"{name}_at") for name in names},
            "request_counts": {
                "total": len(self.lines),
                "completed": self.completed,
                "failed": self.failed,
            },
            "usage": {
                "input_tokens": tokens.prompt,
                "input_tokens_details": {"cached_tokens": tokens.cached},
                "output_tokens": tokens.completion,
                "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
                "total_tokens": tokens.prompt + tokens.completion,
            },
            "metadata": self.metadata,
        }


class Batches:
    """Files and batches of the server; they outlive its scripts."""

    def __init__(self, chat: Chat, ledger: Ledger) -> None:
        self._ledger = ledger
        self._files = Files()
        self._batches: dict[str, Batch] = {}
        self.use(chat)

    def use(self, chat: Chat) -> None:
        """Behave by another script from now on."""
        self._chat = chat
        self._api: BatchApi = chat.script.batches
        self._uploads = self._creates = self._polls = self._downloads = 0

    def handle(self, exchange: Exchange) -> None:
        """Answer a request under /v1/files or /v1/batches."""
        request = exchange.request
        outcome = self._chat.refusal(request.headers.get("authorization", ""))
        if outcome is None:
            outcome = self._route(request)
        if outcome.way == "close":
            exchange.close()
        elif outcome.way == "cut":
            start = head(outcome.status, len(outcome.body), {}, outcome.content_type)
            exchange.send_part(start + outcome.body[: outcome.amount])
        else:
            exchange.send(outcome.status, outcome.body, content_type=outcome.content_type)

    def advance(self) -> None:
        """Move all batches to where the clock has them."""
        for batch in self._batches.values():
            self._advance(batch)

    # --- routes --------------------------------------------------------------------------------

    def _route(self, request: Request) -> Outcome:
        match (request.method, *request.path.removeprefix("/v1/").split("/")):
            case "POST", "files":
                return self._upload(request)
            case "GET", "files":
                return self._files.listing(request.query)
            case "GET", "files", id:
                stored = self._files.get(id)
                return no_such("File", id) if stored is None else answer(stored.value())
            case "GET", "files", id, "content":
                return self._content(id)
            case "DELETE", "files", id:
                return self._files.delete(id)
            case "POST", "batches":
                return self._create(request)
            case "GET", "batches":
                self.advance()
                newest_first = reversed(list(self._batches.values()))
                return page([each.value() for each in newest_first], request.query, MOST_LISTED)
            case "GET", "batches", id:
                return self._poll(id)
            case "POST", "batches", id, "cancel":
                return self._cancel(id)
        return error(404, f"Invalid URL ({request.method} {request.path})", "invalid_request_error")

    def _upload(self, request: Request) -> Outcome:
        self._uploads += 1
        if self._uploads <= self._api.uploads_cut:
            return Outcome(0, b"", way="close")
        fields = form_fields(request.headers.get("content-type", ""), request.body)
        if fields is None or "file" not in fields or "purpose" not in fields:
            return _invalid("a multipart form with the fields 'file' and 'purpose' is needed")
        filename, data = fields["file"]
        purpose = fields["purpose"][1].decode("utf-8", "replace")
        if purpose != "batch":
            return _invalid(f"'{purpose}' is not one of ['batch']", "purpose")
        if len(data) > self._api.max_bytes:
            return error(413, "The file is too large for a batch.", "invalid_request_error")
        stored = self._files.add(filename or "upload", purpose, data)
        if self._uploads <= self._api.uploads_cut + self._api.uploads_lost:
            return _server_error()
        return answer(stored.value())

    def _content(self, id: str) -> Outcome:
        stored = self._files.get(id)
        if stored is None:
            return no_such("File", id)
        self._downloads += 1
        if self._downloads <= self._api.downloads_cut:
            half = len(stored.data) // 2
            return Outcome(200, stored.data, content_type=BINARY, way="cut", amount=half)
        return Outcome(200, stored.data, content_type=BINARY)

    def _create(self, request: Request) -> Outcome:
        asked = faults.parsed(request.body)
        if asked is None:
            return _invalid("the body is no JSON object")
        stored = self._files.get(str(asked.get("input_file_id")))
        metadata = asked.get("metadata")
        if stored is None or stored.purpose != "batch":
            return _invalid("input_file_id names no file of purpose 'batch'", "input_file_id")
        if asked.get("endpoint") != CHAT_URL:
            return _invalid(f"endpoint must be {CHAT_URL}", "endpoint")
        if asked.get("completion_window") != WINDOW:
            return _invalid(f"completion_window must be {WINDOW}", "completion_window")
        if metadata is not None and not _fits(metadata):
            return _invalid("metadata must be at most 16 pairs of strings", "metadata")
        self._creates += 1
        batch = Batch(
            f"batch_{new_id(len(self._batches) + 1)}",
            stored.id,
            stored.data,
            CHAT_URL,
            metadata,
            int(time.time()),
            time.monotonic(),
        )
        self._batches[batch.id] = batch
        if self._creates <= self._api.creates_lost:
            return _server_error()
        return answer(batch.value())

    def _poll(self, id: str) -> Outcome:
        batch = self._batches.get(id)
        if batch is None:
            return no_such("Batch", id)
        self._polls += 1
        if self._polls <= self._api.polls_failed:
            return _server_error()
        self._advance(batch)
        batch.polls += 1
        return answer(batch.value())

    def _cancel(self, id: str) -> Outcome:
        batch = self._batches.get(id)
        if batch is None:
            return no_such("Batch", id)
        self._advance(batch)
        if batch.status not in ("validating", "in_progress", "cancelling"):
            text = f"Cannot cancel a batch with status '{batch.status}'."
            return error(409, text, "invalid_request_error")
        if batch.status == "validating":
            batch.lines, _ = checked(batch.data, self._api, self._chat.script.models)
        if batch.status != "cancelling":
            batch.enter("cancelling")
            batch.entered = time.monotonic()
        return answer(batch.value())

    # --- states --------------------------------------------------------------------------------

    def _advance(self, batch: Batch) -> None:
        while batch.status not in TERMINAL:
            lasts: float = getattr(self._api, batch.status)
            by_polls = self._api.paced_by == "polls"
            gone = batch.polls if by_polls else time.monotonic() - batch.entered
            if gone < lasts:
                if batch.status == "in_progress":
                    self._work(batch, int(len(batch.lines) * gone / lasts))
                return
            batch.entered += lasts
            self._leave_state(batch)

    def _leave_state(self, batch: Batch) -> None:
        match batch.status:
            case "validating":
                batch.lines, batch.errors = checked(batch.data, self._api, self._chat.script.models)
                if not batch.errors:
                    batch.errors = self._over_the_limit(batch)
                if batch.errors:
                    batch.lines = []
                batch.enter("failed" if batch.errors else "in_progress")
            case "in_progress":
                self._work(batch, len(batch.lines))
                if batch.status == "in_progress":
                    batch.enter("finalizing")
            case "finalizing":
                self._end(batch, "completed")
            case "cancelling":
                self._end(batch, "cancelled")

    def _over_the_limit(self, batch: Batch) -> list[dict[str, Any]]:
        limit, model = self._api.enqueued_tokens, batch.lines[0].model
        waiting = sum(
            each.enqueued_tokens
            for each in self._batches.values()
            if each.status in ENQUEUED and each.lines and each.lines[0].model == model
        )
        if limit is None or waiting + batch.enqueued_tokens <= limit:
            return []
        text = (
            f"Enqueued token limit reached for {model} in organization org-scripted. Limit: "
            f"{limit:,} enqueued tokens. Please try again once some in_progress batches have been "
            "completed."
        )
        return [line_error("token_limit_exceeded", text)]

    def _work(self, batch: Batch, upto: int) -> None:
        """Do the lines up to a number; the batch expires where the script says so."""
        last = self._api.expires_after_lines
        expires = last is not None and upto >= last and last < len(batch.lines)
        if expires:
            assert last is not None
            upto = last
        for line in batch.lines[batch.done : upto]:
            self._do(batch, line)
        batch.done = max(batch.done, upto)
        if expires:
            self._end(batch, "expired")

    def _do(self, batch: Batch, line: Line) -> None:
        digest = sha256(line.body).digest()
        row = self._ledger.arrived(line.custom_id, digest, "batch")
        _, outcome = self._chat.outcome(line.body, digest, row)
        body = outcome.body
        if outcome.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if outcome.way == "huge":
            body = body.replace(HUGE_CONTENT.encode(), b" " * outcome.amount)
        value = faults.parsed(body)
        if outcome.way in ("close", "stall", "endless") or (
            value is None and outcome.status == 200
        ):
            # No answer came to the provider's own client.
            self._ledger.finished(row, False)
            batch.failed += 1
            batch.bad.append(_written(line, None, TIMED_OUT))
            return
        if value is None:
            value = {"error": {"message": body.decode(errors="replace"), "type": "server_error"}}
        if outcome.tokens is not None:
            self._ledger.charge(row, outcome.tokens)
            batch.tokens = _sum(batch.tokens, outcome.tokens)
        self._ledger.answered(row, outcome.status)
        self._ledger.finished(row, True)
        response = {"status_code": outcome.status, "request_id": f"req_{row:032x}", "body": value}
        written = _written(line, response, None)
        if outcome.status == 200:
            batch.completed += 1
            batch.good.extend([written] * self._times(line))
        else:
            batch.failed += 1
            batch.bad.append(written)

    def _times(self, line: Line) -> int:
        """How often a good line stands in the output file."""
        drawn = draw(self._chat.script.seed, "line", line.custom_id)
        if drawn < self._api.missing:
            return 0
        return 2 if drawn < self._api.missing + self._api.doubled else 1

    def _end(self, batch: Batch, status: str) -> None:
        """Write the files; what was not done goes into the error file with the reason."""
        if status in UNDONE:
            code, message = UNDONE[status]
            for line in batch.lines[batch.done :]:
                batch.failed += 1
                batch.bad.append(_written(line, None, {"code": code, "message": message}))
        in_order = batch.good.copy()
        random.Random(f"{self._chat.script.seed} {batch.id}").shuffle(batch.good)
        if batch.good == in_order:
            batch.good.reverse()
        if batch.good:
            batch.output_file_id = self._written_file(batch, "output", batch.good).id
        if batch.bad:
            batch.error_file_id = self._written_file(batch, "error", batch.bad).id
        batch.good, batch.bad, batch.data = [], [], b""
        batch.enter(status)

    def _written_file(self, batch: Batch, kind: str, lines: list[bytes]) -> StoredFile:
        return self._files.add(f"{batch.id}_{kind}.jsonl", "batch_output", b"".join(lines))


def _written(line: Line, response: dict[str, Any] | None, error: dict[str, str] | None) -> bytes:
    id = f"batch_req_{sha256(line.custom_id.encode()).hexdigest()[:32]}"
    value = {"id": id, "custom_id": line.custom_id, "response": response, "error": error}
    return json.dumps(value).encode() + b"\n"


def _sum(one: Tokens, other: Tokens) -> Tokens:
    return Tokens(
        one.prompt + other.prompt,
        one.cached + other.cached,
        one.completion + other.completion,
        one.reasoning + other.reasoning,
    )


def _fits(metadata: object) -> bool:
    return (
        isinstance(metadata, dict)
        and len(metadata) <= MOST_METADATA
        and all(isinstance(value, str) for value in metadata.values())
    )


def _invalid(message: str, param: str | None = None) -> Outcome:
    return error(400, message, "invalid_request_error", param=param)


def _server_error() -> Outcome:
    return error(500, "The server had an error while processing your request.", "server_error")
