"""Input files are written and output lines read, one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import IO, Any

from llm_extract.batch.provider.client import CHAT_PATH
from llm_extract.batch.provider.line import as_error
from llm_extract.extraction.call import BY_REPORT_OR_KEY
from llm_extract.models.endpoint import Endpoint
from llm_extract.models.transport import (
    Trouble,
    TroubleCode,
    completion_of,
    one_line,
    refusal_of,
)
from llm_extract.store import Outcome, Shard

NOT_DONE = frozenset({"batch_expired", "batch_cancelled"})
"""Codes of requests that a batch ended before; they are not charged."""

ACCOUNT_CODES: dict[str, TroubleCode] = {
    "quota": "quota",
    "refused_key": "refused_key",
    "unknown_model": "unknown_model",
}
"""Codes of a Trouble that all requests would meet: no fault of the request."""


def file_name(shard: Shard) -> str:
    """The name under which a shard's file is found again."""
    return f"llm-extract-{shard.token}.jsonl"


def write(bodies: Iterable[tuple[str, str]], file: IO[bytes]) -> None:
    """Write requests as lines of an input file."""
    for id, body in bodies:
        head = json.dumps({"custom_id": id, "method": "POST", "url": CHAT_PATH})
        file.write(f'{head[:-1]}, "body": {body}}}\n'.encode())


def outcome_of(line: bytes, endpoint: Endpoint, *, let_in: bool) -> Outcome | None:
    """What a line of an output or error file says of its request; None when it is no such line.

    `let_in`: others of its batch were answered, so a refusal of the key or the model is one of this
    request: gateways that look for words refuse one report so.
    """
    try:
        value = json.loads(line)
    except ValueError:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("custom_id"), str):
        return None
    id = value["custom_id"]
    try:
        return Outcome(id, reply=_completion(value, endpoint))
    except Trouble as trouble:
        if let_in and trouble.code in BY_REPORT_OR_KEY:
            trouble = Trouble(str(trouble), "final", "model_refused")
        return Outcome(id, error=as_error(trouble))


def is_of_account(outcome: Outcome) -> bool:
    """Whether a request failed by the fault of the account."""
    return outcome.error is not None and outcome.error["code"] in ACCOUNT_CODES


def excused(outcome: Outcome) -> Outcome:
    """The same, as one that may be tried again once the account is mended."""
    assert outcome.error is not None
    changes = {"kind": "unsent", "code": "model_failed"}
    return Outcome(outcome.custom_id, error={**outcome.error, **changes})


def _completion(value: dict[str, Any], endpoint: Endpoint) -> str:
    response = value.get("response")
    if not isinstance(response, dict):
        error = value.get("error")
        said = error if isinstance(error, dict) else {}
        words = one_line(f"batch: {said.get('message') or 'no response'}", endpoint)
        raise Trouble(words, "unsent" if said.get("code") in NOT_DONE else "failed")
    status, body = response.get("status_code"), json.dumps(response.get("body"))
    if status != 200:
        number = status if isinstance(status, int) else 0
        raise refusal_of(number, body.encode(), {}, endpoint)
    return completion_of(body.encode(), "a batch's line").model_dump_json(exclude_none=True)
