"""What goes wrong: named faults, which of them strikes a request, and what then goes over the wire.

Each fault says whether the model was reached: only then does it take capacity and cost tokens.
"""

from __future__ import annotations

import gzip
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any, Literal

from model_server.answers import BYTES_PER_TOKEN, Reply
from model_server.http import JSON, NO_HEADERS
from model_server.ledger import Tokens
from model_server.script import Fault, Hint, Script, draw

Way = Literal["whole", "cut", "close", "stall", "drip", "endless", "huge"]
"""How an answer is sent: all of it; `amount` bytes of the body, then closed; closed before any
byte; never; a byte every `pause` seconds; spaces until the client leaves; the body with its content
`amount` letters long."""

HTML = "text/html; charset=utf-8"
LOGIN_PAGE = b"<!doctype html><title>Sign in</title><form method=post><input name=user></form>"
BAD_GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
PROXY_TEXT = b"upstream connect error or disconnect/reset before headers"
WRONG_SCHEMA = json.dumps({"unexpected": [1, "two", None], "claims": "none"})
HUGE_CONTENT = "<huge content>"
"""Stands in the body where the content of a huge answer goes."""
DEFAULT_MAX_TOKENS = 1024
"""Length of a cut reply when the request names no limit."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A chat request as faults see it; `number` counts from 0 since the script was set."""

    number: int
    model: str
    max_tokens: int | None
    body: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer and how it is sent. `tokens` are charged as it starts; None: nothing is.

    `delay` is in seconds and counts as work of the model.
    """

    status: int
    body: bytes
    tokens: Tokens | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON
    way: Way = "whole"
    amount: int = 0
    pause: float = 0.0
    delay: float = 0.0


class Picker:
    """Decides which fault of a script strikes a request; counts since the script was set."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._started = time.monotonic()
        self._struck: Counter[int] = Counter()
        self._struck_each: Counter[tuple[int, bytes]] = Counter()
        self._seen: Counter[bytes] = Counter()

    def pick(self, asked: Asked) -> Fault | None:
        """The fault that strikes this request, None for a good answer."""
        if not self._script.faults:
            return None
        seen = self._seen[asked.digest]
        self._seen[asked.digest] += 1
        drawn = draw(self._script.seed, "fault", asked.digest, seen)
        elapsed = time.monotonic() - self._started
        share = 0.0
        for index, fault in enumerate(self._script.faults):
            if not self._applies(index, fault, asked, elapsed):
                continue
            share += fault.share
            if drawn < share:
                self._struck[index] += 1
                if fault.times_each is not None:
                    self._struck_each[index, asked.digest] += 1
                return fault
        return None

    def _applies(self, index: int, fault: Fault, asked: Asked, elapsed: float) -> bool:
        return (
            _within(asked.number, fault.numbers)
            and _within(elapsed, fault.seconds)
            and (fault.times is None or self._struck[index] < fault.times)
            and (
                fault.times_each is None
                or self._struck_each[index, asked.digest] < fault.times_each
            )
            and (fault.marker is None or fault.marker.encode() in asked.body)
        )


def good(asked: Asked, reply: Reply) -> Outcome:
    """The answer when nothing goes wrong."""
    return Outcome(200, reply.body(asked.model, asked.number), reply.tokens)


