"""The line of the batch lane: a reply is one that a batch has brought, or it is deferred."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llm_extract.extraction.call import Deferred
from llm_extract.models.transport import Completion, Reply, Trouble, without_echo
from llm_extract.store import BatchedRequest


class BatchLine:
    """Gives out the outcomes that it was handed, each once; any other request is deferred."""

    def __init__(self) -> None:
        self._handed: dict[str, BatchedRequest] = {}

    def hand(self, outcome: BatchedRequest) -> None:
        """Have the outcome of a request that is about to be sent."""
        self._handed[outcome.opening.request] = outcome

    async def send(self, request: dict[str, Any], request_id: str) -> Reply:
        """See `Line.send`. Raises Deferred when the reply is not there yet."""
        outcome = self._handed.pop(request_id, None)
        if outcome is None:
            raise Deferred
        if outcome.error is not None:
            raise trouble(outcome.error, request)
        assert outcome.reply is not None
        return Reply(Completion.model_validate_json(outcome.reply), {})


def trouble(error: Mapping[str, Any], request: Mapping[str, Any]) -> Trouble:
    """The Trouble of its fields; to be tried again at once, since a batch lies between anyway."""
    line = without_echo(error["line"], request)
    return Trouble(line, error["kind"], error["code"], retry_after=0.0)


def as_error(found: Trouble) -> dict[str, str]:
    """The fields of a Trouble, as the store keeps them."""
    return {"line": str(found), "kind": found.kind, "code": found.code}
