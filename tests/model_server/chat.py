"""POST /v1/chat/completions: a request becomes a row of the ledger, an outcome, and bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from model_server import faults
from model_server.answers import Answers, Reply
from model_server.capacity import Gate
from model_server.faults import HUGE_CONTENT, Asked, Outcome
from model_server.http import Exchange, head
from model_server.ledger import NOT_ANSWERED, Ledger
from model_server.script import Script

CLIENT_ID_HEADER = "x-client-request-id"
CHUNK = b" " * 65536
BEARER = "Bearer "


class Chat:
    """Answers chat requests as one script wants; with a new script comes a new object."""

    def __init__(self, script: Script, ledger: Ledger) -> None:
        faults.check(script)
        self.script = script
        self._ledger = ledger
        self._answers = Answers(script)
        self._picker = faults.Picker(script)
        self._gate = Gate(script.capacity, script.seed)
        self._number = 0

    def handle(self, exchange: Exchange) -> None:
        """Answer one request, now or later."""
        request = exchange.request
        digest = sha256(request.body).digest()
        row = self._ledger.arrived(request.headers.get(CLIENT_ID_HEADER), digest)
        exchange.on_end = lambda whole: self._ledger.finished(row, whole)
        refusal = self.refusal(request.headers.get("authorization", ""))
        if refusal is not None:
            self._send(exchange, row, refusal)
            return
        asked, outcome = self.outcome(request.body, digest, row)
        if outcome.tokens is None:
            self._send(exchange, row, outcome)
        else:
            self._work(exchange, row, asked, outcome)

    def refusal(self, authorization: str) -> Outcome | None:
        """401 for a key the script does not take."""
        sent = authorization.removeprefix(BEARER)
        if self.script.api_key in (None, sent):
            return None
        return faults.wrong_key(sent)

    def outcome(self, body: bytes, digest: bytes, row: int) -> tuple[Asked, Outcome]:
        """What the request of the row gets; a fault is noted in the ledger."""
        number, self._number = self._number, self._number + 1
        value = faults.parsed(body)
        if value is None or not isinstance(value.get("messages"), list):
            text = "We could not parse the JSON body of your request, or it has no messages."
            asked = Asked(number, "", None, body, digest)
            return asked, faults.error(400, text, "invalid_request_error")
        asked = Asked(number, str(value.get("model", "")), _max_tokens(value), body, digest)
        if asked.model not in self.script.models:
            return asked, faults.unknown_model(asked.model)
        try:
            reply = self._answers.reply(value, len(body))
        except ValueError as wrong:
            return asked, faults.error(400, str(wrong), "invalid_request_error")
        return asked, self._with_fault(asked, reply, row)

    def _with_fault(self, asked: Asked, reply: Reply, row: int) -> Outcome:
        fault = self._picker.pick(asked)
        if fault is None:
            return faults.good(asked, reply)
        self._ledger.struck(row, fault.name)
        return faults.struck(fault, asked, reply)

    def _work(self, exchange: Exchange, row: int, asked: Asked, outcome: Outcome) -> None:
        """Send through the gate and after the time the model needs."""
        tokens = outcome.tokens
        assert tokens is not None
        timer: asyncio.TimerHandle | None = None
        working = False

        def ended(whole: bool) -> None:
            nonlocal working
            if timer is not None:
                timer.cancel()
            abandoned = working and not self._ledger.is_charged(row)
            if abandoned and self.script.charge_abandoned:
                self._ledger.charge(row, tokens)
            self._ledger.finished(row, whole)
            if working:
                working = False
                self._gate.leave()

        def start() -> bool:
            nonlocal timer, working
            if exchange.ended:
                return False
            working = True
            seconds = self._gate.seconds(asked, tokens) + outcome.delay
            loop = asyncio.get_running_loop()
            if seconds:
                timer = loop.call_later(seconds, self._send, exchange, row, outcome)
            else:
                loop.call_soon(self._send, exchange, row, outcome)
            return True

        exchange.on_end = ended
        refusal = self._gate.enter(asked, tokens, start)
        if refusal is not None:
            exchange.on_end = lambda whole: self._ledger.finished(row, whole)
            self._send(exchange, row, refusal)

    def _send(self, exchange: Exchange, row: int, outcome: Outcome) -> None:
        """Charge and send; nothing of both when the client has left."""
        if exchange.ended:
            return
        if outcome.tokens is not None:
            self._ledger.charge(row, outcome.tokens)
        if outcome.status != NOT_ANSWERED:
            self._ledger.answered(row, outcome.status)
        _WAYS[outcome.way](exchange, outcome, {**outcome.headers, **self._gate.headers()})


def _max_tokens(value: dict[str, Any]) -> int | None:
    limit = value.get("max_completion_tokens", value.get("max_tokens"))
    return limit if isinstance(limit, int) else None


# --- ways of sending ---------------------------------------------------------------------------

Headers = dict[str, str]


def _whole(exchange: Exchange, outcome: Outcome, headers: Headers) -> None:
    exchange.send(outcome.status, outcome.body, headers, outcome.content_type)


def _cut(exchange: Exchange, outcome: Outcome, headers: Headers) -> None:
    start = head(outcome.status, len(outcome.body), headers, outcome.content_type)
    exchange.send_part(start + outcome.body[: outcome.amount])


def _dripped(exchange: Exchange, outcome: Outcome, headers: Headers) -> None:
    async def drip(exchange: Exchange) -> None:
        await exchange.write(head(outcome.status, len(outcome.body), headers, outcome.content_type))
        for index in range(min(outcome.amount, len(outcome.body))):
            await asyncio.sleep(outcome.pause)
            await exchange.write(outcome.body[index : index + 1])
        if outcome.amount < len(outcome.body):
            exchange.close()

    exchange.stream(drip)


def _endless(exchange: Exchange, outcome: Outcome, headers: Headers) -> None:
    async def pour(exchange: Exchange) -> None:
        await exchange.write(head(outcome.status, None, headers, outcome.content_type))
        while True:
            await exchange.write(CHUNK)
            await asyncio.sleep(0)

    exchange.stream(pour)


def _huge(exchange: Exchange, outcome: Outcome, headers: Headers) -> None:
    before, _, after = outcome.body.partition(HUGE_CONTENT.encode())
    size = len(before) + outcome.amount + len(after)

    async def pour(exchange: Exchange) -> None:
        await exchange.write(head(outcome.status, size, headers, outcome.content_type) + before)
        left = outcome.amount
        while left:
            part = min(left, len(CHUNK))
            await exchange.write(CHUNK[:part])
            left -= part
        await exchange.write(after)

    exchange.stream(pour)


_WAYS: dict[str, Callable[[Exchange, Outcome, Headers], None]] = {
    "whole": _whole,
    "cut": _cut,
    "drip": _dripped,
    "endless": _endless,
    "huge": _huge,
    "close": lambda exchange, *_: exchange.close(),
    "stall": lambda *_: None,
}