def struck(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    """The answer when the fault strikes a request that would have got the reply."""
    return FAULTS[fault.name](fault, asked, reply)


def error(
    status: int,
    message: str,
    kind: str,
    code: str | None = None,
    param: str | None = None,
    headers: Mapping[str, str] = NO_HEADERS,
) -> Outcome:
    """An error as OpenAI words it."""
    value = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return Outcome(status, json.dumps(value).encode(), headers=headers)


def rate_limited(model: str, hint: Hint, after: float, what: str = "requests") -> Outcome:
    """429; `what` ran out: requests or tokens."""
    text = f"Rate limit reached for {model} on {what} per min. Please try again in {after:g}s."
    return error(429, text, what, "rate_limit_exceeded", headers=hinted(hint, after))


def unknown_model(model: str) -> Outcome:
    """404."""
    text = f"The model `{model}` does not exist or you do not have access to it."
    return error(404, text, "invalid_request_error", "model_not_found")


def wrong_key(key: str) -> Outcome:
    """401; the key is masked as OpenAI does."""
    masked = f"{key[:3]}{'*' * 8}{key[-4:]}"
    text = f"Incorrect API key provided: {masked}."
    return error(401, text, "invalid_request_error", "invalid_api_key")


def hinted(hint: Hint, after: float) -> Mapping[str, str]:
    """The header that says when to come again in `after` seconds."""
    match hint:
        case "none":
            return NO_HEADERS
        case "seconds":
            return {"retry-after": f"{after:g}"}
        case "date":
            # Whole seconds only, so rounded up: nobody is told to come too early.
            return {"retry-after": formatdate(math.ceil(time.time() + after), usegmt=True)}
        case "ms":
            return {"retry-after-ms": str(math.ceil(after * 1000))}


# --- what each fault does ----------------------------------------------------------------------


def _error_500(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    text = "The server had an error while processing your request. Sorry about that!"
    return error(500, text, "server_error", headers=hinted(fault.hint, fault.after))


def _error_502(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    headers = hinted(fault.hint, fault.after)
    return Outcome(502, BAD_GATEWAY_PAGE, headers=headers, content_type=HTML)


def _error_503(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    text = "The engine is currently overloaded, please try again later."
    return error(503, text, "server_error", headers=hinted(fault.hint, fault.after))


def _error_529(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    headers = hinted(fault.hint, fault.after)
    return error(529, "Overloaded", "overloaded_error", headers=headers)


def _quota(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    text = "You exceeded your current quota, please check your plan and billing details."
    return error(429, text, "insufficient_quota", "insufficient_quota")


def _permission(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    text = f"Project `proj_scripted` does not have access to model `{asked.model}`."
    return error(403, text, "invalid_request_error", "model_not_found")


def _too_long(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    prompt = reply.tokens.prompt
    text = (
        f"This model's maximum context length is {prompt - 1} tokens. However, your messages "
        f"resulted in {prompt} tokens. Please reduce the length of the messages."
    )
    return error(400, text, "invalid_request_error", "context_length_exceeded", "messages")


def _closed_mid_body(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    whole = good(asked, reply)
    return replace(whole, way="cut", amount=min(fault.size, len(whole.body) // 2))


def _dripping(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    return replace(good(asked, reply), way="drip", amount=fault.size, pause=fault.pause)


def _saying(reply: Reply, content: str) -> Reply:
    """The reply with other words, charged by their length."""
    completion = -(-len(content) // BYTES_PER_TOKEN) + reply.tokens.reasoning
    return replace(reply, content=content, tokens=replace(reply.tokens, completion=completion))


def _cut_at_limit(asked: Asked, reply: Reply, content: str) -> Outcome:
    """A reply that ran into the request's limit of tokens, which is what it costs."""
    longest = DEFAULT_MAX_TOKENS if asked.max_tokens is None else asked.max_tokens
    tokens = replace(
        reply.tokens, completion=longest, reasoning=min(longest, reply.tokens.reasoning)
    )
    return good(asked, replace(reply, content=content, finish_reason="length", tokens=tokens))


def _truncated(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    content = reply.content or ""
    return _cut_at_limit(asked, reply, content[: len(content) // 2])


def _whitespace(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    longest = DEFAULT_MAX_TOKENS if asked.max_tokens is None else asked.max_tokens
    return _cut_at_limit(asked, reply, "{" + " \n" * (longest * BYTES_PER_TOKEN // 2))


def _refusal(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    words = "I'm sorry, but I can't assist with that request."
    return good(asked, replace(_saying(reply, words), content=None, refusal=words))


def _filtered(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    cut = _saying(reply, (reply.content or "")[:1])
    return good(asked, replace(cut, finish_reason="content_filter"))


def _no_choices(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    tokens = replace(reply.tokens, completion=0, reasoning=0)
    return good(asked, replace(reply, choices=False, tokens=tokens))


def _huge(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    tokens = replace(reply.tokens, completion=fault.size // BYTES_PER_TOKEN)
    filled = replace(reply, content=HUGE_CONTENT, tokens=tokens)
    return replace(good(asked, filled), way="huge", amount=fault.size)


def _gzipped(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    whole = good(asked, reply)
    packed = gzip.compress(whole.body, mtime=0)
    return replace(whole, body=packed, headers={"content-encoding": "gzip"})


def _closed(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    return Outcome(0, b"", way="close")


def _stalled(fault: Fault, asked: Asked, reply: Reply) -> Outcome:
    return Outcome(0, b"", way="stall")


FAULTS: Mapping[str, Callable[[Fault, Asked, Reply], Outcome]] = {
    # The model is not reached: no capacity is used, nothing is charged.
    "rate_limit": lambda fault, asked, _: rate_limited(asked.model, fault.hint, fault.after),
    "error_500": _error_500,
    "error_502": _error_502,
    "error_503": _error_503,
    "error_529": _error_529,
    "close_before_body": _closed,
    "stall": _stalled,
    "insufficient_quota": _quota,
    "invalid_api_key": lambda fault, asked, _: wrong_key("sk-scripted"),
    "permission": _permission,
    "model_not_found": lambda fault, asked, _: unknown_model(asked.model),
    "context_length_exceeded": _too_long,
    "not_json": lambda *_: Outcome(200, PROXY_TEXT),
    "login_page": lambda *_: Outcome(200, LOGIN_PAGE, content_type=HTML),
    # The model answers: capacity is used, tokens are charged.
    "close_mid_body": _closed_mid_body,
    "slow": lambda fault, asked, reply: replace(good(asked, reply), delay=fault.pause),
    "drip": _dripping,
    "wrong_schema": lambda _, asked, reply: good(asked, _saying(reply, WRONG_SCHEMA)),
    "endless_whitespace": lambda _, asked, reply: replace(good(asked, reply), way="endless"),
    "whitespace": _whitespace,
    "truncated": _truncated,
    "refusal": _refusal,
    "content_filter": _filtered,
    "huge_body": _huge,
    "no_choices": _no_choices,
    "no_usage": lambda _, asked, reply: good(asked, replace(reply, tells_usage=False)),
    "gzip": _gzipped,
}


def check(script: Script) -> None:
    """Raise ValueError for a fault that does not exist."""
    if unknown := {fault.name for fault in script.faults} - set(FAULTS):
        names = ", ".join(sorted(unknown))
        raise ValueError(f"no fault {names}; there are {', '.join(sorted(FAULTS))}")


def _within(value: float, window: tuple[float, float | None] | None) -> bool:
    if window is None:
        return True
    start, end = window
    return value >= start and (end is None or value < end)


def parsed(body: bytes) -> dict[str, Any] | None:
    """The JSON object of a request, None when it is none."""
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
